"""Practices of unequal size, their providers, and the lists by which claims and people find them."""

from __future__ import annotations

from mhrules.data.synth.setting import Setting, day

FACILITIES = 12
"""Hospitals and other billers that are no practice of the program."""

_SLOTS = 16_384
_SLOTS_PER_PRACTICE = 8
_SHUFFLE = 387_420_489  # 3**18 shares no divisor with 10**9: different numbers stay different


def number_of_nine_digits(setting: Setting, stream: str, at: str) -> str:
    """Nine digits that differ for each `at`."""
    offset = setting.draws.offset(stream, 10**9)
    return f"lpad(CAST((({at}) * {_SHUFFLE} + {offset}) % 1000000000 AS VARCHAR), 9, '0')"


def organization_npi(setting: Setting, at: str) -> str:
    """The NPI of a practice or facility."""
    return f"'2' || {number_of_nine_digits(setting, 'organization', at)}"


def provider_npi(setting: Setting, at: str) -> str:
    """The NPI of a provider."""
    return f"'1' || {number_of_nine_digits(setting, 'provider', at)}"


def make_practices(setting: Setting) -> None:
    """Create the tables `practice` and `provider`, and the variables by which rows find them without a join.

    Practices are numbered `p` from 0. One in seven comes late, one in nine leaves early; of every four, the third has
    a provider that goes over to the fourth. `practice_ids`, `practice_tins` and `practice_npis` hold the practices and
    then the facilities; `first_provider` and `providers_of` say which providers are a practice's own.
    """
    _practice(setting)
    _provider(setting)
    for name, column in (("ids", "practice_id"), ("tins", "tin"), ("npis", "npi")):
        _variable(setting, f"practice_{name}", f"SELECT list({column} ORDER BY p) FROM biller")
    _variable(setting, "first_provider", "SELECT list(first_provider ORDER BY p) FROM practice")
    _variable(setting, "providers_of", "SELECT list(providers ORDER BY p) FROM practice")
    _variable(setting, "changes", "SELECT list(changes ORDER BY p) FROM practice")
    _slots(setting)


def slots(setting: Setting) -> int:
    """The length of the variable `homes`, in which a practice stands as often as it is large."""
    return max(_SLOTS, _SLOTS_PER_PRACTICE * setting.request.practices)


def _variable(setting: Setting, name: str, query: str) -> None:
    setting.connection.execute(f"SET VARIABLE {name} = ({query})")


def _practice(setting: Setting) -> None:
    draws, count = setting.draws, setting.request.practices
    digits = max(3, len(str(count)))
    first, days = day(setting.first), setting.days
    some_day = f"{first} + CAST({draws.below(days, 'presence', 'p')} AS INTEGER)"
    own = f"1 + {draws.below(4, 'few', 'p')} + {draws.below(8, 'many', 'p')} * CAST(p % 3 = 0 AS INTEGER)"
    setting.connection.execute(f"""
        CREATE TABLE biller AS
        SELECT p, p < {count} AS takes_part,
            CASE WHEN p < {count} THEN 'p' || lpad(CAST(p + 1 AS VARCHAR), {digits}, '0')
                ELSE 'h' || lpad(CAST(p + 1 - {count} AS VARCHAR), 3, '0') END AS practice_id,
            {number_of_nine_digits(setting, "tin", "p")} AS tin,
            {organization_npi(setting, "p")} AS npi
        FROM range({count + FACILITIES}) t(p) ORDER BY p""")
    setting.connection.execute(f"""
        CREATE TABLE practice AS
        WITH each AS (
            SELECT *, {own} + CAST(p % 4 = 2 AS INTEGER) AS providers,
                {draws.skewed("size", "p")} AS size,
                CASE WHEN p % 4 = 2 AND p + 1 < {count}
                    THEN {first} + CAST({draws.below(days, "change", "p")} AS INTEGER) END AS changes
            FROM biller WHERE takes_part)
        SELECT *, CAST(sum(providers) OVER (ORDER BY p) - providers AS BIGINT) AS first_provider,
            CASE WHEN p % 7 = 3 AND p % 2 = 0 THEN CAST(date_trunc('month', {some_day}) AS DATE)
                WHEN p % 7 = 3 THEN {some_day} END AS effective_from,
            CASE WHEN p % 9 = 5 THEN {some_day} END AS effective_to
        FROM each ORDER BY p""")


def _provider(setting: Setting) -> None:
    """Who works where: each provider at its own practice, and those who change at the next one from then on."""
    specialties = (*setting.hints.words.get("specialty", ()), "family medicine", "internal medicine", "pediatrics")
    specialty = setting.draws.one_of(specialties, "specialty", "n")
    starts = day(setting.past)
    setting.connection.execute(f"""
        CREATE TABLE provider AS
        WITH own AS (
            SELECT p, first_provider + k AS n, CASE WHEN k = providers - 1 THEN changes END AS changes
            FROM (SELECT *, unnest(range(providers)) AS k FROM practice))
        SELECT n, {provider_npi(setting, "n")} AS npi, {specialty} AS specialty, practice_id, first_day, last_day
        FROM (
            SELECT n, p, {starts} AS first_day, changes AS last_day FROM own
            UNION ALL SELECT n, p + 1, changes + 1, NULL FROM own WHERE changes IS NOT NULL
        ) JOIN practice USING (p) ORDER BY n, first_day""")


def _slots(setting: Setting) -> None:
    """The variable `homes`: each practice at least once, else as often as its size says."""
    spare = slots(setting) - setting.request.practices
    upto = f"CAST(sum(size) OVER (ORDER BY p) AS HUGEINT) * {spare} // (SELECT sum(size) FROM practice)"
    before = f"CAST(sum(size) OVER (ORDER BY p) - size AS HUGEINT) * {spare} // (SELECT sum(size) FROM practice)"
    own = f"SELECT p, CAST(1 + {upto} - {before} AS BIGINT) AS own FROM practice"
    _variable(setting, "homes", f"SELECT list(p ORDER BY p) FROM (SELECT p, unnest(range(own)) FROM ({own}))")


def provider_of(setting: Setting, practice: str, on: str, at: str) -> str:
    """The number of the provider whom a visit to a practice is to: one who works there on that day."""
    own, first = f"getvariable('providers_of')[{practice} + 1]", f"getvariable('first_provider')[{practice} + 1]"
    which = setting.draws.below(f"({own} + CAST({practice} % 4 = 3 AS INTEGER))", "provider seen", at)
    leaves = f"getvariable('changes')[{practice} + 1]"
    arrives = f"getvariable('changes')[{practice}]"
    return f"""(CASE
        WHEN {which} >= {own} THEN CASE WHEN {on} > {arrives} THEN {first} - 1 ELSE {first} END
        WHEN {which} = {own} - 1 AND {on} > {leaves} THEN {first}
        ELSE {first} + {which} END)"""


def zip_code(at: str) -> str:
    """A ZIP code by its number; the first digit is a zero, which ids must keep."""
    return f"lpad(CAST(2800 + ({at}) AS VARCHAR), 5, '0')"
