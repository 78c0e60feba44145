"""A corpus that real programs print: each printer is given a secret, and returns what it makes of it.

What is not installed is left out. ``honest`` is what others wrote: code, manuals and descriptions of packages.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import dataclasses
import http.client
import io
import json
import logging
import pprint
import shlex
import shutil
import subprocess
import sys
import sysconfig
import threading
import types
import xml.dom.minidom
import xml.etree.ElementTree as ET
from collections import namedtuple
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from urllib.parse import urlencode

Printer = Callable[[str], str]
PRINTERS: dict[str, Printer] = {}
TREE = {"user": "ana", "n": 3, "db": {"host": "db-1"}}


def _printer(name: str) -> Callable[[Printer], Printer]:
    def keep(make: Printer) -> Printer:
        PRINTERS[name] = make
        return make

    return keep


def printed(secret: str) -> Iterator[tuple[str, str]]:
    """Yield what each printer makes of a secret."""
    for name, make in PRINTERS.items():
        with contextlib.suppress(ImportError):
            yield name, make(secret)


def _config(secret: str) -> dict[str, object]:
    return {**TREE, "db": {"host": "db-1", "password": secret}}


def _environment(secret: str) -> list[dict[str, str]]:
    return [{"name": "REGION", "value": "eu"}, {"name": "DB_PASSWORD", "value": secret}]


PRINTERS |= {
    "json": lambda s: json.dumps(_config(s)),
    "json, indented": lambda s: json.dumps(_config(s), indent=2),
    "json in json": lambda s: json.dumps({"body": json.dumps(_config(s))}),
    "json in json in json": lambda s: json.dumps({"a": json.dumps({"body": json.dumps(_config(s))})}),
    "json of an environment": lambda s: json.dumps({"env": _environment(s)}),
    "json of an environment, indented": lambda s: json.dumps({"env": _environment(s)}, indent=4),
    "json of outputs": lambda s: json.dumps(
        {"db_password": {"sensitive": True, "type": "string", "value": s}}, indent=2
    ),
    "json of an archive": lambda s: json.dumps({"request": {"headers": [{"name": "X-Api-Key", "value": s}]}}, indent=2),
    "json of cookies": lambda s: json.dumps({"cookies": [{"name": "sid", "value": s, "path": "/"}]}),
    "repr": lambda s: repr(_config(s)),
    "repr of bytes": lambda s: repr(json.dumps(_config(s)).encode()),
    "pprint": lambda s: pprint.pformat(_config(s), width=30),
    "pprint of an environment": lambda s: pprint.pformat(_environment(s), width=40),
    "pairs": lambda s: repr([("host", "a"), ("x-api-key", s)]),
    "pairs of bytes": lambda s: repr([(b"host", b"a"), (b"x-api-key", s.encode())]),
    "query": lambda s: "GET /v1?" + urlencode({"page": 2, "access_token": s}),
    "form": lambda s: urlencode({"username": "ana", "password": s}),
    "command line": lambda s: shlex.join(["deploy", "--password", s, "--dry-run"]),
    "failed command": lambda s: str(subprocess.CalledProcessError(1, ["deploy", "--api-token", s])),
    "arguments": lambda s: repr(argparse.Namespace(user="ana", password=s)),
    "namespace": lambda s: repr(types.SimpleNamespace(user="ana", api_key=s)),
    "dataclass": lambda s: repr(dataclasses.make_dataclass("Config", ["user", "password"])("ana", s)),
    "named tuple": lambda s: repr(namedtuple("Login", "user password")("ana", s)),  # noqa: PYI024
    "error": lambda s: repr(ValueError(f"login failed: password={s!r}")),
    "cookie": lambda s: str(SimpleCookie({"sid": s})),
    "cookie, shown": lambda s: repr(SimpleCookie({"sid": s})),
}


@_printer("logging")
def _logging(secret: str) -> str:
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.emit(
        logging.LogRecord("a", logging.INFO, "a", 1, "headers %s", ({"Authorization": f"Token {secret}"},), None)
    )
    return told.getvalue()


@_printer("configparser")
def _ini(secret: str) -> str:
    parser, told = configparser.ConfigParser(interpolation=None), io.StringIO()
    parser["db"] = {"host": "db-1", "password": secret}
    parser.write(told)
    return told.getvalue()


@_printer("XML")
def _xml(secret: str) -> str:
    root = ET.Element("config")
    ET.SubElement(root, "password", {"encrypted": "false"}).text = secret
    return ET.tostring(root, encoding="unicode")


@_printer("XML, pretty")
def _pretty_xml(secret: str) -> str:
    root = ET.Element("settings")
    ET.SubElement(root, "add", {"key": "Password", "value": secret})
    return xml.dom.minidom.parseString(ET.tostring(root)).toprettyxml()


@_printer("yaml")
def _yaml(secret: str) -> str:
    import yaml

    return str(yaml.safe_dump(_config(secret)))


@_printer("yaml of an environment")
def _yaml_environment(secret: str) -> str:
    import yaml

    return str(yaml.safe_dump({"env": _environment(secret)}))


@_printer("yaml of an environment, sorted otherwise")
def _yaml_reversed(secret: str) -> str:
    import yaml

    return str(yaml.safe_dump([dict(reversed(one.items())) for one in _environment(secret)], sort_keys=False))


@_printer("yaml, in one line")
def _yaml_flow(secret: str) -> str:
    import yaml

    return str(yaml.safe_dump({"env": _environment(secret)}, default_flow_style=True, width=500))


@_printer("yaml of a text")
def _yaml_text(secret: str) -> str:
    import yaml

    return str(yaml.dump({"password": f"{secret}\nof two lines\n"}, default_style="|"))


@_printer("tomlkit")
def _toml(secret: str) -> str:
    import tomlkit

    return tomlkit.dumps(_config(secret))


@_printer("xmltodict")
def _xmltodict(secret: str) -> str:
    import xmltodict

    return str(xmltodict.unparse({"config": {"password": {"@type": "plain", "#text": secret}}}, pretty=True))


@_printer("pydantic")
def _pydantic(secret: str) -> str:
    import pydantic

    model = pydantic.create_model("Login", user=(str, ...), password=(str, ...))(user="ana", password=secret)
    return f"{model!r}\n{model!s}\n{model.model_dump_json()}"


@_printer("attrs")
def _attrs(secret: str) -> str:
    import attr

    return repr(attr.make_class("Login", ["user", "api_key"])("ana", secret))


@_printer("rich")
def _rich(secret: str) -> str:
    from rich.console import Console

    told = io.StringIO()
    console = Console(file=told, force_terminal=True, width=200, color_system="standard")
    console.print(_config(secret))
    console.print_json(json.dumps(_config(secret)))
    return told.getvalue()


def _coloured(lexer: str, text: str) -> str:
    from pygments import highlight
    from pygments.formatters import Terminal256Formatter, TerminalFormatter
    from pygments.lexers import get_lexer_by_name

    found = get_lexer_by_name(lexer)
    return highlight(text, found, TerminalFormatter()) + highlight(text, found, Terminal256Formatter())


PRINTERS["pygments, JSON"] = lambda s: _coloured("json", json.dumps(_config(s), indent=2))
PRINTERS["pygments, HTTP"] = lambda s: _coloured("http", f"GET / HTTP/1.1\nHost: a\nX-Api-Key: {s}\n\n")
PRINTERS["pygments, YAML"] = lambda s: _coloured("yaml", f"db:\n  password: {s}\n")


@_printer("requests")
def _requests(secret: str) -> str:
    import requests

    session = requests.Session()
    session.cookies.set("sid", secret, domain="example.com")
    session.headers["X-Api-Key"] = secret
    ready = session.prepare_request(requests.Request("POST", "https://a.example.com", data={"password": secret}))
    return f"{session.headers}\n{session.cookies!r}\n{ready.headers}\n{ready.body!r}"


@_printer("requests, a form with a file")
def _multipart(secret: str) -> str:
    import requests

    asked = requests.Request("POST", "https://a.example.com", data={"password": secret}, files={"f": b"abc"})
    body = asked.prepare().body
    assert isinstance(body, bytes)
    return f"{body!r}\n{body.decode()}"


@_printer("httpx")
def _httpx(secret: str) -> str:
    import httpx

    asked = httpx.Request("POST", "https://a.example.com", headers={"x-api-key": secret}, cookies={"sid": secret})
    return f"{asked.headers!r}\n{asked.headers.raw!r}\n{asked.headers.multi_items()!r}"


@_printer("h11")
def _h11(secret: str) -> str:
    import h11

    asked = h11.Request(method="GET", target="/", headers=[("Host", "a"), ("Authorization", f"Token {secret}")])
    return f"{asked!r}\n{asked.headers.raw_items()!r}"


@_printer("aiohttp")
def _aiohttp(secret: str) -> str:
    import aiohttp
    from multidict import CIMultiDict

    return f"{aiohttp.BasicAuth('ana', secret)!r}\n{CIMultiDict({'X-Api-Key': secret})!r}"


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Set-Cookie", f'prefs="a:b"; sid={self.headers["X-Api-Key"]}; Path=/')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def _server() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _headers(secret: str) -> dict[str, str]:
    return {
        "X-Api-Key": secret,
        "Cookie": f'theme="dark"; sid={secret}',
        "Authorization": f'Digest a="b", response="{secret}"',
    }


@_printer("http.client, debugging")
def _http_client(secret: str) -> str:
    told = io.StringIO()
    with _server() as port, contextlib.redirect_stdout(told):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.set_debuglevel(1)
        connection.request("GET", "/", headers=_headers(secret))
        connection.getresponse().read()
        connection.close()
    return told.getvalue()


@_printer("urllib, its jar of cookies")
def _urllib(secret: str) -> str:
    import urllib.request

    jar = CookieJar()
    with _server() as port:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"X-Api-Key": secret})
        with opener.open(asked) as answer:
            return f"{answer.headers}\n{asked.header_items()!r}\n{jar!r}"


@_printer("curl -v")
def _curl(secret: str) -> str:
    curl = shutil.which("curl")
    if curl is None:
        raise ImportError("curl")
    given = [part for name, value in _headers(secret).items() for part in ("-H", f"{name}: {value}")]
    with _server() as port:
        command = [curl, "-sv", *given, f"http://127.0.0.1:{port}/"]
        return shlex.join(command) + "\n" + subprocess.run(command, capture_output=True, text=True, check=True).stderr


@_printer("Playwright, its state")
def _playwright(secret: str) -> str:
    from playwright.sync_api import sync_playwright

    with _server() as port, sync_playwright() as playwright:
        context = playwright.request.new_context(extra_http_headers={"X-Api-Key": secret})
        answer = context.get(f"http://127.0.0.1:{port}/")
        told = f"{json.dumps(context.storage_state(), indent=2)}\n{answer.headers_array!r}\n{context.storage_state()!r}"
        context.dispose()
        return told


def honest(lines: int) -> Iterator[str]:
    """Yield lines that hold no secret: code of the library, and what packages say of themselves."""
    library = Path(sysconfig.get_path("stdlib"))
    files = sorted({*library.glob("*.py"), *library.glob("http/*.py"), *library.glob("email/*.py")})
    texts = [file.read_text("utf-8", "replace") for file in files]
    texts += [str(one.metadata.get_payload()) for one in metadata.distributions()]
    told = [line for text in texts for line in text.splitlines()]
    yield from told[:: max(len(told) // lines, 1)]


def main() -> None:
    secret = "Zk3vQ9mLx7Rt2Wc8"
    for name, text in printed(secret):
        sys.stdout.write(f"--- {name}\n{text}\n")


if __name__ == "__main__":
    main()
