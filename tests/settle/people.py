"""A small program for members, their data, and its settlement, for the tests of outputs and explanations.

In 2011, aetna: `ann` is with p1 all year (three days with a visit there, one at p2); `bob` is enrolled from February to
the middle of August, attributed to p2 from the refresh in April; `eve` has one visit each at p1 and p2, and the later
one decides for p2; `gus` sees nobody. Molina: `bob` is a second payer's and excluded; `cat` chose p2; `dan` chose p3,
which leaves at the end of June.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from mhrules.compiler import Compilation
from mhrules.data.dataset import Dataset
from mhrules.settle.ledger import Settlement
from tests.interpreted import settle

PROGRAM = """\
mhrules 1
program grove "Grove" edition "1" {
  term      2011-01-01 to 2012-12-31
  rounding  to cents half up
  months    count MONTHS

  convening {
    convener  state "State"
    authority "Invented for the tests"
    payer aetna  "Aetna"  lines commercial
    payer molina "Molina" lines commercial
  }

  valueset office = { "99213", "99214" }
  facts of member { risk : { low, high } }
  events care_plan { kind : { new, maintenance } }

  eligible members {
    exclude secondary "Another payer pays first" when payer_order > 1
  }
  attribution {
    every quarter
    first selection
    then plurality of visits where service = primary within 24 months ties by most recent visit
  }

  define young = count(members where age < 30)

  payment fee "Fee by risk" {
    per member per month
    pays choose {
      when risk = low  : $2
      when risk = high : $5.335
    }
  }
  payment base "One fee for all, capped" {
    per member per quarter
    gate some "Somebody" : member_months >= 1
    pays $1.005
    at most $5
  }
  payment visits_fee "Enhancement" {
    per claim line where billed by practice and code in office
    pays 12% of allowed
  }
  payment plans "Care plans" {
    per event care_plan
    at most once per member per month, first by date
    pays choose {
      when kind = new         : $200
      when kind = maintenance : $100
    }
  }
  payment bonus "For the young" {
    per practice per year
    pays $10
  }
  payment young_fee "For each young member" {
    per practice per month
    pays $1 * young
  }
}
"""

_MEMBERS = (
    "ann 2000-05-01 low; bob 1960-01-01 high; cat 1990-01-01 low; dan 1950-01-01 low; eve 1985-07-01 high; "
    "gus 1999-01-01 low"
)
_CHOSEN = "cat molina 2011-01-01 - p2; dan molina 2011-01-01 - p3"
_ENROLLED = (
    "ann aetna 2010-01-01 - 1; bob aetna 2011-02-01 2011-08-15 1; bob molina 2011-02-01 2011-08-15 2; "
    "cat molina 2011-01-01 - 1; dan molina 2011-01-01 - 1; eve aetna 2011-01-01 2011-11-20 1; gus aetna 2011-01-01 - 1"
)
_CLAIMS = (
    "1/1 ann aetna 2010-06-01 p1 primary 99213 100.00; 2/1 bob aetna 2011-03-01 p2 primary 99214 120.05; "
    "3/1 ann aetna 2011-03-05 hospital emergency 99284 1200.00; 4/1 ann aetna 2010-07-01 p1 primary 99213 50.00; "
    "5/1 ann aetna 2010-08-01 p1 primary 99213 50.00; 6/1 ann aetna 2010-09-01 p2 primary 99213 50.00; "
    "7/1 eve aetna 2010-03-01 p1 primary 99213 50.00; 8/1 eve aetna 2010-04-01 p2 primary 99213 50.00; "
    "9/1 ann aetna 2011-05-03 p1 primary 99213 75.01; 9/2 ann aetna 2011-05-03 p1 primary 80053 10.00"
)


Tables = dict[str, list[dict[str, Any]]]


def _rows(text: str, names: str) -> list[dict[str, Any]]:
    """Rows as they are written above; `-` is an empty cell."""
    cells = ([None if cell == "-" else cell for cell in row.split()] for row in text.split(";"))
    return [dict(zip(names.split(), row, strict=True)) for row in cells]


def tables() -> Tables:
    """The data, by table."""
    claims = _rows(_CLAIMS, "line person_id payer claim_start_date practice_id service hcpcs_code allowed_amount")
    for row in claims:
        row["claim_id"], row["claim_line_number"] = row.pop("line").split("/")
        row |= {"entry_number": "1", "paid_amount": row["allowed_amount"]}
    return {
        "practice": _rows("p1 -; p2 -; p3 2011-06-30", "practice_id effective_to"),
        "member": _rows(_MEMBERS, "person_id birth_date risk"),
        "eligibility": _rows(_ENROLLED, "person_id payer enrollment_start_date enrollment_end_date payer_order"),
        "chosen_practice": _rows(_CHOSEN, "person_id payer from to practice_id"),
        "medical_claim": claims,
        "event_care_plan": _rows(
            "e1 ann - p1 2011-04-03 new; e2 ann - p1 2011-04-01 maintenance; e3 eve - p2 2011-05-01 new",
            "event_id person_id payer practice_id event_date kind",
        ),
    }


def text(months: str = "when attributed and enrolled on day 1") -> str:
    """The program, with a rule by which months count."""
    return PROGRAM.replace("MONTHS", months)


def written(folder: Path, months: str = "when attributed and enrolled on day 1") -> Path:
    """The program in `grove/`, its data in `data/`, both in a folder."""
    (folder / "grove").mkdir()
    (folder / "data").mkdir()
    (folder / "grove" / "grove.mh").write_text(text(months), encoding="utf-8")
    for name, rows in tables().items():
        with (folder / "data" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


@cache
def settled(folder: Path, months: str = "when attributed and enrolled on day 1", year: int = 2011) -> Settlement:
    """The settlement of the program in an empty folder."""
    plan = Compilation(written(folder, months) / "grove" / "grove.mh").plan
    return settle(plan, Dataset.from_rows(plan.schema, tables()), year)
