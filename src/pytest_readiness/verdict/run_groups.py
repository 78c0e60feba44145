"""Run groups: the parts of one logical run, such as CI shards, and what they hold while incomplete.

A group is counted per environment and provider mode, and in generations, so that parts of different nights never mix.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import count, islice

from msgspec import Struct

from ..errors import count as counted
from ..facts.evidence import Evidence, Result
from ..facts.run_group import GroupPart
from ..facts.timestamps import parse_timestamp
from .coverage import RealPlaces
from .explanations import first_line
from .run_version import RunVersion

WINDOW = timedelta(hours=12)
"""Most time between the first and the last part of a generation without a CI run."""
RAN_TO_ITS_END = frozenset({Result.PASSED, Result.FAILED, Result.ERROR})
_DAY = timedelta(days=1)
_MAX_NAMED = 5
"""Most missing parts that are named."""

PlannedClaim = tuple[str, str, str]
"""Test, use case and item."""
_Group = tuple[str, str | None, str | None]
"""Id, environment and provider mode."""


class Generation(Struct, frozen=True, dict=True):
    """Generation of a run group: the parts of one logical run that have arrived."""

    parts: tuple[GroupPart, ...]
    """Runs, the earliest start first; a re-run of a part is a further entry."""
    retired: frozenset[str] = frozenset()
    """Ids of its retired runs, which do not count as arrived."""

    @property
    def group(self) -> _Group:
        """Id, environment and provider mode."""
        first = self.parts[0]
        return first.group, first.environment, first.provider_mode

    @property
    def began(self) -> str:
        """Start of its earliest part (UTC)."""
        return self.parts[0].started_at

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of parts as the parts state it; several numbers if they disagree."""
        return tuple(sorted({part.parts for part in self.parts}))

    @cached_property
    def arrived(self) -> tuple[int, ...]:
        """Numbers of the parts that have arrived."""
        numbers = {part.number for part in self.parts if part.run_id not in self.retired and part.collected}
        return tuple(sorted(number for number in numbers if 1 <= number <= self.sizes[-1]))

    @cached_property
    def all_arrived(self) -> bool:
        """Whether every part has arrived, and they agree on their number."""
        return len(self.sizes) == 1 and len(self.arrived) == self.sizes[0]

    @cached_property
    def surely_complete(self) -> bool:
        """Whether it is complete, as far as that is known without its plans."""
        return self.all_arrived and not self.retired and all(part.all_finished for part in self.parts)

    @cached_property
    def unfinished(self) -> tuple[str, ...]:
        """Ids of the tests that an attempt of a part planned, and that ended in none."""
        plans = [(part.plan, part.run_id in self.retired) for part in self.parts if part.plan is not None]
        ended = {test for plan, retired in plans if not retired for test in plan.ended}
        due = {test.test_id for plan, _ in plans for test in plan.tests if test.selected}
        return tuple(sorted(due - ended))

    @cached_property
    def complete(self) -> bool:
        """Whether every part has arrived, and every test that any attempt of a part planned has ended."""
        if self.surely_complete:
            return True
        plans_known = all(part.plan is not None for part in self.parts)
        return self.all_arrived and plans_known and not self.unfinished

    def planned(self, *, with_deselected: bool) -> Iterator[PlannedClaim]:
        """Yield the planned claims of its parts; ``with_deselected``: also those that were collected and not run."""
        for part in self.parts:
            for test in part.plan.tests if part.plan is not None else ():
                if test.selected or with_deselected:
                    yield from ((test.test_id, *claim) for claim in test.claims)

    @property
    def environments(self) -> frozenset[str]:
        """Environment of the run; if it stated none, the environments of its executions."""
        named = self.parts[0].environment
        if named is not None:
            return frozenset({named})
        return frozenset().union(*(part.plan.environments for part in self.parts if part.plan is not None))


