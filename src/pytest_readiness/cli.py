"""Command line entry point: ``readiness COMMAND``.

Finds the command, and turns its result into an exit code and every error into one line.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .errors import ReadinessError, SeveralError, UnansweredError, suggestion
from .hints import options_for, typable, use_options
from .process_exit import guarded_exit
from .standard_streams import StandardStreams, discard_unwritten
from .third_party import describe_exception
from .views.sanitise import sanitise, sanitise_lines

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

NAME = "readiness"
COMPLETE = "_READINESS_COMPLETE"
"""Variable by which a shell asks for completion."""
_USAGE, _STORAGE, _INTERRUPTED = 2, 3, 130
_UNANSWERED = 3
"""Exit code of a command that ends without a result."""
_UNWRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EBADF})
_MANY = 5_000_000
"""Allocations before the garbage collector first searches for cycles."""
_LINE = 2000
"""Characters of a message about an unexpected error."""
_TRACEBACK = 100_000
"""Characters of a printed traceback."""
_STREAMS: list[StandardStreams] = []
"""The streams of this process, from the start of a command on."""

COMMANDS = {
    "init": ("init", "Create readiness.toml; adopt the tracker, or write a new one."),
    "check": ("check", "Check config, tracker and store for problems."),
    "report": ("report", "Show the status of all use cases; `readiness status` is the same."),
    "gate": ("gate", "Check whether the use cases may go live (exit code 0 or 1)."),
    "why": ("why", "Explain the status of a use case or requirement."),
    "next": ("next_", "List who must do what, most urgent first."),
    "show": ("show", "Show evidence in the fields of the evidence template."),
    "record": ("record", "Record evidence from outside pytest: a command, a manual check, JUnit XML."),
    "review": ("review", "Show what a review covers, and approve or reject it."),
    "waive": ("waive", "Grant a time-limited exception for a requirement."),
    "block": ("block", "Block go-live of a use case."),
    "unblock": ("unblock", "End all blockers of a use case."),
    "retire": ("retire", "Retire a test, a removed use case, or a broken run."),
    "diff": ("diff", "Show what became ready or not between two reports, runs, times or revisions."),
    "history": ("history", "Show the history of a use case: runs, decisions and status changes."),
    "sync": ("sync", "Update the tracker's status column where it differs."),
    "recover": ("recover", "Import runs left over from a crash or an unreachable store."),
    "open": ("open_", "Write the report as a page, and open it in the browser."),
    "artifact": ("artifact", "Print or save an artifact of a piece of evidence, as it was recorded."),
    "deployed": ("deployed", "Check whether each image that runs was judged eligible."),
    "verify": ("verify", "Verify the integrity of the store."),
    "checkpoint": ("checkpoint", "Print a checkpoint of the store, to keep elsewhere."),
    "bundle": ("bundle", "Export runs and decisions to a file."),
    "merge": ("merge", "Import bundles into the store."),
}
"""Module in ``commands/`` and summary of each command. A command does not import the others."""
ALIASES = {"status": "report"}
"""Other names of commands: what people type first."""


class _Commands(click.Group):
    """Command group that imports a command when it is called, and prints an error as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f".commands.{COMMANDS[cmd_name][0]}", __package__).command
        from .commands.exit_code import ExitCodeCommand  # loaded late, as the commands are

        if not isinstance(command, ExitCodeCommand):
            raise TypeError(f"commands/{COMMANDS[cmd_name][0]}.py has no 'command' of type ExitCodeCommand")
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so, without importing the commands."""
        from click.shell_completion import CompletionItem  # late: only for a shell

        commands = [
            CompletionItem(name, help=about) for name, (_, about) in COMMANDS.items() if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        args = [ALIASES.get(args[0], args[0]), *args[1:]]
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command '{args[0]}'{suggestion(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and return its exit code."""
        try:
            code = self._run(ctx)
            # A closed pipe must be noticed before the exit code is final.
            sys.stdout.flush()
        except click.exceptions.Exit as end:
            code = end.exit_code
        except (click.ClickException, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            code = _INTERRUPTED
        except SeveralError as error:
            for line in error.lines[:-1]:
                _print_error(line)
            code = _fail(ctx, error.lines[-1], error.exit_code)
        except ReadinessError as error:
            code = _fail(ctx, str(error), error.exit_code)
        except BaseException as error:  # noqa: BLE001 - the outermost handler: any other end is a failure
            message = (
                _lost_output(ctx)
                or _output_problem(error)
                or f"internal error: {describe_exception(error, _LINE)}{_debug_hint(ctx)}"
            )
            code = _fail(ctx, message, _STORAGE)
        return code

    def _run(self, ctx: click.Context) -> int:
        """Return the exit code of the command. ``--help`` and the like raise ``Exit`` instead."""
        code = super().invoke(ctx)
        if type(code) is not int:
            raise UnansweredError(f"'{ctx.invoked_subcommand}' ended without a result")
        if message := _lost_output(ctx):
            raise UnansweredError(message)
        return code

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command, and exit with its code. No other place decides the exit code."""
        standalone = extra.get("standalone_mode", True)
        extra["standalone_mode"] = False
        code = _UNANSWERED
        try:
            result = super().main(*args, **extra)
            code = result if type(result) is int else _UNANSWERED
        except SystemExit as end:  # click's own, for a closed pipe
            code = end.code if isinstance(end.code, int) and end.code else _UNANSWERED
        except click.Abort:
            code = _INTERRUPTED
        except click.UsageError as error:
            _print_error(f"{error.format_message().rstrip('.')} (see `{_command_path(error.ctx)} --help`)")
            code = _USAGE
        except click.ClickException as error:
            _print_error(error.format_message())
            code = error.exit_code
        except OSError as error:  # from `--help` and the like
            if (problem := _output_problem(error)) is None:
                raise
            _print_error(problem)
            code = _STORAGE
        if standalone:
            raise SystemExit(code)
        return code


def _output_problem(error: BaseException) -> str | None:
    """Return the message for a standard output that cannot be written; None: the error is about something else."""
    if isinstance(error, OSError) and error.errno in _UNWRITTEN and error.filename is None:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__", "").partition(".")[0] == "click" or frame.f_code.co_filename == __file__:
            return f"standard output cannot be written, so the output is lost: {error.strerror}"
        return f"a file could not be read or written, and the system does not report which: {error.strerror}"
    return None


def _lost_output(ctx: click.Context) -> str | None:
    """Return the message for a stream that a plugin took away; None: both are there."""
    problem = _STREAMS[-1].restore() if _STREAMS else None
    return problem and f"a plugin {problem} of '{ctx.invoked_subcommand}' is lost"


def _command_path(context: click.Context | None) -> str:
    return context.command_path if context is not None else NAME


def _debug_hint(ctx: click.Context) -> str:
    return "" if ctx.params["debug"] else f"; please report it with the traceback that `{NAME} --debug ...` prints"


def _fail(ctx: click.Context, message: str, code: int) -> int:
    if ctx.params["debug"]:
        with suppress(OSError, ValueError):  # standard error is closed
            click.echo(sanitise_lines(traceback.format_exc(), _TRACEBACK), err=True)
    _lost_output(ctx)
    _print_error(message)
    return code


def _print_error(message: str) -> None:
    line = f"{NAME}: {sanitise(typable(' '.join(message.split())))}"
    (_STREAMS[-1] if _STREAMS else StandardStreams()).write_line(line)


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # late: 8 % of a small gate

    try:
        click.echo(f"{NAME} {version('pytest-readiness')}")
    except PackageNotFoundError:  # run from a source tree
        click.echo(f"{NAME} (not installed)")
    ctx.exit()


@click.group(NAME, cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="READINESS_CONFIG",
    metavar="PATH",
    help="Config file; default: READINESS_CONFIG, else the nearest one, from the working folder upwards.",
)
@click.option(
    "--store", envvar="READINESS_STORE", metavar="URL", help="Store URL; default: READINESS_STORE, else the config's."
)
@click.option("--debug", is_flag=True, help="Print a traceback on an error.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
@click.pass_context
def commands(ctx: click.Context, config: Path | None, store: str | None, debug: bool) -> None:  # noqa: FBT001 - click's way
    """Production readiness from real test runs: evidence, the status of each use case, and the go-live gate.

    Exit codes: 0 yes, 1 no, 2 usage or config error, 3 integrity or storage failure.
    """
    from .commands.cli_context import CliContext

    if store is not None and not store.strip():
        raise click.UsageError("--store is empty: give a URL, or omit the option", ctx)
    ctx.obj = CliContext(config, store, debug)
    typed_config = str(config) if config is not None and _is_typed(ctx, "config") else None
    use_options(options_for(typed_config, store if _is_typed(ctx, "store") else None))
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(_USAGE)


def _is_typed(ctx: click.Context, name: str) -> bool:
    """Return whether an option was typed, so that the next command needs it again; a variable stays set."""
    return ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run ``readiness`` with these arguments (else the process's) and exit."""
    if sys.stdout is None:  # closed by the caller: the next opened file would take its descriptor
        _print_error("standard output is closed: open it, or redirect it to a file")
        sys.exit(_STORAGE)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # Print an escape for a sign that the terminal cannot show, instead of an encoding error.
            stream.reconfigure(errors="backslashreplace")
    if COMPLETE in os.environ:
        from .commands.completion import answer_shell  # late: only for a shell

        sys.exit(answer_shell(commands, NAME, COMPLETE))
    # A command makes many values and hardly a cycle: the search for cycles is 7 % of a gate over 3,000 pieces.
    gc.set_threshold(_MANY)
    # The last search, at the end of the process, is 5 % of a gate on a small store.
    atexit.register(gc.freeze)
    _STREAMS.append(StandardStreams())
    end_process, answer = os._exit, _Answer()
    os._exit = guarded_exit(end_process, answer.code, _UNANSWERED)
    try:
        commands.main(args=list(arguments) if arguments is not None else None, prog_name=NAME)
    except SystemExit as end:
        answer.given = end.code if isinstance(end.code, int) else _UNANSWERED
        if arguments is None:
            discard_unwritten()
        raise
    finally:
        if arguments is not None:  # a program called this and goes on
            os._exit = end_process
            _STREAMS.pop()
    raise AssertionError("click has exited")


class _Answer:
    """The exit code that the command has answered with, for a plugin that ends the process at once."""

    given: int | None = None

    def code(self) -> int:
        """Return it; 3 with a message if the command has not answered yet."""
        if self.given is None:
            _print_error("a plugin ended the process by os._exit(0), before the command had answered")
            return _UNANSWERED
        return self.given
