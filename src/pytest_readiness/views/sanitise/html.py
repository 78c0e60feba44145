"""Sanitisers for HTML: text, attribute values and link addresses."""

from __future__ import annotations

import re

from .terminal import LIMIT, visible, visible_lines

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "`": "&#96;"})
_COMMAND = re.compile(r"#(?=#)|(?<![^ ]):(?=:)")
"""Signs that would make a line a command for a CI server that shows the page's source."""
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE | re.ASCII)
"""An address of printable ASCII without blanks. Browsers skip other characters, and would open another address."""
LONGEST_URL = 2000
"""Length in characters that every browser supports."""


def to_html(text: str, limit: int = LIMIT, *, lines: bool = False) -> str:
    """Return the text for use between tags and in a quoted attribute.

    It is one line; with ``lines`` its line ends stay, for ``<pre>``. Not for scripts, styles or addresses (see
    ``to_href``). Call it once: a second call shows the entities.
    """
    return "\n".join(map(escape_line, visible_lines(text, limit) if lines else [visible(text, limit)]))


def escape_line(line: str) -> str:
    """Return a visible line with entities for the signs that markup and CI servers interpret."""
    return _COMMAND.sub(lambda match: f"&#{ord(match[0])};", line.translate(_ENTITIES))


def to_href(url: str) -> str | None:
    """Return an address as the quoted value of ``href``; None: it is not a plain web address, so show it as text.

    Only ``http`` and ``https`` addresses with a host are allowed, without a user name, which can disguise the host.
    """
    from urllib.parse import urlsplit  # loaded late: few pages contain links

    if len(url) > LONGEST_URL or not _URL.fullmatch(url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    is_plain = bool(parts.hostname) and port != 0 and "@" not in parts.netloc
    return escape_line(url) if is_plain else None
