"""Fail unless the modules that are imported are the installed ones, and not the checkout's."""

import argparse
import sys
from pathlib import Path

import pytest_readiness
import pytest_readiness_plugin

argparse.ArgumentParser(description=__doc__).parse_args()
for module in (pytest_readiness, pytest_readiness_plugin):
    if {Path.cwd() / "src", Path.cwd() / "packages"} & set(Path(module.__file__).parents):
        sys.exit(f"not the wheel: {module.__file__}")
