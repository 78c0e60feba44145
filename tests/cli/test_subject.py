"""Evidence bound to what ships: only evidence for the judged digests counts."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from pytest_readiness.views.document import report_schema
from tests.cli.subjects import NEW, OLD, RELEASE, REQUIRED, WEB, gate, rule
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, TESTS, approve, decided, record, status

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize(
    ("asks", "for_old", "for_new", "named"),
    [
        (REQUIRED, f"--readiness-subject=api={OLD}", f"--readiness-subject=api={NEW}", ("--subject", f"api={OLD}")),
        ('[gate]\nrelease = "required"\n', "--readiness-release=1", "--readiness-release=2", ("--release", "1")),
    ],
    ids=["digest", "release"],
)
def test_what_was_left_out_ran_for_the_judged_version(
    project: Project, asks: str, for_old: str, for_new: str, named: tuple[str, str]
) -> None:
    """With ``deselected = "refuse"`` a test that the judged version left out has to run for that, and no other."""
    other = '@evidence("UC-001", item=1)\ndef test_other(): pass\n'
    project.configured(f'{CONFIG}{asks}asserted = "accept"\ndeselected = "refuse"\n').tests(TESTS + other)
    record(project, for_old, "-k", "not other")
    assert "test_it.py::test_other" in gate(project, *named, expected=1)
    record(project, for_new)
    assert "test_it.py::test_other" in gate(project, *named, expected=1)
    record(project, for_old)
    assert gate(project, *named, expected=0)


def test_a_comparison_needs_a_judged_version(project: Project) -> None:
    """``gate --no-regression`` compares nothing where nothing counts: here, or in the earlier report."""
    decided(project, REQUIRED + 'asserted = "accept"\n')
    record(project, f"--readiness-subject=api={OLD}")
    named = ("--subject", f"api={OLD}")
    assert project.cli("report", "--format", "json", "-o", "none.json").exit_code == 0
    assert project.cli("report", "--format", "json", *named, "-o", "old.json").exit_code == 0
    assert "no subject was named" in gate(project, "--no-regression", "none.json", expected=1)
    said = gate(project, "--no-regression", "none.json", *named, expected=1)
    assert "NO COMPARISON: the earlier report names no subject" in said
    assert gate(project, "--no-regression", "old.json", *named, expected=0)
    assert "WORSE THAN BEFORE" in gate(project, "--no-regression", "old.json", expected=1)
    project.configured(CONFIG + '[gate]\nasserted = "accept"\nrelease = "required"\n')
    record(project, "--readiness-release=1")
    assert project.cli("report", "--format", "json", "-o", "none.json").exit_code == 0
    assert "no release was named" in gate(project, "--no-regression", "none.json", expected=1)
    assert "names no release" in gate(project, "--no-regression", "none.json", "--release", "1", expected=1)


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
