"""People: which names one person goes by, and who may decide what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class People:
    """The names that one person goes by, in any letter case. A name that nobody joined is a person of its own."""

    heads: Mapping[str, str] = field(default_factory=dict)
    """Each joined name, and the one that stands for its person."""

    @classmethod
    def of(cls, also: Mapping[str, Sequence[str]]) -> People:
        """Return the people of ``[people]``: each name, and the others the same person goes by.

        Names that share one are one person: four eyes must not come from two spellings.
        """
        heads: dict[str, str] = {}
        for name, others in also.items():
            names = {_folded(one) for one in (name, *others)}
            joined = {heads.get(one, one) for one in names}
            head = heads.get(_folded(name), _folded(name))
            heads = {one: head if old in joined else old for one, old in heads.items()}
            heads |= dict.fromkeys(names, head)
        return cls(heads)

    def person(self, name: str) -> str:
        """Return the name that stands for the person who goes by this one."""
        folded = _folded(name)
        return self.heads.get(folded, folded)

    def same(self, one: str, other: str) -> bool:
        """Return whether two names are one person's."""
        return self.person(one) == self.person(other)

    def includes(self, names: Iterable[str], name: str) -> bool:
        """Return whether one of the names is this person's."""
        person = self.person(name)
        return any(self.person(one) == person for one in names)


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    return name.strip().casefold()
