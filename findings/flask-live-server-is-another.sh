#!/usr/bin/env bash
# pytest-flask 1.3.0 with Flask 3.1.3 on pytest 9.2.0, Python 3.11: `live_server` with a fixed port (`--live-server-port`, or
# LIVESERVER_PORT of the app) takes any answer on that port for the application. If something listens there already, such as a
# server left over from an earlier session, the process of the application ends because the port is taken. pytest does not
# tell, and the tests talk to the other server: here to one that serves an older page, and the test that expects the old page passes.
#
# Ends with 0 where it is still so, with 1 where it is not. Source: LiveServer._is_ready of pytest_flask/live_server.py.
set -euo pipefail

folder=$(mktemp -d)
other=
trap 'kill $other 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pytest==9.2.0 pytest-flask==1.3.0 flask==3.1.3 </dev/null

cat >"$folder/conftest.py" <<'TESTS'
import flask
import pytest


@pytest.fixture(scope="session")
def app():
    app = flask.Flask("shop")
    app.add_url_rule("/", view_func=lambda: "the new page")
    return app
TESTS
cat >"$folder/test_shop.py" <<'TESTS'
import urllib.request


def test_page(live_server):
    with urllib.request.urlopen(live_server.url("/")) as answer:
        assert answer.read() == b"the old page"
TESTS
cat >"$folder/old.py" <<'SERVER'
import http.server


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the old page")


server = http.server.HTTPServer(("localhost", 0), Page)
print(server.server_port, flush=True)
server.serve_forever()
SERVER

session() { # exit code, arguments of pytest
  local expected=$1 code=0
  shift
  (cd "$folder" && venv/bin/python -m pytest -q -p no:cacheprovider "$@" test_shop.py >printed 2>&1) || code=$?
  printf '%s: exit code %s, %s\n' "${1%=*}" "$code" "$(tail -n 1 "$folder/printed")"
  [ "$code" = "$expected" ] || { echo "changed: not exit code $expected" >&2; exit 1; }
}

session 1 --live-server-port=0
"$folder/venv/bin/python" "$folder/old.py" >"$folder/port" 2>/dev/null &
other=$!
for _ in $(seq 50); do [ -s "$folder/port" ] && break; sleep 0.1; done
session 0 "--live-server-port=$(cat "$folder/port")"
grep -qi "in use" "$folder/printed" && { echo "changed: the taken port is told" >&2; exit 1; }
echo "still so: on a port that is taken the tests talk to another server, and pass"
