"""``readiness record``: a command, or an examined result, as evidence from outside pytest."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project import CONFIG, TRACKER, Project, kill

pytestmark = pytest.mark.slow

PARTS = """
[items.6]
title = "secrets"
name = "secrets"
proof = "part"
parts = ["rotation", "revocation"]

[items.7]
title = "drills"
proof = "drill"

[provider_modes]
BYOK = "theirs"
MANAGED = "ours"

[use_cases.UC-001]
drills = ["failover", "timeout"]
"""


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


def record(project: Project, *args: str, code: str = "print('fine')", expected: int = 0) -> Any:
    """Record a Python program as evidence for item 1 of UC-001."""
    result = project.cli("record", "UC-001", "--item", "1", *args, "--", sys.executable, "-c", code)
    assert result.exit_code == expected, result.output
    return result


def lines(project: Project) -> list[dict[str, Any]]:
    """Every line of every run in the store, oldest first."""
    with sqlite3.connect(project.path / ".readiness" / "evidence.db") as connection:
        texts = connection.execute("select text from line join run on run_id = id order by started_at, seq").fetchall()
    connection.close()
    return [json.loads(text) for (text,) in texts]


def finished(project: Project) -> dict[str, Any]:
    """The newest line of an execution."""
    return [line for line in lines(project) if line["kind"] == "finished"][-1]


def artifacts_by_name(project: Project) -> dict[str, bytes]:
    """The artifacts of the newest execution, by name."""
    folder = project.path / ".readiness" / "artifacts"
    artifacts = finished(project).get("artifacts", ())
    return {
        artifact["name"]: (folder / artifact["sha256"][:2] / artifact["sha256"]).read_bytes() for artifact in artifacts
    }


def test_a_command_that_passes(placed: Project) -> None:
    """Exit code 0 is PASSED: shown as it ran, with its output and duration, and COMPLETE where no proof is asked."""
    code = "import sys, time; time.sleep(0.05); print('out', flush=True); print('err', file=sys.stderr)"
    result = record(placed, code=code)
    command = shlex.join([sys.executable, "-c", code])
    assert result.stdout.splitlines()[:2] == ["out", "err"]
    line = finished(placed)
    assert (line["test"], line["method"], line["result"]) == (command, "command", "PASSED")
    assert line["attempts"][0]["duration_ms"] >= 50
    assert artifacts_by_name(placed) == {"output": b"out\nerr\n"}
    assert placed.states("UC-001") == {"UC-001/1": "COMPLETE", "UC-001/2": "MISSING"}
    assert placed.cli("verify").exit_code == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        pytest.param(
            "import os; os.kill(os.getpid(), 9)",
            "ended by signal 9 (SIGKILL)",
            marks=pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's"),
        ),
    ],
)
def test_a_command_that_fails(placed: Project, code: str, message: str) -> None:
    """Another exit code or a signal is FAILED: recorded with its reason, and exit code 1."""
    record(placed, code=code, expected=1)
    assert (finished(placed)["result"], finished(placed)["message"]) == ("FAILED", message)
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"


@pytest.mark.parametrize(
    "kind", ["absent", "absent path", "not executable", "a folder", "no interpreter", "no program"]
)
def test_a_command_that_cannot_be_started(placed: Project, kind: str) -> None:
    """A mistyped or broken program is a usage error: one line, exit code 2, and no evidence that only a retirement ends."""
    (placed.path / "here").mkdir()
    text = "#!/no/such/interpreter\n" if kind == "no interpreter" else "\x7fELF no program"
    (placed.path / "broken").write_text(text)
    (placed.path / "broken").chmod(0o644 if kind == "not executable" else 0o755)
    program = {"absent": "no-such-program", "absent path": "./nope.sh", "a folder": "./here"}.get(kind, "./broken")
    result = placed.cli("record", "UC-001", "--item", "1", "--", program, "--x")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    assert f"'{program}' cannot be started: " in result.stderr
    assert "nothing was recorded" in result.stderr
    assert placed.journals == []
    assert placed.states("UC-001")["UC-001/1"] == "MISSING"
    assert not (placed.path / ".readiness" / "evidence.db").exists()


def test_a_corrected_command_replaces_one_of_the_same_name(placed: Project) -> None:
    """``--id`` stands for the command line: a command that is written otherwise takes the place of the failed one."""
    record(placed, "--id", "connect", code="raise SystemExit(1)", expected=1)
    assert finished(placed)["test"] == "connect"
    assert "SystemExit(1)" in dict(finished(placed)["properties"])["command"]
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"
    record(placed, "--id", "connect", code="print('mended')")
    assert placed.states("UC-001")["UC-001/1"] == "COMPLETE"
    assert placed.cli("verify").exit_code == 0


def test_a_command_runs_without_a_shell_and_without_input(placed: Project) -> None:
    """Words stay words, and reading from standard input ends at once."""
    code = "import sys; print(sys.argv[1:], repr(sys.stdin.read()))"
    result = placed.cli(
        "record", "UC-001", "--item", "1", "--", sys.executable, "-c", code, "a b", "$HOME", "--", "--item"
    )
    assert result.stdout.splitlines()[0] == "['a b', '$HOME', '--', '--item'] ''"


def test_output_is_streamed_while_the_command_runs(placed: Project) -> None:
    """What the command prints is on the terminal before it ends."""
    code = "import time; print('first', flush=True); time.sleep(60)"
    process = started(placed, code)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"first\n"
        assert process.poll() is None
    finally:
        kill(process)


def started(project: Project, code: str) -> subprocess.Popen[bytes]:
    """Start ``readiness record`` in a process group of its own."""
    command = [
        sys.executable,
        "-m",
        "pytest_readiness",
        "record",
        "UC-001",
        "--item",
        "1",
        "--",
        sys.executable,
        "-c",
        code,
    ]
    return subprocess.Popen(
        command, cwd=project.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )


WAITING = "import pathlib, time; pathlib.Path('here').touch(); time.sleep(60)"


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_a_killed_record_is_interrupted_evidence(placed: Project) -> None:
    """Killed while the command runs, it leaves an open journal, which recover takes in as INTERRUPTED."""
    process = started(placed, WAITING)
    placed.wait_for("here")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert len(placed.journals) == 1
    assert placed.cli("recover").exit_code == 0
    assert placed.journals == []
    assert finished(placed)["result"] == "INTERRUPTED"
    assert placed.states("UC-001")["UC-001/1"] == "INTERRUPTED"


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("whom", [os.killpg, os.kill], ids=["terminal", "record-alone"])
def test_ctrl_c_is_interrupted_evidence(placed: Project, whom: Any) -> None:
    """Ctrl-C ends the command, is recorded at once as INTERRUPTED, and gives exit code 130."""
    process = started(placed, WAITING)
    placed.wait_for("here")
    whom(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert placed.journals == []
    assert placed.states("UC-001")["UC-001/1"] == "INTERRUPTED"


@pytest.mark.skipif(os.name == "nt", reason="fork is POSIX's")
def test_a_daemon_that_a_command_leaves_behind(placed: Project) -> None:
    """A process that keeps the output open after the command has ended does not keep the evidence from being recorded."""
    waits = "    for _ in range(600):\n        if os.path.exists('recorded'): os._exit(0)\n        time.sleep(0.1)\n"
    code = f"import os, time\nif os.fork() == 0:\n{waits}    open('nobody came', 'w')\nprint('done', flush=True)"
    record(placed, code=code)
    assert not (placed.path / "nobody came").exists()
    placed.write("recorded", "")
    assert artifacts_by_name(placed) == {"output": b"done\n"}


def test_secrets_are_redacted_in_command_line_and_output(placed: Project) -> None:
    """The value of a secret variable stands nowhere below .readiness, also where it comes in two writes."""
    placed.monkeypatch.setenv("SERVICE_TOKEN", "s3cr3t-t0ken")
    code = "import sys, time\nfor half in ('<s3cr3t', '-t0ken>'):\n    sys.stdout.write(half); sys.stdout.flush(); time.sleep(0.2)"
    result = placed.cli(
        "record", "UC-001", "--item", "1", "--note", "of s3cr3t-t0ken", "--", sys.executable, "-c", code, "s3cr3t-t0ken"
    )
    assert result.exit_code == 0, result.output
    everything = b"".join(path.read_bytes() for path in (placed.path / ".readiness").rglob("*") if path.is_file())
    assert b"s3cr3t-t0ken" not in everything
    assert artifacts_by_name(placed) == {"output": b"<[REDACTED:environment]>"}
    assert finished(placed)["notes"] == ["of [REDACTED:environment]"]
    assert finished(placed)["redactions"]
    assert "[REDACTED:" in finished(placed)["test"]


def test_a_field_of_a_secret_document_is_redacted(placed: Project) -> None:
    """A service account in a variable: one field of it, printed alone, is found nowhere in what is kept."""
    field = "MIIBVwIBADANBgkqhkiG9w0"
    placed.monkeypatch.setenv("SVC_CREDENTIALS", json.dumps({"type": "svc", "private_key": field}))
    halves = field[:11], field[11:]
    record(placed, code=f"print('using key', {halves[0]!r} + {halves[1]!r})")
    assert artifacts_by_name(placed) == {"output": b"using key [REDACTED:environment]\n"}
    assert not [
        path
        for path in (placed.path / ".readiness").rglob("*")
        if path.is_file() and field in path.read_text("latin-1")
    ]


def test_output_is_cut_at_the_artifact_limit(placed: Project) -> None:
    """The command runs to its end whatever it prints; the artifact is as large as is allowed, and a note says so."""
    placed.write("readiness.toml", f'artifact_limit = "1000 B"\n{CONFIG}')
    record(placed, code="print('x' * 100_000); open('ended', 'w')")
    assert (placed.path / "ended").exists()
    assert artifacts_by_name(placed) == {"output": b"x" * 1000}
    assert finished(placed)["notes"] == ["the output was cut at artifact_limit (1,000 bytes)"]
    record(placed, code="print('x' * 999)")
    assert "notes" not in finished(placed)


def test_an_artifact_that_the_command_does_not_leave(placed: Project) -> None:
    """A file that the command writes is kept; one that is not there afterwards makes the pass an ERROR."""
    record(placed, "--artifact", "made.log", code="open('made.log', 'w').write('made')")
    assert artifacts_by_name(placed) == {"made.log": b"made"}
    record(placed, "--artifact", "absent.log", expected=1)
    assert finished(placed)["result"] == "ERROR"
    assert finished(placed)["message"] == "there is no file absent.log to attach"


def test_a_proof_by_option_counts_for_a_command(placed: Project) -> None:
    """A command's proof is as true as who typed it; without it the pass is ASSERTED."""
    args = ("record", "UC-001", "--item", "2", "--environment", "staging")
    command = ("--", sys.executable, "-c", "")
    placed.cli(*args, *command)
    assert placed.states("UC-001")["UC-001/2"] == "ASSERTED"
    result = placed.cli(*args, "--proof", "trace", "digest=ab=c", "mask=ts", "--note", "seed 7", *command)
    assert result.exit_code == 0, result.output
    assert finished(placed)["proofs"] == [{"kind": "trace", "details": [["digest", "ab=c"], ["mask", "ts"]]}]
    assert finished(placed)["notes"] == ["seed 7"]
    assert placed.states("UC-001")["UC-001/2"] == "COMPLETE"


