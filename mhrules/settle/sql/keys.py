"""The keys of the facts' rows, looked at in the database."""

from __future__ import annotations

from collections.abc import Sequence

from mhrules.classes import frozen
from mhrules.data.dataset import column_types
from mhrules.data.schema import Column, Table
from mhrules.engine.sql.store import Store
from mhrules.settle.strays import Found, Values


@frozen
class StoredKeys:
    """The keys of every table of facts, grouped by the database."""

    _store: Store

    def distinct(self, table: Table, columns: Sequence[Column]) -> list[Values]:
        """The distinct values of some columns of a table."""
        listed = ", ".join(f'"{column.name}"' for column in columns)
        return self._store.rows(f'SELECT DISTINCT {listed} FROM "{table.name}"')

    def found(self, table: Table, columns: Sequence[Column], values: Sequence[Values]) -> list[Found]:
        """Of the rows with such values in some columns, by values: how many, and the keys of the first.

        In the order of the first rows.
        """
        types = zip(columns, column_types(columns), strict=True)
        wanted = self._store.values(self._store.fresh("strays"), {f'"{c.name}"': kind for c, kind in types}, values)
        on = " AND ".join(f't."{column.name}" IS NOT DISTINCT FROM s."{column.name}"' for column in columns)
        own = ", ".join(f't."{column.name}"' for column in columns)
        keys = ", ".join(f't."{key.name}"' for key in table.keys)
        rows = self._store.rows(
            f'SELECT {own}, count(*), min(ROW({keys})) AS first FROM "{table.name}" t JOIN {wanted} s ON {on} '
            f"GROUP BY {own} ORDER BY first"
        )
        return [Found(tuple(row[:-2]), row[-2], tuple(row[-1])) for row in rows]
