"""Item 7: the product notices each fault, loses nothing, and recovers; the database's own log has it."""

from secrets import token_hex

import pytest
import screening

from pytest_readiness import evidence


@pytest.fixture
def run(payment) -> tuple[str, list[dict]]:
    """A run to be saved: its id and its only step."""
    return token_hex(8), [{"step": "received", "request_id": None, "data": payment}]


@evidence("UC-301", item="drill", part="connection-terminated")
def test_the_database_ends_our_connection(drill, run, store, staging, record_evidence):
    process = store.connection.info.backend_pid
    drill.begin()
    staging.terminate_connection(process)
    with pytest.raises(screening.StoreLostError):
        store.save(*run)
    drill.detected()
    store.save(*run)
    drill.recovered()

    assert len(store.trace(run[0])) == 1
    audit = drill.audit("terminating connection due to administrator command", f"[{process}]")
    record_evidence.drill("connection-terminated", fault="pg_terminate_backend", **drill.times, audit=audit)


@evidence("UC-301", item="drill", part="database-stopped")
def test_the_database_is_stopped(drill, run, store, staging, record_evidence):
    assert store.connection
    drill.begin()
    staging.stop_database()
    with pytest.raises(screening.StoreLostError):
        store.save(*run)
    drill.detected()
    staging.start_database()
    store.save(*run)
    drill.recovered()

    assert len(store.trace(run[0])) == 1
    audit = drill.audit("received fast shutdown request", "database system is ready to accept connections")
    record_evidence.drill("database-stopped", fault="fast shutdown of the server", **drill.times, audit=audit)


@evidence("UC-301", item="drill", part="slow-network")
def test_the_network_is_slow(drill, run, staging, record_evidence):
    with staging.slow_network() as network:
        store = screening.Store(**staging.database | {"port": network.port}, patience=1)
        process = store.connection.info.backend_pid
        drill.begin()
        network.delay(0.6)  # each way: the database waits for longer than our patience
        with pytest.raises(screening.StoreLostError):
            store.save(*run)
        drill.detected()
        network.delay(0)
        store.save(*run)
        drill.recovered()

        assert len(store.trace(run[0])) == 1
        store.close()
    audit = drill.audit("terminating connection due to idle-in-transaction timeout", f"[{process}]")
    record_evidence.drill("slow-network", fault="0.6 s of delay each way", **drill.times, audit=audit)
