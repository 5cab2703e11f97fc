"""Lines explained from a kept run: the tree of all data, from the data of one practice's people."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from attrs import evolve
from hypothesis import given, settings

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.data.load import load
from mhrules.data.synth.hints import hints_of
from mhrules.data.synth.population import write_population
from mhrules.data.synth.setting import Request
from mhrules.diagnostics.model import DiagnosticError
from mhrules.engine.slices import PEOPLE, PRACTICE, Outside
from mhrules.explain import of_run
from mhrules.explain.model import Explanation, Why
from mhrules.explain.of_run import explain_run, explain_settled
from mhrules.explain.tree import explain
from mhrules.locate import program_path
from mhrules.plan.whole import Plan
from mhrules.settle import slices
from mhrules.settle.kept import RUN
from mhrules.settle.kept_run import KeptRun, open_run
from mhrules.settle.ledger import Settlement
from mhrules.settle.outputs import sources_of
from mhrules.settle.run import settle
from mhrules.settle.slices import KeptValues, Slice
from mhrules.source import Source
from tests.explain.cases import pilot
from tests.explain.kept import differences, kept, lines
from tests.settle import people
from tests.strategies.cases import Case, cases
from tests.strategies.population import Population, populations
from tests.strategies.population_program import plan_for

YEAR = 2011
FEW = settings(max_examples=max(1, settings.default.max_examples // 12))


def differing(settlement: Settlement, most: int | None = None, *, member: str | None = None) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        run = kept(settlement, Path(folder))
        try:
            return list(differences(settlement, run, lines(settlement, most), member=member))
        finally:
            run.close()


def invented(name: str, folder: Path) -> tuple[Plan, Dataset, int]:
    """A shipped program on invented people."""
    compilation = Compilation(program_path(name))
    plan, program = compilation.plan, compilation.program
    assert program is not None
    last = plan.calendar.year_of(plan.last_month or plan.first_month + 12)
    year = min(plan.calendar.year_of(plan.first_month) + 1, last)
    first = plan.calendar.year_first(year)
    request = Request(members=24, practices=2, first=first, last=first + 11, seed=5)
    write_population(plan.schema, request, folder, hints_of(program))
    return plan, load(plan.schema, folder), year


@pytest.mark.parametrize("name", ["carefirst", "michigan_mipct", "rhode_island_csi", "vbpr_101", "washington"])
def test_lines_of_shipped_programs(name: str, tmp_path: Path) -> None:
    plan, dataset, year = invented(name, tmp_path)
    settlement = settle(plan, dataset, year, hold=True, engine="duckdb")
    assert settlement.postings
    assert differing(settlement, 2) == []


@FEW
@given(cases())
def test_lines_of_generated_programs(case: Case) -> None:
    for engine in ("duckdb", "reference"):
        try:
            settlement = settle(case.plan, Dataset.from_rows(case.plan.schema, case.rows), case.year, engine=engine)
        except DiagnosticError:
            return
        if settlement.ok:
            assert differing(settlement, 3) == []


@FEW
@given(cases(gaps=True))
def test_held_lines_of_generated_programs(case: Case) -> None:
    try:
        settlement = settle(case.plan, Dataset.from_rows(case.plan.schema, case.rows), case.year, hold=True)
    except DiagnosticError:
        return
    assert differing(settlement, 3) == []


@FEW
@given(populations())
def test_lines_of_generated_populations(population: Population) -> None:
    plan = plan_for(evolve(population.policy))
    names = {table.name for table in plan.schema.tables}
    rows = {name: own for name, own in population.rows.items() if name in names}
    settlement = settle(plan, Dataset.from_rows(plan.schema, rows), YEAR, hold=True, engine="duckdb")
    persons = sorted(settlement.books.world.below.people.persons)
    for member in (None, persons[len(population.rows) % len(persons)] if persons else "nobody"):
        assert differing(settlement, 2, member=member) == []


# ------------------------------------------------------------------------------------------ one population, in full


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    return people.settled(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def run(day: Settlement, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptRun]:
    opened = kept(day, tmp_path_factory.mktemp("kept"))
    yield opened
    opened.close()


@pytest.mark.parametrize("member", ["ann", "eve", "gus", "zoe"])
def test_one_person_in_a_line_or_not(day: Settlement, run: KeptRun, member: str) -> None:
    assert list(differences(day, run, lines(day, 4), member=member)) == []


def test_in_depth(day: Settlement, run: KeptRun) -> None:
    assert list(differences(day, run, lines(day), deep=True)) == []


def test_only_the_people_of_the_practice_are_read(day: Settlement, run: KeptRun) -> None:
    practice = next(p.practice for p in day.postings if p.units)
    part = Slice(run, practice)
    there = {person for month in day.books.world.below.attribution.known().values() for person, outcome in month.items()
             if outcome.practice == practice}  # fmt: skip
    read = {str(row[0]) for row in part.rows("eligibility")}
    assert there <= read
    assert len(read) == part.people < run.persons


def test_what_a_slice_leaves_out_is_refused(run: KeptRun) -> None:
    part = Slice(run, "p1")
    month = next(iter(run.months()))
    part.members(month[0], "p1", month[1])
    for ask in (
        lambda: part.members(month[0], "p2", month[1]),
        lambda: part.members(month[0], "p1", 1),
        lambda: part.billed("p2"),
    ):
        with pytest.raises(Outside):
            ask()


def test_a_line_of_members_rests_on_those_of_its_payer(day: Settlement, run: KeptRun) -> None:
    found = next(p for p in day.postings if (p.payment, p.payer, p.practice) == ("fee", "aetna", "p2") and p.units)
    own, all_payers = Slice(run, found.practice, payer=found.payer), Slice(run, found.practice)
    assert 0 < own.people < all_payers.people
    month = next(month for payer, month in run.months() if payer == found.payer)
    own.members(found.payer, found.practice, month)
    other = next(each for each in run.months() if each[0] != found.payer)
    for ask in (lambda: own.members(other[0], found.practice, other[1]), lambda: own.billed(found.practice)):
        with pytest.raises(Outside) as more:
            ask()
        assert more.value.what == PRACTICE
    told = explain_run(run, (found.payer, found.practice, found.payment), found.period)
    assert f"from {own.people:,} of {run.persons:,} people" in told.notes[-1]


def test_a_settlement_of_many_people_is_explained_from_a_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, dataset, year = invented("rhode_island_csi", tmp_path)
    settlement = settle(plan, dataset, year)
    asked = lines(settlement, 2)
    whole = [explain(settlement, *line) for line in asked]
    monkeypatch.setattr(of_run, "FEW", 0)
    sliced = [explain_settled(settlement, sources_of(plan), line) for line in asked]
    assert [each.lines for each in sliced] == [each.lines for each in whole]
    assert all("people" in each.notes[-1] for each in sliced)
    assert [path.name for path in settlement.dataset.workspace.glob("*-run.duckdb")]


# --------------------------------------------------------------------------------------- values over all practices


def test_a_pool_stands_as_it_was_split(tmp_path: Path) -> None:
    found = step_of(explained(pilot(), tmp_path), "pays")
    assert found.worth is not None
    assert found.worth.text == "$333.33"
    assert found.says == ("10 of 30 parts of $1,000.00 = $333.333333…, in whole cents by largest remainder", SETTLED)


def test_in_depth_a_pool_is_split_anew(tmp_path: Path) -> None:
    whole = explain(pilot(), *BONUS, deep=True)
    assert explained(pilot(), tmp_path, deep=True).lines == whole.lines


def test_without_settled_values_everybody_is_worked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeptValues, "split", lambda *asked: None)
    monkeypatch.setattr(slices, "LARGE", 0)  # so that facts of other practices are not there at first
    assert explained(pilot(), tmp_path).lines == explain(pilot(), *BONUS).lines


def test_too_many_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_run, "MOST", -1)
    run = kept(pilot(), tmp_path)
    run.meta["engine"] = "duckdb"
    run.meta["splits"] = []
    monkeypatch.setattr(Slice, "members", refuse)
    monkeypatch.setattr(Slice, "facts", refuse)
    assert codes(lambda: explain_run(run, BONUS)) == ["MH755"]
    run.close()


# ----------------------------------------------------------------------------------------------------- refusals


def test_another_amount_than_posted(tmp_path: Path) -> None:
    kept(pilot(), tmp_path).close()
    with duckdb.connect(tmp_path / RUN) as connection:
        connection.execute("UPDATE run.run.postings SET amount = amount + 10000000000 WHERE payment = 'bonus'")
    assert codes(lambda: again(tmp_path)) == ["MH999"]


def test_a_line_that_was_not_posted(tmp_path: Path) -> None:
    kept(pilot(), tmp_path).close()
    with duckdb.connect(tmp_path / RUN) as connection:
        connection.execute("DELETE FROM run.run.postings WHERE payment = 'bonus'")
    assert codes(lambda: again(tmp_path)) == ["MH999"]


def test_people_elsewhere_than_they_were(day: Settlement, tmp_path: Path) -> None:
    kept(day, tmp_path).close()
    with duckdb.connect(tmp_path / RUN) as connection:
        connection.execute("UPDATE run.run.stays SET months = 0 WHERE practice = 'p1'")
    asked = next(line for line in lines(day) if line[1] == "p1")
    assert codes(lambda: again(tmp_path, day, asked)) == ["MH999"]


def test_runs_that_do_not_fit(tmp_path: Path) -> None:
    assert codes(lambda: again(tmp_path)) == ["MH753"]  # none there
    (tmp_path / RUN).write_bytes(b"something else")
    assert codes(lambda: again(tmp_path)) == ["MH753"]
    (tmp_path / RUN).unlink()
    kept(pilot(), tmp_path).close()
    manifest = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    (tmp_path / "manifest.json").unlink()
    assert codes(lambda: again(tmp_path)) == ["MH753"]
    (tmp_path / "manifest.json").write_text(manifest.replace('"sha256": "', '"sha256": "0'), encoding="utf-8")
    assert codes(lambda: again(tmp_path)) == ["MH753"]  # of other postings
    with duckdb.connect(tmp_path / RUN) as connection:
        connection.execute("""UPDATE run.run.meta SET document = replace(document, '"mhrules": "', '"mhrules": "0.')""")
    assert codes(lambda: again(tmp_path)) == ["MH753"]


def test_texts_that_were_changed(tmp_path: Path) -> None:
    settlement = pilot()
    kept(settlement, tmp_path).close()
    changed = [*sources_of(settlement.plan)[1:], Source("pilot.mh", "mhrules 1\n")]
    assert codes(lambda: open_run(tmp_path, settlement.plan, changed)) == ["MH754"]


# ------------------------------------------------------------------------------------------------------- helpers

BONUS = ("acme", "p1", "bonus")
SETTLED = "split among 2 practices, as settled"


def explained(settlement: Settlement, folder: Path, *, deep: bool = False) -> Explanation:
    run = kept(settlement, folder)
    try:
        return explain_run(run, BONUS, deep=deep)
    finally:
        run.close()


def again(folder: Path, settlement: Settlement | None = None, line: tuple[str, str, str] = BONUS) -> Explanation:
    settlement = settlement or pilot()
    run = open_run(folder, settlement.plan, sources_of(settlement.plan))
    try:
        return explain_run(run, line)
    finally:
        run.close()


def codes(ask: Callable[[], object]) -> list[str]:
    with pytest.raises(DiagnosticError) as raised:
        ask()
    return [found.code for found in raised.value.diagnostics]


def refuse(*asked: object) -> None:
    raise Outside(PEOPLE)


def step_of(explanation: Explanation, kind: str) -> Why:
    return next(why for line in explanation.lines for why in line.why.walk() if why.kind == kind)
