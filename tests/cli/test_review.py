"""``readiness review``: what is signed is shown first, and nothing is signed that a reviewer may not sign."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.broken_runs import sql
from tests.project import CONFIG, Project
from tests.reviewed_project import (
    ANA,
    BEN,
    BOT,
    DEV,
    REVIEW,
    TESTS,
    approve,
    decided,
    git,
    record,
    repository,
    status,
    told,
)
from tests.views.sinks import markdown_cells

pytestmark = pytest.mark.slow

BOTH = """
@evidence("UC-001", "UC-002", item=[1, 2])
def test_all(): assert os.environ.get("PROVIDER", "up") == "up"
"""
FLAKY = """
@evidence("UC-001", item=1)
def test_provider(): pass

@evidence("UC-001", item=2)
def test_trace(tmp_path_factory):
    seen = pathlib.Path("seen")
    if not seen.exists():
        seen.touch()
        raise OSError("first")
"""


def reviews(project: Project, use_case: str = "UC-001") -> list[dict[str, Any]]:
    """The sign-offs that the report tells of."""
    stored: list[dict[str, Any]] = told(project, use_case)["review"]["reviews"]
    return stored


def test_without_a_word_it_shows_and_signs_nothing(project: Project) -> None:
    """Requirements, states, evidence, who recorded it, what is to be acknowledged and the digest are printed."""
    decided(project)
    result = project.cli("review", "uc-001")
    assert result.exit_code == 0
    assert "UC-001/1  ✓ COMPLETE" in result.stdout
    assert "UC-001/2  a ASSERTED" in result.stdout
    assert "to be acknowledged: --acknowledge UC-001/2" in result.stdout
    assert told(project)["review"]["basis"]["digest"] in result.stdout
    assert " ".join(result.stdout.split()).count(f"recorded by {BOT}") == 2
    for piece in project.evidence("UC-001"):
        assert piece["id"] in result.stdout
    assert "nothing was signed" in result.stdout
    assert "readiness review UC-001 --approve --acknowledge UC-001/2" in result.stdout
    assert reviews(project) == []


def test_a_worksheet_has_all_that_is_signed_and_signs_nothing(project: Project) -> None:
    """A box for each requirement, what is to be acknowledged, every piece of evidence, and what changed since."""
    decided(project)
    done = project.cli("review", "UC-001", "--format", "markdown")
    assert (done.exit_code, done.stderr) == (0, "")
    table = markdown_cells("\n".join(line for line in done.stdout.splitlines() if line.startswith("|")))
    assert table[0] == ["Checked", "Requirement", "State", "Why"]
    assert [row[:3] for row in table[1:]] == [
        ["\N{BALLOT BOX}", "UC-001/1", "COMPLETE"],
        ["\N{BALLOT BOX}", "UC-001/2", "ASSERTED, to be acknowledged"],
    ]
    for piece in project.evidence("UC-001"):
        assert f"readiness show {piece['id']}\n" in done.stdout
    assert "- not reviewed yet\n" in done.stdout
    assert reviews(project) == []
    approve(project)
    record(project)
    again = project.cli("review", "UC-*", "--format", "markdown").stdout
    assert "- last review&#58; APPROVED" in again
    assert "- changed since&#58; UC-001/1 has newer evidence" in again
    assert again.count("\n## ") == 1
    for words in (["UC-001", "--approve"], ["UC-001", "--reject"], []):
        refused = project.cli("review", *words, "--format", "markdown")
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1), words


def test_an_approval_makes_it_ready(project: Project) -> None:
    """The reviewer's word is kept with what it rests on, and the use case is READY_FOR_GO_LIVE."""
    decided(project)
    assert status(project) == ("IN_PROGRESS", "AWAITING_REVIEW")
    result = approve(project, "--comment", "looked at the trace")
    assert "UC-001 now: READY_FOR_GO_LIVE" in result.stdout
    assert status(project) == ("READY_FOR_GO_LIVE", None)
    (review,) = reviews(project)
    assert (review["by"], review["known_by"], review["meaning"]) == (ANA, "declared", "APPROVED_FOR_GO_LIVE")
    assert (review["comment"], review["acknowledged"]) == ("looked at the trace", ["UC-001/2"])
    assert project.cli("gate", "UC-001").exit_code == 0


