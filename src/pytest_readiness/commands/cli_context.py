"""Options of ``readiness`` that come before the command's name."""

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
    """Config file; None: the nearest one, from the working folder upwards."""
    store: str | None = None
    """Store URL; None: the config's."""
    debug: bool = False
    """Print a traceback on an error."""

    def project(self, *, records: bool = False) -> Project:
        """Return the project: its config, its register and the requirements in force.

        Args:
            records: the command records evidence. A plugin that cannot be used then raises no error; the project's
                ``plugin_problem`` says why.

        Raises:
            ConfigError: the config, the tracker or a plugin cannot be used.
        """
        from ..pipeline.evaluate_project import (
            find_project,  # loads the store and the models, which `init` does not need
        )
        from ..pipeline.extensions import every_kind, kinds_as_named

        kinds = kinds_as_named if records else every_kind
        return find_project(Path.cwd(), config=str(self.config) if self.config else None, store=self.store, kinds=kinds)


pass_cli_context = click.make_pass_decorator(CliContext, ensure=True)
"""Passes the ``CliContext`` to a command as its first argument."""
