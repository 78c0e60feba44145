"""Properties of evidence tests in the JUnit XML that pytest itself writes (``--junitxml``)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from json import loads
from typing import Any

import pytest

from ..views.sanitise.terminal import sanitise
from . import report_keys as keys
from .report_writer import ReportWriter

PREFIX = "readiness."


class JunitProperties:
    """Adds properties to the reports of evidence tests, in the process that writes the file.

    It is registered only in sessions with ``--junitxml``, so that reports of other sessions stay as they are.
    """

    def __init__(self, writer: ReportWriter) -> None:
        self._writer = writer

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Add the properties to the last report of a test, before pytest writes the test.

        It is registered after the writer of the run, and so runs before that takes its data from the report.
        """
        with suppress(Exception):  # the evidence is recorded all the same; here it is only shown
            if report.when == "teardown" and (attached := vars(report).get(keys.ATTACHED)):
                # A new list: the test itself, or a plugin, may share the old one.
                report.user_properties = [*report.user_properties, *self._properties(attached)]
        return (yield)

    def _properties(self, attached: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        evidence = attached.get(keys.EVIDENCE)
        if evidence is None:
            return
        if isinstance(evidence, str):  # a worker of xdist has sent it, and knows not each secret of the others
            evidence = self._writer.redactor.plain(loads(evidence))
        # A claim with a result is that of an earlier attempt, which has a case of its own.
        for claim in (claim for claim in evidence["claims"] if "result" not in claim):
            for name, value in _claim_properties(claim, self._writer.log.run_id):
                yield f"{PREFIX}{name}", sanitise(value)


def _claim_properties(claim: Mapping[str, Any], run_id: str) -> Iterator[tuple[str, str]]:
    """Yield the properties of one claim: always the same, so that those of several claims can be told apart."""
    because = claim.get("not_real_because")
    yield "use_case", claim["use_case"]
    yield "item", claim["item"]
    yield "environment", claim.get("environment") or ""
    yield "provider_mode", claim.get("provider_mode") or ""
    yield "real", "true" if because is None else "false"
    yield "not_real_because", because or ""
    yield "run", run_id
