"""What the command line says before the command's name, as each command gets it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..fast_values import dataclass

if TYPE_CHECKING:
    from ..pipeline.evaluate_project import Project


@dataclass(frozen=True, slots=True)
class CliContext:
    """The options of ``readiness`` itself."""

    config: Path | None = None
    """The config to use; None: the nearest, upward from the working folder."""
    store: str | None = None
    """The store to use; None: the config's."""
    debug: bool = False
    """Print a traceback with an error."""

    def place(self, *, records: bool = False) -> Project:
        """Return where this command is: its config, its register and the requirements in force.

        ``records``: it records evidence, which a plugin that cannot be used does not cost: ``plugins`` tells of it.

        Raises:
            ConfigError: the config, the tracker or a plugin cannot be used.
        """
        from ..pipeline.evaluate_project import (
            find_project,  # brings the store and the models, which `init` does not need
        )
        from ..pipeline.extensions import every_kind, kinds_as_named

        kinds = kinds_as_named if records else every_kind
        return find_project(Path.cwd(), config=str(self.config) if self.config else None, store=self.store, kinds=kinds)


pass_door = click.make_pass_decorator(CliContext, ensure=True)
"""Gives a command its door as first argument."""
