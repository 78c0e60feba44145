"""Imports that a session needs until its end, made before its first test."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ..recording.artifacts import guess_media_type
from ..regular_files import regular_file
from ..signing.library import SIGNER, missing_library
from .checkpoint_files import VARIABLE

if TYPE_CHECKING:
    from .project import Project
    from .session_options import SessionOptions

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
_SIGNING = ("facts.envelope", "signing.keys", "store.integrity.signed_statements")
_BUNDLING = ("pipeline.bundles", "store.integrity.signed_statements", "store.integrity.tree_audit")
_EVALUATING = (
    "journal.open_runs",
    "pipeline.evaluate_project",
    "pipeline.register_history",
    "store.decision_files.folder",
)
"""The evaluation, and what it loads late. The contents of a bundle need it too."""
_TRUSTING = ("signing.verifier", "store.integrity.signed_statements")
_LIBRARY = ("cryptography.hazmat.primitives.serialization", "securesystemslib.signer")
"""What makes and checks signatures (extra ``sign``)."""
_COMPARING = ("pipeline.checkpoints", "store.sqlite.store_audit")
"""Modules for the checkpoint that the environment names."""
_REPORTING = (
    "pipeline.output_files",
    "pipeline.report_contents",
    "views.gate",
    "views.output_formats",
    "views.report",
    "views.terminal",
)
_IN_CI = ("pipeline.ci_messages",)
_CI_VARIABLES = {"GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"}
_PACKAGE = __name__.partition(".")[0]
_OF_PAGE = (f"{_PACKAGE}.pipeline.page_contents", "importlib.readers", "encodings.unicode_escape")
"""Modules with what the page shows, and those with which its templates are read and compiled."""


def preload(options: SessionOptions, keeps: Project | None, *, records: bool) -> None:
    """Import the modules that are needed until the session ends: a test may replace Python's import functions.

    Args:
        options: the options of the session.
        keeps: the project, if this process stores the run; None means that xdist's controller does.
        records: whether a test uses ``record_evidence``.
    """
    bundles, judges = options.get("bundle") is not None, options.evaluates_at_end
    modules = [*_ALWAYS]
    libraries: tuple[str, ...] = ()
    if records:
        guess_media_type("any.txt")  # loads the table of media types from files
        modules += _NAMING
    if keeps is not None:
        modules += _STORING
        modules += _SIGNING if os.environ.get(SIGNER) else ()
        modules += _BUNDLING if bundles else ()
        modules += _evaluating(keeps) if judges or bundles else ()
        modules += _REPORTING if judges else ()
        modules += _IN_CI if judges and os.environ.keys() & _CI_VARIABLES else ()
        libraries = _libraries(keeps, evaluates=judges or bundles)
    for name in (*(f"{_PACKAGE}.{name}" for name in modules), *libraries):
        import_module(name)
    if judges and keeps is not None:
        from ..views.output_formats import FORMATS

        for name in options.report_files:
            _ = FORMATS[name].render
            if FORMATS[name].needs_page:
                for module in _OF_PAGE:
                    import_module(module)
    if keeps is not None and not _is_up_to_date(keeps.store_file):
        import_module("sqlite_utils")  # creates the tables when the store is written


def _evaluating(project: Project) -> tuple[str, ...]:
    """Return the modules that an evaluation needs."""
    trusting = _TRUSTING if project.settings.keys else ()
    return (*_EVALUATING, *trusting, *(_COMPARING if VARIABLE in os.environ else ()))


def _libraries(project: Project, *, evaluates: bool) -> tuple[str, ...]:
    """Return what makes and checks signatures, if the session needs it and it is installed."""
    is_needed = os.environ.get(SIGNER) or (evaluates and project.settings.keys)
    return _LIBRARY if is_needed and not missing_library() else ()


def _is_up_to_date(store: Path) -> bool:
    """Return whether the store exists and has the newest schema, whose number SQLite has in the file's head."""
    from ..store.sqlite.tables import VERSION

    try:
        with regular_file(store) as file:
            return file.read(64)[60:] == VERSION.to_bytes(4, "big")
    except OSError:
        return False
