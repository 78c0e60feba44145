"""The shell door: finding commands, one-line errors and exit codes."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pytest_readiness import cli
from pytest_readiness.commands.cli_context import CliContext, pass_cli_context
from pytest_readiness.commands.exit_code import ExitCodeCommand
from pytest_readiness.errors import ConfigError, IntegrityError
from tests.project import Project


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs `readiness` in an empty folder, where `gate` does what the test gives it to do."""
    monkeypatch.chdir(tmp_path)
    for name in ("READINESS_CONFIG", "READINESS_STORE"):
        monkeypatch.delenv(name, raising=False)
    real = cli.import_module

    def invoke(*arguments: str, does=None, env=None):
        @click.command("gate", cls=ExitCodeCommand)
        @click.option("--on")
        @pass_cli_context
        def command(door: CliContext, on: str | None):
            return does(door) if does else 0

        class Module:
            pass

        Module.command = command
        replaced = lambda name, package=None: Module if name == ".commands.gate" else real(name, package)  # noqa: E731
        monkeypatch.setattr(cli, "import_module", replaced)
        return CliRunner().invoke(cli.commands, arguments, env=env, prog_name="readiness")

    return invoke


def raising(error):
    """Return a command's body that raises."""

    def body(_door):
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ConfigError("the config is wrong"), 2, "readiness: the config is wrong"),
        (IntegrityError("it was changed"), 3, "readiness: it was changed"),
        (ConfigError("two\nlines \x1b[31mred"), 2, "readiness: two lines \\x1b[31mred"),
        (click.ClickException("no"), 1, "readiness: no"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(run, error, code, line):
    """What goes wrong is told on stderr in one harmless line, with the exit code of its kind and no traceback."""
    result = run("gate", does=raising(error))
    assert (result.exit_code, result.stderr, result.stdout) == (code, line + "\n", "")


def test_a_defect_is_told_as_one(run):
    """An unexpected error says that it is ours, how to see more, and exits 3, so that nothing passes for a yes."""
    result = run("gate", does=raising(KeyError("x")))
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        "readiness: internal error: KeyError: 'x'; please report it with the traceback that `readiness --debug ...` prints"
    ]


@pytest.mark.parametrize("error", [KeyError("x"), ConfigError("x")])
def test_debug_prints_the_traceback(run, error):
    """With --debug the traceback stands before the line."""
    result = run("--debug", "gate", does=raising(error))
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert result.stderr.splitlines()[-1].startswith("readiness: ")


def test_an_interrupt_is_quiet(run):
    """Ctrl-C ends with 130 and without a word."""
    result = run("gate", does=raising(KeyboardInterrupt()))
    assert (result.exit_code, result.output) == (130, "")


