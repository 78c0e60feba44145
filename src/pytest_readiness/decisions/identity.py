"""Identity of the person who decides: the named one, else the user of CI or git."""

from __future__ import annotations

import os

from msgspec import Struct

from ..errors import ConfigError, RefusedError
from ..facts.decision import IdentityLevel
from ..pipeline.evaluate_project import Project
from ..recording.provenance.run import find_person, read_ci, read_git


class Decider(Struct, frozen=True):
    """The person who decides, and how their identity is known."""

    name: str
    known_by: IdentityLevel


def find_decider(project: Project, given: str | None) -> Decider:
    """Return the person who decides: the given name, else the user of CI or git.

    A given name that CI or git confirms has their identity level, and is not only self-declared.

    Raises:
        ConfigError: the given name is empty.
        RefusedError: no name is given, and neither CI nor git has one.
    """
    detected = _detected_deciders(project)
    if given is None:
        if not detected:
            raise RefusedError("it is unknown who decides: use --by NAME, or set git's user.email")
        return detected[0]
    if not (name := given.strip()):
        raise ConfigError("--by is empty: give a name, such as --by ana@example.com")
    levels = [decider.known_by for decider in detected if project.policy.people.is_same_person(decider.name, name)]
    return Decider(name, max(levels, key=lambda level: level.rank, default=IdentityLevel.DECLARED))


def _detected_deciders(project: Project) -> list[Decider]:
    """Return the users of CI and git; git first if decisions are files, since a commit's author counts there."""
    users = [
        (read_ci(os.environ).get("actor"), IdentityLevel.CI),
        (read_git(project.settings.folder).get("email"), IdentityLevel.GIT),
    ]
    deciders = [Decider(name, known_by) for name, known_by in users if name]
    return deciders[::-1] if in_folder(project) else deciders


def in_folder(project: Project) -> bool:
    """Return whether decisions are files of the repository, and not records of the store."""
    return project.settings.decisions != "store"


def find_requester(project: Project) -> str:
    """Return the person who runs the command, who requests a waiver unless another requester is named."""
    folder = project.settings.folder
    return find_person(os.environ.get("READINESS_ACTOR"), read_ci(os.environ), read_git(folder).get("email"))["name"]
