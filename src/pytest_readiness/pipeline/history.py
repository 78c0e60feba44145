"""History of a use case, replayed from the store and the decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from ..claims.catalogue import Catalogue
from ..errors import ClaimError
from ..facts.decision import Decision, Retirement, RunRetirement, Waiver
from ..facts.evidence import Evidence
from ..facts.timestamps import timestamp
from ..signing.trust import TrustStore
from ..verdict.history import HistoryEvent, UseCaseHistory, replay_history
from ..verdict.inputs import UNKNOWN, Facts, RunOrigin, run_of
from ..verdict.policy import Policy
from ..verdict.review.standing import pinned_ids
from .evaluate_project import EvaluationRequest, Project
from .judged_version import NamedVersion
from .load_inputs import FactSources, decisions_known_at, origins_of, stored_history
from .requirements_in_force import RequirementsHistory
from .retired_runs import RetiredRuns, find_remaining_evidence, find_retired_runs


def use_case_history(project: Project, use_case: str, request: EvaluationRequest | None = None) -> UseCaseHistory:
    """Return the changes of a use case with their causes, and the number of complete requirements over time.

    ``request``: the moment at which the replay ends, and the release.

    Raises:
        ClaimError: the use case does not exist, and the store has no record of it.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    store = project.store()
    try:
        reader = _HistoryReader.at_moment(project, project.sources(store), request or EvaluationRequest(), timestamp())
        name = _use_case_name(project, reader.sources, use_case)
        return reader.replay(name, reader.evidence(name))
    finally:
        if store is not None:
            store.close()


