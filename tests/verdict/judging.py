"""Helpers for evaluations: a register with every kind of requirement, evidence in one line, and their evaluation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta

from pytest_readiness.claims.builtin_items import BUILTIN_ITEMS
from pytest_readiness.claims.catalogue import Catalogue, Environment, Item, ProviderMode, UseCase
from pytest_readiness.facts.evidence import Attempt, Evidence, Proof, Result
from pytest_readiness.facts.timestamps import parse_timestamp
from pytest_readiness.verdict.evaluation import Facts, evaluate
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.readiness import Readiness, RequirementReadiness, UseCaseReadiness

NOW = "2026-06-01T12:00:00.000Z"
UC = "UC-003"
PLAIN = Item(key="plain", title="Anything that passes")

CATALOGUE = Catalogue(
    register="payments",
    use_cases={
        UC: UseCase(id=UC, environments=("staging", "prod"), provider_modes=("BYOK",), owner="team@example.com")
    },
    items={item.key: item for item in (*BUILTIN_ITEMS, PLAIN)},
    environments={
        "staging": Environment("staging", real=True),
        "prod": Environment("prod", real=True),
        "dev": Environment("dev", real=False),
    },
    provider_modes={
        "BYOK": ProviderMode("BYOK"),
        "MANAGED": ProviderMode("MANAGED"),
        "FAKE": ProviderMode("FAKE", real=False),
    },
)
"""Requirements: 1/BYOK, 2/staging, 2/prod, 3/staging, 3/prod, 4, 5, 6/rotation, 6/revocation, 7, plain."""

FAILED, ERROR, INTERRUPTED = Result.FAILED, Result.ERROR, Result.INTERRUPTED
IDLE = (Result.SKIPPED, Result.XFAILED, Result.XPASSED, Result.NOT_RUN)

_number = itertools.count()


def days_ago(days: float) -> str:
    """Return the timestamp that many days before NOW."""
    earlier = parse_timestamp(NOW) - timedelta(days=days)
    return earlier.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def ran(
    result: Result = Result.PASSED,
    item: str = "4",
    days: float = 1,
    test: str = "tests/test_it.py::test_it",
    environment: str | None = "staging",
    proofs: tuple[str, ...] = (),
    attempts: int = 1,
    **more,
) -> Evidence:
    """Return one execution; real if its environment and provider mode are, unless ``real`` says otherwise."""
    started = days_ago(days)
    because = CATALOGUE.not_real_because(environment, more.get("provider_mode"))
    real = more.pop("real", because is None)
    fields = {
        "id": f"run.{next(_number)}.1",
        "uc": UC,
        "tenant_id": None,
        "project_id": None,
        "environment": environment,
        "provider_mode": None,
        "item": item,
        "test_id": test,
        "result": result,
        "timestamp": started,
        "references": (),
        "artifacts": (),
        "register": "payments",
        "run_id": "run",
        "seq": 1,
        "started_at": started,
        "real": real,
        "not_real_because": None if real else because or "the network was replaced",
        "attempts": (*(Attempt(FAILED, started, 1) for _ in range(attempts - 1)), Attempt(result, started, 1)),
        "proofs": tuple(Proof(kind) for kind in proofs),
    }
    return Evidence(**{**fields, **more})


def complete(days: float = 1, **more) -> list[Evidence]:
    """Return evidence that makes every requirement of the register COMPLETE."""
    return [
        ran(item="1", provider_mode="BYOK", proofs=("credential",), days=days, **more),
        *(ran(item="2", environment=name, proofs=("handshake",), days=days, **more) for name in ("staging", "prod")),
        *(ran(item="3", environment=name, proofs=("attestation",), days=days, **more) for name in ("staging", "prod")),
        ran(item="4", proofs=("trace",), days=days, **more),
        ran(item="5", proofs=("replay",), replay_mode="FULL", days=days, **more),
        ran(item="6", proofs=("rotation", "revocation"), days=days, **more),
        ran(item="7", proofs=("drill",), days=days, **more),
        ran(item="plain", days=days, **more),
    ]


def readiness(evidence: Iterable[Evidence], policy: Policy | None = None, catalogue=CATALOGUE, **facts) -> Readiness:
    """Judge the evidence now."""
    return evaluate(catalogue, policy or Policy(), Facts(tuple(evidence), **facts), NOW)


def use_case(
    evidence: Iterable[Evidence], policy: Policy | None = None, catalogue=CATALOGUE, **facts
) -> UseCaseReadiness:
    """Judge the evidence now and return the one use case."""
    return readiness(evidence, policy, catalogue, **facts).use_cases[0]


def requirement(tail: str, evidence: Iterable[Evidence], catalogue=CATALOGUE, **facts) -> RequirementReadiness:
    """Judge the evidence now and return one requirement by the end of its id."""
    result = {
        requirement.requirement.id: requirement
        for requirement in use_case(evidence, None, catalogue, **facts).requirements
    }
    return result[f"{UC}/{tail}"]


def states(evidence: Iterable[Evidence], **facts) -> dict[str, str]:
    """Judge the evidence now and return the state of each requirement by the end of its id."""
    judged = use_case(evidence, None, **facts).requirements
    return {requirement.requirement.id.removeprefix(f"{UC}/"): requirement.state.value for requirement in judged}
