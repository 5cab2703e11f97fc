"""Lark's parse tree to our tree: measures, payments, contracts, examples and whole files."""

# ruff: noqa: D102 (one method per rule of the grammar, named as the rule)

from __future__ import annotations

from typing import Any

from lark import Token, Tree

from mhrules import exact
from mhrules.syntax import tree as t
from mhrules.syntax.build_clauses import ClauseBuilder, clauses, of_type
from mhrules.syntax.build_expressions import words


class Builder(ClauseBuilder):
    """The whole language; `file` makes a `File` of a parsed text."""

    def file(self, node: Tree[Token]) -> t.File:
        language, *items = self.kids(node)
        return t.File(language=language, items=clauses(items), span=self.span(node))

    def header_(self, node: Tree[Token]) -> int:
        return self.integer(node.children[0])  # type: ignore[arg-type]

    def import_(self, node: Tree[Token]) -> t.Import:
        token = node.children[0]
        text = t.Text(value=self.string(token), span=self.span(token))  # type: ignore[arg-type]
        return t.Import(path=text, span=self.span(node))

    def program_(self, node: Tree[Token]) -> t.Program:
        name, title, edition, body = self.kids(node)
        return t.Program(
            name=name, title=self.string(title), edition=self.string(edition), clauses=body, span=self.span(node)
        )

    def contract_(self, node: Tree[Token]) -> t.Contract:
        name, title, program, edition, payer, body = self.kids(node)
        return t.Contract(
            name=name,
            title=self.string(title),
            program=program,
            edition=self.string(edition),
            edition_span=self.span(edition),
            payer=payer,
            clauses=body,
            span=self.span(node),
        )

    def body(self, node: Tree[Token]) -> tuple[t.Clause, ...]:
        return clauses(self.kids(node))

    program_body_ = contract_body_ = payment_body_ = body

    # --------------------------------------------------------------------------------------- measures

    def measure_(self, node: Tree[Token]) -> t.Measure:
        name, title, *parts = self.kids(node)
        return t.Measure(name=name, title=self.string(title), parts=of_type(parts, t.Clause), span=self.span(node))

    def measure_part(self, node: Tree[Token], kind: str, word: str = "") -> t.MeasurePart:
        items = self.kids(node)
        values = tuple(item for item in self.without_notes(items) if isinstance(item, t.Node))
        return t.MeasurePart(kind=kind, values=values, word=word, notes=self.notes(items), span=self.span(node))

    def measure_reported_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "reported")

    def measure_rate_(self, node: Tree[Token]) -> t.MeasurePart:
        per = next(c for c in node.children if isinstance(c, Token) and c.type == "PER_NUMBER")
        return self.measure_part(node, "rate", str(per).split()[-1].replace("_", ""))

    def measure_mean_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "mean")

    def measure_composite_(self, node: Tree[Token]) -> t.MeasurePart:
        names, *notes = self.kids(node)
        return t.MeasurePart(kind="composite", values=names, notes=tuple(notes), span=self.span(node))

    def measure_improvement_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "improvement")

    def measure_percentile_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "percentile")

    def measure_condition_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, str(node.children[0]).split()[0])

    def measure_minimum_(self, node: Tree[Token]) -> t.MeasurePart:
        count, unit, *notes = self.kids(node)
        number = t.Number(value=self.integer(count) * exact.ONE, whole=True, span=self.span(count))
        return t.MeasurePart(
            kind="minimum",
            values=(number,),
            word="member months" if unit is not None else "",
            notes=tuple(notes),
            span=self.span(node),
        )

    def measure_target_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "target")

    def measure_points_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "points")

    def measure_bands_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "bands", str(node.children[0]))

    def measure_better_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "better", str(node.children[0]).split()[0])

    def measure_stratified_(self, node: Tree[Token]) -> t.MeasurePart:
        return self.measure_part(node, "stratified")

    def measure_set_(self, node: Tree[Token]) -> t.MeasureSet:
        name, *parts = self.kids(node)
        core = tuple(n for part in parts if part[0] == "core" for n in part[1])
        menus = [part for part in parts if part[0] == "menu"]
        menu = tuple(n for part in menus for n in part[1])
        return t.MeasureSet(
            name=name, core=core, menu=menu, menu_at_least=max((m[2] for m in menus), default=0), span=self.span(node)
        )

    def core_(self, node: Tree[Token]) -> tuple[str, tuple[t.Name, ...]]:
        return "core", self.kids(node)[0]

    def menu_(self, node: Tree[Token]) -> tuple[str, tuple[t.Name, ...], int]:
        count, names = self.kids(node)
        return "menu", names, 0 if count is None else self.integer(count)

    # --------------------------------------------------------------------------------------- payments

    def payment_(self, node: Tree[Token]) -> t.Payment:
        name, title, optional, forms, body = self.kids(node)
        return t.Payment(
            name=name,
            title=self.string(title),
            optional=optional is not None,
            forms=forms or (),
            clauses=body,
            span=self.span(node),
        )

    def form_names_(self, node: Tree[Token]) -> tuple[t.Name, ...]:
        return tuple(self.kids(node))

    def form_(self, node: Tree[Token]) -> t.Form:
        name, *rest = self.kids(node)
        return t.Form(name=name, clauses=clauses(rest), span=self.span(node))

    def basis_members_(self, node: Tree[Token]) -> t.Basis:
        period, _, roster = self.kids(node)
        return t.Basis(
            unit="member",
            period=t.Period(str(period)),
            roster=None if roster is None else t.Period(str(roster)),
            span=self.span(node),
        )

    def basis_once_(self, node: Tree[Token]) -> t.Basis:
        return t.Basis(unit=str(node.children[0]), once=True, span=self.span(node))

    def basis_period_(self, node: Tree[Token]) -> t.Basis:
        unit, period = map(str, node.children)
        return t.Basis(unit=unit, period=t.Period(period), span=self.span(node))

    def basis_lines_(self, node: Tree[Token]) -> t.Basis:
        unit, where = self.kids(node)
        return t.Basis(unit=words(unit), where=where, span=self.span(node))

    def basis_event_(self, node: Tree[Token]) -> t.Basis:
        event, where = self.kids(node)
        return t.Basis(unit="event", event=event, where=where, span=self.span(node))

    def basis_visit_(self, node: Tree[Token]) -> t.Basis:
        return t.Basis(unit="visit", where=self.kids(node)[0], span=self.span(node))

    def downside_(self, node: Tree[Token]) -> t.Downside:
        return t.Downside(span=self.span(node))

    def gate_(self, node: Tree[Token]) -> t.Gate:
        name, title, condition, *notes = self.kids(node)
        return t.Gate(
            name=name, title=self.string(title), condition=condition, notes=tuple(notes), span=self.span(node)
        )

    def let_(self, node: Tree[Token]) -> t.Let:
        name, value, *notes = self.kids(node)
        return t.Let(name=name, value=value, notes=tuple(notes), span=self.span(node))

    def amount(self, node: Tree[Token], kind: type[t.Pays | t.AtMost | t.AtLeast]) -> t.Clause:
        value, *notes = self.kids(node)
        return kind(value=value, notes=tuple(notes), span=self.span(node))

    def pays_(self, node: Tree[Token]) -> t.Clause:
        return self.amount(node, t.Pays)

    def at_most_(self, node: Tree[Token]) -> t.Clause:
        return self.amount(node, t.AtMost)

    def at_least_(self, node: Tree[Token]) -> t.Clause:
        return self.amount(node, t.AtLeast)

    def at_most_once_(self, node: Tree[Token]) -> t.AtMostOnce:
        unit, period = map(str, node.children)
        return t.AtMostOnce(unit=unit, period=t.Period(period), span=self.span(node))

    def round_first_(self, node: Tree[Token]) -> t.RoundFirst:
        return t.RoundFirst(what=words(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    def participating_(self, node: Tree[Token]) -> t.Participating:
        return t.Participating(coverage=t.Coverage(words(node.children[0])), span=self.span(node))  # type: ignore[arg-type]

    def to_(self, node: Tree[Token]) -> t.To:
        payee, *notes = self.kids(node)
        return t.To(payee=payee, notes=tuple(notes), span=self.span(node))

    def category_(self, node: Tree[Token]) -> t.Category:
        return t.Category(codes=tuple(self.kids(node)), span=self.span(node))

    def category_code_(self, node: Tree[Token]) -> tuple[str, str]:
        system, code = map(str, node.children)
        return system, code

    def summary_(self, node: Tree[Token]) -> t.Summary:
        return t.Summary(text=self.string(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    def disclose_(self, node: Tree[Token]) -> t.Disclose:
        name, to = self.kids(node)
        return t.Disclose(name=name, to=to, span=self.span(node))

    # -------------------------------------------------------------------------- settlement, reserved words

    def settlement_(self, node: Tree[Token]) -> t.Settlement:
        return t.Settlement(parts=clauses(self.kids(node)), span=self.span(node))

    def settlement_final_(self, node: Tree[Token]) -> t.SettlementPart:
        months = self.integer(node.children[0])  # type: ignore[arg-type]
        return t.SettlementPart(kind="final", run_out_months=months, span=self.span(node))

    def settlement_words_(self, node: Tree[Token]) -> t.SettlementPart:
        return t.SettlementPart(kind=str(node.children[0]), span=self.span(node))

    def later_(self, node: Tree[Token]) -> t.Later:
        return t.Later(what=words(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    later_in_payment_ = later_

    def balanced_(self, node: Tree[Token]) -> None:
        """What stands in a reserved clause is not read yet."""

    # -------------------------------------------------------------------------------------- contracts

    def effective_(self, node: Tree[Token]) -> t.Effective:
        return t.Effective(date=self.date(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    def set_parameter_(self, node: Tree[Token]) -> t.SetParameter:
        items = self.kids(node)
        name, value, start = self.without_notes(items)
        return t.SetParameter(
            name=name,
            value=value,
            start=None if start is None else self.date(start),
            notes=self.notes(items),
            span=self.span(node),
        )

    def decline_(self, node: Tree[Token]) -> t.Decline:
        payment, reason = self.kids(node)
        return t.Decline(payment=payment, reason=self.string(reason), span=self.span(node))

    def choose_measures_(self, node: Tree[Token]) -> t.ChooseMeasures:
        return t.ChooseMeasures(measures=self.kids(node)[0], span=self.span(node))

    def pay_as_(self, node: Tree[Token]) -> t.PayAs:
        payment, form = self.kids(node)
        return t.PayAs(payment=payment, form=form, span=self.span(node))

    def credit_(self, node: Tree[Token]) -> t.Credit:
        items = self.kids(node)
        title, source, against, excess = self.without_notes(items)
        return t.Credit(
            title=self.string(title),
            against=against,
            carries_forward=excess is not None and "carries" in excess,
            notes=self.notes(items),
            span=self.span(node),
            **source,
        )

    def credit_fact_(self, node: Tree[Token]) -> dict[str, Any]:
        keys, column = self.kids(node)
        return {"keys": keys, "column": column, "amount": None}

    def credit_amount_(self, node: Tree[Token]) -> dict[str, Any]:
        return {"keys": (), "column": None, "amount": self.kids(node)[0]}

    # --------------------------------------------------------------------------------------- examples

    def example_(self, node: Tree[Token]) -> t.Example:
        title, *rest = self.kids(node)
        return t.Example(title=self.string(title), clauses=clauses(rest), span=self.span(node))

    def given_facts_(self, node: Tree[Token]) -> t.GivenFacts:
        items = self.kids(node)
        return t.GivenFacts(keys=of_type(items, t.GivenKey), values=items[-1], span=self.span(node))

    def given_key_(self, node: Tree[Token]) -> t.GivenKey:
        key, value = node.children
        text = self.string(value) if value.type == "STRING" else str(value)  # type: ignore[union-attr, arg-type]
        self.check_month(value)  # type: ignore[arg-type]
        return t.GivenKey(key=self.word(key), value=text, span=self.span(node))  # type: ignore[arg-type]

    def given_values_(self, node: Tree[Token]) -> tuple[t.GivenValue, ...]:
        return of_type(self.kids(node), t.GivenValue)

    def given_value_(self, node: Tree[Token]) -> t.GivenValue:
        name, value, start, end = self.kids(node)
        return t.GivenValue(
            name=name,
            value=value,
            start=None if start is None else self.date(start),
            end=None if end is None else self.date(end),
            span=self.span(node),
        )

    def given_members_(self, node: Tree[Token]) -> t.GivenMembers:
        count, practice, payer, values, start, end = self.kids(node)
        return t.GivenMembers(
            count=self.integer(count),
            practice=practice,
            payer=payer,
            values=values or (),
            start=self.date(start),
            end=self.date(end),
            span=self.span(node),
        )

    def given_contract_(self, node: Tree[Token]) -> t.ExampleContract:
        payer, body = self.kids(node)
        return t.ExampleContract(payer=payer, clauses=body, span=self.span(node))

    def id_text_(self, node: Tree[Token]) -> t.Name:
        return t.Name(text=self.string(node.children[0]), span=self.span(node))  # type: ignore[arg-type]

    def check_month(self, token: Token) -> None:
        """A coded finding about a month such as `2012-13`."""
        if token.type == "MONTH_NAME":
            self.date(token, behind="-01")

    def period_name_(self, node: Tree[Token]) -> t.PeriodName:
        self.check_month(node.children[0])  # type: ignore[arg-type]
        return t.PeriodName(text=str(node.children[0]), span=self.span(node))

    def money_amount_(self, node: Tree[Token]) -> int:
        minus, amount = node.children
        value = self.decimal(amount, str(amount)[1:])  # type: ignore[arg-type]
        return value if minus is None else -value

    def expect_amount_(self, node: Tree[Token]) -> t.ExpectAmount:
        payment, practice, payer, period, amount = self.kids(node)
        return t.ExpectAmount(
            payment=payment,
            practice=practice,
            payer=payer,
            period=period,
            amount=amount,
            owes=False,
            span=self.span(node),
        )

    def expect_owes_(self, node: Tree[Token]) -> t.ExpectAmount:
        practice, payer, amount, payment, period = self.kids(node)
        return t.ExpectAmount(
            payment=payment,
            practice=practice,
            payer=payer,
            period=period,
            amount=-amount,
            owes=True,
            span=self.span(node),
        )

    def expect_status_(self, node: Tree[Token]) -> t.ExpectStatus:
        payment, practice, payer, period, status, reason = self.kids(node)
        return t.ExpectStatus(
            payment=payment,
            practice=practice,
            payer=payer,
            period=period,
            status=status,
            reason=reason,
            span=self.span(node),
        )

    def expect_value_(self, node: Tree[Token]) -> t.ExpectValue:
        quantity, *rest = self.kids(node)
        value = rest[-1]
        return t.ExpectValue(
            quantity=quantity,
            keys=of_type(rest, t.GivenKey),
            value=None if isinstance(value, Token) else value,
            span=self.span(node),
        )

    def expect_fault_(self, node: Tree[Token]) -> t.ExpectFault:
        return t.ExpectFault(code=str(node.children[0]), span=self.span(node))
