"""Why a use case stands where it stands: from its status down to the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import ClaimError, suggestion
from ..facts.evidence import Evidence, Result
from ..verdict.inputs import UNKNOWN
from ..verdict.readiness import RequirementReadiness, ReviewState, State, UseCaseReadiness
from ..verdict.requirement.levels import DESCRIPTIONS
from ..verdict.tracker_drift import cell_differences
from . import evidence_warnings, text_format
from .gate import hold_lines, removed_lines, retirement_lines, status_text, waiver_lines
from .line_writer import Line, LineWriter, style_of
from .next_actions import Task, task_text
from .report import Report

_MOST_NAMED = 12
"""Requirements that are named where one is asked for that is not there."""
_PASSES = 10
"""Passes of a requirement that are named where the whole use case is asked for."""
_MESSAGE_LINES = 3
"""Lines of a failure's message; ``readiness show`` has them all."""


def render_why(report: Report, use_case_id: str, tail: str | None, width: int, *, unicode: bool = True) -> list[Line]:
    """Return why the use case has its status: each requirement that is not COMPLETE, down to its evidence.

    ``tail`` (``2``, an item's name, ``2/staging`` or a whole requirement id) narrows it to these requirements,
    COMPLETE or not.

    Raises:
        ClaimError: the report has no such use case, or it has no such requirement.
    """
    pen = LineWriter(width, unicode=unicode)
    readiness = _use_case(report, use_case_id)
    lines = list(_status(readiness, pen))
    if tail is not None:
        chosen = _chosen(readiness, tail)
    else:
        chosen = [needed for needed in readiness.required if needed.state is not State.COMPLETE]
    for needed in chosen:
        lines += [pen.line(), *_requirement(needed, pen, every=tail is not None)]
        lines += _conducts(needed, report, pen)
    if not chosen:
        sentence = (
            "every requirement is COMPLETE"
            if readiness.required
            else "it has no requirements: nothing can make it ready"
        )
        lines += [pen.line(), *pen.paragraph(sentence)]
    if tail is None:
        for warning in evidence_warnings.warnings(one for one in readiness.required if one not in chosen):
            lines += pen.paragraph(warning, lead=("warning: ", "warn"))
        lines += _who_must_act(report, readiness, pen)
    return lines


def _who_must_act(report: Report, readiness: UseCaseReadiness, pen: LineWriter) -> Iterator[Line]:
    """Yield what has to be done about the use case that no requirement tells, and who does it."""
    told = {needed.completes_it for needed in readiness.required}
    mine = [action for action in report.actions if action.use_case == readiness.use_case.id]
    # Drift keeps no gate closed, and is told above.
    wanted = [action for action in mine if action.action != "sync" and action.text not in told]
    if wanted:
        yield pen.line()
        yield pen.line(("who must act", "strong"))
    for action in wanted:
        text = task_text(Task(action.action, (), (action,)), pen)
        yield from pen.paragraph(f"{text} ({action.who})", lead=(pen.pad(action.action, 7) + "  ", ""), indent=2)


def render_departed(report: Report, name: str, width: int, *, unicode: bool = True) -> list[Line]:
    """Return what a use case without a row left open; nothing where there is no such use case."""
    pen = LineWriter(width, unicode=unicode)
    found = {one.use_case.casefold(): one.use_case for one in report.readiness.removed}.get(name.casefold())
    if found is None:
        return []
    return list(removed_lines(report, found, [action for action in report.actions if action.use_case == found], pen))


def _use_case(report: Report, name: str) -> UseCaseReadiness:
    known = {use_case.use_case.id: use_case for use_case in report.readiness.use_cases}
    lower = {key.lower(): use_case for key, use_case in known.items()}
    found = known.get(name) or lower.get(name.lower())
    if found is None:
        raise ClaimError(
            f"there is no use case '{name}' in register '{report.context.register}'{suggestion(name, known)}"
        )
    return found


def _chosen(readiness: UseCaseReadiness, tail: str) -> list[RequirementReadiness]:
    name = readiness.use_case.id
    keys = {item.item.name.lower(): item.item.key for item in readiness.items if item.item.name}
    wanted = tail.removeprefix(f"{name}/").strip("/")
    head, slash, rest = wanted.partition("/")
    wanted = f"{name}/{keys.get(head.lower(), head)}{slash}{rest}"
    found = [
        needed
        for needed in readiness.requirements
        if needed.requirement.id == wanted or needed.requirement.id.startswith(f"{wanted}/")
    ]
    if not found:
        ids = [needed.requirement.id for needed in readiness.requirements]
        raise ClaimError(f"{name} has no requirement '{wanted}'{suggestion(wanted, ids) or _listed(ids)}")
    return found


def _listed(ids: Sequence[str]) -> str:
    return f" (there are {', '.join(ids[:_MOST_NAMED])}{' and more' if len(ids) > _MOST_NAMED else ''})" if ids else ""


