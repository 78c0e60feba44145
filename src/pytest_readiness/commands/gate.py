"""Command ``readiness gate``: prints the verdict, and fails closed."""

from __future__ import annotations

from pathlib import Path

import click

from ..facts.subject import Subjects
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..views.gate import render_verdict
from ..views.headline import NOT_ENFORCED
from ..views.report import Report
from . import options, output
from .ci import tell_ci
from .cli_context import CliContext, pass_cli_context
from .earlier_report import name_comparison, read_report
from .exit_code import ExitCodeCommand


@click.command("gate", cls=ExitCodeCommand)
@options.use_cases
@click.option(
    "--on",
    type=click.Choice(["review", "evidence"]),
    help="Basis of eligibility; default: READINESS_GATE_ON, else [gate] on in the config, else review.",
)
@click.option(
    "--waivers",
    type=click.Choice(["accept", "refuse"]),
    help="Accept or refuse waived requirements; default: [gate] waivers in the config, else refuse.",
)
@options.release
@options.subjects
@options.checkpoints
@click.option(
    "--no-regression",
    "earlier",
    type=options.FILE,
    metavar="REPORT.json",
    help="Only require that nothing is worse than in this JSON report.",
)
@click.option("--report-only", is_flag=True, help="Exit 0 whatever the verdict; 3 if the store is not intact.")
@click.option("--keep", is_flag=True, help="Store the verdict and print its id.")
@options.as_json
@pass_cli_context
def command(  # noqa: PLR0913 - one parameter for each option
    cli: CliContext,
    *,
    use_cases: tuple[str, ...],
    on: str | None,
    waivers: str | None,
    release: str | None,
    subjects: Subjects,
    checkpoints: tuple[Path, ...],
    earlier: Path | None,
    report_only: bool,
    keep: bool,
    as_json: bool,
) -> int:
    """Check rule by rule whether the use cases (ids or globs; default: all) are eligible for go-live.

    Exits 0 if they are, 1 if they are not, 2 if that cannot be checked (unknown use case, broken config or tracker),
    3 if the store is not intact.
    """
    project = cli.project()
    earlier_report = read_report(earlier) if earlier is not None else None
    request = EvaluationRequest(
        use_cases,
        on=on,
        waivers=waivers,
        release=release,
        only_release=release is not None,
        subjects=subjects,
        no_regression=earlier_report,
        no_regression_name=str(earlier or ""),
        checkpoints=checkpoints,
        to_sign=keep,
    )
    report = evaluate_project(project, request)
    if earlier is not None and earlier_report is not None:
        report = name_comparison(report, earlier, earlier_report)
    code, meaning = _exit_code(report, report_only=report_only)
    if as_json:
        output.tell_missing_store(project)
    else:
        let_through = _let_through(report, earlier) if code == 0 else ""
        width, unicode = output.terminal_width(), output.prints_unicode()
        lines = render_verdict(report, width, unicode=unicode, let_through=let_through)
        output.print_lines([*lines, ((f"exit code {code}: {meaning}", ""),)])
    verdict_id = None
    if keep:
        from ..pipeline.maintenance import save_verdict  # late: loads what writes bundles

        verdict_id = save_verdict(project, report)
    if as_json:
        from ..views.command_documents import gate_document  # late: most calls print text

        output.print_json(gate_document(report, code, verdict_id))
    elif verdict_id is not None:
        click.echo(f"stored as verdict {verdict_id}")
    tell_ci(project, report)
    return code


def _exit_code(report: Report, *, report_only: bool) -> tuple[int, str]:
    """Return the exit code, and what it means."""
    verdict = report.verdict
    if report.context.problems:
        return 3, "the store is not intact"
    if verdict.eligible and verdict.passes:
        return 0, "eligible"
    if verdict.passes:
        return 0, "not eligible, and nothing is worse than in the earlier report"
    meaning = "not eligible"
    if (rule := verdict.regression) is not None and not rule.passed:
        meaning = "worse than the earlier report" if rule.wrong else "not comparable with the earlier report"
    if report_only or not verdict.enforced:
        return 0, f"{meaning}, let through by {'--report-only' if report_only else NOT_ENFORCED}"
    return 1, meaning


def _let_through(report: Report, earlier: Path | None) -> str:
    """Return why the gate exits 0 although what it judged is not eligible."""
    if earlier is not None and report.verdict.passes:
        return f"not worse than {earlier.name}"
    return "--report-only" if report.verdict.enforced else NOT_ENFORCED
