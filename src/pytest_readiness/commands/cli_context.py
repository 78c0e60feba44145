"""Options of ``readiness`` that come before the command's name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

if TYPE_CHECKING:
    from ..pipeline.evaluate_project import Project


class CliContext(Struct, frozen=True):
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
        project = find_project(
            Path.cwd(), config=str(self.config) if self.config else None, store=self.store, kinds=kinds
        )
        if (given := _given_names()) and (_is_stored() or _holds_secret_variable(given)):
            from ..redaction.given_names import refuse_secrets  # late: the redactor is slow to import

            refuse_secrets(given, project.redactor, project.declares)
        return project


def _is_stored() -> bool:
    """Return whether the command stores the names: a gate does so if it stores its verdict."""
    return bool(click.get_current_context().params.get("keep", True))


def _holds_secret_variable(given: Mapping[str, str]) -> bool:
    """Return whether a name holds the unchanged value of a secret variable: a gate searches for nothing else."""
    from ..redaction.secret_variables import secrets_of

    return any(value in name for value in secrets_of(os.environ) for name in given.values())


_NAME_OPTIONS = ("release", "actor", "by", "requested_by")
"""Parameters whose values are compared, so that they are not redacted."""
_VARIABLES = {"release": "READINESS_RELEASE", "requested_by": "READINESS_ACTOR"}
"""Variables that give the value if the option is missing."""


def _given_names() -> dict[str, str]:
    """Return the given names whose values are compared, by the option or variable as messages show it."""
    context = click.get_current_context(silent=True)
    if context is None:
        return {}
    names: dict[str, str] = {}
    for name in _NAME_OPTIONS:
        option, variable = f"--{name.replace('_', '-')}", _VARIABLES.get(name)
        if given := context.params.get(name):
            source = context.get_parameter_source(name)
            names[f"READINESS_{name.upper()}" if source is click.core.ParameterSource.ENVIRONMENT else option] = given
        elif variable and (name in context.params or context.info_name == "bundle") and os.environ.get(variable):
            names[variable] = os.environ[variable]
    given_subjects = context.params.get("subjects") or context.params.get("subject") or ""
    pairs = given_subjects.split() if isinstance(given_subjects, str) else given_subjects
    named = [pair.rpartition("=")[0] if "=" in pair else pair for pair in pairs]
    return names | {f"name {number} of --subject": name for number, name in enumerate(named, 1) if name}


pass_cli_context = click.make_pass_decorator(CliContext, ensure=True)
"""Passes the ``CliContext`` to a command as its first argument."""
