"""Printing of lines to standard output, in the terminal's width, colours and signs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..views.line_writer import Line, can_show_signs, plain_lines, styled_lines
from ..views.sanitise import sanitise

if TYPE_CHECKING:
    from ..pipeline.project import Project

NARROWEST = 60
_WITHOUT_TERMINAL = 100


def terminal_width() -> int:
    """Return the width to print in, in columns: COLUMNS, else the terminal's, at least 60; 100 without a terminal.

    The same as ``shutil.get_terminal_size``, whose module also loads what reads archives: 1 % of a small gate.
    """
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    return max(NARROWEST, columns if columns > 0 else _width_of_terminal() or _WITHOUT_TERMINAL)


def _width_of_terminal() -> int:
    """Return the number of columns of the terminal; 0: standard output is closed, or no terminal."""
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ is not None else 0
    except (ValueError, OSError):
        return 0


def prints_unicode() -> bool:
    """Return whether standard output can show the signs of the matrix."""
    return can_show_signs(sys.stdout.encoding)


def tell_missing_store(project: Project) -> None:
    """Print on standard error that there is no store, if there is none."""
    _tell(project.missing_store)


def tell_nothing_there(project: Project) -> None:
    """Print on standard error that there is no store, or neither a config nor a store, unless the output says so."""
    _tell(project.nothing_there)


def _tell(missing: str) -> None:
    if missing:
        click.echo(f"readiness: {sanitise(missing, 600)}", err=True)


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document as JSON. Lone surrogates and all but ASCII are escaped in its texts."""
    from ..views.json_text import to_json_text  # late: most calls print text

    click.echo(to_json_text(document), nl=False)


def print_lines(lines: Sequence[Line]) -> None:
    """Print lines. They are styled on a terminal, unless NO_COLOR is set."""
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    click.echo(styled_lines(lines) if colours else plain_lines(lines), color=colours)
