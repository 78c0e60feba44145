"""Threat model page: it names every refusal, and every attack that is not shown."""

from __future__ import annotations

import re

import pytest

from pytest_readiness.settings.model import GateSettings, ReviewSettings
from tests.pages import ROOT
from tests.trust.attacks import ATTACKS
from tests.trust.fakes import FAKES, NOT_DETECTED

PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
CELLS = {cell.strip() for row in re.findall(r"^\|.*\|$", PAGE, re.MULTILINE) for cell in row.split("|")}
NOT_ABOUT_ATTACKS = {"on", "architecture", "waivers", "asserted"}
"""Settings that say what is enough, and guard against nobody."""


@pytest.mark.parametrize("key", sorted(set(GateSettings.__struct_fields__) - NOT_ABOUT_ATTACKS))
def test_every_setting_that_refuses_something_is_named(key: str) -> None:
    """What the gate can be told to refuse stands beside the attack that it is for."""
    assert f"[gate] {key}" in PAGE or f"`{key} = " in PAGE


@pytest.mark.parametrize("key", ["separate", "identity"])
def test_every_guard_of_a_review_is_named(key: str) -> None:
    """So does what a review can be told to refuse."""
    assert key in ReviewSettings.__struct_fields__
    assert f"[review] {key}" in PAGE


def test_everybody_who_attacks_has_a_section() -> None:
    """Each row of the table of attackers leads to a section, and each section is led to."""
    led_to = re.findall(r"^\| \[[^\]]+\]\(#([\w-]+)\)", PAGE, re.MULTILINE)
    headings = [
        re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    ]
    assert len(led_to) == 7
    assert set(headings) == {*led_to, "who", "what-is-assumed"}


def test_every_way_to_pass_without_a_real_environment_is_named() -> None:
    """Each stands in the table of ways, by its name; what is not detected is said to count, in the words it is known by."""
    table = PAGE.partition("### Tests that pass without")[2].partition("\n## ")[0]
    for fake in FAKES:
        assert fake.name in table, fake.name
    for fake in NOT_DETECTED:
        row = next(line for line in table.splitlines() if line.startswith(f"| {fake.name} "))
        assert "**counts.**" in row
        assert fake.limit in row


def test_attacks_on_the_store_are_told_elsewhere_and_what_nothing_shows_is_told_here() -> None:
    """The page leads to the table of attacks; and of those that no command shows, says so of the store."""
    nothing_shows = [name for name, attack in ATTACKS.items() if not attack.shown_by]
    section = PAGE.partition("## Somebody who can write the store")[2].partition("\n## ")[0]
    assert "](attacks.md)" in section
    assert nothing_shows
    for word in ("after", "invent"):
        row = next(line for line in section.splitlines() if line.startswith("|") and word in line)
        assert row.count("not shown") == 3, row
    assert all("after the checkpoint" in name or "invented" in name for name in nothing_shows)
