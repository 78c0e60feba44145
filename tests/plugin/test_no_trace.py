"""What does not concern us costs and leaves nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

LIBRARIES = ("msgspec", "sqlite3", "sqlite_utils", "wcwidth", "markdown_it", "click", "tomllib", "hmac", "subprocess")
HEAVY = (*LIBRARIES, "pytest_readiness.claims.tracker.markdown_parser")


def assert_untouched(project: Project, before: set[str]) -> None:
    """No file came to be, but for Python's own caches."""
    after = {str(path) for path in project.path.rglob("*") if "__pycache__" not in path.parts}
    assert after == before


def files(project: Project) -> set[str]:
    """The files of a project."""
    return {str(path) for path in project.path.rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_unconfigured(project: Project, how: tuple[str, ...]) -> None:
    """Installed but unconfigured, a session with evidence marks and recordings writes no file, and one line."""
    project.tests("@evidence('X', item=1)\ndef test_a(record_evidence): record_evidence.attach('x')\n")
    before = files(project)
    result = project.run(*how, environment=None)
    result.assert_outcomes(passed=1)
    assert "1 evidence test, no readiness.toml: nothing was recorded (readiness init)" in result.outlines
    assert_untouched(project, before)


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_no_evidence_test_in_the_session(project: Project, how: tuple[str, ...]) -> None:
    """Configured, asked for report and gate, but with no evidence-marked test run: no file is written."""
    project.configured().tests("def test_a(record_evidence): record_evidence.attach('x')\n")
    project.tests("@evidence('UC-001', item=1)\ndef test_b(): pass\n", name="test_other.py")
    before = files(project)
    result = project.run(*how, "--readiness-report", "--readiness-gate", "test_it.py")
    assert result.ret == 11
    assert_untouched(project, before)


def test_collect_only_leaves_no_trace(project: Project) -> None:
    """Collecting evidence tests is not running them."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    before = files(project)
    project.run("--collect-only")
    assert_untouched(project, before)


def test_a_session_without_marks_imports_nothing_heavy(project: Project) -> None:
    """Configured or not, a session without an evidence mark does not load what reading a config needs."""
    project.configured()
    project.write("test_it.py", "def test_a(): pass\n")
    code = (
        "import sys, pytest\n"
        "before = set()\n"
        f"pytest.main({project.args(environment=None)!r})\n"
        f"print('LOADED', sorted(m for m in {HEAVY!r} if m in sys.modules))\n"
    )
    bare = code.replace("'-p', 'pytest_readiness.plugin', ", "")
    assert code != bare
    with_plugin, alone = (
        subprocess.run([sys.executable, "-c", text], cwd=project.path, capture_output=True, text=True, check=True)
        for text in (code, bare)
    )
    assert with_plugin.stdout.split("LOADED")[1] == alone.stdout.split("LOADED")[1]


def test_a_session_without_marks_loads_what_waits_for_one(project: Project) -> None:
    """Of our own modules such a session loads the door with its options, the mark and the hooks, and no other."""
    project.configured()
    project.write("test_it.py", "def test_a(): pass\n")
    project.write(
        "conftest.py",
        """
        import sys

        def pytest_unconfigure():
            print("LOADED", *sorted(name for name in sys.modules if name.startswith("pytest_readiness.")))
        """,
    )
    result = project.run_apart("-s", environment=None)
    waiting = ("hookspecs", "mark", "plugin")
    assert f"LOADED {' '.join(f'pytest_readiness.{name}' for name in waiting)}" in result.outlines


def test_without_a_config_evidence_is_kept_as_rehearsal(project: Project) -> None:
    """With an option but no config every use case that is named exists, and the last line says what to do."""
    project.tests(
        "@evidence('PAY-7', item=4)\ndef test_a(): pass\n@evidence('PAY-8', item='own')\ndef test_b(): pass\n"
    )
    result = project.run("--readiness-report", "--readiness-gate", environment=None)
    assert result.ret == 11
    assert result.stdout.str().count("readiness init") >= 1
    (last,) = [line for line in project.run(environment="staging").outlines if "readiness init" in line]
    assert f"no config in {project.path} or above" in last
    assert "--readiness-config=PATH" in last
    states = project.states()
    assert states["PAY-7/4"] == "REHEARSED"
    assert {name.split("/")[0] for name in states} == {"PAY-7", "PAY-8"}
    assert project.evidence()[0]["not_real_because"]


def test_without_a_config_a_tracker_in_the_root_folder_is_used(project: Project) -> None:
    """PROD_READINESS_TRACKER.md is found by its name."""
    project.configured()
    (project.path / "readiness.toml").unlink()
    project.tests("@evidence('UC-001', item=4)\ndef test_a(): pass\n@evidence('UC-9', item=4)\ndef test_b(): pass\n")
    result = project.run("--readiness-report", environment=None)
    result.assert_outcomes(passed=1, errors=1)
    assert project.states()["UC-001/4"] == "REHEARSED"


def test_the_folder_stays_out_of_git(project: Project) -> None:
    """What is recorded does not make the user's tree dirty."""
    project.configured().tests(
        "@evidence('UC-001', item=1)\ndef test_a(record_evidence): record_evidence.attach('x')\n"
    )
    project.write(".gitignore", "__pycache__/\n")
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=project.path, check=True)
    project.run()
    assert (project.path / ".readiness" / "evidence.db").exists()
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=project.path, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""
