"""``readiness merge``: take bundles from elsewhere into the store."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import count
from ..pipeline.bundles import MergeResult, merge_bundles
from ..pipeline.maintenance import SigningResult, sign_untrusted
from ..views.sanitise import sanitise
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("merge", cls=ExitCodeCommand)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@pass_door
def command(door: CliContext, files: tuple[Path, ...]) -> int:
    """Take bundles into the store: what is there already is passed over, and the order does not matter.

    Each is checked first, and taken in whole or not at all. With READINESS_SIGNER their runs are signed, but for those
    that a trusted key has signed. Exits 3 where one was refused (2 where it is no file at all).
    """
    place = door.place()
    taken = merge_bundles(place, files)
    for one in taken:
        _tell(one)
        brings = one.merged is not None and one.merged.decisions
        if brings and place.settings.decisions != "store":
            told = f"decisions are files in '{place.settings.decisions}' here: those of {one.path} do not count"
            click.echo(f"readiness: {sanitise(told, 600)}", err=True)
    signed = sign_untrusted(place, [run_id for one in taken for run_id in one.runs])
    if signed is not None:
        _tell_signed(signed)
    return max(3 if signed is not None and signed.problem else 0, *(one.exit_code for one in taken))


def _tell_signed(signed: SigningResult) -> None:
    if signed.problem:
        click.echo(f"readiness: {sanitise(signed.problem)}", err=True)
        return
    whose = "READINESS_SIGNER" if signed.runs else "READINESS_SIGNER, since a trusted key or this one had signed each"
    click.echo(f"signed with {whose}: {count(signed.runs, 'run')}")
    if not signed.trusted:
        told = "the key that signed is not trusted with runs ([keys]): its signatures count for nothing here"
        click.echo(f"readiness: {told}", err=True)


def _tell(one: MergeResult) -> None:
    if one.merged is None:
        click.echo(f"readiness: not merged: {sanitise(one.problem, 1000)}", err=True)
        return
    new = one.merged
    brought = [count(len(new.runs), "run"), count(len(new.decisions), "decision"), count(new.verdicts, "verdict")]
    brought += [count(new.artifacts, "artifact"), *([count(new.statements, "signature")] if new.statements else [])]
    known = f"{count(new.already_stored, 'record')} {'was' if new.already_stored == 1 else 'were'} there already"
    click.echo(sanitise(f"{one.path}: {', '.join(brought)} new; {known}"))
    if one.report_note:
        click.echo(f"readiness: {sanitise(f'{one.path}: {one.report_note}', 600)}", err=True)
    if one.self_declared:
        they = f"of {count(one.self_declared, 'decision')} of {one.path} it is only declared here who decided"
        told = f"{they}, whatever is said there: no trusted key signed {'it' if one.self_declared == 1 else 'them'}"
        click.echo(f"readiness: {sanitise(told, 600)}", err=True)
    if one.other_registers:
        told = f"{one.path} holds records of other registers, which do not count here: {', '.join(one.other_registers)}"
        click.echo(f"readiness: {sanitise(told, 600)}", err=True)
