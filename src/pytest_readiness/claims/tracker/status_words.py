"""The words of a tracker for each status: exact words, prefixes, boxes, and words that skip a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from ...late_pattern import late_pattern
from .markdown_parser import fold_text

STATUSES = ("NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE")
READY = "READY_FOR_GO_LIVE"
SKIP = "skip"
"""The key of the words that skip a row."""
StatusSettings = Mapping[str, str | Sequence[str]]
"""The word or words of each status, as in the config."""

_EMPTY, _TICKED = ("[ ]", "☐"), ("[x]", "☑")
_BOX = late_pattern(r"\s*(\[[ xX]\]|[☐☑])\ufe0f?(?=\s|\Z)")
VARIATION_SELECTORS = dict.fromkeys(map(ord, "\ufe0e\ufe0f"))
"""Characters that choose how an emoji is drawn."""


def box_of(text: str) -> str:
    """Return the box at the start of a text (``[ ]``, ``[x]``, ``☐`` or ``☑``); empty: there is none."""
    match = _BOX.match(text)
    return match[1] if match else ""


def strip_box(text: str) -> str:
    """Return a text without the box at its start."""
    match = _BOX.match(text)
    return text[match.end() :].strip() if match else text


def is_ticked(box: str) -> bool:
    """Return whether a box is ticked."""
    return box.casefold() in _TICKED


def box_for(status: str, box: str) -> str:
    """Return the box of a status, in the style of another box: ticked for READY_FOR_GO_LIVE only."""
    ticked = status == READY
    if is_ticked(box) == ticked:
        return box
    return (_TICKED if ticked else _EMPTY)[0 if box.startswith("[") else 1]


class StatusWords(Struct, frozen=True):
    """The statuses that each word of a tracker means."""

    written: Mapping[str, str]
    """The word to write for each status."""
    exact: Mapping[str, tuple[str, ...]]
    """Statuses by folded word: several if the tracker has fewer words than there are statuses."""
    prefixes: tuple[tuple[str, tuple[str, ...]], ...]
    """(folded prefix, statuses), the longest prefix first."""
    skipped: frozenset[str]
    """The folded words that skip a row."""
    skipped_prefixes: tuple[str, ...]

    @classmethod
    def from_config(cls, settings: StatusSettings) -> StatusWords:
        """Return the words that a config gives; a status without words has its own name."""
        words_by_status = {status: words_for(settings, status) for status in STATUSES}
        exact: dict[str, tuple[str, ...]] = {}
        prefixes: dict[str, tuple[str, ...]] = {}
        for status, words in words_by_status.items():
            for word in words:
                target, key = (prefixes, _fold(word[:-1])) if is_prefix(word) else (exact, _fold(word))
                target[key] = tuple(dict.fromkeys((*target.get(key, ()), status)))
        skip_words = as_words(settings.get(SKIP, ()))
        return cls(
            written={status: _word_to_write(words) for status, words in words_by_status.items()},
            exact=exact,
            prefixes=tuple(sorted(prefixes.items(), key=lambda pair: -len(pair[0]))),
            skipped=frozenset(_fold(word) for word in skip_words if not is_prefix(word)),
            skipped_prefixes=tuple(_fold(word[:-1]) for word in skip_words if is_prefix(word)),
        )

    def statuses_of(self, cell: str) -> tuple[str, ...]:
        """Return the statuses that a cell may mean; empty: it has no known word."""
        key = _fold(cell)
        if key in self.exact:
            return self.exact[key]
        for prefix, statuses in self.prefixes:
            if key.startswith(prefix):
                return statuses
        return self.statuses_of_box(box_of(cell)) if cell and not strip_box(cell) else ()

    def statuses_of_box(self, box: str) -> tuple[str, ...]:
        """Return the statuses that a box may mean; empty: there is no box."""
        if not box:
            return ()
        return self.exact.get(_fold(box)) or ((READY,) if is_ticked(box) else STATUSES[:-1])

    @property
    def skips_any(self) -> bool:
        """Whether there is a word that skips a row."""
        return bool(self.skipped or self.skipped_prefixes)

    def skips_row(self, status: str, name: str, *, is_alone: bool = True) -> bool:
        """Return whether a row is skipped because of its status text or the text of its id.

        A prefix is compared with the id only if the status has no known word: a use case whose name begins with
        "Deferred" is not skipped.

        Args:
            status: The text of the status. An empty one skips a row only if ``is_alone``.
            name: The text of the id.
            is_alone: The row has no other text. Such a row is the heading of others.
        """
        if not self.skips_any:
            return False
        if ((status or is_alone) and _fold(status) in self.skipped) or (bool(name) and _fold(name) in self.skipped):
            return True
        return not self.statuses_of(status) and (self._has_skipped_prefix(status) or self._has_skipped_prefix(name))

    def is_known(self, status: str) -> bool:
        """Return whether a text means a status or skips a row."""
        return bool(self.statuses_of(status)) or self.skips_row(status, "")

    def _has_skipped_prefix(self, text: str) -> bool:
        return bool(self.skipped_prefixes) and _fold(text).startswith(self.skipped_prefixes)

    def replacement(self, status: str, old: str) -> str:
        """Return the text of a status that replaces an old one: a box for a box, else the first word."""
        box = box_of(old)
        if box and not strip_box(old) and _fold(box) not in self.exact:
            return box_for(status, box)
        return self.written[status]

    def written_words(self) -> tuple[str, ...]:
        """Return the word of each status, without duplicates."""
        return tuple(dict.fromkeys(self.written.values()))

    def shared_with_ready(self) -> tuple[str, ...]:
        """Return the other statuses that the word of READY_FOR_GO_LIVE also means."""
        return tuple(status for status in self.statuses_of(self.written[READY]) if status != READY)


def words_for(settings: StatusSettings, status: str) -> tuple[str, ...]:
    """Return the words of a status. If the word of NOT_STARTED is a box, it is that of each status but READY."""
    if status in settings:
        return as_words(settings[status])
    first = as_words(settings.get(STATUSES[0], ()))
    empty_box = first[:1] if status != READY and first and box_of(first[0]) == first[0].strip() else ()
    return empty_box or (status,)


def as_words(words: str | Sequence[str]) -> tuple[str, ...]:
    """Return one word, or several, as a tuple."""
    return (words,) if isinstance(words, str) else tuple(words)


def is_prefix(word: str) -> bool:
    """Return whether a word ends with ``*`` and so means each text that begins with it."""
    return len(word) > 1 and word.endswith("*") and not word.endswith("\\*")


def _word_to_write(words: Sequence[str]) -> str:
    """Return the first word that is no prefix; if there is none, the text of the first prefix."""
    return next((word for word in words if word and not is_prefix(word)), words[0].removesuffix("*").strip())


@lru_cache(maxsize=256)
def _fold(text: str) -> str:
    """Return a text for comparison. The results are cached: a tracker has few words, each in many rows."""
    return fold_text(text.translate(VARIATION_SELECTORS))
