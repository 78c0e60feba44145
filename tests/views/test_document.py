"""The JSON report: published keys in their order, valid by the schema that ships, the same bytes for the same input."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator, ValidationError
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.ledger.line import escape_surrogates
from pytest_readiness.facts.review_basis import ReviewBasis
from pytest_readiness.verdict.policy import STRICTNESS
from pytest_readiness.verdict.readiness import Phase, ReviewState, ReviewSummary, State, Status
from pytest_readiness.views.document import plain_data, render, report_schema, to_document, to_json
from pytest_readiness.views.json_text import json_pieces

from . import values
from .hostile import HOSTILE, dangers

TEN = (
    "uc",
    "tenant_id",
    "project_id",
    "environment",
    "provider_mode",
    "item",
    "test_id",
    "result",
    "timestamp",
    "references",
)


BASIS = ReviewBasis("sha256:ba515", (), "sha256:def1e", (("asserted", "refuse"), ("clean_commit", True)), ("run-3",))
SOME = ("policy",)
"""Objects that hold only the settings which are not at their default: none of their keys must be there."""


def small():
    """Return a report with one use case in progress, with evidence for item 4, and evidence that fits nothing."""
    catalogue = values.catalogue(["UC-003"], title="Trace ingest", not_applicable=(("6", "no secrets"),))
    states = {"4": State.COMPLETE, "6/rotation": State.NOT_APPLICABLE, "6/revocation": State.NOT_APPLICABLE}
    review = ReviewSummary(ReviewState.SUSPECT, 1, 2, ("qa-lead@example.com",), "sha256:ba515")
    use_case = values.use_case(
        catalogue,
        "UC-003",
        states,
        status=Status.IN_PROGRESS,
        phase=Phase.COLLECTING,
        found=(values.evidence(),),
        review=review,
        make_basis=lambda: BASIS,
    )
    report_value = values.report([use_case], release="1.4")
    other = values.evidence(item="9", real=False, not_real_because="a stub", result=Result.SKIPPED)
    return replace(report_value, readiness=replace(report_value.readiness, other_evidence=(other,)))


def valid(document):
    """Raise ValidationError unless the document is what the schema says."""
    Draft202012Validator(report_schema()).validate(document)


def test_the_schema_is_itself_valid():
    """What ships is a JSON Schema of draft 2020-12."""
    schema = report_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("make", [small, values.untouched, values.mixed, lambda: values.report([])])
def test_documents_are_what_the_schema_says(make):
    """Reports of every kind are valid, read back from their JSON text."""
    valid(json.loads(to_json(make())))


def objects(value, path=()):
    """Yield the path of each object in a document."""
    if isinstance(value, dict):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from objects(inner, (*path, key))


@pytest.mark.parametrize("path", sorted(objects(to_document(small())), key=str), ids=str)
def test_the_schema_refuses_a_misspelt_and_a_missing_key_everywhere(path):
    """In each object of a document a key too many and a key too few are both refused."""
    document = to_document(small())
    place = document
    for key in path:
        place = place[key]
    first = next(iter(place))
    value = place.pop(first)
    if path[-1:] != SOME:
        with pytest.raises(ValidationError):
            valid(document)
    place[first] = value
    place["misspelt"] = value
    with pytest.raises(ValidationError):
        valid(document)


def test_the_schema_knows_each_setting_that_a_review_is_signed_under():
    """The policy of a basis is checked by name: what the schema lists is what a policy can be signed with."""
    review = report_schema()["$defs"]["use_case"]["properties"]["review"]["properties"]
    assert set(review["basis"]["properties"]["policy"]["properties"]) == set(STRICTNESS)


LATER = ("subjects", "subjects_of_release", "scope")
"""Keys of the context that came later."""


def test_keys_stand_in_the_published_order():
    """Every object has the keys of the public contract in its order."""
    document = to_document(small())
    use_case = document["use_cases"][0]
    item = use_case["items"][3]
    assert list(document) == [
        *("schema", "generated_at", "context", "verdict", "totals"),
        *("use_cases", "unclaimed", "other_evidence", "next", "runs", "warnings", "changes"),
    ]
    assert list(document["context"]) == ["register", "store", "requirements_digest", "release", *LATER]
    assert list(document["verdict"]) == ["eligible", "on", "rules", "weaker", "regression", "enforced"]
    assert list(document["verdict"]["rules"][0]) == ["rule", "passed", "looked_at", "detail"]
    assert list(document["totals"]) == ["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE"]
    assert list(use_case) == [
        *("id", "title", "owner", "architecture_status", "status", "phase", "declared_status", "drift"),
        *("requirements_complete", "requirements_count", "items", "review", "blockers", "waivers"),
        "retirements",
        "held_by_groups",
    ]
    assert list(item) == ["item", "title", "state", "requirements"]
    assert list(item["requirements"][0]) == [
        *("id", "environment", "provider_mode", "part", "state", "why", "completes_it"),
        *("level", "expires_at", "evidence", "waived_from", "skipped_since"),
    ]
    assert list(use_case["review"]) == ["state", "approvals", "required", "by", "basis", "why", "reviews"]
    assert list(document["next"][0]) == ["who", "action", "use_case", "requirement", "text"]


def test_evidence_has_its_id_then_the_ten_fields_then_the_envelope():
    """One piece of evidence carries the ten template fields first, in their order, wherever it is shown."""
    plain = plain_data(values.evidence())
    assert tuple(plain)[:11] == ("id", *TEN)
    assert tuple(plain)[11:17] == ("real", "not_real_because", "started_at", "attempts", "proofs", "artifacts")
    assert [plain[key] for key in TEN] == [
        *("UC-003", "t-42", "p-7", "staging", "BYOK", "4", "tests/test_trace.py::test_trace", "PASSED"),
        "2026-02-12T18:28:02.000Z",
        ["log: https://logs.example.com/42", f"trace.json sha256:{values.SHA}"],
    ]


def test_the_document_says_what_the_report_says():
    """Counts leave out what is not applicable, and unclaimed names the requirements without any evidence."""
    document = to_document(small())
    use_case = document["use_cases"][0]
    assert (use_case["requirements_complete"], use_case["requirements_count"]) == (1, 6)
    assert (use_case["status"], use_case["phase"], use_case["drift"]) == ("IN_PROGRESS", "COLLECTING", True)
    assert document["totals"] == {"NOT_STARTED": 0, "IN_PROGRESS": 1, "BLOCKED": 0, "READY_FOR_GO_LIVE": 0}
    ends = ("1/BYOK", "2/staging", "3/staging", "5", "7")
    assert document["unclaimed"] == [f"UC-003/{end}" for end in ends]
    assert use_case["review"] == {
        "state": "SUSPECT",
        "approvals": 1,
        "required": 2,
        "by": ["qa-lead@example.com"],
        "basis": {
            "digest": "sha256:ba515",
            "definition": "sha256:def1e",
            "policy": {"asserted": "refuse", "clean_commit": True},
            "failed_runs": ["run-3"],
            "retired": [],
            "requirements": [],
        },
        "why": [],
        "reviews": [],
    }
    assert [piece["item"] for piece in document["other_evidence"]] == ["9"]
    assert document["context"]["release"] == "1.4"
    assert document["generated_at"] == values.NOW


def test_a_trace_only_replay_shows_as_such():
    """The mode of a replay stands beside its evidence."""
    assert plain_data(values.evidence(replay_mode="TRACE_ONLY"))["replay_mode"] == "TRACE_ONLY"


def test_equal_reports_are_equal_byte_for_byte():
    """Two reports made apart from equal input have the same text; another moment has another."""
    assert to_json(values.mixed()) == to_json(values.mixed())
    late = values.untouched(generated_at="2026-02-13T00:00:00.000Z")
    assert to_json(late) != to_json(values.untouched())


def standard(document):
    """Return the text as the standard library writes it, with a sign broken that CI servers read as a command."""
    return json.dumps(document, indent=2, ensure_ascii=True).replace("##", "#\\u0023") + "\n"


@pytest.mark.parametrize(
    "make", [small, values.untouched, values.mixed, lambda: values.report([]), lambda: values.report(many(40))]
)
def test_the_pieces_are_the_text_of_the_whole_document(make):
    """However many use cases there are, the pieces together are the document as the standard library writes it."""
    assert "".join(render(make())) == to_json(make()) == standard(to_document(make()))


def many(number):
    """Return use cases with evidence and titles of any letters."""
    names = [f"UC-{count:03}" for count in range(number)]
    catalogue = values.catalogue(names, title="Ünïcode \U0001f600 ##[group]")
    return [
        values.use_case(
            catalogue, name, {"4": State.COMPLETE}, status=Status.IN_PROGRESS, phase=Phase.COLLECTING,
            found=(values.evidence(uc=name),),
        )
        for name in names
    ]  # fmt: skip


def test_a_report_is_written_before_all_of_it_is_made():
    """The first use cases are written while the last are not made yet: a large report is never there as a whole."""
    made = []

    def make_basis(name):
        return lambda: made.append(name) or BASIS

    use_cases = [replace(use_case, make_basis=make_basis(use_case.use_case.id)) for use_case in many(100)]
    pieces = render(values.report(use_cases))
    written = ""
    while '"UC-000"' not in written:
        written += next(pieces)
    assert 0 < len(made) < 50
    assert len("".join(pieces)) > len(written)
    assert len(made) == 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=200)
@given(head=st.dictionaries(st.text(max_size=9), JSON, min_size=1, max_size=3), entries=st.lists(JSON, max_size=40))
def test_any_document_is_written_as_the_standard_library_does(head, entries):
    """Layout, escapes, surrogates and empty lists are those of ``json.dumps`` with an indent of two."""
    document = escape_surrogates({**head, "the list": entries, "none": []})
    assert "".join(json_pieces(head, {"the list": entries, "none": []})) == standard(document)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_escaped_in_the_text_and_whole_when_read(text):
    """The JSON text is harmless in a terminal and a CI log, and reading it gives the text back."""
    hostile = values.evidence(test_id=text, not_real_because=text)
    report = values.report([])
    report = replace(report, readiness=replace(report.readiness, other_evidence=(hostile,)))
    written = to_json(report)
    assert written.isascii()
    assert dangers(written) == []
    read = json.loads(written)["other_evidence"][0]["test_id"]
    assert read == text.encode("utf-8", "backslashreplace").decode()