def test_a_reader_that_has_gone_is_quiet_and_no_yes(run):
    """A broken pipe is no traceback, and does not exit 0."""
    result = run("gate", does=raising(BrokenPipeError(32, "Broken pipe")))
    assert (result.exit_code, result.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gaet",), "there is no command 'gaet' (did you mean 'gate'?) (see `readiness --help`)"),
        (("gate", "--no"), "(see `readiness gate --help`)"),
        (("--stor", "x", "gate"), "(see `readiness --help`)"),
        (("gate", "--on"), "requires an argument"),
    ],
)
def test_a_usage_error_is_one_line(run, arguments, message):
    """A command line that cannot be read ends in one line that says where help is, and exit code 2."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("readiness: ")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--on", ("gate", "--on", "review", "--on", "evidence")),
        ("--release", ("report", "--release", "1.0", "--release=1.0")),
        ("--item", ("record", "UC-001", "--item", "1", "--item", "2")),
        ("--by", ("review", "UC-001", "--by", "ana", "--by", "ana")),
    ],
)
def test_of_two_values_none_goes_unseen(run, option, words):
    """An option that takes one value is given once: the last one would hide what the others say."""
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == f"readiness: '{option}' is given twice, and takes one value (see `readiness {words[0]} --help`)\n"
    )


def test_without_a_command_the_help_is_shown(run):
    """`readiness` alone is a usage error that shows what there is."""
    result = run()
    assert result.exit_code == 2
    for name in cli.COMMANDS:
        assert f"  {name} " in result.stderr


def test_the_door_says_config_and_store(run):
    """Options before the command reach it, and so do the variables, which options overrule."""
    seen = []
    run("--config", "a.toml", "--store", "sqlite:///a", "gate", does=seen.append)
    run("gate", does=seen.append, env={"READINESS_CONFIG": "b.toml", "READINESS_STORE": "sqlite:///b"})
    run("--config", "c.toml", "gate", does=seen.append, env={"READINESS_CONFIG": "b.toml"})
    assert [(str(door.config), door.store, door.debug) for door in seen] == [
        ("a.toml", "sqlite:///a", False),
        ("b.toml", "sqlite:///b", False),
        ("c.toml", None, False),
    ]


def test_a_number_that_a_command_returns_is_its_exit_code(run):
    """A command says no by returning 1 or by leaving with 1, and yes by returning 0."""
    assert run("gate", does=lambda _door: 1).exit_code == 1
    assert run("gate", does=lambda _door: click.get_current_context().exit(1)).exit_code == 1
    assert run("gate", does=lambda _door: 0).exit_code == 0


@pytest.mark.parametrize(
    "ends",
    [
        lambda _door: None,
        lambda _door: False,
        lambda _door: click.get_current_context().exit(0),
        raising(click.exceptions.Exit(0)),
        raising(SystemExit),
        raising(SystemExit(0)),
        raising(GeneratorExit()),
        raising(asyncio.CancelledError()),
    ],
)
def test_a_command_that_ends_before_it_has_answered_says_no(run, ends):
    """Whatever ends it, an exit code that it did not return is no yes."""
    result = run("gate", does=ends)
    assert result.exit_code == 3
    assert result.stderr.startswith("readiness: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_can_be_loaded_and_explains_itself(name):
    """Each command in the list is there and has a help text."""
    result = CliRunner().invoke(cli.commands, [name, "--help"], prog_name="readiness")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: readiness {name}")


def test_as_a_module_and_light():
    """`python -m pytest_readiness --version` answers, and loads neither commands nor the config's models."""
    code = (
        "import runpy, sys\n"
        "sys.argv = ['readiness', '--version']\n"
        "try: runpy.run_module('pytest_readiness', run_name='__main__')\n"
        "except SystemExit as end: print(end.code)\n"
        "print([name for name in sys.modules if 'settings.model' in name or 'readiness.commands' in name])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, exit_code, heavy = done.stdout.splitlines()
    assert version.startswith("readiness ")
    assert (exit_code, heavy) == ("0", "[]")


def test_the_process_exits_with_the_code(tmp_path):
    """The real process tells a missing config in one line on stderr and exits 2."""
    command = [sys.executable, "-m", "pytest_readiness", "--config", str(tmp_path / "nowhere.toml"), "gate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"readiness: {tmp_path}/nowhere.toml: there is no such file: write it with `readiness init`\n"


def test_the_process_ends_with_what_others_asked_for():
    """What a command printed arrives whole, and functions that were to run at the process's end have run."""
    code = (
        "import atexit, sys\n"
        "from pytest_readiness import cli\n"
        "atexit.register(print, 'asked for')\n"
        "sys.argv = ['readiness']\n"
        "sys.stdout.write('x' * 100_000 + chr(10))\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "x" * 100_000 + "\nasked for\n")


def test_a_process_with_threads_waits_for_them():
    """Where other threads run, the process ends as Python ends it: after them."""
    code = (
        "import sys, threading, time\n"
        "from pytest_readiness import cli\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), print('done'))).start()\n"
        "sys.argv = ['readiness']\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "done\n")


def test_other_code_gets_its_exit_back(tmp_path):
    """`main` called by other code raises SystemExit, and ends no process."""
    with pytest.raises(SystemExit) as end:
        cli.main(["--config", str(tmp_path / "nowhere.toml"), "gate"])
    assert end.value.code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("words", [["--version"], ["--help"], ["gate"], ["check"]])
@pytest.mark.parametrize(("to", "said"), [(">/dev/full", "cannot be written"), (">&-", "is closed")])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_answer_that_nobody_can_be_given(
    project: Project, words: list[str], to: str, said: str, unbuffered: str
) -> None:
    """Standard output on a full disk, or closed: one line, and exit code 3, whether Python writes at once or at the end."""
    project.configured()
    project.monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    command = shlex.join([sys.executable, "-m", "pytest_readiness", *words])
    done = subprocess.run(
        f"{command} {to}", shell=True, cwd=project.path, stderr=subprocess.PIPE, text=True, check=False
    )
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith(f"readiness: standard output {said}")) == (3, True), line
