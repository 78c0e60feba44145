"""The provider: an HTTPS service in a process of its own that scores payments for who has a key."""

import hashlib
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from threading import Thread

from .certificates import issue
from .lifeline import answer, orders

HOST = "127.0.0.1"
NAME = "scoring.example.com"


class Handler(BaseHTTPRequestHandler):
    accounts: dict[str, str]
    """Whose key it is, by key."""
    requests: dict[str, dict]
    """The provider's own log, by request id."""

    def do_POST(self) -> None:
        payment = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._is_allowed():
            return
        request_id = f"req_{token_hex(8)}"
        self.requests[request_id] = {"account": self.account, "nonce": self.headers["X-Nonce"], "path": self.path}
        score = hashlib.sha256(payment).digest()[0] % 100  # the same payment has always the same score
        self._answer(200, {"score": score, "model": "risk-2"}, request_id)

    def do_GET(self) -> None:
        if not self._is_allowed():
            return
        request = self.requests.get(self.path.rpartition("/")[2])
        if request is None or request["account"] != self.account:
            self._answer(404, {"error": "there is no such request"})
        else:
            self._answer(200, request)

    def _is_allowed(self) -> bool:
        self.account = self.accounts.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if self.account is None:
            self._answer(401, {"error": "there is no such key"})
        return self.account is not None

    def _answer(self, status: int, body: dict, request_id: str | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if request_id is not None:
            self.send_header("X-Request-Id", request_id)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """The log of requests is enough."""


def main() -> None:
    settings = next(orders())
    Handler.accounts = {key: account for account, key in settings["keys"].items()}
    Handler.requests = {}
    authority, secret = issue(NAME, settings["organisation"], HOST)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory(prefix="staging-provider-") as folder:  # `ssl` reads keys from files only
        file = Path(folder, "server.pem")
        file.write_text(secret)
        tls.load_cert_chain(file)
    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    answer(host=HOST, port=server.server_port, authority=authority)
    for _ in orders():  # until the lifeline is closed
        answer()


if __name__ == "__main__":
    main()
