"""Imports that a session needs until its end, made before its first test."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from ..recording.artifacts import guess_media_type
from ..regular_files import regular_file
from .checkpoint_files import VARIABLE

_ALWAYS = (
    "recording.late_secrets",
    "redaction.embedded_secrets",
    "redaction.secret_names",
    "redaction.spans",
    "redaction.key_scan",
)
_NAMING = ("redaction.parameter_source",)
"""Modules for a secret that turns up in the name of a test."""
_STORING = ("pipeline.session_summary", "store.sqlite.store", "views.line_writer", "views.sanitise")
_SIGNING = ("facts.envelope", "signing.keys")
_BUNDLING = ("pipeline.bundles", "store.integrity.tree_audit")
_EVALUATING = (
    "journal.open_runs",
    "pipeline.evaluate_project",
    "pipeline.output_files",
    "pipeline.register_history",
    "pipeline.report_contents",
    "signing.verifier",
    "store.decision_files.folder",
    "views.gate",
    "views.output_formats",
    "views.report",
    "views.terminal",
)
_COMPARING = ("pipeline.checkpoints", "store.sqlite.store_audit")
_IN_CI = ("pipeline.ci_messages",)
_CI_VARIABLES = {"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"}
_PACKAGE = __name__.partition(".")[0]
_OF_PAGE = (f"{_PACKAGE}.pipeline.page_contents", "importlib.readers", "encodings.unicode_escape")
"""Modules with what the page shows, and those with which its templates are read and compiled."""


def preload(*, records: bool, keeps: Path | None, bundles: bool, judges: bool, formats: Iterable[str]) -> None:
    """Import the modules that are needed until the session ends: a test may replace Python's import functions.

    Args:
        records: whether a test uses ``record_evidence``.
        keeps: the file of the store, if this process stores the run; None means that xdist's controller does.
        bundles: whether a bundle is requested.
        judges: whether a report or a gate is requested.
        formats: the formats of the requested report files.
    """
    modules = [*_ALWAYS]
    if records:
        guess_media_type("any.txt")  # loads the table of media types from files
        modules += _NAMING
    if keeps is not None:
        modules += _STORING
        modules += _SIGNING if os.environ.get("READINESS_SIGNER") else ()
        modules += _BUNDLING if bundles else ()
        modules += _EVALUATING if judges else ()
        modules += _COMPARING if judges and VARIABLE in os.environ else ()
        modules += _IN_CI if judges and os.environ.keys() & _CI_VARIABLES else ()
    for name in modules:
        import_module(f"{_PACKAGE}.{name}")
    if judges and keeps is not None:
        from ..views.output_formats import FORMATS

        for name in formats:
            _ = FORMATS[name].render
            if FORMATS[name].needs_page:
                for module in _OF_PAGE:
                    import_module(module)
    if keeps is not None and not _is_up_to_date(keeps):
        import_module("sqlite_utils")  # creates the tables when the store is written


def _is_up_to_date(store: Path) -> bool:
    """Return whether the store exists and has the newest schema, whose number SQLite has in the file's head."""
    from ..store.sqlite.tables import VERSION

    try:
        with regular_file(store) as file:
            return file.read(64)[60:] == VERSION.to_bytes(4, "big")
    except OSError:
        return False
