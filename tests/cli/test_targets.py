"""What somebody names to be written never takes the place of a file that is read from: it may be the only copy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.project import CONFIG, TRACKER, Project
from tests.reviewed_project import TESTS, record
from tests.signing.keyring import key_pair

pytestmark = pytest.mark.slow

KEYS = '\n[keys.ci]\npublic = "keys/ci.pem"\nroles = ["runs"]\n'
WRITERS = [
    "report -o",
    "report --format json -o",
    "open --no-browser -o",
    "artifact 20260101T000000Z-00000000.1.1 x -o",
    "bundle -o",
    "bundle --script",
    "checkpoint -o",
]
OPTIONS = ["--readiness-html", "--readiness-json", "--readiness-bundle"]
SOURCES = {
    ".readiness/evidence.db": "the store",
    "readiness.toml": "the config",
    "PROD_READINESS_TRACKER.md": "the tracker",
    "keys/ci.pem": "a public key",
    "secret/ci.key.pem": "the signing key",
    "decisions/20260101T000000Z-0000000000000000.json": "a decision",
    ".readiness/journal/20260101T000000Z-00000000.jsonl": "a journal",
    ".readiness/fingerprint.key": "the fingerprint key",
    "head.txt": "a checkpoint",
}
"""What a command or a session reads, and what it is called."""


@pytest.fixture
def prepared(project: Project) -> Project:
    """A project that trusts a key, keeps decisions as files, and whose store holds a run with an artifact."""
    key_pair(project, "ci")
    project.configured('decisions = "decisions"\n' + CONFIG + KEYS, TRACKER).tests(TESTS)
    record(project)
    assert project.cli("checkpoint", "-o", "head.txt").exit_code == 0
    project.monkeypatch.setenv("READINESS_SIGNER", "file2:secret/ci.key.pem")
    for name in SOURCES:
        path = project.path / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(b"the only copy\n")
    project.monkeypatch.setenv("READINESS_CHECKPOINT", "head.txt")
    return project


def refused(project: Project, words: str, name: str, role: str) -> None:
    """The command or the session is told in one line what that file is, exits with 2 or 4, and leaves it as it was."""
    path = project.path / name
    before = path.read_bytes()
    if words.startswith("--"):
        result = project.run(f"{words}={name}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR, (words, name)
        lines = [line for line in result.errlines if line]
        assert not any("passed" in line for line in result.outlines), "a test ran"
    else:
        done = project.cli(*words.split(), name)
        assert done.exit_code == 2, (words, name, done.output)
        lines = done.stderr.splitlines()
    (line,) = lines
    assert f"would overwrite {role}: name another file" in line, (words, name)
    assert path.read_bytes() == before, (words, name)


@pytest.mark.parametrize("words", WRITERS)
def test_no_command_writes_into_what_is_read(prepared: Project, words: str) -> None:
    """Whatever a command writes, it refuses each file that it or another command reads."""
    for name, role in SOURCES.items():
        if (words, name) != ("checkpoint -o", "head.txt"):  # which the store has grown out of
            refused(prepared, words, name, role)


@pytest.mark.parametrize("words", OPTIONS)
def test_no_session_writes_into_what_is_read(prepared: Project, words: str) -> None:
    """A usage error of pytest, before a test runs."""
    for name, role in SOURCES.items():
        refused(prepared, words, name, role)


@pytest.mark.parametrize("words", [WRITERS[0], WRITERS[2], OPTIONS[0]])
def test_by_whatever_name(prepared: Project, words: str) -> None:
    """A link to the store, another link to its file, a way around, and a name of SQLite's own beside it are the store."""
    store = prepared.path / ".readiness" / "evidence.db"
    (prepared.path / "soft").symlink_to(store)
    os.link(store, prepared.path / "hard")
    (prepared.path / ".readiness" / "evidence.db-journal").write_bytes(b"")
    for name in ("soft", "hard", "keys/../.readiness/evidence.db", str(store), ".readiness/evidence.db-journal"):
        refused(prepared, words, name, "the store")


@pytest.mark.parametrize("words", [WRITERS[1], OPTIONS[0]])
def test_an_artifact(prepared: Project, words: str) -> None:
    """An artifact is named by what it holds, and nothing else may lie there."""
    folder = prepared.path / ".readiness" / "artifacts"
    path = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    refused(prepared, words, str(path.relative_to(prepared.path)), "an artifact")


def test_a_store_that_is_not_there_yet(project: Project) -> None:
    """The first session cannot write its report into the place of the store that it would make."""
    project.configured().tests(TESTS)
    result = project.run("--readiness-json=.readiness/evidence.db")
    assert "there is no folder" in result.stderr.str()
    (project.path / ".readiness").mkdir()
    result = project.run("--readiness-json=.readiness/evidence.db")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the report would overwrite the store: name another file"])


