"""The id of a row: its own, where that is a single word, else one that is made of its text and moves with it.

The position of a row is never its id: a row that is put above another would take over the evidence of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category, normalize

_ISSUE_URL = re.compile(
    r"https?://[^/\s]+/([^\s/]+)/([^\s/]+)/(?:-/)?(?:issues|pull|merge_requests|work_items)/(\d+)/?"
)
_ISSUE = re.compile(r"([\w.-]+)/([\w.-]+)([#!]\d+)")
_APART = dict.fromkeys(map(ord, "'\u2019\ufe0e\ufe0f"))


def row_id(text: str, prefix: str = "") -> str:
    """Return the id that a text gives; nothing where it holds no letter or figure.

    Args:
        text: what stands in the place of the id.
        prefix: stands before an id without a letter, such as the number of a row.
    """
    text = text.strip()
    if text.isascii() and text.isprintable() and " " not in text and "/" not in text:
        name = text  # as most are
    elif any(category(sign) == "Cc" and not sign.isspace() for sign in text):
        return text  # told as it is: nothing is made of what nobody sees
    else:
        issue = _ISSUE_URL.fullmatch(text) or _ISSUE.fullmatch(text)
        if issue is not None:
            number = issue[3] if issue[3][0] in "#!" else f"#{issue[3]}"
            return f"{issue[1]}-{issue[2]}{number}"
        name = slug(text) if "/" in text or any(map(str.isspace, text)) else text
    return prefix + name if name and not any(map(str.isalpha, name)) else name


def slug(text: str) -> str:
    """Return the words of a text in small letters, joined: ``Support team / on call`` is ``support-team-on-call``."""
    return "-".join(_words(normalize("NFC", text).casefold().translate(_APART)))


def _words(text: str) -> Iterator[str]:
    shown = "".join(sign for sign in text if category(sign) != "Cf")
    whole = "".join(sign if sign.isalnum() or sign in "._" or category(sign)[0] == "M" else " " for sign in shown)
    for word in whole.split():
        stripped = word.strip("._")
        if any(map(str.isalnum, stripped)):
            yield stripped


def id_problems(name: str) -> Iterator[str]:
    """Yield what is wrong with the id of a use case."""
    if not name:
        yield "there is no use case id: write one, or remove the row"
    elif "/" in name:
        yield f"use case '{name}' has a '/' in its id: requirement ids read UC/item/scope, so use another sign"
    elif not name.isprintable() or any(sign.isspace() for sign in name):
        yield f"use case {name!r} has white space or a control character in its id: use a single word"
