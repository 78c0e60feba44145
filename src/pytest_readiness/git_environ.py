"""The environment in which git is asked: what the caller's says of another tree or history counts for nothing."""

from __future__ import annotations

import os

_ELSEWHERE = (
    # Variables that make git speak of another tree, or another history, than the folder's own.
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE",
)  # fmt: skip


def git_environ(*, literal: bool) -> dict[str, str]:
    """Return the environment for a call of git: a graft or a replaced object makes no other history of the folder's.

    Args:
        literal: paths are no patterns.
    """
    environ = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    return environ | {
        "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull,
        "GIT_LITERAL_PATHSPECS": "01"[literal], "LC_ALL": "C",
    }  # fmt: skip
