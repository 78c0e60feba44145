"""A page in the browser as a test asks for it: what it says of itself, and where its focus is."""

from __future__ import annotations

from typing import Any

SETTLED = "html[data-verified]"
"""What the page says of itself when it has started and compared everything."""


def verification_text(page: Any) -> str:
    """What the page says of its verification."""
    return str(page.text_content("#verification"))


def focused(page: Any) -> str:
    """What has the keyboard: the address of a link, else the text of the element."""
    return str(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.textContent"))