@pytest.mark.parametrize("name", ["UC-001/2", "asserted", "test_it.py::test_trace"])
def test_acknowledging_by_each_kind_of_name(project: Project, name: str) -> None:
    """A requirement, its test and the word of its state name the same requirement."""
    decided(project)
    approve(project, "--acknowledge", name)
    assert reviews(project)[0]["acknowledged"] == ["UC-001/2"]


def test_flaky_is_acknowledged_apart_from_asserted(project: Project) -> None:
    """A pass after a failed attempt is refused until it is named, and 'asserted' alone does not name it."""
    project.configured(CONFIG + REVIEW).tests(FLAKY)
    record(project, "-p", "rerunfailures", "--reruns=1")
    assert project.states()["UC-001/2"] == "FLAKY"
    assert "UC-001/2 (FLAKY)" in approve(project, "--acknowledge", "asserted", expected=1).stderr
    approve(project, "--acknowledge", "flaky", "--acknowledge", "asserted")  # it lacks its proof as well
    assert status(project) == ("READY_FOR_GO_LIVE", None)


@pytest.mark.parametrize(
    ("args", "by", "why"),
    [
        (["--acknowledge", "asserted"], BOT, "is not a listed reviewer"),
        ([], ANA, "acknowledge by name what is asserted or flaky: UC-001/2 (ASSERTED)"),
        (["UC-002"], ANA, "UC-002/1 is MISSING"),
    ],
    ids=["a stranger", "not acknowledged", "not complete"],
)
def test_a_refused_approval_is_told_in_a_line_and_not_kept(
    project: Project, args: list[str], by: str, why: str
) -> None:
    """Exit code 1, one line that says why, and no decision."""
    decided(project)
    named = [] if "UC-002" in args else ["UC-001"]
    result = project.cli("review", *named, *args, "--approve", "--by", by)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("readiness: refused: UC-00")
    assert why in line
    assert reviews(project) == []


def test_who_recorded_it_cannot_sign_it(project: Project) -> None:
    """Four eyes: a listed reviewer who recorded the evidence is refused, and by another name too; another is not."""
    decided(project, f'[people."{ANA}"]\nalso = ["ana-on-ci"]\n')
    record(project, by="ana-on-ci")
    assert "four eyes" in approve(project, expected=1).stderr
    approve(project, by=BEN)
    assert status(project) == ("READY_FOR_GO_LIVE", None)


def test_a_rejection_needs_a_comment_and_blocks_until_its_reviewer_approves(project: Project) -> None:
    """Rejected is BLOCKED; another reviewer's approval does not lift it, that of the same does."""
    decided(project)
    assert "needs a comment" in project.cli("review", "UC-001", "--reject", "--by", ANA).stderr
    done = project.cli("review", "UC-001", "--reject", "--by", ANA, "--comment", "the trace is of the wrong build")
    assert done.exit_code == 0
    assert "UC-001 now: BLOCKED" in done.stdout
    approve(project, by=BEN)
    assert status(project) == ("BLOCKED", None)
    approve(project)
    assert status(project) == ("READY_FOR_GO_LIVE", None)


def test_several_use_cases_get_a_decision_each(project: Project) -> None:
    """A glob and an id in one call: one sign-off for each use case, each with its own acknowledgements."""
    decided(project, tests=BOTH)
    approve(project, "UC-*", "uc-001")
    assert [review["acknowledged"] for name in ("UC-001", "UC-002") for review in reviews(project, name)] == [
        ["UC-001/2"],
        ["UC-002/2"],
    ]


