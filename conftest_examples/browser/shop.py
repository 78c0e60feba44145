"""A small shop for a browser. Run in a process of its own: ``python shop.py``; it prints its port.

``/`` is the page. Its script asks ``/price?pieces=3`` for what three pieces cost.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = """<!doctype html>
<html lang="en">
<title>Shop</title>
<style>body { font: 1.2rem system-ui; margin: 3rem } output { font-weight: bold }</style>
<h1>Chairs</h1>
<label>Pieces <input type="number" value="1" min="1"></label>
<button>What do they cost?</button>
<p><output role="status"></output></p>
<script>
  const [input, button, output] = ["input", "button", "output"].map((name) => document.querySelector(name));
  button.onclick = async () => {
    output.textContent = "One moment ...";
    try {
      const answer = await fetch("/price?pieces=" + input.value);
      if (!answer.ok) throw answer.status;
      output.textContent = (await answer.json()).total + " EUR";
    } catch {
      output.textContent = "Prices are not available. Please try again later.";
    }
  };
</script>
"""


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/":
            self.answer(200, "text/html", PAGE)
        elif url.path == "/price":
            pieces = int(parse_qs(url.query)["pieces"][0])
            self.answer(200, "application/json", json.dumps({"total": f"{pieces * 49.9:.2f}"}))
        else:
            self.answer(404, "text/plain", "no such page")

    def answer(self, status: int, kind: str, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        """The browser's trace says what was asked."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    print(server.server_port, flush=True)  # noqa: T201 - this is how the port is told
    server.serve_forever()


if __name__ == "__main__":
    main()