def _status(readiness: UseCaseReadiness, pen: LineWriter) -> Iterator[Line]:
    use_case = readiness.use_case
    title = f"  {use_case.title}" if use_case.title else ""
    yield pen.line((use_case.id, "strong"), title)
    yield pen.line((status_text(readiness), style_of(readiness.status)), f", {_complete(readiness)}")
    for one in cell_differences(readiness):
        told = f"the tracker says {one.declared or 'nothing'}{one.where}; readiness sync writes the derived status"
        yield from pen.paragraph(told, lead=("drift: ", "warn"))
    if use_case.architecture_status:
        told = f"architecture status {use_case.architecture_status} (another question: never counts)"
        yield from pen.paragraph(told, style="dim")
    yield from pen.paragraph(f"owner: {use_case.owner or 'none'}")
    yield from pen.paragraph(_review(readiness))
    yield from _reviewers(readiness, pen)
    for sentence in hold_lines(readiness):
        yield from pen.paragraph(sentence, style="bad")
    yield from waiver_lines((readiness,), pen)
    yield from retirement_lines((readiness,), pen)


def _complete(readiness: UseCaseReadiness) -> str:
    return f"{readiness.complete} of {text_format.count(len(readiness.required), 'requirement')} complete"


def _review(readiness: UseCaseReadiness) -> str:
    review = readiness.review
    if review.state is ReviewState.NONE:
        return f"review: NONE, {text_format.count(review.required, 'approval')} required"
    by = f" by {', '.join(review.by)}" if review.by else ""
    return f"review: {review.state}{by}, {review.approvals} of {text_format.count(review.required, 'approval')}"


def _reviewers(readiness: UseCaseReadiness, pen: LineWriter) -> Iterator[Line]:
    for one in readiness.review.standings:
        review = one.decision
        worth = "does not count" if one.state is ReviewState.NONE else one.state.value
        named = f", acknowledging {', '.join(review.acknowledged)}" if review.acknowledged else ""
        release = f", for release {review.release}" if review.release else ""
        told = f"{review.meaning} by {review.by} (known by {review.known_by}) at {review.at}{release}{named}"
        yield from pen.paragraph(told if worth == review.meaning else f"{told}: {worth}", indent=2)
        if one.state is ReviewState.NONE:
            yield from (line for sentence in one.why for line in pen.paragraph(sentence, indent=4))


def _requirement(readiness: RequirementReadiness, pen: LineWriter, *, every: bool) -> Iterator[Line]:
    state = (pen.told(readiness.state), style_of(readiness.state))
    yield pen.line((readiness.requirement.id, "strong"), "  ", state)
    yield from pen.paragraph(readiness.why, lead=("why: ", "dim"), indent=2)
    if readiness.completes_it:
        yield from pen.paragraph(readiness.completes_it, lead=("completes it: ", "dim"), indent=2)
    if readiness.expires_at:
        soon = ", soon" if readiness.expires_soon else ""
        yield from pen.paragraph(f"{readiness.expires_at}{soon}", lead=("stale from: ", "dim"), indent=2)
    if readiness.level is not None:
        told = f"{readiness.level}, {DESCRIPTIONS[readiness.level]}"
        yield from pen.paragraph(told, lead=("level: ", "dim"), indent=2)
    if not readiness.evidence:
        yield from pen.paragraph("nothing", lead=("rests on: ", "dim"), indent=2)
    passes = [one for one in readiness.evidence if _says_little(one)]
    folded = set() if every or len(passes) <= 2 * _PASSES else {one.id for one in passes[_PASSES:]}
    for evidence in readiness.evidence:
        if evidence.id not in folded:
            yield from _evidence(evidence, pen)
    if folded:
        told = f"{len(folded):,} more that PASSED: readiness why {readiness.requirement.id} names each"
        yield from pen.paragraph(told, lead=("rests on: ", "dim"), indent=2, style="good")


def _says_little(evidence: Evidence) -> bool:
    """Return whether it is a pass of which there is no more to say than that."""
    is_plain = evidence.real and not evidence.flaky and not evidence.warnings
    return evidence.result is Result.PASSED and is_plain and not evidence.not_real_because


def _conducts(readiness: RequirementReadiness, report: Report, pen: LineWriter) -> Iterator[Line]:
    """Yield how the runs that it rests on were conducted, as far as a reader should know."""
    for run in dict.fromkeys(evidence.run_id for evidence in readiness.deciding):
        remarks = list(report.origins.get(run, UNKNOWN).conditions.remarks())
        if remarks:
            yield from pen.paragraph("; ".join(remarks), lead=(f"run {run}: ", "warn"), indent=2)


def _evidence(evidence: Evidence, pen: LineWriter) -> Iterator[Line]:
    mode = f", replay {evidence.replay_mode}" if evidence.replay_mode else ""
    where = evidence.environment or "no environment"
    proofs = f", proofs {', '.join(proof.kind for proof in evidence.proofs)}" if evidence.proofs else ""
    style = "good" if evidence.result is Result.PASSED and evidence.real else "warn"
    told = f"{evidence.result} at {evidence.timestamp} in {where}{mode}{proofs}"
    yield from pen.paragraph(told, lead=("rests on: ", "dim"), indent=2, style=style)
    yield from pen.paragraph(evidence.test_id, indent=6)
    if evidence.not_real_because:
        lead = "" if evidence.covered else "a rehearsal: "
        yield from pen.paragraph(evidence.not_real_because, lead=(lead, ""), indent=6)
    for warning in evidence.warnings:
        yield from pen.paragraph(warning, lead=("warning: ", "warn"), indent=6)
    if evidence.message and evidence.result is not Result.PASSED:
        for line in evidence.message.splitlines()[:_MESSAGE_LINES]:
            yield from pen.paragraph(line, indent=6, most=2)
    yield from pen.paragraph(evidence.id, lead=("readiness show ", "dim"), indent=6)
