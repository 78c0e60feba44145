"""Command ``readiness merge``: imports bundles into the store."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import count
from ..pipeline.bundles import MergeResult, merge_bundles
from ..pipeline.maintenance import SigningResult, sign_untrusted
from ..views.sanitise import sanitise
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("merge", cls=ExitCodeCommand)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@pass_cli_context
def command(cli: CliContext, files: tuple[Path, ...]) -> int:
    """Import bundles into the store. Known records are skipped, and the order of the bundles does not matter.

    Each bundle is checked first, and imported completely or not at all. With READINESS_SIGNER, runs that no trusted
    key has signed are signed. Exits 3 if a bundle is refused, 2 if a file does not exist.
    """
    project = cli.project()
    results = merge_bundles(project, files)
    for result in results:
        _print_result(result)
        has_decisions = result.merged is not None and result.merged.decisions
        if has_decisions and project.settings.decisions != "store":
            _warn(f"decisions are files in '{project.settings.decisions}' here: those of {result.path} do not count")
    signed = sign_untrusted(project, [run_id for result in results for run_id in result.runs])
    if signed is not None:
        _print_signed(signed)
    return max(3 if signed is not None and signed.problem else 0, *(result.exit_code for result in results))


def _print_signed(signed: SigningResult) -> None:
    if signed.problem:
        click.echo(f"readiness: {sanitise(signed.problem)}", err=True)
        return
    reason = "" if signed.runs else " (each was already signed with a trusted key or this one)"
    click.echo(f"signed with READINESS_SIGNER: {count(signed.runs, 'run')}{reason}")
    if not signed.trusted:
        _warn("the signing key is not trusted with runs ([keys]), so its signatures do not count here")


def _print_result(result: MergeResult) -> None:
    if result.merged is None:
        click.echo(f"readiness: not merged: {sanitise(result.problem, 1000)}", err=True)
        return
    new = result.merged
    numbers = [count(len(new.runs), "run"), count(len(new.decisions), "decision"), count(new.verdicts, "verdict")]
    numbers += [count(new.artifacts, "artifact"), *([count(new.statements, "signature")] if new.statements else [])]
    click.echo(
        sanitise(f"{result.path}: {', '.join(numbers)} new; {count(new.already_stored, 'record')} already stored")
    )
    if result.report_note:
        _warn(f"{result.path}: {result.report_note}")
    if result.self_declared:
        decisions, them = count(result.self_declared, "decision"), "it" if result.self_declared == 1 else "them"
        _warn(f"{result.path}: who made {decisions} is only self-declared here: no trusted key signed {them}")
    if result.other_registers:
        names = ", ".join(result.other_registers)
        _warn(f"{result.path} contains records of other registers, which do not count here: {names}")


def _warn(message: str) -> None:
    click.echo(f"readiness: {sanitise(message, 600)}", err=True)
