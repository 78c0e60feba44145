"""The evidence register as CSV, read back by Python's reader."""

from __future__ import annotations

from msgspec.structs import replace

from pytest_readiness.facts.evidence import Reference, Result
from pytest_readiness.facts.run_conditions import RunConditions
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.readiness import State
from pytest_readiness.views.formats.csv import COLUMNS, LONGEST_CELL, render
from tests.views.hostile import HOSTILE, dangers
from tests.views.sinks import csv_cells, is_formula
from tests.views.values import RUN, catalogue, evidence, report, rich_evidence, use_case

TEMPLATE = [
    "UC", "Tenant ID", "Project ID", "Environment", "Provider Mode", "Validation Item", "Command/Test ID", "Result",
    "Timestamp (UTC)", "Artifact/Log Reference",
]  # fmt: skip


def rows(*pieces, **changes) -> list[dict[str, str]]:
    """The rows of a register by their headers."""
    built = report([use_case(catalogue(["UC-003"]), "UC-003", {"4": State.COMPLETE}, found=pieces)])
    header, *cells = csv_cells("".join(render(replace(built, evidence_register=pieces, **changes))))
    assert header == list(COLUMNS)
    return [dict(zip(header, row, strict=True)) for row in cells]


def test_the_ten_fields_of_the_template_come_first() -> None:
    """Their names and their order are the template's, and each value is the one that was recorded."""
    assert list(COLUMNS[:10]) == TEMPLATE
    (row,) = rows(evidence())
    assert [row[name] for name in TEMPLATE] == [
        "UC-003", "t-42", "p-7", "staging", "BYOK", "4", "tests/test_trace.py::test_trace", "PASSED",
        "2026-02-12T18:28:02.000Z",
        f"log: https://logs.example.com/42; trace.json sha256:{'ab' * 32}",
    ]  # fmt: skip


def test_the_envelope_and_the_run_follow() -> None:
    """What a rehearsal recorded is there, with who recorded it from which commit."""
    origin = RunOrigin(release="1.4", commit="c0ffee", dirty=True, actor="qa@example.com", started_at="2026-02-12")
    (row,) = rows(rich_evidence(), origins={RUN: origin})
    assert (row["Real"], row["Replay mode"]) == ("no: environment 'dev' is not declared real", "TRACE_ONLY")
    assert row["Proofs"] == "rotation; old = aaa; new = bbb"
    assert "1. FAILED at 2026-02-12T18:28:00.000Z in 7 ms; assert 1 == 2" in row["Attempts"]
    assert (row["Actor"], row["Commit"], row["Local changes"], row["Release"]) == (
        "qa@example.com", "c0ffee", "yes", "1.4",
    )  # fmt: skip
    assert (row["Evidence"], row["Run"], row["Method"]) == (f"{RUN}.5.1", RUN, "test")


def test_what_is_not_known_of_a_run_is_an_empty_cell() -> None:
    """Whether there were local changes is yes, no or nothing; the CI job has its name and values."""
    ci = RunConditions(ci=(("provider", "github"), ("run", "7")))
    for dirty, cell in ((True, "yes"), (False, "no"), (None, "")):
        (row,) = rows(evidence(), origins={RUN: RunOrigin(dirty=dirty, conditions=ci)})
        assert (row["Local changes"], row["CI"]) == (cell, "provider github; run 7")


def test_it_says_what_each_piece_decides() -> None:
    """A requirement that rests on it is named; evidence that was replaced decides nothing."""
    piece, older = evidence(), evidence(id=f"{RUN}.4.1", result=Result.FAILED)
    built = use_case(catalogue(["UC-003"]), "UC-003", {"4": State.COMPLETE}, found=(piece,))
    items = tuple(
        replace(item, requirements=tuple(replace(need, deciding=need.evidence) for need in item.requirements))
        for item in built.items
    )
    complete = replace(report([replace(built, items=items)]), evidence_register=(piece, older))
    header, *cells = csv_cells("".join(render(complete)))
    assert [row[header.index("Decides")] for row in cells] == ["UC-003/4", ""]
    parts = tuple(replace(need, deciding=(piece,)) for need in items[5].requirements)
    both = (*items[:5], replace(items[5], requirements=parts), items[6])
    _, row, _ = csv_cells("".join(render(replace(complete, readiness=report([replace(built, items=both)]).readiness))))
    assert row[header.index("Decides")] == "UC-003/4; UC-003/6/rotation; UC-003/6/revocation"


def test_no_cell_is_a_formula_or_two() -> None:
    """The common corpus in every field: the reader gets one row with one text in each cell, and no formula."""
    for text in HOSTILE:
        piece = evidence(
            uc=text, tenant_id=text, environment=text, item=text, test_id=text, notes=(text, text), message=text,
            references=(Reference(text, text),), not_real_because=text, properties=((text, text),), warnings=(text,),
        )  # fmt: skip
        written = "".join(render(replace(report([]), evidence_register=(piece,))))
        assert dangers(written.replace("\r\n", "\n")) == [], text
        (row,) = rows(piece)
        assert not any(map(is_formula, row.values())), text
        assert max(map(len, row.values())) <= LONGEST_CELL + 10


def test_a_long_cell_is_cut_off() -> None:
    """A spreadsheet refuses more than 32,767 characters in a cell."""
    (row,) = rows(evidence(notes=("x" * 40_000,)))
    assert LONGEST_CELL <= len(row["Notes"]) < 32_767
    assert row["Notes"].endswith("…")
