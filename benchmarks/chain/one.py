"""One process that works out the chain in three ways by turns: `one.py ROWS REPEATS`; prints its figures as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np
from openfisca_core import periods, simulations
from openfisca_core.entities import build_entity
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from benchmarks.machine import timed
from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.engine.sql.frame import Column, Frame, Grid
from mhrules.plan import ir
from mhrules.settle.payments import Books
from mhrules.settle.sql.compiled import Compiled

PROGRAM = Path(__file__).with_name("chain.mh")
MONTH = "2024-01"
Arrays = dict[str, np.ndarray]

# -------------------------------------------------------------------------------------------- member months

ROWS = """
CREATE TABLE chain_rows AS
SELECT 'plan' AS payer, 'p1' AS practice, '' AS member, 24288 AS clock, 24288 AS m1, i::INTEGER AS m2, 1 AS mn,
  DATE '2024-01-01' AS d1, DATE '2024-01-31' AS d2,
  (20000 + hash(i, 1) % 80000)::BIGINT AS benchmark, (6000 + hash(i, 2) % 9000)::BIGINT AS risk,
  CASE WHEN hash(i, 3) % 500 = 0 THEN hash(i, 4) % 100000000 ELSE hash(i, 5) % 120000 END::BIGINT AS spent
FROM range({rows}) t(i)"""
"""Cents, and risk at 4 places. The keys of a row are constants, and `m2`, of which nothing is asked, numbers it."""


# ------------------------------------------------------------------------------------------------- mhrules


def our_sql() -> str:
    """The SQL that the engine makes of the rule text, over rows that hold the facts beside their keys."""
    plan = Compilation(PROGRAM).plan
    dataset = Dataset.from_rows(plan.schema, {"practice": [{"practice_id": "p1"}], "eligibility": [], "member": []})
    relations = Compiled(Books(plan, dataset, 2024, ()), dataset, 2024).relations
    grid = Grid("chain_rows", ("payer", "practice", "member"), "month")
    relations._meaning[ir.Cell] = lambda node, frame: Column(frame.expose(f"r.{node.column}"))
    relations._meaning[ir.Read] = lambda node, frame: relations._in_place(node.quantity, frame)
    frame = Frame(grid)
    form = next(iter(plan.payments["shared_month"].forms.values()))
    found = relations.known(form.pays, frame)
    relations_sql = [statement.sql for statement in relations.store.statements if statement.sql.startswith("CREATE")]
    settings = [sql for sql in relations_sql if " MACRO " in sql or "TABLE set_" in sql]
    return ";\n".join([*settings, frame.select({"i": "m2", "v": found.value, "f": found.fault or "NULL"})])


# ----------------------------------------------------------------------------------------------- OpenFisca


def openfisca_system() -> tuple[TaxBenefitSystem, Any]:
    """The eight formulas as an OpenFisca system, in dollars, in its own 32-bit floats."""
    person = build_entity(key="person", plural="persons", label="Member", is_person=True)

    def variable(name: str, formula: Callable[..., Any] | None = None) -> type[Variable]:
        attributes: dict[str, Any] = {"value_type": float, "entity": person, "definition_period": periods.MONTH}
        attributes["label"] = name
        if formula is not None:
            attributes["formula"] = formula
        return type(name, (Variable,), attributes)

    system = TaxBenefitSystem([person])
    for each in (
        variable("benchmark"),
        variable("risk"),
        variable("spent"),
        variable("trended", lambda p, m: np.floor(p("benchmark", m) * 1.035 * 100 + 0.5) / 100),
        variable("capped", lambda p, m: np.clip(p("risk", m), 0.8, 1.3)),
        variable("expected", lambda p, m: np.floor(p("trended", m) * p("capped", m) * 100 + 0.5) / 100),
        variable("counted", lambda p, m: np.minimum(p("spent", m), 25_000)),
        variable("saved", lambda p, m: p("expected", m) - p("counted", m)),
        variable("beyond", lambda p, m: np.where(p("saved", m) >= 0.02 * p("expected", m), p("saved", m), 0)),
        variable("shared", lambda p, m: np.floor(p("beyond", m) * 0.5 * 100 + 0.5) / 100),
        variable(
            "owed",
            lambda p, m: np.maximum(0, np.minimum(p("shared", m), np.floor(p("expected", m) * 0.1 * 100 + 0.5) / 100)),
        ),
    ):
        system.add_variable(each)
    return system, person


def openfisca_work(inputs: Arrays) -> Callable[[], np.ndarray]:
    """A calculation from inputs that are set already."""
    system, _ = openfisca_system()
    count = len(inputs["benchmark"])
    dollars = {"benchmark": 100.0, "risk": 10_000.0, "spent": 100.0}
    values = {name: (inputs[name] / unit).astype(np.float32) for name, unit in dollars.items()}

    def work() -> np.ndarray:
        simulation = simulations.SimulationBuilder().build_default_simulation(system, count)
        for name, value in values.items():
            simulation.set_input(name, MONTH, value)
        found: np.ndarray = simulation.calculate("owed", MONTH)
        return found

    return work


# --------------------------------------------------------------------------------------------------- NumPy


def half_up(numbers: np.ndarray, divisor: int) -> np.ndarray:
    """Integers that are not negative, divided and rounded half up."""
    found: np.ndarray = (2 * numbers + divisor) // (2 * divisor)
    return found


def numpy_work(inputs: Arrays) -> Callable[[], np.ndarray]:
    """The formulas on 64-bit integers."""

    def work() -> np.ndarray:
        trended = half_up(inputs["benchmark"] * 10350, 10_000)
        expected = half_up(trended * np.clip(inputs["risk"], 8_000, 13_000), 10_000)
        saved = expected - np.minimum(inputs["spent"], 2_500_000)
        beyond = np.where(100 * saved >= 2 * expected, saved, 0)
        found: np.ndarray = np.maximum(0, np.minimum(half_up(beyond, 2), half_up(expected, 10)))
        return found

    return work


def main() -> None:
    """Works it out in each way by turns, and compares."""
    rows, repeats = int(sys.argv[1]), int(sys.argv[2])
    connection = duckdb.connect()
    connection.execute(ROWS.format(rows=rows))
    columns = connection.execute("SELECT benchmark, risk, spent FROM chain_rows").fetchnumpy()
    inputs = {name: np.asarray(values) for name, values in columns.items()}
    *setup, query = our_sql().split(";\n")
    for statement in setup:
        connection.execute(statement)

    def ours() -> None:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE chain_result AS {query}")

    works: dict[str, Callable[[], Any]] = {
        "ours": ours,
        "numpy": numpy_work(inputs),
        "openfisca": openfisca_work(inputs),
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    results: dict[str, Any] = {}
    for _ in range(repeats):
        for name, work in works.items():
            spent, results[name] = timed(work)
            seconds[name].append(spent)
    told = connection.execute("SELECT v FROM chain_result ORDER BY i").fetchnumpy()
    exact = results["numpy"]
    results["ours"] = np.asarray(told["v"], dtype=np.int64)
    off = {}
    for name, found in results.items():
        cents = np.rint(found.astype(np.float64) * 100).astype(np.int64) if name == "openfisca" else found
        apart = np.abs(cents - exact)
        off[name] = {"largest": int(apart.max()) / 100, "summed": int(apart.sum()) / 100}
    if off["ours"]["largest"]:
        raise SystemExit("chain: the engine and NumPy are not equal to the cent")
    print(json.dumps({"seconds": {name: median(each) for name, each in seconds.items()}, "off": off}))


if __name__ == "__main__":
    main()
