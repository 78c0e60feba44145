"""Run groups, as a pipeline uses them: parts of one logical run, and the gate while parts are missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

PLACES = CONFIG.partition("[items.2]")[0] + '[environments.prod]\nreal = true\n[gate]\non = "evidence"\n'
SUITE = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-001", item=1)
def test_b(): pass

@evidence("UC-002", item=1)
def test_c(): pass

def test_plain(): pass
"""
FIRST, SECOND = ("-k", "test_a or test_b"), ("-k", "test_c")
WAYS = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])


def part(project: Project, which: str, *args: str, ci: str | None = None, environment: str | None = "staging") -> int:
    """Run one part of the group ``nightly``, in a CI run or in none; return its exit code."""
    if ci is None:
        project.monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    else:
        project.monkeypatch.setenv("GITHUB_ACTIONS", "true")
        project.monkeypatch.setenv("GITHUB_RUN_ID", ci)
    return int(project.run(f"--readiness-run-group=nightly:{which}", *args, environment=environment).ret)


def gate(project: Project, *use_cases: str) -> tuple[int, str]:
    """Exit code of the gate, and what it prints, on one line."""
    done = project.cli("gate", *use_cases)
    return done.exit_code, " ".join(done.output.split())


def is_open(project: Project, *use_cases: str) -> bool:
    """Whether the gate is open; where it is not, run groups must be why."""
    code, told = gate(project, *use_cases)
    assert code == 0 or "run group nightly" in told, told
    return code == 0


@pytest.fixture
def suite(project: Project) -> Project:
    """A project with three evidence tests."""
    return project.configured(PLACES).tests(SUITE)


@pytest.fixture
def known(suite: Project) -> Project:
    """The same, with one complete generation of both parts."""
    part(suite, "1/2", *FIRST, ci="1")
    part(suite, "2/2", *SECOND, ci="1")
    assert is_open(suite)
    return suite


@WAYS
def test_a_narrower_rerun_of_a_part_completes_no_other(suite: Project, how: tuple[str, ...]) -> None:
    """Part 1 again with fewer tests, as ``--last-failed`` does, is part 1; only part 2 completes the group."""
    part(suite, "1/2", *FIRST, *how)
    part(suite, "1/2", "-k", "test_a", *how)
    code, told = gate(suite)
    assert code == 1
    assert "run group nightly in staging, started at" in told
    assert "1 of 2 parts arrived" in told
    part(suite, "2/2", *SECOND, *how)
    assert is_open(suite)


def test_a_narrower_rerun_takes_nothing_back(known: Project) -> None:
    """A part that had arrived whole stays so when one of its tests runs again."""
    part(known, "1/2", "-k", "test_a", ci="1")
    assert is_open(known)


def test_parts_with_the_same_tests_are_two_parts(suite: Project) -> None:
    """Which part a session is, it says itself: equal tests on two runners are two parts."""
    part(suite, "1/2")
    assert not is_open(suite)
    part(suite, "2/2")
    assert is_open(suite)


def test_a_group_is_counted_in_each_environment(suite: Project) -> None:
    """The same id in staging and in prod is two groups, and each needs its own parts."""
    for environment in ("staging", "prod"):
        part(suite, "1/2", *FIRST, environment=environment)
    part(suite, "2/2", *SECOND, environment="staging")
    code, told = gate(suite)
    assert code == 1
    assert "nightly in prod" in told
    assert "nightly in staging" not in told
    part(suite, "2/2", *SECOND, environment="prod")
    assert is_open(suite)


