"""Fail unless the package that is imported is the installed one, and not the checkout's."""

import sys
from pathlib import Path

import pytest_readiness

if Path.cwd() / "src" in Path(pytest_readiness.__file__).parents:
    sys.exit(f"not the wheel: {pytest_readiness.__file__}")
