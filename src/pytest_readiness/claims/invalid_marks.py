"""The claims that can be guessed from an invalid evidence mark.

The test of an invalid mark fails for these claims. Without them an older pass of that test would still count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ..errors import ClaimError, suggestion
from .catalogue import Catalogue
from .claim import Claim
from .marker import KEYWORDS, as_text, valid_items


class RawMark(Protocol):
    """A mark as pytest stores it."""

    @property
    def args(self) -> tuple[Any, ...]:
        """The positional arguments: use cases."""

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """The keyword arguments."""


def guess_claims(marks: Sequence[RawMark], catalogue: Catalogue) -> Iterator[Claim]:
    """Yield the claims of the existing use cases and items that the marks name.

    A limit that is not understood is ignored: it would hide the failure.
    """
    for mark in marks:
        for argument in mark.args:
            use_case = _resolved_name(argument, lambda name: catalogue.use_case(name).id)
            for item in valid_items(_item_argument(mark.kwargs)) if use_case is not None else ():
                key = _resolved_name(item, lambda name: catalogue.item(name).key)
                if use_case is not None and key is not None:
                    yield _limited(Claim(use_case, key), mark.kwargs, catalogue)


def _item_argument(arguments: Mapping[str, Any]) -> Any:
    """Return the value of ``item``, also if that keyword is misspelt."""
    similar = [name for name in arguments if name not in KEYWORDS and "'item'" in suggestion(name, KEYWORDS)]
    return arguments.get("item", arguments[similar[0]] if similar else ())


def _resolved_name(argument: Any, resolve: Callable[[str], str]) -> str | None:
    if (name := as_text(argument)) is None:
        return None
    try:
        return resolve(name)
    except ClaimError:
        return None


def _limited(claim: Claim, arguments: Mapping[str, Any], catalogue: Catalogue) -> Claim:
    limits = {name: as_text(arguments.get(name)) for name in ("environment", "provider_mode", "part")}
    for name, value in limits.items():
        if value:
            try:
                claim = catalogue.resolve(Claim(**{**claim.to_plain(), name: value}))
            except ClaimError:
                continue
    return claim
