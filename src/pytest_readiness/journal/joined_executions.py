"""One execution of what bears one name in a run: several tests with one id, or one that runs in several workers.

Their result is the worst of theirs, and each claim shows what all of them showed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ..facts.evidence import BADNESS, Result
from ..facts.ledger.line import canonical
from .earlier_attempts import BROKEN, IDLE, EarlierAttempt, merge_earlier_attempts

if TYPE_CHECKING:  # who judges a journal takes no secrets out
    from ..redaction.redactor import Redactor

_PASSED = Result.PASSED.value
LOST = "lost"
"""Of an attempt: the process that ran it died."""
_OF_ONE = frozenset({"proofs", "not_real_because", "simulated", "only_a_pass"})
"""What a claim says of one execution, and not of its place."""
_LISTS = ("artifacts", "references", "notes", "steps", "warnings", "connections")

Body = dict[str, Any]
"""What the line of a test's end says."""


@dataclass
class _Namesakes:
    """The tests of a run that bear one id, and what came of them so far."""

    due: int
    """How many of them are to end."""
    planned: int = 0
    """How many of them were planned, as far as is known."""
    started: int = 0
    ended: list[Body] = field(default_factory=list)

    def missing(self, interrupted: Callable[[], Body]) -> list[Body]:
        """Return what is to be said of those that did not end; ``interrupted``: of one that started."""
        running = max(min(self.started, self.due) - len(self.ended), 0)
        found = [interrupted() for _ in range(running)]
        return [*found, _never(interrupted())] if len(self.ended) + running < self.due else found


class _Told(NamedTuple):
    """What a line has told of a test, without messages."""

    result: str
    several: bool
    """It was several tests with one id: another end of one of them is worth no more than the worst."""
    attempts: list[Body]


class ExecutionJoiner:
    """The ends of a run's tests, on their way to the lines that tell them: one line for each id."""

    def __init__(self) -> None:
        self.copies = 1
        """How many workers run every test."""
        self._namesakes: dict[str, _Namesakes] = {}
        self._tries: dict[str, list[Body]] = {}
        """Attempts of tests that run, which are lost with the process that runs them."""
        self._lost: dict[str, list[Body]] = {}
        """Attempts of tests whose process is gone, and that are run again in another."""
        self._told: dict[str, _Told] = {}
        """What was told of tests that did not pass, or that bear one id: should one end again, it is told with this."""

    def planned(self, tests: Sequence[Mapping[str, Any]]) -> None:
        """Count the tests of a plan by id; each worker sends one, of the same tests unless all run everything."""
        ids = [test["test"] for test in tests if not test.get("deselected")]
        if self.copies == 1 and len(set(ids)) == len(ids):
            return
        for test_id, count in Counter(ids).items():
            if count * self.copies > 1:
                self._namesakes.setdefault(test_id, _Namesakes(count * self.copies)).planned += count

    def started(self, test_id: str) -> None:
        """One of them starts."""
        if self._namesakes and (namesakes := self._namesakes.get(test_id)) is not None:
            namesakes.started += 1

    def started_at_least(self, test_id: str, count: int) -> None:
        """So many of them started, as those say that ran them."""
        if self._namesakes and (namesakes := self._namesakes.get(test_id)) is not None:
            namesakes.started = max(namesakes.started, count)

    def attempted(self, body: Mapping[str, Any]) -> None:
        """An attempt ended, and the test is run again."""
        attempt = {name: value for name, value in body.items() if name != "test"}
        self._tries.setdefault(body["test"], []).append(attempt)

    def crashed(self, body: Body) -> Body:
        """Return the end of a test whose process is gone, with the attempts that were lost with it."""
        return after_attempts(self._tries.pop(body["test"], ()), body)

    def run_again(self, body: Body) -> None:
        """The test of this end is run again, in another process."""
        lost = self._lost.setdefault(body["test"], [])
        lost += self._tries.pop(body["test"], ())
        lost += [{**attempt, "claims": body["claims"], LOST: True} for attempt in body["attempts"]]

    def take(self, body: Body) -> tuple[Body, bool]:
        """Return the end as it is to be told, and whether this tells all of the tests with this id."""
        test_id = body["test"]
        if self._tries or self._lost:
            self._tries.pop(test_id, None)
            if lost := self._lost.pop(test_id, None):
                body = after_attempts(lost, body)
        several = self.copies > 1
        if self._namesakes and (namesakes := self._namesakes.get(test_id)) is not None:
            namesakes.ended.append(body)
            if len(namesakes.ended) < namesakes.due:
                return body, False
            body, several = join_executions(self._namesakes.pop(test_id).ended), True
        if self._told and (told := self._told.get(test_id)) is not None:
            several = several or told.several
            body = {**body, "attempts": [*told.attempts, *body["attempts"]]}
            if several and BADNESS[Result(told.result)] > severity(body):
                body["result"] = told.result
        if body["result"] in IDLE:
            body = failures_kept(body)
        if several or body["result"] != _PASSED:
            self._told[test_id] = _Told(body["result"], several, list(map(_terse, body["attempts"])))
        return body, True

    def is_incomplete(self, test_id: str) -> bool:
        """Return whether more tests with this id are to end."""
        return test_id in self._namesakes

    def remaining(self, interrupted: Callable[[str], Body]) -> Iterator[Body]:
        """Yield what is to be told, at the end of the run, of tests with one id that did not all end."""
        found, self._namesakes = self._namesakes, {}
        for test_id, namesakes in found.items():
            if self.copies > 1:  # workers may have collected different tests
                namesakes.due = namesakes.planned
            if namesakes.started or namesakes.ended:
                yield failures_kept(
                    join_executions([*namesakes.ended, *namesakes.missing(partial(interrupted, test_id))])
                )

    def redact(self, redactor: Redactor) -> None:
        """A secret became known: take it out of what is remembered."""
        for known in (self._tries, self._lost):
            changed = {redactor.name(test_id): redactor.plain(attempts) for test_id, attempts in known.items()}
            known.clear()
            known.update(changed)
        self._told = {redactor.name(test_id): told for test_id, told in self._told.items()}
        for namesakes in self._namesakes.values():
            namesakes.ended = [dict(redactor.plain(body)) for body in namesakes.ended]
        self._namesakes = {redactor.name(test_id): one for test_id, one in self._namesakes.items()}


