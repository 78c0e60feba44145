"""A small registry of patients that speaks HTTP. Run in a process of its own: ``python registry.py FOLDER``.

It prints its port. ``POST /patients`` takes one, ``GET /patients`` lists all. ``GET /backup`` gives the database,
``PUT /backup`` replaces it. FOLDER holds the database, in SQLite.
"""

import json
import sqlite3
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Registry(BaseHTTPRequestHandler):
    database: Path

    def do_GET(self) -> None:
        if self.path == "/backup":
            return self.answer(200, "application/vnd.sqlite3", self.database.read_bytes())
        with closing(sqlite3.connect(self.database)) as connection, connection:
            rows = connection.execute("SELECT number, name FROM patients ORDER BY number").fetchall()
        return self.answer_json(200, rows)

    def do_POST(self) -> None:
        patient = json.loads(self.body())
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("INSERT INTO patients VALUES (:number, :name)", patient)
        self.answer_json(201, patient)

    def do_PUT(self) -> None:
        self.database.write_bytes(self.body())
        self.answer_json(200, "restored")

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer_json(self, status: int, value: object) -> None:
        self.answer(status, "application/json", json.dumps(value).encode())

    def answer(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """The tests say what was asked."""


def main() -> None:
    Registry.database = Path(sys.argv[1], "registry.db")
    with closing(sqlite3.connect(Registry.database)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS patients (number TEXT PRIMARY KEY, name TEXT)")
    server = HTTPServer(("127.0.0.1", 0), Registry)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
