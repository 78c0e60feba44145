"""View of the reasons for a use case's status, down to the evidence."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..errors import ClaimError, suggestion
from ..facts.evidence import BAD, Evidence, Result
from ..facts.subject import subjects_text
from ..hints import typed
from ..verdict.actions import OR_ACKNOWLEDGE
from ..verdict.evidence_standing import standing_at
from ..verdict.explanations import first_line
from ..verdict.inputs import UNKNOWN
from ..verdict.owners import owner_of
from ..verdict.readiness import RequirementReadiness, ReviewState, State, UseCaseReadiness
from ..verdict.requirement.execution_ledger import BROKEN
from ..verdict.requirement.later_runs import retire_command
from ..verdict.requirement.levels import DESCRIPTIONS
from ..verdict.tracker_drift import cell_differences, drift_remedy
from . import evidence_warnings, text_format
from .gate import hold_lines, removed_lines, retirement_lines, status_text, waiver_lines
from .line_writer import Line, LineWriter, style_of
from .next_actions import write_action
from .report import Report
from .skips import SKIPPED_SINCE, skipped_text, skips_since

_MOST_NAMED = 12
"""Maximum requirements to name in the error for an unknown one."""
_MOST_SHOWN = 3
"""Deciding passes of a requirement to list, unless more is asked for."""
_MOST_FAILURES = 10
"""Deciding failures of a requirement to list, unless more is asked for: an import may have thousands."""
_MESSAGE_LINES = 3
"""Maximum lines of a failure's message; ``readiness show`` prints all."""


def render_why(
    report: Report,
    use_case_id: str,
    tail: str | None,
    width: int,
    *,
    unicode: bool = True,
    removed: Collection[str] = (),
    verbosity: int = 0,
) -> list[Line]:
    """Return the reasons for a use case's status: each requirement that is not COMPLETE, with what decides it.

    Args:
        report: the report.
        use_case_id: its id, in any letter case.
        tail: ``2``, an item's name, ``2/staging`` or a complete requirement id: selects requirements, COMPLETE or not.
        width: columns of the terminal.
        unicode: whether the output can show the signs.
        removed: ids of failing tests that are no longer in the work tree.
        verbosity: above 0: also the evidence that does not decide.

    Raises:
        ClaimError: there is no such use case or requirement in the report.
    """
    writer = LineWriter(width, unicode=unicode)
    readiness, chosen = explained_requirements(report, use_case_id, tail)
    lines = list(_status(readiness, writer, has_store=report.context.store is not None))
    detailed, remarked = tail is not None or verbosity > 0, set[str]()
    named = {action.requirement for action in report.actions if action.text.endswith(OR_ACKNOWLEDGE)}
    retired = {standing.decision.test_id for standing in readiness.retirements if standing.void is None}
    for requirement in chosen:
        ways = list(_other_ways(requirement, named, removed))
        is_accepted = requirement.requirement.id in readiness.accepted
        lines += [writer.line(), *_requirement(requirement, None if is_accepted else ways, writer, detailed=detailed)]
        lines += _all_evidence(requirement, retired, writer, verbosity)
        lines += _run_remarks(requirement, report, writer, remarked)
    if not chosen:
        show = typed(f"show {shlex.quote(use_case_id)}")
        sentence = (
            f"every requirement is COMPLETE; {show} shows the evidence"
            if readiness.required
            else "it has no requirements, so it cannot become ready"
        )
        lines += [writer.line(), *writer.paragraph(sentence, commands=(show,))]
    if tail is None:
        complete = [requirement for requirement in readiness.required if requirement not in chosen]
        for warning in evidence_warnings.warnings(complete):
            lines += writer.paragraph(warning, lead=("warning: ", "warn"))
        for requirement in complete:
            for text in skips_since(requirement):
                lines += writer.paragraph(f"{requirement.requirement.id}: {text}", lead=(SKIPPED_SINCE, "warn"))
            if skipped := skipped_text(requirement, (), retired):
                lines += writer.paragraph(f"{requirement.requirement.id}: {skipped}", lead=("also skipped: ", "warn"))
        lines += _who_must_act(report, readiness, writer)
    return lines


