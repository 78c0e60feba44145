"""A small shop that speaks HTTP. Run in a process of its own: ``python shop.py FOLDER``; it prints its port.

FOLDER holds ``orders.jsonl``, one order a line, synced before it is confirmed. ``--slow-payments`` makes the payment
provider slower than the shop is willing to wait.
"""

import argparse
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PATIENCE = 0.2
"""Seconds that the shop waits for the payment provider."""


class Shop(BaseHTTPRequestHandler):
    orders: Path
    payment_takes = 0.0

    def do_GET(self) -> None:
        if self.path != "/orders":
            return self.answer(404, {"error": "no such page"})
        lines = self.orders.read_text().splitlines() if self.orders.exists() else []
        return self.answer(200, {"orders": [json.loads(line) for line in lines]})

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if order.get("amount", 0) <= 0:
            return self.answer(422, {"error": "an order has an amount"})
        time.sleep(min(self.payment_takes, PATIENCE))
        if self.payment_takes > PATIENCE:
            return self.answer(504, {"error": "the payment provider does not answer; nothing was ordered"})
        with self.orders.open("a") as file:
            file.write(json.dumps(order) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return self.answer(201, order)

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
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slow-payments", action="store_true")
    options = parser.parse_args()
    Shop.orders = options.folder / "orders.jsonl"
    Shop.payment_takes = 30.0 if options.slow_payments else 0.0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
