"""The marker: ``@evidence("UC-003", item=4)``, and what a mark on a test says, parsed in one place.

Nothing is raised at import, however wrong a marker is: the one test that carries it fails in its setup.
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
_BITS = 64
"""Python writes no number of many thousand digits, and no item has one."""
_NAME = type.__dict__["__name__"].__get__
"""Tells the name of a class, whatever its own class makes of that."""

if TYPE_CHECKING:

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

else:

    def evidence(*use_cases: Any, **fields: Any) -> pytest.MarkDecorator:
        """Mark a test, a class, a module or a parametrised case as evidence (typed form above)."""
        return pytest.mark.evidence(*use_cases, **fields)


def claims_of(marks: Sequence[pytest.Mark], catalogue: Catalogue | None) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Return the claims that marks make, each once, and a sentence for each thing that is wrong with them.

    Without a catalogue only the form of the marks is judged.
    """
    claims: dict[Claim, None] = {}
    problems: list[str] = []
    for mark in marks:
        try:
            made = _parse(mark)
        except ClaimError as error:
            problems.append(str(error))
            continue
        for claim in made:
            try:
                claims[catalogue.resolve(claim) if catalogue else claim] = None
            except ClaimError as error:
                problems.append(str(error))
    return tuple(claims), tuple(problems)


def plain_form(mark: pytest.Mark) -> tuple[str, int | str] | None:
    """Return use case and item of a mark that names one of each and nothing else, as most do; None for any other.

    Marks of which this is equal say the same: ``True`` and ``1`` are equal as well, and only one of them is an item.
    """
    if len(mark.args) == 1 and len(mark.kwargs) == 1:
        use_case, item = mark.args[0], mark.kwargs.get("item")
        if type(use_case) is str and (type(item) is int or type(item) is str):
            return use_case, item
    return None


def _parse(mark: pytest.Mark) -> list[Claim]:
    unknown = [name for name in mark.kwargs if name not in KEYWORDS]
    if unknown:
        known = suggestion(unknown[0], KEYWORDS) or f" (known are {', '.join(KEYWORDS)})"
        raise ClaimError(f"the evidence marker has no keyword '{unknown[0]}'{known}")
    use_cases = [_use_case(name) for name in mark.args]
    if not use_cases:
        raise ClaimError('the evidence marker names no use case: write @evidence("UC-001", item=1)')
    texts = {name: _text(name, mark.kwargs.get(name)) for name in _TEXTS}
    if texts["replay_mode"] not in (None, *REPLAY_MODES):
        raise ClaimError(f"replay_mode must be FULL or TRACE_ONLY, not '{texts['replay_mode']}'")
    items = _items(mark.kwargs.get("item"))
    return [Claim(use_case, item, **texts) for use_case in use_cases for item in items]


def _use_case(given: Any) -> str:
    if (name := as_text(given)) is None:
        raise ClaimError(f"the evidence marker takes use cases as texts, not {_kind(given)}")
    if not name.strip():
        raise ClaimError('the evidence marker names an empty use case: write @evidence("UC-001", item=1)')
    return name


def _items(given: Any) -> list[str]:
    several = _as_several(given)
    if given is None or not several:
        raise ClaimError('the evidence marker names no item: write @evidence("UC-001", item=1)')
    return [_item(item) for item in several]


def valid_items(given: Any) -> Iterator[str]:
    """Yield the items that can be understood of what a mark says."""
    for item in _as_several(given):
        with suppress(ClaimError):
            yield _item(item)


def _item(given: Any) -> str:
    if name := as_text(given):
        return name
    kind = type(given)
    if issubclass(kind, int) and not issubclass(kind, bool):
        if int.bit_length(given) <= _BITS:
            return int.__repr__(given)
        raise ClaimError("item must be the number or name of an item, and no item has a number as large as that")
    raise ClaimError(f"item must be a number, a name or a list of them, not {_kind(given)}")


def _text(name: str, given: Any) -> str | None:
    if given is None:
        return None
    value = as_text(given)
    if not value:
        raise ClaimError(f"{name} must be a text, not {_kind(given)}")
    return value


# A mark holds whatever somebody wrote. Nothing of it is asked for anything: its methods may raise, or say two things.


def _as_several(given: Any) -> list[Any]:
    kind = type(given)
    if issubclass(kind, list):
        return list.__getitem__(given, slice(None))
    return list(tuple.__getitem__(given, slice(None))) if issubclass(kind, tuple) else [given]


def as_text(given: Any) -> str | None:
    """Return a text without its class; None: it is none."""
    return str.__str__(given) if issubclass(type(given), str) else None


def _kind(given: Any) -> str:
    return "an empty text" if as_text(given) == "" else str.__str__(_NAME(type(given)))