class GroupHold(Struct, frozen=True):
    """Incomplete generation that keeps the gate closed."""

    group: str
    environment: str | None
    provider_mode: str | None
    began: str
    """Start of its earliest part (UTC)."""
    runs: tuple[str, ...]
    sizes: tuple[int, ...]
    """Number of parts; several numbers if the parts disagree."""
    arrived: tuple[int, ...]
    """Numbers of the parts that have arrived."""
    unfinished: int = 0
    """Number of tests in these parts that did not run to their end."""

    @property
    def name(self) -> str:
        """Id and place of the group."""
        place = f" in {first_line(self.environment)}" if self.environment else ""
        mode = f" with {first_line(self.provider_mode)}" if self.provider_mode else ""
        return f"{first_line(self.group)}{place}{mode}"

    @property
    def why(self) -> str:
        """What is missing."""
        if len(self.sizes) != 1:
            return f"its parts disagree on their number ({', '.join(map(str, self.sizes))})"
        if len(self.arrived) < self.sizes[0]:
            return f"{len(self.arrived)} of {counted(self.sizes[0], 'part')} arrived"
        its = "its" if self.unfinished == 1 else "their"
        return f"all parts arrived, but {counted(self.unfinished, 'test')} did not run to {its} end"

    @property
    def remedy(self) -> str:
        """What completes it, and what a reviewer can do if nothing will (for example after a mistyped id)."""
        more = f", and the same for each of its {len(self.runs)} runs" if len(self.runs) > 1 else ""
        return f"{self._completes}; if none will arrive, a reviewer runs `readiness retire --run {self.runs[0]}`{more}"

    @property
    def _completes(self) -> str:
        if len(self.sizes) != 1:
            return f"run all parts of {first_line(self.group)} again, each as K/N with the same N"
        missing = self.missing
        if missing:
            named = ", ".join(map(str, missing[:_MAX_NAMED])) + (" ..." if len(missing) > _MAX_NAMED else "")
            return f"run part {named} of {self.sizes[0]} of {first_line(self.group)}, or all its parts again"
        return f"run the parts of {first_line(self.group)} again whose tests did not run to their end"

    @property
    def missing(self) -> tuple[int, ...]:
        """The first numbers of missing parts: those that are named, and at most one more."""
        arrived = set(self.arrived)
        most = min(_MAX_NAMED + 1, self.sizes[-1] - len(arrived))
        return tuple(islice((number for number in count(1) if number not in arrived), most))

    def __str__(self) -> str:
        return f"{self.name}, started at {self.began}: {self.why}"


def generations(parts: Iterable[GroupPart], retired: Collection[str] = ()) -> dict[_Group, list[Generation]]:
    """Return the generations of each group, the earliest first. The order of the parts does not matter.

    ``retired``: ids of retired runs. A generation of retired runs only is omitted.
    """
    pipelines: dict[_Group, dict[str | None, list[GroupPart]]] = {}
    for part in sorted({part.run_id: part for part in parts}.values(), key=_start):
        group = (part.group, part.environment, part.provider_mode)
        pipelines.setdefault(group, {}).setdefault(part.pipeline, []).append(part)
    result: dict[_Group, list[Generation]] = {}
    for group, by_pipeline in pipelines.items():
        part_lists = [group_parts for pipeline, group_parts in by_pipeline.items() if pipeline is not None]
        part_lists += _windows(by_pipeline.get(None, ()))
        candidates = [
            Generation(tuple(group_parts), frozenset(part.run_id for part in group_parts).intersection(retired))
            for group_parts in part_lists
        ]
        result[group] = sorted(
            (generation for generation in candidates if len(generation.retired) < len(generation.parts)), key=_age
        )
    return result


def _ids(parts: Iterable[GroupPart]) -> frozenset[str]:
    return frozenset(part.run_id for part in parts)


def _start(part: GroupPart) -> tuple[str, str]:
    return part.started_at, part.run_id


def _age(generation: Generation) -> tuple[str, str]:
    return _start(generation.parts[0])


def _windows(parts: Iterable[GroupPart]) -> list[list[GroupPart]]:
    """Return the parts, which are sorted by start, in lists that each span at most ``WINDOW``."""
    windows: list[list[GroupPart]] = []
    for part in parts:
        if windows and parse_timestamp(part.started_at) - parse_timestamp(windows[-1][0].started_at) <= WINDOW:
            windows[-1].append(part)
        else:
            windows.append([part])
    return windows


def _not_let_go(
    group_generations: Sequence[Generation], version: RunVersion | None
) -> Iterator[tuple[Generation, Sequence[Generation]]]:
    """Yield each incomplete generation that no later complete one lets go, with the complete ones nearest to it.

    One that is about what is judged is let go only by one that shows it.

    The order of generations that began in the same millisecond is not known. None of them then releases another, and
    each complete one of them counts as the last.
    """
    complete = [generation for generation in group_generations if generation.complete]
    for generation in group_generations:
        release = complete
        if version is not None and version.concerns(generation.parts):
            release = [later for later in complete if version.shows(later.parts)]
        if generation.complete or any(later.began > generation.began for later in release):
            continue
        before = [earlier.began for earlier in complete if earlier.began <= generation.began]
        nearest = before[-1] if before else complete[0].began if complete else ""
        yield generation, [expected for expected in complete if expected.began == nearest]