def _terse(attempt: Body) -> Body:
    return {name: value for name, value in attempt.items() if name != "message"}


def _never(body: Body) -> Body:
    told = "another test with this id was planned and did not start"
    return {**body, "result": Result.NOT_RUN.value, "attempts": [], "message": told}


def severity(body: Mapping[str, Any]) -> int:
    """Return how bad the result of a line is."""
    return BADNESS[Result(body["result"])]


def after_attempts(lost: Sequence[Body], body: Body) -> Body:
    """Return the end of a test after attempts that are known from elsewhere; some tell the claims as they placed them.

    A process that died may have been anywhere, if its test says itself where it runs.
    """
    kept = [{name: value for name, value in one.items() if name not in ("claims", LOST)} for one in lost]
    earlier = [
        EarlierAttempt(attempt, one["claims"], is_lost=LOST in one and "open_scope" in body)
        for attempt, one in zip(kept, lost, strict=True)
        if "claims" in one and attempt["result"] in BROKEN
    ]
    claims = merge_earlier_attempts(body["claims"], body["result"], earlier) if earlier else body["claims"]
    return {**body, "claims": claims, "attempts": [*kept, *body["attempts"]]}


def failures_kept(body: Body) -> Body:
    """Return the end of a test; what neither passed nor failed in the end hides no attempt that ended badly."""
    if body["result"] not in IDLE:
        return body
    bad = [attempt for attempt in body["attempts"] if attempt["result"] in BROKEN]
    if not bad:
        return body
    worst = max(bad, key=severity)
    return {**body, **{name: worst[name] for name in ("result", "message") if name in worst}}


def join_executions(bodies: Sequence[Body]) -> Body:
    """Return what several ends under one id say as one execution, in the order in which they came."""
    if len(bodies) == 1:
        return bodies[0]
    worst = max(bodies, key=severity)
    one: Body = {name: value for body in bodies for name, value in body.items() if name != "message"} | worst
    for name in _LISTS:
        one[name] = _each_once(value for body in bodies for value in body.get(name, ()))
    proofs = [proof for body in bodies for proof in body.get("proofs", ())]
    one |= {
        "claims": _claims(bodies, proofs, broken=worst["result"] in BROKEN),
        "proofs": proofs,
        "attempts": [attempt for body in bodies for attempt in body["attempts"]],
        "started_at": min(body["started_at"] for body in bodies),
        "finished_at": max(body["finished_at"] for body in bodies),
        "properties": [list(pair) for pair in {name: value for body in bodies for name, value in _pairs(body)}.items()],
        "redactions": _summed(bodies),
    }
    if any(body.get("open_scope") for body in bodies):
        one["open_scope"] = True
    return {name: value for name, value in one.items() if value or name in ("claims", "attempts")}


def _pairs(body: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    pairs: Sequence[Sequence[str]] = body.get("properties", ())
    return pairs


def _each_once(values: Any) -> list[Any]:
    return list({canonical([value]): value for value in values}.values())


def _summed(bodies: Sequence[Body]) -> list[list[Any]]:
    counts: dict[str, int] = {}
    for body in bodies:
        for rule, count in body.get("redactions", ()):
            counts[rule] = counts.get(rule, 0) + count
    return [list(pair) for pair in counts.items()]


@dataclass
class _Shared:
    """A claim that several of them make, and what each showed for it."""

    claim: Body
    proofs: list[list[int]] = field(default_factory=list)
    made: list[Body] = field(default_factory=list)
    """As each of them made it."""

    def told(self, all_proofs: Sequence[Body], *, broken: bool) -> Body:
        """Return the claim: real for what failed if one of them was real, for all else only if each was."""
        found = dict(self.claim)
        unreal = [one for one in self.made if "not_real_because" in one]
        if unreal and not (broken and len(unreal) < len(self.made)):
            found["not_real_because"] = unreal[0]["not_real_because"]
            if all("simulated" in one for one in self.made):
                found["simulated"] = True
        if all_proofs:
            kinds = [{_kind(all_proofs[number]) for number in numbers} for numbers in self.proofs]
            common = set.intersection(*kinds)
            found["proofs"] = [n for numbers in self.proofs for n in numbers if _kind(all_proofs[n]) in common]
        return found


def _claims(bodies: Sequence[Body], all_proofs: Sequence[Body], *, broken: bool) -> list[Body]:
    found: dict[str, _Shared] = {}
    offset = 0
    for body in bodies:
        count = len(body.get("proofs", ()))
        for claim in body["claims"]:
            told = {name: value for name, value in claim.items() if name not in _OF_ONE}
            shared = found.setdefault(canonical(told), _Shared(told))
            numbers = claim.get("proofs")
            shared.proofs.append([offset + number for number in (range(count) if numbers is None else numbers)])
            shared.made.append(claim)
        offset += count
    return [shared.told(all_proofs, broken=broken) for shared in found.values()]


def _kind(proof: Mapping[str, Any]) -> str:
    """A drill shows itself, and no other."""
    kind = str(proof["kind"])
    return f"{kind} {dict(proof.get('details', ())).get('name', '')}" if kind == "drill" else kind
