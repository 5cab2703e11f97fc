"""Tables of declared facts and of events: a row for each combination of their keys that can occur."""

from __future__ import annotations

from mhrules.data.schema import Column, ColumnKind, Table
from mhrules.data.synth import lists
from mhrules.data.synth.claims import home_on, payer_on
from mhrules.data.synth.draws import words_list
from mhrules.data.synth.facts import key_texts
from mhrules.data.synth.services import numbers
from mhrules.data.synth.setting import Setting, day, month_text
from mhrules.data.synth.sheets import Sheet
from mhrules.semantics.calendar import MONTHS_IN_YEAR, month_of

EVENT = "event_"
"""What the names of event tables begin with."""

_PEOPLE = ("person_id", "member", "member_id")
_PROVIDERS = ("npi", "provider", "provider_id")
_CHANGED = 40  # of 100 dated rows


def fact_sheet(setting: Setting, table: Table) -> Sheet:
    """A table of facts: all combinations of keys; where it is dated, some change in the months asked for."""
    names = [key.name for key in table.keys]
    sources = [f"({_domain(setting, key)}) k{at}" for at, key in enumerate(table.keys)]
    columns = {name: f"key_{at}" for at, name in enumerate(names)}
    keys = ", ".join(f"k{at}.v AS key_{at}" for at in range(len(names)))
    order = ", ".join(f"k{at}.o" for at in range(len(names)))
    where = _fitting(setting, names)
    rows = f"SELECT row_number() OVER (ORDER BY {order}) - 1 AS nth, {keys} FROM {', '.join(sources)}{where}"
    of_member = any(name in _PEOPLE for name in names)
    if not table.dated:
        panel = table.name == setting.schema.panel
        return _panel_sheet(setting, rows, columns, names) if panel else _plain(rows, columns, of_member)
    return _dated(setting, table, rows, columns, of_member)


def _plain(rows: str, columns: dict[str, str], of_member: bool) -> Sheet:
    return Sheet(f"FROM ({rows})", columns, at="nth", order="nth", of_member=of_member)


def _dated(setting: Setting, table: Table, rows: str, columns: dict[str, str], of_member: bool) -> Sheet:
    """Spans from the start of the term, or of the months asked for, on; those that change do so on one day."""
    draws = setting.draws
    begins = min(setting.hints.term_first or setting.first, setting.first)
    some = (
        f"{day(setting.first)} + 1 + CAST({draws.below(setting.days - 1, f'{table.name} changes', 'nth')} AS INTEGER)"
    )
    on_first = f"greatest(CAST(date_trunc('month', {some}) AS DATE), {day(begins)} + 1)"
    changes = f"""CASE WHEN {draws.hundredth(f"{table.name} change", "nth")} >= {_CHANGED} THEN NULL
        WHEN {draws.below(2, f"{table.name} on first", "nth")} = 0 THEN {on_first} ELSE {some} END"""
    parts = f"""SELECT * REPLACE (nth * 2 + part AS nth),
            CASE part WHEN 0 THEN {day(begins)} ELSE changes END AS first_day,
            CASE part WHEN 0 THEN changes - 1 END AS last_day
        FROM (SELECT *, unnest(CASE WHEN changes IS NULL THEN [0] ELSE [0, 1] END) AS part
            FROM (SELECT *, {changes} AS changes FROM ({rows})))"""
    columns = {**columns, "from": "first_day", "to": "last_day"}
    return Sheet(f"FROM ({parts})", columns, order="nth", of_member=of_member)


def _panel_sheet(setting: Setting, rows: str, columns: dict[str, str], names: list[str]) -> Sheet:
    """The panel: every practice, payer and month with its people, 0 where there are none."""
    month, payer, practice = (names.index(name) for name in ("year_month", "payer", setting.practice_key))
    counts = f"""SELECT strftime(make_date(CAST(month // 12 AS INTEGER), CAST(month % 12 + 1 AS INTEGER), 1), '%Y%m')
            AS key_{month}, payer AS key_{payer}, getvariable('practice_ids')[p + 1] AS key_{practice}, member_months
        FROM ({lists.panel(setting)})"""
    joined = f"FROM ({rows}) LEFT JOIN ({counts}) USING (key_{month}, key_{payer}, key_{practice})"
    columns = {**columns, "member_months": "coalesce(member_months, 0)"}
    return Sheet(joined, columns, at="nth", order="nth")


