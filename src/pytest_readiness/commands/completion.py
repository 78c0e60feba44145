"""Shell completion of the use cases, items and environments of the project in the working folder.

Completion never fails and prints nothing else: with a broken config, tracker or option there is nothing to complete.
Plugins are not loaded, so that a key press runs no code of the project.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

_WORD = re.compile(r"\w[\w.:/@%+,-]*")

if TYPE_CHECKING:  # every command imports this module, and few processes complete
    from click.shell_completion import CompletionItem

    from ..claims.catalogue import Catalogue


def answer_shell(commands: click.Group, name: str, variable: str) -> int:
    """Answer a shell that asks for completion, and return the exit code: 1 if the shell is unknown.

    Args:
        commands: the command group.
        name: the program's name.
        variable: the environment variable with what the shell asks for, such as ``bash_complete``.
    """
    from click.shell_completion import shell_complete  # late, as above

    from ..third_party import is_failure

    with redirect_stderr(StringIO()):
        try:
            return shell_complete(commands, {}, name, variable, os.environ.get(variable, ""))
        except BaseException as error:  # a message would stand in the line that is being typed
            if not is_failure(error):
                raise
            return 0


def use_cases(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the use cases that begin so, with their titles."""
    catalogue = _catalogue(context)
    if catalogue is None:
        return []
    return _matching({name: row.title for name, row in catalogue.use_cases.items()}, incomplete)


def targets(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the use cases that begin so; after ``UC-001/`` its items and requirements."""
    catalogue = _catalogue(context)
    name, slash, _ = incomplete.partition("/")
    if catalogue is None or not slash:
        return use_cases(context, parameter, incomplete)
    with suppress(Exception):  # the name is no use case
        return _matching(_requirements(catalogue, name), incomplete)
    return []


def items(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the items that begin so, with their titles."""
    catalogue = _catalogue(context)
    return (
        [] if catalogue is None else _matching({key: item.title for key, item in catalogue.items.items()}, incomplete)
    )


def environments(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the environments that begin so."""
    catalogue = _catalogue(context)
    if catalogue is None:
        return []
    return _matching({name: _real(place.real) for name, place in catalogue.environments.items()}, incomplete)


def owners(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the owners of use cases that begin so, and ``unassigned``."""
    from ..verdict.owners import UNASSIGNED, owner_name  # late: completing the name of a command needs none of these

    catalogue = _catalogue(context)
    if catalogue is None:
        return []
    names = sorted({owner_name(row.owner) for row in catalogue.use_cases.values()} | {UNASSIGNED})
    return _matching(dict.fromkeys(names, ""), incomplete)


def provider_modes(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the provider modes that begin so."""
    catalogue = _catalogue(context)
    if catalogue is None:
        return []
    return _matching({name: _real(mode.real) for name, mode in catalogue.provider_modes.items()}, incomplete)


def _real(real: bool) -> str:  # noqa: FBT001 - the only value
    return "" if real else "not real"


def _requirements(catalogue: Catalogue, use_case: str) -> Mapping[str, str]:
    """Return the items and requirements of a use case by id, with the titles of the items."""
    rows: dict[str, str] = {}
    for requirement in catalogue.requirements(catalogue.use_case(use_case).id):
        title = catalogue.items[requirement.item].title
        rows[f"{requirement.use_case}/{requirement.item}"] = title
        rows[requirement.id] = title
    return rows


def _matching(names: Mapping[str, str], incomplete: str) -> list[CompletionItem]:
    """Return the names that begin so in any letter case.

    A name that a shell would read as something else than a word is left out: bash puts it into the line as it is, where
    the signs of a tracker's row would run a command.
    """
    from click.shell_completion import CompletionItem

    begin = incomplete.lower()
    chosen: Iterable[str] = (name for name in names if name.lower().startswith(begin) and _is_word(name))
    return [CompletionItem(name, help=_help(names[name])) for name in chosen]


def _is_word(name: str) -> bool:
    """Return whether every shell reads the name as one word that stands for itself."""
    return name.isprintable() and _WORD.fullmatch(name) is not None


def _help(text: str) -> str | None:
    shown = " ".join(text.split())
    return shown if shown and shown.isprintable() else None


def _catalogue(context: click.Context) -> Catalogue | None:
    """Return the requirements of the project; None if there are none, or they cannot be read."""
    from ..claims.register import read_catalogue  # late: completing the name of a command needs none of these
    from ..pipeline.extensions import named_kinds
    from ..settings import default_settings, find_config, load_settings
    from ..third_party import is_failure

    named = context.find_root().params.get("config")  # which READINESS_CONFIG gives, too
    try:
        path = Path(named) if named else find_config(Path.cwd())
        settings = load_settings(path) if path is not None else default_settings(Path.cwd())
        return read_catalogue(settings, proofs=named_kinds(settings))
    except BaseException as error:
        if not is_failure(error):
            raise
        return None
