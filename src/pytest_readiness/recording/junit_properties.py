"""Properties of evidence tests in the JUnit XML that pytest itself writes (``--junitxml``)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from functools import partial
from json import loads
from typing import Any

import pytest
from pluggy import PluginManager

from ..views.sanitise.terminal import sanitise
from . import report_keys as keys
from .report_writer import ReportWriter

PREFIX = "readiness."
_Properties = tuple[tuple[str, str], ...]
"""Names and values of the properties of a test."""


def _nothing() -> None:
    """Share nothing."""


def xml_of(hooks: PluginManager) -> Any:
    """Return the plugin of pytest that writes its JUnit XML. It has no public name, so it is told by its module."""
    return next(plugin for plugin in hooks.get_plugins() if type(plugin).__module__ == "_pytest.junitxml")


class JunitProperties:
    """Adds properties to the reports of evidence tests, in the process that writes the file.

    It is registered only in sessions with ``--junitxml``, so that reports of other sessions stay as they are.
    """

    def __init__(self, writer: ReportWriter, find_xml: Callable[[], Any] = lambda: None) -> None:
        """``find_xml``: returns pytest's own writer of the file, which makes elements that tests can share."""
        self._writer = writer
        self._find_xml = find_xml
        self._xml: Any = None
        self._alike: dict[_Properties, _Properties] = {}
        """Equal properties once: pytest holds all reports until the end."""
        self._elements: dict[_Properties, Any] = {}
        """The element of pytest for such properties. Elements of its own would take 4 kB for each test."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Add the properties to the last report of a test, before pytest writes the test.

        It is registered after the writer of the run, and so runs before that takes its data from the report.
        """
        share = _nothing
        with suppress(Exception):  # the evidence is recorded all the same; here it is only shown
            if report.when == "teardown" and (attached := vars(report).get(keys.ATTACHED)):
                added = tuple(self._properties(attached))
                added = self._alike.setdefault(added, added)
                own = report.user_properties
                # A new list: the test itself, or a plugin, may share the old one.
                report.user_properties = [*own, *added]
                if added and report.passed and not own:
                    self._xml = self._xml or self._find_xml()
                    share = partial(self._share, self._xml.node_reporter(report), added)
        result = yield
        with suppress(Exception):  # each test then has elements of its own
            share()
        return result

    def _share(self, reporter: Any, added: _Properties) -> None:
        """Replace the properties in the element of a test, which pytest has just made, by those of an earlier one."""
        case = reporter.to_xml()
        (position,) = [number for number, child in enumerate(case) if child.tag == "properties"]
        case[position] = self._elements.setdefault(added, case[position])

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
