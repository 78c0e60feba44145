"""Item 5: a run that was recorded can be done again, and comes to the same end."""

import json

import pytest
import screening

from pytest_readiness import evidence


@pytest.fixture
def recorded(payment, provider, store) -> list[dict]:
    """A real run, as the database has it."""
    return store.trace(screening.screen(payment, provider, store))


@evidence("UC-301", item="replay", replay_mode="FULL")
def test_a_run_replays_in_full(recorded, provider, record_evidence):
    replayed = screening.replay(recorded, ask=provider.score)  # the provider is asked again
    record_evidence.attach(json.dumps(replayed, indent=2), "replayed.json")
    record_evidence.replay(mode="FULL", recorded=screening.content(recorded), replayed=screening.content(replayed))


@evidence("UC-301", item="replay", replay_mode="TRACE_ONLY")
def test_a_run_replays_from_its_trace(recorded, record_evidence):
    replayed = screening.replay(recorded)
    record_evidence.attach(json.dumps(replayed, indent=2), "replayed.json")
    record_evidence.replay(
        mode="TRACE_ONLY",
        recorded=screening.content(recorded),
        replayed=screening.content(replayed),
        reason="old runs are replayed without the provider, which answers only for its newest model",
    )
