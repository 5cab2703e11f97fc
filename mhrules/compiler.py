"""From rule text to a checked plan: every stage in order, on one page.

    read → parse → declare (names) → bind (contracts) → lower (plan) → check (analyses)

A `Compilation` is made from a file or a folder of rule files; each stage is a property, computed once.
Findings of all stages are collected; a later stage is skipped where an earlier one left nothing to go on with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from mhrules.check.analyses import analyse
from mhrules.check.assumed import assumed_notes
from mhrules.diagnostics.collect import Findings
from mhrules.diagnostics.model import Diagnostic
from mhrules.files import LoadedFiles, load_files
from mhrules.plan.lower import Lowered, plan_from_program
from mhrules.plan.whole import Plan
from mhrules.semantics.bind import agreements
from mhrules.semantics.names import program_from_files
from mhrules.semantics.program import Agreement, Program
from mhrules.source import Source
from mhrules.syntax.tree import Note
from mhrules.valuesets import ValueSetFile, value_set_files


class Compilation:
    """One program with its contracts on the way from text to plan.

    `paths` are files or folders; contracts may stand in further paths than the program.
    """

    def __init__(self, *paths: Path) -> None:
        self.paths = paths
        self._findings = Findings()

    @cached_property
    def loaded(self) -> Sequence[LoadedFiles]:
        """The files as read and parsed."""
        loaded = [load_files(path) for path in self.paths]
        for files in loaded:
            self._findings.extend(files.findings)
        return loaded

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every text that was read, value sets too, each once however often it is named."""
        read = [source for files in self.loaded for source in files.sources]
        read += [file.source for file in self.value_sets.values()]
        texts = {(source.name, source.sha256): source for source in read}
        return tuple(texts.values())

    @cached_property
    def value_sets(self) -> Mapping[str, ValueSetFile]:
        """The files that value sets name, by path from the program's folder."""
        found: dict[str, ValueSetFile] = {}
        for files in self.loaded:
            found.update(value_set_files(files.root, files.trees, self._findings))
        return found

    @cached_property
    def program(self) -> Program | None:
        """The declarations by name; None if there is no program to speak of, or a text has syntax mistakes."""
        files = {tree.span.source.sha256: tree for loaded in self.loaded for tree in loaded.trees}
        if self._findings.has_errors:
            return None
        codes = {path: file.codes for path, file in self.value_sets.items()}
        return program_from_files(list(files.values()), self._findings, codes)

    @cached_property
    def agreements(self) -> Mapping[str, Agreement]:
        """What each payer's contract makes of the program."""
        return {} if self.program is None else agreements(self.program, self._findings)

    @cached_property
    def lowered(self) -> Lowered | None:
        """The plan and what the analyses look at; None if there is no program."""
        bound = self.agreements
        if self.program is None:
            return None
        return plan_from_program(self.program, bound, self._findings)

    @cached_property
    def findings(self) -> tuple[Diagnostic, ...]:
        """Everything found, by every stage, sorted by place."""
        lowered = self.lowered
        if lowered is not None and self.program is not None:
            analyse(self.program, lowered, self._findings)
        return self._findings.sorted()

    @property
    def has_errors(self) -> bool:
        """Whether a stage found an error: then there is nothing to settle."""
        return bool(self.findings) and self._findings.has_errors

    @property
    def plan(self) -> Plan:
        """The plan of a program without errors.

        Raises:
            DiagnosticError: with every finding, if there are errors.
        """
        if self.has_errors or self.lowered is None:
            self._findings.raise_if_errors()
        assert self.lowered is not None
        return self.lowered.plan

    @cached_property
    def assumed(self) -> tuple[Note, ...]:
        """The figures of program and contracts that rest on an assumption, in order of the text."""
        return () if self.program is None else assumed_notes(self.program)
