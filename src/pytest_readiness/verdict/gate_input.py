"""Input and findings of the gate's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from ..errors import Problem, first_names
from ..facts.evidence import Evidence, Result
from ..facts.subject import NO_SUBJECTS, Subjects
from .inputs import CheckpointComparison, JudgedVersion, RunOrigin
from .policy import Policy
from .readiness import Readiness, RequirementReadiness, RuleResult, State, UseCaseReadiness
from .run_version import RunVersion

NAMED = 5
"""Most names in a rule's detail; the rest is counted."""


class GateInput(Struct, frozen=True, dict=True):
    """Input of a verdict."""

    readiness: Readiness
    policy: Policy
    problems: Sequence[Problem] = ()
    """Integrity problems of the runs and lines that the readiness rests on."""
    config_missing: str | None = None
    """Why there is no config or tracker; None: there is one."""
    origins: Mapping[str, RunOrigin] = field(default_factory=dict)
    """By run id; a missing run has an unknown origin."""
    release: str | None = None
    """The release that is judged."""
    subjects: Subjects = NO_SUBJECTS
    """The digests that are judged, by name."""
    signature_problem: str = ""
    """Why signatures could not be checked although keys are trusted; empty: they were checked."""
    checkpoint: CheckpointComparison | None = None
    """Comparison with stored checkpoints; None: not requested."""

    @property
    def version(self) -> RunVersion | None:
        """What is judged of runs; None: any."""
        return self.policy.run_version(JudgedVersion(self.release, self.subjects))

    @cached_property
    def evidence(self) -> Mapping[str, Evidence]:
        """Evidence of the requirements in scope, by id."""
        return {execution.id: execution for _, requirement in self.required for execution in requirement.evidence}

    @cached_property
    def use_cases_by_run(self) -> Mapping[str, Sequence[str]]:
        """Ids of the use cases in scope by each run whose evidence counts for them."""
        use_cases: dict[str, dict[str, None]] = {}
        for use_case, requirement in self.required:
            for execution in requirement.deciding:
                use_cases.setdefault(execution.run_id, {})[use_case.use_case.id] = None
        return {run: tuple(names) for run, names in use_cases.items()}

    @cached_property
    def passed_runs(self) -> frozenset[str]:
        """Ids of the runs with a pass that counts for a requirement which no waiver excuses."""
        return frozenset(
            execution.run_id
            for _, requirement in self.required
            if requirement.state is not State.WAIVED
            for execution in requirement.deciding
            if execution.result is Result.PASSED and execution.id not in requirement.uncounted
        )

    @cached_property
    def requirements_by_state(self) -> Mapping[State, RequirementPairs]:
        """Counting requirements in scope, by each state whose policy applies to them."""
        requirements: dict[State, list[tuple[UseCaseReadiness, RequirementReadiness]]] = {}
        for entry in self.required:
            for state in entry[1].policy_states:
                requirements.setdefault(state, []).append(entry)
        return requirements

    @cached_property
    def rated(self) -> RequirementPairs:
        """Counting requirements that rest on evidence, and waived ones, with their use cases.

        Of the others a rule about evidence checks nothing, so it must not count them.
        """
        return [entry for entry in self.required if entry[1].level is not None or entry[1].state is State.WAIVED]

    @property
    def rated_use_cases(self) -> int:
        """Number of use cases with such a requirement."""
        return len({use_case.use_case.id for use_case, _ in self.rated})

    @cached_property
    def required(self) -> list[tuple[UseCaseReadiness, RequirementReadiness]]:
        """Counting requirements in scope, with their use cases."""
        return [(use_case, requirement) for use_case in self.readiness.use_cases for requirement in use_case.required]


class RuleFinding(Struct, frozen=True):
    """Result of one rule before it is formatted."""

    rule: str
    looked_at: int
    problems: tuple[str, ...]
    """Reasons why it fails; empty: it passes if it checked anything."""
    detail: str
    """Detail text if it passes."""
    failing: tuple[str, ...] = ()
    """Ids of the use cases that fail it."""
    shared: str = ""
    """What all problems have in common, in front of them in the detail."""

    @property
    def result(self) -> RuleResult:
        """The finding as a result. A rule that checked nothing has not passed."""
        if self.problems:
            lead, wrong = f"{self.shared}: " if self.shared else "", len(self.problems)
            detail = f"{lead}{name_list(self.problems)}"
            return RuleResult(self.rule, passed=False, looked_at=self.looked_at, detail=detail, wrong=wrong)
        if not self.looked_at:
            return RuleResult(self.rule, passed=False, looked_at=0, detail="there was nothing to check")
        return RuleResult(self.rule, passed=True, looked_at=self.looked_at, detail=self.detail)


RequirementPairs = Sequence[tuple[UseCaseReadiness, RequirementReadiness]]
"""Requirements with their use cases."""


def name_list(names: Sequence[str]) -> str:
    """Return the first names as text, and the number of the others."""
    return first_names(names, NAMED)