def test_an_examined_result_is_asserted_at_most(placed: Project) -> None:
    """What somebody examined is never COMPLETE, not even with a proof or where none is asked for."""
    proof = ("--proof", "trace", "digest=abc")
    result = placed.cli(
        "record", "UC-001", "--item", "2", "--result", "PASSED", *proof, "--reference", "log=https://x/?a=1"
    )
    assert result.exit_code == 0, result.output
    line = finished(placed)
    assert (line["test"], line["method"]) == ("examined: UC-001/2", "examined")
    assert line["references"] == [{"name": "log", "url": "https://x/?a=1"}]
    placed.cli("record", "uc-001", "--item", "1", "--result", "PASSED")
    assert placed.states("UC-001") == {"UC-001/1": "ASSERTED", "UC-001/2": "ASSERTED"}


def test_no_result_from_elsewhere_takes_the_place_of_a_test(placed: Project) -> None:
    """A failing test stays so, whatever a JUnit file or a program is called."""
    placed.tests("@evidence('UC-001', item=1)\ndef test_a(): assert 0\n").run()
    placed.write(
        "junit.xml",
        """<testsuite name="s" timestamp="2026-01-01T00:00:00"><testcase classname="test_it.py" name="test_a" time="0"/></testsuite>""",
    )
    args = ("record", "--junit", "junit.xml", "--map", "*=UC-001/1", "--environment", "staging")
    assert placed.cli(*args).exit_code == 0
    (program := placed.path / "bin" / "test_it.py::test_a").parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    placed.monkeypatch.chdir(program.parent)
    placed.monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}".replace("::", ":"))
    assert placed.cli("record", "UC-001", "--item", "1", "--environment", "staging", "--", program.name).exit_code == 0
    placed.monkeypatch.chdir(placed.path)
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"
    assert "recorded: test_it.py::test_a" in placed.cli("why", "UC-001/1", "-v").output


