"""The house stays a house: small files, small functions, and a door that opens quickly."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_readiness
from tests.pages import ROOT, SOURCE

pytestmark = pytest.mark.slow

FILES = sorted((ROOT / "src").rglob("*.py"))
MOST_LINES = 400
ALONE = {"verify_bundle.py": 800}
"""What must be one file, because it is carried without the others, may be longer."""
MOST_LINES_OF_A_FUNCTION = 60
HEAVY = {"sqlite3", "sqlite_utils", "wcwidth", "markdown_it", "yaml", "click", "tomllib"}
APART = "pytest_readiness.claims.tracker.markdown_parser"
"""Loads the Markdown library where nobody sees it afterwards."""


def in_python(*arguments: str, folder: Path | None = None) -> str:
    """Return what a fresh interpreter prints that finds the package in the source tree."""
    environ = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True).stdout


def loaded(statement: str, folder: Path | None = None) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after a statement."""
    printed = in_python("-c", f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))", folder=folder)
    return set(json.loads(printed.splitlines()[-1]))


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
    assert {name for name in added if name.partition(".")[0] in {"msgspec", *HEAVY} or name == APART} == set()


UNUSED = {
    "base64", "cryptography", "difflib", "pluggy", "pytest", "pytest_readiness.journal.writer",
    "pytest_readiness.pipeline.checkpoints", "pytest_readiness.redaction.redactor", "pytest_readiness.signing.keys",
    "pytest_readiness.store.sqlite.store_audit", "random", "securesystemslib", "shutil", "sqlite_utils", "subprocess",
    "wcwidth", "yaml",
}  # fmt: skip
"""What only some gates need: a repository, a left-over journal, a plugin, a key, a checkpoint, another kind of tracker."""


@pytest.mark.parametrize("command", [["gate", "UC-101", "--on", "evidence"], ["report"]], ids=["gate", "report"])
def test_a_gate_loads_nothing_that_it_does_not_use(command: list[str], tmp_path: Path):
    """Most of what a gate on a small store costs is imports, so that one too many would soon be several."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "conftest_examples" / "quickstart", project)
    in_python("-m", "pytest", "-p", "pytest_readiness.plugin", "--readiness-environment=demo", folder=project)
    call = f"from pytest_readiness.cli import main\ntry:\n    main({command!r})\nexcept SystemExit:\n    pass\n"
    modules = loaded(call, project)
    assert "pytest_readiness.store.sqlite.store" in modules
    assert modules & UNUSED == set()


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


PATCHABLE = {
    "os", "time", "json", "hashlib", "hmac", "sqlite3", "datetime", "io", "secrets", "random", "platform", "shutil",
    "tempfile", "subprocess", "uuid", "getpass", "stat", "socket", "mimetypes",
}  # fmt: skip
OF_A_PATH = {
    "open", "read_bytes", "read_text", "write_bytes", "write_text", "exists", "is_file", "is_dir", "is_symlink",
    "is_socket", "stat", "lstat", "mkdir", "unlink", "rename", "touch", "iterdir", "glob", "rglob", "chmod",
}  # fmt: skip
BEFORE_OR_AFTER = {
    "fingerprint_key",
    "folder",
    "hidden_changes",
    "invocation",
    "leftover_reader",
    "recovery",
    "run",
    "context",
    "tracker_snapshot",
    "uncommitted_changes",
}
"""What runs before the first test or after the last one, when names are as they were (or in a command)."""
LATE = {
    ("late_secrets.py", "redact_artifacts"): "after the last test",
    ("nested_sessions.py", "_set_variable"): "before the first test and after the last one",
    ("nested_sessions.py", "enclosing_journal"): "before the first test",
    ("nested_sessions.py", "_parse_sessions"): "before the first test",
    ("nested_sessions.py", "_is_live"): "before the first test",
    ("nested_sessions.py", "_is_running"): "before the first test",
    (
        "recorder_base.py",
        "attach_deferred",
    ): "walks a folder of another program's files, and tells what it cannot keep",
    ("redactor.py", "__init__"): "before the first test",
    ("run_log.py", "new_run_id"): "before the first test",
    ("run_end.py", "close_run"): "after the last test",
    ("run_end.py", "clock_check"): "sees the clock as the tests have it",
    ("mock_detection.py", "is_wrong"): "sees the clock as the test has it",
    ("package_fingerprint.py", "_recorded_files"): "what importlib.metadata returns",
    ("package_fingerprint.py", "_is_editable"): "what importlib.metadata returns",
}
"""What looks a name up when it is called all the same, and why that is right."""
WHILE_TESTS_RUN = sorted(
    path
    for room in ("recording", "redaction", "journal", "facts")
    for path in (ROOT / "src" / "pytest_readiness" / room).rglob("*.py")
    if path.stem not in BEFORE_OR_AFTER
)


def functions_that_look_up_late(file: Path) -> dict[str, list[str]]:
    """What each function of a file looks up, each time that it is called, where a test can replace it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names} & PATCHABLE
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {function.name: lookups for function in functions if (lookups := looked_up_late(function, modules))}


def looked_up_late(function: ast.FunctionDef, modules: set[str]) -> list[str]:
    """What a function looks up when it is called; defaults are looked up when it is made."""
    lookups = []
    for node in [node for statement in function.body for node in ast.walk(statement)]:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            if not node.attr.isupper():
                lookups.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OF_A_PATH:
            if not ast.unparse(node.func).startswith("self."):
                lookups.append(ast.unparse(node.func))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            lookups.append("open")
    return lookups


@pytest.mark.parametrize(
    "file", [*WHILE_TESTS_RUN, ROOT / "src" / "pytest_readiness" / "regular_files.py"], ids=lambda path: path.name
)
def test_nothing_that_a_test_can_replace_is_looked_up_while_tests_run(file: Path):
    """What records a test calls functions that were taken when it was loaded, and no module's attribute."""
    late = functions_that_look_up_late(file)
    assert {name: lookups for name, lookups in late.items() if (file.name, name) not in LATE} == {}


def test_each_exception_is_needed():
    """A function that looks nothing up late is not listed among those that may."""
    late = {(file.name, name) for file in WHILE_TESTS_RUN for name in functions_that_look_up_late(file)}
    assert set(LATE) - late == set()
