"""Who decides: whoever is named, else who CI or git says it is; and how that is known."""

from __future__ import annotations

import os

from ..errors import ConfigError, RefusedError
from ..facts.decision import Known
from ..fast_values import dataclass
from ..pipeline.evaluate_project import Place
from ..recording.provenance.run import ci, git, person


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, and how that is known."""

    name: str
    known_by: Known


def decider(place: Place, given: str | None) -> Decider:
    """Return who decides: whoever is named, else who the CI or git says.

    A name that is also the CI's or git's word is known by that, and not only declared.

    Raises:
        ConfigError: an empty name is given.
        RefusedError: nobody is named, and neither CI nor git knows who it is.
    """
    told = _told(place)
    if given is None:
        if not told:
            raise RefusedError("nobody knows who decides: say it with --by NAME, or set git's user.email")
        return told[0]
    if not (name := given.strip()):
        raise ConfigError("--by names nobody: give a name, such as --by ana@example.com")
    same = [one.known_by for one in told if place.policy.people.same(one.name, name)]
    return Decider(name, max(same, key=lambda known: known.rank, default=Known.DECLARED))


def _told(place: Place) -> list[Decider]:
    """Return who CI and git say it is: git first where the author of a commit will have decided."""
    said = [(ci(os.environ).get("actor"), Known.CI), (git(place.settings.folder).get("email"), Known.GIT)]
    told = [Decider(name, known_by) for name, known_by in said if name]
    return told[::-1] if in_folder(place) else told


def in_folder(place: Place) -> bool:
    """Return whether decisions live in a folder of the repository, and not in the store."""
    return place.settings.decisions != "store"


def requester(place: Place) -> str:
    """Return who runs this, and so asks for a waiver unless somebody else does."""
    folder = place.settings.folder
    return person(os.environ.get("READINESS_ACTOR"), ci(os.environ), git(folder).get("email"))["name"]
