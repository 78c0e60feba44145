"""The same broker with clients on anyio: each test runs on asyncio and on trio, and both have to pass."""

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from pytest_readiness import evidence

pytestmark = [pytest.mark.anyio, evidence("UC-1", item="waiting")]


async def ask(stream: anyio.abc.SocketStream, line: str) -> str:
    await stream.send(f"{line}\n".encode())
    return (await BufferedByteReceiveStream(stream).receive_until(b"\n", 1000)).decode()


async def test_who_waits_is_served_when_a_message_comes(broker, anyio_backend, record_evidence):
    answers = []

    async def wait_for_a_message():
        answers.append(await ask(waiting, "GET jobs"))

    async with await anyio.connect_tcp("127.0.0.1", broker.port) as waiting:
        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                group.start_soon(wait_for_a_message)
                async with await anyio.connect_tcp("127.0.0.1", broker.port) as sender:
                    assert await ask(sender, "PUT jobs late") == "OK"
    assert answers == ["MESSAGE late"]
    record_evidence.set(backend=anyio_backend)


async def test_who_waits_holds_up_nobody(broker):
    async with await anyio.connect_tcp("127.0.0.1", broker.port) as waiting:
        await waiting.send(b"GET nothing-ever-comes\n")
        with anyio.fail_after(30):
            async with await anyio.connect_tcp("127.0.0.1", broker.port) as other:
                assert await ask(other, "PUT jobs 1") == "OK"
                assert await ask(other, "GET jobs") == "MESSAGE 1"
