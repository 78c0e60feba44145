"""Fixtures of a contract: the store, as the adapter opens it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


class OpenedStore:
    """A store that a test class of an adapter opens."""

    @pytest.fixture
    def opened(self) -> Callable[[], Any]:
        """Opens the same, at first empty, store each time it is called."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, opened: Callable[[], Any]) -> Any:
        """An empty store."""
        return opened()
