"""Who decides: whoever is named, else who CI or git says it is; and how that is known."""

from __future__ import annotations

import os

from ..errors import ConfigError, RefusedError
from ..facts.decision import IdentityLevel
from ..fast_values import dataclass
from ..pipeline.evaluate_project import Project
from ..recording.provenance.run import find_person, read_ci, read_git


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, and how that is known."""

    name: str
    known_by: IdentityLevel


def find_decider(place: Project, given: str | None) -> Decider:
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
    same = [one.known_by for one in told if place.policy.people.is_same_person(one.name, name)]
    return Decider(name, max(same, key=lambda known: known.rank, default=IdentityLevel.DECLARED))


def _told(place: Project) -> list[Decider]:
    """Return who CI and git say it is: git first where the author of a commit will have decided."""
    said = [
        (read_ci(os.environ).get("actor"), IdentityLevel.CI),
        (read_git(place.settings.folder).get("email"), IdentityLevel.GIT),
    ]
    told = [Decider(name, known_by) for name, known_by in said if name]
    return told[::-1] if in_folder(place) else told


def in_folder(place: Project) -> bool:
    """Return whether decisions live in a folder of the repository, and not in the store."""
    return place.settings.decisions != "store"


def find_requester(place: Project) -> str:
    """Return who runs this, and so asks for a waiver unless somebody else does."""
    folder = place.settings.folder
    return find_person(os.environ.get("READINESS_ACTOR"), read_ci(os.environ), read_git(folder).get("email"))["name"]
