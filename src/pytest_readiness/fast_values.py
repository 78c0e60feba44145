"""Frozen values, made quickly: a command makes a hundred kinds of them before it begins, a gate tens of thousands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

__all__ = ["dataclass", "fast_constructor", "field"]

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(kind: Any = None, /, *, frozen: bool = False, slots: bool = False, kw_only: bool = False) -> Any:
        """Do what ``dataclasses.dataclass`` does; for a frozen class in a quarter of the time.

        Only ``__init__`` is compiled for it. All else is the same for every class, but for the names of its fields.
        """

        def make(kind: Any) -> Any:
            if not frozen:
                return dataclasses.dataclass(kind, slots=slots, kw_only=kw_only)
            plain = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
            return _freeze(plain(kind), slots=slots)

        return make if kind is None else make(kind)


def _freeze(kind: type[Any], *, slots: bool) -> type[Any]:
    """Give a class what a frozen dataclass has, where it does not say so itself."""
    told = fields(kind)
    compared = _getter([each.name for each in told if each.compare])
    hashed = _getter([each.name for each in told if (each.compare if each.hash is None else each.hash)])

    def equal(self: Any, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: Any) -> int:
        return hash(hashed(self))

    made = _init(told)
    made.__qualname__ = f"{kind.__qualname__}.__init__"  # which a wrong call is told by
    methods = {"__init__": made, "__eq__": equal, "__hash__": hash_of, **(_WITH_SLOTS if slots else _SAME)}
    for name, method in methods.items():
        if vars(kind).get(name) is None:
            setattr(kind, name, method)
    return kind


def _getter(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _init(told: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Compile the ``__init__`` of a class with these fields."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_none": MISSING}
    takes: list[str] = []
    named: list[str] = []
    sets: list[str] = []
    for each in told:
        name, default, value = each.name, "", each.name
        if each.default_factory is not MISSING:
            known[f"_make_{name}"], default = each.default_factory, "=_none"
            value = f"_make_{name}() if {name} is _none else {name}" if each.init else f"_make_{name}()"
        elif each.default is not MISSING:
            known[f"_of_{name}"], default = each.default, f"=_of_{name}"
            value = name if each.init else f"_of_{name}"
        if each.init:
            (named if each.kw_only else takes).append(f"{name}{default}")
        if each.init or default:
            sets.append(f"    _set(self, {name!r}, {value})\n")
    takes += ["*", *named] if named else []
    return _compiled("__init__", f"self, {', '.join(takes)}", "".join(sets) or "    pass\n", known)


def _compiled(name: str, takes: str, body: str, known: dict[str, Any]) -> Callable[..., Any]:
    exec(f"def {name}({takes}):\n{body}", known)  # noqa: S102 - as dataclasses do
    return known[name]  # type: ignore[no-any-return]


def _shown(self: Any) -> str:
    told = [f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr]
    return f"{type(self).__qualname__}({', '.join(told)})"


def _refuse_to_set(_: Any, name: str, __: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_SAME = {"__repr__": _shown, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
_WITH_SLOTS = {**_SAME, "__getstate__": _state, "__setstate__": _set_state}
"""For copies and pickles: without slots these set what is in ``__dict__``."""


def fast_constructor(kind: type[T]) -> Callable[..., T]:
    """Return what makes values of a frozen dataclass with slots, in a tenth of the time of the class itself.

    A frozen class sets each field by a call. Here a twin that is not frozen has its fields set, and then becomes a
    value of the class, which has the same slots.
    """
    told = fields(kind)  # type: ignore[arg-type]
    twin = type(kind.__name__, (), {"__slots__": tuple(each.name for each in told)})
    known: dict[str, Any] = {"_kind": kind, "_twin": twin, "_new": object.__new__}
    known |= {f"_of_{each.name}": each.default for each in told if each.default is not MISSING}
    takes = ", ".join(each.name if each.default is MISSING else f"{each.name}=_of_{each.name}" for each in told)
    sets = "".join(f"    made.{each.name} = {each.name}\n" for each in told)
    body = f"    made = _new(_twin)\n{sets}    made.__class__ = _kind\n    return made\n"
    return _compiled("make", takes, body, known)
