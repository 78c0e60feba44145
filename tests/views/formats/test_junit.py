"""JUnit XML: read by junitparser, and by our own reader of JUnit XML."""

from __future__ import annotations

from collections import Counter

from junitparser import Error, Failure, JUnitXml, Skipped
from msgspec.structs import replace

from pytest_readiness.views.formats.junit import render

from .. import values
from ..hostile import HOSTILE
from . import reports


def parsed(report) -> JUnitXml:
    """Return what junitparser reads."""
    return JUnitXml.fromstring("".join(render(report)).encode())


def test_a_suite_for_each_use_case_and_a_case_for_each_requirement() -> None:
    """Names are the ids, and the numbers in the file are those that junitparser counts itself."""
    document = parsed(reports.every_outcome())
    suites = list(document)
    assert [suite.name for suite in suites] == ["UC-001", "UC-002", "UC-003"]
    assert [case.name for case in suites[0]] == [f"UC-001/{end}" for end in reports.ENDS]
    assert {case.classname for case in suites[0]} == {"readiness.UC-001"}
    numbers = [(document.tests, document.failures, document.errors, document.skipped, document.time)]
    numbers += [(suite.tests, suite.failures, suite.errors, suite.skipped, suite.time) for suite in suites]
    document.update_statistics()
    counted = [(document.tests, document.failures, document.errors, document.skipped, round(document.time, 3))]
    counted += [(suite.tests, suite.failures, suite.errors, suite.skipped, round(suite.time, 3)) for suite in suites]
    assert numbers == counted
    assert numbers[0][:4] == (24, 1, 2, 12)


def test_states_are_failures_errors_skips_and_passes() -> None:
    """Only FAILING is a failure, no clear answer is an error, and nothing passes that is neither met nor accepted."""
    ready, blocked, collecting = parsed(reports.every_outcome())
    kinds = {
        case.name: [(type(result), result.type) for result in case.result] for suite in (blocked, collecting) for case in suite
    }  # fmt: skip
    assert kinds["UC-002/1/BYOK"] == [(Failure, "FAILING")]
    assert kinds["UC-002/2/staging"] == [(Error, "INTERRUPTED")]
    assert kinds["UC-002/3/staging"] == [(Error, "FLAKY")]
    for end, state in list(reports.BLOCKED.items())[3:]:
        assert kinds[f"UC-002/{end}"] == [(Skipped, state.value)]
    assert kinds["UC-003/5"] == [(Skipped, "WAIVED")]
    assert [name for name, results in kinds.items() if not results] == ["UC-003/4"]
    assert all(case.is_passed for case in ready)


def test_reasons_say_what_is_wrong_what_completes_it_and_who_owns_it() -> None:
    """A reader needs no other report to act; what a review accepted names the reviewer."""
    ready, blocked, _ = parsed(reports.every_outcome())
    (failure,) = next(iter(blocked)).result
    assert failure.message == "FAILING: it is FAILING"
    assert failure.text.splitlines() == [
        "FAILING: it is FAILING",
        "to complete it: run a test that is evidence for UC-002/1/BYOK",
        "owner: ana@example.com",
    ]
    accepted = {case.name: case.system_out for case in ready if case.system_out}
    assert accepted == {
        f"UC-001/{end}": f"{state}, accepted by the review of qa-lead@example.com: it is {state}"
        for end, state in (("4", "WAIVED"), ("5", "FLAKY"), ("7", "ASSERTED"))
    }
    properties = {each.name: each.value for each in blocked.properties()}
    assert (properties["status"], properties["owner"], properties["requirements_count"]) == (
        "BLOCKED",
        "ana@example.com",
        "7",
    )


def test_a_blocker_is_told_with_its_suite() -> None:
    """A use case may be blocked although none of its requirements fails."""
    text = "".join(render(reports.every_outcome()))
    sentence = f"blocked by ben@example.com since {values.NOW}: the provider is down"
    assert text.count(f"<system-out>{sentence}</system-out>") == 1


def test_names_are_unique_whatever_cleans_them() -> None:
    """Servers show only the first of two cases of one name; a raw and an escaped name look the same in XML."""
    catalogue = values.catalogue(["a\x1b", "a\\x1b", "b" * 5000, "b" * 5001])
    report = values.report(values.use_case(catalogue, name) for name in catalogue.use_cases)
    document = parsed(report)
    names = Counter((case.classname, case.name) for suite in document for case in suite)
    assert len(names) == 4 * 8
    assert len({name for _, name in names}) == 4 * 8
    assert len({suite.name for suite in document}) == 4


def test_evidence_is_in_no_case() -> None:
    """With a hundred pieces for a requirement the file has the same cases."""
    report = reports.every_outcome()
    many = tuple(values.evidence(id=f"{values.RUN}.{number}.1", test_id=f"t{number}") for number in range(100))
    (first, *others) = report.readiness.use_cases
    (item, *items) = first.items
    full = replace(item, requirements=(replace(item.requirements[0], evidence=many, deciding=many),))
    first = replace(first, items=(full, *items))
    crowded = replace(report, readiness=replace(report.readiness, use_cases=(first, *others)))
    sizes = [len("".join(render(each))) for each in (report, crowded)]
    assert sizes[1] - sizes[0] < 10  # the duration has more digits


def test_elements_stay_below_the_limit_of_a_server() -> None:
    """GitLab refuses files of more than 250,000 XML objects: 2,000 use cases x 8 requirements have half of them."""
    text = "".join(render(reports.every_outcome()))
    objects = text.count("<") - text.count("</")
    assert objects / 24 * 16_000 < 125_000


def test_hostile_text_is_whole_when_it_is_read() -> None:
    """What can be shown of a text is what a server shows."""
    for text in HOSTILE:
        (first, *_) = parsed(reports.hostile(text))
        properties = {each.name: each.value for each in first.properties()}
        plain = text.isprintable() and text.isascii() and len(text) < 4000
        assert properties["title"] == text or not plain
