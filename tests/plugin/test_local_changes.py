"""What a run itself writes into the work tree is no local change, and any other is told by name."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

CONFIG = CONFIG + '[gate]\non = "evidence"\nclean_commit = true\n'
BOTH = """
@evidence("UC-001", "UC-002", item=[1, 2])
def test_all(record_evidence): record_evidence.trace([{"a": 1}], again=[{"a": 1}])
"""


def git(project: Project, *arguments: str) -> None:
    """Call git in the project."""
    known = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *known, *arguments], cwd=project.path, check=True, capture_output=True)


@pytest.fixture
def committed(project: Project) -> Project:
    """A project that is committed as it is."""
    project.configured(CONFIG).tests(BOTH).write(".gitignore", "__pycache__\n")
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "x")
    return project


def gate(project: Project) -> tuple[int, str]:
    """Say what the gate says."""
    done = project.cli("gate")
    return done.exit_code, " ".join(done.stdout.split())


OWN = [
    ("--junitxml=j.xml",),
    ("--junitxml=out/of/j.xml",),
    ("--readiness-json=r.json", "--readiness-bundle=b.zip"),
    ("--readiness-store=sqlite:///kept.db",),
    ("--log-file=log.txt",),
]


@pytest.mark.parametrize("options", OWN)
def test_what_the_run_writes_is_no_change(committed: Project, options: tuple[str, ...]) -> None:
    """A second run finds the reports and the store of the first, and its commit is as clean."""
    for _ in range(2):
        committed.run(*options).assert_outcomes(passed=1)
        if "--readiness-store" in options[0]:
            committed.monkeypatch.setenv("READINESS_STORE", "sqlite:///kept.db")
        assert gate(committed)[0] == 0, gate(committed)[1]


def test_what_coverage_writes_is_no_change(committed: Project) -> None:
    """The data file of coverage lies there after each run."""
    for name in (".coverage", ".coverage.host.1234"):
        (committed.path / name).write_bytes(b"x")
    committed.run()
    assert gate(committed)[0] == 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("j.xml", ()),
        ("conftest.py", ("--junitxml=conftest.py",)),
        ("out/other.xml", ("--junitxml=out/j.xml",)),
        ("test_it.py", ("--junitxml=test_it.py.xml",)),
        ("odd name.txt", ("--junitxml=j.xml",)),
    ],
)
def test_any_other_file_is_a_change_that_is_named(committed: Project, name: str, options: tuple[str, ...]) -> None:
    """An untracked file that the run does not write, or that pytest would load, and an edit keep the gate closed."""
    path = committed.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(path.read_text() + "\n" if path.exists() else "")
    (committed.path / "out").mkdir(exist_ok=True)
    (committed.path / "out" / "j.xml").write_text("x")
    options = (
        (*options, "--junitxml=out/j.xml")
        if "out/j.xml" not in "".join(options) and "conftest" not in name
        else options
    )
    committed.run(*options)
    code, told = gate(committed)
    assert code == 1
    assert "was not made from a commit without local changes" in told
    assert name in told
    (evidence,) = {piece["id"] for piece in committed.evidence("UC-001/1".partition("/")[0]) if piece["item"] == "1"}
    assert f"with uncommitted changes: {name}" in " ".join(committed.cli("show", evidence).stdout.split())
    assert f"with uncommitted changes: {name}" in " ".join(committed.cli("why", "UC-001/1").stdout.split())


def test_a_tracked_report_that_changes_is_a_change(committed: Project) -> None:
    """What is committed is compared with what is committed, whoever writes it."""
    committed.write("j.xml", "old")
    git(committed, "add", "-A")
    git(committed, "commit", "-q", "-m", "x")
    committed.run("--junitxml=j.xml")
    assert gate(committed)[0] == 0
    committed.run("--junitxml=j.xml")
    code, told = gate(committed)
    assert (code, "j.xml" in told) == (1, True)


@pytest.fixture
def bare(committed: Project) -> Project:
    """The same project without a ``.gitignore`` of its own, as ``init`` leaves it, in which Python writes bytecode."""
    git(committed, "rm", "-q", "--force", ".gitignore")
    git(committed, "commit", "-q", "-m", "y")
    committed.write(".git/info/exclude", "/stdout\n/stderr\n/runpytest*\n")  # those of a run in a process of its own
    committed.monkeypatch.setattr("sys.dont_write_bytecode", False)
    committed.monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    return committed


def test_what_python_compiles_in_the_run_is_no_change(bare: Project) -> None:
    """What pytest and Python leave in __pycache__ opens the gate in the first run as in the second."""
    bare.write("tests/test_more.py", "def test_more(): pass\n")
    git(bare, "add", "tests")
    git(bare, "commit", "-q", "-m", "z")
    for _ in range(2):
        bare.run_apart().assert_outcomes(passed=2)
        assert list(bare.path.glob("__pycache__/test_it.*.pyc"))
        assert gate(bare)[0] == 0, gate(bare)[1]
    git(bare, "rm", "-q", "tests/test_more.py")
    git(bare, "commit", "-q", "-m", "gone")
    assert list(bare.path.glob("tests/__pycache__/test_more.*.pyc"))
    bare.run_apart().assert_outcomes(passed=1)
    assert gate(bare)[0] == 0, gate(bare)[1]


@pytest.mark.parametrize(
    "name",
    [
        "__pycache__/conftest.py",
        "__pycache__/data.json",
        "__pycache__/plain.pyc",
        "__pycache__/deep/x.cpython-311.pyc",
        "beside.cpython-311.pyc",
        "folder/x.cpython-311.pyc",
        "folder/__pycache__/data.json",
    ],
)
def test_a_folder_of_compiled_files_hides_no_other(bare: Project, name: str) -> None:
    """Whatever else lies in __pycache__, and a compiled file elsewhere, is a change that is named."""
    path = bare.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    bare.run().assert_outcomes(passed=1)
    code, told = gate(bare)
    assert code == 1
    assert name.partition("/")[0] in told if name.startswith("folder") else name in told


def test_an_edited_source_is_a_change_however_it_is_compiled(bare: Project) -> None:
    """A tracked source that differs keeps the gate closed, and so does a compiled file that is tracked."""
    bare.run().assert_outcomes(passed=1)
    assert gate(bare)[0] == 0
    source = bare.path / "test_it.py"
    source.write_text(source.read_text() + "\n")
    bare.run().assert_outcomes(passed=1)
    code, told = gate(bare)
    assert (code, "test_it.py" in told, "__pycache__" in told) == (1, True, False)


@pytest.fixture
def lenient(committed: Project) -> Project:
    """One whose config has git look at sizes and times of modification alone, as some do on network file systems."""
    for name, value in (("core.trustctime", "false"), ("core.checkStat", "minimal"), ("core.untrackedCache", "true")):
        git(committed, "config", name, value)
    committed.write("more/test_more.py", "def test_more(): pass\n")
    git(committed, "add", ".")
    git(committed, "commit", "-q", "-m", "more")
    for path in (committed.path / "more" / "test_more.py", committed.path / "more"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
    git(committed, "update-index", "--untracked-cache")
    for _ in range(2):
        git(committed, "status")
    committed.run("test_it.py").assert_outcomes(passed=1)
    assert gate(committed)[0] == 0, gate(committed)[1]
    return committed


@pytest.mark.parametrize("name", ["test_more.py", "conftest.py"])
def test_a_change_whose_times_were_put_back_is_a_change(lenient: Project, name: str) -> None:
    """An edit of the same size, and a new file in a folder that git had looked at, as old as what they replace."""
    folder = lenient.path / "more"
    path = folder / name
    text = path.read_text().replace("pass", "None") if path.exists() else ""
    before = int(folder.joinpath("test_more.py").stat().st_ctime)
    while int(time.time()) <= before:  # git compares whole seconds
        time.sleep(0.05)
    path.write_text(text)
    for one in (path, folder):
        os.utime(one, (1_500_000_000, 1_500_000_000))
    told = subprocess.run(
        ["git", "status", "--porcelain"], cwd=lenient.path, check=True, capture_output=True, text=True
    )
    assert told.stdout == ""
    lenient.run("test_it.py").assert_outcomes(passed=1)
    code, said = gate(lenient)
    assert (code, f"more/{name}" in said) == (1, True)