def test_if_one_is_refused_none_is_kept(project: Project) -> None:
    """Each refusal is told, and the use case that could have been signed is not."""
    decided(project)
    result = approve(project, "UC-*", expected=1)
    assert [line.split(": ")[2] for line in result.stderr.splitlines()] == ["UC-002"]
    assert reviews(project) == []


def test_a_refusal_of_many_counts_their_requirements(project: Project) -> None:
    """The same reason of several use cases is one line with a number for each; of one it names the requirements."""
    project.configured(CONFIG + REVIEW).tests(TESTS)
    lines = approve(project, "UC-*", expected=1).stderr.splitlines()
    assert lines.pop().startswith("readiness: there is no store at ")
    counts = "some requirements cannot be approved: 2 in UC-001, 2 in UC-002"
    assert lines == [f"readiness: refused: {counts}; `readiness review UC-001` names those of a use case"]
    alone = project.cli("review", "UC-001", "--approve", "--by", ANA).stderr
    assert "UC-001: some requirements cannot be approved: UC-001/1 is MISSING, UC-001/2 is MISSING\n" in alone


def test_without_use_cases_it_lists_what_awaits_a_review(project: Project) -> None:
    """Outdated reviews come first, each with what is to be acknowledged; a decision without use cases is a mistake."""
    decided(project)
    result = project.cli("review")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "UC-001  AWAITING_REVIEW  Checkout  (1 requirement to acknowledge)",
        "1 use case awaits a review: `readiness review UC-001` shows what it covers",
    ]
    approve(project)
    assert project.cli("review").stdout == "no use case awaits a review (2 in the register)\n"
    project.tests('@evidence("UC-002", item=[1, 2])\ndef test_fine(): pass\n', "test_fine.py")
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    project.monkeypatch.delenv("PROVIDER")
    record(project)
    listed = [line.split()[:2] for line in project.cli("review").stdout.splitlines()[:-1]]
    assert listed == [["UC-001", "REVIEW_SUSPECT"], ["UC-002", "AWAITING_REVIEW"]]
    for words in (["--approve"], ["--reject"], ["--comment", "x"], ["--acknowledge", "asserted"]):
        refused = project.cli("review", *words)
        assert (refused.exit_code, "name the use cases to review" in refused.stderr) == (2, True), words


def test_who_may_not_sign_is_offered_no_command(project: Project) -> None:
    """A stranger is named once, and the commands are for a listed reviewer; who recorded it may still reject."""
    decided(project)
    shown = project.cli("review", "UC-001", "--by", "zed@example.com").stdout
    first = "an approval would be refused: UC-001: zed@example.com is not a listed reviewer ([review] reviewers)"
    assert shown.splitlines()[0] == first
    assert "nothing was signed; these commands sign if a listed reviewer types them" in shown
    assert "(git's user.email, or --by NAME, says who): ana@example.com, ben@example.com\n" in shown
    assert "to sign:\n" not in shown
    assert "nothing was signed; to sign:\n" in project.cli("review", "UC-001", "--by", ANA).stdout
    again = '@evidence("UC-002", item=[1, 2])\ndef test_fine(): pass\n'
    project.tests(again).run(f"--readiness-actor={ANA}")
    eyes = project.cli("review", "UC-002", "--by", ANA).stdout
    assert "another listed reviewer (ana@example.com, ben@example.com) can approve:" in eyes
    assert "to reject:\n  readiness review UC-002 --reject --comment '...'\n" in eyes
    assert project.cli("review", "UC-002", "--reject", "--comment", "no", "--by", ANA).exit_code == 0


