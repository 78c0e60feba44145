"""The shell door: ``readiness COMMAND``. It finds the command, and turns every end into one line and an exit code."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

import click

from .errors import ReadinessError, SeveralError, UnansweredError, nearest
from .foreign import why
from .views.sanitise import sanitise, sanitise_lines

NAME = "readiness"
_USAGE, _STORAGE, _INTERRUPTED = 2, 3, 130
_UNANSWERED = 3
"""How a command ends unless it has answered."""
_UNWRITTEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EBADF})
_MANY = 5_000_000
"""Values that a command makes before it looks for cycles among them."""
_LINE = 2000
"""Characters of a line about something unexpected."""
_TRACEBACK = 100_000
"""Characters of a traceback that are shown."""

COMMANDS = {
    "init": ("init", "Write readiness.toml, adopting the tracker or writing a new one."),
    "check": ("check", "Say whether config, tracker and store are sound."),
    "report": ("report", "Tell where the use cases stand."),
    "gate": ("gate", "Say whether the use cases may go live, as an exit code."),
    "why": ("why", "Tell why a use case or requirement stands where it does."),
    "next": ("nextsteps", "Tell who must do what, most urgent first."),
    "show": ("show", "Show evidence in the fields of the template."),
    "record": ("record", "Record evidence from outside pytest: a command, an examined result, JUnit XML."),
    "review": ("review", "Show what is to be signed, and sign it."),
    "waive": ("waive", "Except a requirement for a time."),
    "block": ("block", "Keep a use case from going live until it is unblocked."),
    "unblock": ("unblock", "End what blocks a use case."),
    "retire": ("retire", "Take a test out of what must pass, or let go of a use case that left."),
    "history": ("history", "Tell what became of a use case: runs, decisions, promotions and demotions."),
    "sync": ("sync", "Write the derived status into the tracker's rows that say another."),
    "recover": ("recover", "Take in what a crash or an absent server left behind."),
    "verify": ("verify", "Recompute everything that is kept, and name what does not fit."),
    "checkpoint": ("checkpoint", "Print the store's head, in a form to keep elsewhere."),
    "bundle": ("bundle", "Write what the store holds into a file, to be carried elsewhere."),
    "merge": ("merge", "Take bundles from elsewhere into the store."),
}
"""Module in ``commands/`` and one sentence for each command: so that one command does not import the others."""


class _Commands(click.Group):
    """Commands that are imported when called, and errors as one line."""

    is_whole_process = False
    """Nothing comes after the command: it was started by itself, and not called by other code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f".commands.{COMMANDS[cmd_name][0]}", __package__).command
        from .commands.answering import Answering  # here, as the commands

        if not isinstance(command, Answering):
            raise TypeError(f"commands/{COMMANDS[cmd_name][0]}.py has no 'command' that answers")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command '{args[0]}'{nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and return its exit code."""
        try:
            code = self._answered(ctx)
            # A reader that has gone is noticed here, and not after the exit code has been settled.
            sys.stdout.flush()
        except click.exceptions.Exit as end:
            code = end.exit_code
        except (click.ClickException, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            code = _INTERRUPTED
        except SeveralError as error:
            for line in error.lines[:-1]:
                _say(line)
            code = _failed(ctx, error.lines[-1], error.exit_code)
        except ReadinessError as error:
            code = _failed(ctx, str(error), error.exit_code)
        except BaseException as error:  # noqa: BLE001 - the last one to know: whatever it is, it is no answer
            told = _lost(error) or f"a defect, not your mistake: {why(error, _LINE)}{_ask_for_debug(ctx)}"
            code = _failed(ctx, told, _STORAGE)
        if self.is_whole_process:
            _leave(code)
        return code

    def _answered(self, ctx: click.Context) -> int:
        """Return what the command answered; ``Exit`` comes from those of click's options that answer themselves."""
        printed_to = sys.stdout
        code = super().invoke(ctx)
        if type(code) is not int:
            raise UnansweredError(f"'{ctx.invoked_subcommand}' ended before it had answered")
        if sys.stdout is not printed_to:
            sys.stdout = printed_to
            raise UnansweredError(f"a plugin took the output of '{ctx.invoked_subcommand}' away: nobody can read it")
        return code

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command, and end with its exit code: the one place that settles it."""
        standalone = extra.get("standalone_mode", True)
        extra["standalone_mode"] = False
        code = _UNANSWERED
        try:
            ended = super().main(*args, **extra)
            code = ended if type(ended) is int else _UNANSWERED
        except SystemExit as end:  # of click's own: a pipe that nobody reads any more
            code = end.code if isinstance(end.code, int) and end.code else _UNANSWERED
        except click.Abort:
            code = _INTERRUPTED
        except click.UsageError as error:
            _say(f"{error.format_message().rstrip('.')} (see `{_path(error.ctx)} --help`)")
            code = _USAGE
        except click.ClickException as error:
            _say(error.format_message())
            code = error.exit_code
        except OSError as error:  # of those of click's options that answer themselves
            if (lost := _lost(error)) is None:
                raise
            _say(lost)
            code = _STORAGE
        if standalone:
            raise SystemExit(code)
        return code


def _leave(code: int) -> None:
    """End the process here and now, as far as nothing is lost by it.

    What a command has made is not freed value by value first, which takes a tenth of the time of a gate: the system
    takes it all at once.
    """
    if threading.active_count() > 1:
        return  # for which Python's own end waits
    try:
        atexit._run_exitfuncs()  # noqa: SLF001 - what others have asked for; there is no other way to it
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001
        return  # Python's own end tells of what could not be written
    os._exit(code)


def _lost(error: BaseException) -> str | None:
    """Return what is told where what was printed could not be written; of a file of ours a line of its own says so."""
    if isinstance(error, OSError) and error.errno in _UNWRITTEN and error.filename is None:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__", "").partition(".")[0] == "click" or frame.f_code.co_filename == __file__:
            return f"standard output cannot be written, so its answer is lost: {error.strerror}"
        return f"a file could not be read or written, and the system does not say which: {error.strerror}"
    return None


def _path(context: click.Context | None) -> str:
    return context.command_path if context is not None else NAME


def _ask_for_debug(ctx: click.Context) -> str:
    return "" if ctx.params["debug"] else f"; `{NAME} --debug ...` prints where, please report that"


def _failed(ctx: click.Context, message: str, code: int) -> int:
    if ctx.params["debug"]:
        click.echo(sanitise_lines(traceback.format_exc(), _TRACEBACK), err=True)
    _say(message)
    return code


def _say(message: str) -> None:
    click.echo(f"{NAME}: {sanitise(' '.join(message.split()))}", err=True)


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if not wanted or ctx.resilient_parsing:
        return
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
    help="Config to use; else the nearest, upward from the working folder.",
)
@click.option("--store", envvar="READINESS_STORE", metavar="URL", help="Store to use; else the config's.")
@click.option("--debug", is_flag=True, help="Print a traceback with an error.")
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Say which.")
@click.pass_context
def commands(ctx: click.Context, config: Path | None, store: str | None, debug: bool) -> None:  # noqa: FBT001 - click's way
    """Production readiness from real test runs: evidence, where each use case stands, and the gate.

    Exit codes: 0 yes, 1 no, 2 usage or config error, 3 integrity or storage failure.
    """
    from .commands.door import Door

    if store is not None and not store.strip():
        raise click.UsageError("--store is empty: give it a URL, or leave it out", ctx)
    ctx.obj = Door(config, store, debug)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(_USAGE)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run ``readiness`` with these arguments (else the process's) and exit."""
    if sys.stdout is None:  # closed by who started it: the next file that is opened would be in its place
        _say("standard output is closed, so it can answer nothing: open it, or send it to a file")
        sys.exit(_STORAGE)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a sign shows its escape: a report must not end in an encoding error.
            stream.reconfigure(errors="backslashreplace")
    # A command makes many values and hardly a cycle: looking for cycles at every step takes a third of its time.
    gc.set_threshold(_MANY)
    commands.main(args=list(arguments) if arguments is not None else None, prog_name=NAME)
    raise AssertionError("click has exited")


def run() -> NoReturn:
    """Be the process ``readiness``: as ``main``, and nothing comes after the command."""
    commands.is_whole_process = True
    main()
