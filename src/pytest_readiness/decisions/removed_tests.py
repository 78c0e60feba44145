"""Which tests are gone: a pattern may retire these, and no test that still runs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set as AbstractSet
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from ..facts.evidence import IMPORTED, Evidence
from ..pipeline.evaluate_project import EvaluatedReport, Project
from ..verdict.requirement.later_runs import LaterRuns, is_sibling_case

_LOOKED_AT = 20
"""Later imports, the newest first, of which one may be of the same tests."""
_Where = tuple[str | None, str | None]
"""Environment and provider mode."""


def removed_tests(place: Project, judged: EvaluatedReport, tests: Collection[str]) -> list[str]:
    """Return which of these tests a later run did not have any more, in each environment in which they ever ran.

    That a run had others is enough for a case of a parametrised test whose other cases it ran. It may have been about
    other files or other tests: any other test is gone only once the work tree has no test of its name in its file.
    What a run deselected is not gone, and a run that was asked for single tests of a file says nothing of the others.
    A test that was imported is gone once a later report by the same mapping, with at least half of the tests of its
    own, does not hold it.

    Raises:
        StorageError, IntegrityError: what the runs had planned cannot be read.
    """
    facts = judged.facts
    instead = LaterRuns(facts.evidence, facts.origins, plans_known=True).later_runs_without(tests)
    planned = _planned(place, {later.run_id for ones in instead.values() for later in ones})
    from_reports = _Imports(place, judged).gone(set(tests) - instead.keys())
    ran_here = [
        test
        for test, ones in instead.items()
        if not any((later.run_id, test) in planned for later in ones)
        and (all(is_sibling_case(test, later.test_id) for later in ones) or not _is_there(place.settings.folder, test))
    ]
    return sorted([*ran_here, *from_reports])


class _Imports:
    """The imports of reports, by what they hold."""

    def __init__(self, place: Project, judged: EvaluatedReport) -> None:
        self._place = place
        self._evidence = judged.facts.evidence
        self._origins = judged.facts.origins

    def gone(self, tests: AbstractSet[str]) -> Iterator[str]:
        """Yield which of these tests are imported ones, and in no environment in the next report any more."""
        newest: dict[str, dict[_Where, Evidence]] = defaultdict(dict)
        for one in sorted(self._evidence, key=attrgetter("started_at")):
            if one.test_id in tests:
                newest[one.test_id][one.environment, one.provider_mode] = one
        last = [one for places in newest.values() for one in places.values() if one.method == IMPORTED]
        later = {key: self._later(*key) for key in {self._key(one) for one in last}}
        runs = {key[0] for key in later} | {run for some in later.values() for run, _ in some}
        plans: defaultdict[str, set[str]] = defaultdict(set)
        for run, test in _planned(self._place, runs):
            plans[run].add(test)
        next_one = {
            key: next(((run, at) for run, at in some if _is_same_report(plans[key[0]], plans[run])), None)
            for key, some in later.items()
        }
        for test, places in newest.items():
            found = [(one, next_one.get(self._key(one))) for one in places.values()]
            if all(next_ and next_[1] > one.started_at and test not in plans[next_[0]] for one, next_ in found):
                yield test

    def _key(self, one: Evidence) -> tuple[str, _Where]:
        return one.run_id, (one.environment, one.provider_mode)

    @cached_property
    def _newest_starts(self) -> Mapping[_Where, Mapping[str, str]]:
        """When the newest test of each import began, by where it took place and by run."""
        found: defaultdict[_Where, dict[str, str]] = defaultdict(dict)
        for one in self._evidence:
            if one.method == IMPORTED:
                there = found[one.environment, one.provider_mode]
                there[one.run_id] = max(one.started_at, there.get(one.run_id, ""))
        return found

    def _later(self, run_id: str, where: _Where) -> list[tuple[str, str]]:
        """Return the later imports by the same mapping in the same place, newest first, each with its newest start."""
        own = self._origins[run_id]
        same = [
            (run, at)
            for run, at in self._newest_starts[where].items()
            if self._origins[run].conditions.imported[:1] == own.conditions.imported[:1] != ()
            and self._origins[run].started_at > own.started_at
        ]
        return sorted(same, key=lambda pair: self._origins[pair[0]].started_at, reverse=True)[:_LOOKED_AT]


def _is_same_report(earlier: AbstractSet[str], later: AbstractSet[str]) -> bool:
    """Return whether a later report is of the same tests: a run of few of them says nothing of the others."""
    return 2 * len(earlier & later) >= len(earlier)


def _planned(place: Project, runs: AbstractSet[str]) -> set[tuple[str, str]]:
    """Return each run, and each test that it collected, deselected or not."""
    store = place.store()
    try:
        left = place.sources(store).journal_runs
        plans = {id_: left[id_].planned for id_ in runs if id_ in left}
        if store is not None:
            plans |= store.plans(runs - plans.keys())
        return {(run, test.test_id) for run, tests in plans.items() for test in tests}
    finally:
        if store is not None:
            store.close()


def _is_there(folder: Path, test_id: str) -> bool:
    """Return whether the work tree may still have a test: by the name of its function in its file, if it can tell."""
    file, _, rest = test_id.partition("::")
    if file.startswith("//"):  # in a checkout that lies elsewhere
        return True
    function = re.escape(rest.partition("[")[0].rpartition("::")[2])
    try:
        text = (folder / file).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return re.search(rf"(?<!\w){function}(?!\w)", text) is not None