def test_a_group_is_counted_in_each_provider_mode(suite: Project) -> None:
    """So it is with provider modes, and a run in another mode lets nothing go."""
    for mode in ("BYOK", "MANAGED"):
        part(suite, "1/2", *FIRST, f"--readiness-provider-mode={mode}", ci="1")
        part(suite, "2/2", *SECOND, f"--readiness-provider-mode={mode}", ci="1")
    assert is_open(suite)
    part(suite, "1/2", *FIRST, "--readiness-provider-mode=BYOK", ci="2")
    part(suite, "2/2", *SECOND, "--readiness-provider-mode=MANAGED", ci="3")
    assert not is_open(suite, "UC-002")
    part(suite, "2/2", *SECOND, "--readiness-provider-mode=BYOK", ci="2")
    assert "with BYOK" not in gate(suite)[1]


def test_another_environment_lets_nothing_go(known: Project) -> None:
    """What is incomplete in staging is held until its tests run in staging."""
    part(known, "1/2", *FIRST, ci="2")
    known.run(environment="prod")
    known.run(environment="dev")
    assert not is_open(known, "UC-002")
    known.run(*SECOND)
    assert is_open(known, "UC-002")


def test_yesterdays_part_does_not_stand_in_for_todays(suite: Project) -> None:
    """Parts of different CI runs do not meet, though the id is the same; a re-run of the job does."""
    part(suite, "1/2", *FIRST, ci="1")
    part(suite, "2/2", *SECOND, ci="2")
    assert not is_open(suite)
    part(suite, "1/2", *FIRST, ci="2")
    assert is_open(suite)


def test_a_jenkins_build_is_known_by_its_job_and_number(suite: Project) -> None:
    """Build 7 of one job is not build 7 of another."""
    suite.monkeypatch.setenv("JENKINS_URL", "https://ci.example.com")
    suite.monkeypatch.setenv("BUILD_NUMBER", "7")
    for job, which, chosen in (("nightly", "1/2", FIRST), ("release", "2/2", SECOND)):
        suite.monkeypatch.setenv("JOB_NAME", job)
        part(suite, which, *chosen)
    assert not is_open(suite)


@WAYS
@pytest.mark.parametrize("chosen", ["test_plain", "test_nowhere"], ids=["plain", "nothing"])
def test_a_part_without_evidence_tests_arrives(suite: Project, how: tuple[str, ...], chosen: str) -> None:
    """A shard that got none of the evidence tests, or none at all (exit code 5), is there all the same."""
    part(suite, "1/2", "-k", "test_a or test_b or test_c", *how)
    assert not is_open(suite)
    assert part(suite, "2/2", "-k", chosen, *how) == (0 if chosen == "test_plain" else 5)
    assert is_open(suite)
    assert suite.cli("verify").exit_code == 0


def test_a_part_of_a_project_without_any_evidence_test_arrives(suite: Project) -> None:
    """Also where no file that is collected has a mark."""
    part(suite, "1/2")
    suite.tests("def test_plain(): pass\n", "test_other.py")
    part(suite, "2/2", "test_other.py")
    assert is_open(suite)


@pytest.mark.parametrize("dry", ["--collect-only", "--setup-plan", "--setup-only"])
def test_a_dry_run_is_no_part(suite: Project, dry: str) -> None:
    """What runs no test does not arrive."""
    part(suite, "1/2")
    part(suite, "2/2", dry)
    part(suite, "2/2", dry, "-k", "test_plain")
    assert "1 of 2 parts arrived" in gate(suite)[1]


def test_what_ran_in_a_mode_that_is_not_real_any_more_lets_nothing_go(suite: Project) -> None:
    """A pass lets an incomplete generation go while its provider mode is declared real, and no longer."""
    modes = '[provider_modes]\nBYOK = "theirs"\nMANAGED = "ours"\n'
    suite.configured(PLACES + modes)
    part(suite, "1/2", *FIRST, ci="1")
    part(suite, "2/2", *SECOND, ci="1")
    part(suite, "1/2", *FIRST, ci="2")
    assert not is_open(suite, "UC-002")
    suite.run("--readiness-provider-mode=MANAGED", *SECOND)
    assert is_open(suite, "UC-002")
    suite.configured(PLACES + modes.replace('"ours"', '{ title = "ours", real = false }'))
    assert not is_open(suite, "UC-002")


