"""One piece of evidence: the ten fields of the template, then everything else that was recorded."""

from __future__ import annotations

from textwrap import dedent

import pytest
from msgspec.structs import fields
from wcwidth import wcswidth

from pytest_readiness.facts.evidence import Artifact, Attempt, Evidence, Proof, Reference, Result, Step
from pytest_readiness.verdict.evidence_standing import EvidenceStanding
from pytest_readiness.verdict.readiness import State
from pytest_readiness.views.evidence import ShownPiece, evidence_fields, render_evidence
from pytest_readiness.views.line_writer import plain_lines

from . import values
from .hostile import HOSTILE, dangers

pytestmark = pytest.mark.slow


def counted(piece, run=None):
    """Return a piece of evidence that counts for a requirement."""
    return ShownPiece(piece, run, (("UC-003/4", EvidenceStanding(State.COMPLETE, proven=True)),))


TEN = [
    "UC",
    "Tenant ID",
    "Project ID",
    "Environment",
    "Provider Mode",
    "Validation Item",
    "Command/Test ID",
    "Result",
    "Timestamp (UTC)",
    "Artifact/Log Reference",
]


def test_the_ten_fields_stand_in_the_order_and_under_the_names_of_the_template():
    """Whoever knows the template finds its ten fields first, as they stand there."""
    assert [name for name, _ in evidence_fields(values.evidence())] == TEN
    lines = render_evidence(counted(values.evidence(references=())), 100)
    assert [line[0][0].strip() for line in lines[:10]] == TEN


def test_evidence_with_its_whole_envelope():
    """Everything that was recorded is shown: run, reality, attempts, proofs, nested steps, notes and redactions."""
    expected = f"""
        UC                      UC-003
        Tenant ID               t-42
        Project ID              p-7
        Environment             dev
        Provider Mode           BYOK
        Validation Item         6
        Command/Test ID         tests/test_trace.py::test_trace
        Result                  PASSED
        Timestamp (UTC)         2026-02-12T18:28:02.000Z
        Artifact/Log Reference  log: https://logs.example.com/42
                                trace.json sha256:{values.SHA}

        Counts                  yes, for UC-003/4
        Evidence                20260212T182800Z-0a1b2c3d.5.1
        Register                payments
        Run                     20260212T182800Z-0a1b2c3d, SEALED
        Run started, finished   2026-02-12T18:28:00.000Z, 2026-02-12T18:28:30.000Z
        Actor                   qa-lead@example.com
        Commit                  c0ffee with uncommitted changes
        Release                 1.4
        Requirements            sha256:{"0" * 64}
        Level                   L1, sealed
        Real                    no: environment 'dev' is not declared real
        Started                 2026-02-12T18:28:01.000Z
        Claim limited to        dev
        Parts                   rotation
        Replay mode             TRACE_ONLY
        Attempts                1. FAILED at 2026-02-12T18:28:00.000Z in 7 ms
                                   assert 1 == 2
                                   at line 4
                                2. PASSED at 2026-02-12T18:28:01.000Z in 1000 ms
        Proofs                  rotation
                                  old = aaa
                                  new = bbb
        Steps                   PASSED rotate (12 ms)
                                  PASSED wait (5 ms)
        Notes                   looked fine
        Properties              region = eu
        Artifacts               trace.json (application/json, 10 bytes)
                                sha256:{values.SHA}
        Redacted                aws-key: 2
    """
    output = plain_lines(render_evidence(counted(values.rich_evidence(), values.summary()), 140))
    assert output == dedent(expected).strip("\n")


def test_a_field_without_a_value_is_a_dash():
    """The ten fields are all there, also those that were not given."""
    bare = values.evidence(tenant_id=None, references=(), artifacts=())
    output_lines = plain_lines(render_evidence(counted(bare), 80)).splitlines()
    assert output_lines[1] == "Tenant ID               -"
    assert output_lines[9] == "Artifact/Log Reference  -"


def test_a_failure_shows_its_message_once_line_by_line():
    """The message keeps its lines, and an attempt with the same message does not repeat it."""
    attempt = Attempt(Result.FAILED, values.NOW, 3, "one\ntwo")
    output = plain_lines(
        render_evidence(counted(values.evidence(result=Result.FAILED, message="one\ntwo", attempts=(attempt,))), 80)
    )
    assert "Message                 one\n                        two\n" in output
    assert output.count("two") == 1


def hostile_evidence(bad):
    """Return evidence with one hostile text in every field that holds text."""
    texts = {field.name: bad for field in fields(Evidence) if field.type in {"str", "str | None"}}
    return values.evidence(
        **texts,
        real=False,
        references=(Reference(bad, bad),),
        artifacts=(Artifact(bad, bad, 1, bad),),
        parts=(bad,),
        attempts=(Attempt(Result.FAILED, bad, 1, f"{bad}x"),),
        proofs=(Proof(bad, ((bad, bad),)),),
        steps=(Step(bad, Result.PASSED, 1, (Step(bad, Result.PASSED, 1),)),),
        notes=(bad,),
        properties=((bad, bad),),
        redactions=((bad, 1),),
    )


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_is_harmless_and_fits(bad, unicode):
    """Whatever a test recorded, nothing of it is executed by a terminal or a CI server, and every line fits."""
    output = plain_lines(render_evidence(counted(hostile_evidence(bad), values.summary()), 60, unicode=unicode))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
    assert unicode or output.isascii()
