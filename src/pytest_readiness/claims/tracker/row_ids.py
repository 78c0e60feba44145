"""The id of a row: its text if that is a single word, else a slug of its text.

An id never depends on the position of a row: a new row above another would take over that row's evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import category, normalize

from ...late_pattern import late_pattern

_ISSUE_URL = late_pattern(
    r"https?://[^/\s]+/([^\s/]+)/([^\s/]+)/(?:-/)?(?:issues|pull|merge_requests|work_items)/(\d+)/?"
)
_ISSUE = late_pattern(r"([\w.-]+)/([\w.-]+)([#!]\d+)")
_REMOVED = dict.fromkeys(map(ord, "'\u2019\ufe0e\ufe0f"))
"""Apostrophes and variation selectors, which a slug leaves out."""


def row_id(text: str, prefix: str = "") -> str:
    """Return the id of a row; empty: its text has no letter and no digit.

    Args:
        text: The text of the row's id cell.
        prefix: Text before an id without a letter, such as the number of a row.
    """
    text = text.strip()
    if text.isascii() and text.isprintable() and " " not in text and "/" not in text:
        name = text  # The fast path: most ids are like this.
    elif any(category(character) == "Cc" and not character.isspace() for character in text):
        return text  # A control character is reported as a problem, so it must stay in the id.
    else:
        issue = _ISSUE_URL.fullmatch(text) or _ISSUE.fullmatch(text)
        if issue is not None:
            number = issue[3] if issue[3][0] in "#!" else f"#{issue[3]}"
            return f"{issue[1]}-{issue[2]}{number}"
        name = slug(text) if "/" in text or any(map(str.isspace, text)) else text
    return prefix + name if name and not any(map(str.isalpha, name)) else name


def slug(text: str) -> str:
    """Return the words of a text in small letters, joined: ``Support team / on call`` is ``support-team-on-call``."""
    return "-".join(_words(normalize("NFC", text).casefold().translate(_REMOVED)))


def _words(text: str) -> Iterator[str]:
    visible = "".join(character for character in text if category(character) != "Cf")
    spaced = "".join(
        character if character.isalnum() or character in "._" or category(character)[0] == "M" else " "
        for character in visible
    )
    for word in spaced.split():
        stripped = word.strip("._")
        if any(map(str.isalnum, stripped)):
            yield stripped


def id_problems(name: str) -> Iterator[str]:
    """Yield a message for each problem of the id of a use case."""
    if not name:
        yield "there is no use case id: write one, or remove the row"
    elif "/" in name:
        yield f"use case '{name}' has a '/' in its id: requirement ids read UC/item/scope, so use another character"
    elif not name.isprintable() or any(character.isspace() for character in name):
        yield f"use case {name!r} has white space or a control character in its id: use a single word"
