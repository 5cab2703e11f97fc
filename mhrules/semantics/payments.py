"""The shape of payments: one basis and one `pays` in each form, limits that fit the basis, names that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Label
from mhrules.semantics.scope import Namespace, head, report_unknown
from mhrules.syntax import tree as t

ONCE = (
    t.Pays,
    t.Downside,
    t.RoundFirst,
    t.Participating,
    t.To,
    t.Summary,
    t.AtMostOnce,
    t.Category,
)
"""Clauses that may stand once in a payment."""

SINGLE_SERVICES = ("claim line", "claim", "visit", "event")


class PaymentChecker:
    """Checks payments one by one.

    `practices` are the words for the participant, with declared keys; `values` is the namespace that lets may not
    shadow; `payees` and `events` are the declared ones.
    """

    def __init__(
        self,
        practices: Sequence[str],
        values: Namespace,
        payees: Mapping[str, object],
        events: Mapping[str, object],
        findings: Findings,
    ) -> None:
        self.practices = practices
        self.values = values
        self.payees = payees
        self.events = events
        self.findings = findings

    def check(self, payment: t.Payment) -> None:
        """Report what is wrong with the shape of a payment."""
        own = [c for c in payment.clauses if not isinstance(c, t.Form)]
        forms = [c for c in payment.clauses if isinstance(c, t.Form)]
        self._later(own)
        if payment.forms or forms:
            self._forms(payment, forms)
            for clause in own:
                if isinstance(clause, t.Basis | t.Pays):
                    self.findings.report(
                        "MH217",
                        f"`{payment.name.text}` is payable in forms, so `{clause.keyword}` belongs into each form",
                        head(clause),
                        help="move it into the `form` blocks",
                    )
            for form in forms:
                self._later(form.clauses)
                self._body(form.name, [*own, *form.clauses])
        else:
            self._body(payment.name, own)

    def _forms(self, payment: t.Payment, forms: list[t.Form]) -> None:
        listed = Namespace(self.findings)
        for name in payment.forms:
            listed.add(name, "form")
        standing = Namespace(self.findings)
        for form in forms:
            standing.add(form.name, "form")
            if form.name.text not in listed.names():
                self.findings.report(
                    "MH216",
                    f"the form `{form.name.text}` is not among those that `{payment.name.text}` is payable as",
                    form.name.span,
                    related=[Label(head(payment), "the payment")],
                    help=f"write `payable as {' or '.join([*listed.names(), form.name.text])}` behind its title",
                )
        for name in payment.forms:
            if name.text not in standing.names():
                self.findings.report(
                    "MH215",
                    f"`{payment.name.text}` is payable as `{name.text}`, but has no such form",
                    name.span,
                    help=f"add `form {name.text} {{ … }}` with its own basis and `pays`",
                )

    def _body(self, name: t.Name, clauses: Sequence[t.Clause]) -> None:
        """One payable body: a payment, or one of its forms with what stands outside of the forms."""
        self._once(clauses)
        bases = [c for c in clauses if isinstance(c, t.Basis)]
        if not bases:
            self.findings.report(
                "MH212", f"`{name.text}` has no basis", name.span, help="begin with one, as in `per member per month`"
            )
        for basis in bases[1:]:
            self.findings.report(
                "MH213",
                f"`{name.text}` has two bases",
                head(basis),
                related=[Label(head(bases[0]), "the first basis")],
                help="keep one of them, or make it two payments",
            )
        if not any(isinstance(c, t.Pays) for c in clauses):
            self.findings.report("MH214", f"`{name.text}` pays nothing", name.span, help="add `pays …` with an amount")
        if len(bases) == 1:
            self._basis(bases[0])
            self._fits(bases[0], clauses)
        self._names(clauses)

    def _once(self, clauses: Sequence[t.Clause]) -> None:
        first: dict[type, t.Clause] = {}
        for clause in clauses:
            if not isinstance(clause, ONCE):
                continue
            before = first.setdefault(type(clause), clause)
            if before is not clause:
                report_repeated(clause, before, self.findings)

    def _basis(self, basis: t.Basis) -> None:
        """The words of a basis name the participant and a declared event."""
        if basis.event is not None:
            if basis.event.text not in self.events:
                report_unknown(self.findings, basis.event, "event", self.events)
            return
        named = basis.once or (basis.period is not None and basis.unit != "member")
        if named and basis.unit not in self.practices:
            report_unknown(self.findings, t.Name(text=basis.unit, span=head(basis)), "basis", self.practices)

    def _fits(self, basis: t.Basis, clauses: Sequence[t.Clause]) -> None:
        """Clauses that only mean something on some bases."""
        for clause in clauses:
            if isinstance(clause, t.RoundFirst) and basis.unit != "member":
                wanted = "per member per month"
            elif isinstance(clause, t.AtMostOnce) and basis.unit not in SINGLE_SERVICES:
                wanted = "per event …` or `per visit"
            elif isinstance(clause, t.Participating) and basis.period in (None, t.Period.MONTH):
                wanted = "per practice per year"
            else:
                continue
            self.findings.report(
                "MH217",
                f"`{head(clause).text}` does not fit the basis `{head(basis).text}`",
                head(clause),
                related=[Label(head(basis), "the basis")],
                help=f"it belongs to a basis such as `{wanted}`",
            )

    def _names(self, clauses: Sequence[t.Clause]) -> None:
        """Gates and lets are unique, and lets shadow nothing; a payee is the participant or declared."""
        gates = Namespace(self.findings)
        lets = Namespace(self.findings, guarded=True)
        for clause in clauses:
            if isinstance(clause, t.Gate):
                gates.add(clause.name, "gate")
            elif isinstance(clause, t.To) and clause.payee.text not in self.payees:
                if clause.payee.text not in self.practices:
                    report_unknown(self.findings, clause.payee, "payee", [*self.payees, self.practices[0]])
            elif isinstance(clause, t.AtMostOnce) and clause.unit not in ("member", *self.practices):
                unit = t.Name(text=clause.unit, span=head(clause))
                report_unknown(self.findings, unit, "unit of a limit", ["member", *self.practices])
            elif isinstance(clause, t.Let) and lets.add(clause.name, "let"):
                outer = self.values.place(clause.name.text)
                if outer is not None:
                    self.findings.report(
                        "MH202",
                        f"`{clause.name.text}` is declared outside of the payment too",
                        clause.name.span,
                        label="declared again here",
                        related=[Label(outer, "first declared here")],
                        help="give the `let` another name: a name means one thing in a text",
                    )

    def _later(self, clauses: Sequence[t.Clause]) -> None:
        for clause in clauses:
            if isinstance(clause, t.Later):
                report_later(clause, self.findings)


def report_repeated(clause: t.Clause, before: t.Clause, findings: Findings) -> None:
    """Report MH207 for a clause that may stand once."""
    findings.report(
        "MH207",
        f"`{clause.keyword}` stands twice",
        head(clause),
        label="again here",
        related=[Label(head(before), "first here")],
        help="keep one of them",
    )


LATER = {
    "episode": "case rates for episodes come later",
    "track": "participation tracks come later",
    "tier": "participation tiers come later",
    "duty": "duties that recur come later",
    "remediation": "remediation plans come later",
    "advance": "advances that are earned afterwards come later",
    "withhold": "withheld amounts come later",
    "reduces": "reductions of claims come later",
    "groups with rules": "groups with rules come later; a group can be made `by fact`",
    "retroactive": "retroactive changes come later",
    "recover": "recovery of amounts paid before comes later",
    "disputes": "disputes come later",
}


def report_later(clause: t.Clause, findings: Findings, what: str = "") -> None:
    """Report MH901 for a clause that the language keeps for later."""
    word = what or (clause.what if isinstance(clause, t.Later) else clause.keyword)
    findings.report(
        "MH901",
        f"`{clause.keyword}` is not yet supported",
        head(clause),
        notes=LATER.get(word, "it comes later"),
        help="remove the clause and settle that part outside of mhrules",
    )


def bodies(payment: t.Payment) -> Iterator[tuple[str, tuple[t.Clause, ...]]]:
    """The payable bodies of a payment: the form's name (empty without forms) and all clauses that hold in it."""
    own = tuple(c for c in payment.clauses if not isinstance(c, t.Form))
    forms = [c for c in payment.clauses if isinstance(c, t.Form)]
    if not forms:
        yield "", own
    for form in forms:
        yield form.name.text, (*own, *form.clauses)
