"""A clone of this project, and what pip needs to install it without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from benchmarks import environments

ROOT = Path(__file__).parents[2]
PARTS = ("src", "packages", "pyproject.toml", "readme_on_index.py", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
"""What a clone has that an installation reads."""
_FOREIGN = ("PYTEST_", "READINESS_", "GITHUB_", "GIT_", "PIP_", "PYTHON", "VIRTUAL_ENV")
_OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""No network: the build uses what is installed. (pip reads a false value of the second as: without isolation.)"""


def clone(folder: Path) -> str:
    """Make a git repository of this project as it is here, committed or not; return its commit."""
    folder.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in PARTS:
        part = ROOT / name
        if part.is_dir():
            shutil.copytree(part, folder / name, ignore=ignored)
        else:
            shutil.copy(part, folder / name)
    return commit(folder)


def commit(folder: Path) -> str:
    """Commit all files of a folder as a repository; return the commit."""
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main")
    for arguments in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", "x")):
        subprocess.run(["git", *who, "-C", str(folder), *arguments], check=True)
    answer = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return answer.stdout.strip()


def python_without_us(folder: Path, more: Iterable[str] = ("hatchling", "pip")) -> Path:
    """Make an environment with what we require, pip and the builder, and without us; return its interpreter."""
    distributions = environments.required(environments.OURS)
    for name in more:
        distributions |= environments.required(name)
    return environments.make(folder, distributions)


def offline(home: Path) -> dict[str, str]:
    """Return the environment variables of a user whose pip reaches no index."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return own | _OFFLINE | {"HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull}
