"""The order of the pages in the site: what navigation.toml says, and the how-tos that it does not name."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Entry = str | dict[str, Any]
"""A page, or a title with entries of its own."""


class NavigationError(Exception):
    """A page that is in no group, or a group that names a page that does not exist."""


def navigation(pages: Sequence[str]) -> list[Entry]:
    """Return the navigation for pages, as Zensical's ``nav`` has it.

    Raises NavigationError, which names them, for pages that the file should name and for names without a page.
    """
    tabs = tomllib.loads(Path(__file__).with_name("navigation.toml").read_text(encoding="utf-8"))["tab"]
    named = [name for tab in tabs for part in (tab, *tab.get("group", ())) for name in part.get("pages", ())]
    missing = sorted(name for name in named if "*" not in name and name not in pages)
    rest = [page for page in pages if page not in named]
    used: set[str] = set()
    entries: list[Entry] = [{tab["title"]: _entries(tab, rest, used)} for tab in tabs]
    unnamed = [page for page in rest if page not in used]
    more = [page for page in unnamed if page.startswith("how-to/")]
    if missing or unnamed != more:
        names = [f"{name} does not exist" for name in missing]
        names += [f"{name} is in no group" for name in unnamed if name not in more]
        raise NavigationError(f"docs_site/navigation.toml: {', '.join(names)}")
    if more:
        (how_to,) = (entry["How-to"] for entry in entries if isinstance(entry, dict) and "How-to" in entry)
        how_to.append({"More": more})
    return entries


def _entries(part: dict[str, Any], rest: Sequence[str], used: set[str]) -> list[Entry]:
    """Return the entries of a tab or a group; a pattern stands for the pages that nothing else names."""
    entries: list[Entry] = []
    for name in part.get("pages", ()):
        pages = [page for page in rest if fnmatchcase(page, name)] if "*" in name else [name]
        used.update(pages)
        entries.extend(pages)
    return [*entries, *({group["title"]: _entries(group, rest, used)} for group in part.get("group", ()))]