def explained_requirements(
    report: Report, use_case_id: str, tail: str | None
) -> tuple[UseCaseReadiness, list[RequirementReadiness]]:
    """Return a use case, and its requirements that ``tail`` selects; without it, those that are not COMPLETE.

    Raises:
        ClaimError: there is no such use case or requirement in the report.
    """
    readiness = _use_case(report, use_case_id)
    if tail is not None:
        return readiness, _chosen(readiness, tail)
    return readiness, [requirement for requirement in readiness.required if requirement.state is not State.COMPLETE]


def _who_must_act(report: Report, readiness: UseCaseReadiness, writer: LineWriter) -> Iterator[Line]:
    """Yield the actions on the use case that are not shown with a requirement, and who must act."""
    shown = {requirement.completes_it for requirement in readiness.required}
    actions = [action for action in report.actions if action.use_case == readiness.use_case.id]
    # Drift does not close the gate, and is shown above.
    wanted = [
        action
        for action in actions
        if action.action != "sync" and action.text.removesuffix(OR_ACKNOWLEDGE) not in shown
    ]
    if wanted:
        yield writer.line()
        yield writer.line(("who must act", "strong"))
    for action in wanted:
        yield from write_action(action, writer, indent=2)


def render_departed(report: Report, name: str, width: int, *, unicode: bool = True) -> list[Line]:
    """Return the open matters of a use case that left the register; no lines if there is no such use case."""
    ids = {departed.use_case.casefold(): departed.use_case for departed in report.readiness.removed}
    use_case = ids.get(name.casefold())
    if use_case is None:
        return []
    actions = [action for action in report.actions if action.use_case == use_case]
    return list(removed_lines(report, use_case, actions, LineWriter(width, unicode=unicode)))


def _use_case(report: Report, name: str) -> UseCaseReadiness:
    by_id = {use_case.use_case.id: use_case for use_case in report.readiness.use_cases}
    by_lower_id = {id_.lower(): use_case for id_, use_case in by_id.items()}
    use_case = by_id.get(name) or by_lower_id.get(name.lower())
    if use_case is None:
        raise ClaimError(
            f"there is no use case '{name}' in register '{report.context.register}'{suggestion(name, by_id)}"
        )
    return use_case


def _chosen(readiness: UseCaseReadiness, tail: str) -> list[RequirementReadiness]:
    name = readiness.use_case.id
    keys = {item.item.name.lower(): item.item.key for item in readiness.items if item.item.name}
    wanted = tail.removeprefix(f"{name}/").strip("/")
    head, slash, rest = wanted.partition("/")
    wanted = f"{name}/{keys.get(head.lower(), head)}{slash}{rest}"
    chosen = [
        requirement
        for requirement in readiness.requirements
        if requirement.requirement.id == wanted or requirement.requirement.id.startswith(f"{wanted}/")
    ]
    if not chosen:
        ids = [requirement.requirement.id for requirement in readiness.requirements]
        by_name = {**_by_last_name(ids), **{of_item: f"{name}/{key}" for of_item, key in keys.items()}}
        near = suggestion(wanted, ids) or _near_name(wanted, by_name)
        hint = _undeclared_scope(readiness, wanted) or near or _listed(ids)
        raise ClaimError(f"{name} has no requirement '{wanted}'{hint}")
    return chosen


def _by_last_name(ids: Iterable[str]) -> dict[str, str]:
    """Return ids of requirements by the name of their part, environment or provider mode; the first of equal names."""
    by_name: dict[str, str] = {}
    for id_ in ids:
        by_name.setdefault(id_.rpartition("/")[2], id_)
    return by_name


