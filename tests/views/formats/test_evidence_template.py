"""The tracker's evidence template, filled in: a table of ten fields that Markdown reads back."""

from __future__ import annotations

import json

from pytest_readiness.facts.evidence import Reference
from pytest_readiness.verdict.evidence_standing import EvidenceStanding
from pytest_readiness.verdict.readiness import State
from pytest_readiness.views.evidence import ShownPiece
from pytest_readiness.views.formats.evidence_json import render_json
from pytest_readiness.views.formats.evidence_template import render_template
from tests.views.hostile import HOSTILE, dangers
from tests.views.sinks import markdown_cells
from tests.views.values import evidence, rich_evidence, summary

FIELDS = [
    "UC", "Tenant ID", "Project ID", "Environment", "Provider Mode", "Validation Item", "Command/Test ID", "Result",
    "Timestamp (UTC)", "Artifact/Log Reference",
]  # fmt: skip

COUNTED = (("UC-003/4", EvidenceStanding(State.COMPLETE, proven=True)),)


def shown(piece, run=None) -> ShownPiece:
    """Return a piece of evidence that counts."""
    return ShownPiece(piece, run, COUNTED)


def test_a_table_for_each_piece_in_the_words_of_the_tracker() -> None:
    """Field and Value, ten rows in the template's order, and one that says whether it counts; a table for each piece."""
    text = "".join(render_template([shown(evidence(), summary()), shown(rich_evidence())]))
    first, second = text.split("\n\n")
    rows = markdown_cells(first)
    assert rows[0] == ["Field", "Value"]
    assert [name for name, _ in rows[1:]] == [*FIELDS, "Counts"]
    assert rows[-1] == ["Counts", "yes, for UC-003/4"]
    assert dict(rows[1:])["Command/Test ID"] == "tests/test_trace.py::test_trace"
    assert dict(markdown_cells(second))["Environment"] == "dev"
    assert "".join(render_template([])) == ""


def test_a_row_says_whether_a_piece_counts_and_why_not() -> None:
    """For which requirements it counts, against which, and for which it does not; one that is about none says why."""
    failing, stale = EvidenceStanding(State.FAILING), EvidenceStanding(State.STALE, why_not="it expired")
    for standings, text in (
        ((("UC-1/1", failing), ("UC-1/2", failing)), "yes, against UC-1/1, UC-1/2"),
        ((*COUNTED, ("UC-003/6/rotation", stale)), "yes, for UC-003/4; not for UC-003/6/rotation: it expired"),
        ((("UC-1/1", stale), ("UC-1/2", stale)), "no: it expired"),
        ((("", EvidenceStanding(State.MISSING, why_not="its run was retired")),), "no: its run was retired"),
    ):
        rows = markdown_cells("".join(render_template([ShownPiece(evidence(), None, standings)])))
        assert rows[-1] == ["Counts", text]
        (piece,) = json.loads("".join(render_json([ShownPiece(evidence(), None, standings)])))["evidence"]
        assert piece["counts"] is text.startswith("yes")
        assert [row["requirement"] for row in piece["requirements"]] == [id_ for id_, _ in standings if id_]


def test_hostile_text_stays_in_its_cell() -> None:
    """The common corpus in every field: twelve rows of two cells, as before."""
    for text in HOSTILE:
        not_counted = (("", EvidenceStanding(State.MISSING, why_not=text)),)
        piece = evidence(uc=text, tenant_id=text, test_id=text, item=text, references=(Reference(text, text),))
        written = "".join(render_template([ShownPiece(piece, None, not_counted)]))
        assert dangers(written) == [], text
        assert [len(row) for row in markdown_cells(written)] == [2] * 12, text
        json_text = "".join(render_json([shown(piece)]))
        assert dangers(json_text) == [], text
        assert len(json.loads(json_text)["evidence"]) == 1


def test_json_has_all_that_was_recorded() -> None:
    """What the JSON report says of it, and the envelope with steps, notes and the run."""
    (piece,) = json.loads("".join(render_json([shown(rich_evidence(), summary())])))["evidence"]
    assert list(piece)[:11] == [
        "id", "uc", "tenant_id", "project_id", "environment", "provider_mode", "item", "test_id", "result", "timestamp",
        "references",
    ]  # fmt: skip
    assert piece["steps"][0]["steps"][0]["title"] == "wait"
    assert piece["proof_list"] == [{"kind": "rotation", "details": {"old": "aaa", "new": "bbb"}}]
    assert (piece["redactions"], piece["claim_environment"], piece["run"]["dirty"]) == ({"aws-key": 2}, "dev", True)
    assert (piece["run"]["actor"], piece["notes"]) == ("qa-lead@example.com", ["looked fine"])
