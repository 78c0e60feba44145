"""What a session needs until its end, loaded before its first test."""

from __future__ import annotations

import os
from importlib import import_module

from ..journal.artifact import guess_media_type

_ALWAYS = ("journal.belated", "journal.embedded", "journal.keys", "journal.spans", "journal.structured")
_OWN = ("store.sqlite", "views.pen", "views.sanitise")
_SIGNING = ("facts.envelope", "pipeline.keys")
_BUNDLING = ("pipeline.carrying",)
_JUDGING = ("pipeline.judging", "views.document", "views.gate", "views.report", "views.terminal")
_PACKAGE = __name__.partition(".")[0]


def load(*, records: bool, keeps: bool, bundles: bool, judges: bool) -> None:
    """Load what is needed until the session ends: a test may leave Python's own ways to load a module replaced.

    Args:
        records: a test uses ``record_evidence``.
        keeps: this process keeps the run, and not the controller of xdist.
        bundles: a bundle is asked for.
        judges: a report or a gate is asked for.
    """
    wanted = [*_ALWAYS]
    if records:
        guess_media_type("any.txt")  # the types are read from files
    if keeps:
        wanted += _OWN
        wanted += _SIGNING if os.environ.get("READINESS_SIGNER") else ()
        wanted += _BUNDLING if bundles else ()
        wanted += _JUDGING if judges else ()
    for name in wanted:
        import_module(f"{_PACKAGE}.{name}")
