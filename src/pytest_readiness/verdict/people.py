"""People: which names one person goes by, and who may decide what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ..fast_values import dataclass, field

_MAILBOX = re.compile(r"[^<>]*<([^<>]*)>", re.DOTALL)
"""``Name <address>``: the address is who it is, whatever name stands before it."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What Unicode says is shown as nothing, beside the characters of format."""


@dataclass(frozen=True, slots=True)
class People:
    """The names that one person goes by, however they are spelled. A name that nobody joined is a person of its own.

    Spellings that look the same are the same name: letter case, width and other compatible forms, blanks, what is not
    seen, and a name before the address in ``Name <address>`` make no other person.
    """

    person_by_name: Mapping[str, str] = field(default_factory=dict)
    """Each joined name, and the one that stands for its person."""

    @classmethod
    def from_aliases(cls, also: Mapping[str, Sequence[str]]) -> People:
        """Return the people of ``[people]``: each name, and the others the same person goes by.

        Names that share one are one person: four eyes must not come from two spellings.
        """
        heads: dict[str, str] = {}
        for name, others in also.items():
            names = {_normalized(alias) for alias in (name, *others)}
            joined = {heads.get(alias, alias) for alias in names}
            head = heads.get(_normalized(name), _normalized(name))
            heads = {alias: head if old in joined else old for alias, old in heads.items()}
            heads |= dict.fromkeys(names, head)
        return cls(heads)

    def person(self, name: str) -> str:
        """Return the name that stands for the person who goes by this one."""
        folded = _normalized(name)
        return self.person_by_name.get(folded, folded)

    def is_same_person(self, name: str, other: str) -> bool:
        """Return whether two names are one person's."""
        return self.person(name) == self.person(other)

    def includes(self, names: Iterable[str], name: str) -> bool:
        """Return whether one of the names is this person's."""
        person = self.person(name)
        return any(self.person(other) == person for other in names)


@lru_cache(maxsize=1024)
def _normalized(name: str) -> str:
    if name.isascii() and name.isprintable() and "<" not in name and "  " not in name:
        return name.strip().casefold()
    # Folding a letter may compose another with what stands beside it: both forms are asked for until nothing changes.
    before = None
    while name != before:
        before, name = name, _visible_text(unicodedata.normalize("NFKC", name).casefold())
    return name


def _visible_text(name: str) -> str:
    """Return what is seen of a name, and of ``Name <address>`` the address."""
    shown = "".join(letter for letter in _INVISIBLE.sub("", name) if unicodedata.category(letter) != "Cf")
    shown = " ".join("".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in shown).split())
    mailbox = _MAILBOX.fullmatch(shown)
    return mailbox[1].strip() if mailbox and mailbox[1].strip() else shown
