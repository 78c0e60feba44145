"""Tests on asyncio, run by pytest-asyncio. Marks and ``record_evidence`` are those of any other test."""

import asyncio
import time

import pytest
import pytest_asyncio

from pytest_readiness import evidence

pytestmark = pytest.mark.asyncio


class Client:
    """A connection to the broker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer

    async def ask(self, line: str) -> str:
        self.writer.write(f"{line}\n".encode())
        return (await self.reader.readline()).decode().rstrip("\n")


@pytest_asyncio.fixture
async def connect(broker):
    """Opens connections, and closes them when the test has ended."""
    clients = []

    async def open_connection() -> Client:
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", broker.port)))
        return clients[-1]

    yield open_connection
    for client in clients:
        client.writer.close()
        await client.writer.wait_closed()


@evidence("UC-1", item="order")
async def test_fifty_clients_lose_nothing(connect, record_evidence):
    clients = await asyncio.gather(*(connect() for _ in range(50)))
    with record_evidence.step("all put at once"):
        answers = await asyncio.gather(*(client.ask(f"PUT jobs {n}") for n, client in enumerate(clients)))
        assert set(answers) == {"OK"}
    with record_evidence.step("all get at once"):
        messages = await asyncio.gather(*(client.ask("GET jobs") for client in clients))
    assert sorted(messages) == sorted(f"MESSAGE {n}" for n in range(50))
    record_evidence.set(clients=len(clients))


@evidence("UC-1", item="drill")
async def test_a_killed_broker_is_noticed_and_keeps_its_messages(broker, connect, record_evidence):
    client = await connect()
    assert await client.ask("PUT jobs kept") == "OK"

    killed = time.monotonic()
    broker.kill()
    assert await client.reader.read() == b""  # the end of the connection
    detected = time.monotonic() - killed

    broker.start()
    client = await connect()
    assert await client.ask("GET jobs") == "MESSAGE kept"
    recovered = time.monotonic() - killed

    assert "started with 1 messages" in broker.audit()
    record_evidence.drill(
        "broker-killed", fault="SIGKILL", detected=detected, recovered=recovered, audit=broker.folder / "audit.log"
    )
