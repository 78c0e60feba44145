"""Hooks for plugins and ``conftest.py`` files; each name begins with ``pytest_readiness_``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:  # this module is loaded at pytest's start
    import pytest

    from .facts.proofs.values import ProofCheck

hookspec = pluggy.HookspecMarker("pytest")  # the project name of pytest's plugin manager, and of ours


@hookspec
def pytest_readiness_proofs() -> Mapping[str, ProofCheck]:  # type: ignore[empty-body]
    """Return additional proof kinds by name, each with a function that checks the values given to ``prove``.

    The function returns the details to record, as texts, or raises ``ProofError`` with a message that names the
    difference. A kind that the config names must come from an entry point or from ``plugins``: commands read no
    ``conftest.py``.

    Example:
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
def pytest_readiness_context(config: pytest.Config) -> Mapping[str, Any] | None:
    """Return context of the run that neither an option nor a variable gives, or None.

    Called once, before the first test, by the process that writes the run. The keys are ``provider_mode``,
    ``tenant_id``, ``project_id`` and ``release``, each with a text, and ``subject``: digests of what is under test, as
    a text such as ``api=sha256:...``, a list of such texts, or a dict of names and digests. Environment and actor are
    not among them: whoever runs the tests names these.

    Example:
        ::

            def pytest_readiness_context(config):
                return {"subject": {"api": read_digest_of_the_deployment()}}
    """


@hookspec
def pytest_readiness_redact(text: str) -> str | None:
    r"""Return a text without project-specific secrets, or None if nothing must be changed.

    Called for each text that is about to be written, after the built-in redaction: notes, names, messages,
    properties, the names of parametrised tests, and text files piece by piece. It may be called again with a text
    that it returned, and must then change nothing. If it raises, the whole text is replaced, and the problem is
    reported at the end.

    Example:
            import re

            def pytest_readiness_redact(text):
                return re.sub(r"customer-\d+", "[customer]", text)
    """


@hookspec
def pytest_readiness_simulation(item: pytest.Item) -> str | Sequence[str] | None:
    """Return the reason why this test was a simulation, or several reasons, or None if it was real.

    Called after each evidence test has run and before its fixtures are torn down, in pytest's own plugins, in the
    ``conftest.py`` files around the test, and in the plugins that the config names. A reason makes the evidence a
    rehearsal, whatever its result. A hook that fails makes a pass a rehearsal.

    Example:
            def pytest_readiness_simulation(item):
                if "fake_bank" in item.fixturenames:
                    return "fake_bank stands in for the bank"
    """


@hookspec(firstresult=True)
def pytest_readiness_render(report: Mapping[str, Any], format: str) -> str | None:  # noqa: A002 - the hook's name
    r"""Return the report as text in a format of one's own, or None if the format is another plugin's.

    Called by ``readiness report --format NAME`` for a name that is not built in, in the plugins of the entry-point
    group and of the config, until one returns a text. ``report`` is the document of the JSON report
    (``readiness/report/v1``) as plain data.

    Example:
            def pytest_readiness_render(report, format):
                if format == "totals":
                    return "".join(f"{status}: {number}\n" for status, number in report["totals"].items())
    """
