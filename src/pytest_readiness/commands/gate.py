"""``readiness gate``: may this go live? Exit code 0 for yes, 1 for no; fails closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..errors import ConfigError
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..pipeline.maintenance import save_verdict
from ..regular_files import read_regular
from ..views.gate import render_verdict
from . import options, output
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand, keep_until_exit


@click.command("gate", cls=ExitCodeCommand)
@options.use_cases
@click.option("--on", type=click.Choice(["review", "evidence"]), help="What eligible means; default: as configured.")
@click.option("--waivers", type=click.Choice(["accept", "refuse"]), help="Whether a waived requirement may pass; same.")
@options.release
@options.checkpoints
@click.option(
    "--no-regression",
    "earlier",
    type=options.FILE,
    metavar="REPORT.json",
    help="Let through what is not worse than in this JSON report.",
)
@click.option(
    "--report-only", is_flag=True, help="Exit 0 whatever the verdict is; 3 still where evidence is not intact."
)
@click.option("--keep", is_flag=True, help="Keep the verdict in the store, and say under which id.")
@pass_door
def command(  # noqa: PLR0913 - what the options say
    door: CliContext,
    *,
    use_cases: tuple[str, ...],
    on: str | None,
    waivers: str | None,
    release: str | None,
    checkpoints: tuple[Path, ...],
    earlier: Path | None,
    report_only: bool,
    keep: bool,
) -> int:
    """Say whether the use cases (ids or globs; default: all) are eligible for go-live, rule by rule.

    Exits 0 where they are, 1 where they are not, 2 where that cannot be asked (unknown use case, broken config or
    tracker), 3 where what is stored is not intact.
    """
    place = door.place()
    before = _read(earlier) if earlier is not None else None
    request = EvaluationRequest(
        use_cases,
        on=on,
        waivers=waivers,
        release=release,
        only_release=release is not None,
        no_regression=before,
        checkpoints=checkpoints,
        to_sign=keep,
    )
    report = evaluate_project(place, request)
    keep_until_exit(report, place)
    output.print_lines(render_verdict(report, output.terminal_width(), unicode=output.prints_unicode()))
    if keep:
        click.echo(f"kept as verdict {save_verdict(place, report)}")
    if report.context.problems:
        return 3
    return 0 if report_only or report.verdict.passes else 1


def _read(path: Path) -> dict[str, Any]:
    """Return an earlier report; what it holds is judged where it is used.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        document = json.loads(read_regular(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: is no JSON report")
    return document
