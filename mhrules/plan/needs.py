"""Which tables and columns below the practice a text asks for."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.data import population
from mhrules.data.population import Need
from mhrules.semantics.builtins import OF_PEOPLE

TABLES: dict[str, tuple[str, ...]] = {
    "visits": (population.ENCOUNTER, population.MEDICAL),
    "claims": (population.MEDICAL,),
    "claim_lines": (population.MEDICAL,),
    "prescriptions": (population.PHARMACY,),
    "conditions": (population.CONDITION,),
    "lab_results": (population.LAB_RESULT,),
    "providers": (population.PROVIDER,),
}
"""Where the elements of a collection are kept; visits in the first table that the data have."""
OF_PERSON = {"age": "birth_date", "gender": "gender", "zip_code": "zip_code"}
OF_SPAN = frozenset({"dual", "hospice", "esrd", "line", "dual_status_code", "medicare_status_code"})
METHOD_TABLES = {
    "selection": (population.CHOSEN,),
    "list": (population.ROSTER,),
    "geography": (population.AREA,),
    "most recent visit": TABLES["visits"],
    "plurality": TABLES["visits"],
}


def needs_of_collection(collection: str) -> Iterator[Need]:
    """The tables in which a collection is kept; of visits any one will do."""
    for table in TABLES.get(collection, ()):
        yield Need(table, required=collection != "visits")
    if collection in ("visits", "claims", "claim_lines"):
        yield Need(population.PROVIDER, required=False)


def needs_of_feature(collection: str, name: str, cost: str) -> Iterator[Need]:
    """The tables and columns in which a feature of an element is kept; `cost` is `allowed` or `paid`."""
    yield from needs_of_collection(collection)
    if collection in OF_PEOPLE:
        if name in OF_PERSON:
            yield Need(population.MEMBER, OF_PERSON[name])
        elif name in OF_SPAN:
            yield Need(population.ELIGIBILITY, name)
        elif name == "cost":
            for table in population.CLAIMS:
                yield Need(table, population.FEATURES[table][cost])
    for table in TABLES.get(collection, ()):
        column = "rendering_npi" if name == "provider" else population.FEATURES.get(table, {}).get(name)
        if column is not None:
            yield Need(table, column, required=collection != "visits")
