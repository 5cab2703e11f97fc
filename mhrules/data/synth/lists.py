"""Conditions, laboratory results, chosen practices, payers' lists, areas and results of measures."""

from __future__ import annotations

from mhrules.data.synth.claims import home_on, payer_on
from mhrules.data.synth.draws import words_list
from mhrules.data.synth.hints import MeasureHint
from mhrules.data.synth.people import CHRONIC, CHURN, spans
from mhrules.data.synth.practices import zip_code
from mhrules.data.synth.services import numbers
from mhrules.data.synth.setting import Setting, day
from mhrules.semantics.calendar import Calendar, first_day, last_day
from mhrules.syntax.tree import Period

DEFAULT_LIST = "payer roster"
_CONDITIONS = ("E11.9", "I10", "J45.909", "I50.9", "F32.9")
_TESTS = ("4548-4", "2089-1")  # hemoglobin A1c and LDL cholesterol
_CHOSEN = 40  # of 100 people
_AGREE, _DIFFER = 92, 97  # of 100 rows of a payer's list: as at home, then with another practice, else left out


def conditions(setting: Setting) -> str:
    """The query of conditions: one to three of each person with chronic ones, some resolved."""
    draws = setting.draws
    asked = setting.hints.words.get("conditions.code", ())
    codes = (*asked, *(code for code in _CONDITIONS if code not in asked))
    days = (setting.last - setting.past).days + 1
    on = f"greatest(birth_date, {day(setting.past)} + CAST({draws.below(days, 'recorded', 'nth')} AS INTEGER))"
    count = f"CASE WHEN kind >= {CHRONIC} THEN 1 + {draws.below(min(3, len(codes)), 'conditions', 'i')} ELSE 0 END"
    of_asked, of_all = (draws.below(len(some), "condition", "i") for some in (asked or codes, codes))
    first = f"CASE WHEN {draws.below(2, 'asked condition', 'i')} = 0 THEN {of_asked} ELSE {of_all} END"
    return f"""
        SELECT *, CASE WHEN {draws.below(100, "resolved", "nth")} < 15 THEN recorded
            + CAST(30 + {draws.below(300, "until", "nth")} AS INTEGER) END AS resolved
        FROM (SELECT *, {on} AS recorded, {words_list(codes)}[1 + ({first} + k) % {len(codes)}] AS code
            FROM (SELECT *, i * 4 + k AS nth FROM (SELECT *, unnest(range({count})) AS k FROM person)))
        WHERE recorded <= coalesce(death_date, recorded)"""


