"""OpenMetrics text: gauges that Prometheus reads, for dashboards and alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from ...facts.timestamps import is_timestamp, parse_timestamp
from ...verdict.counts import count_verdict
from ...verdict.readiness import RequirementReadiness, State, Status, UseCaseReadiness
from ..outcomes import Outcome, UniqueNames, outcomes
from ..report import Report
from ..sanitise.openmetrics import to_label_value
from ..text_format import seconds_text

Sample = tuple[dict[str, str], str]
"""Labels with clean values, and the number as text."""


def render(report: Report) -> Iterator[str]:
    """Yield the report as OpenMetrics text (1.0), a metric family after the other, with sorted labels.

    There are gauges alone, without timestamps, so that readers of Prometheus's older text format take it as well.
    """
    metrics = _Metrics.build(report)
    yield from _family("readiness_report_timestamp", "Time of the report.", [({}, _seconds(metrics.at))], "seconds")
    yield from _family("readiness_eligible", "Whether the gate opens.", metrics.verdict())
    yield from _family("readiness_gate_enforced", "Whether the gate refuses, or only warns.", metrics.enforced())
    yield from _family("readiness_ready_use_cases", "Number of use cases that are ready.", metrics.ready())
    yield from _family("readiness_gate_rule_passed", "Whether a rule of the gate passed.", metrics.rules())
    yield from _family("readiness_use_cases", "Number of use cases with a status.", metrics.totals())
    yield from _family("readiness_requirements", "Number of requirements in a state.", metrics.states())
    yield from _family("readiness_use_case_status", "Whether a use case has a status.", metrics.statuses())
    required = ((use_case, len(use_case.required)) for use_case in metrics.use_cases)
    yield from _family("readiness_use_case_requirements", "Number of requirements.", metrics.numbers(required))
    complete = ((use_case, use_case.complete) for use_case in metrics.use_cases)
    yield from _family(
        "readiness_use_case_requirements_complete", "Number of COMPLETE requirements.", metrics.numbers(complete)
    )
    blockers = ((use_case, len(use_case.blockers)) for use_case in metrics.use_cases)
    yield from _family("readiness_use_case_blockers", "Number of open blockers.", metrics.numbers(blockers))
    yield from _family(
        "readiness_requirement_met", "Whether a requirement is COMPLETE, or accepted as it is.", metrics.met()
    )
    yield from _family(
        "readiness_requirement_expires_timestamp", "Time when a requirement turns STALE.", metrics.expiry(), "seconds"
    )
    yield "# EOF\n"


def _family(name: str, description: str, samples: Iterable[Sample], unit: str = "") -> Iterator[str]:
    full = f"{name}_{unit}" if unit else name
    yield f"# TYPE {full} gauge\n" + (f"# UNIT {full} {unit}\n" if unit else "") + f"# HELP {full} {description}\n"
    for labels, value in samples:
        text = ",".join(f'{label}="{labels[label]}"' for label in sorted(labels))
        yield f"{full}{{{text}}} {value}\n" if text else f"{full} {value}\n"


def _seconds(moment: str) -> str:
    return seconds_text(round(parse_timestamp(moment).timestamp() * 1000))


class _Requirement(Struct, frozen=True):
    labels: dict[str, str]
    readiness: RequirementReadiness
    outcome: Outcome


class _Metrics(Struct, frozen=True):
    """The values of a report with the labels that name them, which are unique."""

    report: Report
    register: str
    """The register as a label value."""
    names: dict[str, str]
    """The use cases as label values, by id."""
    requirements: tuple[_Requirement, ...]

    @classmethod
    def build(cls, report: Report) -> _Metrics:
        """Return the metrics of a report."""
        unique, ids = UniqueNames(), UniqueNames()
        register = to_label_value(report.readiness.register)
        use_cases = [use_case.use_case.id for use_case in report.readiness.use_cases]
        names = {name: unique.add(to_label_value(name)) for name in use_cases}
        requirements = []
        for use_case, readiness, outcome in outcomes(report):
            if outcome is not Outcome.NOT_REQUIRED:
                name = ids.add(to_label_value(readiness.requirement.id))
                labels = {"register": register, "use_case": names[use_case.use_case.id], "requirement": name}
                requirements.append(_Requirement(labels, readiness, outcome))
        return cls(report, register, names, tuple(requirements))

    @property
    def at(self) -> str:
        """Time of the report."""
        return self.report.context.generated_at

    @property
    def use_cases(self) -> tuple[UseCaseReadiness, ...]:
        """The use cases."""
        return self.report.readiness.use_cases

    def verdict(self) -> Iterator[Sample]:
        """Yield whether the gate opens."""
        verdict = self.report.verdict
        yield {"register": self.register, "on": to_label_value(verdict.on)}, str(int(verdict.eligible))

    def enforced(self) -> Iterator[Sample]:
        """Yield whether the gate closes; 0: it only says what it would refuse."""
        yield {"register": self.register}, str(int(self.report.verdict.enforced))

    def ready(self) -> Iterator[Sample]:
        """Yield the number of ready use cases, by a review or by the policy of the gate."""
        yield {"register": self.register}, str(count_verdict(self.report.readiness, self.report.verdict).ready)

    def rules(self) -> Iterator[Sample]:
        """Yield whether each rule of the gate passed."""
        names = UniqueNames()
        for rule in self.report.verdict.rules:
            yield {"register": self.register, "rule": names.add(to_label_value(rule.rule))}, str(int(rule.passed))

    def totals(self) -> Iterator[Sample]:
        """Yield the number of use cases with each status."""
        for status, number in self.report.readiness.totals.items():
            yield {"register": self.register, "status": status.value}, str(number)

    def states(self) -> Iterator[Sample]:
        """Yield the number of requirements in each state, also in those that none is in."""
        numbers = Counter(requirement.state for _, requirement, _ in outcomes(self.report))
        for state in State:
            yield {"register": self.register, "state": state.value}, str(numbers[state])

    def statuses(self) -> Iterator[Sample]:
        """Yield for each use case and status whether it has that status."""
        for use_case in self.use_cases:
            for status in Status:
                labels = {**self._labels(use_case), "status": status.value}
                yield labels, str(int(use_case.status is status))

    def numbers(self, numbers: Iterable[tuple[UseCaseReadiness, int]]) -> Iterator[Sample]:
        """Yield a number of each use case."""
        for use_case, number in numbers:
            yield self._labels(use_case), str(number)

    def met(self) -> Iterator[Sample]:
        """Yield for each requirement whether it is satisfied."""
        for entry in self.requirements:
            needed = entry.readiness.requirement
            scope = {
                "item": needed.item,
                "environment": needed.environment or "",
                "provider_mode": needed.provider_mode or "",
                "part": needed.part or "",
            }
            clean = {label: to_label_value(text) for label, text in scope.items()}
            yield {**entry.labels, **clean}, str(int(entry.outcome.passes))

    def expiry(self) -> Iterator[Sample]:
        """Yield the time when each requirement that has one turns STALE."""
        for entry in self.requirements:
            if is_timestamp(entry.readiness.expires_at):
                yield entry.labels, _seconds(str(entry.readiness.expires_at))

    def _labels(self, use_case: UseCaseReadiness) -> dict[str, str]:
        return {"register": self.register, "use_case": self.names[use_case.use_case.id]}
