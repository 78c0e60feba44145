"""Rules of the config that matched no test in the recorded runs: the command collects no tests."""

from __future__ import annotations

from contextlib import suppress

from ..claims.claim_rules import rules_of
from ..errors import IntegrityError, Problem, count, one_line
from ..facts.run_conditions import RunConditions, conditions_of
from ..journal.recovery import find_leftovers
from .project import Project

_MAX_RUNS = 200
"""Number of runs that are asked, newest first."""


def idle_rules(project: Project) -> tuple[list[Problem], list[Problem]]:
    """Return a problem for each rule that matched no test in any run that had it, and a note for each other unknown.

    A run records the number of tests that each of its rules matched, of all that it collected. A run of some files
    shows nothing about rules for others, so one match in any run is enough.

    Raises:
        StorageError: the store or a journal cannot be read.
    """
    rules = rules_of(project.settings)
    if not rules:
        return [], []
    runs: dict[str, list[int]] = {}
    for conditions in _conditions(project):
        for key, number in conditions.rule_counts:
            runs.setdefault(key, []).append(number)
    problems: list[Problem] = []
    notes: list[Problem] = []
    for rule in rules:
        ((key, _),) = project.redactor.plain({rule.key: 0}).items()
        pattern, counts = one_line(rule.pattern, 100), runs.get(key)
        if counts is None:
            message = f"no recorded run had the rule '{pattern}' yet: `pytest --readiness-plan` shows what it matches"
            notes.append(Problem(rule.where, message))
        elif not any(counts):
            in_runs = "the recorded run" if len(counts) == 1 else f"any of the {count(len(counts), 'recorded run')}"
            message = f"the rule '{pattern}' matched no test in {in_runs} that had it: correct it"
            problems.append(Problem(rule.where, f"{message} (`pytest --readiness-plan` shows what it matches)"))
    return problems, notes


def _conditions(project: Project) -> list[RunConditions]:
    """Return the conditions of the newest runs of the register, in the store and in journals."""
    in_journals = [leftover.run for leftover in find_leftovers(project.journals) if leftover.run is not None]
    conditions = [
        conditions_of(run.head, run.seal.body)
        for run in in_journals
        if run.seal is not None and run.register == project.catalogue.register
    ]
    store = project.store()
    if store is None:
        return conditions
    try:
        newest = [run.id for run in store.runs(project.catalogue.register)[:_MAX_RUNS]]
        with suppress(IntegrityError):  # reported as a problem of the store
            conditions += store.run_conditions(newest).values()
    finally:
        store.close()
    return conditions
