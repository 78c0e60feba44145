"""The model, last part: what is known at a moment, the status of use cases, and the gate (§6 to §8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from .decided import (
    Known,
    Word,
    acceptable,
    asked,
    blockers,
    counting,
    lacks,
    listed,
    may,
    may_sign,
    policy_of,
    refused,
    rejections,
    runs_with_failures,
    same,
    suspect,
    waived,
)
from .parts import Part, held
from .recorded import BAD, Piece, not_reached, pieces_of
from .standing import Requirement, State, concerns, requirements_of, state_of
from .words import DAY, Config, Decide, Edit, Event, History, Merge, Recover, Run, Tamper, UseCase

ANY = "any release"


@dataclass
class Kept:
    """A run that was recorded: where it is, and under which requirements."""

    run: Run
    at: int
    config: Config
    known: bool
    """In the store or in a journal beside it; else elsewhere."""
    open: bool


@dataclass(frozen=True)
class Judgement:
    """What the gate is to say."""

    eligible: bool
    intact: bool
    use_cases: tuple[tuple[str, str, str, str, tuple[tuple[str, str], ...]], ...]
    """Id, status, phase, review and the state of each requirement."""
    reasons: tuple[str, ...]


@dataclass
class World:
    """Everything that happened so far."""

    config: Config
    runs: list[Kept] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    snapshots: list[Config] = field(default_factory=list)
    """Requirements that were kept with a run or a decision."""
    files: list[tuple[str, str]] = field(default_factory=list)
    """Home and kind of each decision that was committed, whether it counts or not."""
    damaged: bool = False
    git: bool = False

    # -- what happens

    def take(self, event: Event, at: int, release: str | None) -> bool:
        """Let an event happen; return whether a decision was refused."""
        if isinstance(event, Run):
            known = event.home != "bundle"
            self.runs.append(Kept(event, at - event.lag, self.config, known, event.ending == "killed"))
            if event.home == "store" and event.ending == "sealed":
                self._recover()  # §8: a session takes in what earlier ones left behind
            if known:
                self.snapshots.append(self.config)
        elif isinstance(event, Merge):
            for kept in self.runs:
                if kept.run.name == event.run and not kept.known:
                    kept.known = True
                    self.snapshots.append(kept.config)
        elif isinstance(event, Recover):
            self._recover()
        elif isinstance(event, Edit):
            self.config = event.config
        elif isinstance(event, Tamper):
            self._tamper(event)
        else:
            return self._decide(event, at, release)
        return False

    def _recover(self) -> None:
        """§8: recovery seals an open run as interrupted, and then what had finished counts."""
        for kept in self.runs:
            kept.open = kept.open and not kept.known

    def _tamper(self, event: Tamper) -> None:
        """§6: a work tree that differs from HEAD in a committed decision is an integrity failure.

        A committed move changes nothing: who first added a decision decided.
        """
        here = self.config.decisions
        if event.how != "move" and any(home == here and event.kind in ("", kind) for home, kind in self.files):
            self.damaged = True
        if event.how == "move":
            self.words = [replace(one, home="governance") if one.home == here else one for one in self.words]
            self.files = [("governance" if home == here else home, kind) for home, kind in self.files]
            self.config = replace(self.config, decisions="governance")

    def _decide(self, event: Decide, at: int, release: str | None) -> bool:
        """§6: whether a decision is refused; else it is made, and counts if it is kept where it counts."""
        word = self._made(event, at, release)
        if word is None:
            return True
        in_folder = self.config.decisions != "store"
        if in_folder and not event.committed:
            return False  # a new uncommitted file counts for nothing
        if in_folder:
            self.files.append((word.home, word.kind))
        if in_folder and event.committed != event.by and event.kind not in ("block", "reject"):
            return False  # somebody else's commit; a blocker or a rejection stands as made by the named person
        self.words.append(word)
        if not in_folder:
            self.snapshots.append(self.config)
        return False

    def _made(self, event: Decide, at: int, release: str | None) -> Word | None:  # noqa: PLR0911 - one for each kind
        policy = self.config.policy
        word = Word(event.kind, event.by, at, event.target, self.config.decisions, config=self.config)
        if event.kind == "block":
            return word
        if event.kind in ("approve", "reject"):
            return self._reviewed(event, word, at, release)
        release = None  # only a review is told for which release it is
        if not listed(policy, event.by):
            return None
        words = counting(self.words, self.config, at)
        if self.damaged or not may(policy, word, self._concerned(event, at, release)):
            return None
        if event.kind == "retire" and not self._can_retire(event.target, at):
            return None
        if event.kind == "unblock":
            return word if blockers(words, event.target, policy) else None
        if event.kind == "retire":
            return replace(word, runs=frozenset(kept.run.name for kept in self.runs if kept.known))
        if event.kind == "waive":
            asker = event.requested_by or event.by
            known = self.look(self._row(event.target.partition("/")[0]), at, release)
            nothing = acceptable(policy, known.bare[event.target])
            if same(policy, asker, event.by) or nothing or event.days > 90:
                return None
            midnight = (at // DAY + event.days + 1) * DAY
            return replace(word, until=midnight, requested_by=asker)
        return word

    def _reviewed(self, event: Decide, word: Word, at: int, release: str | None) -> Word | None:
        policy = self.config.policy
        known = self.look(self._row(event.target), at, release)
        names = frozenset(known.states) if event.acknowledge else frozenset()
        if not listed(policy, event.by):
            return None
        if event.kind == "approve" and (self.damaged or refused(known, event.by, names)):
            return None  # nothing is excused by what is not intact
        doubtful = [(n, known.states[n]) for n in names if known.states[n].word in ("ASSERTED", "FLAKY")]
        named = frozenset((name, f"{state.word}{more}") for name, state in doubtful for more in ("", *lacks(state)))
        pins = tuple((name, piece) for name, state in known.states.items() for piece in state.deciding)
        words = counting(self.words, self.config, at)
        here = {one.test for one in (*known.every, *self._not_reached()) if one.uc == event.target}
        return replace(
            word, retired=frozenset(one.target for one in words if one.kind == "retire" and one.target in here),
            states=tuple((name, state.word) for name, state in known.states.items()), pins=pins,
            acknowledged=named, seen=runs_with_failures(known), release=release,
        )  # fmt: skip

    def _concerned(self, event: Decide, at: int, release: str | None) -> list[Piece]:
        """§6: the evidence concerned: of a test all, of a requirement or a use case what decides."""
        if event.kind == "retire":
            return [one for one in (*self.pieces(at), *self._not_reached()) if event.target in (one.test, one.uc)]
        name = event.target.partition("/")[0]
        known = self.look(self._row(name), at, release)
        return [
            piece for requirement, state in known.bare.items() if event.target in (name, requirement)
            for piece in state.deciding
        ]  # fmt: skip

    def _not_reached(self) -> list[Piece]:
        """§3: of a run that ended, NOT_RUN is a result that it recorded too."""
        return [
            piece for kept in self.runs if kept.known and not kept.open
            for piece in not_reached(kept.run, kept.at, kept.config)
        ]  # fmt: skip

    def _can_retire(self, target: str, at: int) -> bool:
        """§6 and §8: a test that has evidence, or a use case that left the register with something open.

        Our reading: of one that left nothing open there is nothing to let go of.
        """
        return target in self._left(at, (), None) or any(one.test == target for one in self.pieces(at))

    def _row(self, name: str) -> UseCase:
        return next(one for one in self.config.use_cases if one.id == name)

    # -- what is known

    def pieces(self, now: int, release: str | None = ANY, *, retired: bool = False) -> list[Piece]:
        """§5, §8: the evidence that is known; of an open run its failures count and its passes do not.

        §5.7: where the policy asks for a release, only that of the release being judged.
        """
        found: list[Piece] = []
        for kept in self.runs:
            if kept.known:
                some = pieces_of(kept.run, kept.at, kept.config)
                found += [one for one in some if not kept.open or one.result in BAD]
        if self.config.policy.release == "required" and release != ANY:
            found = [one for one in found if one.release == release is not None]
        return [one for one in found if retired or not self._is_retired(one, now)]

    def _is_retired(self, piece: Piece, now: int) -> bool:
        """§6: the retirement of a test, by a listed reviewer, takes it out of what must pass, and what it showed.

        Our reading, as the docs say it: there is no way back; a test of another name is another test.
        """
        return piece.test in self.retired(now)

    def retired(self, now: int) -> set[str]:
        """The tests, and the use cases that left, that a listed reviewer retired."""
        words = counting(self.words, self.config, now)
        return {one.target for one in words if one.kind == "retire" and listed(self.config.policy, one.by)}

    def look(self, use_case: UseCase, now: int, release: str | None) -> Known:
        """Return what is known of a use case, waivers included."""
        known = Known(self.config, use_case, now, self.pieces(now, release), self.pieces(now, retired=True))
        words = counting(self.words, self.config, now)
        for needed in requirements_of(self.config, use_case):
            known.needed[needed.id] = needed
            state = known.bare[needed.id] = state_of(needed, known.pieces, self.config, now, known.every)
            if waived(words, needed.id, state, self.config.policy, now):
                state = State("WAIVED", deciding=state.deciding)
            known.states[needed.id] = state
        return known

    # -- the gate

    def judge(self, now: int, patterns: Sequence[str], release: str | None) -> Judgement:
        """§7 and §8: what the gate says."""
        config, policy = self.config, self.config.policy
        rows = [row for row in config.use_cases if not patterns or any(fnmatchcase(row.id, one) for one in patterns)]
        words = counting(self.words, config, now)
        reasons = ["damaged"] if self.damaged else []
        told, rests = [], False
        for row in rows:
            known = self.look(row, now, release)
            rests |= any(state.deciding for state in known.states.values())
            status, phase, review, ready = _status(known, words, release)
            told.append((row.id, status, phase, review, tuple((n, s.word) for n, s in known.states.items())))
            if not ready:
                reasons.append(f"{row.id} is {status} {phase}")
            if policy.architecture not in ("ignore", row.architecture):
                reasons.append(f"architecture of {row.id}")
            if policy.clean_commit and any(state.deciding for state in known.states.values()) and not self.git:
                reasons.append(f"no clean commit for {row.id}")
        names, there = [row.id for row in rows], self.pieces(now, retired=True)
        needed = [one for row in rows for one in requirements_of(config, row)]
        if not rests and not any(concerns(one, piece, config) for one in needed for piece in there):
            reasons.append("there is nothing to look at")  # §8: fails closed
        if policy.release == "required" and release is None:
            reasons.append("no release is judged")
        elif policy.release == "required" and not rests:
            reasons.append("nothing was shown for the release")  # our reading: waivers alone show nothing of it
        reasons += self._open(names)
        parts = [
            Part(kept.run, kept.at, tuple(pieces_of(kept.run, kept.at, kept.config)), kept.config)
            for kept in self.runs if kept.known and kept.run.group
        ]  # fmt: skip
        closed = held(parts, self.pieces(now), config, now, self.retired(now))
        reasons += [f"group {group} holds {name}" for name, group in closed.items() if name in names]
        reasons += [f"{name} left" for name in self._left(now, patterns, release)]
        return Judgement(not reasons, not self.damaged, tuple(told), tuple(reasons))

    def _open(self, names: Sequence[str]) -> Iterator[str]:
        """§8: an open run in what it rests on."""
        for kept in self.runs:
            if kept.known and kept.open:
                claims = [claim for one in (*kept.run.executions, *kept.run.unreached) for claim in one.claims]
                if any(claim.uc in names for claim in claims):
                    yield f"run {kept.run.name} is open"

    def _left(self, now: int, patterns: Sequence[str], release: str | None) -> Iterator[str]:
        """§8: use cases that left the register with a blocker, a rejection or evidence that ended badly.

        Our reading: a retirement lets go of what was open and known until then; what comes later counts.
        """
        here = {row.id for row in self.config.use_cases}
        words, policy = counting(self.words, self.config, now), self.config.policy
        retirements = [one for one in words if one.kind == "retire" and listed(policy, one.by)]
        for name in sorted({row.id for config in self.snapshots for row in config.use_cases} - here):
            if patterns and not any(fnmatchcase(name, one) for one in patterns):
                continue
            mine = [one for one in retirements if one.target == name]
            since = max((one.at for one in mine), default=-1)
            later = [one for one in words if one.at > since]
            known = frozenset().union(*(one.runs for one in mine))
            if (
                blockers(later, name, policy)
                or rejections(later, name, policy)
                or self._ended_badly(name, now, known, release)
            ):
                yield name

    def _ended_badly(self, name: str, now: int, let_go: frozenset[str], release: str | None) -> bool:
        """§8: "a newest real execution that ended badly": in each place where it counts, as for what asks of any.

        §5.7: of the release being judged, where only that counts; a row that is there asks for no more.
        """
        ever = self.pieces(now, retired=True)
        pieces = [one for one in self.pieces(now, release) if one.uc == name]
        return any(
            one.result in BAD and one.run not in let_go
            for item in {one.item for one in pieces}
            for one in state_of(_anything(name, item), pieces, self.config, now, ever).deciding
        )


def _anything(name: str, item: str) -> Requirement:
    return Requirement(f"{name}/{item}", name, item, None, None, None, "none", None)


def _status(known: Known, words: Sequence[Word], release: str | None) -> tuple[str, str, str, bool]:
    """§7: status and phase, the state of the review, and whether the use case is as the gate asks (§8)."""
    policy, name = known.config.policy, known.use_case.id
    states = known.states.values()
    deciding = [piece for state in states for piece in state.deciding]
    rejected, blocked = rejections(words, name, policy), blockers(words, name, policy, deciding)
    reviews = _newest_approvals(words, known)
    current = [one for one in reviews if may_sign(one, known) and not suspect(one, known, words, release)]
    enough = len(current) >= policy.required
    if rejected:
        review = "REJECTED"
    else:
        doubtful = any(may_sign(one, known) and suspect(one, known, words, release) for one in reviews)
        review = "CURRENT" if enough else "SUSPECT" if doubtful else "CURRENT" if current else "NONE"
    fine = bool(known.states) and all(acceptable(policy, state) for state in states)
    if policy.on == "evidence":
        opens = fine and not blocked  # §8: "review aside"; our reading: a rejection is a review, a blocker is none
    else:
        opens = fine and enough and not blocked and not rejected and all(
            policy_of(policy, word) == "accept" or any((requirement, state.word) in one.acknowledged for one in current)
            for requirement, state in known.states.items() for word in asked(state) if state.word != "WAIVED"
        )  # fmt: skip
    if blocked or rejected or any(state.word == "FAILING" for state in states):
        return "BLOCKED", "", review, opens
    ready = fine and enough and not any(state.word == "WAIVED" for state in states)
    if ready:
        return "READY_FOR_GO_LIVE", "", review, opens
    some = any(one.uc == name and one.result in (*BAD, "PASSED") for one in known.every)
    decided = reviews or any(state.word == "WAIVED" for state in states)
    if not some and not decided:
        return "NOT_STARTED", "", review, False
    phase = "COLLECTING" if not fine else "REVIEW_SUSPECT" if review == "SUSPECT" else "AWAITING_REVIEW"
    return "IN_PROGRESS", phase, review, opens


def _newest_approvals(words: Sequence[Word], known: Known) -> list[Word]:
    """§6: the newest word of each listed reviewer, where it is an approval."""
    policy, newest = known.config.policy, {}
    for one in sorted(words, key=lambda word: word.at):
        if one.kind in ("approve", "reject") and one.target == known.use_case.id and listed(policy, one.by):
            person = next(name for name in policy.reviewers if same(policy, name, one.by))
            newest[person] = one
    return [one for one in newest.values() if one.kind == "approve"]


def judged(history: History) -> tuple[Judgement, list[bool]]:
    """Return what the gate is to say at the end of a history, and which of its events are refused."""
    world = World(history.config, git=history.git)
    refusals = [world.take(step.event, step.at, history.release) for step in history.steps]
    return world.judge(history.judged_at, history.patterns, history.release), refusals
