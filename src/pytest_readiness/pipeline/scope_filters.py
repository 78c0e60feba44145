"""Filters of the scope: the use cases of an owner, or with a status."""

from __future__ import annotations

from msgspec.structs import replace

from ..errors import ConfigError
from ..verdict.actions import owner_of
from ..verdict.readiness import Status
from .evaluate_project import EvaluationRequest, Project, evaluate_project
from .project import exact_pattern


def filtered_request(
    project: Project, request: EvaluationRequest, owner: str | None, status: Status | None
) -> EvaluationRequest:
    """Return a request for the use cases of its scope with this owner and status: also the verdict speaks of these.

    Args:
        project: the project.
        request: the request without the filters.
        owner: in any letter case; ``unassigned``: those whose row names nobody; None: any.
        status: the derived status; None: any.

    Raises:
        ConfigError: no use case in scope has both.
        StorageError, IntegrityError: the store or the decisions cannot be read.
    """
    if owner is None and status is None:
        return request
    names = [
        use_case.use_case.id
        for use_case in evaluate_project(project, replace(request, to_sign=False)).readiness.use_cases
        if (status is None or use_case.status is status)
        and (owner is None or owner_of(use_case).casefold() == owner.strip("` ").casefold())
    ]
    if not names:
        of = f" of {owner}" if owner is not None else ""
        raise ConfigError(f"no use case{of} in scope is {status.value}" if status else f"no use case{of} is in scope")
    return replace(request, patterns=tuple(map(exact_pattern, names)))
