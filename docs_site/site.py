"""The built site: staged pages, Zensical's run over them, and the list of versions beside them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .navigation import navigation
from .staging import ROOT, stage

HERE = Path(__file__).parent
ASSETS = ("site.css", "tables.js", "versions.js", "iframe-worker.js")
_VERSION = re.compile(r"\d+(\.\d+)*(-[\w.]+)?", re.ASCII)
LATEST = "latest"
"""The folder of the newest version, and what the first page of all versions leads to."""
_FORWARD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>pytest-readiness</title>
<meta http-equiv="refresh" content="0; url=latest/index.html">
<a href="latest/index.html">pytest-readiness</a>
</html>
"""


class BuildError(Exception):
    """What the generator complained of."""


def build(into: Path, version: str = "") -> None:
    """Build the site into a folder, which must not exist or is replaced; any warning of the generator is an error."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        pages = stage(folder / "docs")
        assets = folder / "docs" / "assets"
        assets.mkdir()
        for asset in ASSETS:
            shutil.copyfile(HERE / asset, assets / asset)
        (folder / "zensical.toml").write_text(settings(list(pages), version), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict"],
            cwd=folder, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise BuildError(_without_colours(done.stdout + done.stderr))
        if into.exists():
            shutil.rmtree(into)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder / "site", into)


def build_version(into: Path, version: str) -> None:
    """Build the site of a version into its folder beside those of other versions.

    The folder then has a folder for each version, ``latest`` (the highest), ``versions.json`` as the theme's selector
    reads it (highest first), and a page that leads to the highest version.
    """
    if not _VERSION.fullmatch(version):
        raise BuildError(f"'{version}' is no version: write one such as 0.2")
    build(into / version, version)
    listed = into / "versions.json"
    versions = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else []
    names = sorted({version, *(other["version"] for other in versions)}, key=_rank, reverse=True)
    shutil.rmtree(into / LATEST, ignore_errors=True)
    shutil.copytree(into / names[0], into / LATEST)
    entries = [{"version": name, "title": name, "aliases": [LATEST] if name == names[0] else []} for name in names]
    listed.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    (into / "index.html").write_text(_FORWARD, encoding="utf-8")


def _rank(version: str) -> tuple[list[int], bool, str]:
    """Return what orders versions: by number, and one such as ``1.0-rc1`` before ``1.0``."""
    numbers, _, more = version.partition("-")
    return [*map(int, numbers.split("."))], not more, more


def settings(pages: list[str], version: str) -> str:
    """Return the generator's config for staged pages."""
    first, rest = (HERE / "zensical.toml").read_text(encoding="utf-8").split("[project]\n", 1)
    if version:
        rest = rest.replace('copyright = "', f'copyright = "pytest-readiness {version}, ', 1)
        rest = rest.replace('"assets/tables.js"', '"assets/tables.js", "assets/versions.js"', 1)
    text = f"{first}[project]\nnav = {_toml(navigation(pages))}\n{rest}"
    text += f"\n[project.plugins.mkdocstrings.handlers.python]\npaths = [{_toml(str(ROOT / 'src'))}]\n"
    return text + ('\n[project.extra.version]\nprovider = "mike"\n' if version else "")


def _toml(value: Any) -> str:
    """Return texts, lists and tables in TOML, each in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
