"""Secrets: a value that a test registers, or that the environment holds, is found nowhere in what we write."""

from __future__ import annotations

import base64
import json
import sys

import pytest

from pytest_readiness.facts.evidence import Evidence
from pytest_readiness.store.address import open_store
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
SECRET = "sk-live/ü'42\\x"
"""With everything that JSON, URLs, Python and pytest's node ids spell in another way."""
SPELLINGS = (SECRET, SECRET.encode("unicode_escape").decode(), json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1])

TOLD_EVERYWHERE = f"""
KEY = {SECRET!r}

@pytest.mark.parametrize("key", [KEY])
@evidence("UC-001", item=1)
def test_tells(record_evidence, key):
    record_evidence.note(f"before it was known: {{key}}")
    found = record_evidence.secret(key)
    record_evidence.note(f"note {{key}}")
    record_evidence.set(key=key, fingerprint=found)
    record_evidence.reference(key, f"https://x/?key={{key}}")
    record_evidence.attach(f"text {{key}}", name=key)
    pathlib.Path("log.txt").write_text(f"log {{key}} and {{key!r}}", encoding="utf-8")
    record_evidence.attach(pathlib.Path("log.txt"))
    record_evidence.scope(tenant_id=key, project_id=f"p-{{key}}")
    with record_evidence.step(f"step {{key}}"): pass
    assert key == "something else", key

@pytest.mark.parametrize("key", [KEY, "other"])
@evidence("UC-001", item=2)
def test_said_it_before_it_was_known(key): assert False, KEY
"""


