"""The marker ``@evidence("UC-003", item=4)``, and the parser of the marks on a test.

Nothing is raised at import, even if a marker is invalid: the one test that has it fails in its setup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import ClaimError, suggestion
from .catalogue import REPLAY_MODES, Catalogue
from .claim import Claim

_TEXTS = ("environment", "provider_mode", "part", "replay_mode")
KEYWORDS = ("item", *_TEXTS)
MAX_ITEM_BITS = 64
"""Largest item number. Python cannot print a number of many thousand digits, and no item needs one."""
_CLASS_NAME = type.__dict__["__name__"].__get__
"""Returns the name of a class, even if its metaclass overrides ``__name__``."""

if not TYPE_CHECKING:

    def evidence(*use_cases: Any, **fields: Any) -> pytest.MarkDecorator:
        """Mark a test, a class, a module or a parametrised case as evidence (typed form below)."""
        return pytest.mark.evidence(*use_cases, **fields)


if TYPE_CHECKING:  # last, as tools that read the source take the last one

    def evidence(
        *use_cases: str,
        item: int | str | Sequence[int | str],
        environment: str | None = None,
        provider_mode: str | None = None,
        part: str | None = None,
        replay_mode: str | None = None,
    ) -> pytest.MarkDecorator:
        """Mark a test, a class, a module or a parametrised case as evidence.

        The same as ``pytest.mark.evidence``, typed.

        Args:
            *use_cases: ids as in the register, such as ``"UC-003"``.
            item: number or name of the item, or a list of them.
            environment: the claim holds in this environment only.
            provider_mode: the claim holds with this provider mode only.
            part: named part of the item, such as ``"rotation"`` or a drill's name.
            replay_mode: ``"FULL"`` or ``"TRACE_ONLY"``, for an item that validates replay.
        """


def claims_of(marks: Sequence[pytest.Mark], catalogue: Catalogue | None) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Return the claims of marks, each once, and a message for each problem of the marks.

    Without a catalogue only the form of the marks is checked.
    """
    claims: dict[Claim, None] = {}
    problems: list[str] = []
    for mark in marks:
        try:
            parsed = _parse(mark)
        except ClaimError as error:
            problems.append(str(error))
            continue
        for claim in parsed:
            try:
                claims[catalogue.resolve(claim) if catalogue else claim] = None
            except ClaimError as error:
                problems.append(str(error))
    return tuple(claims), tuple(problems)


def plain_form(mark: pytest.Mark) -> tuple[str, int | str] | None:
    """Return use case and item of a mark that has one of each and nothing else, as most have; None: it has more.

    Marks with an equal plain form have equal claims. ``True`` equals ``1`` but is no item, so the types must match.
    """
    if len(mark.args) == 1 and len(mark.kwargs) == 1:
        use_case, item = mark.args[0], mark.kwargs.get("item")
        if type(use_case) is str and (type(item) is int or type(item) is str):
            return use_case, item
    return None


def _parse(mark: pytest.Mark) -> list[Claim]:
    unknown = [name for name in mark.kwargs if name not in KEYWORDS]
    if unknown:
        hint = suggestion(unknown[0], KEYWORDS) or f" (known are {', '.join(KEYWORDS)})"
        raise ClaimError(f"the evidence marker has no keyword '{unknown[0]}'{hint}")
    use_cases = [_use_case(name) for name in mark.args]
    if not use_cases:
        raise ClaimError('the evidence marker names no use case: write @evidence("UC-001", item=1)')
    texts = {name: _text(name, mark.kwargs.get(name)) for name in _TEXTS}
    if texts["replay_mode"] not in (None, *REPLAY_MODES):
        raise ClaimError(f"replay_mode must be FULL or TRACE_ONLY, not '{texts['replay_mode']}'")
    items = _items(mark.kwargs.get("item"))
    return [Claim(use_case, item, **texts) for use_case in use_cases for item in items]


def _use_case(argument: Any) -> str:
    if (name := as_text(argument)) is None:
        raise ClaimError(f"the evidence marker takes use cases as texts, not {_kind(argument)}")
    if not name.strip():
        raise ClaimError('the evidence marker names an empty use case: write @evidence("UC-001", item=1)')
    return name


def _items(argument: Any) -> list[str]:
    items = _as_list(argument)
    if argument is None or not items:
        raise ClaimError('the evidence marker names no item: write @evidence("UC-001", item=1)')
    return [_item(item) for item in items]


def valid_items(argument: Any) -> Iterator[str]:
    """Yield the valid items of a mark's ``item`` argument."""
    for item in _as_list(argument):
        with suppress(ClaimError):
            yield _item(item)


def _item(argument: Any) -> str:
    if name := as_text(argument):
        return name
    kind = type(argument)
    if issubclass(kind, int) and not issubclass(kind, bool):
        if int.bit_length(argument) <= MAX_ITEM_BITS:
            return int.__repr__(argument)
        raise ClaimError("item must be the number or name of an item, and no item has a number as large as that")
    raise ClaimError(f"item must be a number, a name or a list of them, not {_kind(argument)}")


def _text(name: str, argument: Any) -> str | None:
    if argument is None:
        return None
    value = as_text(argument)
    if not value:
        raise ClaimError(f"{name} must be a text, not {_kind(argument)}")
    return value


# A mark can hold any object. The methods below are those of the builtin types, since the object's own may raise or lie.


def _as_list(argument: Any) -> list[Any]:
    kind = type(argument)
    if issubclass(kind, list):
        return list.__getitem__(argument, slice(None))
    return list(tuple.__getitem__(argument, slice(None))) if issubclass(kind, tuple) else [argument]


def as_text(argument: Any) -> str | None:
    """Return a text as a plain ``str``, without its own class; None: it is no text."""
    return str.__str__(argument) if issubclass(type(argument), str) else None


def _kind(argument: Any) -> str:
    return "an empty text" if as_text(argument) == "" else str.__str__(_CLASS_NAME(type(argument)))
