"""Plugins that commands load: code that is not ours, of which nothing can answer in a command's place."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count

import pytest

from tests.project import CONFIG, Project

_NUMBERS = count()
OWN = '\n[items.8]\ntitle = "ours"\nproof = "ours"\n'
"""An item that asks for a kind of proof which is no built-in one."""
ANSWERS = {
    "check": (),
    "gate": (),
    "report": (),
    "why": ("UC-001",),
    "next": (),
    "show": ("UC-001",),
    "history": ("UC-001",),
    "verify": (),
    "sync": (),
    "recover": (),
    "checkpoint": (),
    "bundle": ("-o", "a.zip"),
    "merge": ("readiness.toml",),
    "review": ("UC-001",),
    "block": ("UC-001", "--reason", "r", "--by", "ana@example.com"),
}
"""Commands that are told of a plugin before they do anything, with the arguments that each of them needs."""
EXITS = {
    "sys.exit at import": "import sys\nsys.exit()\n",
    "sys.exit(0) at import": "import sys\nsys.exit(0)\n",
    "raise GeneratorExit": "raise GeneratorExit\n",
    "raise CancelledError": "import asyncio\nraise asyncio.CancelledError\n",
    "click's exit": "import click\nclick.get_current_context().exit(0)\n",
    "pytest.exit": "import pytest\npytest.exit('bye', returncode=0)\n",
    "an error that cannot be told": "class E(Exception):\n    def __str__(self): raise SystemExit(0)\nraise E\n",
    "its proofs exit": "def pytest_readiness_proofs(): raise SystemExit(0)\n",
    "its proofs exit by click": "import click\ndef pytest_readiness_proofs(): raise click.exceptions.Exit(0)\n",
    "its proofs fail": "def pytest_readiness_proofs(): raise ValueError('not now')\n",
    "its proofs exit when looked at": (
        "class D:\n    def keys(self): raise SystemExit(0)\ndef pytest_readiness_proofs(): return D()\n"
    ),
}
"""Modules that are broken, each in another way."""


def with_plugin(project: Project, source: str | None, config: str = CONFIG) -> str:
    """Give the project a plugin (None: one that is not there), and return its name."""
    name = f"own_plugin_{next(_NUMBERS)}_{project.path.parent.name.replace('-', '_')}"
    project.configured(f'plugins = ["{name}"]\n{config}')
    if source is not None:
        project.write(f"{name}.py", source)
    return name


def failing(project: Project) -> None:
    """Record a failure for UC-001, by a session."""
    project.configured().tests('@evidence("UC-001", item=1)\ndef test_it(): assert 0\n').run()


@pytest.mark.parametrize("own", ["", OWN], ids=["no own kind", "an own kind"])
@pytest.mark.parametrize("source", [None, *EXITS.values()], ids=["not there", *EXITS])
def test_a_plugin_that_cannot_be_used_is_an_error_of_the_config(project: Project, source: str | None, own: str) -> None:
    """The gate and ``check`` end with 2 and name it and where the config does, whether or not an item needs it."""
    failing(project)
    name = with_plugin(project, source, CONFIG + own)
    gate = project.cli("gate")
    assert (gate.exit_code, gate.stdout) == (2, "")
    (line,) = gate.stderr.splitlines()
    assert line.startswith(f"readiness: readiness.toml:1: the plugin '{name}'")
    check = project.cli("check")
    assert check.exit_code == 2
    assert f"readiness.toml:1: the plugin '{name}'" in check.stdout
    assert "no problems" not in check.stdout


@pytest.mark.parametrize("command", ANSWERS)
def test_no_command_answers_where_a_plugin_exits(project: Project, command: str) -> None:
    """A plugin without a guard for its ``main`` ends none of them as if it had answered."""
    failing(project)
    name = with_plugin(project, EXITS["sys.exit(0) at import"], CONFIG + OWN)
    result = project.cli(command, *ANSWERS[command])
    assert result.exit_code == 2
    assert f"the plugin '{name}' cannot be loaded: SystemExit: 0" in result.output
    assert not (project.path / "a.zip").exists()


def test_the_process_does_not_exit_0_either(project: Project) -> None:
    """As the shell sees it: the process ends as its command does."""
    failing(project)
    with_plugin(project, EXITS["sys.exit at import"], CONFIG + OWN)
    command = [sys.executable, "-m", "pytest_readiness", "gate"]
    ended = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("readiness: readiness.toml:1: the plugin ")
    assert len(ended.stderr.splitlines()) == 1


HOOK = "import os, pytest\n@pytest.hookimpl\ndef pytest_readiness_proofs():\n    {}\n    return []\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "source", ["import os\nos._exit(0)\n", HOOK.format("os._exit(0)"), HOOK.format("os._exit(256)")]
)
@pytest.mark.parametrize("command", ["gate", "report", "verify"])
def test_a_plugin_that_ends_the_process_at_once_is_no_answer(project: Project, source: str, command: str) -> None:
    """``os._exit(0)`` runs nothing of the command any more, and what the shell sees is no yes."""
    failing(project)
    with_plugin(project, source, CONFIG + OWN)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest_readiness", command],
        cwd=project.path,
        capture_output=True,
        text=True,
        check=False,
    )
    line = "readiness: a plugin ended the process by os._exit(0), before the command had answered\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", line)


LATER = "import atexit, os\natexit.register(lambda: os._exit(0))\n"
THREAD = """
import os, threading, time

