"""The Markdown of the repository as the site's generator wants it: fences with titles, links within the site."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
OUTSIDE = ("CONTRIBUTING.md", "SECURITY.md")
"""Pages outside of docs that the site has even if no page links to them."""
_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>\w*) *(?P<words>.*)$")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_DOCSTRING = re.compile(r"^<!-- docstring(?P<all>s?) of (?P<name>[\w.]+) -->$")
_CELL_CODE = re.compile(r"(`+).+?\1")
_OPTION = re.compile(r"(?<!`)`(--?[a-z0-9][a-z0-9-]{0,26})`(?!`)")
"""The name of an option as code, which a line of a phone has room for."""
_OF_A_MODULE = """\
    options:
      show_root_heading: false
      show_root_toc_entry: false
      heading_level: 2"""
_ITEM = re.compile(r"^ *([-*]|\d+\.) +(?=\S)")
_INTERRUPTS = re.compile(r"^ *([-*]|1\.) +(?=\S)")
"""Begins a list within a paragraph: other numbers do not, as they may be the end of a sentence."""


class LinkError(Exception):
    """A link of a page that leads nowhere."""


def stage(folder: Path) -> dict[str, Path]:
    """Write all pages and the files that they show into a folder; return the source of each page by its path in it.

    Beside ``docs`` these are the pages of the repository that are linked from there, in ``project/``.
    """
    waiting = [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in OUTSIDE)]
    pages: set[Path] = set()
    files = {path for path in DOCS.rglob("*") if path.is_file() and path.suffix != ".md"}
    while waiting:
        source = waiting.pop()
        if source in pages:
            continue
        pages.add(source)
        text = source.read_text(encoding="utf-8")
        for linked in sorted(_linked_files(text, source)):
            if linked.suffix == ".md":
                waiting.append(linked)
            else:
                files.add(linked)
        path = folder / site_path(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(staged_text(text, source), encoding="utf-8")
    for source in sorted(files):
        path = folder / site_path(source)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
    return dict(sorted((site_path(page).as_posix(), page) for page in pages))


def site_path(source: Path) -> Path:
    """Return where a file of the repository is in the site."""
    if source.is_relative_to(DOCS):
        return source.relative_to(DOCS)
    parts = source.relative_to(ROOT).with_suffix("").parts
    if source.suffix != ".md":
        return Path(
            "files", *(part.lstrip(".") for part in source.relative_to(ROOT).parts)
        )  # hidden files are left out
    return Path("project", "-".join(parts[:-1] if parts[-1] == "README" and len(parts) > 1 else parts).lower() + ".md")


def staged_text(text: str, source: Path) -> str:
    """Return the text of a page for the site."""
    lines = []
    fence = ""
    before = ""
    for line in text.splitlines():
        match = _FENCE.match(line)
        if fence:
            fence = "" if match and match["ticks"].startswith(fence) and not match["language"] else fence
            lines.append(line)
        elif match and "`" not in match["words"]:
            fence = match["ticks"]
            lines.append(_titled(match))
        else:
            if _INTERRUPTS.match(line) and before.strip() and not _ITEM.match(before) and not before.startswith(" "):
                lines.append("")  # a list interrupts a paragraph in CommonMark only
            linked = _LINK.sub(lambda found: f"]({_link(found['target'], source)})", _documented(line))
            staged = _CELL_CODE.sub(_unescaped, linked) if line.startswith("|") else linked
            lines.append(_OPTION.sub(r'<code class="option">\1</code>', staged))
        before = line
    return "\n".join(lines) + "\n"


def _titled(fence: re.Match[str]) -> str:
    """Return the first line of a fence with what its words say as a title: the name of a file, or an exit code."""
    words = dict(word.split("=", 1) for word in fence["words"].split())
    titles = {"file": "{}", "exit": "exits with {}"}
    shown = "; ".join(titles[key].format(value) for key, value in words.items() if key in titles)
    return f"{fence['indent']}{fence['ticks']}{fence['language'] or 'text'}" + (f' title="{shown}"' if shown else "")


def _documented(line: str) -> str:
    """Return the generator's directive for a comment that asks for the docstring of an object, or those of a module."""
    match = _DOCSTRING.match(line)
    if not match:
        return line
    directive = f"::: {match['name']}"
    return f"{directive}\n{_OF_A_MODULE}" if match["all"] else directive


def _unescaped(code: re.Match[str]) -> str:
    """Return the code of a table's cell with its pipes as they are: the generator needs no backslash before them."""
    return code[0].replace("\\|", "|")


def _linked_files(text: str, source: Path) -> Iterator[Path]:
    """Yield the files outside of docs that a page links to."""
    for match in _LINK.finditer(_without_fences(text)):
        path = _linked(match["target"], source)
        if path is not None and not path.is_relative_to(DOCS):
            yield path


def _without_fences(text: str) -> str:
    return re.sub(r"^(`{3,}).*?^\1`*$", "", text, flags=re.MULTILINE | re.DOTALL)


def _linked(target: str, source: Path) -> Path | None:
    """Return the file that a link leads to; None if it leads to another host or stays on its page."""
    name = target.partition("#")[0]
    if not name or "://" in target or target.startswith("mailto:"):
        return None
    path = Path(os.path.normpath(source.parent / name))
    path = path / "README.md" if path.is_dir() else path
    if not path.is_file():
        raise LinkError(f"{source.relative_to(ROOT)}: the link '{target}' leads nowhere")
    return path


def _link(target: str, source: Path) -> str:
    """Return a link of a page as it is in the site."""
    path = _linked(target, source)
    if path is None:
        return target
    _, sign, anchor = target.partition("#")
    return Path(os.path.relpath(site_path(path), site_path(source).parent)).as_posix() + sign + anchor
