"""``readiness review``: shows what is being signed, and signs it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from ..decisions.identity import decider
from ..decisions.review_from_report import lay_out_report
from ..decisions.reviews import Desk, Word, acknowledged, lay_out, refusals, sign
from ..errors import RefusedError
from ..facts.decision import Meaning
from ..pipeline.evaluate_project import Place
from ..pipeline.maintenance import refuse_damage
from ..views.review_preview import render_signing
from ..views.sanitise import sanitise
from . import options, output
from .cli_context import Door, pass_door
from .decision_output import refusing, tell, tell_standing
from .exit_code import Answering

_LONG = 100_000
"""Characters of a command that is told: cut off it would be another one."""


@click.command("review", cls=Answering)
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
    door: Door,
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
            desk = lay_out_report(place, report, use_cases, suspect=suspect, release=release)
        else:
            desk = lay_out(place, use_cases, suspect=suspect, release=release)
        meaning = Meaning.REJECTED if reject else Meaning.APPROVED_FOR_GO_LIVE
        word = Word(meaning, comment, acknowledged(desk, names))
        _show(desk, word.acknowledged)
        if not desk.signings:
            return 0
        if approve or reject:
            tell(sign(place, desk, decider(place, by), word))
            tell_standing(place, [] if report is not None else [one.use_case for one in desk.signings], desk.release)
        else:
            _preview(place, desk, word, by, report)
    if not approve and not reject:
        refuse_damage(desk.problems)
    return 0


def _show(desk: Desk, named: Iterable[str]) -> None:
    for one in desk.signings:
        lines = render_signing(one, frozenset(named), output.width(), unicode=output.unicode())
        output.say([*lines, ()])
    for sentence in desk.left_out:
        click.echo(sanitise(sentence))
    if not desk.signings:
        click.echo("no use case has to be reviewed again")


def _preview(place: Place, desk: Desk, word: Word, by: str | None, report: Path | None) -> None:
    """Say how to sign, and what would come of it."""
    source = f" --from {shlex.quote(str(report))}" if report is not None else ""
    names = " ".join(shlex.quote(one.use_case) for one in desk.signings) + source
    missing = [name for one in desk.signings for name in one.to_acknowledge if name not in word.acknowledged]
    more = "".join(f" --acknowledge {shlex.quote(name)}" for name in (*word.acknowledged, *missing))
    click.echo("nothing was signed; to sign:")
    click.echo(sanitise(f"  readiness review {names} --approve{more}", _LONG))
    click.echo(sanitise(f"  readiness review {names} --reject --comment '...'", _LONG))
    try:
        who = decider(place, by)
    except RefusedError as error:
        click.echo(sanitise(f"who signs: {error}"))
        return
    everything = Word(word.meaning, word.comment, (*word.acknowledged, *missing))
    for reason in refusals(place, desk, who, everything):
        click.echo(sanitise(f"as it stands, an approval by {who.name} would be refused: {reason}"))