@WAYS
def test_a_part_that_could_not_collect_does_not_arrive(suite: Project, how: tuple[str, ...]) -> None:
    """A module that cannot be imported may hold evidence tests: such a session has not done its part."""
    part(suite, "1/2")
    suite.tests("import nowhere\n", "test_broken.py")
    part(suite, "2/2", "test_broken.py", *how)
    assert not is_open(suite)
    part(suite, "2/2", "--continue-on-collection-errors", *how)
    assert "1 of 2 parts arrived" in gate(suite)[1]
    (suite.path / "test_broken.py").unlink()
    part(suite, "2/2", *SECOND, *how)
    assert is_open(suite)


def test_a_part_that_stopped_early_is_not_complete(suite: Project) -> None:
    """With ``-x`` the tests after a failure never ran: a re-run of these alone completes the part."""
    suite.tests(SUITE.replace("def test_plain(): pass", "def test_0(): assert os.environ.get('MENDED')"))
    part(suite, "1/2", *FIRST)
    order = ("test_it.py::test_0", "test_it.py::test_c")
    assert part(suite, "2/2", "-x", *order) == 1
    assert "all parts arrived, but 1 test did not run to its end" in gate(suite)[1]
    part(suite, "2/2", *SECOND)
    assert is_open(suite)


def test_parts_that_disagree_are_incomplete(suite: Project) -> None:
    """One says 2 parts, the other 3: nobody knows what is missing."""
    part(suite, "1/2", *FIRST)
    part(suite, "2/3", *SECOND)
    code, told = gate(suite)
    assert code == 1
    assert "its parts disagree on their number (2, 3)" in told


def test_the_first_generation_holds_every_use_case(suite: Project) -> None:
    """Nobody knows yet what the missing part would have run: a whole run outside of the group does not let go."""
    part(suite, "1/2", "-k", "test_a")
    suite.run()
    assert [is_open(suite, name) for name in ("UC-001", "UC-002")] == [False, False]


def test_later_generations_hold_what_the_last_complete_one_planned(known: Project) -> None:
    """The tests of the missing part are known from yesterday; what ran in part 1 is let go."""
    part(known, "1/2", "test_it.py::test_a", "test_it.py::test_b", ci="2")
    assert [is_open(known, name) for name in ("UC-001", "UC-002")] == [True, False]


def test_what_a_part_left_out_is_held(known: Project) -> None:
    """A new test that part 1 deselected belongs to another part, and nobody has run it."""
    known.tests(SUITE + "\n@evidence('UC-001', item=1)\ndef test_new(): pass\n")
    part(known, "1/2", *FIRST, ci="2")
    assert not is_open(known, "UC-001")
    known.run("-k", "test_new")
    assert is_open(known, "UC-001")


def test_a_skip_lets_nothing_go(known: Project) -> None:
    """Neither a skip nor a run in no real environment is a run to the end."""
    part(known, "1/2", *FIRST, ci="2")
    known.tests(SUITE.replace("def test_c(): pass", "def test_c(): pytest.skip()"))
    known.run(*SECOND)
    assert not is_open(known, "UC-002")


def test_a_later_complete_generation_lets_go(known: Project) -> None:
    """Last night's missing part is forgotten once tonight's are all there."""
    part(known, "1/2", *FIRST, ci="2")
    assert not is_open(known, "UC-002")
    part(known, "1/2", *FIRST, ci="3")
    assert not is_open(known, "UC-002")
    part(known, "2/2", *SECOND, ci="3")
    assert is_open(known)