def lab_results(setting: Setting) -> str:
    """The query of results, in tenths: two a year of each person with chronic conditions, some of them on one day."""
    draws = setting.draws
    codes = setting.hints.words.get("lab_results.code") or _TESTS
    days = (setting.last - setting.past).days + 1
    count = max(2, setting.claim_months // 6)
    pair = f"CASE WHEN {draws.below(100, 'same day', 'i')} < 10 THEN nth - k % 2 ELSE nth END"
    on = f"{day(setting.past)} + CAST({draws.below(days, 'result day', pair)} AS INTEGER)"
    limits = [number // 10**11 + by for number in setting.hints.thresholds.get("result", ()) for by in (-1, 0, 1)]
    result = f"50 + {draws.below(70, 'result', 'nth')}"
    if limits:
        near = f"{numbers(limits)}[1 + {draws.below(len(limits), 'result at a limit', 'nth')}]"
        around = f"{min(limits)} + {draws.below(max(limits), 'result', 'nth')}"
        result = f"CASE WHEN {draws.below(100, 'at a limit', 'nth')} < 30 THEN {near} ELSE {around} END"
    return f"""
        SELECT *, {result} AS result
        FROM (SELECT *, {on} AS on_day, {draws.one_of(codes, "test", pair)} AS code
            FROM (SELECT *, i * {count} + k AS nth
                FROM (SELECT *, unnest(range({count})) AS k FROM person WHERE kind >= {CHRONIC})))
        WHERE on_day BETWEEN birth_date AND coalesce(death_date, on_day)"""


def chosen(setting: Setting) -> str:
    """The query of choices: mostly the home practice; some are changed later, some end with the payer."""
    draws = setting.draws
    names = words_list([payer.name for payer in setting.payers])
    chance = draws.below(100, "chooses", "i")
    at_home = f"CASE WHEN {draws.below(100, 'chooses home', 'i')} < 85 THEN home ELSE other END"
    change = f"a_first + 1 + CAST({draws.below(300, 'choice changes', 'i')} AS INTEGER)"
    changes = f"{draws.below(100, 'changes choice', 'i')} < 15 AND (a_last IS NULL OR a_last > a_first + 301)"
    part = "{{'f': {}, 'l': {}, 'p': {}}}".format
    return f"""
        SELECT i, person_id, {names}[payer + 1] AS payer_name, i * 2 + part AS nth,
            choice.f AS first_day, choice.l AS last_day, choice.p AS p
        FROM (SELECT *, unnest(CASE WHEN change IS NULL THEN [{part("a_first", "ends", "at_home")}]
                ELSE [{part("a_first", "change - 1", "at_home")}, {part("change", "ends", "other")}] END) AS choice,
                unnest(CASE WHEN change IS NULL THEN [0] ELSE [0, 1] END) AS part
            FROM (SELECT *, {at_home} AS at_home, CASE WHEN {changes} THEN {change} END AS change,
                CASE WHEN pattern = {CHURN} THEN a_last END AS ends
                FROM person WHERE {chance} < {_CHOSEN}))"""


def rosters(setting: Setting) -> str:
    """The query of payers' lists: at each refresh all who are enrolled, with some left out and some elsewhere.

    A few people stand with two practices on one list.
    """
    draws = setting.draws
    titles = words_list(setting.hints.lists or (DEFAULT_LIST,))
    days = ", ".join(day(first_day(month)) for month in _refreshes(setting))
    chance = draws.below(100, "listed", "nth")
    payer = payer_on("as_of", day(setting.last))
    both = f"home != other AND {draws.below(100, 'listed twice', 'nth')} < 1"
    return f"""
        SELECT *, {words_list([payer.name for payer in setting.payers])}[enrolled + 1] AS payer_name
        FROM (SELECT *, unnest(CASE WHEN {both} THEN [home, other]
                WHEN {chance} < {_AGREE} THEN [{home_on("as_of")}] WHEN {chance} < {_DIFFER} THEN [other]
                ELSE CAST([] AS BIGINT[]) END) AS p
            FROM (SELECT *, {payer} AS enrolled
                FROM (SELECT *, (i * 1024 + k) * 4 + t AS nth, {titles}[t + 1] AS list
                    FROM (SELECT *, unnest(range(len({titles}))) AS t
                        FROM (SELECT *, unnest([{days}]) AS as_of,
                            unnest(range({len(_refreshes(setting))})) AS k FROM person))))
            WHERE enrolled IS NOT NULL)"""


def _refreshes(setting: Setting) -> list[int]:
    """The months in which attribution is refreshed."""
    calendar, every = setting.hints.calendar, setting.hints.refresh
    return [month for month in setting.months if calendar.period_first(month, every) == month] or [setting.months[0]]


def areas(setting: Setting) -> str:
    """The query of areas: two for each practice; people live in a few more, which are nobody's."""
    practices = setting.request.practices
    return f"SELECT n AS nth, {zip_code('n')} AS zip_code, n % {practices} AS p FROM range({2 * practices}) t(n)"


def results(setting: Setting) -> str:
    """The query of measure results: around the least denominator, empty, none met, all met, and between."""
    draws = setting.draws
    measures = setting.hints.reported or (MeasureHint("reported_measure"),)
    rows = ", ".join(f"({at}, {words_list([m.name])}[1], {m.minimum or 30})" for at, m in enumerate(measures))
    labels = period_labels(setting.hints.calendar, setting.hints.periods, setting.months)
    payers = words_list([payer.name for payer in setting.payers])
    return f"""
        WITH each AS (SELECT *, row_number() OVER (ORDER BY m, p, payer_at, period_at) - 1 AS nth
            FROM (VALUES {rows}) measure(m, measure, least_denominator), practice,
                (SELECT unnest({payers}) AS payer, unnest(range(len({payers}))) AS payer_at),
                (SELECT unnest({words_list(labels)}) AS period, unnest(range({len(labels)})) AS period_at)),
        counted AS (SELECT *, CASE WHEN of_100 < 10 THEN 0 WHEN of_100 < 20 THEN least_denominator - 1
                WHEN of_100 < 30 THEN least_denominator WHEN of_100 < 40 THEN least_denominator + 1
                WHEN of_100 >= 95 THEN NULL
                ELSE least_denominator + {draws.below(400, "denominator", "nth")} END AS denominator
            FROM (SELECT *, {draws.hundredth("denominators", "nth")} AS of_100 FROM each))
        SELECT *, CASE WHEN share < 8 THEN 0 WHEN share >= 92 THEN denominator
            ELSE denominator * {draws.below(101, "numerator", "nth")} // 100 END AS numerator
        FROM (SELECT *, {draws.hundredth("numerators", "nth")} AS share FROM counted) ORDER BY nth"""


def period_labels(calendar: Calendar, periods: tuple[Period, ...], months: range) -> list[str]:
    """The names of all periods that touch the months, as postings write them."""
    return [
        calendar.label(first, period)
        for period in periods
        for first in dict.fromkeys(calendar.period_first(month, period) for month in months)
    ]


def panel(setting: Setting) -> str:
    """The query of enrolled people at home with each practice, by payer and month, on the month's first day."""
    days = ", ".join(f"({month}, {day(first_day(month))}, {day(last_day(month))})" for month in setting.months)
    return f"""
        SELECT month, payer_name AS payer, {home_on("first_of_month")} AS p, count(*) AS member_months
        FROM ({spans(setting)}) JOIN (VALUES {days}) months(month, first_of_month, last_of_month)
            ON first_of_month >= span.f AND first_of_month <= coalesce(span.l, last_of_month)
            AND first_of_month <= coalesce(death_date, last_of_month)
        WHERE span.o = 1 GROUP BY ALL"""
