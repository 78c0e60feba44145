"""The plugin ``readiness`` as pytest finds it: it registers ``pytest_readiness.plugin``, where that is installed.

A distribution of its own, because at each start pytest goes through all files of every distribution that has a plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

try:
    import pytest_readiness.plugin
except ModuleNotFoundError as error:
    if error.name not in ("pytest_readiness", "pytest_readiness.plugin"):
        raise
    # pip leaves this distribution behind when it uninstalls pytest-readiness: pytest goes on without it
else:

    def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
        """Register the plugin under the name of its module: ``-p`` may have named that too."""
        if not pluginmanager.is_registered(pytest_readiness.plugin):
            pluginmanager.register(pytest_readiness.plugin, "pytest_readiness.plugin")
