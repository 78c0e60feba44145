"""Command ``readiness record``: records evidence from outside pytest."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from glob import has_magic
from pathlib import Path
from typing import Any

import click

from ..claims.catalogue import PROOF_OF_PART, PROOFS, REPLAY_MODES
from ..claims.target import claim_of
from ..errors import ConfigError, ReadinessError, SeveralError, one_line, suggestion
from ..external.import_results import ImportPreview, claims_of, mapping_notes, preview_junit, record_junit
from ..external.junit.timestamps import parse_timezone
from ..external.map_file import read_map_file
from ..external.mapping import MappingRule
from ..external.record import RecordOptions, RecordResult, is_of_pytest, record_command, record_examined
from ..facts.evidence import Result
from ..facts.proofs.values import OwnProof
from ..facts.subject import parse_subjects
from ..pipeline.evaluate_project import Project
from ..views.sanitise import sanitise
from . import completion, options
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand
from .junit_listing import list_report
from .recorded_output import print_recorded

_RESULTS = tuple(result.value for result in (Result.PASSED, Result.FAILED, Result.ERROR, Result.SKIPPED))
_CONFIG, _STORAGE = 2, 3
_JUNIT_OPTIONS = {"maps": "--map", "map_files": "--map-file", "only_list": "--list", "timezone": "--timezone"}
_COMMAND = f"{__name__}.command"
_ARGV = f"{__name__}.argv"
_CONTEXT = {
    "environment": ("NAME", "Environment that it ran in"),
    "provider-mode": ("NAME", "Provider mode that it used"),
    "tenant": ("ID", "Tenant of the product under test"),
    "project": ("ID", "Project of the product under test"),
    "release": ("NAME", "Release that it is recorded for"),
    "actor": ("NAME", "Who records it"),
}


class _Record(ExitCodeCommand):
    """Command whose arguments end with the command line to run, after ``--``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options, has_dashes, command_line = _split_at_dashes(args)
        ctx.meta[_COMMAND], ctx.meta[_ARGV] = command_line, ("record", *args)
        if has_dashes and not command_line:
            raise click.UsageError("there is no command after '--'", ctx)
        try:
            return super().parse_args(ctx, _one_value_each(options))
        except click.UsageError as error:
            if not has_dashes and "unexpected extra argument" in error.message:
                raise click.UsageError(f"{error.message}: put the command after '--'", ctx) from None
            raise

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def _split_at_dashes(args: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in args:
        return list(args), False, []
    at = args.index("--")
    return list(args[:at]), True, list(args[at + 1 :])


def _one_value_each(args: Sequence[str]) -> list[str]:
    """Return the arguments with one value for each option, since click has no options with several values.

    ``--proof KIND key=value key=value`` becomes one option with a JSON list. ``--junit a.xml b.xml``, to which a shell
    expands ``--junit *.xml``, becomes one option for each file.
    """
    result: list[str] = []
    remaining = list(args)
    while remaining:
        argument = remaining.pop(0)
        if argument == "--proof" and remaining:
            argument = f"--proof={remaining.pop(0)}"
        if argument.startswith("--proof="):
            values = [argument.removeprefix("--proof=")]
            while remaining and "=" in remaining[0] and not remaining[0].startswith("-"):
                values.append(remaining.pop(0))
            argument = f"--proof={json.dumps(values)}"
        elif argument == "--junit" or argument.startswith("--junit="):
            if argument == "--junit" and remaining:
                argument = f"--junit={remaining.pop(0)}"
            while remaining and _is_file(remaining[0]):
                result.append(argument)
                argument = f"--junit={remaining.pop(0)}"
        result.append(argument)
    return result


def _is_file(argument: str) -> bool:
    """Return whether an argument after ``--junit`` is another file, and not an option or a misplaced use case."""
    if argument.startswith("-"):
        return False
    return argument.lower().endswith(".xml") or has_magic(argument) or Path(argument).exists()


def _subject_text(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> str | None:
    """Return the digests of what is under test as one text, in the form of ``READINESS_SUBJECT``."""
    source = context.get_parameter_source(option.name or "")
    name = "READINESS_SUBJECT" if source is click.core.ParameterSource.ENVIRONMENT else "--subject"
    return " ".join(f"{name}={digest}" for name, digest in parse_subjects(value, name).items()) if value else None


def _context_options(function: Any) -> Any:
    complete = {"environment": completion.environments, "provider-mode": completion.provider_modes}
    for name, (metavar, about) in reversed(_CONTEXT.items()):
        variable = f"READINESS_{name.replace('-', '_').upper()}"
        option = click.option(
            f"--{name}",
            callback=options.text,
            envvar=variable,
            metavar=metavar,
            help=f"{about}; default: {variable}.",
            shell_complete=complete.get(name),
        )
        function = option(function)
    return function


@click.command("record", cls=_Record)
@click.argument("use_case", required=False, metavar="[UC]", shell_complete=completion.use_cases)
@click.option(
    "--item", metavar="N", shell_complete=completion.items, help="Number or name of the item that it is evidence for."
)
@_context_options
@click.option(
    "--subject",
    multiple=True,
    callback=_subject_text,
    envvar="READINESS_SUBJECT",
    metavar="[NAME=]sha256:HEX",
    help="Digest of what is under test; repeatable, a name each; default: READINESS_SUBJECT.",
)
@click.option("--part", metavar="NAME", help="Part of the item, or drill, that it covers.")
@click.option("--replay-mode", type=click.Choice(REPLAY_MODES), help="How the replay was validated.")
@click.option("--proof", "proofs", multiple=True, metavar="KIND key=value...", help="A proof of this kind; repeatable.")
@click.option("--result", type=click.Choice(_RESULTS), help="Result of a manual check; only without a command.")
@click.option(
    "--id",
    "test_id",
    metavar="NAME",
    help="Test id of the manual check or command; a later result with this id replaces it.",
)
@click.option("--note", "notes", multiple=True, metavar="TEXT", help="Free text; repeatable.")
@click.option(
    "--reference", "references", multiple=True, metavar="NAME=URL", help="External log or dashboard; repeatable."
)
@click.option(
    "--artifact",
    "artifacts",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="File to store; repeatable.",
)
@click.option(
    "--junit",
    multiple=True,
    type=options.PATH,
    metavar="PATH...",
    help="JUnit XML files, or folders of them, to import; repeatable.",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="PATTERN=UC/ITEM",
    help="Test cases (glob) that are evidence for this item; repeatable.",
)
@click.option(
    "--map-file",
    "map_files",
    multiple=True,
    type=options.PATH,
    metavar="FILE",
    help="TOML file with such mappings in a table [map]; repeatable.",
)
@click.option("--list", "only_list", is_flag=True, help="List the test cases and how they are mapped; record nothing.")
@click.option("--timezone", metavar="ZONE", help="Time zone of JUnit times without one: Europe/Berlin, UTC, +02:00.")
@click.pass_context
@pass_cli_context
def command(cli: CliContext, context: click.Context, /, **given: Any) -> int:
    """Record evidence from outside pytest.

    Runs COMMAND and stores its output, records the result of a manual check, or imports JUnit XML files. Exits 0 if it
    passed (or was imported), 1 if it did not, 2 if nothing was recorded (also if COMMAND cannot be started), 3 if it
    could not be stored.
    """
    command_line: list[str] = context.meta[_COMMAND]
    _refuse_conflicts(given, command_line, context)
    project = cli.project(records=True)
    record_options = _record_options(project, given, context.meta[_ARGV])
    if given["junit"]:
        preview = preview_junit(
            project, given["junit"], _rules(project, given, record_options), record_options.timezone
        )
        if given["only_list"]:
            return _list(project, preview, record_options)
        recorded = record_junit(project, preview, record_options)
        print_recorded(recorded)
        return _exit_code(project, recorded, 0)
    target = given["use_case"], given["item"]
    if command_line:
        recorded = record_command(project, target, record_options, command_line, _echo, given["test_id"])
    else:
        recorded = record_examined(project, target, record_options, Result(given["result"]), given["test_id"])
    print_recorded(recorded)
    return _exit_code(project, recorded, int(not recorded.passed))


def _list(project: Project, preview: ImportPreview, record_options: RecordOptions) -> int:
    """Print the test cases and how they are mapped, then raise an error for wrong properties."""
    for note in (*preview.notes, *mapping_notes(preview)):
        click.echo(f"readiness: {sanitise(note)}", err=True)
    claims, problems = claims_of(preview.mapping, project, record_options)
    click.echo("\n".join(list_report(project, preview, claims)))
    if problems:
        raise SeveralError(*problems)
    return 0


def _exit_code(project: Project, recorded: RecordResult, code: int) -> int:
    """Print why a plugin cannot be used, and return the exit code. The evidence is recorded all the same."""
    if problem := project.plugin_problem:
        click.echo(f"readiness: {sanitise(problem, 2000)}", err=True)
    if recorded.problems:
        return _STORAGE
    return _CONFIG if problem else code


def _refuse_conflicts(given: dict[str, Any], command_line: Sequence[str], context: click.Context) -> None:
    """Raise the first conflict between the options as a usage error."""
    conflicts = _junit_conflicts(given, command_line) if given["junit"] else _conflicts(given, command_line)
    for conflict in conflicts:
        raise click.UsageError(conflict, context)


def _junit_conflicts(given: dict[str, Any], command_line: Sequence[str]) -> list[str]:
    names = {"use_case": "use case", "item": "--item", "result": "--result", "test_id": "--id"}
    conflicts = [
        f"--junit takes no {name}: --map says what its tests are evidence for"
        for key, name in names.items()
        if given[key] is not None
    ]
    return [*conflicts, *(["--junit imports files, and runs no command"] if command_line else [])]


def _conflicts(given: dict[str, Any], command_line: Sequence[str]) -> list[str]:
    conflicts = []
    if given["use_case"] is None:
        conflicts.append("name a use case, such as: readiness record UC-003 --item 4 -- ./check.sh")
    if given["item"] is None:
        conflicts.append("name the item that it is evidence for with --item")
    conflicts += [f"{name} needs --junit" for key, name in _JUNIT_OPTIONS.items() if given[key]]
    if command_line and given["result"] is not None:
        conflicts.append("the exit code of a command is its result: remove --result")
    if given["test_id"] is not None and not given["test_id"].strip():
        conflicts.append("--id needs a name")
    elif is_of_pytest(given["test_id"] or ""):
        conflicts.append("--id must not look like the id of a pytest test: choose another name")
    if not command_line and given["result"] is None:
        conflicts.append("give the result of a manual check with --result, or a command after '--'")
    return conflicts


def _record_options(project: Project, given: dict[str, Any], argv: tuple[str, ...]) -> RecordOptions:
    kinds = _kinds(project)
    proofs = tuple(_proof(json.loads(folded), kinds) for folded in given["proofs"])
    context = {name: value for name in (*_CONTEXT, "subject") if (value := given[name.replace("-", "_")])}
    mode = _agreed("provider-mode", context.get("provider-mode"), proofs, "credential", "mode")
    replay_mode = _agreed("replay-mode", given["replay_mode"], proofs, "replay", "mode")
    if replay_mode not in (None, *REPLAY_MODES):
        raise ConfigError(f"a replay is {' or '.join(REPLAY_MODES)}, not '{one_line(replay_mode, 60)}'")
    return RecordOptions(
        argv=argv,
        context=context | ({"provider-mode": mode} if mode else {}),
        part=_agreed("part", given["part"], proofs, "drill", "name"),
        replay_mode=replay_mode,
        proofs=proofs,
        notes=given["notes"],
        references=tuple(_reference(text) for text in given["references"]),
        artifacts=given["artifacts"],
        timezone=parse_timezone(given["timezone"]) if given["timezone"] else None,
    )


def _kinds(project: Project) -> set[str]:
    items = project.catalogue.items.values()
    required = {kind for item in items for kind in (item.parts if item.proof == PROOF_OF_PART else (item.proof,))}
    return {*PROOFS, *required} - {"none", PROOF_OF_PART}


def _proof(values: Sequence[str], kinds: Collection[str]) -> OwnProof:
    kind, *pairs = values
    if kind not in kinds:
        hint = suggestion(kind, kinds) or f" (proofs are {', '.join(sorted(kinds))})"
        raise ConfigError(f"there is no proof '{one_line(kind, 60)}'{hint}")
    details = tuple((name, value) for name, _, value in (pair.partition("=") for pair in pairs))
    if not details or not all(name and value for name, value in details):
        raise ConfigError(f"--proof {kind} needs details, such as: --proof {kind} key=value")
    return OwnProof(kind, details)


def _agreed(option: str, given: str | None, proofs: Sequence[OwnProof], kind: str, key: str) -> str | None:
    """Return the value of an option, else the value that a proof gives for it.

    Raises:
        ConfigError: they give different values.
    """
    from_proofs = [value for proof in proofs if proof.own == kind for name, value in proof.details if name == key]
    values = [*([given] if given else []), *from_proofs]
    if len(set(values)) > 1:
        names = " and ".join(f"'{one_line(value, 60)}'" for value in dict.fromkeys(values))
        raise ConfigError(f"--{option} and --proof {kind} {key}=... give {names}: record each separately")
    return values[0] if values else None


def _reference(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    if not name.strip() or not url.strip() or "://" in name:
        raise ConfigError(f"--reference takes NAME=URL, such as log=https://..., not '{one_line(text, 100)}'")
    return name, url


def _rules(project: Project, given: dict[str, Any], record_options: RecordOptions) -> list[MappingRule]:
    """Return the rules of ``--map`` and ``--map-file``, or raise one error with all their problems."""

    def problem_of(target: str) -> str:
        try:
            claim_of(target, project.catalogue, record_options.part, record_options.replay_mode)
        except ReadinessError as error:
            return str(error)
        return ""

    rules, problems = [], []
    for text in given["maps"]:
        pattern, _, target = text.rpartition("=")
        if not pattern:
            form = "--map takes PATTERN=UC/ITEM, such as '*::test_*=UC-003/4'"
            problems.append(f"{form}, not '{one_line(text, 100)}'")
        elif problem := problem_of(target):
            problems.append(f"--map '{one_line(pattern, 60)}': {problem}")
        rules.append(MappingRule(pattern, target, "--map"))
    for path in given["map_files"]:
        file_rules, file_problems = read_map_file(path, problem_of)
        rules += file_rules
        problems += file_problems
    if problems:
        raise SeveralError(*problems)
    return list(dict.fromkeys(rules))


def _echo(block: bytes) -> None:
    """Write the command's output to standard output, unchanged."""
    sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
