"""Who must do what: by person, most urgent first, the same thing for many use cases once."""

from __future__ import annotations

from textwrap import dedent

import pytest
from wcwidth import wcswidth

from pytest_readiness.verdict.people import People
from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.next_actions import actions_of, render_next
from pytest_readiness.views.text_format import is_successor, item_list, name_list

from . import values
from .hostile import HOSTILE, dangers


def test_the_actions_of_a_mixed_register():
    """The person with the failing test comes first, and hundreds of like actions are one line."""
    expected = """
        trace-team@example.com
            fix      UC-007/2/staging: test_handshake failed: mend it and run it again
            rerun    UC-007/7: run test_drill again: it passed only when retried
            collect  items 2, 3, 7 of UC-003
        unassigned
            collect  items 1 to 7 of UC-002, UC-004 to UC-006, UC-008 to UC-032 (29 use
                     cases)
        237 actions: 5 for 1 person, 232 unassigned (--owner unassigned selects them)
    """
    assert plain_lines(render_next(values.mixed().actions, 80)) == dedent(expected).strip("\n")


def test_one_owner_sees_only_their_own_actions():
    """An owner is found in any letter case; with verbosity each action is told in its own words."""
    output_lines = plain_lines(
        render_next(actions_of(values.mixed().actions, "Trace-Team@example.com", People()), 80, owner="x", verbosity=1)
    ).splitlines()
    assert output_lines[0] == "trace-team@example.com"
    assert [line.split()[0] for line in output_lines[1:-1]] == ["fix", "rerun", "collect", "collect", "collect"]
    assert output_lines[-1] == "5 actions for 1 person"


def test_what_blocks_stands_above_what_others_collect():
    """Everybody with a failure, blocker or rejection comes first; a person with both is named again below."""
    actions = [
        values.action("ana", "fix", "UC-001/4"),
        values.action("ben", "fix", "UC-002"),
        values.action("ana", "collect", "UC-001/5"),
        values.action("eve", "collect", "UC-003/5"),
    ]
    lines = [line.split()[0] for line in plain_lines(render_next(actions, 80)).splitlines()]
    assert lines == ["ana", "fix", "ben", "fix", "ana", "collect", "eve", "collect", "4"]


def test_nothing_to_do_is_said():
    """An empty list of actions is an answer and not an empty page."""
    assert plain_lines(render_next([], 80)) == "nothing to do"
    assert plain_lines(render_next([], 80, owner="x")) == "nothing to do for x"
    assert plain_lines(render_next([], 80, owner="TBD")) == "nothing to do for unassigned"


def test_actions_for_whole_use_cases_name_the_use_cases():
    """A review concerns no item: the use cases are listed, with the text where it is the same for all."""
    actions = [values.action("qa", "review", f"UC-00{n}", "sign it off") for n in (1, 2, 3, 5)]
    output_lines = plain_lines(render_next(actions, 80)).splitlines()
    assert output_lines[1] == "    review   UC-001 to UC-003, UC-005 (4 use cases): sign it off"


def test_use_cases_that_need_other_items_are_told_apart():
    """Missing evidence is planned by item: the items that the same use cases need share a line."""
    actions = [
        values.action("qa", "collect", requirement)
        for requirement in ("UC-001/4", "UC-001/5", "UC-002/4", "UC-002/5", "UC-003/4")
    ]
    output_lines = plain_lines(render_next(actions, 80)).splitlines()
    assert output_lines[1:3] == [
        "    collect  item 4 of UC-001 to UC-003 (3 use cases)",
        "    collect  item 5 of UC-001, UC-002 (2 use cases)",
    ]


@pytest.mark.parametrize(
    ("name", "before", "yes"),
    [
        ("UC-005", "UC-004", True),
        ("UC-010", "UC-009", True),
        ("UC-100", "UC-099", True),
        ("5", "4", True),
        ("UC-10", "UC-9", True),
        ("UC-006", "UC-004", False),
        ("UC-5", "UC-004", False),
        ("XC-005", "UC-004", False),
        ("checkout", "login", False),
        ("UC-004", "UC-004", False),
    ],
)
def test_names_follow_each_other_by_their_number(name, before, yes):
    """A range stands only for names that are numbered one after the other in the same way."""
    assert is_successor(name, before) is yes


def test_lists_are_ranges_where_there_are_three_in_a_row():
    """Ranges, single names, and the number of names beyond the cap."""
    names = ["a1", "a2", "a3", "b1", "b2", "c"]
    assert name_list(names) == "a1 to a3, b1, b2, c"
    assert name_list(names, most=2) == "a1 to a3, b1 and 2 more"
    assert item_list(["4"]) == "item 4"
    assert item_list(["1", "2", "3", "5"]) == "items 1 to 3, 5"


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_is_harmless_and_fits(bad, unicode):
    """No owner, use case or reason gets to the terminal raw or beyond its width."""
    actions = [values.action(bad, bad, f"{bad}/4", bad), values.action(bad, bad, f"{bad}1/5", bad)]
    output = plain_lines(render_next(actions, 60, unicode=unicode))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
    assert unicode or output.isascii()


def test_items_are_told_in_the_order_of_their_numbers():
    """Whatever is most urgent, the items of one task are in their order: numbers first, then names."""
    actions = [
        values.action("ops@example.com", "collect", f"UC-001/{item}")
        for item in ("10", "6/rotation", "plain", "2", "1")
    ]
    lines = plain_lines(render_next(actions, 100)).splitlines()
    assert lines[1].split("  ")[-1].strip() == "items 1, 2, 6, 10, plain of UC-001"
