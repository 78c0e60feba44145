"""A small message broker on asyncio. Run in a process of its own: ``python broker.py FOLDER [PORT]``.

It prints its port. Each line of a client is a request, and gets a line as its answer:

- ``PUT QUEUE TEXT``: ``OK`` once the message is on disk
- ``GET QUEUE``: ``MESSAGE TEXT``, as soon as there is one

FOLDER holds what must outlive the process: ``messages.log``, which is replayed at the start, and ``audit.log``.
"""

import asyncio
import os
import sys
from collections import defaultdict
from pathlib import Path


class Broker:
    def __init__(self, folder: Path):
        self.log, self.audit = (folder / name for name in ("messages.log", "audit.log"))
        self.queues: defaultdict[str, asyncio.Queue[str]] = defaultdict(asyncio.Queue)
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            verb, queue, text = line.split(" ", 2)
            if verb == "PUT":
                self.queues[queue].put_nowait(text)
            else:
                self.queues[queue].get_nowait()
        waiting = sum(queue.qsize() for queue in self.queues.values())
        self.write(self.audit, f"started with {waiting} messages")

    def write(self, path: Path, line: str) -> None:
        with path.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().rstrip("\n"):
            verb, queue, *rest = line.split(" ", 2)
            if verb == "PUT":
                self.write(self.log, line)
                self.queues[queue].put_nowait(rest[0])
                answer = "OK"
            else:
                text = await self.queues[queue].get()
                self.write(self.log, f"GET {queue} {text}")
                answer = f"MESSAGE {text}"
            writer.write(f"{answer}\n".encode())
            await writer.drain()
        writer.close()


async def main() -> None:
    folder, *port = sys.argv[1:]
    broker = Broker(Path(folder))
    server = await asyncio.start_server(broker.serve, "127.0.0.1", int(port[0]) if port else 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - this is how the port is told
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
