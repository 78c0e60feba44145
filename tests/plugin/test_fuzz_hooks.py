"""Plugins at random: whatever a hook raises, returns or changes, nobody is answered for, and nothing is lost or kept.

Each example is a plugin whose four doors (its import, and the three hooks) each behave in a way of their own. It is put
beside a test that fails and one that passes, a session records them, and commands are asked.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from tests.plugin.test_own_hooks import RAISES
from tests.plugin.test_secrets import kept
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

_NUMBERS = count()
SECRET = "customer-7"
ODD = """\
import sys

def _exit(*_, **__): raise SystemExit(0)

class Everything:
    __iter__ = __bool__ = __len__ = __repr__ = __str__ = __eq__ = __hash__ = __getattr__ = __getitem__ = _exit
    __class__ = property(_exit)

class Text(str):
    __str__ = __bool__ = __len__ = __repr__ = __eq__ = __iter__ = __format__ = __contains__ = _exit
    encode = strip = splitlines = replace = isprintable = _exit
    __hash__ = str.__hash__

class Pairs(dict):
    __iter__ = __len__ = __bool__ = keys = items = __getitem__ = _exit

class Many(list):
    __iter__ = __len__ = __bool__ = __getitem__ = __repr__ = _exit

def change(item):
    item.own_markers.clear(); item.user_properties.append((1, object())); item.name = "test_another"
    item._nodeid = "test_another.py::test_another"; item.keywords.clear(); item.stash._storage.clear()
    item.session.exitstatus = 0; item.session.testsfailed = 0; item.session.items.clear()
    item.config.option.readiness_gate = False; item.config.option.readiness_environment = "dev"
"""
RETURNS = (
    "None", "0", "1", "False", "True", "''", "' '", "b''", "b'x'", "[]", "['']", "['x', 1]", "()", "{}", "{'a': 1}",
    "{1: print}", "set()", "object()", "...", "NotImplemented", "(x for x in 'ab')", "lambda *_: 0", "type", "print",
    "float('nan')", "'\\ud800'", "'x' * 100_000", "Everything()", "Text()", "Text('evil')", "Pairs(a=print)", "Many('ab')",
    "[Everything()]", "[Text('evil')]", "{Text('own'): print}", "{'own': Everything()}",
)  # fmt: skip
"""What a hook returns."""
CHANGES = (
    "import time; time.sleep(0.01)",
    "sys.stdout = None",
    "print('ELIGIBLE')",
    "sys.stdout.write('intact')",
    "import os; os.chdir('/')",
)
"""What a hook does beside its answer, whatever hook it is."""
BODIES = st.one_of(
    st.sampled_from(list(RAISES.values())),
    st.sampled_from([f"return {said}" for said in RETURNS]),
    st.sampled_from(CHANGES),
)
DOORS = {
    "pytest_readiness_proofs": "",
    "pytest_readiness_redact": "text",
    "pytest_readiness_simulation": "item",
}
NOT_BEGUN = "pytest ends with a traceback, and with 1, where a conftest.py raises this as it is loaded"
ASKS = '\n[items.8]\ntitle = "ours"\nproof = "own"\n'
TESTS = f"""
@evidence("UC-001", item=1)
def test_fails(record_evidence):
    record_evidence.note("of {SECRET}")
    record_evidence.attach("text of {SECRET}")
    assert 0, "{SECRET}"
