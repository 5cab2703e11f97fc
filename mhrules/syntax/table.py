"""The parser's table, kept as numbers, which are read sooner than Lark's own form of it."""

from __future__ import annotations

from typing import Any

from lark.parsers.lalr_analysis import IntParseTable, Reduce, Shift
from lark.parsers.lalr_parser import LALR_Parser, _Parser


class PackedParser(LALR_Parser):
    """Lark's parser. What is done is one number: a state to go to, or below 0 a rule to apply, counted from -1."""

    def serialize(self, memo: Any = None) -> dict[str, Any]:
        """The table as Lark keeps it, in numbers."""
        table = self._parse_table
        states = {
            state: {
                token: -1 - int(what.serialize(memo)["@"]) if action is Reduce else what
                for token, (action, what) in actions.items()
            }
            for state, actions in table.states.items()
        }
        return {"states": states, "start_states": table.start_states, "end_states": table.end_states}

    @classmethod
    def deserialize(  # type: ignore[override]  # as Lark's own differs from what it is made from
        cls, data: dict[str, Any], memo: dict[int, Any], callbacks: Any, debug: bool = False
    ) -> PackedParser:
        """The parser from a table that was kept; `memo` has the rules among others."""
        done: dict[int, Any] = {state: (Shift, state) for state in data["states"]}
        done |= {-1 - number: (Reduce, rule) for number, rule in memo.items()}
        states = {
            state: {token: done[number] for token, number in actions.items()}
            for state, actions in data["states"].items()
        }
        made: Any = IntParseTable
        parser = cls.__new__(cls)
        parser._parse_table = made(states, data["start_states"], data["end_states"])
        parser.parser = _Parser(parser._parse_table, callbacks, debug)
        return parser
