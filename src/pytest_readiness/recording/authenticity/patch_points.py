"""Where networks and clocks are replaced: the known seams, whose they are, and whether they are as they were made.

Nothing is imported here that the test session has not imported: a library that is not loaded replaces nothing.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any

from ...fast_values import dataclass
from .pass_through import gives_arguments, is_another, is_as_made, makes_contexts, package_of, spied, wrapped_by

NETWORK, CLOCK = "the network", "the clock"

FAKES = {
    "aioresponses": "aioresponses",
    "aresponses": "aresponses",
    "betamax": "betamax",
    "freezegun": "freezegun",
    "httmock": "httmock",
    "httpretty": "httpretty",
    "mocket": "mocket",
    "moto": "moto",
    "pook": "pook",
    "pytest_httpx": "pytest-httpx",
    "requests_mock": "requests-mock",
    "responses": "responses",
    "respx": "respx",
    "time_machine": "time-machine",
    "vcr": "vcr",
}
"""Libraries that stand in for a network or a clock: package, and the name that people know it by."""
TRUSTED = frozenset(
    {
        "ddtrace",
        "elasticapm",
        "eventlet",
        "gevent",
        "logfire",
        "newrelic",
        "opentelemetry",
        "pip_system_certs",
        "pytest_recording",
        "pytest_socket",
        "sentry_sdk",
        "truststore",
        "wrapt",
    }
)
"""Packages that wrap a seam and still go through it, or refuse to: tracing, other event loops, guards."""
_HTTP = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "gmtime", "localtime")
SEAMS: dict[str, tuple[str, ...]] = {
    "socket": ("socket", "socket.connect", "socket.connect_ex", "create_connection", "getaddrinfo"),
    "ssl": ("SSLContext", "SSLContext.wrap_socket", "create_default_context"),
    "http.client": (
        "HTTPConnection",
        "HTTPSConnection",
        "HTTPConnection.connect",
        "HTTPConnection.request",
        "HTTPConnection.getresponse",
        "HTTPSConnection.connect",
    ),
    "urllib.request": ("urlopen", "OpenerDirector.open"),
    "urllib3.connectionpool": (
        "HTTPConnectionPool.urlopen",
        "HTTPConnectionPool.ConnectionCls",
        "HTTPSConnectionPool.ConnectionCls",
    ),
    "urllib3.poolmanager": ("PoolManager", "PoolManager.urlopen"),
    "requests": (*_HTTP, "Session"),
    "requests.api": _HTTP,
    "requests.sessions": ("Session", "Session.request", "Session.send", "Session.get_adapter"),
    "requests.adapters": ("HTTPAdapter", "HTTPAdapter.send"),
    "httpx": (
        *_HTTP,
        "stream",
        "Client",
        "AsyncClient",
        "Client.request",
        "Client.send",
        "AsyncClient.request",
        "AsyncClient.send",
        "HTTPTransport.handle_request",
        "AsyncHTTPTransport.handle_async_request",
    ),
    "httpcore._sync.connection": ("HTTPConnection.handle_request",),
    "httpcore._sync.connection_pool": ("ConnectionPool.handle_request",),
    "httpcore._async.connection": ("AsyncHTTPConnection.handle_async_request",),
    "httpcore._async.connection_pool": ("AsyncConnectionPool.handle_async_request",),
    "aiohttp.client": ("ClientSession", "ClientSession._request"),
    "aiohttp.connector": ("BaseConnector.connect", "TCPConnector._create_connection"),
    "botocore.client": ("BaseClient._make_api_call",),
    "botocore.endpoint": ("Endpoint.make_request",),
    "botocore.httpsession": ("URLLib3Session.send",),
    "grpc": ("insecure_channel", "secure_channel"),
    "time": _CLOCKS,
    "datetime": ("datetime", "date"),
}
"""By module: what is compared before and after each test."""

STARTS: tuple[tuple[str, str, str], ...] = (
    ("httpretty.core", "apply_patch_socket", NETWORK),
    ("freezegun.api", "_freeze_time.start", CLOCK),
    ("time_machine", "travel.start", CLOCK),
    ("mocket.mocket", "Mocket.enable", NETWORK),
    ("httmock", "HTTMock.__enter__", NETWORK),
    ("betamax.recorder", "Betamax.start", NETWORK),
)
"""Module, function and what it replaces: libraries that start in a way of their own."""
USES: tuple[tuple[str, str, str], ...] = (
    ("httpx", "MockTransport.handle_request", "httpx.MockTransport"),
    ("httpx", "MockTransport.handle_async_request", "httpx.MockTransport"),
    ("httpx", "ASGITransport.handle_async_request", "httpx.ASGITransport"),
    ("httpx", "WSGITransport.handle_request", "httpx.WSGITransport"),
    ("botocore.stub", "Stubber.activate", "botocore.stub.Stubber"),
    ("requests_mock.adapter", "Adapter.send", "requests-mock"),
    # A HAR file is played back by it too; which of them there is depends on the version.
    ("playwright._impl.network", "Route.fulfill", "Playwright's route.fulfill"),
    ("playwright._impl._network", "Route.fulfill", "Playwright's route.fulfill"),
)
"""Stand-ins that are used and not started: a call of theirs is what tells."""
_NETWORK_MODULES = (
    "_socket",
    "_ssl",
    "aiohttp.client",
    "aiohttp.connector",
    "aiohttp.resolver",
    "boto3",
    "botocore.awsrequest",
    "botocore.client",
    "botocore.endpoint",
    "botocore.httpsession",
    "confluent_kafka",
    "elasticsearch",
    "ftplib",
    "grpc",
    "http.client",
    "httpcore",
    "httpx",
    "imaplib",
    "kafka",
    "ldap3",
    "paramiko",
    "pika",
    "poplib",
    "psycopg",
    "psycopg2",
    "pycurl",
    "pymongo",
    "pymysql",
    "redis",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "websocket",
    "websockets",
)
"""Modules whose functions, classes and instances reach the network, themselves and what is in them."""
_HARMLESS_MODULES = (
    "botocore.exceptions",
    "http.cookiejar",
    "httpx._auth",
    "httpx._config",
    "httpx._models",
    "httpx._status_codes",
    "httpx._urls",
    "redis.exceptions",
    "requests.auth",
    "requests.compat",
    "requests.cookies",
    "requests.models",
    "requests.structures",
    "requests.utils",
    "urllib3.fields",
    "urllib3.response",
    "urllib3.util.retry",
    "urllib3.util.timeout",
    "urllib3.util.url",
)
_HARMLESS_NAMES = frozenset(
    {
        "Headers",
        "Limits",
        "Request",
        "Response",
        "Timeout",
        "URL",
        "allowed_gai_family",
        "cert_verify",
        "disable_warnings",
        "get_default_verify_paths",
        "getfqdn",
        "gethostbyaddr",
        "gethostname",
        "getproxies",
        "getproxies_environment",
        "getservbyname",
        "proxy_bypass",
        "proxy_bypass_environment",
    }
)
_STREAMS = frozenset({"open_connection", "create_connection", "open_unix_connection", "create_datagram_endpoint"})


def kind_of(target: Any, name: str, original: Any) -> str | None:
    """Return what is replaced where ``target.name`` was ``original``: a network, a clock, or None for neither."""
    if isinstance(original, ModuleType):
        return CLOCK if original.__name__ in ("time", "datetime") else _if_network(original.__name__)
    if _is_clock(original):
        return CLOCK
    described = original if isinstance(original, type) or hasattr(original, "__name__") else type(original)
    called = str(getattr(described, "__name__", ""))
    if {name, called} & _HARMLESS_NAMES or (isinstance(original, type) and issubclass(original, BaseException)):
        return None
    if isinstance(original, Enum):  # a constant says how, and reaches nothing: ssl.CERT_REQUIRED
        return None
    home = str(getattr(described, "__module__", "") or "")
    if home.partition(".")[0] == "asyncio":
        return NETWORK if called in _STREAMS else None
    return _if_network(home) or _kind_by_target(target, name, home)


def _kind_by_target(target: Any, name: str, home: str) -> str | None:
    """What is replaced may have been replaced before: then its place tells what it was."""
    if home.partition(".")[0] not in (*FAKES, "unittest", "mock"):
        return None
    place = target.__name__ if isinstance(target, ModuleType) else str(getattr(target, "__module__", ""))
    if place == "time":
        return CLOCK if name in _CLOCKS else None
    return CLOCK if place == "datetime" else _if_network(place)


def is_real(target: Any, name: str, original: Any, new: Any) -> bool:
    """Return whether what is put in a place is real too.

    It was there once, is the same with arguments given, another client of the kind, or another maker of TLS contexts.
    """
    if makes_contexts(str(getattr(original, "__module__", "")), str(getattr(original, "__name__", "")), new):
        return True
    if kind_of(target, name, original) == NETWORK and (gives_arguments(new, original) or is_another(new, original)):
        return True
    if not is_as_made(new) or not (isinstance(new, type) or new.__name__ == name):
        return False
    return kind_of(target, name, new) is not None and is_own(new, patch_point_name(target, name))


def _is_clock(value: Any) -> bool:
    home, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if home == "time":
        return name in _CLOCKS
    return home == "datetime" and name in ("datetime", "date") and isinstance(value, type)


def _if_network(module: str) -> str | None:
    return NETWORK if _is_in(module, _NETWORK_MODULES) and not _is_in(module, _HARMLESS_MODULES) else None


def _is_in(module: str, known: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in known)


def patch_point_name(target: Any, name: str, original: Any = None) -> str:
    """Return what people call the place: ``requests.adapters.HTTPAdapter.send``."""
    if isinstance(target, ModuleType):
        place = target.__name__
    else:
        kind = target if isinstance(target, type) else type(target)
        place = f"{kind.__module__}.{kind.__qualname__}"
    told = f"{place}.{name}"
    home = getattr(original, "__module__", None) or getattr(original, "__name__", "")
    if isinstance(home, str) and home and home.partition(".")[0] != place.partition(".")[0]:
        return f"{told} ({home})" if isinstance(original, ModuleType) else f"{told} ({_full_name(original)})"
    return told


def _full_name(value: Any) -> str:
    described = value if hasattr(value, "__name__") else type(value)
    name = getattr(described, "__qualname__", None) or getattr(described, "__name__", "")
    return f"{getattr(described, '__module__', '')}.{name}"


@dataclass(frozen=True, slots=True)
class ReplacedPoint:
    """A seam that is not what its module made."""

    seam: str
    kind: str
    package: str
    """Of what stands in its place; empty where that is not known."""
    by: str


class PatchPoints:
    """The seams of the modules that are loaded, and what may stand in each."""

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._loaded = -1
        self._rows: list[tuple[Callable[[str], Any], str, str, str]] = []
        """How to get it from its namespace, its name there, how it is called, and what it is."""
        self._gets: list[Callable[[str], Any]] = []
        self._names: list[str] = []
        """The first two of each row, as they are asked twice for each test."""
        self._accepted: list[Any] = []

    def look(self) -> list[ReplacedPoint]:
        """Return what is replaced at this moment."""
        if len(sys.modules) != self._loaded:
            self._scan()
        if all(map(operator.is_, map(operator.call, self._gets, self._names), self._accepted)):
            return []
        found = list(map(operator.call, self._gets, self._names))
        pairs = enumerate(zip(found, self._accepted, strict=True))
        return [one for number, (value, known) in pairs if value is not known for one in self._judge(number, value)]

    def _judge(self, number: int, value: Any) -> Iterator[ReplacedPoint]:
        _, name, seam, kind = self._rows[number]
        if value is None or is_own(value, seam) or _goes_through(value, seam):
            self._accepted[number] = value
        else:
            package = package_of(value)
            yield ReplacedPoint(seam, kind, package, _full_name(value) if package else name)

    def _scan(self) -> None:
        """Take in modules that were loaded since; a module that was loaded anew has other seams."""
        self._loaded = len(sys.modules)
        for name, seams in SEAMS.items():
            module = sys.modules.get(name)
            if module is self._modules.get(name) or not isinstance(module, ModuleType):
                continue
            if name in self._modules:
                self._forget(name)
            self._modules[name] = module
            for seam in seams:
                self._add(module, name, seam)
        self._gets, self._names = [row[0] for row in self._rows], [row[1] for row in self._rows]

    def _forget(self, module: str) -> None:
        kept = [number for number, row in enumerate(self._rows) if not row[2].startswith(f"{module}.")]
        self._rows = [self._rows[number] for number in kept]
        self._accepted = [self._accepted[number] for number in kept]

    def _add(self, module: ModuleType, name: str, seam: str) -> None:
        owner: Any = module
        *path, last = seam.split(".")
        for step in path:
            owner = vars(owner).get(step)
            if owner is None or not hasattr(owner, "__dict__"):
                return
        kind = CLOCK if name in ("time", "datetime") else NETWORK
        full = f"{name}.{seam}"
        value = vars(owner).get(last)
        self._rows.append((vars(owner).get, last, full, kind))
        self._accepted.append(value if value is None or is_own(value, full) or _goes_through(value, full) else _NOTHING)


_NOTHING = object()


def is_own(value: Any, seam: str) -> bool:
    """Return whether a seam is what its own package made, or the interpreter."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, BuiltinFunctionType | MethodDescriptorType | WrapperDescriptorType):
        return value.__name__ == seam.rpartition(".")[2]
    return isinstance(value, FunctionType | type) and package_of(value) in {seam.partition(".")[0], "_socket", "_ssl"}


def _goes_through(value: Any, seam: str) -> bool:
    """Return whether it is known to go through to what it wraps, or says so as ``functools.wraps`` does."""
    package = package_of(value)
    if package in TRUSTED:
        return True
    inner = spied(value)
    if inner is None:
        if package in FAKES or package in ("unittest", "mock"):
            return False
        if makes_contexts(*seam.rpartition(".")[::2], value):
            return True
        is_clock = seam.startswith(("time.", "datetime."))
        inner = getattr(value, "__wrapped__", None) if is_clock else wrapped_by(value)
    return inner is not None and inner is not value and (is_own(inner, seam) or _goes_through(inner, seam))
