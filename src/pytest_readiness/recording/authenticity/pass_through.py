"""Recognition of pass-through replacements: spies and TLS contexts that still call the original.

Only a replacement that certainly calls the original is one. A spy of ``unittest.mock`` that gets an answer of its own,
now or later, is a mock.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, partialmethod
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, WrapperDescriptorType
from typing import Any

_MOCKS = ("unittest.mock", "mock.mock")
_SPYING = frozenset({"pytest_mock.plugin"})
"""Modules whose side effects call the function that they name as ``__wrapped__``."""
_SPY = "_readiness_spy"
"""Attribute of a spy's class, which each mock has for itself: the original that it calls."""
_CONTEXT_MAKERS = frozenset(
    {"SSLContext", "create_default_context", "_create_unverified_context", "_create_default_https_context"}
)
_MAKES_CONTEXTS = frozenset({*_CONTEXT_MAKERS, "create_urllib3_context"})


def package_of(value: Any) -> str:
    """Return the package of a value; a function's ``__module__`` can be wrong, its globals cannot."""
    if isinstance(value, FunctionType):
        module = value.__globals__.get("__name__") or ("unittest.mock" if hasattr(value, "mock") else "")
    else:
        module = getattr(value if isinstance(value, type) else type(value), "__module__", "")
    return str(module).partition(".")[0]


def spied_original(value: Any) -> Any:
    """Return the original of a value that ``spies_on`` has accepted as a spy, and still is one; else None."""
    mock = _mock_of(value)
    return None if mock is None else vars(type(mock)).get(_SPY)


def spies_on(value: Any, original: Any, on_change: Callable[[], None]) -> bool:
    """Return whether a value is a spy that calls the real ``original``; ``on_change`` is called when that ends."""
    mock = _mock_of(value)
    if mock is None or not _is_function(original) or not _passes_on(value, mock, original):
        return False
    _watch_answers(mock, original, on_change)
    return True


def _mock_of(value: Any) -> Any:
    """Return the mock that a value is, or that belongs to a function made by autospec; None if there is none."""
    mock = value.__dict__.get("mock") if isinstance(value, FunctionType) else value
    kinds = [sys.modules[name].NonCallableMock for name in _MOCKS if name in sys.modules]
    return mock if any(issubclass(type(mock), kind) for kind in kinds) else None


def _unwrapped(function: Any) -> Any:
    while isinstance(function, staticmethod | classmethod | MethodType):
        function = function.__func__
    return function


def _is_function(original: Any) -> bool:
    """Return whether a value is a plain function; a mock of a class or a module has attributes with own answers."""
    return not isinstance(original, type) and is_genuine(_unwrapped(original))


def is_genuine(value: Any) -> bool:
    """Return whether a value is a function or a class that really comes from the module that it names."""
    if isinstance(value, BuiltinFunctionType | MethodDescriptorType | WrapperDescriptorType | type):
        return True
    package = str(getattr(value, "__module__", "")).partition(".")[0]
    return isinstance(value, FunctionType) and package != "" and package == package_of(value)


def _passes_on(value: Any, mock: Any, original: Any) -> bool:
    if isinstance(value, FunctionType):
        return _calls(value.__dict__.get("side_effect"), original)
    effect, answer = mock._mock_side_effect, mock._mock_return_value  # noqa: SLF001 - the public attribute creates an answer
    if effect is not None:
        return _calls(effect, original)
    return answer is _no_answer(mock) and _is_same(mock._mock_wraps, original)  # noqa: SLF001


def _no_answer(mock: Any) -> Any:
    module = next(kind.__module__ for kind in type(mock).__mro__ if kind.__module__ in _MOCKS)
    return sys.modules[module].DEFAULT


def _calls(effect: Any, original: Any) -> bool:
    """Return whether a side effect is the original, or a spy's function that calls it and returns its result."""
    if isinstance(effect, FunctionType) and effect.__globals__.get("__name__") in _SPYING:
        return _is_same(getattr(effect, "__wrapped__", None), original)
    return _is_same(effect, original)


def _is_same(first: Any, second: Any) -> bool:
    return first is not None and _unwrapped(first) is _unwrapped(second)