def test_a_later_examination_of_the_same_name_replaces_the_earlier(placed: Project) -> None:
    """FAILED and then PASSED under one name is a pass; under another name the failure stays."""
    args = ("record", "UC-001", "--item", "1", "--id", "ticket 7", "--result")
    assert placed.cli(*args, "FAILED").exit_code == 1
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"
    placed.cli("record", "UC-001", "--item", "1", "--id", "ticket 8", "--result", "PASSED")
    assert placed.states("UC-001")["UC-001/1"] == "FAILING"
    assert placed.cli(*args, "PASSED").exit_code == 0
    assert placed.states("UC-001")["UC-001/1"] == "ASSERTED"


def test_context_by_option_variable_and_config(project: Project) -> None:
    """The option goes before its variable, that before the config; all of it is kept with the run."""
    context = '\n[context]\ntenant_id = "t-c"\nproject_id = "p-c"\nprovider_mode = "MANAGED"\n'
    project.configured(CONFIG + context)
    project.monkeypatch.setenv("READINESS_TENANT", "t-v")
    project.monkeypatch.setenv("READINESS_RELEASE", "2.1")
    record(project, "--environment", "staging", "--tenant", "t-o", "--actor", "ana@example.com")
    (piece,) = project.evidence("UC-001")
    assert (piece["tenant_id"], piece["project_id"]) == ("t-o", "p-c")
    assert (piece["environment"], piece["provider_mode"], piece["real"]) == ("staging", "MANAGED", True)
    head = lines(project)[0]
    assert (head["actor"], head["actor_known_by"], head["release"]) == ("ana@example.com", "declared", "2.1")
    assert head["argv"][:4] == ["record", "UC-001", "--item", "1"]
    record(project, "--environment", "dev")
    assert finished(project)["claims"][0]["not_real_because"]


