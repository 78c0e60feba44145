"""All homes of decision files: the one in use, and former ones whose blockers still count."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from ...errors import Problem, StorageError, location, one_line
from ...facts.decision import Decision
from ..protocol import RegisterDecisions
from .committed_files import DecisionTree, FolderReader, find_folder
from .decision_file import SUFFIX
from .git_history import IsSamePerson
from .unversioned_files import NO_REPOSITORY, is_in_repository, unversioned_decisions


def read_home(path: Path, base: Path, register: str, is_same_person: IsSamePerson) -> RegisterDecisions:
    """Return the decisions of a folder that count, and why others do not. Raises nothing.

    Args:
        path: the folder, which need not exist.
        base: the folder of the config. Decisions in its other folders belong to another home.
        register: the register of the decisions.
        is_same_person: returns whether two names belong to the same person.
    """
    names: list[str] | None = None
    try:
        with suppress(FileNotFoundError):
            names = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(SUFFIX))
        folder = find_folder(path, base)
        decisions = FolderReader(folder, register, is_same_person).read(names or ())
    except StorageError as error:
        # An unreadable folder is a problem, because it may contain blockers.
        return RegisterDecisions(problems=(Problem("", one_line(_unreadable(path, names, error), 600)),))
    except OSError as error:
        return RegisterDecisions(problems=(Problem(location(path), f"cannot be read: {error.strerror}"),))
    if folder.prefix is None:  # The home is another repository, and the config's repository may be a former one.
        return _combined(decisions, find_other_files(base, register, is_same_person, home=path))
    return _combined(decisions, _outside_homes(folder, path, register, is_same_person))


def _unreadable(path: Path, names: list[str] | None, error: StorageError) -> str:
    if names is None and not is_in_repository(path):
        text = f"{location(path)}: decisions are stored there, but there is no such folder and no git repository"
        return f"{text}, so nobody can say what blocks: use a clone (git init, for a new project)"
    return str(error)


def find_other_files(
    base: Path,
    register: str,
    is_same_person: IsSamePerson,
    home: Path | None = None,
    stored: Sequence[Decision] = (),
) -> RegisterDecisions:
    """Return the decision files of a project whose home of decisions is another one. Raises nothing.

    Args:
        base: the folder of the config.
        register: the register of the decisions.
        is_same_person: returns whether two names belong to the same person.
        home: the home, if it is a folder of another repository. None: it is the store.
        stored: the decisions that count in the store.
    """
    if not is_in_repository(base):
        return unversioned_decisions(base, register, NO_REPOSITORY, stored)
    try:
        folder = find_folder(None, base)
        decisions = FolderReader(folder, register, is_same_person).read(())
        return _combined(decisions, _outside_homes(folder, home, register, is_same_person))
    except StorageError as error:
        return unversioned_decisions(base, register, str(error), stored)


def _outside_homes(
    tree: DecisionTree, home: Path | None, register: str, is_same_person: IsSamePerson
) -> RegisterDecisions:
    """Return the decisions of former homes outside of the config's repository."""
    decisions = RegisterDecisions()
    real = None if home is None else os.path.realpath(home)
    for path in tree.outside:
        if os.path.realpath(path) == real:
            continue
        if not path.is_dir() or not is_in_repository(path):
            text = "decisions were stored there before the config named another home, and there is no repository"
            problem = Problem(location(path), f"{text}: check it out: nobody can say what blocks")
            decisions = _combined(decisions, RegisterDecisions(problems=(problem,)))
            continue
        try:
            names = sorted(entry.name for entry in path.iterdir() if entry.name.endswith(SUFFIX))
            former = FolderReader(find_folder(path, path), register, is_same_person).read(names)
        except (StorageError, OSError) as error:
            former = RegisterDecisions(problems=(Problem(location(path), one_line(str(error), 600)),))
        disputed = (item.decision for item in former.disputed)
        decisions = _combined(decisions, replace(former, elsewhere=(*former.decisions, *disputed, *former.elsewhere)))
    return decisions


def _combined(decisions: RegisterDecisions, other: RegisterDecisions) -> RegisterDecisions:
    """Return the decisions of a home, with those of another home."""
    return replace(
        decisions,
        problems=(*decisions.problems, *other.problems),
        notes=(*decisions.notes, *other.notes),
        elsewhere=(*decisions.elsewhere, *other.elsewhere),
    )
