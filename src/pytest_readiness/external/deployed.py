"""Comparison of what runs with the kept verdicts: whether each image was judged eligible."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal

from msgspec import Struct

from ..errors import count
from ..facts.stored_verdict import StoredVerdict
from ..facts.subject import Subjects, counts_for, read_listed
from ..facts.timestamps import timestamp
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluation_request import EvaluationRequest
from ..pipeline.project import Project
from ..pipeline.retired_runs import find_retired_runs
from ..store.protocol import Store
from ..verdict.inputs import run_of
from ..verdict.policy import Policy
from ..verdict.readiness import State
from ..verdict.snapshots import SCHEMA
from ..verdict.subject_rule import RULE
from .running_images import RunningImage, RunningImages

ImageState = Literal["READY", "NOT_READY", "NO_DIGEST", "IGNORED"]


class KeptVerdict(Struct, frozen=True):
    """A stored verdict on digests."""

    id: str
    at: str
    """Its moment (UTC)."""
    eligible: bool
    on: str
    """``review`` or ``evidence``."""
    subjects: Subjects
    use_cases: frozenset[str]
    """Ids of the use cases in its scope."""
    runs: frozenset[str]
    """Ids of the runs that it rests on."""
    evidence: frozenset[str]
    """Ids of the evidence that counted."""
    waived: tuple[str, ...] = ()
    """Ids of the waived requirements."""


class JudgedImage(Struct, frozen=True):
    """An image that runs, and what is known of it."""

    image: RunningImage
    state: ImageState
    why: str
    """One sentence."""
    verdict: KeptVerdict | None = None
    """The newest eligible verdict; None: there is none that counts."""


class DeployedAnswer(Struct, frozen=True):
    """Whether what runs is what was judged eligible."""

    images: tuple[JudgedImage, ...]
    ended: int

    @property
    def is_ready(self) -> bool:
        """Whether each image is ready or ignored, and at least one is ready."""
        states = {judged.state for judged in self.images}
        return "READY" in states and states <= {"READY", "IGNORED"}

    def number(self, *states: ImageState) -> int:
        """Return the number of images with one of these states."""
        return sum(judged.state in states for judged in self.images)


def judge_images(project: Project, running: RunningImages) -> DeployedAnswer:
    """Return what the kept verdicts say of the images that run.

    Raises:
        StorageError, IntegrityError: the store cannot be read, or is not intact where a verdict rests on it.
        ConfigError: ``READINESS_GATE_ON`` is invalid.
    """
    store = project.store()
    try:
        verdicts = _KeptVerdicts.read(project, store)
        return DeployedAnswer(tuple(verdicts.judge(image) for image in running.images), running.ended)
    finally:
        if store is not None:
            store.close()


class _KeptVerdicts(Struct, frozen=True):
    """The kept verdicts of a register, and what is asked of them."""

    project: Project
    store: Store | None
    policy: Policy
    """What the config, and the variable, ask the gate for."""
    verdicts: Sequence[KeptVerdict] = ()
    """Oldest first."""
    retired: Collection[str] = ()
    """Ids of the retired runs."""
    now: str = ""
    """The current time (UTC)."""

    @classmethod
    def read(cls, project: Project, store: Store | None) -> _KeptVerdicts:
        """Return the verdicts of a store."""
        policy = EvaluationRequest().requested_policy(project.policy)
        if store is None:
            return cls(project, None, policy)
        register, sources = project.catalogue.register, project.sources(store)
        refuse_damage([str(problem) for problem in sources.register_decisions.problems])
        verdicts, now = tuple(_read_verdicts(store, register)), timestamp()
        decisions = sources.trust.with_identities(sources.register_decisions.decisions, sources.home)
        retired = find_retired_runs(store, decisions, project.policy, register, now)
        return cls(project, store, policy, verdicts, retired.all_runs.keys(), now)

    def judge(self, image: RunningImage) -> JudgedImage:
        """Return what the verdicts say of an image."""
        pattern = next((glob for glob in self.project.settings.deployed.ignore if _matches(image, glob)), None)
        if pattern is not None:
            return JudgedImage(image, "IGNORED", f'[deployed] ignore has "{pattern}": others ship it')
        if not image.digests:
            return JudgedImage(image, "NO_DIGEST", "the list names no digest of it")
        concerned = [verdict for verdict in self.verdicts if {*verdict.subjects.values()} & {*image.digests}]
        if not concerned:
            return JudgedImage(image, "NOT_READY", "no kept verdict is about it (`readiness gate --keep`)")
        refusals: list[str] = []
        for verdict in reversed(concerned):
            if verdict.eligible:
                refusal = self._refusal(image, verdict, concerned)
                if refusal is None:
                    return JudgedImage(image, "READY", self._about(verdict, concerned), verdict)
                refusals.append(refusal)
        newest = concerned[-1]
        why = refusals[0] if refusals else f"the verdict of {newest.at} is that it is not eligible"
        return JudgedImage(image, "NOT_READY", why)

    def _about(self, verdict: KeptVerdict, concerned: Iterable[KeptVerdict]) -> str:
        on = "" if verdict.on == "review" else f" (on {verdict.on})"
        register = self.project.catalogue.use_cases.keys()
        scope = count(len(verdict.use_cases), "use case")
        if not register <= verdict.use_cases:
            scope = f"{len(verdict.use_cases & register)} of {count(len(register), 'use case')}"
        more = sum(other.eligible for other in concerned) - 1
        others = f", and by {count(more, 'other verdict')}" if more > 0 else ""
        return f"judged eligible{on} at {verdict.at} for {scope}, verdict {verdict.id[:12]}{others}"

    def _refusal(self, image: RunningImage, verdict: KeptVerdict, concerned: Iterable[KeptVerdict]) -> str | None:
        """Return why an eligible verdict does not count; None: it does.

        Of two verdicts of one moment, or where a clock ran ahead, the one that says no is the later.
        """
        for other in concerned:
            is_later = other.at >= verdict.at or verdict.at > self.now
            if is_later and not other.eligible and other.use_cases & verdict.use_cases:
                return f"it was judged eligible at {verdict.at}, and not any more at {other.at}"
        if verdict.on != "review" and self.policy.on == "review":
            return f"the verdict of {verdict.at} is on {verdict.on}, and [gate] on asks for reviews"
        if verdict.waived and self.policy.waivers != "accept":
            return f"the verdict of {verdict.at} rests on the waived {verdict.waived[0]}, and [gate] waivers refuses it"
        retired = sorted({*map(run_of, verdict.evidence)}.intersection(self.retired))
        if retired:
            return f"run {retired[0]}, which the verdict of {verdict.at} rests on, was retired since"
        named = {name for name, digest in verdict.subjects.items() if digest in image.digests}
        if self.store is None or not _rests_on(self.store, self.project.catalogue.register, verdict, named):
            return f"the store lacks what the verdict of {verdict.at} rests on"
        return None


def _read_verdicts(store: Store, register: str) -> Iterator[KeptVerdict]:
    """Yield the stored verdicts on digests of a register, oldest first. One in an unknown form is left out."""
    for text in store.verdicts():
        stored = StoredVerdict.parse(text)
        try:
            verdict = _kept_verdict(stored)
            if stored.body["schema"] == SCHEMA and stored.body["context"]["register"] == register and verdict.subjects:
                yield verdict
        except (LookupError, TypeError, ValueError, AttributeError):
            continue  # of another version, or made up: it says nothing about a digest


def _kept_verdict(stored: StoredVerdict) -> KeptVerdict:
    body, verdict = stored.body, stored.body["verdict"]
    rules = {rule["rule"]: rule["passed"] is True for rule in verdict["rules"]}
    requirements = [
        requirement
        for use_case in body["use_cases"]
        for item in use_case["items"]
        for requirement in item["requirements"]
    ]
    pieces = [piece for requirement in requirements for piece in requirement["evidence"]]
    return KeptVerdict(
        id=stored.id,
        at=stored.at,
        eligible=verdict["eligible"] is True and all(rules.values()) and rules.get(RULE, False),
        on=str(verdict["on"]),
        subjects=read_listed(body["context"]["subjects"]),
        use_cases=frozenset(str(use_case["id"]) for use_case in body["use_cases"]),
        runs=frozenset(str(run["id"]) for run in body["runs"]),
        evidence=frozenset(str(piece["id"]) for piece in pieces if piece["counts"] is True),
        waived=tuple(str(requirement["id"]) for requirement in requirements if requirement["state"] == State.WAIVED),
    )


def _matches(image: RunningImage, pattern: str) -> bool:
    """Return whether a pattern matches the image by the name that belongs to its digest."""
    return any(fnmatchcase(name, pattern) for name in image.names[:1])


def _rests_on(store: Store, register: str, verdict: KeptVerdict, named: set[str]) -> bool:
    """Return whether the store has the evidence of a verdict, for its digests and intact.

    A verdict that somebody made up rests on nothing.

    Raises:
        IntegrityError: the evidence is not what was recorded.
    """
    conditions = store.run_conditions(verdict.runs)
    evidence = store.evidence_by_ids(register, verdict.evidence)
    if not verdict.evidence or {piece.id for piece in evidence} != verdict.evidence:
        return False
    refuse_damage([str(problem) for problem in store.check(evidence)])
    subjects: Mapping[str, Any] = {id_: run.subjects for id_, run in conditions.items()}
    if not verdict.runs or subjects.keys() != verdict.runs or not {piece.run_id for piece in evidence} <= verdict.runs:
        return False
    if not all(counts_for(recorded, verdict.subjects) for recorded in subjects.values()):
        return False
    return any(named & recorded.keys() for recorded in subjects.values())