def is_expired(began: str, now: str, days: int | None) -> bool:
    """Return whether a generation began too long ago to hold anything; ``days`` None: no limit."""
    return days is not None and (parse_timestamp(now) - parse_timestamp(began)) / _DAY > days


def generation_of(parts: Iterable[GroupPart]) -> dict[str, str]:
    """Return the id of each run's generation, by run id."""
    return {
        part.run_id: generation.parts[0].run_id
        for group_generations in generations(parts).values()
        for generation in group_generations
        for part in generation.parts
    }


class GroupRelease(Struct, frozen=True):
    """Conditions that release an incomplete generation."""

    now: str
    days: int | None
    """The longest max age of the items; None: none has one."""
    places: RealPlaces
    """Places that are declared real now. A group elsewhere shows nothing, and holds nothing."""
    settled: Iterable[Evidence]
    """Evidence of sealed runs that started no later than the moment being judged."""
    is_retired: Callable[[str], bool]
    """Returns whether a test is retired."""
    retired_runs: Collection[str] = ()
    version: RunVersion | None = None
    """What is judged; None: any."""
    excluded: Collection[str] = ()
    """Ids of evidence that does not count for what is judged."""


def find_group_holds(
    parts: Sequence[GroupPart], conditions: GroupRelease, use_cases: Iterable[str]
) -> dict[str, tuple[GroupHold, ...]]:
    """Return the incomplete generations that hold each use case.

    A generation holds the tests that its parts planned or deselected, and those that the last complete one before it
    planned, until each has run to its end there. If no generation was ever complete, it holds every use case. One
    that is about what is judged is released only by what counts for that.

    Args:
        parts: runs of groups, as ``with_plans`` returns them.
        conditions: what releases a generation.
        use_cases: ids of the use cases to evaluate.
    """
    if not parts:
        return {}
    holds_by_use_case: dict[str, list[GroupHold]] = {}
    use_case_ids, ran = tuple(use_cases), _by_claim(conditions)
    for group_generations in generations(parts, conditions.retired_runs).values():
        for generation, last in _not_let_go(group_generations, conditions.version):
            if not is_expired(generation.began, conditions.now, conditions.days):
                hold = _hold_of(generation)
                for use_case in _held_use_cases(generation, last, conditions, ran, use_case_ids):
                    holds_by_use_case.setdefault(use_case, []).append(hold)
    return {use_case: tuple(sorted(holds, key=str)) for use_case, holds in holds_by_use_case.items()}


def _by_claim(conditions: GroupRelease) -> dict[PlannedClaim, list[Evidence]]:
    """Return the real executions that ran to their end, by test, use case and item."""
    executions: dict[PlannedClaim, list[Evidence]] = {}
    for execution in conditions.settled:
        if execution.result in RAN_TO_ITS_END and conditions.places.counts(execution):
            executions.setdefault((execution.test_id, execution.uc, execution.item), []).append(execution)
    return executions


def _held_use_cases(
    generation: Generation,
    last: Sequence[Generation],
    conditions: GroupRelease,
    ran: Mapping[PlannedClaim, Sequence[Evidence]],
    use_case_ids: Sequence[str],
) -> Collection[str]:
    """Return the use cases that an incomplete generation holds; ``last``: the complete ones nearest to it."""
    places = generation.environments.union(*(complete.environments for complete in last))
    held_in = places.intersection(conditions.places.environments)
    if not held_in:
        return ()
    if not last:
        return use_case_ids
    mode, runs = generation.parts[0].provider_mode, _ids(generation.parts)
    version = conditions.version
    excluded = conditions.excluded if version is not None and version.concerns(generation.parts) else ()

    def is_free(claim: PlannedClaim) -> bool:
        since = {
            evidence.environment
            for evidence in ran.get(claim, ())
            if (evidence.started_at > generation.began or evidence.run_id in runs)
            and mode in (None, evidence.provider_mode)
            and evidence.id not in excluded
        }
        return conditions.is_retired(claim[0]) or held_in <= since

    claims = dict.fromkeys(generation.planned(with_deselected=True))
    claims |= dict.fromkeys(claim for complete in last for claim in complete.planned(with_deselected=False))
    return {claim[1] for claim in claims if not is_free(claim)}


def _hold_of(generation: Generation) -> GroupHold:
    name, environment, mode = generation.group
    runs = tuple(part.run_id for part in generation.parts)
    return GroupHold(
        name,
        environment,
        mode,
        generation.began,
        runs,
        generation.sizes,
        generation.arrived,
        len(generation.unfinished),
    )
