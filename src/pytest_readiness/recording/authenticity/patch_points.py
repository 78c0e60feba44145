"""Patch points of networks and clocks: the known places, and detection of replaced ones.

This module imports no library that the test session has not imported: a library that is not loaded replaces nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any

from msgspec import Struct

from .pass_through import (
    is_another_client,
    is_genuine,
    is_partial_of,
    makes_contexts,
    package_of,
    spied_original,
    wrapped_by,
)

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
"""Libraries that replace a network or a clock: package, and display name."""
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
"""Packages that wrap a patch point and still call it, or refuse to: tracing, other event loops, guards."""
_HTTP = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "gmtime", "localtime")
PATCH_POINTS: dict[str, tuple[str, ...]] = {
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
"""Names that are compared before and after each test, by module."""

STARTS: tuple[tuple[str, str, str], ...] = (
    ("httpretty.core", "apply_patch_socket", NETWORK),
    ("freezegun.api", "_freeze_time.start", CLOCK),
    ("time_machine", "travel.start", CLOCK),
    ("mocket.mocket", "Mocket.enable", NETWORK),
    ("httmock", "HTTMock.__enter__", NETWORK),
    ("betamax.recorder", "Betamax.start", NETWORK),
)
"""Module, function, and the replaced thing: libraries with a start function of their own."""
USES: tuple[tuple[str, str, str], ...] = (
    ("httpx", "MockTransport.handle_request", "httpx.MockTransport"),
    ("httpx", "MockTransport.handle_async_request", "httpx.MockTransport"),
    ("httpx", "ASGITransport.handle_async_request", "httpx.ASGITransport"),
    ("httpx", "WSGITransport.handle_request", "httpx.WSGITransport"),
    ("botocore.stub", "Stubber.activate", "botocore.stub.Stubber"),
    ("requests_mock.adapter", "Adapter.send", "requests-mock"),
    # It also replays HAR files. The module's name depends on the version.
    ("playwright._impl.network", "Route.fulfill", "Playwright's route.fulfill"),
    ("playwright._impl._network", "Route.fulfill", "Playwright's route.fulfill"),
)
"""Mocks that are used without a start: module, function, and display name; a call means a replacement."""
_NETWORK_MODULES = (
    "_socket", "_ssl", "aiohttp.client", "aiohttp.connector", "aiohttp.resolver", "boto3", "botocore.awsrequest",
    "botocore.client", "botocore.endpoint", "botocore.httpsession", "confluent_kafka", "elasticsearch", "ftplib",
    "grpc", "http.client", "httpcore", "httpx", "imaplib", "kafka", "ldap3", "paramiko", "pika", "poplib", "psycopg",
    "psycopg2", "pycurl", "pymongo", "pymysql", "redis", "requests", "smtplib", "socket", "ssl", "telnetlib",
    "urllib.request", "urllib3", "websocket", "websockets",
)  # fmt: skip
"""Modules whose functions, classes and instances reach the network, with their submodules."""
_HARMLESS_MODULES = (
    "botocore.exceptions", "http.cookiejar", "httpx._auth", "httpx._config", "httpx._models", "httpx._status_codes",
    "httpx._urls", "redis.exceptions", "requests.auth", "requests.compat", "requests.cookies", "requests.models",
    "requests.structures", "requests.utils", "urllib3.fields", "urllib3.response", "urllib3.util.retry",
    "urllib3.util.timeout", "urllib3.util.url",
)  # fmt: skip
_HARMLESS_NAMES = frozenset({
    "Headers", "Limits", "Request", "Response", "Timeout", "URL", "allowed_gai_family", "cert_verify",
    "disable_warnings", "get_default_verify_paths", "getfqdn", "gethostbyaddr", "gethostname", "getproxies",
    "getproxies_environment", "getservbyname", "proxy_bypass", "proxy_bypass_environment",
})  # fmt: skip
_STREAMS = frozenset({"open_connection", "create_connection", "open_unix_connection", "create_datagram_endpoint"})


def replaced_kind(target: Any, name: str, original: Any) -> str | None:
    """Return what a replacement of ``target.name`` replaces, if it was ``original``: NETWORK, CLOCK, or None."""
    if isinstance(original, ModuleType):
        return CLOCK if original.__name__ in ("time", "datetime") else _if_network(original.__name__)
    if _is_clock(original):
        return CLOCK
    described = original if isinstance(original, type) or hasattr(original, "__name__") else type(original)
    called = str(getattr(described, "__name__", ""))
    if {name, called} & _HARMLESS_NAMES or (isinstance(original, type) and issubclass(original, BaseException)):
        return None
    if isinstance(original, Enum):  # a constant such as ssl.CERT_REQUIRED
        return None
    module = str(getattr(described, "__module__", "") or "")
    if module.partition(".")[0] == "asyncio":
        return NETWORK if called in _STREAMS else None
    return _if_network(module) or _kind_by_target(target, name, module)


def _kind_by_target(target: Any, name: str, module: str) -> str | None:
    """Return the kind by the target if the original is itself a mock, else None."""
    if module.partition(".")[0] not in (*FAKES, "unittest", "mock"):
        return None
    target_module = target.__name__ if isinstance(target, ModuleType) else str(getattr(target, "__module__", ""))
    if target_module == "time":
        return CLOCK if name in _CLOCKS else None
    return CLOCK if target_module == "datetime" else _if_network(target_module)


def is_real(target: Any, name: str, original: Any, new: Any) -> bool:
    """Return whether the new value is real too.

    That is the point's own original, a ``partial`` of it, another client of its class, or a maker of TLS contexts.
    """
    if makes_contexts(str(getattr(original, "__module__", "")), str(getattr(original, "__name__", "")), new):
        return True
    kind = replaced_kind(target, name, original)
    if kind == NETWORK and (is_partial_of(new, original) or is_another_client(new, original)):
        return True
    if not is_genuine(new) or not (isinstance(new, type) or new.__name__ == name):
        return False
    return replaced_kind(target, name, new) is not None and is_own(new, patch_point_name(target, name))


def _is_clock(value: Any) -> bool:
    module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if module == "time":
        return name in _CLOCKS
    return module == "datetime" and name in ("datetime", "date") and isinstance(value, type)


def _if_network(module: str) -> str | None:
    return NETWORK if _is_in(module, _NETWORK_MODULES) and not _is_in(module, _HARMLESS_MODULES) else None


def _is_in(module: str, modules: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in modules)


def patch_point_name(target: Any, name: str, original: Any = None) -> str:
    """Return the display name of a patch point, such as ``requests.adapters.HTTPAdapter.send``."""
    if isinstance(target, ModuleType):
        owner = target.__name__
    else:
        kind = target if isinstance(target, type) else type(target)
        owner = f"{kind.__module__}.{kind.__qualname__}"
    full = f"{owner}.{name}"
    module = getattr(original, "__module__", None) or getattr(original, "__name__", "")
    if isinstance(module, str) and module and module.partition(".")[0] != owner.partition(".")[0]:
        return f"{full} ({module})" if isinstance(original, ModuleType) else f"{full} ({_full_name(original)})"
    return full


def _full_name(value: Any) -> str:
    described = value if hasattr(value, "__name__") else type(value)
    name = getattr(described, "__qualname__", None) or getattr(described, "__name__", "")
    return f"{getattr(described, '__module__', '')}.{name}"


class ReplacedPoint(Struct, frozen=True):
    """A patch point that is not the original of its module."""

    point: str
    kind: str
    """NETWORK or CLOCK."""
    package: str
    """Package of the replacement; empty if it is unknown."""
    by: str
    """Name of the replacement."""


class PatchPoints:
    """Patch points of the loaded modules, each with its accepted value."""

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._loaded = -1
        self._rows: list[tuple[Mapping[str, Any], str, str, str]] = []
        """Namespace of the owner, name there, full name, and kind of each point."""
        self._accepted: list[Any] = []
        self._present: list[tuple[Mapping[str, Any], str, Any]] = []
        """Namespace, name and accepted value of each point that has a value."""
        self._absent: list[tuple[Mapping[str, Any], str]] = []
        """Namespace and name of the other points: a class inherits it, or another version has it."""

    def find_replaced(self) -> list[ReplacedPoint]:
        """Return the points that are replaced at this moment."""
        if len(sys.modules) != self._loaded:
            self._scan()
        if self._is_as_accepted():
            return []
        values = [namespace.get(name) for namespace, name, _, _ in self._rows]
        pairs = enumerate(zip(values, self._accepted, strict=True))
        changed = [(index, value) for index, (value, accepted) in pairs if value is not accepted]
        replaced = [point for index, value in changed for point in self._check(index, value)]
        self._arrange()
        return replaced

    def _is_as_accepted(self) -> bool:
        """Return whether each point has its accepted value.

        It runs twice per test. A loop takes less time than ``all(map(is_, map(call, gets, names), ...))``.
        """
        for namespace, name in self._absent:
            if name in namespace:
                return False
        try:
            for namespace, name, accepted in self._present:
                if namespace[name] is not accepted:
                    return False
        except KeyError:  # it was deleted
            return False
        return True

    def _arrange(self) -> None:
        """Arrange the points for ``_is_as_accepted``."""
        pairs = list(zip(self._rows, self._accepted, strict=True))
        self._present = [(row[0], row[1], accepted) for row, accepted in pairs if accepted is not None]
        self._absent = [(row[0], row[1]) for row, accepted in pairs if accepted is None]

    def _check(self, index: int, value: Any) -> Iterator[ReplacedPoint]:
        _, name, point, kind = self._rows[index]
        if value is None or is_own(value, point) or _passes_through(value, point):
            self._accepted[index] = value
        else:
            package = package_of(value)
            yield ReplacedPoint(point, kind, package, _full_name(value) if package else name)

    def _scan(self) -> None:
        """Add the points of modules that were loaded since; a reloaded module has new ones."""
        self._loaded = len(sys.modules)
        for name, points in PATCH_POINTS.items():
            module = sys.modules.get(name)
            if module is self._modules.get(name) or not isinstance(module, ModuleType):
                continue
            if name in self._modules:
                self._remove(name)
            self._modules[name] = module
            for point in points:
                self._add(module, name, point)
        self._arrange()

    def _remove(self, module: str) -> None:
        remaining = [index for index, row in enumerate(self._rows) if not row[2].startswith(f"{module}.")]
        self._rows = [self._rows[index] for index in remaining]
        self._accepted = [self._accepted[index] for index in remaining]

    def _add(self, module: ModuleType, name: str, point: str) -> None:
        owner: Any = module
        *path, last = point.split(".")
        for step in path:
            owner = vars(owner).get(step)
            if owner is None or not hasattr(owner, "__dict__"):
                return
        kind = CLOCK if name in ("time", "datetime") else NETWORK
        full = f"{name}.{point}"
        value = vars(owner).get(last)
        self._rows.append((vars(owner), last, full, kind))
        is_accepted = value is None or is_own(value, full) or _passes_through(value, full)
        self._accepted.append(value if is_accepted else _NOT_ACCEPTED)


_NOT_ACCEPTED = object()


def is_own(value: Any, point: str) -> bool:
    """Return whether the value of a patch point is from its own package or the interpreter."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    if isinstance(value, BuiltinFunctionType | MethodDescriptorType | WrapperDescriptorType):
        return value.__name__ == point.rpartition(".")[2]
    return isinstance(value, FunctionType | type) and package_of(value) in {point.partition(".")[0], "_socket", "_ssl"}


def _passes_through(value: Any, point: str) -> bool:
    """Return whether a value calls the original: it is trusted, a spy, or wraps it as ``functools.wraps`` does."""
    package = package_of(value)
    if package in TRUSTED:
        return True
    inner = spied_original(value)
    if inner is None:
        if package in FAKES or package in ("unittest", "mock"):
            return False
        if makes_contexts(*point.rpartition(".")[::2], value):
            return True
        is_clock = point.startswith(("time.", "datetime."))
        inner = getattr(value, "__wrapped__", None) if is_clock else wrapped_by(value)
    return inner is not None and inner is not value and (is_own(inner, point) or _passes_through(inner, point))
