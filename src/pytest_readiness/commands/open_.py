"""Command ``readiness open``: writes the report as a page and opens it in the browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from ..errors import ConfigError, StorageError
from ..facts.subject import Subjects
from ..journal.folder import ignore_folder
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluate_project import HOME, EvaluationRequest
from ..pipeline.output_files import refuse_sources, write_report
from ..pipeline.report_contents import evaluate_for
from ..views.output_formats import FORMATS
from ..views.sanitise import sanitise
from . import options
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand
from .output import tell_missing_store

NAME = "report.html"
"""Name of the page in the folder of the tool, which git ignores."""


@click.command("open", cls=ExitCodeCommand)
@options.use_cases
@click.option("-o", "--output", type=options.FILE, metavar="FILE", help=f"The page; default: {HOME}/{NAME}.")
@click.option(
    "--at", callback=options.moment, metavar="TIME", help="Show what was known and required at this moment (UTC)."
)
@options.release
@options.subjects
@click.option("--no-browser", is_flag=True, help="Only write the page, and print its address.")
@pass_cli_context
def command(
    cli: CliContext,
    *,
    use_cases: tuple[str, ...],
    output: Path | None,
    at: str | None,
    release: str | None,
    subjects: Subjects,
    no_browser: bool,
) -> int:
    """Write the report on the use cases (ids or globs; default: all) as a page, and open it in the browser.

    The page is one file that needs no network. Exits 0 whatever the verdict, also where no browser can be started; 3
    if the store is not intact, 2 if the page cannot be written.
    """
    project = cli.project()
    refuse_sources(project, {"the page": output})
    page = FORMATS["html"]
    only = release is not None
    request = EvaluationRequest(use_cases, at=at, release=release, only_release=only, subjects=subjects)
    report = evaluate_for(project, request, page)
    if not project.configured and not report.readiness.use_cases:
        raise ConfigError("there is no config, and no evidence to show: run 'readiness init'")
    if output is None:
        output = project.settings.folder / HOME / NAME
        try:
            ignore_folder(output.parent)
        except OSError as error:
            raise StorageError(f"{output.parent}: cannot be created: {error.strerror}") from error
    write_report(output, page.render(report))
    address = output.resolve().as_uri()
    opened = False
    if not no_browser:
        try:
            opened = webbrowser.open(address)
        except webbrowser.Error:
            opened = False
    hint = "" if opened or no_browser else ": no browser could be started here, so open it yourself"
    click.echo(sanitise(f"{address}{hint}"))
    tell_missing_store(project)
    refuse_damage(report.context.problems)
    return 0