def end():
    threading.main_thread().join()
    os._exit(0)

threading.Thread(target=end).start()
"""


def gate_apart(project: Project) -> subprocess.CompletedProcess[str]:
    """Run the gate in a process of its own."""
    command = [sys.executable, "-m", "pytest_readiness", "gate"]
    return subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("source", [LATER, THREAD], ids=["atexit", "thread"])
def test_a_plugin_that_ends_the_process_after_the_answer_keeps_it(project: Project, source: str) -> None:
    """A closed gate stays closed where a plugin calls ``os._exit(0)`` once the command has ended."""
    failing(project)
    with_plugin(project, source)
    ended = gate_apart(project)
    assert (ended.returncode, ended.stdout.splitlines()[-1:]) == (1, ["exit code 1: not eligible"]), ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_of_a_plugin_ends_as_it_asks_for(project: Project) -> None:
    """Only the command's own process is guarded."""
    failing(project)
    child = "child = os.fork()\n    if not child:\n        os._exit(0)\n    print(os.waitpid(child, 0)[1])"
    with_plugin(project, HOOK.format(child).replace("return []", "return None"), CONFIG)
    ended = gate_apart(project)
    assert ended.returncode == 1
    assert "os._exit" not in ended.stderr


def test_an_entry_point_that_is_broken_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's distribution: its name, and how it calls its plugin."""
    failing(project)
    made = project.path / "site" / "acme_plugins-1.0.dist-info"
    project.write(f"{made}/METADATA", "Metadata-Version: 2.1\nName: acme-plugins\nVersion: 1.0\n")
    project.write(f"{made}/entry_points.txt", "[pytest_readiness]\nacme = acme_is_not_there\n")
    monkeypatch.syspath_prepend(str(made.parent))
    for command in ("gate", "check"):
        result = project.cli(command)
        assert result.exit_code == 2
        message = (
            "entry point acme = acme_is_not_there of acme-plugins: the plugin 'acme' cannot be loaded: ModuleNotFound"
        )
        assert message in result.output


def test_what_a_plugin_prints_is_no_answer(project: Project) -> None:
    """A plugin that prints while it is loaded, or takes standard output away, leaves a command's output as it is."""
    project.configured()
    expected = project.cli("report", "--format", "json", "--at", "2026-01-01T00:00:00Z").stdout
    source = (
        "import io, sys\nprint('ELIGIBLE')\nsys.stdout = io.StringIO()\n"
        "def pytest_readiness_proofs():\n    print('ELIGIBLE')\n    sys.stdout = io.StringIO()\n"
    )
    with_plugin(project, source)
    result = project.cli("report", "--format", "json", "--at", "2026-01-01T00:00:00Z")
    assert (result.exit_code, result.stdout) == (0, expected)
    assert project.cli("check").stdout.splitlines()[-1] == "no problems"


BROKEN = ("not there", "sys.exit at import", "its proofs fail")