def test_a_retired_test_is_let_go(known: Project) -> None:
    """Whoever took a test out of what must pass took it out of this too; who is not listed did not."""
    known.tests(SUITE + "\n@evidence('UC-002', item=1)\ndef test_d(): pass\n")
    for which, chosen in (("1/2", FIRST), ("2/2", ("-k", "test_c or test_d"))):
        part(known, which, *chosen, ci="2")
    part(known, "1/2", *FIRST, ci="3")
    known.run("-k", "test_d")
    told = ("retire", "test_it.py::test_c", "--reason", "replaced by d", "--by", "qa@example.com")
    known.cli(*told)
    assert not is_open(known, "UC-002")
    known.configured(PLACES + '[review]\nreviewers = ["qa@example.com"]\n')
    assert known.cli(*told).exit_code == 0
    assert is_open(known, "UC-002")


def test_a_mistyped_id_is_let_go_by_retiring_its_runs(known: Project) -> None:
    """Its only run closed every use case; the gate says how to let go, and what the run planned has to run again."""
    known.configured(PLACES + '[review]\nreviewers = ["qa@example.com"]\n')
    known.run("--readiness-run-group=nihgtly:1/2", *FIRST)
    code, told = gate(known, "UC-002")
    assert code == 1
    assert "a reviewer runs `readiness retire --run" in told
    (run,) = known.report("UC-002")["use_cases"][0]["held_by_groups"][0]["runs"]
    assert known.cli("retire", "--run", run, "--reason", "mistyped", "--by", "qa@example.com").exit_code == 0
    assert gate(known, "UC-002")[0] == 0
    assert gate(known, "UC-001")[0] == 1
    known.run(*FIRST)
    assert gate(known)[0] == 0


def test_tests_that_place_themselves_hold_where_they_ran(suite: Project) -> None:
    """The run names no environment: its group holds in each that its tests named by ``scope()``."""
    scoped = SUITE.replace("(): pass", "(record_evidence): record_evidence.scope(environment='prod')")
    suite.tests(scoped.replace("def test_plain(record_evidence)", "def test_plain(record_evidence=None)"))
    for which, chosen in (("1/2", FIRST), ("2/2", SECOND)):
        part(suite, which, *chosen, ci="1", environment=None)
    assert is_open(suite)
    part(suite, "1/2", *FIRST, ci="2", environment=None)
    assert not is_open(suite, "UC-002")
    suite.run(*SECOND, environment=None)
    assert is_open(suite, "UC-002")


def test_a_group_in_no_real_environment_keeps_nothing_closed(known: Project) -> None:
    """What took place in dev, or nowhere, shows nothing, and its missing parts hold nothing."""
    part(known, "1/7", ci="2", environment="dev")
    part(known, "1/7", ci="2", environment=None)
    assert is_open(known)


def without_store(project: Project, which: str, *args: str, ci: str | None = None) -> None:
    """Run a part whose run stays in its journal: the store cannot be opened at its end."""
    store = project.path / ".readiness" / "evidence.db"
    aside = store.rename(project.path / "aside.db") if store.exists() else None
    store.mkdir(parents=True)
    assert part(project, which, *args, ci=ci) == 13
    store.rmdir()
    if aside is not None:
        aside.rename(store)
    assert project.journals


def test_a_part_that_lies_sealed_in_a_journal_counts(suite: Project) -> None:
    """Its passes count, and so does its group: the gate is closed before it is taken in, and after."""
    without_store(suite, "1/2", *FIRST)
    assert not is_open(suite)
    part(suite, "2/2", *SECOND)
    assert is_open(suite)
    assert suite.cli("recover").exit_code == 0
    assert is_open(suite)


def test_an_incomplete_generation_in_a_journal_keeps_the_gate_closed(known: Project) -> None:
    """The store knows a complete one, the journal has a part of the next."""
    without_store(known, "1/2", *FIRST, ci="2")
    assert not is_open(known, "UC-002")


