"""Virtual environments of links to what the running interpreter has installed, and of our wheels, which pip installs.

Nothing is downloaded, and nothing else of that interpreter is seen in them: pytest finds its plugins there as a user's
does, by entry points.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement  # pytest brings it
from packaging.utils import canonicalize_name

OURS = "pytest-readiness"
ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "packages" / "pytest-readiness-plugin"
ELSEWHERE = ("..", "__pycache__")


def required(name: str) -> dict[str, Distribution]:
    """Return all that a distribution requires here, by name, without ours."""
    found: dict[str, Distribution] = {}
    names = [name]
    while names:
        name = canonicalize_name(names.pop())
        if name not in found:
            found[name] = distribution(name)
            requirements = map(Requirement, found[name].requires or ())
            names += [each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]
    return {name: each for name, each in found.items() if name not in (OURS, PLUGIN.name)}


def make(folder: Path, distributions: dict[str, Distribution], wheels: Sequence[Path] = ()) -> Path:
    """Make an environment of these distributions and wheels; return its interpreter."""
    venv.create(folder, symlinks=True)
    site = site_of(folder)
    for installed in distributions.values():
        for top in {file.parts[0] for file in installed.files or ()}.difference(ELSEWHERE):
            if not (site / top).exists():
                (site / top).symlink_to(installed.locate_file(top))
    python = folder / "bin" / "python"
    if wheels:
        pip(f"--python={python}", "install", "--no-deps", "--no-index", *map(str, wheels))
    return python


def make_hollow(folder: Path, distributions: dict[str, Distribution], wheels: Sequence[Path]) -> Path:
    """Make an environment in which our entry point leads to an empty module: what any plugin in our place costs."""
    python = make(folder, distributions, wheels)
    (site_of(folder) / "pytest_readiness_plugin.py").write_text("")
    return python


def make_single(folder: Path, distributions: dict[str, Distribution], wheels: Sequence[Path]) -> Path:
    """Make an environment in which the package's own distribution has the entry point of the plugin."""
    python = make(folder, distributions, wheels)
    (entry_points,) = site_of(folder).glob("pytest_readiness-*.dist-info/entry_points.txt")
    entry_points.write_text(f"{entry_points.read_text()}\n[pytest11]\nreadiness = pytest_readiness.plugin\n")
    return python


def site_of(folder: Path) -> Path:
    (site,) = folder.glob("lib/python*/site-packages")
    return site


def published(folder: Path, checkout: Path = ROOT) -> list[Path]:
    """Build what a checkout publishes; return the wheels of the package and of the plugin."""
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder.resolve())]
    for source in (checkout, checkout / PLUGIN.relative_to(ROOT)):
        subprocess.run(build, cwd=source, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted(folder.glob("*.whl"))


def pip(*arguments: str) -> None:
    quiet = ["-q", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", *arguments, *quiet], check=True)
