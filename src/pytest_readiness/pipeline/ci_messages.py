"""Messages to a CI server: the summary of a job, and annotations beside the code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from ..errors import ReadinessError, location, one_line
from ..regular_files import open_regular
from ..third_party import describe_exception
from ..views.formats.github_annotations import WrongMark, render_annotations, render_wrong_marks
from ..views.formats.markdown import render_within
from ..views.report import Report, SourceLocation
from .output_files import refuse_sources
from .project import Project
from .source_locations import checkout_of, locate_findings, path_from

SUMMARY, NO_SUMMARY = "GITHUB_STEP_SUMMARY", "READINESS_NO_SUMMARY"
"""Variables: the file of the job summary, which the CI server sets, and the wish that nothing is written to it."""
SUMMARY_LIMIT = 1024 * 1024
"""Bytes of the file: GitHub drops the whole summary of a step that has more."""


def write_summary(project: Project, report: Report) -> list[str]:
    """Append the report to the file of the job summary, if there is one. Nothing is raised.

    Returns:
        A sentence why it was not written; empty if it was, or if there is no such file.
    """
    name = os.environ.get(SUMMARY)
    if not name or os.environ.get(NO_SUMMARY):
        return []
    path = Path(name)
    try:
        return _append(project, report, path)
    except ReadinessError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{location(path)}: {error.strerror or error}"
    except Exception as error:  # noqa: BLE001 - a summary never decides how a session or a command ends
        reason = f"internal error in pytest-readiness: {describe_exception(error)}"
    return [one_line(f"the job summary was not written: {reason}")]


def _append(project: Project, report: Report, path: Path) -> list[str]:
    refuse_sources(project, {"the job summary": path})
    descriptor = open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with os.fdopen(descriptor, "ab") as file:
        size = file.seek(0, os.SEEK_END)
        room = SUMMARY_LIMIT - size - 1
        text = "".join(render_within(report, room)).encode()
        if len(text) > room:
            return [f"the job summary was not written: its file has {size} bytes already, and may have {SUMMARY_LIMIT}"]
        file.write(b"\n" + text if size else text)
    return []


def is_annotated() -> bool:
    """Return whether a CI server reads annotations from the output of this process."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotation_lines(
    project: Project, report: Report | None, wrong_marks: Sequence[tuple[str, int | None, str]] = ()
) -> list[str]:
    """Return workflow commands, a line each, for wrong marks and what keeps the use cases of a report from going live.

    Args:
        project: the project.
        report: the report; None: only the wrong marks are shown.
        wrong_marks: file, line and problem of each test with an invalid evidence mark.
    """
    if not is_annotated():
        return []
    root = checkout_of(project.settings.folder.resolve())
    marks = [WrongMark(text, SourceLocation(path_from(root, Path(file)), line)) for file, line, text in wrong_marks]
    if report is None:
        return render_wrong_marks(marks)
    return render_annotations(replace(report, locations=locate_findings(project, report)), marks)
