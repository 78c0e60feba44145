"""A small vault that speaks HTTP. Run in a process of its own: ``python vault.py KEY``; it prints its port.

``GET /secrets/NAME`` and ``PUT /secrets/NAME`` take a key. ``POST /keys`` adds a key, ``DELETE /keys`` revokes the key
that it is called with.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex


class Vault(BaseHTTPRequestHandler):
    keys: set[str]
    secrets: dict[str, str] = {}  # noqa: RUF012 - one vault a process

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if self.is_allowed():
            self.answer(200, self.secrets[name]) if name in self.secrets else self.answer(404, "no such secret")

    def do_PUT(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.is_allowed():
            self.secrets[self.path.rpartition("/")[2]] = text
            self.answer(201, "stored")

    def do_POST(self) -> None:
        if self.is_allowed():
            self.keys.add(key := f"vk_{token_hex(12)}")
            self.answer(201, key)

    def do_DELETE(self) -> None:
        if self.is_allowed():
            self.keys.discard(self.key())
            self.answer(200, "revoked")

    def key(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def is_allowed(self) -> bool:
        if self.key() in self.keys:
            return True
        self.answer(401, "this key is not taken")
        return False

    def answer(self, status: int, value: str) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """The tests say what was asked."""


def main() -> None:
    Vault.keys = {sys.argv[1]}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