@pytest.mark.parametrize("own", ["", OWN], ids=["no own kind", "an own kind"])
@pytest.mark.parametrize("how", BROKEN)
def test_recording_loses_no_evidence_for_a_plugin(project: Project, how: str, own: str) -> None:
    """A failure that is told is kept, without its texts where one may have been for a redactor, and the end is no 0."""
    name = with_plugin(project, EXITS.get(how), CONFIG + own)
    where = ("--item", "1", "--environment", "staging")
    examined = project.cli("record", "UC-001", *where, "--result", "FAILED", "--note", "of customer-7")
    ran = project.cli("record", "UC-002", *where, "--", sys.executable, "-c", "print('customer-8')")
    for result in (examined, ran):
        assert result.exit_code == 2
        assert f"readiness.toml:1: the plugin '{name}'" in result.stderr
        assert "1 piece of evidence recorded" in result.stdout
    project.configured()
    assert project.states()["UC-001/1"] == "FAILING"
    assert project.states()["UC-002/1"] == "COMPLETE"
    stored = b"".join(path.read_bytes() for path in (project.path / ".readiness").rglob("*") if path.is_file())
    assert (b"customer-7" in stored) is (b"customer-8" in stored) is (how == "its proofs fail")


def test_what_was_examined_keeps_its_name(project: Project) -> None:
    """The name that we give it is the same with a plugin and without: a later result replaces it."""
    with_plugin(project, None)
    where = ("record", "UC-001", "--item", "1", "--environment", "staging", "--result")
    assert project.cli(*where, "FAILED").exit_code == 2
    project.configured()
    assert project.states()["UC-001/1"] == "FAILING"
    assert project.cli(*where, "PASSED").exit_code == 0
    assert project.states()["UC-001/1"] == "ASSERTED"


def test_a_reason_that_a_redactor_fails_over_is_told(project: Project) -> None:
    """The decision is kept without the text, and whoever made it hears of it."""
    with_plugin(project, "def pytest_readiness_redact(text): raise SystemExit(0)\n")
    result = project.cli("block", "UC-001", "--reason", "customer-7 waits", "--by", "ana@example.com")
    assert result.exit_code == 0
    assert "a redactor of a plugin failed" in result.stderr
    assert "UC-001 is blocked" in result.stdout
    assert b"customer-7" not in (project.path / ".readiness" / "evidence.db").read_bytes()
    assert "BLOCKED" in project.cli("why", "UC-001").stdout


def test_a_redactor_that_takes_the_output_away(project: Project) -> None:
    """What nobody could read was not answered, though the decision is kept."""
    with_plugin(project, "import io, sys\ndef pytest_readiness_redact(text): sys.stdout = io.StringIO()\n")
    result = project.cli("block", "UC-001", "--reason", "r", "--by", "ana@example.com")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "a plugin replaced standard output, so the output of 'block' is lost" in result.stderr


def test_a_text_of_another_class_is_kept_as_what_it_holds(project: Project) -> None:
    """A redactor's text that shows itself as something else is a text: the store stays intact."""
    source = (
        "class Odd(str):\n    def __str__(self): return 'evil'\n    def __format__(self, _): return 'evil'\n"
        "    def encode(self, *_): return b'evil'\n    def __eq__(self, other): return True\n"
        "    __hash__ = str.__hash__\n"
        "def pytest_readiness_redact(text): return Odd(text.replace('customer-7', '[customer]'))\n"
    )
    with_plugin(project, source)
    where = ("record", "UC-001", "--item", "1", "--environment", "staging", "--result", "PASSED")
    assert project.cli(*where, "--note", "of customer-7", "--id", "seen by customer-7").exit_code == 0
    assert project.cli("verify").exit_code == 0, project.cli("verify").output
    (piece,) = project.evidence()
    assert piece["test_id"].startswith("seen by [customer][REDACTED:")
    stored = (project.path / ".readiness" / "evidence.db").read_bytes()
    assert b"evil" not in stored
    assert b"customer-7" not in stored


