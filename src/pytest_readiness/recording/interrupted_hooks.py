"""What a signal raises while a hook of ours is at work, such as a timeout: it is the test's, and must reach it.

Out of a hook that reports it would end the session, and kept back it would leave the test without its limit.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from pluggy import PluginManager

PASSES: tuple[type[BaseException], ...] = (KeyboardInterrupt, pytest.exit.Exception)
"""What pytest itself lets end the session, wherever it is raised."""


def postpone(hooks: PluginManager | None, nodeid: str, error: BaseException) -> bool:
    """Have it raised again in the next phase of the test; False for what is no signal's, and is told at the end."""
    if hooks is None or isinstance(error, Exception):
        return False
    hooks.register(_Postponed(hooks, nodeid, error))
    return True


class _Postponed:
    """Raises once, where pytest takes it for how the phase of the test ended."""

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
        """Not before fixtures are torn down."""
        try:
            return (yield)
        finally:
            self._raise(item.nodeid)

    def pytest_runtest_logfinish(self) -> None:
        """The test is over, whatever it was."""
        self._hooks.unregister(self)

    def _raise(self, nodeid: str) -> None:
        if nodeid == self._nodeid and self._hooks.is_registered(self):
            self._hooks.unregister(self)
            raise self._error
