"""Earlier JSON report that a command compares with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ..errors import ConfigError
from ..regular_files import read_regular
from ..verdict.snapshots import EvaluationSnapshot
from ..views.report import Report


def read_report(path: Path) -> dict[str, Any]:
    """Return an earlier JSON report. Its content is checked where it is used.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        document = json.loads(read_regular(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: is not a JSON report")
    return document


def name_comparison(report: Report, path: Path, document: Mapping[str, Any]) -> Report:
    """Return the report, compared with a document that was read from ``path``, with the words for that document."""
    before = EvaluationSnapshot.from_document(document)
    at = f" at {before.at}" if before.at else ""
    words = f"{path.name}{at} ({before.ready} of {len(before.use_cases)} ready)"
    return replace(report, context=replace(report.context, compared_with=words))
