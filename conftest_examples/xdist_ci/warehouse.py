"""A small warehouse that speaks HTTP. Run in a process of its own: ``python warehouse.py FOLDER``; it prints its port.

``POST /stock`` with ``{"chair": 3}`` puts three chairs into the stock, and ``POST /orders`` takes out as many. ``GET
/stock`` says what is there. FOLDER holds what must outlive the process, in SQLite.
"""

import json
import sqlite3
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TABLE = "CREATE TABLE IF NOT EXISTS stock (thing TEXT PRIMARY KEY, pieces INTEGER NOT NULL)"
PUT = "INSERT INTO stock VALUES (:thing, :pieces) ON CONFLICT (thing) DO UPDATE SET pieces = pieces + :pieces"
TAKE = "UPDATE stock SET pieces = pieces - :pieces WHERE thing = :thing AND pieces >= :pieces"


class Warehouse(BaseHTTPRequestHandler):
    database: Path

    def do_GET(self) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            self.answer(200, dict(connection.execute("SELECT thing, pieces FROM stock")))

    def do_POST(self) -> None:
        things = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        statement = PUT if self.path == "/stock" else TAKE
        with closing(sqlite3.connect(self.database, timeout=30)) as connection, connection:
            rows = [{"thing": thing, "pieces": pieces} for thing, pieces in things.items()]
            is_enough = connection.executemany(statement, rows).rowcount == len(rows)
            if not is_enough:
                connection.rollback()  # all of it or nothing
        self.answer(201, things) if is_enough else self.answer(409, {"error": "not enough in stock"})

    def answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """The tests say what was asked."""


def main() -> None:
    Warehouse.database = Path(sys.argv[1], "stock.db")
    ThreadingHTTPServer.request_queue_size = 128  # customers that may wait; the default is 5
    with closing(sqlite3.connect(Warehouse.database)) as connection, connection:
        connection.execute(TABLE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Warehouse)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