def _near_name(wanted: str, by_name: Mapping[str, str]) -> str:
    """Return the question whether the id was meant that ends with a like name; empty: there is none."""
    last = wanted.rpartition("/")[2]
    near = next((id_ for name, id_ in by_name.items() if not name.isdecimal() and suggestion(last, [name])), None)
    return f" (did you mean '{near}'?)" if near else ""


def _undeclared_scope(readiness: UseCaseReadiness, wanted: str) -> str:
    """Return what to declare if the wanted name is a requirement with a scope that the config does not declare."""
    for requirement in (each.requirement for each in readiness.requirements):
        if wanted.startswith(f"{requirement.id}/"):
            missing = [
                *(
                    ["a real environment ([environments.NAME] real = true)"]
                    if requirement.undeclared_environment
                    else []
                ),
                *(["a provider mode ([provider_modes])"] if requirement.any_provider_mode else []),
            ]
            if missing:
                return f": {requirement.id} has no scope yet: declare {' and '.join(missing)} in the config"
    return ""


def _listed(ids: Sequence[str]) -> str:
    return f" (there are {', '.join(ids[:_MOST_NAMED])}{' and more' if len(ids) > _MOST_NAMED else ''})" if ids else ""


def _status(readiness: UseCaseReadiness, writer: LineWriter, *, has_store: bool) -> Iterator[Line]:
    use_case = readiness.use_case
    title = f"  {use_case.title}" if use_case.title else ""
    yield writer.line((use_case.id, "strong"), title)
    yield writer.line(
        (status_text(readiness), style_of(readiness.status)), f", {text_format.completion_text(readiness)}"
    )
    for cell in cell_differences(readiness):
        remedy = drift_remedy((readiness,), has_store=has_store)
        text = f"the tracker says {cell.declared or 'nothing'}{cell.where}, not {cell.derived}: {remedy}"
        yield from writer.paragraph(text, lead=("drift: ", "warn"))
    if use_case.architecture_status:
        text = f"architecture status: {use_case.architecture_status} (does not affect the readiness)"
        yield from writer.paragraph(text, style="dim")
    yield from writer.paragraph(f"owner: {owner_of(readiness)}")
    yield from writer.paragraph(_review(readiness))
    yield from _reviewers(readiness, writer)
    for sentence in hold_lines(readiness, rejections=False):
        yield from writer.paragraph(sentence, style="bad")
    yield from waiver_lines((readiness,), writer)
    yield from retirement_lines((readiness,), writer)


def _review(readiness: UseCaseReadiness) -> str:
    review = readiness.review
    if review.state is ReviewState.NONE:
        return f"review: NONE, {text_format.count(review.required, 'approval')} required"
    named = bool(review.by) and not review.standings  # else the lines below name them
    by = f" by {', '.join(review.by)}" if named else ""
    return f"review: {review.state}{by}, {review.approvals} of {text_format.count(review.required, 'approval')}"


def _reviewers(readiness: UseCaseReadiness, writer: LineWriter) -> Iterator[Line]:
    for standing in readiness.review.standings:
        review = standing.decision
        state = "does not count" if standing.state is ReviewState.NONE else standing.state.value
        acknowledged = f", acknowledging {', '.join(review.acknowledged)}" if review.acknowledged else ""
        release = f", for release {review.release}" if review.release else ""
        by = f"{review.by} ({text_format.identity(review.known_by)})"
        comment = f": {review.comment}" if standing.state is ReviewState.REJECTED and review.comment.strip() else ""
        if review.subjects:
            release += f", for {subjects_text(dict(review.subjects))}"
        text = f"{review.meaning} by {by} at {review.at}{release}{acknowledged}{comment}"
        yield from writer.paragraph(text if state == review.meaning else f"{text}: {state}", indent=2)
        if standing.state is ReviewState.NONE:
            yield from (line for sentence in standing.why for line in writer.paragraph(sentence, indent=4))


