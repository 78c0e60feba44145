"""``readiness block`` and ``unblock``: anyone may block, a reviewer ends it."""

from __future__ import annotations

from tests.project import TRACKER, Project
from tests.reviewed_project import ANA, BEN, DEV, approve, decided, record, repository, status, told


def test_a_blocked_use_case_is_blocked_whatever_else_is_true(project: Project) -> None:
    """Anyone blocks an approved use case; it is BLOCKED with reason, due date and link until a reviewer unblocks it."""
    decided(project)
    approve(project)
    link = "https://tracker.example.com/7"
    options = ("--reason", "legal is not done", "--due", "2026-12-24", "--link", link)
    done = project.cli("block", "uc-001", *options, "--by", DEV)
    assert done.exit_code == 0, done.output
    assert f"UC-001 is blocked, by {DEV} (identity: self-declared)" in done.stdout
    assert "UC-001 now: BLOCKED" in done.stdout
    (blocker,) = told(project)["blockers"]
    assert (blocker["owner"], blocker["reason"]) == (DEV, "legal is not done")
    assert (blocker["due"], blocker["link"]) == ("2026-12-24", link)
    assert project.cli("gate", "UC-001").exit_code == 1
    ended = project.cli("unblock", "UC-001", "--reason", "signed", "--by", ANA)
    assert ended.exit_code == 0, ended.output
    assert "UC-001 now: READY_FOR_GO_LIVE" in ended.stdout
    assert status(project) == ("READY_FOR_GO_LIVE", None)


def test_blocking_needs_no_store(project: Project) -> None:
    """A use case without evidence can be blocked: the store is made, and git does not see it."""
    repository(project.configured(), DEV)
    assert project.cli("block", "UC-002", "--reason", "not now").exit_code == 0
    assert (status(project, "UC-002"), status(project)) == (("BLOCKED", None), ("NOT_STARTED", None))
    assert told(project, "UC-002")["blockers"][0]["known_by"] == "git"
    assert (project.path / ".readiness" / ".gitignore").read_text() == "*\n"


def test_unblocking_is_for_reviewers_with_other_eyes(project: Project) -> None:
    """A stranger, who recorded the evidence, and anyone where nothing is blocked, are refused with one line."""
    decided(project)
    unblock = ("unblock", "UC-001", "--reason", "done", "--by")
    assert "has no open blocker" in project.cli(*unblock, ANA).stderr
    assert project.cli("block", "UC-001", "--reason", "no", "--by", DEV).exit_code == 0
    record(project, by=BEN)
    for who, why in ((DEV, "not a listed reviewer"), (BEN, "four eyes")):
        refused = project.cli(*unblock, who)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
        assert why in refused.stderr
    assert status(project)[0] == "BLOCKED"
    assert project.cli(*unblock, ANA).exit_code == 0
    assert status(project) == ("IN_PROGRESS", "AWAITING_REVIEW")


def test_mistakes_are_usage_errors(project: Project) -> None:
    """No reason, an unknown use case, a due date or a link that is none: exit code 2, one line, nothing made."""
    project.configured()
    for args, why in (
        (["UC-001", "--by", DEV], "--reason"),
        (["UC-001", "--by", DEV, "--reason", " "], "must not be empty"),
        (["UC-003", "--by", DEV, "--reason", "no"], "(there are UC-001, UC-002)"),
        (["UC-001", "--by", DEV, "--reason", "no", "--due", "24.12.2026"], "YYYY-MM-DD"),
        (["UC-001", "--by", DEV, "--reason", "no", "--link", "javascript:alert(1)"], "http(s)"),
    ):
        result = project.cli("block", *args)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
        assert why in result.stderr
    assert not (project.path / ".readiness").exists()


def test_a_blocker_in_the_repository_counts_once_it_is_committed(project: Project) -> None:
    """With decisions in a folder the file is written and told; uncommitted it blocks nothing."""
    from tests.project import CONFIG
    from tests.reviewed_project import REVIEW, commit, files

    project.configured('decisions = "decisions"\n' + CONFIG + REVIEW)
    repository(project, DEV)
    done = project.cli("block", "UC-001", "--reason", "not now")
    assert done.exit_code == 0, done.output
    (decision,) = files(project)
    assert (decision["kind"], decision["by"], decision["known_by"]) == ("blocker", DEV, "git")
    assert "written: decisions/" in done.stdout
    assert "takes effect once committed and merged" in done.stdout
    assert "UC-001 now: NOT_STARTED" in done.stdout
    commit(project, by=ANA)
    assert status(project) == ("BLOCKED", None)
    assert told(project)["blockers"][0]["owner"] == DEV


def test_a_blocker_that_was_ended_starts_nothing(project: Project) -> None:
    """Blocked and unblocked, a use case for which nothing ever ran is NOT_STARTED again."""
    decided(project)
    assert status(project, "UC-002") == ("NOT_STARTED", None)
    assert project.cli("block", "UC-002", "--reason", "legal", "--by", DEV).exit_code == 0
    assert status(project, "UC-002") == ("BLOCKED", None)
    assert project.cli("unblock", "UC-002", "--reason", "done", "--by", ANA).exit_code == 0
    assert status(project, "UC-002") == ("NOT_STARTED", None)


def test_a_rejection_is_ended_by_who_rejected(project: Project) -> None:
    """unblock of a rejected use case, and next where nobody owns it, name who must approve; why says it once."""
    decided(project, tracker=TRACKER.replace("ana@example.com", "tbd"))
    assert project.cli("review", "UC-001", "--reject", "--comment", "data loss", "--by", BEN).exit_code == 0
    refused = project.cli("unblock", "UC-001", "--reason", "done", "--by", ANA)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert f"it was rejected, until {BEN} approves" in refused.stderr
    assert [action["who"] for action in project.report("UC-001")["next"] if action["action"] == "fix"] == [BEN]
    why = " ".join(project.cli("why", "UC-001").stdout.split())
    assert f"REJECTED by {BEN} (identity: self-declared)" in why
    assert ": REJECTED" not in why.replace("review: REJECTED", "")


def test_a_due_date_that_is_over_is_told_as_overdue(project: Project) -> None:
    """A blocker that should have ended says so, when it is made and in the list of what to do."""
    decided(project)
    done = project.cli("block", "UC-001", "--reason", "no", "--by", DEV, "--due", "2020-01-01")
    assert done.exit_code == 0
    assert "the due date 2020-01-01 is in the past: reports show it as overdue" in done.stdout
    assert "(due 2020-01-01, overdue)" in " ".join(project.cli("next", "UC-001").stdout.split())
    assert "overdue" not in project.cli("block", "UC-002", "--reason", "no", "--by", DEV, "--due", "2999-01-01").stdout
    assert "overdue" not in project.cli("next", "UC-002").stdout
