"""What is put in the place of a network or a clock, and still goes through to the real one: spies, contexts for TLS.

Only what calls the real thing for sure is one: a spy of ``unittest.mock`` that is told to answer by itself, now or
later, stands in for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, partialmethod
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, WrapperDescriptorType
from typing import Any

_MOCKS = ("unittest.mock", "mock.mock")
_SPYING = frozenset({"pytest_mock.plugin"})
"""Modules whose functions call what they name as ``__wrapped__``, as a side effect."""
_SPY = "_readiness_spy"
"""On the class of a spy, which each mock has for itself: what it passes calls on to, and does nothing else."""
_CONTEXT_MAKERS = frozenset(
    {"SSLContext", "create_default_context", "_create_unverified_context", "_create_default_https_context"}
)
_MAKES_CONTEXTS = frozenset({*_CONTEXT_MAKERS, "create_urllib3_context"})


def package_of(value: Any) -> str:
    """Return the package that made a value; a function can say what it likes of its module, and not of its globals."""
    if isinstance(value, FunctionType):
        home = value.__globals__.get("__name__") or ("unittest.mock" if hasattr(value, "mock") else "")
    else:
        home = getattr(value if isinstance(value, type) else type(value), "__module__", "")
    return str(home).partition(".")[0]


def spied(value: Any) -> Any:
    """Return what a value passes calls on to, where it is a spy that was seen to be made, and does nothing else."""
    mock = _mock_of(value)
    return None if mock is None else vars(type(mock)).get(_SPY)


def spies_on(value: Any, original: Any, tell: Callable[[], None]) -> bool:
    """Return whether a value is a spy that calls the real ``original``; ``tell`` is called when that changes."""
    mock = _mock_of(value)
    if mock is None or not _is_function(original) or not _passes_on(value, mock, original):
        return False
    _keep_an_eye_on(mock, original, tell)
    return True


def _mock_of(value: Any) -> Any:
    """Return the mock that a value is, or that a function with the signature of another has."""
    mock = value.__dict__.get("mock") if isinstance(value, FunctionType) else value
    kinds = [sys.modules[name].NonCallableMock for name in _MOCKS if name in sys.modules]
    return mock if any(issubclass(type(mock), kind) for kind in kinds) else None


def _bare(function: Any) -> Any:
    while isinstance(function, staticmethod | classmethod | MethodType):
        function = function.__func__
    return function


def _is_function(original: Any) -> bool:
    """A class or a module is none: what is had of a mock's attributes may be configured one by one."""
    return not isinstance(original, type) and is_as_made(_bare(original))


def is_as_made(value: Any) -> bool:
    """Return whether it is a function or a class of the module that it names, and nobody's stand-in."""
    if isinstance(value, BuiltinFunctionType | MethodDescriptorType | WrapperDescriptorType | type):
        return True
    home = str(getattr(value, "__module__", "")).partition(".")[0]
    return isinstance(value, FunctionType) and home != "" and home == package_of(value)


def _passes_on(value: Any, mock: Any, original: Any) -> bool:
    if isinstance(value, FunctionType):
        return _calls(value.__dict__.get("side_effect"), original)
    effect, answer = mock._mock_side_effect, mock._mock_return_value  # noqa: SLF001 - to ask for an answer makes one
    if effect is not None:
        return _calls(effect, original)
    return answer is _no_answer(mock) and _is_same(mock._mock_wraps, original)  # noqa: SLF001


def _no_answer(mock: Any) -> Any:
    module = next(kind.__module__ for kind in type(mock).__mro__ if kind.__module__ in _MOCKS)
    return sys.modules[module].DEFAULT


def _calls(effect: Any, original: Any) -> bool:
    """Return whether a side effect is the original, or what calls it and says what came of it."""
    if isinstance(effect, FunctionType) and effect.__globals__.get("__name__") in _SPYING:
        return _is_same(getattr(effect, "__wrapped__", None), original)
    return _is_same(effect, original)


def _is_same(one: Any, other: Any) -> bool:
    return one is not None and _bare(one) is _bare(other)


