"""A small order service that speaks HTTP. Run in a process of its own: ``python orders.py``; it prints its port.

``openapi.json`` is its contract. With ``--faulty`` it breaks it: a number that it never gave costs it a 500.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

NUMBER = re.compile(r"/orders/(\d{1,9})")


class Orders(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty = "--faulty" in sys.argv
    numbers = count(1)
    orders: dict[int, dict] = {}  # noqa: RUF012 - one list a process

    def do_GET(self) -> None:
        if self.path == "/orders":
            return self.answer(200, list(self.orders.values()))
        number = self.number()
        if number in self.orders:
            return self.answer(200, self.orders[number])
        return self.answer(500 if self.faulty and number is not None else 404, {"error": "there is no such order"})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/orders":
            return self.answer(405, {"error": "orders are made at /orders"})
        try:
            order = json.loads(text)
        except ValueError:
            return self.answer(422, {"error": "an order is JSON"})
        pieces = order.get("pieces") if isinstance(order, dict) else None
        if type(pieces) is not int or not 1 <= pieces <= 1000 or set(order) != {"pieces"}:
            return self.answer(422, {"error": "an order has 1 to 1000 pieces, and nothing else"})
        number = next(self.numbers)
        self.orders[number] = {"number": number, "pieces": pieces}
        return self.answer(201, self.orders[number])

    def do_DELETE(self) -> None:
        if self.path == "/orders":
            return self.answer(405, {"error": "name the order"})
        order = self.orders.pop(self.number(), None)
        return self.answer(200, order) if order else self.answer(404, {"error": "there is no such order"})

    def number(self) -> int | None:
        match = NUMBER.fullmatch(self.path)
        return int(match[1]) if match else None

    def __getattr__(self, name: str):
        if name.startswith("do_"):
            return lambda: self.answer(405, {"error": "not a method of this service"})
        raise AttributeError(name)

    def answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 405:
            self.send_header("Allow", "GET, POST" if self.path == "/orders" else "GET, DELETE")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """The tests say what was asked."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Orders)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