def replay_all(
    project: Project, use_cases: Sequence[str], request: EvaluationRequest, now: str, *, evidence: int, events: int
) -> list[UseCaseHistory] | None:
    """Return the history of each use case; None if there is too much to replay.

    Args:
        project: the project.
        use_cases: their ids.
        request: the moment at which the replay ends, if it is past, and the release.
        now: the current time (UTC).
        evidence: maximum number of pieces in the store, of which all that concern the use cases are read.
        events: maximum number of events.

    Raises:
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    store = project.store()
    try:
        sources = project.sources(store)
        if sum(run.evidence_count for run in sources.runs) > evidence:
            return None
        reader = _HistoryReader.at_moment(project, sources, request, now)
        pieces = {name: reader.evidence(name) for name in use_cases}
        if sum(len({piece.run_id for piece in by_name}) for by_name in pieces.values()) > events:
            return None
        return [reader.replay(name, by_name) for name, by_name in pieces.items()]
    finally:
        if store is not None:
            store.close()


class _HistoryReader(Struct, frozen=True):
    """Reader of the histories of use cases, with what all of them need."""

    project: Project
    sources: FactSources
    in_force: RequirementsHistory
    decisions: tuple[Decision, ...]
    retired: RetiredRuns
    ends: Mapping[str, str]
    """End of each run (UTC), by id."""
    pinned: Collection[str]
    """Ids of the evidence that counting reviews pin."""
    missing: Collection[str]
    """Those of them that the store does not have."""
    now: str
    version: NamedVersion

    @classmethod
    def at_moment(
        cls, project: Project, sources: FactSources, request: EvaluationRequest, current_time: str
    ) -> _HistoryReader:
        """Return the reader of these sources, as of the moment of the request."""
        now = request.at or current_time
        in_force = RequirementsHistory(
            sources, project.catalogue, project.policy, project.requirements.digest, current_time
        )
        decisions = decisions_known_at(
            TrustStore.from_policy(project.policy).with_identities(sources.register_decisions.decisions, sources.home),
            now,
        )
        retired = find_retired_runs(sources.store, decisions, project.policy, sources.register, now)
        ends = {run.id: run.finished_at for run in sources.runs}
        ends |= {run.id: run.finished_at for run in sources.journal_runs.values() if run.finished_at is not None}
        pinned = pinned_ids(decisions, project.policy, now)
        missing = sources.store.missing(pinned) if sources.store is not None and pinned else set(pinned)
        version = request.named_version(project.settings)
        return cls(project, sources, in_force, decisions, retired, ends, pinned, missing, now, version)

    def evidence(self, name: str) -> list[Evidence]:
        """Return all evidence of a use case."""
        pieces = [*stored_history(self.sources, [name]), *_journal_evidence(self.sources, name)]
        remaining = find_remaining_evidence(self.sources.store, self.retired, pieces)
        return [*pieces, *(piece for piece in remaining if piece.uc == name)]

    def replay(self, name: str, evidence: list[Evidence]) -> UseCaseHistory:
        """Return the history of a use case with this evidence."""
        sources, decisions, retired = self.sources, self.decisions, self.retired
        run_ids = {piece.run_id for piece in evidence} | {run_of(evidence_id) for evidence_id in self.pinned}
        origins = origins_of(sources, run_ids - retired.all_runs.keys())
        judged = self.version.judged(Policy(subject="required"))  # each moment's policy says whether they are asked for
        return replay_history(
            name,
            [*_run_events(self.ends, evidence, origins), *_decision_events(name, decisions, evidence, self.now)],
            self._requirements_at,
            self.now,
            constant=Facts(
                origins=origins | retired.origins,
                missing={*self.missing} - {piece.id for piece in evidence},
                retired_runs=retired.runs,
                void_run_retirements=retired.void,
                unknown_runs=retired.unknown,
            ),
            release=judged.release,
            subjects=judged.subjects,
        )

    def _requirements_at(self, at: str) -> tuple[Catalogue, Policy]:
        """Return the requirements in force at a moment, and the policy with what is judged."""
        catalogue, policy = self.in_force.at(at)
        return catalogue, self.version.judging_policy(policy)


def _use_case_name(project: Project, sources: FactSources, use_case: str) -> str:
    try:
        return project.catalogue.use_case(use_case).id
    except ClaimError:
        # A use case that left the register still has a history.
        if sources.store is not None and use_case in sources.store.use_cases(sources.register):
            return use_case
        raise


def _journal_evidence(sources: FactSources, use_case: str) -> list[Evidence]:
    """Return the evidence of finalized runs that are not in the store yet."""
    ended = [run for run in sources.journal_runs.values() if run.seal is not None]
    return [piece for run in ended for piece in run.evidence() if piece.uc == use_case]


def _run_events(
    ends: Mapping[str, str], evidence: list[Evidence], origins: Mapping[str, RunOrigin]
) -> Iterator[HistoryEvent]:
    """Yield the evidence of each run, at the moment when the run ended."""
    by_run: dict[str, dict[str, Evidence]] = {}
    for piece in evidence:
        by_run.setdefault(piece.run_id, {})[piece.id] = piece
    for run_id, pieces in by_run.items():
        if run_id in ends:
            conditions = origins.get(run_id, UNKNOWN).conditions
            in_order = sorted(pieces.values(), key=lambda piece: (piece.started_at, piece.seq, piece.id))
            yield HistoryEvent(
                max(ends[run_id], in_order[-1].started_at), evidence=tuple(in_order), conditions=conditions
            )


def _decision_events(
    use_case: str, decisions: tuple[Decision, ...], evidence: list[Evidence], now: str
) -> Iterator[HistoryEvent]:
    tests = {piece.test_id for piece in evidence}
    runs = {piece.run_id for piece in evidence}
    for decision in decisions:
        if isinstance(decision, Retirement):
            concerns = decision.test_id in tests
        elif isinstance(decision, RunRetirement):
            concerns = decision.run_id in runs
        elif isinstance(decision, Waiver):
            concerns = decision.requirement.partition("/")[0] == use_case
        else:
            concerns = getattr(decision, "use_case", None) == use_case
        if concerns:
            yield HistoryEvent.from_decision(decision, now)