def _requirement(
    readiness: RequirementReadiness, other_ways: Sequence[str] | None, writer: LineWriter, *, detailed: bool
) -> Iterator[Line]:
    """Yield state and reason, and what would complete it or lead on; ``other_ways`` None: it is accepted as it is."""
    state = (writer.state_label(readiness.state), style_of(readiness.state))
    accepted = (", accepted" if other_ways is None else "", "good")
    yield writer.line((readiness.requirement.id, "strong"), "  ", state, accepted)
    yield from writer.paragraph(readiness.why, lead=("why: ", "dim"), indent=2)
    if readiness.completes_it and other_ways is not None:
        yield from writer.paragraph(readiness.completes_it, lead=("to complete: ", "dim"), indent=2)
        for way in other_ways:
            yield from writer.paragraph(way, lead=("or: ", "dim"), indent=2)
    if readiness.expires_at and (detailed or readiness.expires_soon):
        soon = ", soon" if readiness.expires_soon else ""
        yield from writer.paragraph(f"{readiness.expires_at}{soon}", lead=("expires: ", "dim"), indent=2)
    if readiness.level is not None and detailed:
        text = f"{readiness.level}, {DESCRIPTIONS[readiness.level]}"
        yield from writer.paragraph(text, lead=("level: ", "dim"), indent=2)


def _other_ways(
    readiness: RequirementReadiness, named: Collection[str | None], removed: Collection[str]
) -> Iterator[str]:
    """Yield what else leads on: a review that may name it, the retirement of a removed test."""
    if readiness.requirement.id in named:
        option = f"--acknowledge {shlex.quote(readiness.requirement.id)}"
        yield f"a reviewer acknowledges it (`readiness review` with {option})"
    tests = (evidence.test_id for evidence in readiness.deciding if evidence.result in BROKEN)
    test = next((test for test in tests if test in removed), None)
    if test is not None and "readiness retire" not in readiness.completes_it:
        yield f"{first_line(test)} is no longer in the work tree: a reviewer retires it: `{retire_command(test)}`"


def _all_evidence(
    readiness: RequirementReadiness, retired: Collection[str], writer: LineWriter, verbosity: int
) -> Iterator[Line]:
    """Yield the evidence that decides, and the rest if it is asked for. Nothing rests on that of a retired test."""
    if not readiness.evidence:
        yield from writer.paragraph("none", lead=("evidence: ", "dim"), indent=2)
    shown = _deciding(readiness)
    counted = {evidence.id for evidence in readiness.deciding}
    others = _without(readiness.evidence, shown)
    for evidence in (*shown, *(others if verbosity > 0 else ())):
        lead = "evidence: " if evidence.id in counted or not counted else "does not count: "
        if evidence.test_id in retired and evidence.id not in counted:
            lead = "retired: "
        if verbosity <= 0 and len(shown) == 1 and _is_told(evidence, readiness.why):
            show = typed(f"show {evidence.id}")
            yield from writer.paragraph(show, lead=(lead, "dim"), indent=2, commands=(show,))
        else:
            why_not = "" if evidence.id in counted else standing_at(readiness, evidence).why_not
            yield from _evidence(evidence, writer, lead, why_not)
    for text in skips_since(readiness):
        yield from writer.paragraph(text, lead=(SKIPPED_SINCE, "warn"), indent=2)
    if verbosity <= 0 and (skipped := skipped_text(readiness, shown, retired)):
        yield from writer.paragraph(skipped, lead=("also skipped: ", "warn"), indent=2)
    if others and verbosity <= 0:
        why = typed(f"why {shlex.quote(readiness.requirement.id)} -v")
        text = f"and {_counted(others, counted)}: {why}"
        yield from writer.paragraph(text, indent=6, style="dim", commands=(why,))


def _is_told(evidence: Evidence, why: str) -> bool:
    """Return whether the reason names the test and all that there is to say of it."""
    is_plain = not (evidence.warnings or evidence.replay_mode or len(evidence.message.splitlines()) > 1)
    return is_plain and first_line(evidence.test_id) in why and evidence.result.value in why


