"""For HTML: text, the value of an attribute, and the address of a link."""

from __future__ import annotations

import re

from .terminal import LIMIT, visible, visible_lines

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "`": "&#96;"})
_COMMAND = re.compile(r"#(?=#)|(?<![^ ]):(?=:)")
"""What would make a line a command of a CI server that shows the source of a page."""
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE | re.ASCII)
"""Printable ASCII without blanks: browsers pass over what else stands in an address, and read another one."""
LONGEST_URL = 2000
"""What every browser takes."""


def to_html(text: str, limit: int = LIMIT, *, lines: bool = False) -> str:
    """Return the text as it may stand between tags, and within an attribute that is quoted.

    One line; with ``lines`` its line ends stay, for ``<pre>``. Not for scripts, styles, or an address: see ``to_href``.
    Done twice it shows the entities: do it once.
    """
    return "\n".join(map(escape_line, visible_lines(text, limit) if lines else [visible(text, limit)]))


def escape_line(line: str) -> str:
    """Return a line in which everything can be seen, with entities for what markup and CI servers act upon."""
    return _COMMAND.sub(lambda found: f"&#{ord(found[0])};", line.translate(_ENTITIES))


def to_href(url: str) -> str | None:
    """Return an address as the quoted value of ``href``; None where it is no plain web address: show it as text.

    Only ``http`` and ``https`` with a host: no script, no data, no file, nothing relative, and no name before the host,
    which is there to be taken for it.
    """
    from urllib.parse import urlsplit  # only where something is linked

    if len(url) > LONGEST_URL or not _URL.fullmatch(url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    is_plain = bool(parts.hostname) and port != 0 and "@" not in parts.netloc
    return url.translate(_ENTITIES) if is_plain else None
