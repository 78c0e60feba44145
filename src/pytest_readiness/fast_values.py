"""Fast frozen dataclasses: quicker to define, and quicker to construct.

A command defines a hundred of these classes before it begins, and a gate constructs tens of thousands of values.
"""

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
        """Make a dataclass as ``dataclasses.dataclass`` does, a frozen one in a quarter of the time.

        Only ``__init__`` is compiled. The other methods are shared by all classes, and read the names of the fields.
        """

        def make(kind: Any) -> Any:
            if not frozen:
                return dataclasses.dataclass(kind, slots=slots, kw_only=kw_only)
            plain = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
            return _freeze(plain(kind), slots=slots)

        return make if kind is None else make(kind)


def _freeze(kind: type[Any], *, slots: bool) -> type[Any]:
    """Add the methods of a frozen dataclass to a class, except those that it defines itself."""
    specs = fields(kind)
    compared = _getter([spec.name for spec in specs if spec.compare])
    hashed = _getter([spec.name for spec in specs if (spec.compare if spec.hash is None else spec.hash)])

    def equal(self: Any, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: Any) -> int:
        return hash(hashed(self))

    init = _compile_init(specs)
    init.__qualname__ = f"{kind.__qualname__}.__init__"  # shown in the error of a wrong call
    methods = {"__init__": init, "__eq__": equal, "__hash__": hash_of, **(_WITH_SLOTS if slots else _SHARED)}
    for name, method in methods.items():
        if vars(kind).get(name) is None:
            setattr(kind, name, method)
    return kind


def _getter(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _compile_init(specs: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """Return the ``__init__`` of a class with these fields."""
    namespace: dict[str, Any] = {"_set": object.__setattr__, "_none": MISSING}
    parameters: list[str] = []
    keyword_only: list[str] = []
    assignments: list[str] = []
    for spec in specs:
        name, default, value = spec.name, "", spec.name
        if spec.default_factory is not MISSING:
            namespace[f"_make_{name}"], default = spec.default_factory, "=_none"
            value = f"_make_{name}() if {name} is _none else {name}" if spec.init else f"_make_{name}()"
        elif spec.default is not MISSING:
            namespace[f"_of_{name}"], default = spec.default, f"=_of_{name}"
            value = name if spec.init else f"_of_{name}"
        if spec.init:
            (keyword_only if spec.kw_only else parameters).append(f"{name}{default}")
        if spec.init or default:
            assignments.append(f"    _set(self, {name!r}, {value})\n")
    parameters += ["*", *keyword_only] if keyword_only else []
    return _compile("__init__", f"self, {', '.join(parameters)}", "".join(assignments) or "    pass\n", namespace)


def _compile(name: str, parameters: str, body: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    exec(f"def {name}({parameters}):\n{body}", namespace)  # noqa: S102 - as dataclasses do
    return namespace[name]  # type: ignore[no-any-return]


def _repr(self: Any) -> str:
    values = [f"{spec.name}={getattr(self, spec.name)!r}" for spec in fields(self) if spec.repr]
    return f"{type(self).__qualname__}({', '.join(values)})"


def _refuse_to_set(_: Any, name: str, __: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, spec.name) for spec in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for spec, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, spec.name, value)


_SHARED = {"__repr__": _repr, "__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
_WITH_SLOTS = {**_SHARED, "__getstate__": _state, "__setstate__": _set_state}
"""Methods for copies and pickles: classes without slots need none, their state is ``__dict__``."""


def fast_constructor(kind: type[T]) -> Callable[..., T]:
    """Return a constructor of a frozen, slotted dataclass that takes a tenth of the time of the class itself.

    A frozen class sets each field by a call. This constructor sets the fields of a twin that is not frozen and has
    the same slots, and then assigns the class to it.
    """
    specs = fields(kind)  # type: ignore[arg-type]
    twin = type(kind.__name__, (), {"__slots__": tuple(spec.name for spec in specs)})
    namespace: dict[str, Any] = {"_kind": kind, "_twin": twin, "_new": object.__new__}
    namespace |= {f"_of_{spec.name}": spec.default for spec in specs if spec.default is not MISSING}
    parameters = ", ".join(spec.name if spec.default is MISSING else f"{spec.name}=_of_{spec.name}" for spec in specs)
    assignments = "".join(f"    value.{spec.name} = {spec.name}\n" for spec in specs)
    body = f"    value = _new(_twin)\n{assignments}    value.__class__ = _kind\n    return value\n"
    return _compile("make", parameters, body, namespace)
