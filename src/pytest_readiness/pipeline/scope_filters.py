"""Filters of the scope: the use cases of an owner, or with a status."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ..errors import ConfigError, first_names
from ..verdict.owners import UNASSIGNED, is_known, is_selected, nearest_names, owner_name, owner_of
from ..verdict.readiness import Status
from ..views.report import Report
from .evaluate_project import EvaluationRequest, Project, evaluate_project
from .project import exact_pattern

_MOST_NAMED = 6


def filtered_request(
    project: Project, request: EvaluationRequest, owner: str | None, status: Status | None
) -> EvaluationRequest:
    """Return a request for the use cases of its scope with this owner and status: also the verdict speaks of these.

    If no use case has both, the request is for no use case.

    Args:
        project: the project.
        request: the request without the filters.
        owner: in any spelling; ``unassigned``: those whose row names nobody; None: any.
        status: the derived status; None: any.

    Raises:
        ConfigError: there is nobody with the name of the owner.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    if owner is None and status is None:
        return request
    report = evaluate_project(project, replace(request, to_sign=False))
    if owner is not None:
        refuse_unknown_owner(project, report, owner)
    people = project.policy.people
    names = [
        use_case.use_case.id
        for use_case in report.readiness.use_cases
        if (status is None or use_case.status is status)
        and (owner is None or is_selected(owner_of(use_case), owner, people))
    ]
    return replace(request, patterns=tuple(map(exact_pattern, names)), is_empty=not names)


def empty_text(owner: str | None, status: Status | None) -> str:
    """Return the sentence that no use case has this owner and status."""
    who = f" of {owner_name(owner)}" if owner is not None else ""
    return f"no use case{who} in scope is {status.value}" if status is not None else f"no use case{who} is in scope"


def refuse_unknown_owner(project: Project, report: Report, owner: str) -> None:
    """Raise ConfigError if nobody has this name: no owner, no reviewer, nobody in ``[people]``, nobody who must act."""
    people = project.policy.people
    owners = {*_known_names(project, report)} - {UNASSIGNED}
    if is_known(owner, owners, people):
        return
    near = nearest_names(owner, owners)
    if near:
        hint = f"did you mean {' or '.join(map(repr, near))}?"
    elif owners:
        hint = f"known: {first_names(sorted(owners), _MOST_NAMED)}"
    else:
        hint = "no row of the register names an owner"
    raise ConfigError(f"--owner {owner}: there is nobody of this name ({hint}); '{UNASSIGNED}' is what nobody owns")


def _known_names(project: Project, report: Report) -> Iterable[str]:
    yield from (owner_name(row.owner) for row in project.catalogue.use_cases.values())
    yield from map(owner_of, report.readiness.use_cases)
    yield from project.policy.reviewers
    for name, person in project.settings.people.items():
        yield from (name, *person.also)
    yield from (action.who for action in report.actions)
