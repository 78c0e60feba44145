"""Places in the repository of the tests and use cases that a report names."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..regular_files import read_regular
from ..views.findings import findings
from ..views.report import Report, SourceLocation, SourceLocations
from .project import Project

if TYPE_CHECKING:
    import ast

_CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Variables of CI servers with the folder of the checkout."""
_LONGEST_SOURCE = 4_000_000
"""Bytes of a test file that is searched for a line."""


def locate_findings(project: Project, report: Report) -> SourceLocations:
    """Return the places of the tests and use cases in the findings of a report. Nothing is executed.

    Paths start at the checkout that the CI server names, else at the folder with ``.git``, else at the config's folder.
    """
    folder = project.settings.folder.resolve()
    root = checkout_of(folder)
    ids = {finding.test_id for finding in findings(report) if finding.test_id}
    tests = {id_: place for id_ in sorted(ids) if (place := locate_test(id_, folder, root)) is not None}
    tracker, config = project.settings.tracker, project.settings.path
    rows = {
        use_case.id: SourceLocation(path_from(root, tracker), use_case.line)
        for use_case in project.catalogue.use_cases.values()
        if tracker is not None and use_case.line is not None
    }
    place = SourceLocation(path_from(root, config if config is not None else folder / "readiness.toml"))
    return SourceLocations(tests, rows, place)


def locate_test(test_id: str, folder: Path, root: Path) -> SourceLocation | None:
    """Return the file and line of a test; None: its id names no file in the repository.

    Args:
        test_id: pytest's node id, with a path from the config's folder.
        folder: the config's folder.
        root: the repository's folder.
    """
    name, separator, rest = test_id.partition("::")
    if not separator or "\0" in name:
        return None
    try:
        file = (folder / name).resolve()
        source = read_regular(file) if file.is_relative_to(root) else None
    except (OSError, ValueError, RuntimeError):
        return None
    if source is None:
        return None
    # The names of parameters may contain anything, also the separator.
    names = rest.partition("[")[0].split("::")
    return SourceLocation(path_from(root, file), _line_of(source, names) if len(source) <= _LONGEST_SOURCE else None)


def _line_of(source: bytes, names: list[str]) -> int | None:
    """Return the line of a function or method in the source of a module; None: it is not there."""
    line, body = None, _statements(source)
    for name in names:
        node = _definition(body, name)
        if node is None:
            return line
        line, body = node.lineno, node.body
    return line


@lru_cache(maxsize=1)
def _statements(source: bytes) -> Iterable[ast.stmt]:
    """Return the statements of a module; none if it cannot be read. The tests of a file follow each other."""
    import ast  # late: only with findings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _definition(body: Iterable[ast.stmt], name: str) -> ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | None:
    import ast

    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return next((node for node in body if isinstance(node, kinds) and node.name == name), None)


def checkout_of(folder: Path) -> Path:
    """Return the folder of the checkout that a folder is in: the CI server's, else the nearest with ``.git``."""
    for variable in _CHECKOUTS:
        checkout = Path(os.environ.get(variable) or os.devnull).resolve()
        if folder.is_relative_to(checkout):
            return checkout
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def path_from(root: Path, path: Path) -> str:
    """Return the path of a file from a folder, with slashes; the name alone if it is elsewhere."""
    resolved = path.resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else path.name
