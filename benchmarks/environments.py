"""Virtual environments of links to what the running interpreter has installed: nothing is downloaded or copied.

Nothing else of that interpreter is seen in them: pytest finds its plugins there as a user's does, by entry points.
"""

from __future__ import annotations

import sys
import venv
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement  # pytest brings it
from packaging.utils import canonicalize_name

OURS = "pytest-readiness"
PACKAGE = "pytest_readiness"
ELSEWHERE = ("..", "__pycache__")


def required(name: str) -> dict[str, Distribution]:
    """Return a distribution and all that it requires here, by name."""
    found: dict[str, Distribution] = {}
    names = [name]
    while names:
        name = canonicalize_name(names.pop())
        if name not in found:
            found[name] = distribution(name)
            requirements = map(Requirement, found[name].requires or ())
            names += [each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


def make(folder: Path, distributions: dict[str, Distribution]) -> Path:
    """Make an environment of these distributions; return its interpreter."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name, installed in distributions.items():
        if name == OURS:
            install_ours(installed, site)
            continue
        for top in {file.parts[0] for file in installed.files or ()}.difference(ELSEWHERE):
            if not (site / top).exists():
                (site / top).symlink_to(installed.locate_file(top))
    return folder / "bin" / "python"


def make_hollow(folder: Path, distributions: dict[str, Distribution]) -> Path:
    """Make an environment in which our entry point leads to an empty module: what any plugin in our place costs."""
    python = make(folder, distributions)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "hollow.py").touch()
    (site / info_of(distributions[OURS]) / "entry_points.txt").write_text("[pytest11]\nhollow = hollow\n")
    return python


def info_of(installed: Distribution) -> str:
    return f"{PACKAGE}-{installed.version}.dist-info"


def install_ours(installed: Distribution, site: Path) -> None:
    """Install what is imported here as pip would, be it editable: pytest reads the list of a plugin's files."""
    package = Path(find_spec(PACKAGE).origin).parent
    (site / PACKAGE).symlink_to(package)
    info = site / info_of(installed)
    info.mkdir()
    for name in ("METADATA", "WHEEL", "entry_points.txt"):
        (info / name).write_text(installed.read_text(name))
    sources = [file.relative_to(package.parent) for file in sorted(package.rglob("*.py"))]
    compiled = [file.parent / "__pycache__" / f"{file.stem}.{sys.implementation.cache_tag}.pyc" for file in sources]
    rows = [f"{file},sha256={'x' * 43},{(package.parent / file).stat().st_size}\n" for file in sources]
    (info / "RECORD").write_text("".join([*rows, *(f"{file},,\n" for file in compiled)]))