def test_what_changed_since_the_last_review_is_shown(project: Project) -> None:
    """A failure that a later pass hides is told, and so is the newer evidence; before both, that nothing changed."""
    decided(project)
    approve(project)
    assert "nothing changed since" in project.cli("review", "UC-001").stdout
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    project.monkeypatch.setenv("PROVIDER", "up")
    record(project)
    shown = " ".join(project.cli("review", "UC-001").stdout.split())
    assert f"last review: APPROVED_FOR_GO_LIVE by {ANA}" in shown
    assert "changed since: test_it.py::test_provider FAILED in staging" in shown
    assert "changed since: UC-001/1 has newer evidence" in shown


def test_suspect_signs_those_that_need_it_and_only_those(project: Project) -> None:
    """Of two approved use cases the one with a failure in between is signed again, the other is left alone."""
    fine = '@evidence("UC-002", item=[1, 2])\ndef test_fine(): pass\n'
    decided(project, tests=TESTS + fine)
    approve(project, "UC-*")
    assert "no use case needs another review" in project.cli("review", "--suspect").stdout
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project)
    down = project.cli("review", "--suspect")
    assert "UC-001 needs a review too, but cannot be reviewed yet: it is BLOCKED" in down.stdout
    project.monkeypatch.setenv("PROVIDER", "up")
    record(project)
    assert status(project) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    approve(project, "--suspect")
    assert status(project) == ("READY_FOR_GO_LIVE", None)
    assert [len(reviews(project, name)) for name in ("UC-001", "UC-002")] == [1, 1]
    assert reviews(project)[0]["at"] > reviews(project, "UC-002")[0]["at"]


def test_who_decides_is_known_by_ci_by_git_or_declared(project: Project) -> None:
    """Without --by it is the CI's actor, else git's; a --by that says the same keeps the stronger word."""
    repository(decided(project, '[people."ben@example.com"]\nalso = ["ben-on-ci"]\n'), ANA)
    sign = ("review", "UC-001", "--approve", "--acknowledge", "asserted")
    seen = []
    for ci, by in ((None, None), (None, "Ana@example.com"), ("ben-on-ci", None), ("ben-on-ci", BEN), (None, BEN)):
        project.monkeypatch.setenv("GITHUB_ACTIONS", "true" if ci else "")
        project.monkeypatch.setenv("GITHUB_ACTOR", ci or "")
        assert project.cli(*sign, *(["--by", by] if by else [])).exit_code == 0
        newest = max(reviews(project), key=lambda review: str(review["at"]))
        seen.append((newest["by"], newest["known_by"]))
    assert seen == [
        (ANA, "git"),
        ("Ana@example.com", "git"),
        ("ben-on-ci", "ci"),
        (BEN, "ci"),
        (BEN, "declared"),
    ]


def test_nobody_decides_where_nobody_is_known(project: Project) -> None:
    """Without --by, CI and git's user.email the sign-off is refused, and the line says what to give."""
    decided(project)
    result = project.cli("review", "UC-001", "--approve", "--acknowledge", "asserted")
    assert (result.exit_code, reviews(project)) == (1, [])
    assert "--by NAME" in result.stderr


def test_an_identity_that_is_too_weak_is_refused(project: Project) -> None:
    """With identity = "git" a name alone signs nothing, and the same name as git's user.email does."""
    decided(project, 'identity = "git"\n')
    assert "is only declared" in approve(project, expected=1).stderr
    repository(project, ANA)
    approve(project)


def test_mistakes_are_usage_errors(project: Project) -> None:
    """A call that cannot be meant exits 2 with one line, and keeps nothing."""
    decided(project)
    for args, why in (
        (["UC-001", "--approve", "--reject"], "not both"),
        (["--approve"], "name the use cases"),
        (["UC-009", "--approve"], "(there are UC-001, UC-002)"),
        (["UC-001", "--approve", "--acknowledge", "UC-001/7"], "is no requirement"),
        (["UC-001", "--approve", "--acknowledge", "UC-001/1"], "there is nothing to acknowledge"),
        (["UC-001", "--approve", "--by", " "], "--by is empty"),
        (["UC-001", "--from", "report.json"], 'decisions = "decisions"'),
    ):
        result = project.cli("review", *args)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
        assert why in result.stderr
    assert reviews(project) == []


