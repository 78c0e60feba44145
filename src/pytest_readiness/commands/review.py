"""Command ``readiness review``: shows and stores reviews."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

import click
from msgspec import Struct

from ..decisions.identity import find_decider
from ..decisions.repository import StoredDecisions
from ..decisions.review_from_report import sheet_from_report
from ..decisions.reviews import (
    REVIEWABLE,
    ReviewedVersion,
    ReviewSheet,
    ReviewStatement,
    acknowledged_ids,
    can_be_approved,
    prepare_sheet,
    refusal_reasons,
    requirements_to_acknowledge,
    sign_reviews,
)
from ..errors import RefusedError
from ..facts.decision import Review, ReviewMeaning
from ..facts.subject import Subjects
from ..hints import typable, typed
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluate_project import Project, evaluate_project
from ..views.review_preview import render_preview
from ..views.review_worksheet import render_worksheet
from ..views.sanitise import sanitise
from ..views.text_format import count, name_list
from . import completion, options, output
from .cli_context import CliContext, pass_cli_context
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand

_COMMAND_LIMIT = 100_000
"""Characters of a printed command, which must not be cut off."""


@click.command("review", cls=ExitCodeCommand)
@click.argument("use_cases", nargs=-1, metavar="[UC]...", shell_complete=completion.use_cases)
@click.option("--suspect", is_flag=True, help="Only use cases whose review is suspect: of those named, or of all.")
@click.option("--approve", is_flag=True, help="Approve them for go-live.")
@click.option("--reject", is_flag=True, help="Reject them; needs --comment.")
@options.by
@click.option("--comment", default="", metavar="TEXT", help="The reviewer's comment.")
@click.option(
    "--acknowledge",
    "names",
    multiple=True,
    metavar="NAME",
    help="Accept an asserted or flaky requirement: its id, its test, 'asserted' or 'flaky'; repeatable.",
)
@options.release
@options.subjects
@click.option(
    "--from", "report", type=options.FILE, metavar="REPORT.json", help="Review this JSON report instead of the store."
)
@click.option(
    "--format",
    "form",
    type=click.Choice([options.TERMINAL, "markdown"]),
    default=options.TERMINAL,
    show_default=True,
    help="markdown: a worksheet of what a review covers.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every piece of evidence that is signed.")
@click.pass_context
@pass_cli_context
def command(  # noqa: PLR0913 - one parameter for each option
    cli: CliContext,
    context: click.Context,
    *,
    use_cases: tuple[str, ...],
    suspect: bool,
    approve: bool,
    reject: bool,
    by: str | None,
    comment: str,
    names: tuple[str, ...],
    release: str | None,
    subjects: Subjects,
    report: Path | None,
    form: str,
    verbose: bool,
) -> int:
    """Show what a review of the use cases (ids or globs) covers, and approve or reject it.

    Without use cases it lists those that await a review. Of several use cases all are decided on, or none. Without
    --approve or --reject nothing is recorded; there are no prompts. Exits 0 if the review is shown or stored, 1 if it
    is refused.
    """
    worksheet = form != options.TERMINAL
    _check_decision(context, approve=approve, reject=reject, worksheet=worksheet)
    if not use_cases and not suspect:
        if approve or reject or comment or names or report or worksheet:
            raise click.UsageError("name the use cases to review, such as UC-003 or 'UC-0*', or use --suspect", context)
        return _list_waiting(cli.project(), ReviewedVersion(release, subjects))
    project, version = cli.project(), ReviewedVersion(release, subjects)
    with refusing(context, project if report is None else None):
        if report is not None:
            sheet = sheet_from_report(project, report, use_cases, suspect=suspect, version=version)
        else:
            sheet = prepare_sheet(project, use_cases, suspect=suspect, version=version)
        if worksheet:
            return _write_worksheet(sheet)
        meaning = ReviewMeaning.REJECTED if reject else ReviewMeaning.APPROVED_FOR_GO_LIVE
        statement = ReviewStatement(meaning, comment, acknowledged_ids(sheet, names))
        stored, can = None, Abilities()
        if (approve or reject) and sheet.signings:
            # Before it is shown: a refusal must not stand below a hundred lines.
            stored = sign_reviews(project, sheet, find_decider(project, by), statement)
        if stored is None and sheet.signings:
            can = _print_obstacles(project, sheet, statement, by)
        _show(sheet, statement.acknowledged, verbose=verbose)
        _tell_missing(project, report)
        if not sheet.signings:
            return 0
        if stored is not None:
            print_decision(stored)
            _print_repetitions(project, sheet, stored)
            signed = [] if report is not None else [signing.use_case for signing in sheet.signings]
            print_standing(project, signed, version)
        else:
            _print_commands(sheet, statement, report, can)
    if not approve and not reject:
        refuse_damage(sheet.problems)
    return 0


def _check_decision(context: click.Context, *, approve: bool, reject: bool, worksheet: bool) -> None:
    if approve and reject:
        raise click.UsageError("use --approve or --reject, not both", context)
    if worksheet and (approve or reject):
        raise click.UsageError("--format markdown is a worksheet, which signs nothing", context)


def _write_worksheet(sheet: ReviewSheet) -> int:
    """Print the worksheet, and return the exit code; what it leaves out is said beside it.

    Raises:
        IntegrityError: what it rests on is damaged.
    """
    for piece in render_worksheet(sheet.signings):
        click.echo(piece, nl=False)
    for sentence in sheet.left_out:
        click.echo(sanitise(sentence), err=True)
    refuse_damage(sheet.problems)
    return 0


def _tell_missing(project: Project, report: Path | None) -> None:
    """Say that there is no store, unless a JSON report replaces it."""
    if report is None:
        output.tell_missing_store(project)


def _show(sheet: ReviewSheet, acknowledged: Iterable[str], *, verbose: bool) -> None:
    for signing in sheet.signings:
        lines = render_preview(
            signing,
            frozenset(acknowledged),
            output.terminal_width(),
            unicode=output.prints_unicode(),
            verbosity=int(verbose),
        )
        output.print_lines([*lines, ()])
    for sentence in sheet.left_out:
        click.echo(sanitise(sentence))
    if not sheet.signings:
        click.echo("no use case needs another review")


def _print_repetitions(project: Project, sheet: ReviewSheet, stored: StoredDecisions) -> None:
    """Say which of the stored reviews repeat what the same person has said of the same evidence."""
    last = {signing.use_case: signing.last for signing in sheet.signings if not signing.changes}
    for review in (decision for decision in stored.decisions if isinstance(decision, Review)):
        before = last.get(review.use_case)
        if before is None or before.meaning != review.meaning or before.basis != review.basis:
            continue
        if project.policy.people.is_same_person(before.by, review.by):
            text = f"{review.use_case}: {before.by} had said the same of the same evidence at {before.at}"
            click.echo(sanitise(f"note: {text}; both reviews are stored, and they count once"))


def _missing(sheet: ReviewSheet, statement: ReviewStatement) -> list[str]:
    """Return the ids of the requirements that an approval must acknowledge, and the statement does not."""
    return [name for signing in sheet.signings for name in signing.to_acknowledge if name not in statement.acknowledged]


class Abilities(Struct, frozen=True):
    """What the person who asks may do with the use cases of a sheet."""

    approve: bool = True
    reject: bool = True


def _list_waiting(project: Project, version: ReviewedVersion) -> int:
    """Print the use cases that await a review, those with an outdated one first."""
    judged = evaluate_project(project, version.request(project, to_sign=False))
    use_cases = judged.readiness.use_cases
    waiting = [use_case for phase in reversed(REVIEWABLE) for use_case in use_cases if use_case.phase is phase]
    width = max((len(use_case.use_case.id) for use_case in waiting), default=0)
    for use_case in waiting:
        name, named = use_case.use_case.id, requirements_to_acknowledge(use_case, project.policy)
        more = f"  ({count(len(named), 'requirement')} to acknowledge)" if named else ""
        click.echo(sanitise(f"{name:<{width}}  {use_case.phase}  {use_case.use_case.title}{more}"))
    others = len(use_cases) - len(waiting)
    await_ = f"{count(len(waiting), 'use case')} {'awaits' if len(waiting) == 1 else 'await'} a review"
    shows = f": `{typed(f'review {shlex.quote(waiting[0].use_case.id)}')}` shows what it covers" if waiting else ""
    click.echo(sanitise(f"{await_}{shows}" if waiting else f"no use case awaits a review ({others} in the register)"))
    output.tell_nothing_there(project)
    refuse_damage(judged.context.problems)
    return 0


def _print_obstacles(project: Project, sheet: ReviewSheet, statement: ReviewStatement, by: str | None) -> Abilities:
    """Print why an approval would be refused, before what it would cover, and return what the person may do."""
    try:
        decider = find_decider(project, by)
    except RefusedError as error:
        click.echo(sanitise(f"who signs: {error}"))
        return Abilities()
    named = (*statement.acknowledged, *_missing(sheet, statement))
    reasons = refusal_reasons(project, sheet, decider, ReviewStatement(statement.meaning, statement.comment, named))
    for reason in reasons:
        who = "" if decider.name in reason else f" by {decider.name}"
        click.echo(sanitise(typable(f"an approval{who} would be refused: {reason}"), _COMMAND_LIMIT))
    if reasons:
        click.echo()
    rejection = ReviewStatement(ReviewMeaning.REJECTED, comment="a reason")
    return Abilities(approve=not reasons, reject=not refusal_reasons(project, sheet, decider, rejection))


def _print_commands(sheet: ReviewSheet, statement: ReviewStatement, report: Path | None, can: Abilities) -> None:
    """Print the commands that sign. An approval that nobody could give is not among them."""
    source = f" --from {shlex.quote(str(report))}" if report is not None else ""
    names = " ".join(shlex.quote(signing.use_case) for signing in sheet.signings) + source
    if report is None:
        names += "".join(f" --subject {name}={digest}" for name, digest in sheet.subjects.items())
    named = _short_names(sheet, (*statement.acknowledged, *_missing(sheet, statement)))
    more = "".join(f" --acknowledge {shlex.quote(name)}" for name in named)
    approval = [f"  {typed(f'review {names} --approve{more}')}"] if can_be_approved(sheet) else []
    rejection = f"  {typed(f'review {names} --reject --comment ')}'...'"
    reviewers = name_list(sheet.policy.reviewers)
    if not reviewers:
        lines = ["nothing was signed, and nobody can sign: list the reviewers ([review] reviewers)"]
    elif not can.reject:
        who = "if a listed reviewer types them (git's user.email, or --by NAME, says who)"
        lines = [f"nothing was signed; these commands sign {who}: {reviewers}", *approval, rejection]
    elif approval and not can.approve:
        lines = [f"nothing was signed; another listed reviewer ({reviewers}) can approve:", *approval]
        lines += ["to reject:", rejection]
    else:
        lines = ["nothing was signed; to sign:", *approval, rejection]
    for line in lines:
        click.echo(sanitise(line, _COMMAND_LIMIT))


def _short_names(sheet: ReviewSheet, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the state words that acknowledge exactly these requirements, if they are fewer than the ids."""
    for words in (("asserted",), ("flaky",), ("asserted", "flaky")):
        if len(words) < len(ids) and {*acknowledged_ids(sheet, words)} == {*ids}:
            return words
    return ids
