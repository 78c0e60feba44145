"""``readiness record``: evidence from outside pytest."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from glob import has_magic
from pathlib import Path
from typing import Any

import click

from ..claims.catalogue import PROOF_OF_PART, REPLAY_MODES
from ..claims.register import PROOFS
from ..errors import ConfigError, ReadinessError, SeveralError, one_line, suggestion
from ..external.import_results import ImportPreview, claims_of, mapping_notes, preview_junit, record_junit
from ..external.junit.timestamps import parse_timezone
from ..external.map_file import read_map_file
from ..external.mapping import MappingRule, claim_of
from ..external.record import RecordOptions, RecordResult, is_of_pytest, record_command, record_examined
from ..facts.evidence import Result
from ..facts.proofs.values import OwnProof
from ..pipeline.evaluate_project import Project
from ..views.sanitise import sanitise
from . import options
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand
from .junit_listing import list_report
from .recorded_output import print_recorded

_RESULTS = tuple(result.value for result in (Result.PASSED, Result.FAILED, Result.ERROR, Result.SKIPPED))
_CONFIG, _STORAGE = 2, 3
_OF_JUNIT = {"maps": "--map", "map_files": "--map-file", "only_list": "--list", "timezone": "--timezone"}
_COMMAND = f"{__name__}.command"
_ARGV = f"{__name__}.argv"
_CONTEXT = {
    "environment": ("NAME", "The environment that it took place in"),
    "provider-mode": ("NAME", "The provider mode that it used"),
    "tenant": ("ID", "The tenant of the product under test"),
    "project": ("ID", "The project of the product under test"),
    "release": ("NAME", "The release that it is made for"),
    "actor": ("NAME", "Who records"),
}


class _Record(ExitCodeCommand):
    """Takes the command apart from the options, and the words of a proof together."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ours, dashes, theirs = _parted(args)
        ctx.meta[_COMMAND], ctx.meta[_ARGV] = theirs, ("record", *args)
        if dashes and not theirs:
            raise click.UsageError("there is no command after '--'", ctx)
        try:
            return super().parse_args(ctx, _one_value_each(ours))
        except click.UsageError as error:
            if not dashes and "unexpected extra argument" in error.message:
                raise click.UsageError(f"{error.message}: a command stands behind '--'", ctx) from None
            raise

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def _parted(args: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in args:
        return list(args), False, []
    at = args.index("--")
    return list(args[:at]), True, list(args[at + 1 :])


def _one_value_each(args: Sequence[str]) -> list[str]:
    """``--proof KIND key=value key=value`` as one option with one value: click's options have no open end.

    So ``--junit a.xml b.xml``, as a shell writes ``--junit *.xml``: an option for each.
    """
    folded: list[str] = []
    waiting = list(args)
    while waiting:
        word = waiting.pop(0)
        if word == "--proof" and waiting:
            word = f"--proof={waiting.pop(0)}"
        if word.startswith("--proof="):
            said = [word.removeprefix("--proof=")]
            while waiting and "=" in waiting[0] and not waiting[0].startswith("-"):
                said.append(waiting.pop(0))
            word = f"--proof={json.dumps(said)}"
        elif word == "--junit" or word.startswith("--junit="):
            if word == "--junit" and waiting:
                word = f"--junit={waiting.pop(0)}"
            while waiting and _is_file(waiting[0]):
                folded.append(word)
                word = f"--junit={waiting.pop(0)}"
        folded.append(word)
    return folded


def _is_file(word: str) -> bool:
    """Return whether a word after ``--junit`` is one more file: what is no option, and no use case by mistake."""
    return not word.startswith("-") and (word.lower().endswith(".xml") or has_magic(word) or Path(word).exists())


def _context_options(function: Any) -> Any:
    for name, (metavar, about) in reversed(_CONTEXT.items()):
        variable = f"READINESS_{name.replace('-', '_').upper()}"
        option = click.option(
            f"--{name}", callback=options.text, envvar=variable, metavar=metavar, help=f"{about}; else {variable}."
        )
        function = option(function)
    return function


@click.command("record", cls=_Record)
@click.argument("use_case", required=False, metavar="[UC]")
@click.option("--item", metavar="N", help="Number or name of the item that it is evidence for.")
@_context_options
@click.option("--part", metavar="NAME", help="The named part of the item, or the drill, that it shows.")
@click.option("--replay-mode", type=click.Choice(REPLAY_MODES), help="How a replay was validated.")
@click.option(
    "--proof", "proofs", multiple=True, metavar="KIND key=value...", help="A proof of this kind; can be given again."
)
@click.option("--result", type=click.Choice(_RESULTS), help="What somebody examined; without a command only.")
@click.option(
    "--id",
    "test_id",
    metavar="NAME",
    help="Name of what was examined, or of the command in place of its words; a later result of that name replaces it.",
)
@click.option("--note", "notes", multiple=True, metavar="TEXT", help="Free text; can be given again.")
@click.option("--reference", "references", multiple=True, metavar="NAME=URL", help="A log or dashboard elsewhere.")
@click.option(
    "--artifact", "artifacts", multiple=True, type=click.Path(path_type=Path), metavar="PATH", help="A file to keep."
)
@click.option(
    "--junit",
    multiple=True,
    type=options.PATH,
    metavar="PATH...",
    help="Take in the results of JUnit XML files, or of folders of such; can be given again.",
)
@click.option(
    "--map", "maps", multiple=True, metavar="PATTERN=UC/ITEM", help="Which of its test cases are evidence for what."
)
@click.option(
    "--map-file",
    "map_files",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="The same, as a table [map] in TOML; can be given again.",
)
@click.option(
    "--list", "only_list", is_flag=True, help="Say what JUnit XML holds and how it is mapped; record nothing."
)
@click.option("--timezone", metavar="ZONE", help="Zone of its times that say none: Europe/Berlin, UTC, +02:00.")
@click.pass_context
@pass_door
def command(door: CliContext, context: click.Context, /, **given: Any) -> int:
    """Record evidence from outside pytest.

    Runs COMMAND and keeps its output, or records a result that somebody examined, or takes in the results of JUnit XML
    files. Exits 0 where it passed (or was taken in), 1 where it did not, 2 where nothing was recorded (also where
    COMMAND cannot be started), 3 where it could not be kept.
    """
    words: list[str] = context.meta[_COMMAND]
    _check_form(given, words, context)
    place = door.place(records=True)
    told = _told(place, given, context.meta[_ARGV])
    if given["junit"]:
        seen = preview_junit(place, given["junit"], _rules(place, given, told), told.timezone)
        if given["only_list"]:
            return _list(place, seen, told)
        recorded = record_junit(place, seen, told)
        print_recorded(recorded)
        return _code(place, recorded, 0)
    target = given["use_case"], given["item"]
    if words:
        recorded = record_command(place, target, told, words, _echo, given["test_id"])
    else:
        recorded = record_examined(place, target, told, Result(given["result"]), given["test_id"])
    print_recorded(recorded)
    return _code(place, recorded, int(not recorded.passed))


def _list(place: Project, seen: ImportPreview, told: RecordOptions) -> int:
    """Print what a report holds and what is mapped; a wrong property is told behind it."""
    for note in (*seen.notes, *mapping_notes(seen)):
        click.echo(f"readiness: {sanitise(note)}", err=True)
    claims, wrong = claims_of(seen.mapping, place, told)
    click.echo("\n".join(list_report(place, seen, claims)))
    if wrong:
        raise SeveralError(*wrong)
    return 0


def _code(place: Project, recorded: RecordResult, code: int) -> int:
    """Say why plugins cannot be used, and return the exit code: recorded is recorded, and that must not be missed."""
    if trouble := place.plugin_problem:
        click.echo(f"readiness: {sanitise(trouble, 2000)}", err=True)
    if recorded.problems:
        return _STORAGE
    return _CONFIG if trouble else code


def _check_form(given: dict[str, Any], words: Sequence[str], context: click.Context) -> None:
    """Say in one line what does not go together."""
    faults = _junit_faults(given, words) if given["junit"] else _faults(given, words)
    for fault in faults:
        raise click.UsageError(fault, context)


def _junit_faults(given: dict[str, Any], words: Sequence[str]) -> list[str]:
    alone = {"use_case": "a use case", "item": "--item", "result": "--result", "test_id": "--id"}
    faults = [f"--junit says by --map what its tests are evidence for, and takes no {alone[key].removeprefix('a ')}"
              for key in alone if given[key] is not None]  # fmt: skip
    return [*faults, *(["--junit reads files, and runs no command"] if words else [])]


def _faults(given: dict[str, Any], words: Sequence[str]) -> list[str]:
    faults = []
    if given["use_case"] is None:
        faults.append("name a use case, such as: readiness record UC-003 --item 4 -- ./check.sh")
    if given["item"] is None:
        faults.append("name the item that it is evidence for with --item")
    faults += [f"{name} goes with --junit" for key, name in _OF_JUNIT.items() if given[key]]
    if words and given["result"] is not None:
        faults.append("a command says its result by its exit code: take --result out")
    if given["test_id"] is not None and not given["test_id"].strip():
        faults.append("--id needs a name")
    elif is_of_pytest(given["test_id"] or ""):
        faults.append(
            "--id needs a name of its own: this is how pytest calls its tests, and only these replace each other"
        )
    if not words and given["result"] is None:
        faults.append("give the result that was examined with --result, or a command after '--'")
    return faults


def _told(place: Project, given: dict[str, Any], argv: tuple[str, ...]) -> RecordOptions:
    kinds = _kinds(place)
    proofs = tuple(_proof(json.loads(folded), kinds) for folded in given["proofs"])
    said = {name: value for name in _CONTEXT if (value := given[name.replace("-", "_")])}
    mode = _agreed("provider-mode", said.get("provider-mode"), proofs, "credential", "mode")
    replay_mode = _agreed("replay-mode", given["replay_mode"], proofs, "replay", "mode")
    if replay_mode not in (None, *REPLAY_MODES):
        raise ConfigError(f"a replay is {' or '.join(REPLAY_MODES)}, not '{one_line(replay_mode, 60)}'")
    return RecordOptions(
        argv=argv,
        context=said | ({"provider-mode": mode} if mode else {}),
        part=_agreed("part", given["part"], proofs, "drill", "name"),
        replay_mode=replay_mode,
        proofs=proofs,
        notes=given["notes"],
        references=tuple(_reference(text) for text in given["references"]),
        artifacts=given["artifacts"],
        timezone=parse_timezone(given["timezone"]) if given["timezone"] else None,
    )


def _kinds(place: Project) -> set[str]:
    items = place.catalogue.items.values()
    asked = {kind for item in items for kind in (item.parts if item.proof == PROOF_OF_PART else (item.proof,))}
    return {*PROOFS, *asked} - {"none", PROOF_OF_PART}


def _proof(words: Sequence[str], kinds: Collection[str]) -> OwnProof:
    kind, *pairs = words
    if kind not in kinds:
        told = suggestion(kind, kinds) or f" (proofs are {', '.join(sorted(kinds))})"
        raise ConfigError(f"there is no proof '{one_line(kind, 60)}'{told}")
    details = tuple((name, value) for name, _, value in (pair.partition("=") for pair in pairs))
    if not details or not all(name and value for name, value in details):
        raise ConfigError(f"--proof {kind} needs what it shows, such as: --proof {kind} key=value")
    return OwnProof(kind, details)


def _agreed(option: str, given: str | None, proofs: Sequence[OwnProof], kind: str, key: str) -> str | None:
    """Return what an option says, else what a proof says of the same thing: as in a test, it took place there."""
    shown = [value for proof in proofs if proof.own == kind for name, value in proof.details if name == key]
    said = [*([given] if given else []), *shown]
    if len(set(said)) > 1:
        names = " and ".join(f"'{one_line(one, 60)}'" for one in dict.fromkeys(said))
        raise ConfigError(f"--{option} and --proof {kind} {key}=... say {names}: record each by itself")
    return said[0] if said else None


def _reference(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    if not name.strip() or not url.strip() or "://" in name:
        raise ConfigError(f"--reference takes NAME=URL, such as log=https://..., not '{one_line(text, 100)}'")
    return name, url


def _rules(place: Project, given: dict[str, Any], told: RecordOptions) -> list[MappingRule]:
    """Return what the options and the files of maps say; all that is wrong with them is told at once."""

    def wrong(target: str) -> str:
        try:
            claim_of(target, place.catalogue, told.part, told.replay_mode)
        except ReadinessError as error:
            return str(error)
        return ""

    rules, faults = [], []
    for text in given["maps"]:
        pattern, _, target = text.rpartition("=")
        if not pattern:
            form = "--map takes PATTERN=UC/ITEM, such as '*::test_*=UC-003/4'"
            faults.append(f"{form}, not '{one_line(text, 100)}'")
        elif fault := wrong(target):
            faults.append(f"--map '{one_line(pattern, 60)}': {fault}")
        rules.append(MappingRule(pattern, target, "--map"))
    for path in given["map_files"]:
        found, more = read_map_file(path, wrong)
        rules += found
        faults += more
    if faults:
        raise SeveralError(*faults)
    return list(dict.fromkeys(rules))


def _echo(block: bytes) -> None:
    """Bytes as they are: what they mean is between the command and the terminal."""
    sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