def _domain(setting: Setting, key: Column) -> str:
    """The values `v` of a key, in the order `o`."""
    if key.name == setting.practice_key:
        return "SELECT p AS o, practice_id AS v FROM practice"
    if key.name in _PEOPLE:
        return "SELECT i AS o, person_id AS v FROM person"
    if key.name in _PROVIDERS:
        return "SELECT row_number() OVER (ORDER BY npi) AS o, npi AS v FROM (SELECT DISTINCT npi FROM provider)"
    if key.name == "payer":
        return _listed([payer.name for payer in setting.payers])
    if key.name == "contract_year":
        return f"SELECT v AS o, v FROM range(1, {contract_years(setting) + 1}) t(v)"
    if key.kind is ColumnKind.INTEGER:
        return f"SELECT v AS o, v FROM (SELECT unnest({numbers(years(setting))}) AS v)"
    if key.kind is ColumnKind.MONTH:
        return _listed([month_text(month) for month in setting.months])
    return _listed(key.codes or key_texts(setting, key.name))


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return f"SELECT unnest(range({len(words)})) AS o, unnest({words_list(words)}) AS v"


def _fitting(setting: Setting, names: list[str]) -> str:
    """A line of business goes with its own payers only."""
    if "payer" not in names or "line" not in names:
        return ""
    payer, line = names.index("payer"), names.index("line")
    pairs = [f"{words_list([each.name, own])}" for each in setting.payers for own in each.lines]
    return f" WHERE [k{payer}.v, k{line}.v] IN ({', '.join(pairs)})" if pairs else ""


def years(setting: Setting) -> list[int]:
    """The program years of facts: those of the months asked for, the year before within the term, the baseline's."""
    calendar, months = setting.hints.calendar, setting.months
    found = {calendar.year_of(month) for month in months}
    before = min(found) - 1
    if setting.hints.term_first is None or before >= calendar.year_of(month_of(setting.hints.term_first)):
        found.add(before)
    return sorted(found | set(setting.hints.baseline))


def contract_years(setting: Setting) -> int:
    """How many contract years have begun by the last month, of those who were there from the term's first."""
    begins = min(month_of(setting.hints.term_first or setting.first), setting.request.first)
    return (setting.request.last - begins) // MONTHS_IN_YEAR + 1


def event_sheet(setting: Setting, table: Table) -> Sheet:
    """A table of events: up to three of a person, some of them in one month, with the practice where it is at home."""
    draws, stream = setting.draws, table.name
    count = (
        f"CASE WHEN {draws.below(100, stream, 'i')} < 35 THEN 1 + {draws.below(3, f'{stream} more', 'i')} ELSE 0 END"
    )
    start = f"{day(setting.first)} + CAST({draws.below(setting.days, f'{stream} day', 'i')} AS INTEGER)"
    rows = f"""SELECT *, getvariable('practice_ids')[{home_on("on_day")} + 1] AS place_id,
            {words_list([payer.name for payer in setting.payers])}[enrolled + 1] AS payer_name
        FROM (SELECT *, {payer_on("on_day", day(setting.last))} AS enrolled
            FROM (SELECT *, i * 4 + k AS nth, {start} + CAST(k * 9 AS INTEGER) AS on_day
                FROM (SELECT *, unnest(range({count})) AS k FROM person)))
        WHERE enrolled IS NOT NULL AND on_day <= {day(setting.last)}"""
    return Sheet(f"FROM ({rows})", _event_columns(setting, table), of_member=True)


def _event_columns(setting: Setting, table: Table) -> dict[str, str]:
    """The columns that every event has: an id, the person, the payer, the practice, the provider, the first date."""
    columns: dict[str, str] = {setting.practice_key: "place_id", "payer": "payer_name"}
    columns.update(dict.fromkeys(_PEOPLE, "person_id"))
    dates = [column.name for column in (*table.keys, *table.columns) if column.kind is ColumnKind.DATE]
    if dates:
        columns[dates[0]] = "on_day"
    for key in table.keys:
        if key.kind is ColumnKind.TEXT and key.name not in columns:
            columns[key.name] = "'v' || CAST(nth AS VARCHAR)"
    return columns