def test_nothing_is_approved_on_damaged_evidence(project: Project) -> None:
    """Where a line of what it rests on was changed, an approval exits 3; a rejection is kept all the same."""
    decided(project)
    sql(project, "UPDATE line SET text = replace(text, 'PASSED', 'passed')")
    assert project.cli("review", "UC-001", "--approve", "--by", ANA).exit_code == 3
    assert project.cli("review", "UC-001").exit_code == 3


def test_a_secret_in_a_comment_is_not_kept(project: Project) -> None:
    """A value that the environment holds as a token does not reach the store."""
    project.monkeypatch.setenv("MY_API_TOKEN", "sk-live-0123456789")
    decided(project)
    approve(project, "--comment", "tried with sk-live-0123456789")
    assert reviews(project)[0]["comment"] == "tried with [REDACTED:environment]"
    assert b"sk-live-0123456789" not in (project.path / ".readiness" / "evidence.db").read_bytes()


def test_a_release_is_signed_by_name(project: Project) -> None:
    """Where a release is required, evidence and sign-off of another one do not count."""
    decided(project, '\n[gate]\nrelease = "required"\n')
    assert "MISSING" in approve(project, "--release", "2.0", expected=1).stderr
    record(project, "--readiness-release=2.0")
    approve(project, "--release", "2.0")
    assert project.cli("gate", "UC-001", "--release", "2.0").exit_code == 0
    assert project.cli("gate", "UC-001", "--release", "2.1").exit_code == 1


# -- from a report, into the repository ----------------------------------------------------------------------------


@pytest.fixture
def apart(project: Project) -> Project:
    """A repository whose decisions are files, a report that CI made, and no store beside it."""
    project.configured('decisions = "decisions"\n' + CONFIG + REVIEW).tests(TESTS)
    repository(project, ANA)
    project.run(f"--readiness-actor={BOT}", "--readiness-json=report.json", "--readiness-store=sqlite:///ci.db")
    return project


def from_report(project: Project, *args: str) -> Any:
    """Sign what the report says."""
    acknowledge = () if "--acknowledge" in args else ("--acknowledge", "asserted")
    return project.cli("review", "UC-001", "--from", "report.json", "--approve", *acknowledge, *args)


def test_a_report_is_signed_without_the_store(apart: Project) -> None:
    """The file that is written rests on the evidence of the report; committed, CI's store finds it READY."""
    result = from_report(apart)
    assert result.exit_code == 0, result.output
    assert "takes effect once committed" in result.stdout
    assert f"the commit author ({ANA}) will be recorded as the decider" in result.stdout
    assert not (apart.path / ".readiness" / "evidence.db").exists()
    apart.monkeypatch.setenv("READINESS_STORE", "sqlite:///ci.db")
    assert status(apart) == ("IN_PROGRESS", "AWAITING_REVIEW")
    git(apart, "add", "decisions")
    git(apart, "commit", "-qm", "sign", by=ANA)
    assert status(apart) == ("READY_FOR_GO_LIVE", None)


def test_what_failed_between_the_report_and_its_signing_makes_the_sign_off_suspect(apart: Project) -> None:
    """A new test that failed once and then passed before anybody signed was not in the report: nobody saw it."""
    more = apart.path / "test_more.py"
    head = "from pytest_readiness import evidence\n@evidence('UC-001', item=1)\ndef test_more(): assert "
    for outcome in ("False", "True"):
        more.write_text(head + outcome)
        apart.run("test_more.py", f"--readiness-actor={BOT}", "--readiness-store=sqlite:///ci.db")
    assert from_report(apart).exit_code == 0
    git(apart, "add", "decisions")
    git(apart, "commit", "-qm", "sign", by=ANA)
    apart.monkeypatch.setenv("READINESS_STORE", "sqlite:///ci.db")
    assert status(apart) == ("IN_PROGRESS", "REVIEW_SUSPECT")


