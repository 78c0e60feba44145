"""The types of the public names, as a type checker of a user sees them; this file is checked, and never run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, assert_type

import pytest

import pytest_readiness
from pytest_readiness import ProofError, ReadinessError, evidence
from pytest_readiness.recording.evidence_recorder import RecordEvidence

assert_type(evidence("UC-001", item=1), pytest.MarkDecorator)
assert_type(evidence("UC-001", "UC-002", item=["credential", 2], environment="staging"), pytest.MarkDecorator)
assert_type(evidence("UC-001", item=5, replay_mode="FULL", part="eu", provider_mode="BYOK"), pytest.MarkDecorator)
assert_type(pytest_readiness.__version__, Any)

disproof: AssertionError = ProofError("the traces differ")
mistake: Exception = ReadinessError("readiness.toml:3: no item '9'")

evidence("UC-001")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
evidence(1, item=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
evidence("UC-001", item=1, env="prod")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@evidence("UC-001", item=4)
def test_decorated(record_evidence: RecordEvidence) -> None:
    """A marked test keeps its own type."""
    assert_type(record_evidence.trace([{"op": "charge"}], again=[{"op": "charge"}], mask=["ts"]), str)
    assert_type(record_evidence.statement("click"), dict[str, Any])
    assert_type(record_evidence.secret("sk-live"), str)
    assert_type(record_evidence.nonce, str)
    record_evidence.attach(Path("log.txt"), name="log", media_type="text/plain")
    record_evidence.attach(b"bytes")
    record_evidence.note("free text")
    record_evidence.set(commit="abc", replicas=3)
    record_evidence.drill("failover", fault="kill", detected=1.5, recovered=9, audit=Path("audit.log"))
    with record_evidence.step("charge"):
        record_evidence.reference("log", "https://logs.example.com/1")
    record_evidence.credential(mode="BYOK", secret="s")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    record_evidence.attach(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


as_it_was: Callable[[RecordEvidence], None] = test_decorated


def pytest_readiness_proofs() -> Mapping[str, Callable[[Mapping[str, object]], Mapping[str, str]]]:
    """A hook of a user's plugin has the documented shape."""

    def failover(values: Mapping[str, object]) -> Mapping[str, str]:
        if values["after"] == values["before"]:
            raise ProofError("the primary is the same")
        return {"to": str(values["after"])}

    return {"failover": failover}


def pytest_readiness_redact(text: str) -> str:
    """A redactor takes a text and returns one."""
    return text.replace("customer", "[customer]")


def pytest_readiness_simulation(item: pytest.Item) -> str | None:
    """A detector returns the reason, or nothing."""
    return "a stub" if "stub" in item.nodeid else None


numbers: Sequence[int | str] = (1, "trace")
assert_type(evidence("UC-001", item=numbers), pytest.MarkDecorator)
