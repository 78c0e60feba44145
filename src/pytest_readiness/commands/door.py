"""What the command line says before the command's name, as each command gets it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..frozen import dataclass

if TYPE_CHECKING:
    from ..pipeline.judging import Place


@dataclass(frozen=True, slots=True)
class Door:
    """The options of ``readiness`` itself."""

    config: Path | None = None
    """The config to use; None: the nearest, upward from the working folder."""
    store: str | None = None
    """The store to use; None: the config's."""
    debug: bool = False
    """Print a traceback with an error."""

    def place(self, *, records: bool = False) -> Place:
        """Return where this command is: its config, its register and the requirements in force.

        ``records``: it records evidence, which a plugin that cannot be used does not cost: ``plugins`` tells of it.

        Raises:
            ConfigError: the config, the tracker or a plugin cannot be used.
        """
        from ..pipeline.extensions import every_kind, kinds_as_named
        from ..pipeline.judging import locate  # brings the store and the models, which `init` does not need

        kinds = kinds_as_named if records else every_kind
        place = locate(Path.cwd(), config=str(self.config) if self.config else None, store=self.store, kinds=kinds)
        if (given := _names_given()) and (_writes() or _holds_a_value(given)):
            from ..journal.given import refuse_secrets  # what redacts takes a while to load

            refuse_secrets(given, place.redactor, place.declares)
        return place


def _writes() -> bool:
    """Return whether the command writes what it is given: a gate does so where its verdict is kept."""
    return bool(click.get_current_context().params.get("keep", True))


def _holds_a_value(given: Mapping[str, str]) -> bool:
    """Return whether a name holds the value of a variable as it is: all that a gate takes the time to look for."""
    from ..journal.variables import secrets_of

    return any(value in name for value in secrets_of(os.environ) for name in given.values())


_NAMING = ("release", "actor", "by", "requested_by")
"""Options with names that are compared, and so are written as they are."""
_BY_VARIABLE = {"release": "READINESS_RELEASE", "requested_by": "READINESS_ACTOR"}
"""What is asked in the place of an option that is not given."""


def _names_given() -> dict[str, str]:
    """Return the names that the command was given and that are compared, by how each is told."""
    context = click.get_current_context(silent=True)
    if context is None:
        return {}
    found: dict[str, str] = {}
    for name in _NAMING:
        option, variable = f"--{name.replace('_', '-')}", _BY_VARIABLE.get(name)
        if given := context.params.get(name):
            source = context.get_parameter_source(name)
            found[f"READINESS_{name.upper()}" if source is click.core.ParameterSource.ENVIRONMENT else option] = given
        elif variable and (name in context.params or context.info_name == "bundle") and os.environ.get(variable):
            found[variable] = os.environ[variable]
    return found


pass_door = click.make_pass_decorator(Door, ensure=True)
"""Gives a command its door as first argument."""
