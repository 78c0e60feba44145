"""Evidence bound to what ships: only evidence and reviews for the judged digests count."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_readiness.store.address import open_store
from pytest_readiness.views.document import report_schema
from tests.project import CONFIG, XDIST, Project
from tests.reviewed_project import ANA, BEN, BOT, REVIEW, TESTS, approve, decided, record, status

pytestmark = pytest.mark.slow

OLD, NEW, WEB = (f"sha256:{digit * 64}" for digit in "abc")
REQUIRED = '[gate]\nsubject = "required"\n'


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project."""
    return Project.at(pytester, monkeypatch)


def heads(project: Project) -> list[dict[str, Any]]:
    """The first line of each stored run, oldest first."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return [run.head for summary in store.runs()[::-1] if (run := store.run(summary.id)) is not None]
    finally:
        store.close()


def gate(project: Project, *args: str, expected: int) -> str:
    """What the gate says of UC-001, on evidence unless a review is asked for."""
    on = [] if "--on" in args else ["--on", "evidence"]
    result = project.cli("gate", "UC-001", *on, *args)
    assert result.exit_code == expected, result.output
    return " ".join(result.output.split())


def rule(project: Project, *args: str) -> dict[str, Any]:
    """The rule about subjects in the gate's JSON."""
    document = json.loads(project.cli("gate", "UC-001", "--json", *args).stdout)
    (found,) = [rule for rule in document["verdict"]["rules"] if rule["rule"] == "subject"]
    return dict(found)


# -- what is recorded --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [(), XDIST], ids=["one process", "xdist"])
def test_a_run_keeps_its_subjects(project: Project, how: tuple[str, ...]) -> None:
    """They are in its first line, each with its name, in the order of the names and in lower case."""
    project.configured().tests(TESTS)
    project.run_apart(
        *how, f"--readiness-subject=web={WEB.upper().replace('SHA', 'sha')}", f"--readiness-subject={OLD}"
    )
    (head,) = heads(project)
    assert head["subjects"] == {"default": OLD, "web": WEB}
    (run,) = project.report()["runs"]
    assert run["subjects"] == [{"name": "default", "digest": OLD}, {"name": "web", "digest": WEB}]


def test_the_variable_holds_several(project: Project) -> None:
    """They are separated by spaces, commas or line ends; the option replaces them."""
    project.configured().tests(TESTS)
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}, web={WEB}\n")
    project.run()
    project.run(f"--readiness-subject=api={NEW}")
    result = project.cli("record", "UC-001", "--item", "1", "--environment", "staging", "--result", "PASSED")
    assert result.exit_code == 0, result.output
    first, second, third = heads(project)
    assert first["subjects"] == third["subjects"] == {"api": OLD, "web": WEB}
    assert second["subjects"] == {"api": NEW}


def test_record_keeps_subjects_and_show_shows_them(project: Project) -> None:
    """``record`` takes the option of the session, and ``show``, its JSON, the CSV and the page show what is kept."""
    project.configured()
    where = ("UC-001", "--item", "1", "--environment", "staging")
    result = project.cli("record", *where, "--subject", f"api={OLD}", "--subject", f"web={WEB}", "--", "true")
    assert result.exit_code == 0, result.output
    (head,) = heads(project)
    assert head["subjects"] == {"api": OLD, "web": WEB}
    shown = project.cli("show", "UC-001/1").output
    assert f"api {OLD}" in shown
    assert f"web {WEB}" in shown
    (piece,) = json.loads(project.cli("show", "UC-001/1", "--json").stdout)["evidence"]
    assert piece["run"]["subjects"] == [{"name": "api", "digest": OLD}, {"name": "web", "digest": WEB}]
    assert f"api={OLD}; web={WEB}" in project.cli("report", "--format", "csv").stdout
    assert OLD in project.cli("report", "--format", "html").stdout


def test_a_run_without_subjects_is_as_before(project: Project) -> None:
    """Nothing is kept, and nothing asks for it."""
    decided(project)
    approve(project)
    (head,) = heads(project)
    assert "subjects" not in head
    assert gate(project, "--on", "review", expected=0)
    assert "subject" not in [rule["rule"] for rule in project.report()["verdict"]["rules"]]


