"""Join of test executions with one id: several tests, or one test in several workers, become one line.

The result is the worst one, and each claim has only what all executions showed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from ..facts.evidence import BADNESS, Result
from ..facts.ledger.line import canonical
from .earlier_attempts import BROKEN, IDLE, EarlierAttempt, merge_earlier_attempts

if TYPE_CHECKING:  # a command that only reads a journal redacts nothing
    from ..redaction.redactor import Redactor

_PASSED = Result.PASSED.value
LOST = "lost"
"""Key of an attempt whose process died."""
_EXECUTION_KEYS = frozenset({"proofs", "not_real_because", "simulated", "only_a_pass"})
"""Keys of a claim that describe one execution, and not its place."""
_LIST_KEYS = ("artifacts", "references", "notes", "steps", "warnings", "connections")

Body = dict[str, Any]
"""The body of a line about the end of a test."""


class _SharedId(Struct):
    """The tests of a run with one id, and their ends so far."""

    due: int
    """How many of them must end."""
    planned: int = 0
    """How many of them are known to be planned."""
    started: int = 0
    ended: list[Body] = field(default_factory=list)

    def missing(self, interrupted: Callable[[], Body]) -> list[Body]:
        """Return bodies for the tests that did not end. ``interrupted``: returns the body for one that started."""
        running = max(min(self.started, self.due) - len(self.ended), 0)
        bodies = [interrupted() for _ in range(running)]
        return [*bodies, _not_run(interrupted())] if len(self.ended) + running < self.due else bodies


class _WrittenEnd(NamedTuple):
    """The content of a written line about a test, without messages."""

    result: str
    is_several: bool
    """It is for several tests with one id: if one of them ends again, the result cannot get better."""
    attempts: list[Body]


class ExecutionJoiner:
    """Joins the ends of tests before they are written, so that each id gets one line."""

    def __init__(self) -> None:
        self.copies = 1
        """Number of workers that run every test."""
        self._shared_ids: dict[str, _SharedId] = {}
        self._attempts: dict[str, list[Body]] = {}
        """Attempts of running tests, which are lost if the process dies."""
        self._lost: dict[str, list[Body]] = {}
        """Attempts of tests whose process died, and that run again in another one."""
        self._written: dict[str, _WrittenEnd] = {}
        """The lines of tests that did not pass, or that share an id: if one ends again, both are joined."""

    def planned(self, tests: Sequence[Mapping[str, Any]]) -> None:
        """Count the tests of a plan by id. Each worker sends the same plan, unless all of them run everything."""
        ids = [test["test"] for test in tests if not test.get("deselected")]
        if self.copies == 1 and len(set(ids)) == len(ids):
            return
        for test_id, count in Counter(ids).items():
            if count * self.copies > 1:
                self._shared_ids.setdefault(test_id, _SharedId(count * self.copies)).planned += count

    def started(self, test_id: str) -> None:
        """Count the start of a test."""
        if self._shared_ids and (shared := self._shared_ids.get(test_id)) is not None:
            shared.started += 1

    def started_at_least(self, test_id: str, count: int) -> None:
        """Raise the count of starts to the number that workers recorded."""
        if self._shared_ids and (shared := self._shared_ids.get(test_id)) is not None:
            shared.started = max(shared.started, count)

    def attempted(self, body: Mapping[str, Any]) -> None:
        """Store an attempt of a test that is run again."""
        attempt = {name: value for name, value in body.items() if name != "test"}
        self._attempts.setdefault(body["test"], []).append(attempt)

    def crashed(self, body: Body) -> Body:
        """Return the end of a test whose process died, with its earlier attempts."""
        return after_attempts(self._attempts.pop(body["test"], ()), body)

    def run_again(self, body: Body) -> None:
        """Store the attempts of a test whose process died, and that another process runs again."""
        lost = self._lost.setdefault(body["test"], [])
        lost += self._attempts.pop(body["test"], ())
        lost += [{**attempt, "claims": body["claims"], LOST: True} for attempt in body["attempts"]]

    def join(self, body: Body) -> tuple[Body, bool]:
        """Return the body to write, and whether it stands for all tests with this id."""
        test_id = body["test"]
        if self._attempts or self._lost:
            self._attempts.pop(test_id, None)
            if attempts := self._lost.pop(test_id, None):
                body = after_attempts(attempts, body)
        is_several = self.copies > 1
        if self._shared_ids and (shared := self._shared_ids.get(test_id)) is not None:
            shared.ended.append(body)
            if len(shared.ended) < shared.due:
                return body, False
            body, is_several = join_executions(self._shared_ids.pop(test_id).ended), True
        if self._written and (written := self._written.get(test_id)) is not None:
            is_several = is_several or written.is_several
            body = {**body, "attempts": [*written.attempts, *body["attempts"]]}
            if is_several and BADNESS[Result(written.result)] > severity(body):
                body["result"] = written.result
        if body["result"] in IDLE:
            body = with_worst_attempt(body)
        if is_several or body["result"] != _PASSED:
            self._written[test_id] = _WrittenEnd(
                body["result"], is_several, list(map(_without_message, body["attempts"]))
            )
        return body, True

    def is_incomplete(self, test_id: str) -> bool:
        """Return whether more tests with this id must end."""
        return test_id in self._shared_ids

    def remaining(self, interrupted: Callable[[str], Body]) -> Iterator[Body]:
        """Yield, at the end of the run, the bodies for tests with one id that did not all end."""
        shared_ids, self._shared_ids = self._shared_ids, {}
        for test_id, shared in shared_ids.items():
            if self.copies > 1:  # workers may have collected different tests
                shared.due = shared.planned
            if shared.started or shared.ended:
                yield with_worst_attempt(
                    join_executions([*shared.ended, *shared.missing(partial(interrupted, test_id))])
                )

    def redact(self, redactor: Redactor) -> None:
        """Redact everything in memory, after a secret was registered."""
        for attempts_by_id in (self._attempts, self._lost):
            changed = {redactor.name(test_id): redactor.plain(attempts) for test_id, attempts in attempts_by_id.items()}
            attempts_by_id.clear()
            attempts_by_id.update(changed)
        self._written = {redactor.name(test_id): written for test_id, written in self._written.items()}
        for shared in self._shared_ids.values():
            shared.ended = [dict(redactor.plain(body)) for body in shared.ended]
        self._shared_ids = {redactor.name(test_id): shared for test_id, shared in self._shared_ids.items()}


def _without_message(attempt: Body) -> Body:
    return {name: value for name, value in attempt.items() if name != "message"}


def _not_run(body: Body) -> Body:
    message = "another test with this id was planned and did not start"
    return {**body, "result": Result.NOT_RUN.value, "attempts": [], "message": message}


def severity(body: Mapping[str, Any]) -> int:
    """Return how bad the result of a body is."""
    return BADNESS[Result(body["result"])]


def after_attempts(lost: Sequence[Body], body: Body) -> Body:
    """Return the end of a test with attempts from other processes before its own; some of these have claims.

    A process that died may have run anywhere if its test states its place itself.
    """
    attempts = [{name: value for name, value in attempt.items() if name not in ("claims", LOST)} for attempt in lost]
    earlier = [
        EarlierAttempt(attempt, original["claims"], is_lost=LOST in original and "open_scope" in body)
        for attempt, original in zip(attempts, lost, strict=True)
        if "claims" in original and attempt["result"] in BROKEN
    ]
    claims = merge_earlier_attempts(body["claims"], body["result"], earlier) if earlier else body["claims"]
    return {**body, "claims": claims, "attempts": [*attempts, *body["attempts"]]}


def with_worst_attempt(body: Body) -> Body:
    """Return the end of a test. One that neither passed nor failed takes the result of its worst attempt."""
    if body["result"] not in IDLE:
        return body
    bad = [attempt for attempt in body["attempts"] if attempt["result"] in BROKEN]
    if not bad:
        return body
    worst = max(bad, key=severity)
    return {**body, **{name: worst[name] for name in ("result", "message") if name in worst}}


def join_executions(bodies: Sequence[Body]) -> Body:
    """Return several ends with one id as one execution, in their order of arrival."""
    if len(bodies) == 1:
        return bodies[0]
    worst = max(bodies, key=severity)
    joined: Body = {name: value for body in bodies for name, value in body.items() if name != "message"} | worst
    for name in _LIST_KEYS:
        joined[name] = _unique(value for body in bodies for value in body.get(name, ()))
    proofs = [proof for body in bodies for proof in body.get("proofs", ())]
    joined |= {
        "claims": _claims(bodies, proofs, broken=worst["result"] in BROKEN),
        "proofs": proofs,
        "attempts": [attempt for body in bodies for attempt in body["attempts"]],
        "started_at": min(body["started_at"] for body in bodies),
        "finished_at": max(body["finished_at"] for body in bodies),
        "properties": [list(pair) for pair in {name: value for body in bodies for name, value in _pairs(body)}.items()],
        "redactions": _summed(bodies),
    }
    if any(body.get("open_scope") for body in bodies):
        joined["open_scope"] = True
    return {name: value for name, value in joined.items() if value or name in ("claims", "attempts")}


def _pairs(body: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    pairs: Sequence[Sequence[str]] = body.get("properties", ())
    return pairs


def _unique(values: Any) -> list[Any]:
    return list({canonical([value]): value for value in values}.values())


def _summed(bodies: Sequence[Body]) -> list[list[Any]]:
    counts: dict[str, int] = {}
    for body in bodies:
        for rule, count in body.get("redactions", ()):
            counts[rule] = counts.get(rule, 0) + count
    return [list(pair) for pair in counts.items()]


class _SharedClaim(Struct):
    """A claim that several executions make."""

    claim: Body
    proofs: list[list[int]] = field(default_factory=list)
    """For each execution, the numbers of the proofs that it showed for the claim."""
    made: list[Body] = field(default_factory=list)
    """The claim as each execution made it."""

    def joined(self, all_proofs: Sequence[Body], *, broken: bool) -> Body:
        """Return the joined claim.

        A failure is real if one execution was real. Any other result is real only if each execution was.
        """
        joined = dict(self.claim)
        unreal = [claim for claim in self.made if "not_real_because" in claim]
        if unreal and not (broken and len(unreal) < len(self.made)):
            joined["not_real_because"] = unreal[0]["not_real_because"]
            if all("simulated" in claim for claim in self.made):
                joined["simulated"] = True
        if all_proofs:
            kinds = [{_kind(all_proofs[number]) for number in numbers} for numbers in self.proofs]
            common = set.intersection(*kinds)
            joined["proofs"] = [n for numbers in self.proofs for n in numbers if _kind(all_proofs[n]) in common]
        return joined


def _claims(bodies: Sequence[Body], all_proofs: Sequence[Body], *, broken: bool) -> list[Body]:
    shared_claims: dict[str, _SharedClaim] = {}
    offset = 0
    for body in bodies:
        count = len(body.get("proofs", ()))
        for claim in body["claims"]:
            place = {name: value for name, value in claim.items() if name not in _EXECUTION_KEYS}
            shared = shared_claims.setdefault(canonical(place), _SharedClaim(place))
            numbers = claim.get("proofs")
            shared.proofs.append([offset + number for number in (range(count) if numbers is None else numbers)])
            shared.made.append(claim)
        offset += count
    return [shared.joined(all_proofs, broken=broken) for shared in shared_claims.values()]


def _kind(proof: Mapping[str, Any]) -> str:
    """Return the kind of a proof; a drill is a kind of its own by its name."""
    kind = str(proof["kind"])
    return f"{kind} {dict(proof.get('details', ())).get('name', '')}" if kind == "drill" else kind
