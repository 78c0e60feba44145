"""Refusal to answer from a store that is not intact."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import IntegrityError


def refuse_damage(problems: Sequence[str]) -> None:
    """Raise an error with the first problem, and the number of others.

    Raises:
        IntegrityError: there is a problem.
    """
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise IntegrityError(f"{problems[0]}{more}; 'readiness verify' names all problems")
