"""Environment for calls of git, without variables that select another tree or history."""

from __future__ import annotations

import os

_OTHER_TREE_VARIABLES = (
    # Variables that make git use another tree or history than that of the folder.
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ATTR_SOURCE",
)  # fmt: skip


def git_environ(*, literal: bool) -> dict[str, str]:
    """Return the environment for a call of git. Grafts and replaced objects do not change the history.

    Args:
        literal: whether paths are no patterns.
    """
    environ = {name: value for name, value in os.environ.items() if name not in _OTHER_TREE_VARIABLES}
    return environ | {
        "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull,
        "GIT_LITERAL_PATHSPECS": "01"[literal], "LC_ALL": "C",
    }  # fmt: skip
