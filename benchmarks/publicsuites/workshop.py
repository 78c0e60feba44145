"""A folder with each suite, the environments that it needs, and the builds of this plugin, which are added by path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

from environments import OURS, ROOT, pip, published, required

from .projects import PYTEST, PublicSuite

PLUGINS = Path(__file__).parent / "plugins"
REPORTLOG = "pytest-reportlog==1.0.0"
USE_CASES, ITEMS = 7, 3


@dataclass(frozen=True)
class Place:
    """A suite as it lies there, and the interpreter that has what it needs."""

    suite: PublicSuite
    folder: Path
    python: Path


def environ(paths: list[Path], **more: str) -> dict[str, str]:
    """Return the environment of a session that imports from these folders too, away from what a user or a job sets."""
    apart = ("PYTEST_", "READINESS_", "CI", "GITHUB_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(apart)}
    return kept | {"PYTHONPATH": os.pathsep.join(map(str, (*paths, PLUGINS))), "PYTHONHASHSEED": "0", **more}


class Workshop:
    """Downloads and installs, each thing once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def build(self, checkout: Path = ROOT, name: str = "ours") -> Path:
        """Return a folder with the plugin as a checkout builds it, for the path of an interpreter."""
        wheels, target = self._folder / f"{name}-wheels", self._folder / name
        for old in (wheels, target):
            shutil.rmtree(old, ignore_errors=True)
        pip("install", "--no-deps", "--no-index", f"--target={target}", *map(str, published(wheels, checkout)))
        return target

    def reportlog(self) -> Path:
        """Return a folder with pytest-reportlog."""
        target = self._folder / "reportlog"
        if not target.exists():
            pip("install", "--no-deps", f"--target={target}", REPORTLOG)
        return target

    def place(self, suite: PublicSuite) -> Place:
        """Return the suite, with an environment of its own; what this plugin needs is there, the plugin is not."""
        archives = self._folder / "archives"
        folder, home = self._folder / f"{suite.name}-{suite.version}", self._folder / f"env-{suite.name}"
        place = Place(suite, folder, home / "bin" / "python")
        if (home / "done").exists():
            return place
        for old in (folder, home):
            shutil.rmtree(old, ignore_errors=True)
        pip("download", "--no-deps", "--no-binary=:all:", f"--dest={archives}", suite.pinned)
        (archive,) = archives.glob(f"{suite.name}-{suite.version}.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(self._folder, filter="data")
        venv.create(home, symlinks=True)
        project = f"{archive}[{suite.extra}]" if suite.extra else str(archive)
        ours = [
            f"{each.metadata['Name']}=={each.version}"
            for name, each in required(OURS).items()
            if name not in ("pytest", suite.name)
        ]
        pip(f"--python={place.python}", "install", project, *PYTEST, *suite.needs, *ours)
        self._claim(place)
        (home / "done").touch()
        return place

    def _claim(self, place: Place) -> None:
        """Write the config with a rule for each test function, and commit everything: a session asks git."""
        names = dict.fromkeys(nodeid.partition("[")[0] for nodeid in collected(place))
        numbers = range(USE_CASES * ITEMS)
        claims = [f"UC-{number % USE_CASES + 1:03}/{number // USE_CASES + 1}" for number in numbers]
        lines = ["[environments.staging]", "real = true"]
        for item in range(ITEMS):
            lines += [f"[items.{item + 1}]", f'title = "Item {item + 1}"']
        for number in range(USE_CASES):
            lines += [f"[use_cases.UC-{number + 1:03}]", f'title = "Use case {number + 1}"']
        lines += ["[claims]", *(f'"{name}" = "{claims[at % len(claims)]}"' for at, name in enumerate(names))]
        (place.folder / "readiness.toml").write_text("\n".join(lines) + "\n")
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
        for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "suite")):
            subprocess.run(["git", *who, *words], cwd=place.folder, check=True)


def arguments(place: Place, *more: str) -> list[str]:
    """Return the command of a session."""
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "public_suite")
    return [str(place.python), *words, *place.suite.tests, *more]


def collected(place: Place, part: int = 0) -> list[str]:
    """Return the node ids of the tests that a session without the plugin runs, or of a part of them."""
    file = place.folder / "collected.json"
    subprocess.run(
        arguments(place, "--collect-only", "-qq"),
        cwd=place.folder,
        env=environ([], PUBLIC_SUITE_TESTS=str(file), PUBLIC_SUITE_PART=str(part)),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    names: list[str] = json.loads(file.read_text())
    file.unlink()
    return names
