"""Formats for other tools, as the command writes them: to standard output, to a file, and signed."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from pytest_readiness.views.output_formats import FORMATS
from tests.cli.test_tampering import sql
from tests.project import CONFIG, Project
from tests.reviewed_project import BOT, commit, git, record, repository
from tests.signing.keyring import key_pair, signing_as

pytestmark = pytest.mark.slow

TESTS = """
@evidence("UC-001", item=1)
def test_passes(): pass

@evidence("UC-002", item=1)
def test_fails(): assert 0
"""


def recorded(project: Project, *, in_git: bool = True) -> str:
    """Record a run of the tests, of a commit if they are in git; return the commit."""
    project.configured(CONFIG).tests(TESTS)
    if not in_git:
        record(project)
        return ""
    repository(project, email=BOT)
    commit(project)
    record(project)
    return git(project, "rev-parse", "HEAD").strip()


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_has_the_bytes_of_the_output(project: Project, name: str) -> None:
    """With -o and a moment every format writes the same bytes again."""
    recorded(project)
    at = ("--at", "2999-01-01")
    first = project.cli("report", "--format", name, *at)
    assert first.exit_code == 0, first.output
    written = project.cli("report", "--format", name, *at, "-o", "out.txt")
    assert (written.exit_code, written.stdout) == (0, "")
    assert (project.path / "out.txt").read_bytes() == first.stdout_bytes
    assert first.stdout


def test_statements_are_about_the_commit_of_the_run(project: Project) -> None:
    """Two of four requirements have evidence of a commit; the other two are named on standard error."""
    subject = recorded(project)
    result = project.cli("report", "--format", "in-toto")
    statements = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["predicate"].get("result", "verified") for each in statements] == ["PASSED", "verified", "FAILED"]
    assert {each["subject"][0]["digest"]["gitCommit"] for each in statements} == {subject}
    message = "in-toto: 2 of 4 requirements have no statement: 2 without evidence that counts (UC-001/2, UC-002/2)"
    assert result.stderr == f"readiness: {message}\n"


def test_without_git_no_statement_is_written_and_a_line_says_why(project: Project) -> None:
    """The output is empty, and the exit code is that of every report."""
    recorded(project, in_git=False)
    result = project.cli("report", "--format", "in-toto")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "2 whose run names no commit (UC-001/1, UC-002/1)" in result.stderr
    assert result.stderr.count("\n") == 1


def test_changed_files_are_no_commit(project: Project) -> None:
    """A run of tests that differ from the commit says nothing about the commit."""
    recorded(project)
    project.tests(TESTS + "\n# changed\n")
    record(project)
    result = project.cli("report", "--format", "in-toto", "UC-001")
    assert result.stdout == ""
    assert "1 whose run had changes that are in no commit (UC-001/1)" in result.stderr


def public_key(project: Project, name: str) -> SSlibKey:
    """Return a public key in the form of the library."""
    return SSlibKey.from_crypto(load_pem_public_key((project.path / "keys" / f"{name}.pem").read_bytes()))


def test_statements_are_signed_where_a_key_is_set(project: Project) -> None:
    """Each line is a DSSE envelope that securesystemslib verifies, of the line that is there without a key."""
    for name in ("ci", "eve"):
        key_pair(project, name)
    recorded(project)
    at = ("--at", "2999-01-01")
    plain = project.cli("report", "--format", "in-toto", *at).stdout.splitlines()
    signing_as(project, "ci")
    signed = project.cli("report", "--format", "in-toto", *at)
    assert signed.exit_code == 0, signed.output
    envelopes: list[dict[str, Any]] = [json.loads(line) for line in signed.stdout.splitlines()]
    assert [base64.b64decode(each["payload"]).decode() for each in envelopes] == plain
    assert {each["payloadType"] for each in envelopes} == {"application/vnd.in-toto+json"}
    for each in envelopes:
        envelope = Envelope.from_dict(json.loads(json.dumps(each)))
        assert envelope.verify([public_key(project, "ci")], 1)
        with pytest.raises(VerificationError):
            envelope.verify([public_key(project, "eve")], 1)
        forged = {**each, "payload": base64.b64encode(plain[0].replace("PASSED", "WARNED").encode()).decode()}
        with pytest.raises(VerificationError):
            Envelope.from_dict(forged).verify([public_key(project, "ci")], 1)


def test_a_key_that_cannot_sign_leaves_no_file(project: Project) -> None:
    """The error is one line, and what was in the file stays."""
    recorded(project)
    signing_as(project, "nobody")
    project.write("out.intoto.jsonl", "earlier\n")
    result = project.cli("report", "--format", "in-toto", "-o", "out.intoto.jsonl")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "READINESS_SIGNER" in result.stderr
    assert (project.path / "out.intoto.jsonl").read_text() == "earlier\n"


def test_nothing_is_attested_of_a_store_that_is_not_intact(project: Project) -> None:
    """Other formats show what is there and exit 3; a statement would outlive that exit code."""
    recorded(project)
    sql(project, "UPDATE line SET text = replace(text, 'FAILED', 'PASSED') WHERE text LIKE '%test_fails%'")
    project.write("out.intoto.jsonl", "earlier\n")
    for target in ([], ["-o", "out.intoto.jsonl"]):
        result = project.cli("report", "--format", "in-toto", *target)
        assert (result.exit_code, result.stdout) == (3, ""), result.output
    assert (project.path / "out.intoto.jsonl").read_text() == "earlier\n"
    shown = project.cli("report", "--format", "junit")
    assert (shown.exit_code, shown.stdout[:5]) == (3, "<?xml")


def test_other_formats_need_no_key(project: Project) -> None:
    """A key that is not there matters only to what is signed."""
    recorded(project)
    signing_as(project, "nobody")
    for name, form in FORMATS.items():
        result = project.cli("report", "--format", name)
        assert result.exit_code == (2 if form.is_signed else 0), name


def test_evidence_without_a_config(project: Project) -> None:
    """Each format is written for a project that has no config, and in none of them is anything shown for real."""
    project.tests(TESTS)
    project.run("--readiness-environment=x", environment=None)
    outputs = {}
    for name in FORMATS:
        result = project.cli("report", "--format", name)
        assert result.exit_code == 0, (name, result.output)
        outputs[name] = result.stdout
    assert [name for name, text in outputs.items() if not text] == ["in-toto"]
    assert "NOT ELIGIBLE" in outputs["markdown"]
    assert "NOT ELIGIBLE" in outputs["html"]
    assert json.loads(outputs["json"])["verdict"]["eligible"] is False
    real = {row["Real"] for row in csv.DictReader(io.StringIO(outputs["csv"]))}
    assert real == {"no: no real environment is declared: add [environments.NAME] real = true to the config"}
    assert {test["status"] for test in json.loads(outputs["ctrf"])["results"]["tests"]}.isdisjoint({"passed"})
    assert "satisfied" not in outputs["oscal"].replace("not-satisfied", "")