@pytest.mark.parametrize(
    "wrong", ["api", "api=", f"api={OLD[:-1]}", "api=sha512:" + "a" * 128, f"a b={OLD}", "=", f"={OLD}"]
)
def test_another_form_is_a_usage_error(project: Project, wrong: str) -> None:
    """No test runs (4), or nothing is recorded or judged (2), and the message has the form."""
    project.configured().tests(TESTS)
    result = project.run_apart(f"--readiness-subject={wrong}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "[NAME=]sha256:HEX" in result.stderr.str()
    for command in (
        ("record", "UC-001", "--item", "1", "--result", "PASSED"),
        ("gate",),
        ("report",),
        ("review", "UC-001"),
    ):
        said = project.cli(*command, "--subject", wrong)
        assert said.exit_code == 2, said.output
        assert "[NAME=]sha256:HEX" in said.stderr
    project.monkeypatch.setenv("READINESS_SUBJECT", wrong)
    assert project.run_apart().ret == pytest.ExitCode.USAGE_ERROR
    assert not (project.path / ".readiness" / "evidence.db").exists()


def test_a_name_has_one_digest(project: Project) -> None:
    """Two digests without a name are two values of one."""
    project.configured().tests(TESTS)
    result = project.run_apart(f"--readiness-subject={OLD}", f"--readiness-subject={NEW}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "give each subject a name of its own" in result.stderr.str()
    assert project.run_apart("--readiness-subject=").ret == pytest.ExitCode.USAGE_ERROR


def test_no_secret_replaces_a_digest(project: Project) -> None:
    """A secret with the digits of the digest, known before or registered by the test, leaves the digest as it is."""
    digits = OLD.removeprefix("sha256:")
    project.configured().tests(
        f"""
        @evidence("UC-001", item=1)
        def test_provider(record_evidence):
            record_evidence.secret("{digits}")
            record_evidence.secret("{OLD}")
        """
    )
    project.monkeypatch.setenv("API_TOKEN", digits)
    project.run_apart(f"--readiness-subject=api={OLD}").assert_outcomes(passed=1)
    (head,) = heads(project)
    assert head["subjects"] == {"api": OLD}
    assert gate(project, "--subject", f"api={OLD}", expected=1).count("✓ passed subject") == 1


# -- what counts -------------------------------------------------------------------------------------------------------


def test_evidence_for_another_digest_does_not_count(project: Project) -> None:
    """The gate says in words what it was recorded for and what is judged."""
    decided(project, REQUIRED + 'asserted = "accept"\n')
    record(project, f"--readiness-subject=api={OLD}")
    assert gate(project, "--subject", f"api={OLD}", expected=0)
    said = gate(project, "--subject", f"api={NEW}", expected=1)
    assert f"recorded for api {OLD[:19]}..., judged is api {NEW[:19]}..." in said
    assert rule(project, "--subject", f"api={NEW}")["passed"] is False
    assert rule(project, "--subject", f"api={OLD}")["looked_at"] == 1
    record(project, f"--readiness-subject=api={NEW}")
    assert gate(project, "--subject", f"api={NEW}", expected=0)
    assert gate(project, "--subject", f"api={OLD}", expected=0)  # newer evidence for another digest hides nothing


def test_evidence_without_a_subject_does_not_count(project: Project) -> None:
    """It is for none, whatever is judged."""
    decided(project, REQUIRED + 'asserted = "accept"\n')
    said = gate(project, "--subject", f"api={OLD}", expected=1)
    assert f"recorded for no subject, judged is api {OLD[:19]}..." in said


def test_without_a_judged_subject_the_gate_is_closed(project: Project) -> None:
    """``required`` closes the gate with a sentence that names the way out."""
    decided(project, REQUIRED + 'asserted = "accept"\n')
    record(project, f"--readiness-subject=api={OLD}")
    said = gate(project, expected=1)
    assert "no subject was named: --subject NAME=sha256:..." in said
    assert rule(project) == {
        "rule": "subject", "passed": False, "looked_at": 0, "detail": rule(project)["detail"],
    }  # fmt: skip
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}")
    assert gate(project, expected=0)
    assert project.report()["context"]["subjects"] == [{"name": "api", "digest": OLD}]


def test_the_option_asks_whatever_the_config_says(project: Project) -> None:
    """``--subject`` judges by the digests; the variable alone does not where the config ignores them."""
    decided(project, '[gate]\nasserted = "accept"\n')
    assert gate(project, expected=0)
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}")
    assert gate(project, expected=0)
    assert project.report()["context"]["subjects"] == []
    assert gate(project, "--subject", f"api={OLD}", expected=1)


