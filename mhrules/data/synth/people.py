"""People and their enrollment: who is covered by whom and when, and where each is at home."""

from __future__ import annotations

from mhrules.data.synth.draws import words_list
from mhrules.data.synth.practices import slots, zip_code
from mhrules.data.synth.setting import Setting, day

STAY, CHURN, GAP, LATE, LEAVE, SECOND, CHANGE, RETURN = range(8)
"""Enrollment: throughout; another payer from some month on; a gap; from later on; not to the end; a second payer
beside the first; another plan of the payer; after a gap with another payer."""

HEALTHY, CHRONIC, COSTLY, EXTREME = range(4)
"""What people cost: little; more, for chronic conditions; over $85,000; over $1,000,000."""

MOST_CLAIMS = 999
"""Medical claims of one person at most."""

_SHARES = ((CHURN, 12), (GAP, 8), (LATE, 7), (LEAVE, 6), (SECOND, 6), (CHANGE, 4), (RETURN, 3))  # of 100; others stay
_COSTLY_OF, _EXTREME_OF = 250, 2_500
_CLAIMS = {HEALTHY: 60, CHRONIC: 220, COSTLY: 300, EXTREME: 400}  # of 100 claims of the average person
_LINES_PER_CLAIM = 182  # hundredths, reversals included
_SPREAD_MEAN = 156  # hundredths: the mean of what `Draws.spread` makes of 1
_COVERED = 90  # of 100 days on average
_OLD = ("medicare", "medicare_advantage", "medigap")
_DEFAULT_GENDERS = ("female", "male")


def make_people(setting: Setting) -> None:
    """Create the table `person`: a row for each, numbered `i` from 0, with the parts of its enrollment.

    The parts are `a` (from `a_first` to `a_last`), then perhaps `b`, and beside them perhaps `c`, with a second payer.
    An open end is NULL. `home` and `other` are practices; from `moves` on, `other` is the home.
    """
    query = f"""
        CREATE TABLE person AS
        WITH drawn AS ({_drawn(setting)}),
        shaped AS ({_shaped(setting)}),
        lived AS ({_lived(setting)}),
        started AS ({_started(setting)}),
        ended AS ({_ended(setting)}),
        resumed AS ({_resumed(setting)})
        SELECT *, {_claims(setting)} AS claims, {_moves(setting)} AS moves
        FROM resumed ORDER BY i"""
    setting.connection.execute(query)


def _drawn(setting: Setting) -> str:
    """What is drawn for each person by itself."""
    draws, request = setting.draws, setting.request
    count, practices, payers = request.members, request.practices, setting.payers
    costly, extreme = min(_COSTLY_OF, count), min(_EXTREME_OF, count)
    home = f"getvariable('homes')[1 + {draws.below(slots(setting), 'home', 'i')}]"
    next_payer = f"payer + 1 + {draws.below(len(payers) - 1, 'second payer', 'i')}" if len(payers) > 1 else "payer"
    next_practice = f"home + 1 + {draws.below(practices - 1, 'other', 'i')}" if practices > 1 else "home"
    digits = max(5, len(str(count)))
    return f"""
        SELECT *, ({next_payer}) % {len(payers)} AS payer_2, ({next_practice}) % {practices} AS other
        FROM (SELECT i, 'm' || lpad(CAST(i + 1 AS VARCHAR), {digits}, '0') AS person_id,
            {_payer(setting)} AS payer, {home} AS home,
            {draws.hundredth("pattern", "i")} AS pattern_of_100,
            {draws.hundredth("life", "i")} AS life,
            {draws.hundredth("ties", "i")} AS ties_of_100,
            {draws.hundredth("no visits", "i")} < 6 AS never_seen,
            CASE WHEN (i + {draws.offset("extreme", extreme)}) % {extreme} = 0 THEN {EXTREME}
                WHEN (i + {draws.offset("costly", costly)}) % {costly} = 0 THEN {COSTLY}
                WHEN {draws.below(100, "chronic", "i")} < 25 THEN {CHRONIC} ELSE {HEALTHY} END AS kind,
            {draws.one_of(_genders(setting), "gender", "i")} AS gender,
            {zip_code(draws.below(2 * practices + 3, "area", "i"))} AS zip_code
        FROM range({count}) t(i))"""


