"""Messages of a command to the CI server in whose job it runs."""

from __future__ import annotations

import os

import click

from ..pipeline.project import Project
from ..views.report import Report
from ..views.sanitise import sanitise


def tell_ci(project: Project, report: Report, *, annotate: bool = True) -> None:
    """Append the report to the job summary, and print annotations on standard error, if the server takes them.

    Nothing is raised, and nothing is written outside a CI server.
    """
    if not os.environ.keys() & {"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"}:
        return
    from ..pipeline.ci_messages import annotation_lines, write_summary  # late: only in a job of a CI server

    for note in write_summary(project, report):
        click.echo(sanitise(f"readiness: {note}"), err=True)
    for line in annotation_lines(project, report) if annotate else ():
        click.echo(line, err=True)