def test_each_judged_subject_is_named_by_a_pass(project: Project) -> None:
    """A set of two is not shown by evidence for one of them."""
    decided(project, REQUIRED + 'asserted = "accept"\n')
    record(project, f"--readiness-subject=api={OLD}")
    both = ("--subject", f"api={OLD}", "--subject", f"web={WEB}")
    said = gate(project, *both, expected=1)
    assert f"no pass that counts is for web {WEB[:19]}..." in said
    record(project, f"--readiness-subject=web={WEB}", "-k", "trace")
    assert gate(project, *both, expected=0)
    record(project, f"--readiness-subject=api={OLD}", f"--readiness-subject=web={NEW}")  # one of both is another
    assert gate(project, *both, expected=0)
    assert gate(project, "--subject", f"api={OLD}", expected=0)
    assert gate(project, "--subject", f"web={NEW}", "--subject", f"api={NEW}", expected=1)


def test_a_failure_counts_for_its_own_digest(project: Project) -> None:
    """A failing test closes the gate for the digest that it ran against, and says nothing about another."""
    decided(project, REQUIRED + 'asserted = "accept"\n')
    record(project, f"--readiness-subject=api={OLD}")
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, f"--readiness-subject=api={NEW}")
    assert "FAILING" in gate(project, "--subject", f"api={NEW}", expected=1)
    assert gate(project, "--subject", f"api={OLD}", expected=0)
    record(project, f"--readiness-subject=api={OLD}")
    assert "FAILING" in gate(project, "--subject", f"api={OLD}", expected=1)
    project.monkeypatch.delenv("PROVIDER")
    record(project, f"--readiness-subject=api={NEW}")
    assert "FAILING" in gate(project, "--subject", f"api={OLD}", expected=1)  # another digest passed
    assert gate(project, "--subject", f"api={NEW}", expected=0)


def test_a_session_judges_what_it_records(project: Project) -> None:
    """Where the config asks for it, ``--readiness-gate`` judges the digests of the run."""
    project.configured(CONFIG + REQUIRED + 'asserted = "accept"\n').tests(TESTS)
    options = ("--readiness-gate", "--readiness-gate-on=evidence", "--readiness-uc=UC-001")
    assert project.run_apart(*options).ret == 11
    assert project.run_apart(*options, f"--readiness-subject=api={OLD}").ret == 0
    assert project.run_apart(*options, f"--readiness-subject=api={NEW}", "-k", "provider").ret == 11
    missing = project.run_apart("--readiness-missing", f"--readiness-subject=api={NEW}")
    missing.assert_outcomes(passed=1, deselected=1)


def test_who_must_act_is_told_what_to_run(project: Project) -> None:
    """The gate's actions name the digest that the tests are to run for; a decision's answer, that none was named."""
    decided(project, REQUIRED + 'asserted = "accept"\n')
    record(project, f"--readiness-subject=api={OLD}")
    said = gate(project, "--subject", f"api={NEW}", expected=1)
    assert f"run its tests for api {NEW[:19]}...: what there is was recorded for api {OLD[:19]}..." in said
    blocked = project.cli("block", "UC-001", "--reason", "x", "--by", ANA)
    assert "name the digests that are judged: --subject NAME=sha256:..." in " ".join(blocked.output.split())


def test_the_past_is_judged_by_digests_too(project: Project) -> None:
    """A report of an earlier moment and the history count what was recorded for the digest."""
    decided(project, REQUIRED)
    record(project, f"--readiness-subject=api={OLD}")
    approve(project, "--subject", f"api={OLD}")
    record(project, f"--readiness-subject=api={NEW}")
    for digest, expected in ((OLD, "READY_FOR_GO_LIVE"), (NEW, "IN_PROGRESS")):
        report = project.cli("report", "UC-001", "--json", "--at", "2999-01-01", "--subject", f"api={digest}")
        assert json.loads(report.stdout)["context"]["subjects"] == [{"name": "api", "digest": digest}]
        project.monkeypatch.setenv("READINESS_SUBJECT", f"api={digest}")
        history = json.loads(project.cli("history", "UC-001", "--json").stdout)
        assert history["changes"][-1]["to_status"] == expected, digest
        assert status(project)[0] == expected


