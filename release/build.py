"""Build what is published, as wheels and source distributions.

Usage: python release/build.py FOLDER

Two distributions: ``pytest-readiness`` without its pytest entry point, and ``pytest-readiness-plugin``, which has that
and nothing else. A checkout that is installed is one distribution. See docs/decisions/0007-two-distributions.md.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = Path(__file__).with_name("plugin")
ENTRY_POINT = """\
# What is published has this in a distribution of its own: release/build.py takes it out.
[project.entry-points.pytest11]
readiness = "pytest_readiness.plugin"

"""
REQUIRED = "dependencies = [\n"
PUBLISHED = '  "pytest-readiness-plugin>=0.1",\n'
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "dist", "build")


def published(pyproject: str) -> str:
    """Return the ``pyproject.toml`` of what is published: the entry point is another distribution's."""
    for text in (ENTRY_POINT, REQUIRED):
        if pyproject.count(text) != 1:
            sys.exit(f"pyproject.toml: {text.splitlines()[0]} does not stand there once, as release/build.py knows it")
    return pyproject.replace(ENTRY_POINT, "").replace(REQUIRED, f"{REQUIRED}{PUBLISHED}")


def build(folder: Path) -> None:
    """Build both distributions into a folder.

    Raises:
        subprocess.CalledProcessError: hatchling cannot build one of them; it has said why.
    """
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        pyproject = tree / "pyproject.toml"
        pyproject.write_text(published(pyproject.read_text(encoding="utf-8")), encoding="utf-8")
        for source in (tree, PLUGIN):
            command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder.resolve())]
            subprocess.run(command, cwd=source, check=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder]:
            build(Path(folder))
        case _:
            sys.exit("usage: python release/build.py FOLDER")
