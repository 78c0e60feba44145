"""The difference of two evaluations as Markdown: within a comment of GitHub, whatever the names."""

from __future__ import annotations

import pytest

from pytest_readiness.verdict.changes import Change
from pytest_readiness.views.difference import ComparedSide, Difference, render_markdown
from tests.views.hostile import dangers

COMMENT = 65_536
"""Characters that GitHub takes."""


@pytest.mark.parametrize("name", ["old.json", "|@a" * 2_000, "#1" * 4_000], ids=["plain", "people", "issues"])
def test_markdown_fits_into_a_comment(name: str) -> None:
    """Rows that do not fit are counted, and long names of what is compared leave less room for them."""
    sides = (ComparedSide(name, "report", "", 1, 2), ComparedSide(name, "report", "", 0, 2))
    changes = tuple(
        Change(f"UC-{number:03}", "READY_FOR_GO_LIVE", "BLOCKED", because="|@a" * 100 + str(number))
        for number in range(500)
    )
    text = "".join(render_markdown(Difference("payments", *sides, changes, {})))
    assert len(text) <= COMMENT
    assert text.startswith("### 500 no longer ready\n\n- ")
    assert text.endswith("more changes: `readiness diff` shows all\n")
    assert dangers(text) == []