def test_a_rehearsal_is_told(placed: Project) -> None:
    """Evidence that does not count is recorded, and the terminal says why it does not."""
    result = record(placed, "--environment", "dev")
    assert "(a rehearsal: environment 'dev' is not declared real)" in result.stdout
    assert placed.states("UC-001")["UC-001/1"] == "REHEARSED"


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (("6", "--part", "rotation"), {"UC-001/6/rotation"}),
        (("6",), {"UC-001/6/rotation", "UC-001/6/revocation"}),
        (("7", "--proof", "drill", "name=timeout", "fault=cut"), {"UC-001/7/timeout"}),
        (("secrets", "--part", "revocation", "--provider-mode", "BYOK"), {"UC-001/6/revocation"}),
    ],
)
def test_parts(placed: Project, args: tuple[str, ...], shown: set[str]) -> None:
    """A part by option, or the drill that a proof names, is what is shown; without either all parts are."""
    placed.configured(CONFIG + PARTS)
    result = placed.cli("record", "UC-001", "--item", *args, "--", sys.executable, "-c", "")
    assert result.exit_code == 0, result.output
    assert {name for name, state in placed.states("UC-001").items() if state != "MISSING"} == shown


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("UC-01", "--item", "1"), "no use case 'UC-01'"),
        (("UC-001", "--item", "one"), "no item 'one'"),
        (("UC-001", "--item", "1", "--environment", "stagin"), "no environment 'stagin' (did you mean 'staging'?)"),
        (("UC-001", "--item", "1", "--provider-mode", "BYOC"), "no provider mode 'BYOC' (did you mean 'BYOK'?)"),
        (("UC-001", "--item", "6", "--part", "rotatoin"), "has no part 'rotatoin' (did you mean 'rotation'?)"),
        (
            ("UC-001", "--item", "7", "--proof", "drill", "name=fallover"),
            "no part 'fallover' (did you mean 'failover'?)",
        ),
        (("UC-001", "--item", "1", "--proof", "trase", "a=b"), "there is no proof 'trase' (did you mean 'trace'?)"),
        (("UC-001", "--item", "1", "--proof", "trace"), "--proof trace needs details"),
        (
            ("UC-001", "--item", "6", "--part", "rotation", "--proof", "drill", "name=failover"),
            "--part and --proof drill",
        ),
        (("UC-001", "--item", "1", "--reference", "https://x/?a=b"), "--reference takes NAME=URL"),
        (("UC-001",), "--item"),
        (("--item", "1"), "name a use case"),
        (("UC-001", "--item", "1", "--map", "a=UC-001/1"), "--map needs --junit"),
        (("UC-001", "--item", "1", "--result", "GREEN"), "GREEN"),
        (("UC-001", "--item", "1", "--id", "test_it.py::test_a"), "--id must not look like the id of a pytest test"),
        (
            ("UC-001", "--item", "1", "--id", "a b/t.py::T::test_a[x]", "--result", "PASSED"),
            "--id must not look like the id of a pytest test",
        ),
        (("UC-001", "UC-002", "--item", "1"), "UC-002"),
    ],
)
def test_mistakes_record_and_run_nothing(placed: Project, args: tuple[str, ...], message: str) -> None:
    """What can be known before is one line and exit code 2: nothing is run, nothing recorded."""
    placed.configured(CONFIG + PARTS)
    command = () if "--result" in args else ("--", sys.executable, "-c", "open('ran', 'w')")
    result = placed.cli("record", *args, *command)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (placed.path / "ran").exists()
    assert not (placed.path / ".readiness").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--result", "PASSED", "--", "true"), "remove --result"),
        (("--id", " ", "--", "true"), "--id needs a name"),
        ((), "give the result of a manual check with --result"),
        (("--",), "there is no command after '--'"),
        (("--result", "PASSED", "--environment", "stagin"), "no environment 'stagin' (did you mean 'staging'?)"),
        (("--result", "PASSED", "--part", "x"), "has no part 'x'"),
        (("--result", "PASSED", "--artifact", "absent"), "there is no file absent to attach"),
    ],
)
def test_what_does_not_go_together(placed: Project, args: tuple[str, ...], message: str) -> None:
    """A command says its own result and name, an examined one needs them, and an artifact must be there."""
    result = placed.cli("record", "UC-001", "--item", "1", *args)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr
    assert not (placed.path / ".readiness" / "evidence.db").exists()


