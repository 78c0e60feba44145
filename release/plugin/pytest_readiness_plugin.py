"""Where pytest looks for pytest-readiness: this module is ``pytest_readiness.plugin``, or empty where that is gone.

A distribution of its own, because at each start pytest goes through all files of every distribution that has a plugin.
"""

import sys

try:
    import pytest_readiness.plugin as found
except ModuleNotFoundError as error:
    if error.name not in ("pytest_readiness", "pytest_readiness.plugin"):
        raise
    # pytest-readiness was uninstalled, and this was left behind: pytest goes on without it
else:
    sys.modules[__name__] = found
