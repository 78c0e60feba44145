"""``readiness waive``: an exception with a reason, an approver, an end, and a gate that says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.project import Project
from tests.reviewed_project import ANA, BEN, DEV, approve, decided, repository, status, told

DOWN = """
@evidence("UC-001", item=1)
def test_provider(): assert 0, "the provider is down"

@evidence("UC-001", item=2)
def test_trace(): pass
"""


def in_days(days: int) -> str:
    """The UTC date in so many days."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def waive(
    project: Project, name: str = "UC-001/1", by: str = ANA, until: str | None = None, *more: str, asked: str = DEV
) -> Any:
    """Waive a requirement that a developer asked for."""
    options = ("--reason", "the provider is away", "--until", until or in_days(7), "--requested-by", asked)
    return project.cli("waive", name, *options, "--by", by, *more)


def waivers(project: Project) -> list[dict[str, Any]]:
    """The waivers of UC-001."""
    stored: list[dict[str, Any]] = told(project)["waivers"]
    return stored


@pytest.fixture
def failing(project: Project) -> Project:
    """UC-001 with a requirement that fails, and one that is asserted."""
    return decided(project, tests=DOWN)


def test_a_waiver_is_told_by_the_gate_and_never_makes_ready(failing: Project) -> None:
    """The requirement is WAIVED and the gate says so: refused by default; accepted, it is eligible with 1 waiver."""
    until = in_days(7)
    done = waive(failing, "uc-001/1", until=until)
    assert done.exit_code == 0, done.output
    shown = " ".join(done.stdout.split())
    assert f"UC-001/1 is waived until {until} for {DEV}, by {ANA}" in shown
    assert "NOT ELIGIBLE" in shown
    assert f"waived: UC-001/1 until {until} by {ANA} for {DEV}: the provider is away" in shown
    assert failing.states("UC-001")["UC-001/1"] == "WAIVED"
    assert failing.cli("gate", "UC-001", "--waivers", "accept").exit_code == 1
    (failing.path / "readiness.toml").write_text(
        (failing.path / "readiness.toml").read_text() + '\n[gate]\nwaivers = "accept"\n'
    )
    approve(failing)
    assert status(failing)[0] == "IN_PROGRESS"
    accepted = failing.cli("gate", "UC-001")
    assert accepted.exit_code == 0, accepted.output
    assert accepted.stdout.startswith("ELIGIBLE with 1 waiver: 1 of 1 ready")
    refused = failing.cli("gate", "UC-001", "--waivers", "refuse")
    assert refused.exit_code == 1
    assert "waived, and waivers are refused: UC-001/1" in " ".join(refused.stdout.split())


def test_what_is_refused_is_told_in_a_line_and_not_kept(failing: Project) -> None:
    """No reviewer, one who recorded it or asked for it, too long, in the past, or nothing to waive: exit code 1."""
    failing.run(f"--readiness-actor={BEN}", "-k", "provider")
    for refused, why in (
        (waive(failing, by="eve@example.com"), "is not a listed reviewer"),
        (waive(failing, by=BEN), "four eyes"),
        (waive(failing, asked=ANA.upper()), "requested it and cannot approve it"),
        (waive(failing, asked=f"\u200b{ANA}"), "requested it and cannot approve it"),
        (waive(failing, asked=f"Ana <{ANA}>"), "requested it and cannot approve it"),
        (waive(failing, asked="\uff21na@example.com"), "cannot approve it"),
        (waive(failing, asked="\u200b"), "does not name who requested it"),
        (waive(failing, until=in_days(91)), f"90 days at most: until {in_days(90)}"),
        (waive(failing, until=in_days(-1)), "it expired after"),
        (waive(failing, "UC-001/2"), "is ASSERTED: there is nothing to waive"),
    ):
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1), refused.output
        assert why in refused.stderr
    assert waivers(failing) == []


def test_who_asks_is_who_runs_it_unless_somebody_else_is_named(failing: Project) -> None:
    """Without --requested-by the requester is git's user, who cannot approve; another reviewer can."""
    repository(failing, ANA)
    options = ("waive", "UC-001/1", "--reason", "away", "--until", in_days(90))
    assert "requested it and cannot approve it too" in failing.cli(*options).stderr
    assert failing.cli(*options, "--by", BEN).exit_code == 0
    (waiver,) = waivers(failing)
    assert (waiver["by"], waiver["known_by"], waiver["requested_by"], waiver["used"]) == (BEN, "declared", ANA, True)