def _deciding(readiness: RequirementReadiness) -> list[Evidence]:
    """Return what decides: failures first, else what counts, else the newest piece; and each pass with a warning."""
    pieces = readiness.deciding or readiness.evidence[:1]
    bad = [evidence for evidence in pieces if evidence.result in BAD]
    odd = [evidence for evidence in pieces if evidence.warnings or evidence.flaky]
    first = [*bad, *_without(odd, bad)]
    first += [] if bad else _without(pieces, odd)
    return first[: max(_MOST_SHOWN, min(len(bad), _MOST_FAILURES))]


def _without(evidence: Iterable[Evidence], excluded: Iterable[Evidence]) -> list[Evidence]:
    """Return the evidence without these objects. Comparing each with each would take long for an import."""
    excluded_ids = set(map(id, excluded))
    return [piece for piece in evidence if id(piece) not in excluded_ids]


def _counted(others: Sequence[Evidence], deciding: Collection[str]) -> str:
    """Return how many pieces are not shown, and how many of them are failures that decide.

    ``deciding``: ids of the evidence that decides.
    """
    bad = sum(evidence.id in deciding and evidence.result in BAD for evidence in others)
    more = f"{len(others):,} more"
    return more if not bad else f"{more}, {bad:,} of them failures" if bad < len(others) else f"{bad:,} more failures"


def _run_remarks(
    readiness: RequirementReadiness, report: Report, writer: LineWriter, remarked: set[str]
) -> Iterator[Line]:
    """Yield remarks on how the runs with deciding evidence were made, once for each run; equal ones together."""
    runs_by_remark: dict[str, list[str]] = {}
    for run in dict.fromkeys(evidence.run_id for evidence in readiness.deciding):
        if run not in remarked:
            remarked.add(run)
            origin = report.origins.get(run, UNKNOWN)
            names = f": {origin.conditions.changed_remark}" if origin.conditions.changed_remark else ""
            changes = [f"with uncommitted changes{names}"] if origin.dirty else []
            remark = "; ".join((*changes, *origin.conditions.remarks()))
            runs_by_remark.setdefault(remark, []).append(run)
    for remark, runs in runs_by_remark.items():
        if remark:
            others = f" and {text_format.count(len(runs) - 1, 'more run')}" if len(runs) > 1 else ""
            yield from writer.paragraph(remark, lead=(f"run {runs[0]}{others}: ", "warn"), indent=2)


def _evidence(evidence: Evidence, writer: LineWriter, label: str, why_not: str) -> Iterator[Line]:
    mode = f", replay {evidence.replay_mode}" if evidence.replay_mode else ""
    where = evidence.environment or "no environment"
    proofs = f", proofs {', '.join(proof.kind for proof in evidence.proofs)}" if evidence.proofs else ""
    style = "good" if evidence.result is Result.PASSED and evidence.real else "warn"
    text = f"{evidence.result} at {evidence.timestamp} in {where}{mode}{proofs}"
    yield from writer.paragraph(text, lead=(label, "dim"), indent=2, style=style)
    yield from writer.paragraph(evidence.test_id, indent=6)
    if evidence.not_real_because:
        lead = "" if evidence.covered else "a rehearsal: "
        yield from writer.paragraph(evidence.not_real_because, lead=(lead, ""), indent=6)
    elif why_not:
        yield from writer.paragraph(why_not, indent=6)
    for warning in evidence.warnings:
        yield from writer.paragraph(warning, lead=("warning: ", "warn"), indent=6)
    if evidence.message and evidence.result is not Result.PASSED:
        for line in evidence.message.splitlines()[:_MESSAGE_LINES]:
            yield from writer.paragraph(line, indent=6, most=2)
    show = typed(f"show {evidence.id}")
    yield from writer.paragraph(show, indent=6, commands=(show,))
