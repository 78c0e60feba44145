"""``readiness review``: shows what is being signed, and signs it."""

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
from . import options, output
from .cli_context import CliContext, pass_door
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand

_LONG = 100_000
"""Characters of a command that is told: cut off it would be another one."""


@click.command("review", cls=ExitCodeCommand)
@click.argument("use_cases", nargs=-1, metavar="[UC]...")
@click.option("--suspect", is_flag=True, help="Of these (of all, if none is named) those whose review is suspect.")
@click.option("--approve", is_flag=True, help="Sign them: approved for go-live.")
@click.option("--reject", is_flag=True, help="Reject them; needs a --comment.")
@options.by
@click.option("--comment", default="", metavar="TEXT", help="What the reviewer says.")
@click.option(
    "--acknowledge",
    "names",
    multiple=True,
    metavar="NAME",
    help="An asserted or flaky requirement that is accepted: its id, its test, 'asserted' or 'flaky'; again for more.",
)
@options.release
@click.option("--from", "report", type=options.FILE, metavar="REPORT.json", help="Sign what this JSON report says.")
@click.pass_context
@pass_door
def command(  # noqa: PLR0913 - what the options say
    door: CliContext,
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
    """Show what is to be signed of the use cases (ids or globs), and sign it: each by a decision of its own, or none.

    Without --approve or --reject nothing is signed, and nothing ever asks. Exits 0 where it answered or signed, 1 where
    a sign-off is refused: then none is kept.
    """
    if approve and reject:
        raise click.UsageError("say --approve or --reject, and not both", context)
    if not use_cases and not suspect:
        raise click.UsageError("name the use cases to review, such as UC-003 or 'UC-0*', or say --suspect", context)
    place = door.place()
    with refusing(context):
        if report is not None:
            desk = sheet_from_report(place, report, use_cases, suspect=suspect, release=release)
        else:
            desk = prepare_sheet(place, use_cases, suspect=suspect, release=release)
        meaning = ReviewMeaning.REJECTED if reject else ReviewMeaning.APPROVED_FOR_GO_LIVE
        word = ReviewStatement(meaning, comment, acknowledged_ids(desk, names))
        _show(desk, word.acknowledged)
        if not desk.signings:
            return 0
        if approve or reject:
            print_decision(sign_reviews(place, desk, find_decider(place, by), word))
            print_standing(place, [] if report is not None else [one.use_case for one in desk.signings], desk.release)
        else:
            _preview(place, desk, word, by, report)
    if not approve and not reject:
        refuse_damage(desk.problems)
    return 0


def _show(desk: ReviewSheet, named: Iterable[str]) -> None:
    for one in desk.signings:
        lines = render_preview(one, frozenset(named), output.terminal_width(), unicode=output.prints_unicode())
        output.print_lines([*lines, ()])
    for sentence in desk.left_out:
        click.echo(sanitise(sentence))
    if not desk.signings:
        click.echo("no use case has to be reviewed again")


def _preview(place: Project, desk: ReviewSheet, word: ReviewStatement, by: str | None, report: Path | None) -> None:
    """Say how to sign, and what would come of it."""
    source = f" --from {shlex.quote(str(report))}" if report is not None else ""
    names = " ".join(shlex.quote(one.use_case) for one in desk.signings) + source
    missing = [name for one in desk.signings for name in one.to_acknowledge if name not in word.acknowledged]
    more = "".join(f" --acknowledge {shlex.quote(name)}" for name in (*word.acknowledged, *missing))
    click.echo("nothing was signed; to sign:")
    click.echo(sanitise(f"  readiness review {names} --approve{more}", _LONG))
    click.echo(sanitise(f"  readiness review {names} --reject --comment '...'", _LONG))
    try:
        who = find_decider(place, by)
    except RefusedError as error:
        click.echo(sanitise(f"who signs: {error}"))
        return
    everything = ReviewStatement(word.meaning, word.comment, (*word.acknowledged, *missing))
    for reason in refusal_reasons(place, desk, who, everything):
        click.echo(sanitise(f"as it stands, an approval by {who.name} would be refused: {reason}"))
