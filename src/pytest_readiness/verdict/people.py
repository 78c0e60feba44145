"""People: the names and spellings that belong to one person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct, field

_MAILBOX = re.compile(r"[^<>]*<([^<>]*)>", re.DOTALL)
"""``Name <address>``: the address identifies the person, whatever the name."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Characters that Unicode declares invisible, in addition to the format characters."""


class People(Struct, frozen=True):
    """Names of each person, in any spelling. A name that is not joined with others is a person of its own.

    Spellings that look the same are the same name: letter case, width and other compatible forms, blanks, invisible
    characters, and a name before the address in ``Name <address>`` make no difference.
    """

    person_by_name: Mapping[str, str] = field(default_factory=dict)
    """The name of the person for each joined name."""

    @classmethod
    def from_aliases(cls, also: Mapping[str, Sequence[str]]) -> People:
        """Return the people of ``[people]``: each name with the other names of the same person.

        Entries that share a name are one person: two spellings must not pass for two people.
        """
        heads: dict[str, str] = {}
        for name, others in also.items():
            names = {_normalized(alias) for alias in (name, *others)}
            joined = {heads.get(alias, alias) for alias in names}
            head = heads.get(_normalized(name), _normalized(name))
            heads = {alias: head if person in joined else person for alias, person in heads.items()}
            heads |= dict.fromkeys(names, head)
        return cls(heads)

    def person(self, name: str) -> str:
        """Return the name that stands for the person with this name."""
        folded = _normalized(name)
        return self.person_by_name.get(folded, folded)

    def is_same_person(self, name: str, other: str) -> bool:
        """Return whether two names belong to one person."""
        return self.person(name) == self.person(other)

    def includes(self, names: Iterable[str], name: str) -> bool:
        """Return whether one of the names belongs to this person."""
        person = self.person(name)
        return any(self.person(other) == person for other in names)


@lru_cache(maxsize=1024)
def _normalized(name: str) -> str:
    if name.isascii() and name.isprintable() and "<" not in name and "  " not in name:
        return name.strip().casefold()
    # Case folding can create new compositions, so both steps repeat until nothing changes.
    before = None
    while name != before:
        before, name = name, _visible_text(unicodedata.normalize("NFKC", name).casefold())
    return name


def _visible_text(name: str) -> str:
    """Return the visible characters of a name, and of ``Name <address>`` the address."""
    shown = "".join(letter for letter in _INVISIBLE.sub("", name) if unicodedata.category(letter) != "Cf")
    shown = " ".join("".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in shown).split())
    mailbox = _MAILBOX.fullmatch(shown)
    return mailbox[1].strip() if mailbox and mailbox[1].strip() else shown