def _watch_answers(mock: Any, original: Any, on_change: Callable[[], None]) -> None:
    """Call ``on_change`` when the mock gets an answer of its own: when that is set, and before it is used."""
    kind, no_answer = type(mock), _no_answer(mock)
    effects, answers = kind.side_effect, kind.return_value
    first_effect = mock.side_effect

    def changed() -> None:
        setattr(kind, _SPY, None)
        on_change()

    def is_unchanged(effect: Any) -> bool:
        return effect is first_effect or (first_effect is not None and _calls(effect, original))

    def effect_of(self: Any) -> Any:
        effect = effects.fget(self)
        if not is_unchanged(effect):
            changed()
        return effect

    def set_effect(self: Any, effect: Any) -> None:
        effects.fset(self, effect)
        if not is_unchanged(effect):
            changed()

    def set_answer(self: Any, answer: Any) -> None:
        answers.fset(self, answer)
        if answer is not no_answer:
            changed()

    kind.side_effect, kind.return_value = property(effect_of, set_effect), property(answers.fget, set_answer)
    setattr(kind, _SPY, _unwrapped(original))


def wrapped_by(value: Any) -> Any:
    """Return the function that a value is a ``partial`` of, or that it wraps; None if neither."""
    return value.func if isinstance(value, partial | partialmethod) else getattr(value, "__wrapped__", None)


def is_partial_of(value: Any, original: Any) -> bool:
    """Return whether a value is a ``partial`` of the original, such as one with a timeout."""
    return isinstance(value, partial | partialmethod) and _is_same(value.func, original)


def is_another_client(value: Any, original: Any) -> bool:
    """Return whether a value is another client of exactly the original's class, without foreign parts.

    A function, or an object of another package, among its attributes could answer in place of the server.
    """
    if type(value) is not type(original) or isinstance(value, type | FunctionType):
        return False
    attributes = getattr(value, "__dict__", None)
    if not attributes or not is_genuine(type(value)):
        return False
    package = package_of(value)
    return all(_is_regular_part(part, package) for part in _parts(attributes.values()))


def _parts(values: Iterable[Any]) -> Iterator[Any]:
    """Yield an object's attributes, and the elements of its lists and mappings."""
    for value in values:
        yield value
        if isinstance(value, Mapping):
            yield from _parts(value.values())
        elif isinstance(value, list | tuple | set):
            yield from _parts(value)


def _is_regular_part(value: Any, client_package: str) -> bool:
    package = package_of(value)
    regular = (client_package, "builtins", *_LIBRARIES)
    return package in regular or (package in sys.stdlib_module_names and package != "unittest")


_LIBRARIES = ("anyio", "certifi", "h11", "httpcore", "multidict", "urllib3", "yarl")
"""Libraries whose objects are parts of clients, besides their own package and the standard library."""


def makes_contexts(module: str, name: str, value: Any) -> bool:
    """Return whether a value makes TLS contexts in place of ``module.name``: it changes whom clients trust.

    It is one of ssl's own functions or a ``partial`` of one, or a function that returns a real context or gets one
    from ``ssl``. The connection below is a real one.
    """
    if name not in _MAKES_CONTEXTS or module.partition(".")[0] not in ("ssl", "urllib3", "httpx"):
        return False
    if isinstance(value, partial):
        return _is_of_ssl(value.func)
    if not isinstance(value, FunctionType):
        return _is_of_ssl(value)
    reached = list(_reached(value))
    return not any(_mock_of(reachable) is not None for reachable in reached) and (
        _is_of_ssl(value) or any(map(_is_of_ssl, reached)) or _asks_ssl(value, reached)
    )


def _asks_ssl(function: FunctionType, reached: list[Any]) -> bool:
    import ssl

    return ssl in reached and not _CONTEXT_MAKERS.isdisjoint(function.__code__.co_names)


def _is_of_ssl(value: Any) -> bool:
    """Return whether a value is a real context, or a function or class of ``ssl`` that makes one."""
    import ssl

    if isinstance(value, ssl.SSLContext):
        return True
    return isinstance(value, FunctionType | type) and package_of(value) == "ssl" and value.__name__ in _CONTEXT_MAKERS


def _reached(function: FunctionType) -> list[Any]:
    """Return the objects that a function can reach: its defaults, its closure, and the globals that it names."""
    enclosed = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    used_globals = [function.__globals__[name] for name in function.__code__.co_names if name in function.__globals__]
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *enclosed, *used_globals]


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - it raises if the cell is empty
    except ValueError:
        return False
    return True
