"""A test may replace any name of the standard library, for a moment or for good: its evidence does not rest on it."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_left_the_register import SHORTER, begun, block, commit, git
from tests.plugin.test_crash import recorded
from tests.project import Project
from tests.store.bundle.bundles import read_bundle

pytestmark = pytest.mark.slow

NAMES = (
    "os.getpid", "os.write", "os.read", "os.open", "os.stat", "os.fstat", "os.replace", "os.unlink", "os.mkdir", "os.environ",
    "os.path.exists", "json.dumps", "json.loads", "sqlite3.connect", "hashlib.sha256", "hmac.new", "datetime.datetime",
    "pathlib.Path.open", "pathlib.Path.exists", "pathlib.Path.mkdir", "pathlib.Path.unlink", "pathlib.Path.read_bytes",
    "builtins.open", "time.monotonic", "time.perf_counter", "time.strftime", "time.gmtime", "tempfile.TemporaryFile",
    "subprocess.run", "secrets.token_hex", "platform.python_version", "mimetypes.guess_type",
)  # fmt: skip
CLOCKS = ("time.time", "time.time_ns")
"""What was recorded under another clock is kept as a rehearsal, and that is right."""

LEAKED = """
from unittest import mock

@evidence("UC-001", item=1)
def test_before(): pass

@evidence("UC-001", item=2)
def test_leaves_it_replaced(): mock.patch({name!r}).start()

@evidence("UC-002", item=1)
def test_after(): pass
"""


@pytest.mark.parametrize("name", [*NAMES, *CLOCKS])
def test_a_name_that_stays_replaced(project: Project, name: str) -> None:
    """The session ends as without us, all evidence is kept, and the store is intact."""
    project.configured().tests(LEAKED.format(name=name))
    result = project.run_apart()
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 0, shown
    assert "defect" not in shown
    assert recorded(project) == {"test_before": "PASSED", "test_leaves_it_replaced": "PASSED", "test_after": "PASSED"}
    assert project.journals == []
    verified = project.cli("verify")
    assert verified.exit_code == 0, verified.output


@pytest.mark.parametrize(
    "name", ["os.getpid", "json.dumps", "pathlib.Path.open", "os.stat", "os.environ", "hashlib.sha256"]
)
def test_a_name_that_stays_replaced_in_a_session_with_a_report(project: Project, name: str) -> None:
    """Report, gate and JSON are as they would be."""
    project.configured().tests(LEAKED.format(name=name))
    result = project.run_apart(
        "--readiness-report", "--readiness-gate", "--readiness-json=out.json", "--readiness-bundle=out.zip"
    )
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 11, shown
    assert "defect" not in shown
    assert "NOT ELIGIBLE" in shown
    assert (project.path / "out.json").exists()
    (run,) = read_bundle(project.path / "out.zip", 1 << 20).runs
    assert len(list(run.evidence())) == 3


WITHIN = """
from unittest import mock
SECRET = "hunter2" * 2

@evidence("UC-001", item=1)
def test_earlier(record_evidence):
    record_evidence.note(f"the password of {{SECRET}}")
    record_evidence.attach(f"and here {{SECRET}}", name="early.txt")

@pytest.mark.parametrize("name", {names!r})
@evidence("UC-001", item=2)
def test_within(name, record_evidence):
    with mock.patch(name):
        record_evidence.secret(f"{{SECRET}}")
        record_evidence.secret(f"another secret of {{name}}")
        record_evidence.note(f"it is {{SECRET}}")
        record_evidence.attach(f"it is {{SECRET}}", name="a.log")
        record_evidence.attach(b"bytes", name="a.bin")
        record_evidence.attach(HERE, name="file.txt")
        record_evidence.reference("log", "https://log.example.com")
        with record_evidence.step("a step"): pass

HERE = pathlib.Path(__file__).with_name("attached.txt")
"""


def test_names_that_are_replaced_within_a_test(project: Project) -> None:
    """What a test says meanwhile is kept as it says it, and a secret is taken out of what was written before."""
    project.configured().tests(WITHIN.format(names=NAMES))
    project.write("attached.txt", "a file with hunter2hunter2\n")
    result = project.run_apart()
    assert result.ret == 0, result.stdout.str()
    assert set(recorded(project).values()) == {"PASSED"}
    assert project.cli("verify").exit_code == 0
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    assert [path.name for path in files if b"hunter2hunter2" in path.read_bytes()] == []
    assert len(project.artifacts) == 4
    shown = project.cli("show", "UC-001/2").stdout
    assert "a.log" in shown


AROUND = """
from unittest import mock

