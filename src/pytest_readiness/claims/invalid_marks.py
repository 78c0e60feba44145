"""What can be understood of a wrong evidence mark: for that its test fails, lest its older pass stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ..errors import ClaimError, suggestion
from .catalogue import Catalogue
from .claim import Claim
from .marker import KEYWORDS, items_of, text_of


class RawMark(Protocol):
    """What pytest keeps of a mark."""

    @property
    def args(self) -> tuple[Any, ...]:
        """What was given by place: use cases."""

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """What was given by name."""


def understood_claims(marks: Sequence[RawMark], catalogue: Catalogue) -> Iterator[Claim]:
    """Yield the claims of the use cases and items that marks name and that there are.

    A limit that cannot be understood is none: it would hide the failure.
    """
    for mark in marks:
        for given in mark.args:
            use_case = _known(given, lambda name: catalogue.use_case(name).id)
            for item in items_of(_item(mark.kwargs)) if use_case is not None else ():
                key = _known(item, lambda name: catalogue.item(name).key)
                if use_case is not None and key is not None:
                    yield _limited(Claim(use_case, key), mark.kwargs, catalogue)


def _item(said: Mapping[str, Any]) -> Any:
    """Return what is said of the item, under a misspelt keyword too."""
    close = [name for name in said if name not in KEYWORDS and "'item'" in suggestion(name, KEYWORDS)]
    return said.get("item", said[close[0]] if close else ())


def _known(given: Any, find: Callable[[str], str]) -> str | None:
    if (name := text_of(given)) is None:
        return None
    try:
        return find(name)
    except ClaimError:
        return None


def _limited(claim: Claim, said: Mapping[str, Any], catalogue: Catalogue) -> Claim:
    limits = {name: text_of(said.get(name)) for name in ("environment", "provider_mode", "part")}
    for name, value in limits.items():
        if value:
            try:
                claim = catalogue.resolve(Claim(**{**claim.to_plain(), name: value}))
            except ClaimError:
                continue
    return claim
