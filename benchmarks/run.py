"""`make bench`: runs benchmarks and writes `benchmarks/RESULTS.md`; sections that were not run stay as they were.

`python -m benchmarks.run [--size small|medium|large] [--only NAME …] [--folder DIR]`
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

from benchmarks import chain, explain, small, spark, synth
from benchmarks.machine import machine
from benchmarks.settle import run as settle
from benchmarks.sizes import SIZES

RESULTS = Path(__file__).with_name("RESULTS.md")
KEPT = Path(__file__).with_name("results.json")
BENCHMARKS = {
    "settle": settle.run,
    "chain": chain.run,
    "small": small.run,
    "explain": explain.run,
    "synth": synth.run,
    "spark": spark.run,
}
SIZELESS = ("small",)
USUAL = [name for name in BENCHMARKS if name != "spark"]  # which needs Java and half a gigabyte of packages
HEAD = """# Benchmark results

Written by `make bench`. Each section says what it ran on; a ratio compares two things of one run. `settle` and `chain`
check that what they compare is equal to the cent before they print a figure.
"""


def main() -> int:
    """Runs what was asked for and writes the page."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="small")
    parser.add_argument("--only", nargs="*", choices=list(BENCHMARKS), default=USUAL)
    parser.add_argument("--folder", type=Path, default=Path("out", "bench"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    sections = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name in given.only:
        title = name if name in SIZELESS else f"{name}, {given.size}"
        print(f"running {title}", file=sys.stderr, flush=True)
        where = machine("mhrules", "duckdb", "numpy", "openfisca-core", "pyspark")
        text = BENCHMARKS[name](SIZES[given.size], given.folder)
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        sections[title] = f"{text}\n\n{day}: {where}."
        print(f"\n## {title}\n\n{sections[title]}\n", flush=True)
        KEPT.write_text(json.dumps(sections, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        RESULTS.write_text(page(sections), encoding="utf-8")
    return 0


def page(sections: dict[str, str]) -> str:
    """The whole page, benchmark by benchmark, from the smallest size to the largest."""
    order = [*(f"{name}, {size}" for name in BENCHMARKS for size in SIZES), *SIZELESS]
    found = sorted(sections.items(), key=lambda item: order.index(item[0]))
    return HEAD + "".join(f"\n## {title}\n\n{text}\n" for title, text in found)


if __name__ == "__main__":
    sys.exit(main())
