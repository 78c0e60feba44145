"""A small bank account that speaks HTTP. Run in a process of its own: ``python account.py FOLDER``; it prints its port.

``GET /`` says the balance, ``POST /`` books an amount: ``{"cents": -700}`` is a withdrawal. FOLDER holds what must
outlive the process: ``bookings``, one amount a line, synced before it is confirmed.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Account(BaseHTTPRequestHandler):
    bookings: Path

    def do_GET(self) -> None:
        self.answer(200, self.balance())

    def do_POST(self) -> None:
        cents = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["cents"]
        if self.balance() + cents < 0:
            return self.answer(409, self.balance())
        with self.bookings.open("a") as file:
            file.write(f"{cents}\n")
            file.flush()
            os.fsync(file.fileno())
        return self.answer(201, self.balance())

    def balance(self) -> int:
        return sum(map(int, self.bookings.read_text().split())) if self.bookings.exists() else 0

    def answer(self, status: int, cents: int) -> None:
        data = json.dumps({"cents": cents}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """The scenarios say what was asked."""


def main() -> None:
    Account.bookings = Path(sys.argv[1], "bookings")
    server = HTTPServer(("127.0.0.1", 0), Account)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
