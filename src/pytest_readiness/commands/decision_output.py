"""Output of the commands that make decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click

from ..decisions.repository import StoredDecisions
from ..decisions.reviews import ReviewedVersion
from ..errors import ConfigError, RefusedError, location
from ..facts.decision import (
    Blocker,
    Decision,
    Departure,
    IdentityLevel,
    Retirement,
    Review,
    RunRetirement,
    Unblock,
    Waiver,
)
from ..facts.subject import subjects_text
from ..hints import typable
from ..pipeline.evaluate_project import Project, evaluate_project
from ..store.decision_files.git_repository import is_ignored
from ..verdict.remedies import NAME_RELEASE
from ..verdict.subject_rule import NAME_SUBJECT
from ..views.gate import status_text
from ..views.sanitise import sanitise
from ..views.text_format import identity
from .output import tell_missing_store


@contextmanager
def refusing(context: click.Context, project: Project | None) -> Iterator[None]:
    """Print each reason of a refusal on a line of its own, and exit with 1.

    A missing store of the project is named beside it; ``project`` None: something else replaces the store.
    """
    try:
        yield
    except ConfigError as error:  # what is named may be in a store that was lost
        if project is not None and project.missing_store:
            raise ConfigError(f"{error}; {project.missing_store}") from error
        raise
    except RefusedError as error:
        for reason in error.reasons:
            click.echo(sanitise(typable(f"readiness: refused: {' '.join(reason.split())}")), err=True)
        if project is not None:
            tell_missing_store(project)
        _stop(context, error)


def _stop(context: click.Context, error: RefusedError) -> NoReturn:
    context.exit(error.exit_code)


def print_decision(stored: StoredDecisions) -> None:
    """Print the stored decisions, and for files how they take effect."""
    for note in stored.notes:
        click.echo(f"readiness: {sanitise(note, 2000)}", err=True)
    for decision in stored.decisions:
        click.echo(sanitise(f"{_summary(decision)}, by {decision.by} ({identity(decision.known_by)}): {decision.id}"))
        if stored.signed and decision.known_by is not IdentityLevel.SIGNED:
            key = f"its key is not trusted with reviews of {decision.by} ([keys])"
            click.echo(sanitise(f"the signature does not count: {key}"))
    if not stored.files:
        return
    for path in stored.files:
        click.echo(sanitise(f"written: {location(path)}"))
    if is_ignored(stored.files[0]):
        click.echo("git ignores this folder, and only a committed decision counts: remove it from .gitignore")
    click.echo("takes effect once committed and merged: commit it, and open a merge request")
    click.echo(sanitise(_author_note(stored)))


def print_standing(
    project: Project,
    use_cases: Sequence[str],
    version: ReviewedVersion = ReviewedVersion(),  # noqa: B008 - frozen
) -> None:
    """Print the status of use cases, and the release that it is for if the config requires one."""
    if use_cases:
        request = version.request(project, use_cases, to_sign=False)
        judged, suffix = request.judged_release, ""
        if project.policy.release == "required":
            suffix = f" (release {judged})" if judged else f"; {NAME_RELEASE}"
        report = evaluate_project(project, request)
        if project.policy.subject == "required" and not report.context.subjects:
            suffix += f"; name the digests that are judged: {NAME_SUBJECT}"
        for use_case in report.readiness.use_cases:
            click.echo(sanitise(f"{use_case.use_case.id} now: {status_text(use_case)}{suffix}"))


def _author_note(stored: StoredDecisions) -> str:
    name, author = stored.decisions[0].by, stored.author
    if author is None:
        return f"the commit author will be recorded as the decider: commit as {name}"
    if author.casefold() == name.casefold():
        return f"the commit author ({author}) will be recorded as the decider"
    return f"the commit author ({author}) will be recorded as the decider, not {name}: commit as {name}"


_DONE: dict[type[Decision], str] = {
    Blocker: "is blocked",
    Unblock: "is unblocked",
    Departure: "is retired: it left the register, and what it left open until now no longer closes the gate",
}


def _summary(decision: Decision) -> str:
    match decision:
        case Review():
            acknowledged = f", acknowledging {', '.join(decision.acknowledged)}" if decision.acknowledged else ""
            release = f" for release {decision.release}" if decision.release else ""
            subjects = f" for {subjects_text(dict(decision.subjects))}" if decision.subjects else ""
            return f"{decision.use_case} {decision.meaning}{release}{subjects}{acknowledged}"
        case Waiver():
            return f"{decision.requirement} is waived until {decision.until} for {decision.requested_by}"
        case Blocker() | Unblock() | Departure():
            return f"{decision.use_case} {_DONE[type(decision)]}"
        case Retirement():
            instead = f", replaced by {decision.replaced_by}" if decision.replaced_by else ""
            return f"{decision.test_id} is retired{instead}"
        case RunRetirement():
            return f"run {decision.run_id} is retired: run the tests again that passed in it or were planned"
    return decision.KIND
