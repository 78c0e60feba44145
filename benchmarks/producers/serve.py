"""Serves an API of known truth on a free port while a command runs; {port} in it is the port."""

import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        what = self.path.strip("/").partition("?")[0]
        if what == "timingout":
            time.sleep(5)
        if what == "erring":
            self.connection.close()
            return
        body = b'{"ok": true}'
        self.send_response(500 if what == "failing" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.not_allowed
        raise AttributeError(name)

    def not_allowed(self):
        self.send_response(405)
        self.send_header("Allow", "GET")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = str(server.server_address[1])
sys.exit(subprocess.call([word.replace("{port}", port) for word in sys.argv[1:]]))
