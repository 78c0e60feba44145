"""`readiness gate`: an exit code, and every rule that it looked at. It fails closed."""

from __future__ import annotations

import json
import re

import pytest

from tests.project import CONFIG, TRACKER, Project

pytestmark = pytest.mark.slow

WHOLE = """
@evidence("UC-001", "UC-002", item=[1, 2])
def test_all(): assert os.environ.get("FINE", "1") == "1"
"""


def test_eligible_on_evidence_not_on_review(project: Project) -> None:
    """With all evidence there the gate opens on evidence and not on review, which nobody has given."""
    project.configured().tests(WHOLE)
    project.run().assert_outcomes(passed=1)
    opened = project.cli("gate", "--on", "evidence")
    assert opened.exit_code == 0
    assert opened.stdout.splitlines()[0].startswith("ELIGIBLE (on evidence): 2 of 2")
    closed = project.cli("gate")
    assert closed.exit_code == 1
    assert closed.stdout.splitlines()[0].startswith("NOT ELIGIBLE: 0 of 2 ready, 2 in progress")
    assert project.cli("gate", "--on", "review").exit_code == 1


def test_the_config_says_what_eligible_means_and_it_is_told_as_weaker(project: Project) -> None:
    """[gate] on = "evidence" opens the gate, which says that this is weaker than its default."""
    project.configured(CONFIG + '[gate]\non = "evidence"\n').tests(WHOLE)
    project.run()
    done = project.cli("gate")
    assert done.exit_code == 0
    assert "relaxed setting" in done.stdout
    assert project.cli("gate", "--on", "review").exit_code == 1


def test_every_rule_says_how_many_things_it_looked_at(project: Project) -> None:
    """Rules that passed are printed as well as those that failed, with a number each."""
    project.configured().tests(WHOLE)
    project.run()
    rules = [line for line in project.cli("gate").stdout.splitlines() if re.search(r"\((\d+) of \d+ ?[a-z ]*\)", line)]
    assert {"passed", "failed"} <= {word for line in rules for word in line.split()[:2]}
    assert len(rules) >= 5


NEEDS_NO_EVIDENCE = {
    "tracker and config", "use cases in scope", "requirements in scope", "left the register", "waivers", "nothing blocked",
}  # fmt: skip
"""Rules about the register and what people decided: without any evidence they have something to check."""


def test_a_rule_about_evidence_that_there_is_none_of_has_not_passed(project: Project) -> None:
    """Without a store, and with a failure alone, a rule passes only if it had something to check."""
    project.configured(CONFIG + '[gate]\non = "evidence"\nclean_commit = true\ndeselected = "refuse"\n')
    rules = json.loads(project.cli("gate", "--json").stdout)["verdict"]["rules"]
    assert {rule["rule"] for rule in rules if rule["passed"]} == NEEDS_NO_EVIDENCE
    assert {rule["rule"] for rule in rules if not rule["passed"] and not rule["looked_at"]} >= {
        "asserted", "flaky", "nothing failing", "runs sealed", "groups complete", "evidence intact", "evidence level", "clock",
    }  # fmt: skip
    output = " ".join(project.cli("gate").stdout.split())
    assert "- empty asserted, flaky, nothing failing, runs sealed, groups complete, evidence intact, evidence" in output
    assert "clean commit: there was nothing to check" in output
    project.tests("@evidence('UC-001', item=1)\ndef test_a(): assert 0\n")
    project.run()
    rules = {rule["rule"]: rule for rule in json.loads(project.cli("gate", "--json").stdout)["verdict"]["rules"]}
    assert [(rules[name]["passed"], rules[name]["looked_at"]) for name in ("flaky", "nothing failing", "clock")] == [
        (True, 1),
        (False, 1),
        (True, 1),
    ]


