"""The tutorial as it is on the built page, in an empty folder with nothing but Python and pip."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pages import ROOT, find

from .html_tree import Node, read

pytestmark = pytest.mark.slow

END = "@@ the command ended with"


@dataclass(frozen=True)
class Shell:
    """A shell in a folder."""

    folder: Path
    process: subprocess.Popen[str]

    def run(self, command: str) -> tuple[int, str]:
        """Run a command as if it was typed; return its exit code and output."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{command} </dev/null\nstatus=$?; echo; echo {END} $status\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith(END):
                return int(line.removeprefix(END)), "".join(lines)
            lines.append(line)
        raise AssertionError("".join(lines))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder beside a clone, which knows this Python and the system's programs only."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (tmp_path / "pytest-readiness").symlink_to(ROOT)
    python = Path(sys.base_prefix, "bin")
    if not (python / "python3").is_file() or not Path("/bin/bash").is_file():
        pytest.skip("no python3 beside this interpreter, or no bash")
    settings = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "http", "HTTP", "LANG"))}
    process = subprocess.Popen(
        ["/bin/bash"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        env=settings | {"PATH": f"{python}:/usr/bin:/bin", "HOME": str(tmp_path), "COLUMNS": "120"},
    )  # fmt: skip

    yield Shell(folder, process)
    process.communicate("exit\n", timeout=60)


def blocks(page: Node) -> Iterator[tuple[str, str, str]]:
    """Yield the language, the title and the text of each block of code."""
    for node in page.all("div"):
        words = node.attributes.get("class", "").split()
        if "highlight" in words:
            titles = [part.text() for part in node.all("span") if part.attributes.get("class") == "filename"]
            language = next(word.removeprefix("language-") for word in words if word.startswith("language-"))
            yield language, "".join(titles), node.all("code")[0].text()


def test_the_tutorial_as_copied_from_the_page_ends_with_an_open_gate(site: Path, shell: Shell) -> None:
    """Files and commands are copied as they stand there, and print what stands below them."""
    output, commands = "", []
    for language, title, text in blocks(read(site / "tutorial" / "first-evidence.html")):
        if language == "sh":
            for command in text.splitlines():
                code, output = shell.run(command)
                commands.append(command)
                expected = int(title.removeprefix("exits with ")) if title else 0
                assert code == expected, f"{command}\n{output}"
        elif title:
            (shell.folder / title).write_text(text, encoding="utf-8")
        else:
            find(text, output, f"after {commands[-1]}")
    assert commands[0] == "python3 -m venv .venv"
    assert commands[-1] == "readiness gate"
    assert "ELIGIBLE: 2 of 2 ready" in output
    tracker = (shell.folder / "PROD_READINESS_TRACKER.md").read_text(encoding="utf-8")
    assert tracker.count("`READY_FOR_GO_LIVE`") == 2
