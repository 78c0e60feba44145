"""Builders of runs, decisions and snapshots for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_readiness.facts.decision import (
    Blocker,
    Decision,
    IdentityLevel,
    Retirement,
    Review,
    ReviewMeaning,
    Unblock,
    Waiver,
)
from pytest_readiness.facts.envelope import Envelope, Signature, decision_statement, run_statement, sealed_envelope
from pytest_readiness.facts.evidence import BADNESS, Evidence, standing_text
from pytest_readiness.facts.ledger.line import Line, LineChain, canonical
from pytest_readiness.facts.requirements_snapshot import Snapshot, snapshot_digest
from pytest_readiness.facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.store.integrity.index import EvidenceRow, SlotRow

Body = dict[str, Any]


def moment(second: int) -> str:
    """The given second of a February morning."""
    minutes, seconds = divmod(second, 60)
    return f"2026-02-12T18:{minutes:02d}:{seconds:02d}.000Z"


def run_id(number: int) -> str:
    """The id of the run with this number; a greater number does not mean a later start."""
    return f"20260212T182900Z-{number:08x}"


def claim(use_case: str = "UC-001", item: str = "1", **more: Any) -> Body:
    """What a claim looks like in a line."""
    return {"use_case": use_case, "item": item, **more}


def finished(test: str = "test_a.py::test_a", *claims: Body, result: str = "PASSED", at: int = 0, **more: Any) -> Body:
    """The line of a test that ended."""
    times = {"started_at": moment(at), "finished_at": moment(at)}
    return {"kind": "finished", "test": test, "claims": list(claims or (claim(),)), "result": result, **times, **more}


def not_run(*tests: str, at: int = 0) -> Body:
    """The line of the tests that were planned and never started: one line, several pieces of evidence."""
    listed = [{"test": test, "claims": [claim(), claim("UC-002")]} for test in tests]
    return {"kind": "not_run", "tests": listed, "started_at": moment(at), "finished_at": moment(at)}


def planned(*tests: str) -> Body:
    """The line of the tests that are to run."""
    return {"kind": "planned", "tests": [{"test": test, "claims": [claim()]} for test in tests]}


def run(
    number: int = 1,
    *bodies: Body,
    register: str = "payments",
    at: int = 0,
    seal: Body | None = None,
    sealed: bool = True,
    **head: Any,
) -> Run:
    """A run with these lines between its first line and its seal; ``seal`` replaces what the seal says."""
    chain = LineChain(run_id(number))
    told = {"register": register, "started_at": moment(at), "requirements": "", "actor": "ada", **head}
    lines = [chain.next("run", told)]
    lines += [chain.next(body["kind"], {k: v for k, v in body.items() if k != "kind"}) for body in bodies]
    if sealed:
        closing = {"count": chain.seq, "planned": planned_digest(lines), "finished_at": moment(at), "exit_status": 0}
        lines.append(chain.next("sealed", {**closing, **(seal or {})}))
    return Run(tuple(lines))


def texts(value: Run) -> list[str]:
    """The lines of a run as a store keeps them."""
    return [line.text for line in value.lines]


def replaced(value: Run, seq: int, line: Line) -> Run:
    """The run with one line replaced."""
    return Run((*value.lines[:seq], line, *value.lines[seq + 1 :]))


ASKS_NOTHING = (
    '{"catalogue":{"environments":[],"items":[],"open_world":false,"provider_modes":[],"register":"payments",'
    '"use_cases":[]},"policy":{}}'
)
"""The requirements of a register without a use case."""


def snapshot(text: str = ASKS_NOTHING) -> Snapshot:
    """Requirements with this text."""
    return Snapshot(text, snapshot_digest(text))


def blocker(use_case: str = "UC-001", at: int = 0, **more: Any) -> Blocker:
    """A decision of the simplest kind."""
    told = {"register": "payments", "by": "ada@example.com", "reason": "not yet", **more}
    return Blocker(use_case=use_case, at=moment(at), **told)


def review(use_case: str = "UC-001", at: int = 0, **more: Any) -> Review:
    """A sign-off that fills every field."""
    pin = PinnedEvidence(f"{run_id(1)}.1.1", "test_a.py::test_a", moment(0), "ada", "staging", "BYOK", ("trace",))
    basis = ReviewBasis("sha256:basis", (PinnedRequirement(f"{use_case}/1", "COMPLETE", (pin,)),))
    told = {
        "register": "payments",
        "by": "qa@example.com",
        "known_by": IdentityLevel.CI,
        "acknowledged": ("UC-001/2",),
        **more,
    }
    return Review(
        use_case=use_case, at=moment(at), meaning=ReviewMeaning.APPROVED_FOR_GO_LIVE, basis=basis, release="1.2", **told
    )


def waiver(requirement: str = "UC-001/2/staging", at: int = 0, **more: Any) -> Waiver:
    """An exception."""
    told = {"register": "payments", "by": "qa@example.com", "requested_by": "ada", "until": "2026-03-01", **more}
    return Waiver(requirement=requirement, at=moment(at), reason="the provider is late", **told)


def unblock(use_case: str = "UC-001", at: int = 0, **more: Any) -> Unblock:
    """The end of a blocker."""
    told = {"register": "payments", "by": "qa@example.com", **more}
    return Unblock(use_case=use_case, at=moment(at), reason="done", **told)


def retirement(test_id: str = "test_a.py::test_a", at: int = 0, **more: Any) -> Retirement:
    """A test that no longer has to pass."""
    told = {"register": "payments", "by": "qa@example.com", "replaced_by": "test_b.py::test_b", **more}
    return Retirement(test_id=test_id, at=moment(at), reason="replaced", **told)


def statement(about: Run | Decision, sig: bytes = b"signature") -> Envelope:
    """A statement about a run or a decision in an envelope; a store does not ask whether the signature verifies."""
    payload = run_statement(about) if isinstance(about, Run) else decision_statement(about)
    return sealed_envelope(payload, [Signature("key", sig)])


VERDICT = f'{{"generated_at":"{moment(0)}","verdict":{{"eligible":false}}}}'
"""A verdict as it is kept."""


def evidence_row(piece: Evidence) -> EvidenceRow:
    """The index of a piece of evidence, derived from the evidence itself, and not from its line."""
    number = int(piece.id.rpartition(".")[2])
    return EvidenceRow(piece.run_id, piece.seq, number, piece.started_at, BADNESS[piece.result], piece.result.value)


def slot_row(piece: Evidence) -> SlotRow:
    """The slot of a piece of evidence, derived from the evidence itself, and not from its line."""
    sources = piece.environment_by, piece.provider_mode_by
    columns = {
        "register": piece.register,
        "use_case": piece.uc,
        "item": piece.item,
        "test_id": piece.test_id,
        "environment": piece.environment,
        "provider_mode": piece.provider_mode,
        "claim_environment": piece.claim_environment,
        "claim_provider_mode": piece.claim_provider_mode,
        "replay_mode": piece.replay_mode,
        "parts": canonical({"parts": sorted(set(piece.parts))}) if piece.parts else "",
        "standing": standing_text(piece.standing, sources, piece.beside),
    }
    return SlotRow(key=canonical(columns), **columns)


def naive_newest(runs: Sequence[Run], register: str, until: str) -> dict[str, Evidence]:
    """The rule of the newest execution, as plainly as it can be said: of each slot, the one that sorts last."""

    def order(piece: Evidence) -> tuple[Any, ...]:
        return piece.started_at, BADNESS[piece.result], piece.run_id, piece.seq, int(piece.id.split(".")[-1])

    found: dict[str, Evidence] = {}
    for piece in (piece for value in runs if value.register == register for piece in value.evidence()):
        key = slot_row(piece).key
        if piece.started_at <= until and (key not in found or order(piece) > order(found[key])):
            found[key] = piece
    return found
