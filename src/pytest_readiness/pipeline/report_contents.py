"""Contents of a report that only some formats need: register, bases of reviews, page and places."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from ..views.output_formats import OutputFormat
from ..views.report import Report
from .evaluate_project import EvaluationRequest, evaluate_project
from .project import Project


def request_for(forms: Collection[OutputFormat], request: EvaluationRequest) -> EvaluationRequest:
    """Return the request with what the evaluation must load for these formats, and nothing that none of them needs.

    ``forms``: none: the report is for the terminal.
    """
    return replace(
        request,
        to_sign=any(form.needs_basis for form in forms),
        with_register=any(form.needs_register for form in forms),
    )


def evaluate_for(project: Project, request: EvaluationRequest, form: OutputFormat | None) -> Report:
    """Return the report on a project with all that a format shows.

    Args:
        project: the project.
        request: the request, without what a format needs.
        form: the format; None: the terminal's.

    Raises:
        ConfigError: a use case is unknown.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    request = request_for([form] if form is not None else [], request)
    report = evaluate_project(project, request)
    return with_contents(project, report, request, form) if form is not None else report


def with_contents(project: Project, report: Report, request: EvaluationRequest, form: OutputFormat) -> Report:
    """Return the report with what a format needs beside the evaluation.

    Args:
        project: the project.
        report: the report.
        request: the request that the report answers.
        form: the format.

    Raises:
        StorageError: the store cannot be read.
    """
    if form.needs_page:
        from .page_contents import with_page  # late: replays the history, for the page alone

        report = with_page(project, report, request)
    if form.needs_locations:
        from .source_locations import locate_findings  # late: reads test files, for one format

        report = replace(report, locations=locate_findings(project, report))
    return report
