"""Headline of a report: the verdict and its counts in one sentence, the same in every output."""

from __future__ import annotations

from collections.abc import Iterator

from ..verdict.counts import VerdictCounts, count_verdict
from ..verdict.readiness import Verdict
from .report import Report
from .text_format import count, name_list

NOT_ENFORCED = "[gate] enforce = false"
"""Why the gate exits 0 although nothing is eligible, if the config asks it only to say so."""


def headline_sentence(report: Report, *, let_through: str = "") -> str:
    """Return the first line: ``NOT ELIGIBLE: 7 of 32 ready, 4 blocked (3 failing, 1 rejected), 21 in progress``.

    Its names come from the tracker and the tests; the caller sanitises it for its output.

    Args:
        report: the report.
        let_through: why the gate exits 0 although nothing is eligible, such as ``--report-only``; empty: it does not.
    """
    verdict, counts = report.verdict, count_verdict(report.readiness, report.verdict)
    waivers = f" with {count(counts.waived, 'waiver')}" if verdict.eligible and counts.waived else ""
    on = "" if verdict.on == "review" else f" (on {verdict.on})"
    word = f"{'ELIGIBLE' if verdict.eligible else 'NOT ELIGIBLE'}{waivers}{on}"
    if not let_through and not verdict.enforced and not report.context.problems:
        let_through = NOT_ENFORCED
    passed = "" if verdict.eligible or not let_through else f"LET THROUGH ({let_through}), "
    return f"{passed}{word}: {counts_text(counts, verdict.on)}{''.join(_more_reasons(verdict, counts))}"


def compared_headline(report: Report, *, let_through: str = "") -> str:
    """Return the headline, begun by what a comparison with an earlier report says, if there is one.

    ``WORSE THAN BEFORE: UC-009. NOT ELIGIBLE: ...``, or ``LET THROUGH (not worse than before), NOT ELIGIBLE: ...``.
    ``let_through``: as in ``headline_sentence``.
    """
    rule, departed = report.verdict.regression, report.readiness.let_go
    is_compared = bool(report.context.compared_with) if rule is None else not rule.passed
    worse = [change.use_case for change in report.changes if change.is_worse] if is_compared else []
    names = [name for name in dict.fromkeys(worse) if name not in departed]
    if names:
        return f"WORSE THAN BEFORE: {name_list(names)}. {headline_sentence(report, let_through=let_through)}"
    if rule is not None and not rule.passed:
        return f"NO COMPARISON: {rule.detail}. {headline_sentence(report, let_through=let_through)}"
    is_let_through = rule is not None and report.verdict.passes
    return headline_sentence(report, let_through=let_through or ("not worse than before" if is_let_through else ""))


def counts_text(counts: VerdictCounts, on: str = "review") -> str:
    """Return the counts as text: ``7 of 32 ready, 4 blocked (3 failing, 1 rejected), 15 in progress, 6 not started``.

    What is zero is left out, except the number of ready ones.
    """
    if not counts.use_cases:
        return "no use case is in scope"
    ready = "ready" if on == "review" else "with enough evidence"
    parts = [f"{counts.ready} of {counts.use_cases} {ready}"]
    if counts.blocked:
        reasons = (
            (counts.failing, "failing"),
            (counts.with_blocker, "by a blocker"),
            (counts.rejected, "rejected"),
        )
        how = ", ".join(f"{number} {reason}" for number, reason in reasons if number)
        parts.append(f"{counts.blocked} blocked" + (f" ({how})" if how else ""))
    parts += [
        f"{number} {what}"
        for number, what in ((counts.in_progress, "in progress"), (counts.not_started, "not started"))
        if number
    ]
    return ", ".join(parts)


def _more_reasons(verdict: Verdict, counts: VerdictCounts) -> Iterator[str]:
    """Yield what the counts do not explain, each as the end of a sentence."""
    if verdict.eligible:
        return
    if counts.departed:
        yield f"; {name_list(counts.departed)} left the register with something open"
    elif counts.ready == counts.use_cases:
        failed = next((rule for rule in verdict.rules if not rule.passed), None)
        yield f"; {failed.rule}: {failed.detail}" if failed else "; no rule was checked"