def test_newer_evidence_of_another_release_hides_nothing_in_the_history(project: Project) -> None:
    """So with a release as with digests."""
    decided(project, '[gate]\nrelease = "required"\n')
    project.monkeypatch.setenv("READINESS_RELEASE", "1")
    record(project)
    approve(project)
    record(project, "--readiness-release=2")
    history = json.loads(project.cli("history", "UC-001", "--json").stdout)
    assert history["changes"][-1]["to_status"] == status(project)[0] == "READY_FOR_GO_LIVE"


def test_imported_results_have_subjects(project: Project) -> None:
    """JUnit XML is recorded for the digest that the option names."""
    project.configured()
    project.write("junit.xml", '<testsuite name="s"><testcase classname="c" name="n"/></testsuite>')
    options = ("--map", "*=UC-001/1", "--environment", "staging", "--subject", f"api={OLD}")
    result = project.cli("record", "--junit", "junit.xml", *options)
    assert result.exit_code == 0, result.output
    (head,) = heads(project)
    assert head["subjects"] == {"api": OLD}


# -- reviews -----------------------------------------------------------------------------------------------------------


def test_a_review_is_for_its_digests(project: Project) -> None:
    """It is kept with them, and is suspect where others are judged."""
    decided(project, REQUIRED)
    for digest in (OLD, NEW):
        record(project, f"--readiness-subject=api={digest}")
    said = approve(project, "--subject", f"api={OLD}").output
    assert f"UC-001 APPROVED_FOR_GO_LIVE for api {OLD[:19]}..." in said
    judged = ("--on", "review", "--subject")
    assert gate(project, *judged, f"api={OLD}", expected=0)
    said = gate(project, *judged, f"api={NEW}", expected=1)
    assert f"it was made for api {OLD[:19]}..., judged is api {NEW[:19]}..." in said
    Draft202012Validator(report_schema()).validate(project.report())
    (review,) = json.loads(project.cli("why", "UC-001", "--json").stdout)["use_case"]["review"]["reviews"]
    assert review["subjects"] == [{"name": "api", "digest": OLD}]


def test_a_review_without_digests_is_for_none(project: Project) -> None:
    """One that was made while the config ignored them does not count once they are asked for."""
    decided(project)
    record(project, f"--readiness-subject=api={OLD}")
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}")
    approve(project)
    assert gate(project, "--on", "review", expected=0)
    said = gate(project, "--on", "review", "--subject", f"api={OLD}", expected=1)
    assert f"it was made for no subject, judged is api {OLD[:19]}..." in said


def test_a_review_of_both_covers_one_and_not_the_other_way_round(project: Project) -> None:
    """Each judged digest is one that the reviewer signed."""
    decided(project, REQUIRED)
    record(project, f"--readiness-subject=api={OLD}", f"--readiness-subject=web={WEB}")
    approve(project, "--subject", f"api={OLD}")
    both = ("--subject", f"api={OLD}", "--subject", f"web={WEB}")
    assert gate(project, "--on", "review", *both, expected=1)
    approve(project, *both)
    assert gate(project, "--on", "review", *both, expected=0)
    assert gate(project, "--on", "review", "--subject", f"web={WEB}", expected=0)


def test_a_review_for_any_digest(project: Project) -> None:
    """With ``[review] subject = "any"`` it holds for others while nothing makes it suspect."""
    anything = CONFIG + REVIEW + 'subject = "any"\n' + REQUIRED
    project.configured(anything).tests(TESTS)
    record(project, f"--readiness-subject=api={OLD}")
    approve(project, "--subject", f"api={OLD}")
    record(project, f"--readiness-subject=api={NEW}")
    judged = ("--on", "review", "--subject", f"api={NEW}")
    assert gate(project, *judged, expected=0)
    assert '[review] subject = "any"' in gate(project, *judged, expected=0)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, f"--readiness-subject=api={NEW}")
    project.monkeypatch.delenv("PROVIDER")
    record(project, f"--readiness-subject=api={NEW}")
    assert "FAILED" in gate(project, *judged, expected=1)  # a failure that the reviewer has not seen
    assert gate(project, "--on", "review", "--subject", f"api={OLD}", expected=0)


