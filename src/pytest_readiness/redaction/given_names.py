"""Checks that names from options hold no secret.

Such names are compared, and therefore not redacted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import environ as _environ

from ..errors import ConfigError
from .compared_fields import NO_SECRETS
from .redactor import Redactor
from .secret_variables import is_secret_variable, secrets_of


def refuse_secrets(given: Mapping[str, str], redactor: Redactor, is_public: Callable[[str], bool]) -> None:
    """Raise ConfigError if a given name holds a secret: it would be stored unredacted.

    A name that equals the value of a variable is no secret: the variable was probably set to the name.

    Args:
        given: the names, by the option as messages show it.
        redactor: the redactor with the known secrets.
        is_public: returns whether the config declares a name.

    Raises:
        ConfigError: a name holds a secret.
    """
    for option, name in given.items():
        if is_public(name):
            continue
        if tokens := redactor.find(name, NO_SECRETS):
            secret = f"what looks like a secret ({tokens[0].rule})"
            raise ConfigError(f"{option} holds {secret}, and names are stored unredacted: give one without it")
        if redactor.find(name) and not _is_value_of_variable(name):
            variable = next(_variables_in(name), None)
            secret = f"the value of {variable}, which is secret by its name" if variable else "a secret value"
            remedy = "give one without it, or rename the variable" if variable else "give one without it"
            raise ConfigError(f"{option} holds {secret}, and names are stored unredacted: {remedy}")


def late_secret_notes(given: Mapping[str, str], redactor: Redactor, is_public: Callable[[str], bool]) -> Iterator[str]:
    """Yield a line for each given name that holds a secret which a test registered later."""
    for option, name in given.items():
        if not is_public(name) and redactor.find(name) and not _is_value_of_variable(name):
            message = "holds a value that a test registered as a secret, and is stored unredacted"
            yield f"{option} {message}: change the secret, or give a name without it"


def _is_value_of_variable(name: str) -> bool:
    return any(value == name and is_secret_variable(variable) for variable, value in _environ.items())


def _variables_in(name: str) -> Iterator[str]:
    """Yield the variables whose secret values a name holds."""
    for variable, value in _environ.items():
        if any(secrets_of({variable: value})) and Redactor(b"", {variable: value}).find(name):
            yield variable