def test_a_part_that_was_killed_has_not_arrived_until_it_is_recovered(suite: Project) -> None:
    """An open run is no part; once it is sealed, what had not ended has still to run."""
    suite.tests(SUITE.replace("def test_c(): pass", "def test_c():\n    if 'KILL' in os.environ: os._exit(0)\n"))
    part(suite, "1/2", *FIRST)
    suite.monkeypatch.setenv("KILL", "1")
    suite.run_apart("--readiness-run-group=nightly:2/2", *SECOND)
    assert "1 of 2 parts arrived" in gate(suite)[1]
    suite.monkeypatch.delenv("KILL")
    assert suite.cli("recover").exit_code == 0
    assert "all parts arrived, but 1 test did not run to its end" in gate(suite)[1]
    part(suite, "2/2", *SECOND)
    assert is_open(suite)


def bundles(project: Project) -> list[Path]:
    """Two generations of two parts, the later one incomplete, each part recorded where nobody else can look."""
    found = []
    for number, (which, chosen, ci) in enumerate([("1/2", FIRST, "1"), ("2/2", SECOND, "1"), ("1/2", FIRST, "2")]):
        path = project.path / f"part-{number}.zip"
        part(project, which, *chosen, f"--readiness-bundle={path}", ci=ci)
        (project.path / ".readiness" / "evidence.db").unlink()
        found.append(path)
    return found


def test_bundles_meet_in_any_order(suite: Project) -> None:
    """Whichever arrives first, the gate says the same once all are there."""
    paths = bundles(suite)
    for order in (paths, paths[::-1], [paths[1], paths[2], paths[0]]):
        (suite.path / ".readiness" / "evidence.db").unlink(missing_ok=True)
        for path in order:
            assert suite.cli("merge", str(path)).exit_code == 0
        assert [is_open(suite, name) for name in ("UC-001", "UC-002")] == [False, False] or order
        assert gate(suite, "UC-002")[0] == 1
        assert "nightly in staging" in gate(suite, "UC-002")[1]
        assert suite.cli("verify").exit_code == 0


def test_it_is_told_everywhere(known: Project) -> None:
    """Report, why, next and JSON say what arrived and what completes it."""
    part(known, "1/3", *FIRST, ci="2")
    assert "1 of 3 parts arrived" in " ".join(known.cli("report").stdout.split())
    assert "1 of 3 parts arrived" in " ".join(known.cli("why", "UC-002").stdout.split())
    assert "run part 2, 3 of 3 of nightly" in " ".join(known.cli("next").stdout.split())
    (hold,) = known.report("UC-002")["use_cases"][0]["held_by_groups"]
    told = {
        name: hold[name] for name in ("group", "environment", "provider_mode", "parts", "arrived", "unended", "why")
    }
    assert told == {
        "group": "nightly", "environment": "staging", "provider_mode": None, "parts": 3, "arrived": [1],
        "unended": 0, "why": "1 of 3 parts arrived",
    }  # fmt: skip
    assert len(hold["runs"]) == 1


def test_a_report_of_the_past_knows_the_parts_of_then(known: Project) -> None:
    """Before the missing part arrived the report of that moment is closed, and after it is open."""
    part(known, "1/2", *FIRST, ci="2")
    between = json.loads(known.cli("report", "--format", "json").stdout)["generated_at"]
    part(known, "2/2", *SECOND, ci="2")

    def holds(*at: str) -> list[object]:
        document = json.loads(known.cli("report", "--format", "json", *at, "UC-002").stdout)
        held: list[object] = document["use_cases"][0]["held_by_groups"]
        return held

    assert holds() == []
    assert len(holds("--at", between)) == 1


def test_another_generation_does_not_excuse_what_was_left_out(suite: Project) -> None:
    """Where deselection is refused, only the other parts of the same generation have run what a part left out."""
    suite.configured(PLACES + 'deselected = "refuse"\n')
    part(suite, "1/1", *SECOND, ci="1")
    part(suite, "1/1", *FIRST, ci="2")
    code, told = gate(suite, "UC-002")
    assert code == 0, told
    part(suite, "1/1", "-k", "test_a", ci="3")
    assert gate(suite, "UC-001")[0] == 1