def test_a_count_names_what_it_counts(project: Project) -> None:
    """A failed rule and the line on what fails count the same side, with the noun of what the rule checks."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run()
    output = " ".join(project.cli("gate").stdout.split())
    assert "what fails: evidence incomplete (3 of 4 requirements), not reviewed (2 of 2 use cases)" in output
    assert "failed evidence complete (3 of 4 requirements fail): UC-001/2 MISSING" in output
    assert "passed runs sealed (1 of 1 run): no run is open" in output


def test_complete_and_acceptable_are_told_apart(project: Project) -> None:
    """The gate on evidence says how many requirements are COMPLETE, and which are only acceptable."""
    project.configured().tests("""
        @evidence("UC-001", item=1)
        @evidence("UC-001", item=2)
        def test_a(): pass
    """)
    project.run()
    done = project.cli("gate", "UC-001", "--on", "evidence")
    output = " ".join(done.stdout.split())
    assert done.exit_code == 0, output
    acceptable = "1 COMPLETE and 1 ASSERTED, which is acceptable here"
    assert f"passed evidence complete (2 of 2 requirements): {acceptable}" in output
    assert "1 pass without proof, which a review must acknowledge" in output


def test_both_doors_agree(project: Project) -> None:
    """The session's gate and the command's say the same of the same evidence, open and closed."""
    project.configured().tests(WHOLE)
    for fine, codes in (("1", (0, 0)), ("0", (1, 1))):
        project.monkeypatch.setenv("FINE", fine)
        session = project.run("--readiness-gate", "--readiness-gate-on=evidence")
        command = project.cli("gate", "--on", "evidence")
        assert (session.ret, command.exit_code) == codes
        assert command.stdout.splitlines()[0] in session.stdout.str()


def test_a_closed_gate_is_never_silent(project: Project) -> None:
    """With -q a session whose gate is closed still says so, in one line."""
    project.configured().tests(WHOLE)
    result = project.run("-q", "--readiness-gate")
    assert result.ret == 11
    assert sum(line.startswith("NOT ELIGIBLE") for line in result.stdout.lines) == 1


def test_a_newer_failure_closes_it_at_once(project: Project) -> None:
    """A failure after a pass closes the gate; the next pass opens it."""
    project.configured().tests(WHOLE)
    codes = []
    for fine in ("1", "0", "1"):
        project.monkeypatch.setenv("FINE", fine)
        project.run()
        codes.append(project.cli("gate", "--on", "evidence").exit_code)
    assert codes == [0, 1, 0]


def test_a_run_that_lies_in_its_journal_counts(project: Project) -> None:
    """What could not be taken into the store opens the gate by its passes and closes it by its failures all the same."""
    project.configured().tests(WHOLE)
    store = project.path / ".readiness" / "evidence.db"
    for fine, code in (("1", 0), ("0", 1)):
        project.monkeypatch.setenv("FINE", fine)
        store.mkdir(parents=True)
        project.run()
        store.rmdir()
        assert project.cli("gate", "--on", "evidence").exit_code == code
    assert len(project.journals) == 2


def test_a_journal_that_was_edited_closes_it(project: Project) -> None:
    """Though everything in the store is complete: nobody knows what the run in that journal showed."""
    project.configured().tests(WHOLE)
    project.run()
    store = project.path / ".readiness" / "evidence.db"
    store.rename(project.path / "aside.db")
    store.mkdir()
    project.run()
    store.rmdir()
    (project.path / "aside.db").rename(store)
    assert project.cli("gate", "--on", "evidence").exit_code == 0
    (journal,) = project.journals
    journal.write_text(journal.read_text().replace("test_all", "test_any"))
    done = project.cli("gate", "--on", "evidence")
    assert done.exit_code == 3
    assert journal.name in done.output


def test_a_failing_test_that_is_deleted_still_counts(project: Project) -> None:
    """Taking a failing test out of the suite does not open the gate."""
    project.configured().tests(WHOLE + "\n@evidence('UC-001', item=1)\ndef test_bad(): assert 0\n")
    project.run().assert_outcomes(passed=1, failed=1)
    project.tests(WHOLE)
    project.run().assert_outcomes(passed=1)
    done = project.cli("gate", "--on", "evidence")
    assert done.exit_code == 1
    assert "test_bad" in done.stdout


def test_some_use_cases_only(project: Project) -> None:
    """The gate can be asked of some use cases; the others do not matter then."""
    project.configured().tests(WHOLE.replace('"UC-001", "UC-002"', '"UC-002"'))
    project.run()
    assert project.cli("gate", "--on", "evidence", "UC-002").exit_code == 0
    assert project.cli("gate", "--on", "evidence", "UC-*").exit_code == 1


def test_no_config(project: Project) -> None:
    """Without a config the gate is closed with 1 and says to run init; nothing is created."""
    project.write("PROD_READINESS_TRACKER.md", TRACKER)
    done = project.cli("gate", "--on", "evidence")
    assert done.exit_code == 1
    assert "readiness init" in done.stdout
    assert sorted(path.name for path in project.path.iterdir()) == ["PROD_READINESS_TRACKER.md", "tox.ini"]


def test_nothing_at_all(project: Project) -> None:
    """With neither config nor tracker, use case nor evidence, the gate is closed."""
    done = project.cli("gate", "--on", "evidence")
    assert done.exit_code == 1
    assert "a defect" not in done.output


def test_recorded_without_a_config(project: Project) -> None:
    """Evidence that was recorded without a config is a rehearsal, and never opens the gate."""
    project.tests(WHOLE)
    assert project.run("--readiness-gate", "--readiness-gate-on=evidence", environment=None).ret == 11
    assert project.cli("gate", "--on", "evidence").exit_code == 1
    assert "REHEARSED" in project.states().values()


def test_no_store(project: Project) -> None:
    """A store that is not there yet is an empty one: closed with 1, and not created."""
    project.configured()
    assert project.cli("gate", "--on", "evidence").exit_code == 1
    assert not (project.path / ".readiness").exists()


@pytest.mark.parametrize("arguments", [("--on", "reviews"), ("--unknown",), ("UC-099",), ("",)])
def test_what_cannot_be_asked(project: Project, arguments: tuple[str, ...]) -> None:
    """A wrong option or an unknown use case is exit code 2 and one line."""
    project.configured()
    done = project.cli("gate", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_rehearsal_does_not_open_it(project: Project) -> None:
    """What passed in an environment that is not real completes nothing."""
    project.configured().tests(WHOLE)
    project.run(environment="dev").assert_outcomes(passed=1)
    assert project.cli("gate", "--on", "evidence").exit_code == 1
    assert set(project.states().values()) == {"REHEARSED"}


def test_a_run_of_another_register_does_not_count(project: Project) -> None:
    """In a shared store evidence counts within its register only."""
    project.configured().tests(WHOLE)
    project.run()
    assert project.cli("gate", "--on", "evidence").exit_code == 0
    project.write("readiness.toml", 'register = "other"\n' + CONFIG)
    assert project.cli("gate", "--on", "evidence").exit_code == 1
    assert set(project.states().values()) == {"MISSING"}