def test_two_things_in_one_file(prepared: Project) -> None:
    """Of a report and a bundle in one file only the later would be left."""
    result = prepared.run("--readiness-json=out", "--readiness-bundle=out")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*out: the bundle would overwrite the report: name another file"])
    done = prepared.cli("bundle", "-o", "out", "--script", "out")
    assert (done.exit_code, Path("out").exists()) == (2, False)


OWN_OPTION = "def pytest_addoption(parser): parser.addoption('--own-report')\n"


@pytest.mark.parametrize("option", ["--readiness-junit=o.xml", "--readiness-json=o.xml", "--readiness-bundle=o.xml"])
@pytest.mark.parametrize("other", ["--junitxml", "--log-file", "--own-report"])
def test_no_session_writes_into_the_file_of_another_option(project: Project, option: str, other: str) -> None:
    """Of two reports in one file only the later would be left: a usage error names both options, and nothing runs."""
    project.configured().tests(TESTS).write("conftest.py", OWN_OPTION)
    result = project.run(option, f"{other}=o.xml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not any("passed" in line for line in result.outlines), "a test ran"
    result.stderr.fnmatch_lines([f"*{option}: {other} names this file, too: name another file"])
    assert project.run(option, f"{other}=p.xml").ret == 0


def test_what_other_options_say_is_no_file(project: Project) -> None:
    """The value of -k or of a number's option is no path, even if it looks like the report's."""
    project.configured().tests(TESTS)
    assert project.run("--readiness-json=test", "-k", "test", "-p", "no:logging").ret == 0
    assert (project.path / "test").is_file()


def test_a_bundle_takes_no_device_away(project: Project) -> None:
    """A bundle replaces its file, so a device there is a usage error before a test runs; a report may go into it."""
    project.configured().tests(TESTS)
    result = project.run(f"--readiness-bundle={os.devnull}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the bundle cannot be written: what is there is no regular file: name another file"])
    assert project.run(f"--readiness-json={os.devnull}").ret == 0


@pytest.mark.parametrize("words", OPTIONS)
def test_no_session_writes_into_a_test(project: Project, words: str) -> None:
    """An option without its value takes the next word: a test file there stays as it is, and nothing runs."""
    path = project.configured().tests(TESTS).path / "test_it.py"
    before = path.read_bytes()
    result = project.run(words, "test_it.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{words}=test_it.py: this is a Python file: name another file"])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "words", ["report -o", "report --format html -o", "open --no-browser -o", "checkpoint -o", "bundle -o"]
)
def test_no_command_writes_into_a_test(project: Project, words: str) -> None:
    """A Python file stays as it is; the verifier of a bundle, which is one, is written as ever."""
    path = project.configured().tests(TESTS).path / "test_it.py"
    project.run()
    before = path.read_bytes()
    done = project.cli(*words.split(), "test_it.py")
    assert (done.exit_code, path.read_bytes()) == (2, before)
    assert "would overwrite a Python file: name another file" in done.stderr
    for _ in range(2):
        assert project.cli("bundle", "-o", "b.zip", "--script", "verify.py").exit_code == 0


def test_a_file_that_cannot_be_written_keeps_no_other_from_it(project: Project) -> None:
    """A folder that a test makes in the place of the page ends the session with 13; the other reports are written."""
    project.configured().tests('@evidence("UC-001", item=1)\ndef test_it(): os.mkdir("page.html")\n')
    result = project.run("--readiness-html=page.html", "--readiness-json=r.json", "--readiness-csv=r.csv")
    assert result.ret == 13
    result.stdout.fnmatch_lines(
        [
            "page.html: the report cannot be written: *",
            "exit code 13: a file could not be written; the evidence is stored",
        ]
    )
    assert '"UC-001/1"' in (project.path / "r.json").read_text("utf-8")
    assert "test_it.py::test_it" in (project.path / "r.csv").read_text("utf-8")


def test_what_was_not_written_is_not_what_was_not_stored(project: Project) -> None:
    """Where the store fails too, the exit code's words speak of the evidence."""
    project.configured().tests('@evidence("UC-001", item=1)\ndef test_it(): os.mkdir("page.html")\n')
    result = project.run("--readiness-html=page.html", "--readiness-store=sqlite:////dev/null/no.db")
    assert result.ret == 13
    result.stdout.fnmatch_lines(["exit code 13: evidence could not be stored, or is not intact"])


def test_what_is_read_by_nobody_is_written(project: Project) -> None:
    """A report, a bundle and a checkpoint take the place of earlier ones as ever."""
    project.configured().tests(TESTS)
    for _ in range(2):
        assert project.run("--readiness-json=a.json", "--readiness-bundle=b.zip").ret == 0
        for words in ("report -o c.txt", "bundle -o b.zip", "checkpoint -o head.txt"):
            assert project.cli(*words.split()).exit_code == 0, words