def _keep_an_eye_on(mock: Any, original: Any, tell: Callable[[], None]) -> None:
    """See when it is told to answer by itself: when that is set, and when it is about to be used."""
    kind, none = type(mock), _no_answer(mock)
    effects, answers = kind.side_effect, kind.return_value
    known = mock.side_effect

    def changed() -> None:
        setattr(kind, _SPY, None)
        tell()

    def is_known(effect: Any) -> bool:
        return effect is known or (known is not None and _calls(effect, original))

    def effect_of(self: Any) -> Any:
        effect = effects.fget(self)
        if not is_known(effect):
            changed()
        return effect

    def set_effect(self: Any, effect: Any) -> None:
        effects.fset(self, effect)
        if not is_known(effect):
            changed()

    def set_answer(self: Any, answer: Any) -> None:
        answers.fset(self, answer)
        if answer is not none:
            changed()

    kind.side_effect, kind.return_value = property(effect_of, set_effect), property(answers.fget, set_answer)
    setattr(kind, _SPY, _bare(original))


def wrapped_by(value: Any) -> Any:
    """Return what a value only gives arguments to, or names as ``functools.wraps`` does; None: neither."""
    return value.func if isinstance(value, partial | partialmethod) else getattr(value, "__wrapped__", None)


def gives_arguments(value: Any, original: Any) -> bool:
    """Return whether a value is the original with some arguments given, such as a timeout."""
    return isinstance(value, partial | partialmethod) and _is_same(value.func, original)


def is_another(value: Any, original: Any) -> bool:
    """Return whether a value is another client of exactly the original's class, and nobody's parts are in it.

    A function, or an object of a class from elsewhere, in what it holds could answer in the server's place.
    """
    if type(value) is not type(original) or isinstance(value, type | FunctionType):
        return False
    held = getattr(value, "__dict__", None)
    if not held or not is_as_made(type(value)):
        return False
    own = package_of(value)
    return all(_is_part(part, own) for part in _parts(held.values()))


def _parts(values: Iterable[Any]) -> Iterator[Any]:
    """Yield what an object holds, and what is in its lists and mappings."""
    for value in values:
        yield value
        if isinstance(value, Mapping):
            yield from _parts(value.values())
        elif isinstance(value, list | tuple | set):
            yield from _parts(value)


def _is_part(value: Any, own: str) -> bool:
    package = package_of(value)
    return package in (own, "builtins", *_LIBRARIES) or (package in sys.stdlib_module_names and package != "unittest")


_LIBRARIES = ("anyio", "certifi", "h11", "httpcore", "multidict", "urllib3", "yarl")
"""What clients are made of, beside their own package and the standard library."""


def makes_contexts(home: str, name: str, value: Any) -> bool:
    """Return whether a value may make contexts for TLS in the place of ``home.name``: it changes whom clients believe.

    One of ssl's own functions, with some arguments given or not; or a function that hands out a real context or asks
    ``ssl`` for one. The connection beneath is made as ever.
    """
    if name not in _MAKES_CONTEXTS or home.partition(".")[0] not in ("ssl", "urllib3", "httpx"):
        return False
    if isinstance(value, partial):
        return _is_of_ssl(value.func)
    if not isinstance(value, FunctionType):
        return _is_of_ssl(value)
    reached = list(_reached(value))
    return not any(_mock_of(one) is not None for one in reached) and (
        _is_of_ssl(value) or any(map(_is_of_ssl, reached)) or _asks_ssl(value, reached)
    )


def _asks_ssl(function: FunctionType, reached: list[Any]) -> bool:
    import ssl

    return ssl in reached and not _CONTEXT_MAKERS.isdisjoint(function.__code__.co_names)


def _is_of_ssl(value: Any) -> bool:
    """Return whether it is a real context, or what ``ssl`` has to make one."""
    import ssl

    if isinstance(value, ssl.SSLContext):
        return True
    return isinstance(value, FunctionType | type) and package_of(value) == "ssl" and value.__name__ in _CONTEXT_MAKERS


def _reached(function: FunctionType) -> list[Any]:
    """What a function has at hand: its defaults, what it encloses, and the globals that it names."""
    enclosed = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    named = [function.__globals__[name] for name in function.__code__.co_names if name in function.__globals__]
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *enclosed, *named]


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - it raises where it is empty
    except ValueError:
        return False
    return True
