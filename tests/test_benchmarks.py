"""The benchmarks measure functions that exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import gate
from benchmarks.crossing import documents, runners, services


@pytest.mark.parametrize(("owner", "name"), [step[:2] for step in gate.STEPS])
def test_each_step_that_a_benchmark_measures_is_there(owner: object, name: str) -> None:
    """The steps of a gate are measured by the name of a function or method."""
    assert callable(getattr(owner, name))


def test_the_page_lists_every_plugin_that_is_tried() -> None:
    """Each row of the crossings has a name of its own, and is a line of the page with their results, in order."""
    rows = [*runners.ROWS, *documents.ROWS, *services.ROWS]
    page = (Path(__file__).parents[1] / "docs" / "explanation" / "reliability.md").read_text(encoding="utf-8")
    table = page.partition("### Other plugins")[2].partition("\n## ")[0].partition("| --- | --- | --- |\n")[2]
    assert [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line.startswith("| ")] == sorted(
        row.name for row in rows
    )
    assert len({row.name for row in rows}) == len(rows)
