"""How the runs behind a report were made: what is told of them, and how much."""

from __future__ import annotations

from jsonschema import Draft202012Validator
from msgspec.structs import replace

from pytest_readiness.facts.run_conditions import RunConditions, conditions_of
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.readiness import State
from pytest_readiness.views.document import report_schema, to_document
from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.run_conditions import deciding_runs, run_notes
from pytest_readiness.views.terminal import render_report

from . import values


def report(*conducts: RunConditions, deciding: bool = True):
    """A report of one use case that rests on a run for each conduct; a later one has a smaller id."""
    runs = {f"20260212T182800Z-{99 - number:08x}": conduct for number, conduct in enumerate(conducts)}
    catalogue = values.catalogue(["UC-003"])
    found = tuple(values.evidence(id=f"{run}.5.1", run_id=run, item="4") for run in runs)
    use_case = values.use_case(catalogue, "UC-003", {"4": State.COMPLETE}, found=found)
    items = tuple(
        replace(
            item,
            requirements=tuple(
                replace(requirement, deciding=requirement.evidence if deciding else ())
                for requirement in item.requirements
            ),
        )
        for item in use_case.items
    )
    origins = {
        run: RunOrigin(actor="ada", started_at=f"2026-02-12T18:28:{number:02}.000Z", conditions=conduct)
        for number, (run, conduct) in enumerate(runs.items())
    }
    return replace(values.report([replace(use_case, items=items)]), origins=origins)


SKEWED = RunConditions(skew_ms=3200)
NARROW = RunConditions(tests=9, deselected=2)


def test_what_a_reader_should_know_is_told_first():
    """Clocks, hidden edits and tests that were left out are notes of the report, with the run and the number."""
    hidden = RunConditions(hidden=2, hidden_names=("a.py", "b.py"))
    found = report(SKEWED, hidden, NARROW)
    output = plain_lines(render_report(found, 200))
    assert "note: run 20260212T182800Z-00000063: its clocks disagree by 3.2 s" in output
    assert "note: run 20260212T182800Z-00000062: 2 files have edits hidden from git: a.py, b.py" in output
    assert "note: run 20260212T182800Z-00000061: it deselected 2 of 9 evidence tests" in output


def test_many_are_counted():
    """Of each kind three runs are told, the newest ones, and the rest is a number: a report fits a screen."""
    told = list(run_notes(report(*[NARROW] * 5, *[SKEWED] * 4)))
    assert len(told) == 8
    assert told[3] == "clocks disagree in 1 more run"
    assert told[-1] == "evidence tests were deselected in 2 more runs"
    assert told[4].startswith("run 20260212T182800Z-0000005f:"), "the newest of the five"


def test_only_what_decides_is_told():
    """A run on which nothing rests is no note, and no run of the document."""
    found = report(SKEWED, deciding=False)
    assert list(run_notes(found)) == []
    assert to_document(found)["runs"] == []


def test_runs_stand_by_their_start_and_not_by_their_id():
    """Two runs of one second have ids in any order."""
    assert list(deciding_runs(report(RunConditions(), NARROW))) == [
        "20260212T182800Z-00000062",
        "20260212T182800Z-00000063",
    ]


def test_the_schema_knows_all_that_a_ci_says():
    """A run of any CI is valid by the schema that ships, whatever of it is known."""
    said = dict.fromkeys(("provider", "project", "run", "attempt", "job", "url"), "x")
    document = to_document(report(conditions_of({"ci": said, "started_by": "ada"}, None)))
    assert document["runs"][0]["ci"] == said
    Draft202012Validator(report_schema()).validate(document)


def test_a_run_of_the_document():
    """The keys are those that are published, in their order."""
    (run,) = to_document(
        report(RunConditions(skew_ms=1, tests=3, deselected=0, ci=(("provider", "ci"),), session_options=("-k a",)))
    )["runs"]
    assert run == {
        "id": "20260212T182800Z-00000063", "started_at": "2026-02-12T18:28:00.000Z", "actor": "ada",
        "started_by": None, "commit": None, "dirty": None,
        "hidden_edits": 0, "clock_skew_ms": 1, "evidence_tests": 3, "left_out": 0,
        "uncollected": 0, "ci": {"provider": "ci"}, "called": ["-k a"], "subjects": [],
    }  # fmt: skip
    assert list(run)[:4] == ["id", "started_at", "actor", "started_by"]
