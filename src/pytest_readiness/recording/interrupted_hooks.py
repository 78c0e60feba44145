"""Postponed exceptions of signal handlers, such as a test's timeout, that interrupt our hooks.

Raised out of a reporting hook, such an exception would end the session. Suppressed, the test would have no time limit.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from pluggy import PluginManager

PASSES: tuple[type[BaseException], ...] = (KeyboardInterrupt, pytest.exit.Exception)
"""Exceptions with which pytest itself ends the session, wherever they are raised."""


def postpone(hooks: PluginManager | None, nodeid: str, error: BaseException) -> bool:
    """Raise the error again in the next phase of the test. Return False for an ordinary exception, which is stored."""
    if hooks is None or isinstance(error, Exception):
        return False
    hooks.register(_Postponed(hooks, nodeid, error))
    return True


class _Postponed:
    """Hook that raises the error once, so that pytest reports it as the test's."""

    def __init__(self, hooks: PluginManager, nodeid: str, error: BaseException) -> None:
        self._hooks = hooks
        self._nodeid = nodeid
        self._error = error

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._raise(item.nodeid)

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        self._raise(item.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        """Raise after the fixtures' teardown."""
        try:
            return (yield)
        finally:
            self._raise(item.nodeid)

    def pytest_runtest_logfinish(self) -> None:
        """Unregister when the test is over."""
        self._hooks.unregister(self)

    def _raise(self, nodeid: str) -> None:
        if nodeid == self._nodeid and self._hooks.is_registered(self):
            self._hooks.unregister(self)
            raise self._error