def test_what_a_report_says_is_shown_first(apart: Project) -> None:
    """Without --approve the report's requirements, evidence and moment are shown, and nothing is written."""
    shown = apart.cli("review", "UC-001", "--from", "report.json")
    assert shown.exit_code == 0
    document = json.loads((apart.path / "report.json").read_text())
    assert f"as reported at {document['generated_at']}" in shown.stdout
    assert f"recorded by {BOT}" in " ".join(shown.stdout.split())
    assert "--from report.json --approve --acknowledge UC-001/2" in shown.stdout
    assert not (apart.path / "decisions").exists()


def test_four_eyes_hold_for_a_report_too(apart: Project) -> None:
    """Who recorded the evidence of a report is in it, and cannot sign it."""
    apart.run(f"--readiness-actor={ANA}", "--readiness-json=report.json", "--readiness-store=sqlite:///ci.db")
    result = from_report(apart)
    assert (result.exit_code, "four eyes" in result.stderr) == (1, True)
    assert not (apart.path / "decisions").exists()


def test_a_report_of_other_requirements_is_refused(apart: Project) -> None:
    """A config that asks for more, or another register, is not what the report is of: which differs is told."""
    config = apart.path / "readiness.toml"
    before = config.read_text()
    config.write_text(before.replace("max_age_days = 30", "max_age_days = 7"))
    other = from_report(apart)
    config.write_text('register = "billing"\n' + before)
    elsewhere = from_report(apart)
    assert (other.exit_code, elsewhere.exit_code) == (1, 1)
    assert "was made with requirements sha256:" in other.stderr
    assert "is for register 'default', but the config here for 'billing'" in elsewhere.stderr
    assert not (apart.path / "decisions").exists()


def test_a_file_that_is_no_such_report_is_refused_in_one_line(apart: Project) -> None:
    """Whatever is missing from it, one line says so, and nothing is written."""
    path = apart.path / "report.json"
    whole = json.loads(path.read_text())
    for changes, code in (
        ({"schema": "readiness/report/v2"}, 2),
        ({"use_cases": []}, 1),
        ({"use_cases": None}, 2),
        ({"use_cases": [{"id": "UC-001"}]}, 2),
        ({"use_cases": [*whole["use_cases"], whole["use_cases"][0]]}, 2),
        ({"generated_at": "yesterday"}, 2),
        ({"context": {}}, 2),
    ):
        path.write_text(json.dumps({**whole, **changes}))
        result = from_report(apart)
        assert (result.exit_code, len(result.stderr.splitlines())) == (code, 1), result.output
        assert "report.json" in result.stderr
    for text in (b"", b"{", b"[]", b"\xff", b'{"schema": 1}'):
        path.write_bytes(text)
        result = from_report(apart)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
    assert not (apart.path / "decisions").exists()


def test_a_report_that_contradicts_itself_is_refused(apart: Project) -> None:
    """A basis that claims better states, or other evidence, than the report shows exits 3."""
    whole = (apart.path / "report.json").read_text()
    for path, value in ((("state",), "COMPLETE"), (("pins", 0, "started_at"), "9999-01-01T00:00:00.000Z")):
        document = json.loads(whole)
        at = document["use_cases"][0]["review"]["basis"]["requirements"][1]
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        (apart.path / "report.json").write_text(json.dumps(document))
        result = apart.cli("review", "UC-001", "--from", "report.json", "--approve")
        assert result.exit_code == 3, result.output
        assert "differs from what the report shows" in result.stderr
    assert not (apart.path / "decisions").exists()


