"""JUnit XML: a suite for each use case, a case for each requirement.

Evidence is in no case: a server that reads the file has limits, and a requirement is what it can show as met or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ...verdict.owners import owner_of
from ...verdict.readiness import RequirementReadiness, UseCaseReadiness
from ..gate import hold_lines
from ..headline import NOT_ENFORCED
from ..outcomes import Outcome, UniqueNames, duration_ms, outcomes, outcomes_by_use_case, reason
from ..report import Report
from ..sanitise.junit import to_xml, to_xml_attribute
from ..text_format import seconds_text

_TAGS = {
    Outcome.FAILED: "failure",
    Outcome.UNCLEAR: "error",
    Outcome.OPEN: "skipped",
    Outcome.WAIVED: "skipped",
    Outcome.NOT_REQUIRED: "skipped",
}
"""Element of a case by the outcome of its requirement; a pass has none."""
_CLASS = "readiness"
"""First part of each class name, which servers show as a package."""


def render(report: Report) -> Iterator[str]:
    """Yield the report as JUnit XML (the form that Jenkins and pytest write) in UTF-8, a suite in a piece.

    FAILING is a failure, INTERRUPTED and FLAKY are errors, COMPLETE and what a review or the policy accepts
    pass, and every other state is skipped with its reason. The names of the cases are the ids of the requirements, and
    unique.
    """
    names, suites = UniqueNames(), UniqueNames()
    everything = [outcome for _, _, outcome in outcomes(report)]
    time = sum(duration_ms(requirement) for _, requirement, _ in outcomes(report))
    name = to_xml_attribute(f"readiness of {report.readiness.register}")
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="{name}" {_counts(everything, time)}>\n'
    for use_case, results in outcomes_by_use_case(report):
        name = suites.add(to_xml_attribute(use_case.use_case.id))
        yield "".join(_suite(report, use_case, results, name, names))
    yield "</testsuites>\n"


def _counts(results: Iterable[Outcome], time: int) -> str:
    tags = Counter(_TAGS.get(outcome, "") for outcome in results)
    numbers = f'tests="{tags.total()}" failures="{tags["failure"]}" errors="{tags["error"]}"'
    return f'{numbers} skipped="{tags["skipped"]}" time="{seconds_text(time)}"'


def _suite(
    report: Report,
    use_case: UseCaseReadiness,
    results: Sequence[tuple[RequirementReadiness, Outcome]],
    name: str,
    names: UniqueNames,
) -> Iterator[str]:
    generated_at = report.context.generated_at
    time = sum(map(duration_ms, use_case.requirements))
    counts = _counts((outcome for _, outcome in results), time)
    yield f'<testsuite name="{name}" {counts} timestamp="{to_xml_attribute(generated_at)}">\n'
    yield "<properties>\n"
    for key, value in _properties(use_case):
        yield f'<property name="{key}" value="{to_xml_attribute(value)}"/>\n'
    if not report.verdict.enforced:
        yield f'<property name="gate" value="not enforced: {to_xml_attribute(NOT_ENFORCED)}"/>\n'
    yield "</properties>\n"
    for requirement, outcome in results:
        yield from _case(use_case, requirement, outcome, names)
    if sentences := list(hold_lines(use_case)):
        yield f"<system-out>{to_xml(chr(10).join(sentences))}</system-out>\n"
    yield "</testsuite>\n"


def _properties(use_case: UseCaseReadiness) -> Iterator[tuple[str, str]]:
    row = use_case.use_case
    yield "status", use_case.status.value
    yield "phase", use_case.phase.value if use_case.phase else ""
    yield "title", row.title
    yield "owner", row.owner
    yield "architecture_status", row.architecture_status
    yield "requirements_complete", str(use_case.complete)
    yield "requirements_count", str(len(use_case.required))
    yield "review", use_case.review.state.value


def _case(
    use_case: UseCaseReadiness, requirement: RequirementReadiness, outcome: Outcome, names: UniqueNames
) -> Iterator[str]:
    name = names.add(to_xml_attribute(requirement.requirement.id))
    class_name = to_xml_attribute(f"{_CLASS}.{use_case.use_case.id}")
    yield f'<testcase classname="{class_name}" name="{name}" time="{seconds_text(duration_ms(requirement))}"'
    if outcome is Outcome.MET:
        yield "/>\n"
        return
    message = reason(use_case, requirement, outcome)
    if outcome is Outcome.ACCEPTED:
        yield f">\n<system-out>{to_xml(message)}</system-out>\n</testcase>\n"
        return
    tag, lines = _TAGS[outcome], [message]
    if requirement.completes_it:
        lines.append(f"to complete it: {requirement.completes_it}")
    if outcome is not Outcome.NOT_REQUIRED:
        lines.append(f"owner: {owner_of(use_case)}")
    yield f'>\n<{tag} type="{requirement.state.value}" message="{to_xml_attribute(message)}">'
    yield f"{to_xml(chr(10).join(lines))}</{tag}>\n</testcase>\n"
