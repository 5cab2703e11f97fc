"""Medical and pharmacy claims: visits with their lines, ties, denials, reversals and a few very large amounts."""

from __future__ import annotations

from mhrules.data.synth.draws import words_list
from mhrules.data.synth.people import CHRONIC, COSTLY, EXTREME, MOST_CLAIMS
from mhrules.data.synth.practices import FACILITIES, provider_npi, provider_of, slots
from mhrules.data.synth.services import EMERGENCY, INPATIENT, OFFICE, OTHER, numbers, services
from mhrules.data.synth.setting import Setting, day

CONDITIONS = ("E119", "I10", "J45909", "I509", "F329")
"""Diagnoses of chronic conditions, as claims code them."""

_CENTS = {OFFICE: 12_000, EMERGENCY: 90_000, INPATIENT: 700_000, OTHER: 9_000}  # in the middle
_COSTLY_CENTS = 8_600_000
_EXTREME_CENTS = 100_500_000
_LINE = 4
"""Numbers of lines are claim × 4 + line."""
_DRUGS = ("00093015001", "00071015523", "00006073131", "68180051901")


def with_usual(setting: Setting, name: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The words that the rules ask of a name, each as often as the usual ones beside them together."""
    asked = setting.hints.words.get(name, ())
    return (*(word for word in asked for _ in usual), *usual) if len(asked) < 100 else (*asked, *usual)


def make_claims(setting: Setting) -> None:
    """Create the views `claim`, `claim_line` and `prescription`, numbered in the order in which they are written.

    Every claim lies in an enrollment span of its payer, and in the life of the person.
    """
    setting.connection.execute(f"CREATE VIEW claim AS {_claim(setting)}")
    setting.connection.execute(f"CREATE VIEW claim_line AS {_claim_line(setting)}")
    setting.connection.execute(f"CREATE VIEW prescription AS {_prescription(setting)}")


def payer_on(on: str, last: str) -> str:
    """The number of the payer that pays first on a day; NULL where nobody does, or outside the person's life."""
    return f"""CASE
        WHEN {on} < birth_date OR {on} > coalesce(death_date, {last}) THEN NULL
        WHEN {on} BETWEEN a_first AND coalesce(a_last, {last}) THEN payer
        WHEN {on} BETWEEN b_first AND coalesce(b_last, {last}) THEN b_payer END"""


def home_on(on: str) -> str:
    """The number of the practice where a person is at home on a day."""
    return f"CASE WHEN {on} >= moves THEN other ELSE home END"


def _claim(setting: Setting) -> str:
    draws, last = setting.draws, day(setting.last)
    second = f"c_first IS NOT NULL AND on_day BETWEEN c_first AND coalesce(c_last, {last})"
    return f"""
        WITH each AS (SELECT *, i * {MOST_CLAIMS + 1} + j AS c
            FROM (SELECT *, unnest(range(claims)) AS j FROM person)),
        dated AS (SELECT *, CAST({_on_day(setting)} AS DATE) AS on_day FROM each),
        covered AS (SELECT *, {payer_on("on_day", last)} AS first_payer, {home_on("on_day")} AS here FROM dated),
        paid AS (SELECT * REPLACE (CASE WHEN {second} AND {draws.below(100, "by second", "c")} < 15
                THEN payer_2 ELSE first_payer END AS first_payer), {_claim_kind(setting)} AS claim_kind
            FROM covered WHERE first_payer IS NOT NULL),
        served AS (SELECT *, {_service(setting)} AS s, {_place(setting)} AS place,
            1 + CAST({draws.below(10, "lines", "c")} AS INTEGER) // 5
                + CAST({draws.below(10, "more lines", "c")} >= 8 AS INTEGER) AS lines,
            {_amount(setting)} AS amount FROM paid)
        SELECT *, {words_list([payer.name for payer in setting.payers])}[first_payer + 1] AS payer_name,
            getvariable('services')[s + 1] AS service,
            getvariable('practice_ids')[place + 1] AS place_id,
            CASE WHEN place < {setting.request.practices}
                THEN {provider_of(setting, "place", "on_day", "c")}
                ELSE 100000000 + place END AS provider,
            CASE WHEN lines > 1 THEN amount * (10 + {draws.below(25, "part 1", "c")}) // 100 ELSE 0 END AS part_1,
            CASE WHEN lines > 2 THEN amount * (5 + {draws.below(25, "part 2", "c")}) // 100 ELSE 0 END AS part_2,
            NOT ties AND {draws.below(100, "denied", "c")} < 2 AS denied,
            CASE WHEN ties OR kind >= {COSTLY} THEN 1 WHEN {draws.below(1_000, "reversed", "c")} < 7 THEN 3
                WHEN {draws.below(1_000, "reversed", "c")} < 20 THEN 2 ELSE 1 END AS entries
        FROM served"""


def _on_day(setting: Setting) -> str:
    """The day of a claim. Visits that tie come in pairs, half of them on the same day; what is very costly is now."""
    draws = setting.draws
    whole = (setting.last - setting.past).days + 1
    past, first = day(setting.past), day(setting.first)
    number = "CASE WHEN ties AND same_day THEN c - j % 2 ELSE c END"
    recent = f"{first} + CAST({draws.below(setting.days, 'costly day', 'c')} AS INTEGER)"
    return f"""CASE WHEN kind >= {COSTLY} AND j = 0 THEN {recent}
        ELSE {past} + CAST({draws.below(whole, "day", number)} AS INTEGER) END"""


def _claim_kind(setting: Setting) -> str:
    chance = setting.draws.below(1_000, "claim kind", "c")
    return f"""CASE WHEN ties THEN {OFFICE} WHEN kind >= {COSTLY} AND j = 0 THEN {INPATIENT}
        WHEN {chance} < 620 THEN {OFFICE} WHEN {chance} < 690 THEN {EMERGENCY}
        WHEN {chance} < 690 + CASE WHEN kind >= {CHRONIC} THEN 35 ELSE 12 END THEN {INPATIENT} ELSE {OTHER} END"""


def _service(setting: Setting) -> str:
    """The number of the service; visits that tie are such as attribution counts, and always the same."""
    draws, found = setting.draws, services(setting.hints)

    def some(kind: int) -> str:
        chosen = [at for at, each in enumerate(found) if each.kind == kind]
        return f"{numbers(chosen)}[1 + {draws.below(len(chosen), 'service', 'c')}]"

    visited = [at for at, each in enumerate(found) if each.visited]
    usual = f"{numbers(visited)}[1 + {draws.below(len(visited), 'visited', 'c')}]"
    return f"""CASE WHEN ties THEN {visited[0]}
        WHEN claim_kind = {OFFICE} AND {draws.below(100, "usual", "c")} < 75 THEN {usual}
        WHEN claim_kind = {OFFICE} THEN {some(OFFICE)} WHEN claim_kind = {EMERGENCY} THEN {some(EMERGENCY)}
        WHEN claim_kind = {INPATIENT} THEN {some(INPATIENT)} ELSE {some(OTHER)} END"""


def _place(setting: Setting) -> str:
    """The number of who bills: mostly the home practice, by turns for ties; facilities stand behind the practices."""
    draws, practices = setting.draws, setting.request.practices
    facility = f"{practices} + {draws.below(FACILITIES, 'facility', 'c')}"
    anywhere = f"getvariable('homes')[1 + {draws.below(slots(setting), 'anywhere', 'c')}]"
    chance = draws.below(100, "place", "c")
    return f"""CASE WHEN ties THEN CASE WHEN j % 2 = 0 THEN home ELSE other END
        WHEN claim_kind != {OFFICE} THEN {facility}
        WHEN {chance} < 78 THEN here WHEN {chance} < 92 THEN CASE WHEN here = home THEN other ELSE home END
        ELSE {anywhere} END"""


def _amount(setting: Setting) -> str:
    """The allowed amount of a whole claim in cents."""
    draws = setting.draws
    middle = "CASE claim_kind " + " ".join(f"WHEN {kind} THEN {cents}" for kind, cents in _CENTS.items()) + " END"
    return f"""CASE
        WHEN kind = {EXTREME} AND j = 0 THEN {_EXTREME_CENTS} + {draws.below(50_000_000, "extreme amount", "c")}
        WHEN kind = {COSTLY} AND j = 0 THEN {_COSTLY_CENTS} + {draws.below(30_000_000, "costly amount", "c")}
        ELSE {draws.spread(middle, "amount", "c")} END"""


def first_code(setting: Setting) -> str:
    """The code of a claim's first line: one of those that make its service."""
    which = setting.draws.below("getvariable('codes_of')[s + 1]", "code", "c")
    return f"getvariable('service_codes')[1 + getvariable('codes_before')[s + 1] + {which}]"


def _claim_line(setting: Setting) -> str:
    draws = setting.draws
    further = draws.below("len(getvariable('asked_codes'))", "further code", "n")
    code = f"CASE WHEN l = 0 THEN {first_code(setting)} ELSE getvariable('asked_codes')[1 + {further}] END"
    share = f"(100 - {draws.below(10, 'own share', 'n')} * 3)"
    return f"""
        WITH line AS (SELECT *, c * {_LINE} + l AS n,
            CASE l WHEN 0 THEN amount - part_1 - part_2 WHEN 1 THEN part_1 ELSE part_2 END AS line_amount
            FROM (SELECT *, unnest(range(lines)) AS l FROM claim)),
        coded AS (SELECT *, {code} AS code, denied OR (NOT ties AND {draws.below(100, "line denied", "n")} < 1)
            AS line_denied FROM line),
        entered AS (SELECT *, CASE entry WHEN 1 THEN line_amount WHEN 2 THEN -line_amount
                ELSE line_amount - line_amount // 10 END AS allowed
            FROM (SELECT *, unnest(range(1, entries + 1)) AS entry FROM coded))
        SELECT *, CASE WHEN line_denied THEN 0 ELSE allowed * {share} // 100 END AS paid,
            on_day + CAST(10 + {draws.below(60, "paid", "c")} + 30 * (entry - 1)
                + CASE WHEN {draws.below(100, "paid late", "c")} < 4 THEN 200 ELSE 0 END AS INTEGER) AS paid_day
        FROM entered"""


def _prescription(setting: Setting) -> str:
    """Pharmacy claims of one line each; some are reversed."""
    draws, last = setting.draws, day(setting.last)
    whole = (setting.last - setting.past).days + 1
    yearly = f"CASE WHEN kind >= {CHRONIC} THEN 8 ELSE 2 END"
    number = f"({draws.spread(f'{yearly} * {setting.claim_months} * 60 // 12', 'drugs', 'i')} \
        + {draws.below(100, 'part of a drug', 'i')}) // 100"
    codes = with_usual(setting, "prescriptions.code", _DRUGS)
    return f"""
        WITH each AS (SELECT *, i * {MOST_CLAIMS + 1} + j AS c
            FROM (SELECT *, unnest(range(least({MOST_CLAIMS}, {number}))) AS j FROM person WHERE NOT never_seen)),
        dated AS (SELECT *, {day(setting.past)} + CAST({draws.below(whole, "drug day", "c")} AS INTEGER) AS on_day
            FROM each),
        covered AS (SELECT *, {payer_on("on_day", last)} AS first_payer, {home_on("on_day")} AS here FROM dated),
        priced AS (SELECT *, {draws.spread(4_500, "drug amount", "c")} AS amount,
                CASE WHEN {draws.below(100, "drug reversed", "c")} < 2 THEN 2 ELSE 1 END AS entries
            FROM covered WHERE first_payer IS NOT NULL)
        SELECT *, {words_list([payer.name for payer in setting.payers])}[first_payer + 1] AS payer_name,
            {draws.one_of(codes, "drug", "c")} AS ndc, {provider_npi(setting, _prescriber())} AS prescriber,
            {draws.below(100, "drug denied", "c")} < 2 AS denied,
            CASE entry WHEN 1 THEN amount ELSE -amount END AS allowed,
            on_day + CAST(5 + {draws.below(30, "drug paid", "c")} + 14 * (entry - 1) AS INTEGER) AS paid_day
        FROM (SELECT *, unnest(range(1, entries + 1)) AS entry FROM priced)"""


def _prescriber() -> str:
    """The first provider of the person's practice."""
    return "getvariable('first_provider')[here + 1]"
