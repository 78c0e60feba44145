"""A small payment ledger that speaks HTTP. Run in a process of its own: ``python service.py FOLDER KEY``.

FOLDER holds what must outlive the process: ``bookings.jsonl`` (one booking a line, synced before it is confirmed),
``keys.json`` (which keys are taken) and ``audit.log``. The first line on standard output is the port.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from threading import Lock


class DiskOutageError(Exception):
    """The disk takes nothing at the moment."""


class Ledger:
    def __init__(self, folder: Path, first_key: str):
        self.bookings_path, self.keys_path, self.audit_path = (
            folder / name for name in ("bookings.jsonl", "keys.json", "audit.log")
        )
        self.lock = Lock()
        self.disk_is_out = False
        if not self.keys_path.exists():
            self.write_keys({first_key: "active"})
        self.audit("started")

    def keys(self) -> dict[str, str]:
        return json.loads(self.keys_path.read_text())

    def write_keys(self, keys: dict[str, str]) -> None:
        self.keys_path.write_text(json.dumps(keys))

    def accepts(self, key: str) -> bool:
        return self.keys().get(key) == "active"

    def rotate(self) -> str:
        """Return a new key. The old ones stay until they are revoked, so that clients can change over."""
        new = f"lk_{token_hex(12)}"
        self.write_keys({**self.keys(), new: "active"})
        self.audit("key added")
        return new

    def revoke(self, key: str) -> None:
        self.write_keys({**self.keys(), key: "revoked"})
        self.audit("key revoked")

    def book(self, kind: str, amount: int, reference: str) -> dict:
        if self.disk_is_out:
            self.audit(f"{kind} {reference} refused: disk outage")
            raise DiskOutageError
        booking = {"id": token_hex(4), "kind": kind, "amount": amount, "reference": reference}
        with self.lock, self.bookings_path.open("a") as file:
            file.write(json.dumps(booking) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.audit(f"{kind} {reference} booked")
        return booking

    def bookings(self) -> list[dict]:
        if not self.bookings_path.exists():
            return []
        return [json.loads(line) for line in self.bookings_path.read_text().splitlines()]

    def audit(self, what: str) -> None:
        with self.audit_path.open("a") as file:
            file.write(what + "\n")


class Handler(BaseHTTPRequestHandler):
    ledger: Ledger

    def do_GET(self) -> None:
        if not self.is_allowed():
            return
        if self.path == "/bookings":
            self.answer(200, {"bookings": self.ledger.bookings()})
        elif self.path == "/audit":
            self.answer(200, {"log": self.ledger.audit_path.read_text().splitlines()})
        else:
            self.answer(404, {"error": "no such page"})

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if not self.is_allowed():
            return
        if self.path in ("/payments", "/refunds"):
            try:
                self.answer(201, self.ledger.book(self.path[1:-1], said["amount"], said["reference"]))
            except DiskOutageError:
                self.answer(503, {"error": "the booking could not be written; try again"})
        elif self.path == "/keys/rotate":
            self.answer(201, {"key": self.ledger.rotate()})
        elif self.path == "/keys/revoke":
            self.ledger.revoke(said["key"])
            self.answer(200, {})
        elif self.path == "/fault":
            self.ledger.disk_is_out = said["disk"] == "out"
            self.ledger.audit(f"drill: disk {said['disk']}")
            self.answer(200, {})
        else:
            self.answer(404, {"error": "no such page"})

    def is_allowed(self) -> bool:
        if self.ledger.accepts(self.headers.get("Authorization", "").removeprefix("Bearer ")):
            return True
        self.answer(401, {"error": "this key is not taken"})
        return False

    def answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """The audit log is enough."""


def main() -> None:
    folder, first_key = sys.argv[1:]
    Handler.ledger = Ledger(Path(folder), first_key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
