"""A Markdown page as a project: its files are written, its commands run, its output compared.

The convention, which is told to writers in docs/how-to/check-a-change.md: a fence with ``file=NAME`` is a file; a fence
``sh`` holds commands, each a line, and ``exit=N`` is their exit code (0 unless said); a fence ``text`` after it holds
lines that must be found in the output, in order, where ``…`` stands for anything, and one moment or run id for another.
``cd FOLDER`` holds for the commands after it. ``RUN`` in a command is the id of the run that was recorded last. ``pip
install`` is not run. A line that ends with a backslash goes on. A program that is missing, also one that
``needs=PROGRAM`` after ``sh`` names, skips the test; a later fence that names it is left out, with the output after it. A
command may begin with variables.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

import pytest_readiness

ROOT = Path(__file__).parents[1]
SOURCE = Path(pytest_readiness.__file__).parents[1]
DOORS = {
    "pytest": ("-m", "pytest", "-p", "pytest_readiness.plugin", "-p", "no:cacheprovider"),
    "readiness": ("-m", "pytest_readiness"),
    "python": (),
}
"""What this interpreter runs; every other program is looked up, and its test skipped where it is missing."""
_RECORDED = re.compile(r"recorded as run (\S+?)[:\s]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d{8}T\d{6}Z-[0-9a-f]{8}")
_VARIABLE = re.compile(r"[A-Z_]+=")
_FENCE = re.compile(r"^```(?P<language>\w*)(?P<said>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A fenced block of a page."""

    language: str
    said: dict[str, str]
    text: str
    line: int


def fences(text: str) -> Iterator[Fence]:
    """Yield the fenced blocks of a page."""
    for match in _FENCE.finditer(text):
        said = dict(word.split("=", 1) for word in match["said"].split())
        yield Fence(match["language"], said, match["text"], text[: match.start()].count("\n") + 1)


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of its level."""
    level = heading.partition(" ")[0]
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    assert found, f"there is no heading '{heading}'"
    return re.split(rf"\n#{{1,{len(level)}}} ", rest)[0]


def play(page: Path, folder: Path, plugins: Sequence[str] = ()) -> int:
    """Do in a folder what the page says, and return how many commands that were; pytest gets these plugins, too."""
    done, output, recorded, is_left_out = 0, "", "", False
    for fence in fences(page.read_text(encoding="utf-8")):
        at = f"{page.name}:{fence.line}"
        if "file" in fence.said:
            (folder / fence.said["file"]).write_text(fence.text, encoding="utf-8")
        elif fence.language == "sh":
            needed = fence.said.get("needs", "python")
            is_left_out = done > 0 and needed not in DOORS and shutil.which(needed) is None
            if is_left_out:
                continue
            find_program(needed)
            for line in commands(fence):
                if line.startswith("cd "):
                    folder = folder / line.removeprefix("cd ")
                    continue
                command = re.sub(r"\bRUN\b", recorded, line)
                output = run(command, folder, int(fence.said.get("exit", 0)), at, plugins)
                recorded = (_RECORDED.findall(output) or [recorded])[-1]
                done += 1
        elif fence.language == "text" and done and not is_left_out:
            find(fence.text, output, at)
    return done


def commands(fence: Fence) -> list[str]:
    """Return the commands of a fence that are to be run."""
    lines = [line for line in fence.text.replace("\\\n", " ").splitlines() if line.strip()]
    return [line for line in lines if not line.startswith("pip install") and "venv" not in line]


def shell(command: str, plugins: Sequence[str] = ()) -> tuple[list[str], dict[str, str]]:
    """Return words and environment of a command in a reader's shell: no CI variables, and only these plugins."""
    words = shlex.split(command, comments=True)
    said = dict(word.split("=", 1) for word in takewhile(_VARIABLE.match, words))
    name, *arguments = words[len(said) :]
    program = find_program(name)
    if name == "pytest":
        program += [word for plugin in plugins for word in ("-p", plugin)]
    foreign = ("READINESS_", "PYTEST_", "GITHUB_", "GITLAB_", "CI")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    environ |= {
        "COLUMNS": "120",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(SOURCE),
    }
    return [*program, *arguments], environ | said


def run(command: str, folder: Path, expected: int, at: str, plugins: Sequence[str] = ()) -> str:
    """Run a command as a reader would, without this environment's CI variables and other plugins; return its output."""
    words, environ = shell(command, plugins)
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    output = done.stdout + done.stderr
    assert done.returncode == expected, f"{at}: {command}: exit code {done.returncode}\n{output}"
    return output


def find_program(name: str) -> list[str]:
    """Return the words that start a program."""
    if name in DOORS:
        return [sys.executable, *DOORS[name]]
    return [shutil.which(name) or pytest.skip(f"no {name} on PATH")]


def find(expected: str, output: str, at: str) -> None:
    """Fail unless the lines are found in the output, in their order."""
    lines = iter(_MOMENT.sub("MOMENT", output).splitlines())
    for wanted in filter(None, map(str.strip, _MOMENT.sub("MOMENT", expected).splitlines())):
        pattern = ".*".join(r"\s+".join(map(re.escape, part.split())) for part in wanted.split("…"))
        assert any(re.fullmatch(pattern, line.strip()) for line in lines), f"{at}: no line '{wanted}' in\n{output}"
