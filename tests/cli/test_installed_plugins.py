"""Installed plugins: a command finds their entry points wherever Python finds a distribution."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

METADATA = "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n"
ENTRY_POINTS = "[pytest_readiness]\nacme = acme_is_not_there\n"
FOLDERS = {
    "a wheel's folder": ("site", "acme-1.0.dist-info", "METADATA"),
    "a wheel's folder in capitals": ("site", "Acme-1.0.DIST-INFO", "METADATA"),
    "setuptools' folder": ("site", "acme.egg-info", "PKG-INFO"),
    "an egg": ("acme.egg", "EGG-INFO", "PKG-INFO"),
}
"""For each kind of installation: the entry of the import path, the folder with the metadata, and its file."""


def run_gate(project: Project, place: Path | None, code: str = "") -> subprocess.CompletedProcess[str]:
    """Run the gate in a process of its own, with a place on the import path, and code after it."""
    program = (
        f"import sys\nfrom pytest_readiness.cli import main\ntry:\n    main(['gate'])\nfinally:\n    pass\n    {code}\n"
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ |= {"PYTHONPATH": str(place)} if place is not None else {}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=project.path, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", FOLDERS)
def test_an_entry_point_is_found_in_every_kind_of_folder(project: Project, kind: str) -> None:
    """A plugin that cannot be loaded closes the gate however its distribution was installed."""
    place, folder, metadata = FOLDERS[kind]
    project.configured()
    project.write(f"{place}/{folder}/{metadata}", METADATA)
    project.write(f"{place}/{folder}/entry_points.txt", ENTRY_POINTS)
    gate = run_gate(project, project.path / place)
    assert gate.returncode == 2
    assert "the plugin 'acme' cannot be loaded" in gate.stderr


def test_an_entry_point_is_found_in_an_archive(project: Project) -> None:
    """Python imports from zip files too, and so a plugin may be in one."""
    project.configured()
    with ZipFile(project.path / "acme.zip", "w") as archive:
        archive.writestr("acme-1.0.dist-info/METADATA", METADATA)
        archive.writestr("acme-1.0.dist-info/entry_points.txt", ENTRY_POINTS)
    gate = run_gate(project, project.path / "acme.zip")
    assert gate.returncode == 2
    assert "the plugin 'acme' cannot be loaded" in gate.stderr


def test_without_a_plugin_the_metadata_of_distributions_is_not_read(project: Project) -> None:
    """A gate without plugins does not pay for ``importlib.metadata``."""
    project.configured()
    gate = run_gate(project, None, "sys.stderr.write(f\"loaded: {'importlib.metadata' in sys.modules}\")")
    assert gate.returncode == 1
    assert "loaded: False" in gate.stderr