def kept(project: Project) -> list[Evidence]:
    """Every piece of evidence in the store."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return [piece for name in store.use_cases("default") for piece in store.history("default", name)]
    finally:
        store.close()


def assert_nowhere(project: Project, *texts: str) -> None:
    """No spelling of the secret is in any file of ours, nor in these texts."""
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    assert len(files) >= 3
    for spelling in SPELLINGS:
        for path in files:
            assert spelling.encode() not in path.read_bytes(), (spelling, path)
        for text in texts:
            assert spelling not in text


@HOW
@pytest.mark.parametrize("order", ["told first", "told last"])
def test_a_registered_secret_is_found_nowhere(project: Project, how: tuple[str, ...], order: str) -> None:
    """Not in the store, artifacts, node ids, reports or messages, also where it was written before it was known."""
    halves = TOLD_EVERYWHERE.split("\n\n")
    source = TOLD_EVERYWHERE if order == "told first" else "\n\n".join([halves[0], halves[2], halves[1]])
    project.configured().tests(source)
    result = project.run(*how, "--readiness-report", "-v", "--readiness-json=out.json", "--show-capture=no")
    result.assert_outcomes(failed=3)
    ours = result.stdout.str().split("= production readiness =")[1].split("= short test summary")[0]
    shown = project.cli("show", "UC-001").stdout
    assert_nowhere(project, ours, shown, (project.path / "out.json").read_text(), project.cli("report", "-v").stdout)
    assert "[REDACTED:registered]" in shown
    pieces = kept(project)
    assert [piece.result.value for piece in pieces] == ["FAILED"] * 3  # none is INTERRUPTED: the ids still join
    assert len({piece.test_id for piece in pieces}) == 3
    assert project.cli("verify").exit_code == 0


@HOW
def test_two_secrets_in_node_ids_stay_two_tests(project: Project, how: tuple[str, ...]) -> None:
    """A pass with one key cannot stand for the failure with another: each id keeps its fingerprint."""
    project.monkeypatch.setenv("A_TOKEN", "tok-aaaa-1")
    project.monkeypatch.setenv("B_TOKEN", "tok-bbbb-2")
    project.configured().tests(
        '@pytest.mark.parametrize("key", ["tok-aaaa-1", "tok-bbbb-2"])\n'
        '@evidence("UC-001", item=1)\ndef test_it(key): assert "bbbb" in key\n'
    )
    result = project.run(*how)
    result.assert_outcomes(passed=1, failed=1)
    assert len({piece.test_id for piece in kept(project)}) == 2
    assert all("tok-" not in piece.test_id for piece in kept(project))
    assert project.states()["UC-001/1"] == "FAILING"


@HOW
def test_one_value_has_one_fingerprint(project: Project, how: tuple[str, ...]) -> None:
    """The same value has the same fingerprint in every run and process; it is 12 hex digits, short values have none."""
    project.configured().tests(
        """
        @pytest.mark.parametrize("n", range(4))
        @evidence("UC-001", item=1)
        def test_it(record_evidence, n):
            record_evidence.set(found=record_evidence.secret("sk-live-1234"), short=record_evidence.secret("12345"))

        def test_unmarked(record_evidence):
            pathlib.Path("unmarked").write_text(record_evidence.secret("sk-live-1234"))
        """
    )
    for args in (how, ()):
        project.run(*args).assert_outcomes(passed=5)
    found = {dict(piece.properties)["found"] for piece in kept(project)}
    assert len(kept(project)) == 8
    assert len(found) == 1
    assert found == {(project.path / "unmarked").read_text()}
    assert {len(one) for one in found} == {12}
    assert {dict(piece.properties)["short"] for piece in kept(project)} == {""}


@HOW
def test_what_the_environment_calls_secret_is_found_nowhere(project: Project, how: tuple[str, ...]) -> None:
    """The value of a variable whose name says secret is taken out, of the command line too, and counted by rule."""
    project.monkeypatch.setenv("SERVICE_PASSWORD", SECRET)
    project.configured().tests(
        '@pytest.mark.parametrize("key", [os.environ["SERVICE_PASSWORD"]])\n'
        '@evidence("UC-001", item=1)\ndef test_it(key, record_evidence):\n'
        "    record_evidence.note(key)\n    assert not key\n"
    )
    plan = project.run("--readiness-plan").stdout.str()
    assert "UC-001/1" in plan
    project.run(*how, f"--readiness-tenant={SECRET}").assert_outcomes(failed=1)
    assert_nowhere(project, plan, project.cli("report", "--format", "json").stdout)
    [piece] = kept(project)
    assert piece.tenant_id == "[REDACTED:environment]"
    assert dict(piece.redactions)["environment"] >= 3


def test_a_crashed_worker_tells_no_secret(project: Project) -> None:
    """What xdist says of a crashed worker names the test: without what is secret in its id."""
    project.monkeypatch.setenv("SERVICE_PASSWORD", SECRET)
    project.configured().tests(
        '@pytest.mark.parametrize("key", [os.environ["SERVICE_PASSWORD"]])\n'
        '@evidence("UC-001", item=1)\ndef test_it(key): os._exit(1)\n'
    )
    project.run_apart("-p", "xdist", "-n1", "-q")
    assert_nowhere(project)
    assert [piece.result.value for piece in kept(project)] == ["INTERRUPTED"]


@HOW
def test_a_password_that_is_an_ordinary_word_does_no_harm(project: Project, how: tuple[str, ...]) -> None:
    """Words of ours and of the catalogue are no secrets, even where somebody uses one as a password."""
    project.monkeypatch.setenv("DB_PASSWORD", "staging")
    project.monkeypatch.setenv("A_TOKEN", "PASSED")
    project.monkeypatch.setenv("B_TOKEN", "UC-001")
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_a(record_evidence): record_evidence.scope(environment="staging")\n'
        '@evidence("UC-001", item=2)\ndef test_b(): pass\n'
    )
    project.run(*how, environment=None)
    project.run(*how).assert_outcomes(passed=2)
    assert project.states("UC-001") == {"UC-001/1": "COMPLETE", "UC-001/2": "ASSERTED"}
    assert project.cli("verify").exit_code == 0


def test_raw_keeps_a_text_as_it_is(project: Project) -> None:
    """Only raw=True keeps a registered value, in that artifact and nowhere else."""
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_it(record_evidence):\n'
        '    record_evidence.secret("sk-live-1234")\n    record_evidence.attach("a sk-live-1234", raw=True)\n'
    )
    project.run().assert_outcomes(passed=1)
    [artifact] = kept(project)[0].artifacts
    path = project.path / ".readiness" / "artifacts" / artifact.sha256[:2] / artifact.sha256
    assert path.read_text() == "a sk-live-1234"
    assert b"sk-live-1234" not in (project.path / ".readiness" / "evidence.db").read_bytes()


def test_a_session_that_is_interrupted_tells_no_secret(project: Project) -> None:
    """A secret that a test registered before Ctrl-C is taken out of what was written before."""
    project.configured().tests(
        f"""
        KEY = {SECRET!r}

        @pytest.mark.parametrize("key", [KEY])
        @evidence("UC-001", item=1)
        def test_it(record_evidence, key):
            record_evidence.secret(key)
            raise KeyboardInterrupt
        """
    )
    assert project.run_apart("-q").ret == 2
    assert_nowhere(project)
    assert [piece.result.value for piece in kept(project)] == ["INTERRUPTED"]


def test_rewriting_survives_a_crash_afterwards(project: Project) -> None:
    """A journal that was written anew is whole: what a later kill leaves behind is recovered, without the secret."""
    project.configured().tests(
        f"""
        KEY = {SECRET!r}

        @pytest.mark.parametrize("key", [KEY])
        @evidence("UC-001", item=1)
        def test_a(record_evidence, key): record_evidence.secret(key)

        @evidence("UC-001", item=2)
        def test_b(): os._exit(9)
        """
    )
    project.run_apart("-q")
    assert_nowhere(project)
    assert project.cli("recover").exit_code == 0
    assert sorted(piece.result.value for piece in kept(project)) == ["INTERRUPTED", "PASSED"]
    assert project.cli("verify").exit_code == 0
    assert_nowhere(project)


LATE = """
import os
import pathlib
import pytest
from pytest_readiness import evidence

