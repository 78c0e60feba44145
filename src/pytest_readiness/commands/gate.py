"""``readiness gate``: may this go live? Exit code 0 for yes, 1 for no; fails closed."""

from __future__ import annotations

import click

from ..pipeline import Request, judge
from ..views.gate import render_verdict
from . import printing
from .door import Door, pass_door


@click.command("gate")
@click.argument("use_cases", nargs=-1, metavar="[UC]...")
@click.option("--on", type=click.Choice(["review", "evidence"]), help="What eligible means; default: as configured.")
@click.pass_context
@pass_door
def command(door: Door, context: click.Context, use_cases: tuple[str, ...], on: str | None) -> None:
    """Say whether the use cases (ids or globs; default: all) are eligible for go-live, rule by rule.

    Exits 0 where they are, 1 where they are not, 2 where that cannot be asked (unknown use case, broken config or
    tracker), 3 where what is stored is not intact.
    """
    report = judge(door.place(), Request(use_cases, on=on))
    printing.say(render_verdict(report, printing.width(), unicode=printing.unicode()))
    if report.context.problems:
        context.exit(3)
    context.exit(0 if report.verdict.eligible else 1)