def test_a_report_over_damaged_evidence_is_not_approved(apart: Project) -> None:
    """Where the report itself says that evidence is not intact, an approval exits 3."""
    document = json.loads((apart.path / "report.json").read_text())
    (rule,) = [rule for rule in document["verdict"]["rules"] if rule["rule"] == "evidence intact"]
    rule |= {"passed": False, "detail": "run r: its seal does not fit"}
    (apart.path / "report.json").write_text(json.dumps(document))
    result = from_report(apart)
    assert result.exit_code == 3
    assert "its seal does not fit" in result.stderr


def test_who_would_have_decided_is_told(apart: Project) -> None:
    """A --by that is not git's user.email is written, and the author of the commit is named as who will count."""
    result = from_report(apart, "--by", BEN)
    assert result.exit_code == 0
    assert f"the commit author ({ANA}) will be recorded as the decider, not {BEN}" in result.stdout


def test_a_developer_s_merge_does_not_make_them_a_reviewer(apart: Project) -> None:
    """Committed by somebody who is not the one it names, an approval counts for nothing, and the gate says why."""
    assert from_report(apart).exit_code == 0
    git(apart, "add", "decisions")
    git(apart, "commit", "-qm", "sign", by=DEV)
    apart.monkeypatch.setenv("READINESS_STORE", "sqlite:///ci.db")
    assert status(apart) == ("IN_PROGRESS", "AWAITING_REVIEW")
    assert reviews(apart) == []
    output = " ".join(apart.cli("gate", "UC-001").output.split())
    assert f"the approval of UC-001 counts for nothing: it names {ANA}, and {DEV} committed it" in output


def test_a_sign_off_for_a_release_says_how_it_stands_for_that(project: Project) -> None:
    """Where a release is required, review tells the standing for the release that it signed for."""
    decided(project, '\n[gate]\nrelease = "required"\n')
    record(project, "--readiness-release=2.0")
    assert "UC-001 now: READY_FOR_GO_LIVE (release 2.0)" in approve(project, "--release", "2.0").stdout


def test_where_no_release_is_named_the_way_to_name_it_is_told(project: Project) -> None:
    """Where a release is required and none is named, review, gate, next and block say how one is named."""
    decided(project, '\n[gate]\nrelease = "required"\n')
    record(project, "--readiness-release=2.0")
    refused = approve(project, expected=1)
    closed = project.cli("gate", "UC-001")
    assert closed.exit_code == 1
    blocked = project.cli("block", "UC-001", "--reason", "not now", "--by", DEV)
    for text in (refused.stderr, closed.stdout, project.cli("next", "UC-001").stdout, blocked.stdout):
        assert "--release R" in text
        assert "READINESS_RELEASE" in text


def test_many_tests_of_one_run_share_what_they_have_in_common(project: Project) -> None:
    """Each test that is signed is on a line of its own, and what all of them say is said once."""
    decided(project)
    cases = "".join(f'<testcase classname="c" name="t{number}" time="1"/>' for number in range(30))
    suite = f'<testsuite name="s" timestamp="2026-11-28T10:00:00Z">{cases}</testsuite>'
    project.write("it.xml", f"<testsuites>{suite}</testsuites>")
    by = ("--environment", "staging", "--actor", BOT)
    done = project.cli("record", "--junit", "it.xml", "--map", "c::*=UC-001/1", *by)
    run = done.stdout.rsplit(maxsplit=1)[-1]
    assert "  evidence: 29 more: -v shows all" in project.cli("review", "UC-001").stdout.splitlines()
    lines = project.cli("review", "UC-001", "-v").stdout.splitlines()
    assert " ".join(" ".join(lines).split()).count("in staging, recorded by") == 3
    assert f"      readiness show {run}.N, where N is the number before a test" in lines
    shown = [line.split() for line in lines if line.strip().startswith(tuple("0123456789")) and "c::t" in line]
    assert sorted(test for _, test in shown) == sorted(f"c::t{number}" for number in range(30))
    assert project.cli("show", f"{run}.{shown[0][0]}").exit_code == 0
