"""One process that settles a population on a cluster: `spark_one.py DATA OUT MASTER`.

Prints as JSON how many seconds it took, and each relation that Spark made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.machine import timed
from benchmarks.settle.data import PROGRAM

YEAR = 2024


def main() -> None:
    """Loads, settles, writes, and prints the figures."""
    import mhrules
    from mhrules.engine.spark.store import SparkStore

    folder, out, master = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    relations: dict[str, float] = {}
    make = SparkStore._make

    def watched(store: SparkStore, name: str, *rest: Any) -> None:
        seconds, _ = timed(lambda: make(store, name, *rest))
        relations[name] = relations.get(name, 0.0) + seconds

    SparkStore._make = watched  # type: ignore[method-assign, assignment]

    program = mhrules.load(PROGRAM)
    loading, data = timed(lambda: mhrules.Data.on_spark(program, folder, master=master))
    try:
        settling, settlement = timed(lambda: mhrules.settle(program, data, year=YEAR, engine="spark"))
        writing, _ = timed(lambda: settlement.write(out))
    finally:
        data.close()
    steps = {"Spark started, files read and checked": loading, "settled": settling, "written": writing}
    print(json.dumps({"seconds": loading + settling + writing, "steps": steps, "relations": relations}))


if __name__ == "__main__":
    main()