def test_a_store_that_cannot_be_written(placed: Project) -> None:
    """Evidence that is not kept is exit code 3, whatever its result; the journal holds it."""
    store = placed.write("readiness.toml", CONFIG.replace("tracker", 'store = "sqlite:///blocked/x.db"\ntracker', 1))
    (placed.path / "blocked").write_text("a file, not a folder")
    assert store.exists()
    result = record(placed, expected=3)
    assert "run 'readiness recover' when the store is back" in result.stderr
    assert len(placed.journals) == 1
    (placed.path / "blocked").unlink()
    assert placed.cli("recover").exit_code == 0
    assert placed.states("UC-001")["UC-001/1"] == "COMPLETE"


def test_an_output_that_cannot_be_kept(placed: Project) -> None:
    """The command runs to its end and is recorded; that its output is lost is told, and exit code 3."""
    (placed.path / ".readiness").mkdir()
    (placed.path / ".readiness" / "artifacts").write_text("a file, not a folder")
    result = record(placed, code="print('x' * 300_000); open('ended', 'w')", expected=3)
    assert "an artifact could not be stored" in result.stderr
    assert (placed.path / "ended").exists()
    assert finished(placed)["result"] == "PASSED"


def test_without_a_config_it_is_a_rehearsal(project: Project) -> None:
    """Where nothing is configured, any use case and item can be named, and the evidence is kept as a rehearsal."""
    result = project.cli("record", "UC-9", "--item", "1", "--result", "PASSED")
    assert result.exit_code == 0, result.output
    assert "a rehearsal: no real environment is declared" in result.stdout


def test_recorded_evidence_starts_a_use_case_and_syncs(placed: Project) -> None:
    """Evidence by command is evidence: the derived status moves, and sync writes it."""
    record(placed)
    assert placed.cli("sync").exit_code == 0
    tracker = Path(placed.path / "PROD_READINESS_TRACKER.md").read_text()
    assert tracker.count("IN_PROGRESS") == 1
    assert TRACKER.count("IN_PROGRESS") == 0


def test_a_command_without_dashes_is_told_where_it_stands(placed: Project) -> None:
    """Words that are no options are a usage error that says where a command goes."""
    done = placed.cli("record", "UC-001", "--item", "1", "true")
    assert done.exit_code == 2
    assert "Got unexpected extra argument (true): put the command after '--'" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="a file that cannot be read from its beginning")
def test_an_artifact_whose_reading_fails_is_named(project: Project) -> None:
    """A failed read of an artifact is reported with the artifact's name, and not as a problem of standard output."""
    project.configured()
    words = ("record", "UC-001", "--item", "1", "--environment", "staging", "--artifact", "/proc/self/mem")
    message = "the artifact /proc/self/mem cannot be read: Input/output error"
    done = project.cli(*words, "--result", "PASSED")
    assert (done.exit_code, done.stderr) == (2, f"readiness: {message}\n")
    done = project.cli(*words, "--", "true")
    assert done.exit_code == 1
    assert message in done.stderr + project.cli("show", "UC-001").stdout
    assert "standard output" not in done.stderr
    project.tests(
        '@evidence("UC-001", item=1)\ndef test_a(record_evidence): record_evidence.attach(pathlib.Path("/proc/self/mem"))\n'
    )
    project.run("-rf").stdout.fnmatch_lines([f"*EvidenceError: {message}*"])
