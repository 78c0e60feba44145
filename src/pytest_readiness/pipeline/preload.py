"""What a session needs until its end, loaded before its first test."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from ..recording.artifacts import guess_media_type
from ..regular_files import regular_file

_ALWAYS = (
    "recording.late_secrets",
    "redaction.embedded_secrets",
    "redaction.secret_names",
    "redaction.spans",
    "redaction.key_scan",
)
_NAMING = ("redaction.parameter_source",)
"""What is asked once a secret becomes known that stands in the name of a test."""
_OWN = ("store.sqlite.store", "views.line_writer", "views.sanitise")
_SIGNING = ("facts.envelope", "signing.keys")
_BUNDLING = ("pipeline.bundles",)
_JUDGING = ("pipeline.evaluate_project", "views.document", "views.gate", "views.report", "views.terminal")
_PACKAGE = __name__.partition(".")[0]


def preload(*, records: bool, keeps: Path | None, bundles: bool, judges: bool) -> None:
    """Load what is needed until the session ends: a test may leave Python's own ways to load a module replaced.

    Args:
        records: a test uses ``record_evidence``.
        keeps: where this process keeps the run: the file of the store; None: the controller of xdist does.
        bundles: a bundle is asked for.
        judges: a report or a gate is asked for.
    """
    wanted = [*_ALWAYS]
    if records:
        guess_media_type("any.txt")  # the types are read from files
        wanted += _NAMING
    if keeps is not None:
        wanted += _OWN
        wanted += _SIGNING if os.environ.get("READINESS_SIGNER") else ()
        wanted += _BUNDLING if bundles else ()
        wanted += _JUDGING if judges else ()
    for name in wanted:
        import_module(f"{_PACKAGE}.{name}")
    if keeps is not None and not _is_up_to_date(keeps):
        import_module("sqlite_utils")  # makes the tables, when the store is written


def _is_up_to_date(store: Path) -> bool:
    """Return whether a store is there, and of the newest schema: SQLite has its number in the head of the file."""
    from ..store.sqlite.tables import VERSION

    try:
        with regular_file(store) as file:
            return file.read(64)[60:] == VERSION.to_bytes(4, "big")
    except OSError:
        return False