def test_a_weaker_rule_than_the_signed_one_voids_the_review(project: Project) -> None:
    """``required`` to ``ignore``, and ``same`` to ``any``; the way back voids nothing."""
    decided(project, REQUIRED)
    record(project, f"--readiness-subject=api={OLD}")
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}")
    approve(project)
    assert status(project)[0] == "READY_FOR_GO_LIVE"
    project.configured(CONFIG + REVIEW)
    assert status(project) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    assert '[gate] subject was "required" when it was signed' in project.cli("why", "UC-001").output
    project.configured(CONFIG + REVIEW + 'subject = "any"\n' + REQUIRED)
    assert status(project) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    assert '[review] subject was "same" when it was signed' in project.cli("why", "UC-001").output
    approve(project, by=BEN)
    project.configured(CONFIG + REVIEW + REQUIRED)
    assert status(project)[0] == "READY_FOR_GO_LIVE"


def test_a_digest_is_not_approved_in_advance(project: Project) -> None:
    """An approval of a digest that nothing was recorded for is refused."""
    decided(project)
    said = approve(project, "--subject", f"api={NEW}", expected=1).output
    assert "refused" in said


# -- releases ----------------------------------------------------------------------------------------------------------

RELEASE = f'[releases."2.0"]\nsubjects = {{ api = "{OLD}", web = "{WEB}" }}\n'


def test_a_release_is_a_name_for_digests(project: Project) -> None:
    """``gate --release`` judges those that the config gives it; the name is not compared."""
    decided(project, '[gate]\nasserted = "accept"\n' + RELEASE)
    record(project, "--readiness-release=2.0")
    assert gate(project, "--release", "2.0", expected=1)
    record(project, "--readiness-release=1.9", f"--readiness-subject=api={OLD}", f"--readiness-subject=web={WEB}")
    said = gate(project, "--release", "2.0", expected=0)
    assert f"what counts is for api {OLD[:19]}..., web {WEB[:19]}..." in said
    assert gate(project, "--release", "1.9", expected=0)  # which the config gives nothing: its name is compared
    assert gate(project, "--release", "2.1", expected=1)
    document = json.loads(project.cli("report", "--format", "json", "--release", "2.0").stdout)
    Draft202012Validator(report_schema()).validate(document)
    assert [subject["name"] for subject in document["context"]["subjects"]] == ["api", "web"]
    assert document["context"]["subjects_of_release"] is True


def test_a_release_is_reviewed_as_its_digests(project: Project) -> None:
    """The review has them, and counts for the release and for each of them."""
    decided(project, RELEASE)
    record(project, f"--readiness-subject=api={OLD}", f"--readiness-subject=web={WEB}")
    approve(project, "--release", "2.0")
    assert gate(project, "--on", "review", "--release", "2.0", expected=0)
    assert gate(project, "--on", "review", "--subject", f"web={WEB}", expected=0)
    assert gate(project, "--on", "review", "--subject", f"web={NEW}", expected=1)


def test_a_digest_beside_the_release_must_agree(project: Project) -> None:
    """Another one than the config gives the release is an error before anything is judged."""
    decided(project, REQUIRED + RELEASE)
    result = project.cli("gate", "--release", "2.0", "--subject", f"api={NEW}")
    assert result.exit_code == 2
    assert f"release 2.0 has api={OLD} in the config, and api={NEW} is named beside it" in result.stderr
    ran = project.run_apart("--readiness-gate", "--readiness-release=2.0", f"--readiness-subject=api={NEW}")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    "wrong", ["subjects = {}", 'subjects = { api = "abc" }', f'subjects = {{ "a b" = "{OLD}" }}', "", 'digest = "x"']
)
def test_a_wrong_release_names_its_line(project: Project, wrong: str) -> None:
    """A config error says where."""
    project.configured(f'{CONFIG}\n[releases."2.0"]\n{wrong}\n')
    result = project.cli("check")
    assert result.exit_code == 1
    assert "readiness.toml:" in result.output


# -- bundles and reports -----------------------------------------------------------------------------------------------