@evidence("UC-001", item=1)
def test_login(record_evidence):
    record_evidence.note("token tok-9f8e7d6c5b4a")

@evidence("UC-001", item=2)
def test_drill(no_room, record_evidence):
    record_evidence.secret("tok-9f8e7d6c5b4a")
"""
NO_ROOM = """
import errno
import pytest
from pytest_readiness.journal import writer

@pytest.fixture
def no_room(monkeypatch):
    def write(descriptor, data): raise OSError(errno.ENOSPC, "No space left on device")
    {patch}
    yield
"""
WHEN = pytest.mark.parametrize(
    "patch", ["monkeypatch.setattr(writer, '_write_whole', write)", "writer._write_whole = write"]
)


@WHEN
def test_a_secret_that_becomes_known_while_the_disk_is_full_is_nowhere(project: Project, patch: str) -> None:
    """It is taken out at the end; where there is no room even then, its lines are overwritten and nothing is kept."""
    project.write("conftest.py", NO_ROOM.format(patch=patch))
    project.configured().write("test_late.py", LATE)
    result = project.run_apart()
    shown = " ".join(result.stdout.str().split())
    assert result.ret == 13, shown
    for path in (project.path / ".readiness").rglob("*"):
        assert not path.is_file() or b"tok-9f8e7d6c5b4a" not in path.read_bytes(), path
    if patch.startswith("monkeypatch"):
        assert len(kept(project)) == 2
    else:
        assert "the lines with it are overwritten, and the run is not stored" in shown
        assert project.cli("gate").exit_code != 0


PRINTED = {
    "a command that fails": """
import subprocess, sys
@evidence("UC-001", item=1)
def test_it(record_evidence):
    record_evidence.note(str(["curl", "-fsu", "ana:" + "MADE", "https://x"]))
    pathlib.Path("curl").write_text("#!/bin/sh\\nexit 22\\n"); pathlib.Path("curl").chmod(0o755)
    subprocess.run(["./curl", "-u", "ana:" + "MADE", "https://x"], check=True)
""",
    "a secret of Kubernetes": """
import base64
@evidence("UC-001", item=1)
def test_it(record_evidence):
    made = base64.b64encode(b"-----BEGIN RSA " + b"PRIVATE KEY-----\\n" + b"MADE" * 9).decode()
    record_evidence.attach(f"data:\\n  tls.key: {made}\\n", name="secret.yaml")
    assert made in "", f"tls.key: {made}"
""",
    "a .netrc that is compared": """
@evidence("UC-001", item=1)
def test_it(): assert "machine m\\n  login c\\n  password " + "MADE" + "\\n" == "machine m\\n  login c\\n"
""",
    "a plan and its output": """
@evidence("UC-001", item=1)
def test_it(record_evidence):
    record_evidence.attach('{"conn":{"sensitive":true,"value":"%s"}}' % "MADE", name="output.json")
    record_evidence.note('  ~ master_password = "Before12" -> "%s"' % "MADE")
    raise ValueError("docker login -u a -p " + "MADE")
""",
}


@pytest.mark.skipif(sys.platform == "win32", reason="runs a shell script")
@pytest.mark.parametrize("kind", PRINTED)
def test_a_secret_that_a_tool_prints_is_found_nowhere(project: Project, kind: str) -> None:
    """Not in a note, an attachment or a failure message, though no name beside it says that it is one."""
    made = "ArSec2x9" + "zz7q"
    project.configured().tests(PRINTED[kind].replace("MADE", made))
    project.run().assert_outcomes(failed=1)
    assert "[REDACTED:" in kept(project)[0].message
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    spelled = [made.encode(), base64.b64encode(f"{made}ABC".encode())[:12], base64.b64encode(made.encode() * 3)]
    assert [path for path in files for one in spelled if one in path.read_bytes()] == []
