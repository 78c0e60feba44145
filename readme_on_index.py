"""The README as a package index shows it: its links lead into the repository, or are plain text if it has no address.

Hatchling loads this at each build: see ``[tool.hatch.metadata.hooks.custom]`` in pyproject.toml.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


class ReadmeOnIndex(MetadataHookInterface):
    """Sets ``readme``, which pyproject.toml declares as dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the README, with the links that work without the repository around it."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        address = str(self.config.get("repository", ""))
        tag = f"v{metadata['version']}" if "version" in metadata else "main"
        metadata["readme"] = {"content-type": "text/markdown", "text": with_links(text, address, tag)}


def with_links(text: str, address: str, tag: str) -> str:
    """Return a Markdown text with each relative link made absolute; without an address only its text stays."""

    def absolute(link: re.Match[str]) -> str:
        if "://" in link["target"] or link["target"].startswith("#"):
            return link[0]
        if not address:
            return "" if link["picture"] else link["text"]
        kind = "raw" if link["picture"] else "blob"
        return f"{link['picture']}[{link['text']}]({address}/{kind}/{tag}/{link['target']})"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _LINK.sub(absolute, part) for part in parts)