@evidence("UC-002", item=1)
def test_passes(): pass
"""
ANSWERS = {
    "gate": ("ELIGIBLE",),
    "check": ("no problems",),
    "report": ("UC-001",),
    "why": ("UC-001",),
    "verify": ("intact:",),
    "history": ("UC-001",),
    "sync": ("UC-001", "the tracker is up to date"),
}
"""What a command that ends with 0 has printed, one of these."""


@st.composite
def plugins(draw: st.DrawFn) -> dict[str, str]:
    """How the doors of a plugin behave; those that it does not have are left out."""
    found = {name: draw(BODIES) for name in DOORS if draw(st.booleans())}
    if draw(st.integers(0, 4)) == 0:
        found["import"] = draw(st.sampled_from([*RAISES.values(), *CHANGES]))
    if draw(st.integers(0, 4)) == 0:
        found["pytest_readiness_simulation"] = "change(item)"
    return found


def source_of(doors: dict[str, str]) -> str:
    """Return the module."""
    text = ODD
    for name, body in doors.items():
        text += (
            f"if 1:\n    {body}\n" if name == "import" else f"def {name}({DOORS[name]}):\n    if 1:\n        {body}\n"
        )
    return text


def made(project: Project, doors: dict[str, str], where: str, config: str) -> None:
    """Write the project anew, with the plugin in a ``conftest.py`` or named by the config."""
    shutil.rmtree(project.path / ".readiness", ignore_errors=True)
    for old in project.path.glob("*.py"):
        old.unlink()
    name = f"fuzzed_{next(_NUMBERS)}"
    if where == "conftest":
        project.configured(config).write("conftest.py", source_of(doors))
    else:
        project.configured(f'plugins = ["{name}"]\n{config}').write(f"{name}.py", source_of(doors))
    project.tests(TESTS)


def asked(project: Project, *args: str) -> tuple[int, str]:
    """Ask a command, wherever and with whatever output a plugin has left this process."""
    out, here = sys.stdout, Path.cwd()
    try:
        result = project.cli(*args)
    finally:
        sys.stdout = out
        project.monkeypatch.chdir(here)
    return result.exit_code, result.stdout


def assert_not_kept(project: Project) -> None:
    """Nothing of ours holds what a redactor did not leave."""
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def kept_any(project: Project) -> bool:
    """Return whether anything was recorded."""
    return (project.path / ".readiness" / "evidence.db").exists()


def leaves_texts(doors: dict[str, str]) -> bool:
    """Return whether its redactor, or the lack of one, leaves a text as it is."""
    body = doors.get("pytest_readiness_redact", "return None")
    is_loaded = doors.get("import") in (None, *CHANGES)
    return is_loaded and (body in CHANGES or body == "return None")


def session(project: Project, *args: str) -> tuple[int, str]:
    """Run a session, whatever becomes of this process in it."""
    out, here = sys.stdout, Path.cwd()
    try:
        result = project.run("-p", "no:randomly", *args)
    except (asyncio.CancelledError, GeneratorExit):
        return 1, NOT_BEGUN
    finally:
        sys.stdout = out
        project.monkeypatch.chdir(here)
    return int(result.ret), result.stdout.str() + result.stderr.str()


EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=not os.environ.get("FUZZ_HOOKS"),  # the same plugins each time; FUZZ_HOOKS=1 draws others
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example is small, and each takes a session
    print_blob=True,
)


@EXAMPLES
@given(doors=plugins(), where=st.sampled_from(["conftest", "config"]), config=st.sampled_from([CONFIG, CONFIG + ASKS]))
def test_a_session_with_any_plugin(project: Project, doors: dict[str, str], where: str, config: str) -> None:
    """It begins or is refused; what it began it records, in clear only where the redactor says so; 0 is never its end."""
    made(project, doors, where, config)
    code, printed = session(project, "--readiness-gate")
    assert code not in (0, 3), printed
    assert "INTERNALERROR" not in printed
    if code == 4 or printed == NOT_BEGUN:
        assert not (project.path / ".readiness" / "evidence.db").exists()
        return
    project.write("conftest.py", "")
    project.configured()
    assert {piece.test_id.rpartition("_")[2]: piece.result.value for piece in kept(project)} == {
        "fails": "FAILED",
        "passes": "PASSED",
    }
    if not leaves_texts(doors):
        assert_not_kept(project)
    assert asked(project, "verify")[0] == 0


@EXAMPLES
@given(doors=plugins(), config=st.sampled_from([CONFIG, CONFIG + ASKS]), command=st.sampled_from(sorted(ANSWERS)))
def test_a_command_with_any_plugin(project: Project, doors: dict[str, str], config: str, command: str) -> None:
    """It has answered where it exits 0, and no plugin opens a gate."""
    made(project, {}, "config", CONFIG)
    session(project)
    made_anew = project.path / ".kept"
    shutil.copytree(project.path / ".readiness", made_anew, dirs_exist_ok=True)
    made(project, doors, "config", config)
    shutil.move(made_anew, project.path / ".readiness")
    code, printed = asked(project, command, *(["UC-001"] if command in ("why", "history") else []))
    assert code in (0, 1, 2, 3)
    assert command != "gate" or code != 0
    assert code != 0 or any(said in printed for said in ANSWERS[command]), printed


@EXAMPLES
@given(doors=plugins(), config=st.sampled_from([CONFIG, CONFIG + ASKS]))
def test_recording_with_any_plugin(project: Project, doors: dict[str, str], config: str) -> None:
    """A failure that is told is kept, in clear only where the redactor says so."""
    made(project, doors, "config", config)
    where = ("UC-001", "--item", "1", "--environment", "staging")
    code, _ = asked(project, "record", *where, "--result", "FAILED", "--note", f"of {SECRET}")
    if code == 2 and not kept_any(project):  # no plugin brings the kind that the config asks for
        assert config != CONFIG
        return
    assert code in (1, 2, 3)
    ran, printed = asked(project, "record", *where[:-4], "--item", "2", *where[-2:], "--", sys.executable, "-c", "")
    assert ran != 0 or "recorded as run" in printed
    project.configured()
    assert project.states()["UC-001/1"] == "FAILING"
    assert len(kept(project)) == 2
    if not leaves_texts(doors):
        assert_not_kept(project)
    assert asked(project, "verify")[0] == 0