WRONG = {
    "raises": ("raise RuntimeError('kaputt')", ": pytest_readiness_proofs failed: RuntimeError: kaputt"),
    "a list": (
        "return ['ours']",
        ": pytest_readiness_proofs must return a dict of names and functions, and returned a",
    ),
    "False": ("return False", " and returned a value of the kind bool"),
    "no function": ("return {'ours': 7}", " functions, and its dict holds 'ours': 7"),
    "no name": ("return {3: print}", " functions, and its dict holds 3: <built-in function print>"),
    "a built-in one": ("return {'handshake': print}", " brings a proof 'handshake', which is a built-in one"),
}
"""What is wrong with the kinds of proof that a plugin brings, and how that is told behind its name."""


@pytest.mark.parametrize("source", WRONG.values(), ids=WRONG)
def test_whatever_is_wrong_with_its_kinds_a_plugin_is_named_with_its_place(
    project: Project, source: tuple[str, str]
) -> None:
    """Whoever reads the line knows which file to open, and what it did."""
    does, told = source
    name = with_plugin(project, f"def pytest_readiness_proofs(): {does}\n")
    for command in ("gate", "check"):
        done = project.cli(command)
        assert done.exit_code == 2
        line = next(one for one in done.output.splitlines() if "plugin" in one).removeprefix("readiness: ")
        assert line.startswith(f"readiness.toml:1: the plugin '{name}'")
        assert told in line


def test_two_plugins_with_one_kind_are_both_named(project: Project) -> None:
    """One of the two must go, and the line says which two."""
    project.configured('plugins = ["kinds_one", "kinds_two"]\n' + CONFIG)
    for name in ("kinds_one", "kinds_two"):
        project.write(f"{name}.py", "def pytest_readiness_proofs(): return {'ours': lambda values: {}}\n")
    done = project.cli("gate")
    assert (done.exit_code, done.stdout) == (2, "")
    for name in ("kinds_one", "kinds_two"):
        assert f"readiness.toml:1: the plugin '{name}'" in done.stderr


def test_a_redactor_that_fails_is_named_with_its_place(project: Project) -> None:
    """As every other line about a plugin does."""
    name = with_plugin(project, "def pytest_readiness_redact(text): raise RuntimeError('kaputt')\n")
    done = project.cli("block", "UC-001", "--reason", "r", "--by", "ana@example.com")
    assert f"replaced: readiness.toml:1: the plugin '{name}': RuntimeError: kaputt" in done.stderr


UNBROUGHT = {
    "returns None": "def pytest_readiness_proofs(): return None\n",
    "brings others": "def pytest_readiness_proofs(): return {'others': print}\n",
    "has no such hook": "def pytest_readiness_redact(text): return text.replace('customer-7', '[customer]')\n",
}
"""Plugins that do not bring the kind of proof that an item asks for."""


@pytest.mark.parametrize("source", UNBROUGHT.values(), ids=UNBROUGHT)
def test_a_kind_that_nobody_brings_costs_no_evidence(project: Project, source: str) -> None:
    """What is examined, run or taken in is kept, the line tells what is missing, and the end is no success."""
    with_plugin(project, source, CONFIG + OWN)
    project.write("r.xml", '<testsuite><testcase classname="a" name="b"><failure/></testcase></testsuite>')
    where = ("--item", "1", "--environment", "staging")
    done = [
        project.cli("record", "UC-001", *where, "--result", "FAILED", "--note", "of a customer"),
        project.cli("record", "UC-001", *where, "--", sys.executable, "-c", "raise SystemExit(1)"),
        project.cli("record", "--environment", "staging", "--junit", "r.xml", "--map", "*=UC-002/1"),
        project.cli("record", "UC-001", "--item", "8", "--environment", "staging", "--result", "FAILED"),
    ]
    for result in done:
        assert result.exit_code == 2, result.output
        assert "item 8 asks for a proof 'ours' that does not exist" in result.stderr
        assert "1 piece of evidence recorded" in result.stdout
    assert project.cli("gate").exit_code == 2
    project.configured()
    assert {name: project.states()[name] for name in ("UC-001/1", "UC-002/1")} == dict.fromkeys(
        ("UC-001/1", "UC-002/1"), "FAILING"
    )
    project.configured(f'plugins = ["kept_away"]\n{CONFIG}{OWN}').write(
        "kept_away.py", "def pytest_readiness_proofs(): return {'ours': print}\n"
    )
    assert project.states()["UC-001/8"] == "FAILING"
