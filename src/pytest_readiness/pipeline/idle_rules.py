"""Rules of the config that matched no test in the recorded runs: the command collects no tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from ..claims.claim_rules import rules_of
from ..errors import IntegrityError, Problem, count, first_names, one_line
from ..facts.run_conditions import RunConditions, conditions_of
from ..journal.folder import find_leftovers
from .project import Project

_MAX_RUNS = 200
"""Number of runs that are asked, newest first."""
_MOST_NAMED = 6
"""Rules that a note names."""


def idle_rules(project: Project) -> tuple[list[Problem], list[Problem]]:
    """Return a problem for each rule that matched no test in any run that had it, and a note on the others.

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
    unknown: list[tuple[str, str]] = []
    for rule in rules:
        ((key, _),) = project.redactor.plain({rule.key: 0}).items()
        pattern, counts = one_line(rule.pattern, 100), runs.get(key)
        if counts is None:
            unknown.append((rule.where, pattern))
        elif not any(counts):
            in_runs = "the recorded run" if len(counts) == 1 else f"any of the {count(len(counts), 'recorded run')}"
            message = f"the rule '{pattern}' matched no test in {in_runs} that had it: correct it"
            problems.append(Problem(rule.where, f"{message} (`pytest --readiness-plan` shows what it matches)"))
    return problems, list(_notes(unknown))


def _notes(unknown: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """Yield a note on the rules that no recorded run had: before the first run that is all of them."""
    if unknown:
        where, patterns = unknown[0][0], [f"'{pattern}'" for _, pattern in unknown]
        rules, it = ("rule has", "it matches") if len(patterns) == 1 else ("rules have", "they match")
        no_run, shows = f"these {rules} not been in a recorded run yet", f"`pytest --readiness-plan` shows what {it}"
        if len(patterns) == 1:
            no_run = no_run.replace("these", "this")
        yield Problem(where, f"{no_run}, {shows}: {first_names(patterns, _MOST_NAMED)}")


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
