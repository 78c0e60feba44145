"""Hooks that plugins and ``conftest.py`` may implement; each name begins with ``pytest_readiness_``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:  # this module is loaded at pytest's start
    import pytest

    from .facts.proofs.values import ProofCheck

hookspec = pluggy.HookspecMarker("pytest")  # the project of pytest's own plugin manager, and of ours


@hookspec
def pytest_readiness_proofs() -> Mapping[str, ProofCheck]:  # type: ignore[empty-body]
    """Return proof kinds of one's own: a name, and a function that judges the values given to ``prove``.

    The function returns what is recorded, as texts, or raises ``ProofError`` with a message that says what differed.
    A kind that the config names must come from an entry point or from ``plugins``: commands read no ``conftest.py``.

    Example:
        ::

            from pytest_readiness import ProofError

            def failover(values):
                if values["after"] == values["before"]:
                    raise ProofError(f"the primary is still {values['before']}")
                return {"from": str(values["before"]), "to": str(values["after"])}

            def pytest_readiness_proofs():
                return {"failover": failover}

        and in a test ``record_evidence.prove("failover", before=first, after=second)``.
    """


@hookspec
def pytest_readiness_redact(text: str) -> str | None:
    r"""Return a text without what only its owner knows to be secret, or None where nothing is to be changed.

    Asked for each text that is about to be written, after our own redaction: notes, names, messages, properties, the
    names of parametrised tests, text files piece by piece. It may be asked again for what it returned, and must leave
    that as it is. Where it raises, the text is replaced as a whole, and the trouble told at the end.

    Example:
        ::

            import re

            def pytest_readiness_redact(text):
                return re.sub(r"customer-\d+", "[customer]", text)
    """


@hookspec
def pytest_readiness_simulation(item: pytest.Item) -> str | Sequence[str] | None:
    """Return why this test was a simulation, or several reasons, or None where it was none.

    Asked after each evidence test has run and before its fixtures are torn down, of pytest's own plugins, of the
    ``conftest.py`` files around the test, and of the plugins that the config names. A reason makes its evidence a
    rehearsal, whatever its result; so does a hook that fails.

    Example:
        ::

            def pytest_readiness_simulation(item):
                if "fake_bank" in item.fixturenames:
                    return "fake_bank stands in for the bank"
    """
