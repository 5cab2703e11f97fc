"""What stands between a practice and its lines besides the payment's own clauses: participation, and credits."""

from __future__ import annotations

from collections.abc import Iterator

from mhrules.engine.faults import Faulted
from mhrules.engine.rows import Row, Step
from mhrules.explain import words
from mhrules.explain.expressions import child
from mhrules.explain.model import Why, Worth
from mhrules.explain.shares import Shares
from mhrules.plan import ir
from mhrules.plan.whole import CreditPlan
from mhrules.semantics.calendar import month_label
from mhrules.semantics.types import Share
from mhrules.settle import ledger
from mhrules.settle.credits import CreditUse
from mhrules.settle.ledger import Line
from mhrules.settle.participation import MET, MISSED, Participation, Verdict
from mhrules.syntax.tree import Coverage

VERDICTS = {MET: "met", MISSED: "missed"}


class Standing(Shares):
    """Participation and credits of a line."""

    # ----------------------------------------------------------------------------------- participation

    def standing(self, form: ir.FormPlan, trace: Step, line: Line) -> Iterator[Why]:
        """Participation in the months that count, months of the same outcome as one; nothing where nothing is asked."""
        months = line.months[-1:] if form.coverage is Coverage.LAST_MONTH else line.months
        runs: list[list[tuple[Step, Participation]]] = []
        for step in self._judgements(trace, months):
            judged = step.detail
            if not isinstance(judged, Participation):
                if step.faults:
                    yield self._unjudged(step)
            elif runs and _signature(runs[-1][-1][1]) == _signature(judged):
                runs[-1].append((step, judged))
            else:
                runs.append([(step, judged)])
        for run in runs:
            if run[0][1].verdicts:
                yield self._participation(form, run)

    def judged(self, trace: Step, months: tuple[int, ...]) -> list[Participation]:
        """How the practice participates in the months of a line."""
        return [s.detail for s in self._judgements(trace, months) if isinstance(s.detail, Participation)]

    def _judgements(self, trace: Step, months: tuple[int, ...]) -> list[Step]:
        found: dict[int, Step] = {}
        for step in trace.children:
            if step.what == "participation" and step.row.clock is not None and step.row.clock[1] in months:
                found[step.row.clock[1]] = step
        return [found[month] for month in sorted(found)]

    def _unjudged(self, step: Step) -> Why:
        """Participation that cannot be known."""
        steps = []
        for below in step.children:
            if isinstance(below.what, ir.RequirementPlan) and below.faults:
                inner = self.why(child(below, below.what.condition))
                steps += [] if inner is None else [inner]
        title = f"participation in {month_label(step.row.clock[1])}" if step.row.clock else "participation"
        return Why("participation", title, says=("cannot be known",), number=self.next(), steps=tuple(steps))

    def _participation(self, form: ir.FormPlan, run: list[tuple[Step, Participation]]) -> Why:
        step, judged = run[0]
        months = words.months_text(tuple(each.month for _, each in run))
        says = [] if form.coverage is not Coverage.LAST_MONTH or form.period.months == 1 else ["the last month counts"]
        if judged.nearest is not None:
            says.append(self._turn(judged))
        return Why(
            kind="participation",
            title=f"participation in {months}",
            worth=Worth("yes" if judged.participates else "no", "yes" if judged.participates else "no"),
            says=tuple(says),
            number=self.next(),
            steps=tuple(self._requirement(verdict, step) for verdict in judged.verdicts),
        )

    def _turn(self, judged: Participation) -> str:
        """What would turn the answer; before its deadline a requirement that is missed counts as met."""
        assert judged.nearest is not None
        due = judged.nearest.due
        if not judged.participates:
            turn = "would participate"
        elif due is not None and judged.month <= due:
            turn = f"would stop participating after {month_label(due)}"
        else:
            turn = "would stop participating"
        return f"{turn}: {self._change(judged.nearest)}"

    def _change(self, verdict: Verdict) -> str:
        """The change of one value that would turn the answer."""
        name, atom = verdict.requirement.name, verdict.margin
        if atom is None or atom.margin is None:
            return f"`{name}`, if {'missed' if verdict.verdict == MET else 'met'}"
        assert isinstance(atom.expression, ir.Compare)
        left, right = atom.expression.left, atom.expression.right
        way = "higher" if (atom.operator in (">", ">=")) is not atom.holds else "lower"
        amount = words.shown(atom.margin, atom.type)
        if not left.type.unit and left.type.share is not Share.NUMBER:
            amount = f"{words.percent(atom.margin)[:-1]} points"
        whole = left.type.places == 0 and right.type.places == 0
        if not whole and (atom.operator in (">=", "<=")) is atom.holds:  # at the threshold nothing turns yet
            amount = f"more than {amount}" if atom.margin else "any"
        return f"`{name}`, if {words.title_of(left.span)} were {amount} {way}"

    def _requirement(self, verdict: Verdict, step: Step) -> Why:
        plan = verdict.requirement
        judged = child(step, plan)
        inner = self.why(None if judged is None else child(judged, plan.condition))
        merged = inner is not None and inner.kind == "condition" and not inner.see
        due = [] if verdict.due is None else [f"due in {month_label(verdict.due)}"]
        text = VERDICTS.get(verdict.verdict, "not yet due, which counts as met")
        return Why(
            kind="requirement",
            title=f'{plan.name} "{plan.title}"' if plan.title else plan.name,
            worth=Worth(text, verdict.verdict),
            formula=words.title_of(plan.condition.span),
            says=(*(inner.says if inner is not None and merged else ()), *due),
            place=words.place_of(plan.span),
            support=words.support_of(plan.notes),
            number=self.next(),
            steps=() if inner is None else inner.steps if merged else (inner,),
        )

    # ----------------------------------------------------------------------------------------- credits

    def uses(self, line: Line) -> list[CreditUse]:
        """What credits take off a line; nothing where that cannot be known, which the ledger says."""
        if line.status != ledger.PAID or not self.plan.payer(line.payer).credits:
            return []
        try:
            applied = self.books.credits.applied(line.payer, line.practice, self._year(line))
        except Faulted:
            return []
        return [use for use in applied.uses if (use.line.payment, use.line.first) == (line.payment, line.first)]

    def _year(self, line: Line) -> int:
        return self.plan.calendar.year_of(line.first)

    def credits(self, line: Line) -> Iterator[Why]:
        """The postings that stand beside a line for what was paid before."""
        for use in self.uses(line):
            yield self._credit(use, line)
        if line.status == ledger.PAID and self.plan.payer(line.payer).credits:
            try:
                self.books.credits.applied(line.payer, line.practice, self._year(line))
            except Faulted as error:
                says = (
                    "cannot be known, and is held",
                    *(f"{fault.code}: {fault.message}" for fault in error.faults[:3]),
                )
                yield Why("credit", "credit", says=says, number=self.next())

    def _credit(self, use: CreditUse, line: Line) -> Why:
        credit = use.credit
        number = self.plan.payer(line.payer).credits.index(credit)
        applied = self.books.credits.applied(line.payer, line.practice, self._year(line))
        taken = [other for other in applied.uses if other.credit is credit]
        before = sum(other.amount for other in taken[: taken.index(use)])
        balance = sum(other.amount for other in taken) + applied.excess[number]
        carried = self._carried(credit, number, line)
        says = [f"a posting of its own; the line itself stays {words.dollars(line.amount)}"]
        says.append(f"credit for {self._year(line)}: {words.dollars(balance)}")
        if carried:
            says[-1] += f", {words.dollars(carried)} of it from earlier years"
        if before:
            says.append(f"{words.dollars(before)} of it is taken off earlier lines")
        left = balance - before - use.amount
        fate = "carries forward" if credit.carries_forward else "lapses at the end of the year"
        says.append(f"{words.dollars(left)} is left, which {fate}" if left else "nothing is left of it")
        return Why(
            kind="credit",
            title=f'credit "{credit.title}"',
            worth=Worth(words.dollars(-use.amount), ir.plain_text(-use.amount), "$"),
            says=tuple(says),
            place=words.place_of(credit.span),
            number=self.next(),
            steps=tuple(self._source(credit, line)),
        )

    def _carried(self, credit: CreditPlan, number: int, line: Line) -> int:
        """What earlier years left of a credit to a practice."""
        if not credit.carries_forward or credit.cell is None:
            return 0
        year = self._year(line) - 1
        if year < self.plan.calendar.year_of(self.plan.payer(line.payer).first_month):
            return 0
        try:
            return self.books.credits.applied(line.payer, line.practice, year).excess[number]
        except Faulted:
            return 0

    def _source(self, credit: CreditPlan, line: Line) -> Iterator[Why]:
        """Where the amount of a credit comes from."""
        if credit.cell is None:
            assert credit.amount is not None
            text = "a year, spread over the practices in proportion to their payments"
            worth = Worth(words.dollars(credit.amount), ir.plain_text(credit.amount), "$")
            yield Why("value", "of", worth, says=(text,), place=words.place_of(credit.span), number=self.next())
            return
        first = self.plan.calendar.year_first(self._year(line))
        row = Row.of(("year", first), payer=line.payer, practice=line.practice)
        found = self.why(self.books.interpreter.steps(credit.cell, row))
        if found is not None:
            yield found


def _signature(judged: Participation) -> tuple[object, ...]:
    """What months have in common that are shown as one: the verdicts, and the facts and margins that decided them."""
    return tuple(
        (each.requirement.name, each.verdict, tuple((atom.holds, atom.value, atom.threshold) for atom in each.atoms))
        for each in judged.verdicts
    )
