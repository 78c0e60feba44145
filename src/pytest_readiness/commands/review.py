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
        _show(sheet, statement.acknowledged)
        if not sheet.signings:
            return 0
        if approve or reject:
            print_decision(sign_reviews(project, sheet, find_decider(project, by), statement))
            print_standing(
                project, [] if report is not None else [signing.use_case for signing in sheet.signings], sheet.release
            )
        else:
            _preview(project, sheet, statement, by, report)
    if not approve and not reject:
        refuse_damage(sheet.problems)
    return 0


def _show(sheet: ReviewSheet, acknowledged: Iterable[str]) -> None:
    for signing in sheet.signings:
        lines = render_preview(
            signing, frozenset(acknowledged), output.terminal_width(), unicode=output.prints_unicode()
        )
        output.print_lines([*lines, ()])
    for sentence in sheet.left_out:
        click.echo(sanitise(sentence))
    if not sheet.signings:
        click.echo("no use case needs another review")


def _preview(
    project: Project, sheet: ReviewSheet, statement: ReviewStatement, by: str | None, report: Path | None
) -> None:
    """Print the commands that sign, and why an approval would be refused."""
    source = f" --from {shlex.quote(str(report))}" if report is not None else ""
    names = " ".join(shlex.quote(signing.use_case) for signing in sheet.signings) + source
    missing = [
        name for signing in sheet.signings for name in signing.to_acknowledge if name not in statement.acknowledged
    ]
    more = "".join(f" --acknowledge {shlex.quote(name)}" for name in (*statement.acknowledged, *missing))
    click.echo("nothing was signed; to sign:")
    click.echo(sanitise(f"  readiness review {names} --approve{more}", _COMMAND_LIMIT))
    click.echo(sanitise(f"  readiness review {names} --reject --comment '...'", _COMMAND_LIMIT))
    try:
        decider = find_decider(project, by)
    except RefusedError as error:
        click.echo(sanitise(f"who signs: {error}"))
        return
    complete = ReviewStatement(statement.meaning, statement.comment, (*statement.acknowledged, *missing))
    for reason in refusal_reasons(project, sheet, decider, complete):
        click.echo(sanitise(f"{decider.name} cannot approve yet: {reason}"))
