"""Command ``readiness review``: shows and stores reviews."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from ..decisions.identity import find_decider
from ..decisions.review_from_report import sheet_from_report
from ..decisions.reviews import (
    ReviewSheet,
    ReviewStatement,
    acknowledged_ids,
    can_be_approved,
    prepare_sheet,
    refusal_reasons,
    sign_reviews,
)
from ..errors import RefusedError
from ..facts.decision import ReviewMeaning
from ..pipeline.evaluate_project import Project
from ..pipeline.maintenance import refuse_damage
from ..views.review_preview import render_preview
from ..views.sanitise import sanitise
from . import completion, options, output
from .cli_context import CliContext, pass_cli_context
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand

_COMMAND_LIMIT = 100_000
"""Characters of a printed command, which must not be cut off."""


@click.command("review", cls=ExitCodeCommand)
@click.argument("use_cases", nargs=-1, metavar="[UC]...", shell_complete=completion.use_cases)
@click.option("--suspect", is_flag=True, help="Only use cases whose review is suspect; of all, if none is named.")
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
@click.option(
    "--from", "report", type=options.FILE, metavar="REPORT.json", help="Review this JSON report instead of the store."
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
    report: Path | None,
    verbose: bool,
) -> int:
    """Show what a review of the use cases (ids or globs) covers, and approve or reject it.

    Several use cases: all or none. Without --approve or --reject nothing is recorded; there are no prompts. Exits 0
    if the review is shown or stored, 1 if it is refused.
    """
    if approve and reject:
        raise click.UsageError("use --approve or --reject, not both", context)
    if not use_cases and not suspect:
        raise click.UsageError("name the use cases to review, such as UC-003 or 'UC-0*', or use --suspect", context)
    project = cli.project()
    with refusing(context):
        if report is not None:
            sheet = sheet_from_report(project, report, use_cases, suspect=suspect, release=release)
        else:
            sheet = prepare_sheet(project, use_cases, suspect=suspect, release=release)
        meaning = ReviewMeaning.REJECTED if reject else ReviewMeaning.APPROVED_FOR_GO_LIVE
        statement = ReviewStatement(meaning, comment, acknowledged_ids(sheet, names))
        stored = None
        if (approve or reject) and sheet.signings:
            # Before it is shown: a refusal must not stand below a hundred lines.
            stored = sign_reviews(project, sheet, find_decider(project, by), statement)
        if stored is None and sheet.signings:
            _print_obstacles(project, sheet, statement, by)
        _show(sheet, statement.acknowledged, verbose=verbose)
        if not sheet.signings:
            return 0
        if stored is not None:
            print_decision(stored)
            print_standing(
                project, [] if report is not None else [signing.use_case for signing in sheet.signings], sheet.release
            )
        else:
            _print_commands(sheet, statement, report)
    if not approve and not reject:
        refuse_damage(sheet.problems)
    return 0


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


def _missing(sheet: ReviewSheet, statement: ReviewStatement) -> list[str]:
    """Return the ids of the requirements that an approval must acknowledge, and the statement does not."""
    return [name for signing in sheet.signings for name in signing.to_acknowledge if name not in statement.acknowledged]


def _print_obstacles(project: Project, sheet: ReviewSheet, statement: ReviewStatement, by: str | None) -> None:
    """Print why an approval would be refused, before what it would cover."""
    try:
        decider = find_decider(project, by)
    except RefusedError as error:
        click.echo(sanitise(f"who signs: {error}"))
        return
    named = (*statement.acknowledged, *_missing(sheet, statement))
    reasons = refusal_reasons(project, sheet, decider, ReviewStatement(statement.meaning, statement.comment, named))
    for reason in reasons:
        click.echo(sanitise(f"{decider.name} cannot approve yet: {reason}", _COMMAND_LIMIT))
    if reasons:
        click.echo()


def _print_commands(sheet: ReviewSheet, statement: ReviewStatement, report: Path | None) -> None:
    """Print the commands that sign. An approval that nobody could give is not among them."""
    source = f" --from {shlex.quote(str(report))}" if report is not None else ""
    names = " ".join(shlex.quote(signing.use_case) for signing in sheet.signings) + source
    click.echo("nothing was signed; to sign:")
    if can_be_approved(sheet):
        named = _short_names(sheet, (*statement.acknowledged, *_missing(sheet, statement)))
        more = "".join(f" --acknowledge {shlex.quote(name)}" for name in named)
        click.echo(sanitise(f"  readiness review {names} --approve{more}", _COMMAND_LIMIT))
    click.echo(sanitise(f"  readiness review {names} --reject --comment '...'", _COMMAND_LIMIT))


def _short_names(sheet: ReviewSheet, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the state words that acknowledge exactly these requirements, if they are fewer than the ids."""
    for words in (("asserted",), ("flaky",), ("asserted", "flaky")):
        if len(words) < len(ids) and {*acknowledged_ids(sheet, words)} == {*ids}:
            return words
    return ids