@pytest.fixture(scope="{scope}", autouse=True)
def replaced():
    with mock.patch({name!r}, return_value={value}):
        yield

@evidence("UC-001", item=1)
def test_first(): pass

@evidence("UC-001", item=2)
def test_second(record_evidence): record_evidence.attach("text")
"""


@pytest.mark.parametrize("scope", ["function", "module", "session"])
@pytest.mark.parametrize(("name", "value"), [("os.getpid", 4242), ("hashlib.sha256", None), ("json.dumps", "'{}'")])
def test_a_name_that_is_replaced_around_tests(project: Project, scope: str, name: str, value: object) -> None:
    """A fixture that replaces a name, and puts it back, costs no line of the run."""
    project.configured().tests(AROUND.format(scope=scope, name=name, value=value))
    result = project.run_apart()
    assert result.ret == 0, result.stdout.str()
    assert recorded(project) == {"test_first": "PASSED", "test_second": "PASSED"}
    assert project.cli("verify").exit_code == 0


def test_the_workers_of_xdist_too(project: Project) -> None:
    """A worker whose names stay replaced still sends what it saw."""
    project.configured().tests(LEAKED.format(name="json.dumps"))
    project.tests(LEAKED.format(name="hashlib.sha256"), name="test_other.py")
    result = project.run_apart("-p", "xdist", "-n", "2", "--dist=loadfile")
    assert result.ret == 0, result.stdout.str()
    assert set(recorded(project).values()) == {"PASSED"}


REFUSING = """
import builtins

load = builtins.__import__

def refuse(name, told=None, *more, **named):
    if told and told["__name__"].startswith("pytest_readiness."):
        raise ImportError(f"{told['__name__']} loads {name}")
    return load(name, told, *more, **named)

builtins.__import__ = refuse
"""


@pytest.mark.parametrize(
    "leaves",
    [
        "import sys; sys.path.clear(); sys.meta_path.clear(); sys.path_importer_cache.clear()",
        "import refusing",
    ],
    ids=["path", "import"],
)
@pytest.mark.parametrize("there", [False, True], ids=["first", "later"])
def test_nothing_can_be_loaded_any_more(project: Project, leaves: str, there: bool) -> None:
    """Whether there is a store already or not, a session needs to load nothing once its tests have begun."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.write("refusing.py", REFUSING)
    if there:
        project.run().assert_outcomes(passed=1)
    project.tests(f"@evidence('UC-001', item=1)\ndef test_a():\n    {leaves}\n")
    result = project.run_apart()
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 0, shown
    assert "defect" not in shown
    assert "Traceback" not in shown
    assert project.journals == []
    assert recorded(project) == {"test_a": "PASSED"}
    assert project.cli("verify").exit_code == 0


@pytest.mark.parametrize("name", ["html", "json", "markdown", "junit", "csv"])
def test_nothing_can_be_loaded_for_a_report_file(project: Project, name: str) -> None:
    """What writes the file of a report is loaded before the tests, too."""
    leaves = "import sys; sys.path.clear(); sys.meta_path.clear(); sys.path_importer_cache.clear()"
    project.configured().tests(f"@evidence('UC-001', item=1)\ndef test_a():\n    {leaves}\n")
    result = project.run_apart(f"--readiness-{name}=report.{name}")
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 0, shown
    assert "UC-001" in (project.path / f"report.{name}").read_text(encoding="utf-8")


def test_nothing_can_be_loaded_for_what_is_seldom_there(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository, a checkpoint, a use case without a row and a left-over journal ask for more modules."""
    begun(project)
    assert project.cli("checkpoint", "-o", "head.txt").exit_code == 0
    block(project)
    project.write("PROD_READINESS_TRACKER.md", SHORTER)
    git(project, "init", "-q")
    commit(project)
    project.tests("@evidence('UC-001', item=1)\ndef test_a(): os._exit(1)\n")
    project.run_apart()
    assert len(project.journals) == 1
    monkeypatch.setenv("READINESS_CHECKPOINT", "head.txt")
    leaves = "import sys; sys.path.clear(); sys.meta_path.clear(); sys.path_importer_cache.clear()"
    project.tests(f"@evidence('UC-001', item=1)\ndef test_a():\n    {leaves}\n")
    result = project.run_apart("--readiness-json=report.json", "--readiness-bundle=all.bundle")
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 0, shown
    assert "No module named" not in shown
    report = json.loads((project.path / "report.json").read_text(encoding="utf-8"))
    passed = {rule["rule"]: rule["passed"] for rule in report["verdict"]["rules"]}
    assert not passed["left the register"]
    assert passed["checkpoint"]
    assert passed["evidence intact"]
    assert (project.path / "all.bundle").exists()
