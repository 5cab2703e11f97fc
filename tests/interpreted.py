"""Settlements by the reference interpreter, for tests of what a program means and of plans that are made by hand."""

from __future__ import annotations

from functools import partial

from mhrules.settle import run

settle = partial(run.settle, engine=run.REFERENCE)
