"""Names that somebody gives to what is recorded or decided, and that are compared: none of them holds a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from os import environ as _environ

from ..errors import ConfigError
from .deciding import NOTHING_KNOWN
from .redaction import Redactor
from .variables import is_secret_variable, secrets_of


def refuse_secrets(given: Mapping[str, str], redactor: Redactor, is_public: Callable[[str], bool]) -> None:
    """Raise ConfigError where a name that somebody gave holds a secret, as it would be written as it is.

    One that equals the value of a variable is a name: the variable is called so, or was made of the name.

    Args:
        given: names by the options that gave them, each as it is to be told.
        redactor: knows the secrets.
        is_public: returns whether the config declares a name.
    """
    for option, name in given.items():
        if is_public(name):
            continue
        if found := redactor.find(name, NOTHING_KNOWN):
            what = f"what looks like a secret ({found[0].rule})"
            raise ConfigError(f"{option} holds {what}, and names are written as they are: give one without it")
        if redactor.find(name) and not _is_a_variables(name):
            variable = next(_holding(name), None)
            what = f"the value of {variable}, which is secret by its name" if variable else "a value that is secret"
            told = "give one without it, or call the variable otherwise" if variable else "give one without it"
            raise ConfigError(f"{option} holds {what}, and names are written as they are: {told}")


def secrets_known_late(given: Mapping[str, str], redactor: Redactor, is_public: Callable[[str], bool]) -> Iterator[str]:
    """Yield a line for each name that somebody gave, and that holds what a test said to be secret since then."""
    for option, name in given.items():
        if not is_public(name) and redactor.find(name) and not _is_a_variables(name):
            told = "holds a value that became known as secret while the tests ran, and stays as it was given"
            yield f"{option} {told}: change the secret, or give a name without it"


def _is_a_variables(name: str) -> bool:
    return any(value == name and is_secret_variable(variable) for variable, value in _environ.items())


def _holding(name: str) -> Iterator[str]:
    """Yield the variables whose values are secret and stand in a name."""
    for variable, value in _environ.items():
        if any(secrets_of({variable: value})) and Redactor(b"", {variable: value}).find(name):
            yield variable