def test_dates_are_dates_and_names_exist(failing: Project) -> None:
    """Anything but YYYY-MM-DD, a requirement that is not there and a missing option are usage errors, one line each."""
    for until in ("tomorrow", "2026-02-30", "20260212", "2026-2-12", "2026-02-12T00:00", "\u0662026-02-12", ""):
        result = waive(failing, until=until or " ")
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
        assert "YYYY-MM-DD" in result.stderr
    for name, why in (
        ("UC-001/9", "(there are UC-001/1, UC-001/2)"),
        ("UC-9", "no use case 'UC-9' (there are UC-001, UC-002)"),
        ("UC-001", "name one of UC-001/1, UC-001/2"),
    ):
        result = waive(failing, name)
        assert (result.exit_code, why in result.stderr) == (2, True), result.output
    assert failing.cli("waive", "UC-001/1", "--by", ANA, "--until", in_days(1)).exit_code == 2
    assert waive(failing, "UC-001/1", ANA, None, "--reason", " ").exit_code == 2
    assert waivers(failing) == []


def test_a_date_can_be_days_or_weeks_from_today(failing: Project) -> None:
    """``+2w`` is the UTC date in 14 days; what is no number of days or weeks, or beyond the calendar, is no date."""
    assert waive(failing, until="+2w").exit_code == 0
    assert [waiver["until"] for waiver in waivers(failing)] == [in_days(14)]
    assert failing.cli("block", "UC-001", "--reason", "x", "--by", ANA, "--due", "+3d").exit_code == 0
    assert in_days(3) in failing.cli("report", "UC-001", "--format", "json").stdout
    for until in ("+", "+d", "+3", "3d", "+3m", "+-3d", "+99999w", "+99999d", "+1d1w", "+٣d"):
        result = waive(failing, until=until)
        assert (result.exit_code, len(result.stderr.splitlines())) in ((2, 1), (1, 1)), result.output
    assert len(waivers(failing)) == 1


def test_the_newest_of_two_waivers_is_used(failing: Project) -> None:
    """A requirement that is waived again is waived until the newer end, by who approved that."""
    assert waive(failing, until=in_days(2)).exit_code == 0
    assert waive(failing, "UC-001/1", BEN, in_days(5)).exit_code == 0
    (used,) = [waiver for waiver in waivers(failing) if waiver["used"]]
    assert (used["by"], used["until"]) == (BEN, in_days(5))


def test_a_waived_failure_is_told_as_one(project: Project) -> None:
    """The rule that nothing fails passes by the waiver, and says so by name."""
    decided(project, tests=DOWN)
    assert waive(project).exit_code == 0
    output = " ".join(project.cli("gate", "UC-001", "--waivers", "accept").output.split())
    assert "nothing failing (2 of 2 requirements): none but what is waived: UC-001/1" in output
    assert "none is failing" not in output


def test_a_gate_that_accepts_waivers_this_once_names_the_true_way_out(failing: Project) -> None:
    """On review its action says that the config must accept waivers before a review can; on evidence it opens."""
    assert waive(failing).exit_code == 0
    closed = failing.cli("gate", "UC-001", "--waivers", "accept")
    output = " ".join(closed.stdout.split())
    assert closed.exit_code == 1
    assert "review approves what is waived (UC-001/1) only if the config has [gate] waivers =" in output
    assert "its evidence is complete" not in output
    refused = " ".join(approve(failing, expected=1).stderr.split())
    assert (
        'UC-001/1 is WAIVED; a review can approve what is waived only if the config has [gate] waivers = "accept"'
        in refused
    )
    assert "only `readiness gate --waivers accept --on evidence` lets it pass" in refused
    assert failing.cli("gate", "UC-001", "--on", "evidence", "--waivers", "accept").exit_code == 0
    config = failing.path / "readiness.toml"
    before = config.read_text()
    config.write_text(before + '\n[gate]\nwaivers = "accept"\n')
    assert "its evidence is complete" in failing.cli("gate", "UC-001").stdout
    approve(failing)
    assert failing.cli("gate", "UC-001").exit_code == 0
    config.write_text(before)
    assert failing.cli("gate", "UC-001").exit_code == 1
    assert failing.cli("gate", "UC-001", "--waivers", "accept").exit_code == 0
