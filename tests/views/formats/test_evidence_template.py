"""The tracker's evidence template, filled in: a table of ten fields that Markdown reads back."""

from __future__ import annotations

import json

from pytest_readiness.facts.evidence import Reference
from pytest_readiness.views.formats.evidence_json import render_json
from pytest_readiness.views.formats.evidence_template import render_template
from tests.views.hostile import HOSTILE, dangers
from tests.views.sinks import markdown_cells
from tests.views.values import evidence, rich_evidence, summary

FIELDS = [
    "UC", "Tenant ID", "Project ID", "Environment", "Provider Mode", "Validation Item", "Command/Test ID", "Result",
    "Timestamp (UTC)", "Artifact/Log Reference",
]  # fmt: skip


def test_a_table_for_each_piece_in_the_words_of_the_tracker() -> None:
    """Field and Value, ten rows in the template's order, a table for each piece."""
    text = "".join(render_template([(evidence(), summary()), (rich_evidence(), None)]))
    first, second = text.split("\n\n")
    rows = markdown_cells(first)
    assert rows[0] == ["Field", "Value"]
    assert [name for name, _ in rows[1:]] == FIELDS
    assert dict(rows[1:])["Command/Test ID"] == "tests/test_trace.py::test_trace"
    assert dict(markdown_cells(second))["Environment"] == "dev"
    assert "".join(render_template([])) == ""


def test_hostile_text_stays_in_its_cell() -> None:
    """The common corpus in every field: eleven rows of two cells, as before."""
    for text in HOSTILE:
        piece = evidence(uc=text, tenant_id=text, test_id=text, item=text, references=(Reference(text, text),))
        written = "".join(render_template([(piece, None)]))
        assert dangers(written) == [], text
        assert [len(row) for row in markdown_cells(written)] == [2] * 11, text
        json_text = "".join(render_json([(piece, None)]))
        assert dangers(json_text) == [], text
        assert len(json.loads(json_text)["evidence"]) == 1


def test_json_has_all_that_was_recorded() -> None:
    """What the JSON report says of it, and the envelope with steps, notes and the run."""
    (piece,) = json.loads("".join(render_json([(rich_evidence(), summary())])))["evidence"]
    assert list(piece)[:11] == [
        "id", "uc", "tenant_id", "project_id", "environment", "provider_mode", "item", "test_id", "result", "timestamp",
        "references",
    ]  # fmt: skip
    assert piece["steps"][0]["steps"][0]["title"] == "wait"
    assert piece["proof_list"] == [{"kind": "rotation", "details": {"old": "aaa", "new": "bbb"}}]
    assert (piece["redactions"], piece["claim_environment"], piece["run"]["dirty"]) == ({"aws-key": 2}, "dev", True)
    assert (piece["run"]["actor"], piece["notes"]) == ("qa-lead@example.com", ["looked fine"])
