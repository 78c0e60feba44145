"""Regression rule: nothing may be worse than in an earlier report, and nothing may disappear."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

from msgspec.structs import replace

from ..errors import ConfigError, count, first_names
from .changes import Change, changes_between
from .inputs import JudgedVersion
from .readiness import Readiness, RuleResult, Verdict
from .snapshots import EvaluationSnapshot, unnamed_version

NAMED = 5


def earlier_snapshot(
    document: object, readiness: Readiness, patterns: Collection[str] | None = None
) -> EvaluationSnapshot:
    """Return what an earlier JSON report says of the use cases in scope.

    Args:
        document: the JSON report.
        readiness: what it is compared with.
        patterns: globs of the use cases in scope; None means all.

    Raises:
        ConfigError: the document is not a JSON report of this register.
    """
    before = EvaluationSnapshot.from_document(document)
    if before.register != readiness.register:
        raise ConfigError(f"this JSON report is of register '{before.register}', and not of '{readiness.register}'")
    if patterns is None:
        return before
    in_scope = {
        name: row
        for name, row in before.use_cases.items()
        if any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
    }
    return replace(before, use_cases=in_scope)


def compare_with(
    document: object,
    verdict: Verdict,
    readiness: Readiness,
    patterns: Collection[str] | None = None,
    judged: JudgedVersion = JudgedVersion(),  # noqa: B008 - a frozen value
) -> tuple[Verdict, tuple[Change, ...]]:
    """Return the verdict with the rule that nothing is worse than in an earlier JSON report, and all changes.

    Where one of both had to be about a release or digests and names none, nothing counts in it: that is no comparison.

    Raises:
        ConfigError: the document is not a JSON report of this register.
    """
    before, rules = earlier_snapshot(document, readiness, patterns), [rule.rule for rule in verdict.rules]
    unnamed = unnamed_version(rules, {"subject": judged.subjects, "release": judged.release})
    rule, changes = no_regression(before, readiness)
    if rule.passed and (unnamed or before.unnamed):
        rule = RuleResult(rule.rule, passed=False, looked_at=0, detail=_nothing_counts(unnamed, before.unnamed))
    return replace(verdict, regression=rule), changes


def no_regression(before: EvaluationSnapshot, readiness: Readiness) -> tuple[RuleResult, tuple[Change, ...]]:
    """Return whether nothing is worse than in an earlier report, and everything that changed.

    A use case, requirement or test of it that disappeared is worse: it can no longer fail. A use case that a
    reviewer retired did not disappear. A test that shows less for a requirement than before is worse, whatever the
    state of the requirement. A use case that is new in the register cannot be worse. The rule has not passed if the
    report did not look at a use case in scope, or does not say whether it did.
    """
    after = EvaluationSnapshot.from_readiness(readiness)
    changes = changes_between(before, after)
    compared = [row for use_case in before.use_cases.values() for row in use_case.requirements.values()]
    tests = sum(piece.ran for row in compared for piece in row.tests.values())
    looked_at = len(before.use_cases) + len(compared) + tests
    unseen = _unseen(before, readiness)
    if not looked_at:
        nothing = unseen or "the earlier report has nothing in scope"
        return RuleResult("no regression", passed=False, looked_at=0, detail=nothing), changes
    names = after.tests
    worse = [
        _sentence(change, names)
        for change in changes
        if change.is_worse and not (change.use_case in readiness.let_go and not change.after)
    ]
    detail = first_names(worse, NAMED) if worse else unseen or "nothing is worse than before"
    counts = count(len(before.use_cases), "use case"), count(len(compared), "requirement"), count(tests, "test")
    detail += f"; compared: {', '.join(counts[:2])} and {counts[2]}"
    if before.by_result:
        detail += "; of tests only the results, as the earlier report says no more of them"
    if unseen:
        detail += f"; {unseen}" if worse else ""
    elif new := len({row.use_case.id for row in readiness.use_cases} - before.use_cases.keys()):
        detail += f"; {count(new, 'use case')} not compared: new in the register since the earlier report"
    passed = not worse and not unseen
    return RuleResult("no regression", passed=passed, looked_at=looked_at, detail=detail, wrong=len(worse)), changes


def _unseen(before: EvaluationSnapshot, readiness: Readiness) -> str:
    """Return the sentence that the earlier report did not look at use cases in scope; empty: it looked at all.

    What nobody looked at may be worse than before without a sign of it, unlike what is new in the register.
    """
    names = [row.use_case.id for row in readiness.use_cases]
    in_both = sum(name in before.use_cases for name in names)
    speaks_of = f"speaks of {in_both} of {count(len(names), 'use case')}"
    if not before.states_scope and in_both < len(names):
        return (
            f"the earlier report {speaks_of} and does not say whether it was limited to them, as an older version or "
            "a bundle wrote it: compare with a report that `readiness report --format json` writes now"
        )
    if any(map(before.leaves_out, names)):
        limits = first_names(before.scope, NAMED) if before.scope else "no use case"
        return f"the earlier report is limited to {limits} and {speaks_of}: compare with a report of the same scope"
    return ""


def _nothing_counts(unnamed: str, unnamed_before: str) -> str:
    """Return the sentence that nothing counts here, or in the earlier report. ``unnamed``: what was not named."""
    if unnamed:
        return f"no {unnamed} was named, so nothing counts: --{unnamed}, or READINESS_{unnamed.upper()}"
    name = f"`readiness report --format json --{unnamed_before} ...`"
    return (
        f"the earlier report names no {unnamed_before}, so nothing counted in it: compare with one that {name} writes"
    )


def _sentence(change: Change, tests: Mapping[str, str]) -> str:
    """Return a change for the worse. ``tests``: the tests of the evidence, by its id."""
    if change.test is not None and not change.after:
        return f"{change.test} ran for {change.requirement} and {change.because}"
    if change.test is not None:
        before = f"was {change.before}" if change.before else "is new"
        return f"{change.test} for {change.requirement} {before} and is {change.after} ({change.because})"
    test = tests.get(change.evidence or "")
    because = f" ({test} {change.because})" if test and change.requirement else ""
    return f"{change.subject} was {change.before} and is {change.after or 'gone'}{because}"
