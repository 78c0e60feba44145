"""The house stays a house: small files, small functions, and a door that opens quickly."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_readiness
from tests.pages import ROOT, SOURCE

FILES = sorted((ROOT / "src").rglob("*.py"))
MOST_LINES = 400
ALONE = {"verify_bundle.py": 600}
"""What must be one file, because it is carried without the others, may be longer."""
MOST_LINES_OF_A_FUNCTION = 60
HEAVY = {"pydantic", "sqlite3", "sqlite_utils", "rich", "markdown_it", "click", "tomllib"}
APART = "pytest_readiness.claims.markdown"
"""Loads the Markdown library where nobody sees it afterwards."""


def loaded(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after a statement."""
    environ = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_file_and_its_functions_are_small(file: Path):
    """No file is over 400 lines, and no function over 60."""
    text = file.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {node.name: node.end_lineno - node.lineno + 1 for node in functions}
    assert {name: lines for name, lines in long.items() if lines > MOST_LINES_OF_A_FUNCTION} == {}
    assert text.count("\n") <= ALONE.get(file.name, MOST_LINES)


def test_importing_the_plugin_imports_nothing_heavy():
    """Beside what pytest itself imports, the plugin brings none of the libraries that only some sessions need."""
    added = loaded("import pytest_readiness.plugin") - loaded("import pytest")
    assert "pytest_readiness.plugin" in added
    assert {name for name in added if name.partition(".")[0] in HEAVY or name == APART} == set()


def test_importing_the_package_imports_no_other_module_of_it():
    """Public names are loaded when first used."""
    assert {name for name in loaded("import pytest_readiness") if name.startswith("pytest_readiness.")} == set()


def test_a_public_name_loads_its_own_module_only():
    """``from pytest_readiness import evidence``, which stands in test files, loads the marker and no config reader."""
    added = loaded("from pytest_readiness import evidence") - loaded("import pytest")
    assert "pytest_readiness.claims.marker" in added
    assert {name for name in added if name.partition(".")[0] in HEAVY or name == APART} == set()


@pytest.mark.parametrize("name", pytest_readiness.__all__)
def test_every_public_name_is_there(name):
    """Each name in ``__all__`` can be had, and is listed by ``dir``."""
    assert getattr(pytest_readiness, name)
    assert name in dir(pytest_readiness)


def test_a_name_that_is_not_public_is_an_attribute_error():
    """A misspelt name raises what ``hasattr`` and pytest's own look-ups expect."""
    assert not hasattr(pytest_readiness, "evidense")