def _genders(setting: Setting) -> tuple[str, ...]:
    """The words for genders: the rules' own, beside another one if they ask for one alone."""
    asked = setting.hints.words.get("gender", ())
    return (*asked, "other") if len(asked) == 1 else asked or _DEFAULT_GENDERS


def _payer(setting: Setting) -> str:
    """The number of a person's payer: the first ones are larger."""
    payers = len(setting.payers)
    chances = [at for at in range(payers) for _ in range(60 // (at + 1) + 1)]
    return f"[{', '.join(map(str, chances))}][1 + {setting.draws.below(len(chances), 'payer', 'i')}]"


def _shaped(setting: Setting) -> str:
    """The course of the enrollment. Whoever is born, dies or is very costly stays, so that this can be told apart."""
    cases, upto = [], 0
    alone = {CHURN: GAP, RETURN: GAP, SECOND: STAY} if len(setting.payers) == 1 else {}
    for pattern, share in _SHARES:
        upto += share
        cases.append(f"WHEN pattern_of_100 < {upto} THEN {alone.get(pattern, pattern)}")
    line = "CASE payer " + " ".join(
        f"WHEN {at} THEN {setting.draws.one_of(payer.lines, 'line', 'i')}" for at, payer in enumerate(setting.payers)
    )
    return f"""
        SELECT *, CASE WHEN kind >= {COSTLY} OR life < 3 THEN {STAY} {" ".join(cases)} ELSE {STAY} END AS pattern,
            {line} END AS line,
            ties_of_100 < 8 AND kind < {COSTLY} AND home != other AS ties,
            ties_of_100 % 2 = 0 AS same_day
        FROM drawn"""


def _lived(setting: Setting) -> str:
    """Births and deaths: of a hundred, one is born and two die in the months asked for."""
    draws, first, days = setting.draws, day(setting.first), setting.days
    within = f"{first} + CAST({draws.below(days, 'life day', 'i')} AS INTEGER)"
    young, grown, old = (
        draws.below(365 * 18, "young", "i"),
        f"6600 + {draws.below(365 * 47, 'grown', 'i')}",
        f"23742 + {draws.below(365 * 30, 'old', 'i')}",
    )
    chance = draws.below(100, "age", "i")
    age = f"""CASE WHEN line IN ({", ".join(f"'{word}'" for word in _OLD)})
            THEN CASE WHEN {chance} < 88 THEN {old} ELSE {grown} END
        WHEN {chance} < 24 THEN {young} WHEN {chance} < 92 THEN {grown} ELSE {old} END"""
    return f"""
        SELECT *, CASE WHEN life = 0 AND kind < {COSTLY} THEN {within}
                ELSE {first} - CAST({age} AS INTEGER) END AS birth_date,
            CASE WHEN life IN (1, 2) AND kind < {COSTLY} THEN {within} END AS death_date
        FROM shaped"""


def _started(setting: Setting) -> str:
    """When the enrollment begins: long before, at birth, or late."""
    draws, past, first, days = setting.draws, day(setting.past), day(setting.first), setting.days
    early = f"{past} - CAST({draws.below(1_500, 'enrolled', 'i')} AS INTEGER)"
    on_first = f"CASE WHEN {draws.below(10, 'on first', 'i')} < 7 THEN CAST(date_trunc('month', {early}) AS DATE)"
    late = f"{first} + CAST({draws.below(days * 6 // 10 + 1, 'late', 'i')} AS INTEGER)"
    return f"""
        SELECT *, greatest(birth_date, CASE WHEN pattern = {LATE} THEN {late}
            ELSE {on_first} ELSE {early} END END) AS a_first
        FROM lived"""


def _ended(setting: Setting) -> str:
    """When the first part of the enrollment ends."""
    draws, first, last, days = setting.draws, day(setting.first), day(setting.last), setting.days
    some = f"{first} + CAST({draws.below(days * 7 // 10 + 1, 'ends', 'i')} AS INTEGER)"
    later = f"{first} + CAST({days * 3 // 10} + {draws.below(days * 6 // 10 + 1, 'leaves', 'i')} AS INTEGER)"
    return f"""
        SELECT *, CASE
            WHEN pattern IN ({CHURN}, {CHANGE}, {RETURN}) THEN last_day({some})
            WHEN pattern = {GAP} THEN {some}
            WHEN pattern = {LEAVE} THEN {later}
            WHEN death_date IS NOT NULL AND {draws.below(2, "end", "i")} = 0 THEN death_date
            WHEN {draws.below(10, "open", "i")} < 4 THEN {last} END AS a_last
        FROM started"""


def _resumed(setting: Setting) -> str:
    """The part that follows, and the cover by a second payer."""
    draws, first, last, days = setting.draws, day(setting.first), day(setting.last), setting.days
    gap = f"CAST({draws.below(135, 'gap', 'i')} AS INTEGER)"
    plan = draws.one_of(("standard", "select"), "plan", "i")
    begins = f"{first} + CAST({draws.below(days // 2 + 1, 'second from', 'i')} AS INTEGER)"
    closes = f"CASE WHEN {draws.below(10, 'closes', 'i')} < 4 THEN"
    return f"""
        SELECT *, CASE WHEN b_first IS NOT NULL THEN {closes} greatest({last}, b_first) END END AS b_last,
            CASE WHEN c_first IS NOT NULL THEN {closes} greatest({last}, c_first) END END AS c_last,
            CASE WHEN pattern IN ({CHURN}, {RETURN}) THEN payer_2 ELSE payer END AS b_payer,
            CASE WHEN pattern = {CHANGE} THEN 'plus' ELSE plan END AS b_plan
        FROM (SELECT *, {plan} AS plan, CASE
                WHEN pattern IN ({CHURN}, {CHANGE}) THEN a_last + 1
                WHEN pattern = {GAP} THEN a_last + 16 + {gap}
                WHEN pattern = {RETURN} THEN a_last + 32 END AS b_first,
            CASE WHEN pattern = {SECOND} THEN {begins} END AS c_first
            FROM ended)"""


def _claims(setting: Setting) -> str:
    """How many medical claims a person has: skewed, more with chronic conditions, an even number where visits tie."""
    draws, request = setting.draws, setting.request
    thousandths = (request.lines_per_member * setting.claim_months * 1_000 * 100 * 100 * 100) // (
        12 * _LINES_PER_CLAIM * _SPREAD_MEAN * _COVERED
    )
    share = "CASE kind " + " ".join(f"WHEN {kind} THEN {share}" for kind, share in _CLAIMS.items()) + " END"
    expected = f"{draws.spread(f'{thousandths} * {share} // 100', 'claims', 'i')}"
    number = f"(({expected}) + {draws.below(1_000, 'part of a claim', 'i')}) // 1000"
    return f"""least({MOST_CLAIMS - 1}, CASE
        WHEN ties THEN greatest(4, {number} // 2 * 2)
        WHEN kind >= {COSTLY} THEN greatest(1, {number})
        WHEN never_seen THEN 0 ELSE {number} END)"""


def _moves(setting: Setting) -> str:
    """When a person goes over to another practice: some with the payer, some for themselves, most never."""
    draws = setting.draws
    chance = draws.below(100, "moves", "i")
    some = f"{day(setting.first)} + CAST({draws.below(setting.days, 'move day', 'i')} AS INTEGER)"
    return f"""CASE WHEN ties THEN NULL WHEN pattern = {CHURN} AND {chance} < 50 THEN b_first
        WHEN {chance} < 8 THEN {some} END"""


def spans(setting: Setting) -> str:
    """The query of enrollment spans: columns of `person` with `payer_at`, `plan_at`, `first`, `last`, `payer_order`."""
    part = "{{'p': {}, 'n': {}, 'f': {}, 'l': {}, 'o': {}}}".format
    parts = ", ".join(
        (
            part("payer", "plan", "a_first", "a_last", 1),
            f"CASE WHEN b_first IS NOT NULL THEN {part('b_payer', 'b_plan', 'b_first', 'b_last', 1)} END",
            f"CASE WHEN c_first IS NOT NULL THEN {part('payer_2', 'plan', 'c_first', 'c_last', 2)} END",
        )
    )
    names = words_list([payer.name for payer in setting.payers])
    return f"""
        SELECT *, i * 4 + part AS nth, {names}[span.p + 1] AS payer_name, {_line(setting)} AS line_at
        FROM (SELECT *, unnest([{parts}]) AS span, unnest([0, 1, 2]) AS part FROM person)
        WHERE span IS NOT NULL"""


def _line(setting: Setting) -> str:
    """The line of business of a span: one of its payer's."""
    cases = " ".join(
        f"WHEN {at} THEN {setting.draws.one_of(payer.lines, 'line', 'i')}" for at, payer in enumerate(setting.payers)
    )
    return f"CASE span.p {cases} END"
