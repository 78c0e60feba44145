"""The words of a tracker for a status: one or several for each, prefixes, boxes, and those that leave a row out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ...fast_values import dataclass
from .markdown_parser import fold_text

STATUSES = ("NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE")
READY = "READY_FOR_GO_LIVE"
SKIP = "skip"
"""The key under which the words stand that leave a row out."""
StatusSettings = Mapping[str, str | Sequence[str]]
"""A word or several by our status, as the config says them."""

_EMPTY, _TICKED = ("[ ]", "☐"), ("[x]", "☑")
_BOX = re.compile(r"\s*(\[[ xX]\]|[☐☑])\ufe0f?(?=\s|\Z)")
_UNSEEN = dict.fromkeys(map(ord, "\ufe0e\ufe0f"))
"""Signs that choose how an emoji is drawn."""


def box_of(text: str) -> str:
    """Return the box that a text begins with (``[ ]``, ``[x]``, ``☐`` or ``☑``); nothing where it begins with none."""
    found = _BOX.match(text)
    return found[1] if found else ""


def strip_box(text: str) -> str:
    """Return a text without the box that it begins with."""
    found = _BOX.match(text)
    return text[found.end() :].strip() if found else text


def is_ticked(box: str) -> bool:
    """Return whether a box is ticked."""
    return box.casefold() in _TICKED


def box_for(status: str, box: str) -> str:
    """Return a box of the same kind as it says a status: ticked for READY_FOR_GO_LIVE alone."""
    ticked = status == READY
    if is_ticked(box) == ticked:
        return box
    return (_TICKED if ticked else _EMPTY)[0 if box.startswith("[") else 1]


@dataclass(frozen=True, slots=True)
class StatusWords:
    """What each word of a tracker stands for."""

    written: Mapping[str, str]
    """The word that is written for each of our statuses."""
    exact: Mapping[str, tuple[str, ...]]
    """Our statuses, by the word folded: several where a tracker has fewer words than there are statuses."""
    prefixes: tuple[tuple[str, tuple[str, ...]], ...]
    """The same for what a word begins with, the longest first."""
    skipped: frozenset[str]
    skipped_prefixes: tuple[str, ...]

    @classmethod
    def from_config(cls, said: StatusSettings) -> StatusWords:
        """Return the words that a config gives; a status that it does not speak of has our own word."""
        words = {status: words_for(said, status) for status in STATUSES}
        exact: dict[str, tuple[str, ...]] = {}
        prefixes: dict[str, tuple[str, ...]] = {}
        for status, ones in words.items():
            for word in ones:
                of, key = (prefixes, _fold(word[:-1])) if is_prefix(word) else (exact, _fold(word))
                of[key] = tuple(dict.fromkeys((*of.get(key, ()), status)))
        left_out = listed_words(said.get(SKIP, ()))
        return cls(
            written={status: _written(ones) for status, ones in words.items()},
            exact=exact,
            prefixes=tuple(sorted(prefixes.items(), key=lambda pair: -len(pair[0]))),
            skipped=frozenset(_fold(word) for word in left_out if not is_prefix(word)),
            skipped_prefixes=tuple(_fold(word[:-1]) for word in left_out if is_prefix(word)),
        )

    def meaning(self, cell: str) -> tuple[str, ...]:
        """Return the statuses that a cell may stand for; none: it is no word of this tracker."""
        key = _fold(cell)
        if key in self.exact:
            return self.exact[key]
        for prefix, statuses in self.prefixes:
            if key.startswith(prefix):
                return statuses
        return self.meaning_of_box(box_of(cell)) if cell and not strip_box(cell) else ()

    def meaning_of_box(self, box: str) -> tuple[str, ...]:
        """Return the statuses that a box stands for."""
        if not box:
            return ()
        return self.exact.get(_fold(box)) or ((READY,) if is_ticked(box) else STATUSES[:-1])

    @property
    def leaves_any_out(self) -> bool:
        """Some word leaves a row out."""
        return bool(self.skipped or self.skipped_prefixes)

    def leaves_out(self, status: str, name: str, *, is_alone: bool = True) -> bool:
        """Return whether a row is none of the register: by its status, or by what stands in the place of its id.

        That it has no status leaves it out only where nothing else stands in it either (``is_alone``): such a row
        heads others, and another one waits for its status.

        A prefix is looked for in the id only where the status is no word for one: a use case whose name begins with
        "Deferred" is one.
        """
        if not self.leaves_any_out:
            return False
        if ((status or is_alone) and _fold(status) in self.skipped) or (bool(name) and _fold(name) in self.skipped):
            return True
        return not self.meaning(status) and (self._begins(status) or self._begins(name))

    def knows(self, status: str) -> bool:
        """Return whether it is a word for a status, or one that leaves a row out."""
        return bool(self.meaning(status)) or self.leaves_out(status, "")

    def _begins(self, text: str) -> bool:
        return bool(self.skipped_prefixes) and _fold(text).startswith(self.skipped_prefixes)

    def word(self, status: str, old: str) -> str:
        """Return what is written for a status where an old word stood: a box for a box, else the first word."""
        box = box_of(old)
        if box and not strip_box(old) and _fold(box) not in self.exact:
            return box_for(status, box)
        return self.written[status]

    def listed(self) -> tuple[str, ...]:
        """Return the words for a message."""
        return tuple(dict.fromkeys(self.written.values()))

    def with_ready(self) -> tuple[str, ...]:
        """Return the other statuses that the word for READY_FOR_GO_LIVE stands for."""
        return tuple(one for one in self.meaning(self.written[READY]) if one != READY)


def words_for(said: StatusSettings, status: str) -> tuple[str, ...]:
    """Return the words for one of our statuses. Where that of NOT_STARTED is a box, it is that of all but READY."""
    if status in said:
        return listed_words(said[status])
    first = listed_words(said.get(STATUSES[0], ()))
    empty = first[:1] if status != READY and first and box_of(first[0]) == first[0].strip() else ()
    return empty or (status,)


def listed_words(said: str | Sequence[str]) -> tuple[str, ...]:
    """Return a word or several as several."""
    return (said,) if isinstance(said, str) else tuple(said)


def is_prefix(word: str) -> bool:
    """Return whether a word stands for whatever begins with it."""
    return len(word) > 1 and word.endswith("*") and not word.endswith("\\*")


def _written(words: Iterable[str]) -> str:
    """Return the first word that is no prefix; of prefixes alone, what the first begins with."""
    ones = tuple(words)
    return next((word for word in ones if word and not is_prefix(word)), ones[0].removesuffix("*").strip())


@lru_cache(maxsize=256)
def _fold(text: str) -> str:
    """The words of a tracker are few, and each stands in many rows."""
    return fold_text(text.translate(_UNSEEN))
