"""The page Install: its commands install both distributions, from a clone and by git."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from benchmarks import environments

from tests.integrations.clones import ROOT, clone, offline, python_without_us
from tests.pages import fences, section

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
PLACE = "https://git.example.com/pytest-readiness"
LINKS = {
    "README.md": "docs/how-to/install.md",
    "docs/index.md": "how-to/install.md",
    "docs/tutorial/first-evidence.md": "../how-to/install.md",
    "docs/how-to/run-in-ci.md": "install.md",
    "docs/how-to/use-the-github-action.md": "install.md",
    "docs/how-to/use-the-gitlab-component.md": "install.md",
    "docs/how-to/keep-the-tracker-in-step.md": "install.md",
}


class Reader:
    """Somebody who types what the page says, in an environment without a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.python = python_without_us(folder / "env")
        self.repository = folder / "pytest-readiness"
        clone(self.repository)
        place = {"GIT_CONFIG_KEY_0": f"url.file://{self.repository}.insteadOf", "GIT_CONFIG_VALUE_0": PLACE}
        self.variables = offline(folder) | {"GIT_CONFIG_COUNT": "1", **place}

    def types(self, heading: str) -> str:
        """Do what a section says; return what was printed."""
        printed = ""
        for fence in fences(section(PAGE, heading)):
            if "file" in fence.said:
                (self.folder / fence.said["file"]).write_text(fence.text)
                continue
            for line in fence.text.splitlines():
                command = re.sub(r"^(pip|pytest) ", rf"'{self.python}' -m \1 ", line)
                command = re.sub(r"^readiness ", f"'{self.python.with_name('readiness')}' ", command)
                done = subprocess.run(
                    ["sh", "-c", command], cwd=self.folder, env=self.variables,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                )  # fmt: skip
                assert done.returncode == 0, done.stdout
                printed += done.stdout
        return printed


def version() -> str:
    """The version that is written in the one place."""
    text = (environments.PLUGIN / "pyproject.toml").read_text(encoding="utf-8")
    (found,) = re.findall(r'^version = "(.+?)"', text, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("heading", ["## From a clone", "## By git, for a project and its CI"])
def test_what_the_page_says_installs_both(tmp_path: Path, heading: str) -> None:
    """The command and pytest's plugin are there afterwards, and name one version."""
    reader = Reader(tmp_path)
    printed = reader.types(heading)
    if heading == "## From a clone":
        assert f"readiness {version()}" in printed
        assert f"pytest-readiness-plugin-{version()}" in printed
    listed = subprocess.run(
        [str(reader.python), "-m", "pip", "list", "--format=freeze"], env=reader.variables, capture_output=True, text=True, check=True
    )  # fmt: skip
    names = dict(
        line.partition(" @ ")[::2] if " @ " in line else line.split("==") for line in listed.stdout.split("\n") if line
    )
    assert {"pytest-readiness", "pytest-readiness-plugin"} <= names.keys()


@pytest.mark.parametrize(("page", "link"), LINKS.items())
def test_who_installs_finds_the_page(page: str, link: str) -> None:
    """Each page that begins with an installation leads to it."""
    assert f"]({link}" in (ROOT / page).read_text(encoding="utf-8")


def test_no_page_installs_what_is_not_published() -> None:
    """Until it is published, our name without a place stands beside an installed package alone, and no tag is named."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "conftest_examples").rglob("*.md")]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        if path.name in {"install.md", "changelog.md"}:
            continue
        assert not re.search(r"pip install (.* )?pytest-readiness(\s|$|`)", text), path
        assert not re.search(r"(@|rev: )v?\d+\.\d+\.\d+", text), path