def test_a_bundle_carries_subjects(project: Project) -> None:
    """Runs and reviews are merged with them, the verifier accepts them, and the report is derived again."""
    decided(project, REQUIRED)
    record(project, f"--readiness-subject=api={OLD}")
    project.monkeypatch.setenv("READINESS_SUBJECT", f"api={OLD}")
    approve(project)
    assert project.cli("bundle", "-o", "all.zip", "--script", "verify_bundle.py").exit_code == 0
    verified = project.pytester.run("python", "-I", "verify_bundle.py", "all.zip")
    assert verified.ret == 0, verified.stdout.str()
    project.monkeypatch.delenv("READINESS_SUBJECT")
    other = ("--store", "sqlite:///other.db")
    merged = project.cli(*other, "merge", "all.zip")
    assert merged.exit_code == 0, merged.output
    opened = project.cli(*other, "gate", "UC-001", "--subject", f"api={OLD}")
    assert opened.exit_code == 0, opened.output
    assert project.cli(*other, "gate", "UC-001", "--subject", f"api={NEW}").exit_code == 1


def test_a_report_from_ci_is_reviewed_for_its_digests(project: Project) -> None:
    """``--from`` signs the digests that the report was made for, and refuses others."""
    from tests.reviewed_project import repository

    project = repository(project, ANA)
    project.configured('decisions = "decisions"\n' + CONFIG + REVIEW + REQUIRED).tests(TESTS)
    record(project, f"--readiness-subject=api={OLD}")
    made = project.cli("report", "--format", "json", "--subject", f"api={OLD}", "-o", "report.json")
    assert made.exit_code == 0, made.output
    refused = approve(project, "--from", "report.json", "--subject", f"api={NEW}", expected=1)
    assert f"made for api {OLD[:19]}..., judged is api {NEW[:19]}..." in " ".join(refused.output.split())
    approve(project, "--from", "report.json")
    (decision,) = [json.loads(path.read_text()) for path in (project.path / "decisions").glob("*.json")]
    assert decision["subjects"] == {"api": OLD}


def test_statements_have_the_digests(project: Project) -> None:
    """The in-toto statements are about name and digest; of runs that share none there is no statement."""
    project.configured(CONFIG + '[gate]\nasserted = "accept"\n').tests(TESTS)
    record(project, f"--readiness-subject=api={OLD}", f"--readiness-subject=web={WEB}")
    statements = [json.loads(line) for line in project.cli("report", "--format", "in-toto").stdout.splitlines()]
    assert len(statements) >= 2
    digests = [{"name": "api", "digest": {"sha256": "a" * 64}}, {"name": "web", "digest": {"sha256": "c" * 64}}]
    assert all(statement["subject"] == digests for statement in statements)
    judged = project.cli("report", "--format", "in-toto", "--subject", f"web={WEB}").stdout.splitlines()
    assert all(json.loads(line)["subject"] == digests[1:] for line in judged)


# -- enforce -----------------------------------------------------------------------------------------------------------


def test_a_gate_that_is_not_enforced_says_what_it_lets_through(project: Project) -> None:
    """Command and session exit 0, and the first line of each report says why."""
    project.configured(CONFIG + "[gate]\nenforce = false\n").tests(TESTS)
    project.monkeypatch.setenv("PROVIDER", "down")
    ran = project.run_apart("--readiness-gate", "-k", "trace")
    assert ran.ret == 0
    assert "LET THROUGH ([gate] enforce = false), NOT ELIGIBLE" in ran.stdout.str()
    result = project.cli("gate")
    assert result.exit_code == 0
    assert result.output.startswith("LET THROUGH ([gate] enforce = false), NOT ELIGIBLE")
    assert "relaxed setting: [gate] enforce = false" in result.output
    document = json.loads(project.cli("gate", "--json").stdout)
    assert (document["exit_code"], document["verdict"]["eligible"], document["verdict"]["enforced"]) == (
        0,
        False,
        False,
    )
    for form in ("terminal", "markdown", "html"):
        assert "LET THROUGH" in project.cli("report", "--format", form).output, form
    assert project.cli("gate", "UC-9").exit_code == 2
    project.configured(CONFIG)
    assert project.cli("gate").exit_code == 1


def tamper(project: Project) -> None:
    """Change what is stored, past the triggers that refuse it."""
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE line SET text = replace(text, 'PASSED', 'FAILED')")


def test_damage_is_not_let_through(project: Project) -> None:
    """A store that is not intact stays 3, and its first line does not say that anything is let through."""
    project.configured(CONFIG + "[gate]\nenforce = false\n").tests(TESTS)
    record(project, by=BOT)
    tamper(project)
    result = project.cli("gate")
    assert result.exit_code == 3, result.output
    assert "LET THROUGH" not in result.output
