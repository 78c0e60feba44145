"""What an import lacks: tests of the import before it that are not in it, and failures under another name of theirs.

Neither changes what counts: the last result of a test stays until it runs again or is retired. But of a report that is
shorter than the one before, nobody sees that a file of it did not load.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from ..claims.claim import Claim
from ..errors import ReadinessError, count, one_line
from ..facts.decision import Retirement
from ..facts.evidence import BADNESS, CONCLUSIVE, IMPORTED, Evidence, Result
from ..facts.ledger.line import canonical, escape_surrogates
from ..facts.suite_failure import ABSENT
from ..fast_values import dataclass
from ..pipeline.project import Project
from ..recording.context import RunContext
from ..store.protocol import Store
from .mapping import MappedTest, MappingRule

_LOOKED_AT = 20
"""Earlier imports, the newest first, of which one may be of the same tests."""
_NAMED = 5
"""Classes that are named."""


@dataclass(frozen=True, slots=True)
class ImportOrigin:
    """Where the cases of an import come from: of one mapping and of the same suites are the imports of one report."""

    mapping: str
    """Digest of the rules, in any order."""
    suites: str
    """Digest of the names of the outermost suites."""

    def to_plain(self) -> dict[str, str]:
        """Return it as the first line of the run holds it."""
        return {"mapping": self.mapping, "suites": self.suites}


def origin_of(rules: Iterable[MappingRule], suites: Iterable[str]) -> ImportOrigin:
    """Return where cases come from: the rules, and the names of the outermost suites."""
    said = sorted({(rule.pattern, rule.target) for rule in rules})
    return ImportOrigin(_digest([list(pair) for pair in said]), _digest(sorted(set(suites))))


def _digest(value: list[Any]) -> str:
    return sha256(canonical(escape_surrogates(value)).encode()).hexdigest()


def _by_class(gone: Sequence[str], ours: Iterable[str]) -> str:
    """Return which tests are gone, those of a class together: a file that did not load is all of one."""
    left = set(map(_class, ours))
    classes: dict[str, list[str]] = {}
    for name in gone:
        classes.setdefault(_class(name), []).append(name)
    told, others = [], len(gone)
    for name, some in sorted(classes.items(), key=lambda pair: -len(pair[1]))[:_NAMED]:
        many = "" if len(some) == 1 else f"{len(some)} of " if name in left else f"all {len(some)} of "
        told.append(f"{many}'{one_line(name if many else some[0], 100)}'")
        others -= len(some)
    return ", ".join(told) + (f" and {others} more" if others else "")


def _class(name: str) -> str:
    """Return the class of a test; its name, where it has none."""
    return name.rpartition("::")[0] or name


class PriorImport:
    """What was imported before, for the same use cases in the same environment and provider mode."""

    def __init__(self, place: Project, context: RunContext, claims: Iterable[Claim]) -> None:
        """Look into the store; where it cannot be read, there is nothing to tell: keeping the run says so."""
        self._store: Store | None = None
        self._pieces: list[Evidence] = []
        self._retired: set[str] = set()
        with suppress(ReadinessError):
            store = place.store()
            if store is None:
                return
            found = store.newest(place.catalogue.register, {claim.use_case for claim in claims})
            where = (context.environment, context.provider_mode or context.usual_provider_mode)
            imported = (one for one in found if one.method in (IMPORTED, ABSENT))
            self._pieces = [one for one in imported if (one.environment, one.provider_mode) == where]
            decided = place.sources(store).register_decisions.decisions if self._pieces else ()
            self._retired = {one.test_id for one in decided if isinstance(one, Retirement)}
            self._store = store

    def close(self) -> None:
        """Let go of the store."""
        if self._store is not None:
            self._store.close()

    def notes(
        self, origin: ImportOrigin, tests: Sequence[MappedTest], named: Callable[[str], str], over: Collection[str] = ()
    ) -> Iterator[str]:
        """Yield what is to be told of an import.

        Args:
            origin: where its cases come from.
            tests: what is mapped.
            named: returns what a name is in the evidence.
            over: ids of what is no test, and fails no more.
        """
        ours = {named(test.name) for test in tests}
        last = {one.test_id: one for one in sorted(self._pieces, key=lambda one: one.started_at)}
        gone = {test_id for test_id, one in last.items() if one.method == ABSENT}
        yield from self._missing(origin, ours, gone.union(over))
        yield from self._otherwise_named(tests, ours, named)

    def _missing(self, origin: ImportOrigin, ours: set[str], over: set[str]) -> Iterator[str]:
        run_id, planned, later = self._before(origin, ours)
        there = ours | over | self._retired | {one.test_id for one in self._pieces if one.run_id in later}
        if gone := [test for test in planned if test not in there]:
            are = "is" if len(gone) == 1 else "are"
            tests = f"{count(len(gone), 'test')} that the earlier import {run_id} had"
            stays = "what they showed last stays until they are imported again or retired"
            yield f"{tests} {are} missing ({_by_class(gone, ours)}): {stays}"

    def _before(self, origin: ImportOrigin, ours: set[str]) -> tuple[str, Sequence[str], Collection[str]]:
        """Return the newest import by the same mapping with one of these tests, else of the same suites.

        With it: its tests, and the imports that came later.
        """
        found: tuple[str, Sequence[str], Collection[str]] = ("", (), ())
        if self._store is None or not self._pieces:
            return found
        with suppress(ReadinessError):
            runs = self._newest_first(self._store)
            conducts = self._store.run_conditions(runs)
            same = [
                (run_id, at) for at, run_id in enumerate(runs) if conducts[run_id].imported[:1] == (origin.mapping,)
            ]
            for run_id, at in same[:_LOOKED_AT]:
                planned = [test.test_id for test in self._store.plans([run_id])[run_id]]
                if not ours.isdisjoint(planned):
                    return run_id, planned, set(runs[:at])
                if not found[0] and conducts[run_id].imported[1:] == (origin.suites,):
                    found = run_id, planned, set(runs[:at])
        return found

    def _newest_first(self, store: Store) -> list[str]:
        """Return the imports by when they began: ids say that to the second only."""
        began = {
            run_id: one.started_at for run_id, one in store.summaries({one.run_id for one in self._pieces}).items()
        }
        return sorted(began, key=lambda run_id: (began[run_id], run_id), reverse=True)

    def _otherwise_named(
        self, tests: Sequence[MappedTest], ours: set[str], named: Callable[[str], str]
    ) -> Iterator[str]:
        """Yield that tests failed under names that they do not bear in this import: with a suite before, or without."""
        last: dict[tuple[str, str, str], Evidence] = {}
        for one in sorted(self._pieces, key=lambda piece: (piece.started_at, BADNESS[piece.result])):
            if one.result in CONCLUSIVE:
                last[one.test_id, one.uc, one.item] = one
        bad = {one.test_id for one in last.values() if one.result is not Result.PASSED} - ours - self._retired
        found = {
            other: test.name
            for test in (tests if bad else ())
            for case in test.members
            for other in (named(case.name), named(case.path))
            if other in bad
        }
        for other, name in list(found.items())[:1]:
            what = f"'{one_line(other, 100)}' (here '{one_line(name, 100)}')"
            are = "stays" if len(found) == 1 else "stay"
            yield (
                f"{count(len(found), 'failure')} of an earlier import under another name {are}, such as of {what}:"
                f" import by that name, or retire it"
            )
