"""Runs: read from their first and last line, and from their plan."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.ledger.line import LineChain
from pytest_readiness.facts.run import Run, RunState, planned_digest
from pytest_readiness.facts.run_group import GroupPart

HEAD: dict[str, Any] = {"register": "payments", "started_at": "2026-02-12T18:00:00.000Z", "requirements": "sha256:x"}
PLAN = {"tests": [{"test": "a", "claims": [{"use_case": "U", "item": "1"}]}, {"test": "b", "claims": [], "deselected": True}]}  # fmt: skip


def run(*bodies: tuple[str, dict[str, Any]], **head: Any) -> Run:
    """Return a run with these lines after its first."""
    chain = LineChain("20260212T180000Z-0a0b0c0d")
    return Run((chain.next("run", {**HEAD, **head}), *(chain.next(kind, body) for kind, body in bodies)))


def test_its_first_line_says_who_it_is() -> None:
    """Id, register, start, requirements, actor, code, release and group come from the head; what is absent is None."""
    full = run(
        actor="ana", git={"commit": "c0", "dirty": True}, release="1.2", group={"id": "g", "part": 1, "parts": 3}
    )
    assert (full.id, full.register, full.started_at) == ("20260212T180000Z-0a0b0c0d", "payments", HEAD["started_at"])
    assert (full.actor, full.commit, full.dirty, full.release, full.group) == ("ana", "c0", True, "1.2", ("g", 3))
    assert full.requirements_digest == "sha256:x"
    bare = run()
    assert (bare.actor, bare.commit, bare.dirty, bare.release, bare.group) == ("", None, None, None, None)


@pytest.mark.parametrize(
    ("bodies", "state"),
    [
        ((), RunState.OPEN),
        ((("finished", {}),), RunState.OPEN),
        ((("sealed", {"finished_at": "f"}),), RunState.SEALED),
        ((("sealed", {"finished_at": "f", "recovered": False}),), RunState.SEALED),
        ((("sealed", {"finished_at": "f", "recovered": True}),), RunState.INTERRUPTED),
        ((("sealed", {"finished_at": "f"}), ("finished", {})), RunState.OPEN),
    ],
)
def test_its_last_line_says_whether_it_is_closed(bodies: tuple[tuple[str, Any], ...], state: RunState) -> None:
    """Only a seal as last line closes a run, and says whether recovery wrote it."""
    result = run(*bodies)
    assert result.state is state
    assert (result.finished_at is None) == (result.seal is None)


def test_what_was_planned() -> None:
    """Planned tests come from all lines of that kind, deselected ones marked."""
    result = run(("planned", PLAN), ("planned", {"tests": PLAN["tests"][:1]}))
    assert [(entry.test_id, entry.claims, entry.selected) for entry in result.planned] == [
        ("a", (("U", "1"),), True), ("b", (), False), ("a", (("U", "1"),), True),
    ]  # fmt: skip


def test_the_digest_of_the_plan_sees_every_test() -> None:
    """A plan that lost a test, or has them in another order, has another digest; how lines divide it has not."""
    whole = planned_digest(run(("planned", PLAN)).lines)
    tests = PLAN["tests"]
    assert planned_digest(run(("planned", {"tests": tests[:1]}), ("planned", {"tests": tests[1:]})).lines) == whole
    for other in (tests[:1], tests[::-1], []):
        assert planned_digest(run(("planned", {"tests": other})).lines) != whole


def test_parsing_gives_the_same_run() -> None:
    """What is read back from its texts is the run that was written."""
    written = run(("planned", PLAN), ("sealed", {"finished_at": "f"}))
    assert Run.parse([line.text for line in written.lines]) == written


@pytest.mark.parametrize("texts", [[], ['{"seq":0}'], ['{"kind":"finished","run":"r","seq":0}'], ['{"kind":"run","run":3,"seq":0}']])  # fmt: skip
def test_what_does_not_open_a_run_is_refused(texts: list[str]) -> None:
    """Without a first line that says which run it is, there is none."""
    with pytest.raises(IntegrityError, match="does not open a run"):
        Run.parse(texts)


def test_a_part_that_does_not_say_which_is_none_of_them() -> None:
    """A part without a number has number 0, and counts as no part of its group."""
    result = GroupPart.from_run(run(group={"id": "g", "parts": 2}))
    assert result is not None
    assert (result.number, result.parts) == (0, 2)
    assert GroupPart.from_run(run()) is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"group": "g"}, "TypeError"),
        ({"group": {"id": "g"}}, "KeyError 'parts'"),
        ({"group": {"id": "g", "parts": "two"}}, "ValueError"),
        ({"group": {"id": "g", "parts": None}}, "TypeError"),
        ({"group": {"id": 7, "parts": 2}}, "TypeError no text"),
        ({"context": "staging"}, "AttributeError"),
        ({"context": {"environment": 7}}, "TypeError no text"),
        ({"ci": "github"}, "AttributeError"),
    ],
)
def test_what_cannot_be_read_of_a_group_is_told_in_a_line(head: dict[str, Any], expected: str) -> None:
    """A damaged group is an IntegrityError that names the run and the problem."""
    damaged = run(**{"group": {"id": "g", "part": 1, "parts": 2}, **head})
    with pytest.raises(IntegrityError, match="what it says of its run group is damaged") as caught:
        GroupPart.from_run(damaged)
    assert f"run {damaged.id}: " in str(caught.value)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
