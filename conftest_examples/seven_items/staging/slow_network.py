"""A network that can be made slow: a process between a client and a server that carries everything after a delay."""

import asyncio
import json
import sys

from .lifeline import answer, orders

HOST = "127.0.0.1"


class Network:
    """The way to a port on loopback."""

    def __init__(self, port: int):
        self.port = port
        self.delay = 0.0

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self.port)
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # one end hung up: so does the other
        finally:
            writer.close()


async def main() -> None:
    network = Network(next(orders())["port"])
    server = await asyncio.start_server(network.connect, HOST, 0)
    answer(port=server.sockets[0].getsockname()[1])
    while line := await asyncio.to_thread(sys.stdin.readline):
        network.delay = json.loads(line)["delay"]
        answer()


if __name__ == "__main__":
    asyncio.run(main())
