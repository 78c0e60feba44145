"""--readiness-missing: the session runs only evidence tests that are still needed."""

from __future__ import annotations

import json
import sqlite3
import time

import pytest

from tests.project import CONFIG, XDIST, Project, turn_clock

pytestmark = pytest.mark.slow

FOUR = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-001", item=2)
def test_b(): pass

@evidence("UC-002", item=[1, 2])
def test_c(): pass

def test_plain(): pass
"""
PLACES = """
[environments.staging]
real = true
[environments.prod]
real = true
[environments.dev]
real = false
[provider_modes]
BYOK = "theirs"
MANAGED = "ours"
[items.1]
title = "everywhere"
scope = "environment"
[items.2]
title = "with each key"
scope = "provider_mode"
[items.3]
title = "secrets"
parts = ["rotation", "revocation"]
"""


def passed(project: Project, *args: str, environment: str | None = "staging") -> set[str]:
    """Run with --readiness-missing and return the names of the tests that passed."""
    result = project.run("-v", "--readiness-missing", *args, environment=environment)
    return {line.split("::")[1].split()[0] for line in result.outlines if " PASSED" in line and "::" in line}


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_only_what_is_missing_runs(project: Project, how: tuple[str, ...]) -> None:
    """A test of a COMPLETE requirement and one that is no evidence are left out; one of several claims is enough."""
    project.configured().tests(FOUR)
    project.run("-k", "test_a or test_c")
    assert project.states() == {
        "UC-001/1": "COMPLETE", "UC-001/2": "MISSING", "UC-002/1": "COMPLETE", "UC-002/2": "ASSERTED"
    }  # fmt: skip
    result = project.run(*how, "-v", "--readiness-missing", "--readiness-json=out.json")
    result.assert_outcomes(passed=2, deselected=0 if how else 2)
    result.stdout.fnmatch_lines_random(["*test_b*PASSED*" if not how else "*PASSED*test_b*"])
    result.stdout.no_fnmatch_line("*test_plain*")
    result.stdout.no_fnmatch_line("*test_a*")
    assert (project.path / "out.json").exists()


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_where_nothing_is_missing_nothing_runs(project: Project, how: tuple[str, ...]) -> None:
    """With every requirement complete the session is empty, which pytest tells as exit code 5, and records nothing."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run()
    result = project.run(*how, "--readiness-missing")
    assert result.ret == 5
    assert len(project.evidence()) == 1


def test_a_failing_requirement_is_run_again(project: Project) -> None:
    """What was complete and fails now is needed again, until it passes."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): assert not os.environ.get('BROKEN')\n")
    project.run()
    project.monkeypatch.setenv("BROKEN", "1")
    assert project.run("--readiness-missing").ret == 5
    project.run()
    project.monkeypatch.delenv("BROKEN")
    assert passed(project) == {"test_a"}
    assert passed(project) == set()


@pytest.mark.parametrize(("days", "expected"), [(22, set()), (23, {"test_a"}), (31, {"test_a"})])
def test_what_expires_soon_is_run(project: Project, days: int, expected: set[str]) -> None:
    """A pass is left alone for three quarters of its 30 days, and renewed in the last or when it is stale."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    now = time.time()
    with project.monkeypatch.context() as patch:
        turn_clock(patch, lambda: now - days * 86400)
        project.cli("record", "UC-001", "--item", "1", "--environment", "staging", "--", "true")
    assert project.states()["UC-001/1"] == ("STALE" if days > 30 else "COMPLETE")
    assert passed(project) == expected


def test_the_runs_place_narrows_what_it_could_cover(project: Project) -> None:
    """A run in prod needs what is missing in prod, and nothing that only another place could show."""
    project.configured(f'tracker = "PROD_READINESS_TRACKER.md"\n{PLACES}').tests(
        """
        @evidence("UC-001", item=1)
        def test_anywhere(): pass
        @evidence("UC-001", item=1, environment="staging")
        def test_staging_only(): pass
        @evidence("UC-001", item=2)
        def test_keys(): pass
        @evidence("UC-001", item=2, provider_mode="MANAGED")
        def test_managed(): pass
        @evidence("UC-001", item=3, part="rotation")
        def test_rotation(): pass
        @evidence("UC-001", item=3, part="revocation")
        def test_revocation(): pass
        """
    )
    project.run("-k", "anywhere or keys or rotation", "--readiness-provider-mode=BYOK")
    assert passed(project, "--readiness-provider-mode=BYOK") == {"test_revocation"}
    assert passed(project, "--readiness-provider-mode=BYOK") == set()
    assert passed(project, "--readiness-plan", "--readiness-provider-mode=MANAGED") == set()
    assert passed(project, "--readiness-provider-mode=MANAGED") == {"test_keys", "test_managed"}
    assert passed(project, environment="prod") == {"test_anywhere"}


@pytest.mark.parametrize("environment", [None, "dev"])
def test_a_run_that_is_not_real_may_rehearse_whatever_is_missing(project: Project, environment: str | None) -> None:
    """Where the run names no real environment, its place leaves nothing out."""
    project.configured(f'tracker = "PROD_READINESS_TRACKER.md"\n{PLACES}').tests(
        """
        @evidence("UC-001", item=1)
        def test_anywhere(): pass
        @evidence("UC-001", item=3)
        def test_secrets(): pass
        """
    )
    project.run()
    assert passed(project, environment=environment) == {"test_anywhere"}


def test_with_use_cases(project: Project) -> None:
    """With --readiness-uc a test must claim one of these use cases, and be needed for it."""
    project.configured().tests(FOUR)
    assert passed(project, "--readiness-uc=UC-001") == {"test_a", "test_b"}
    assert passed(project, "--readiness-uc=UC-001") == {"test_b"}
    assert passed(project, "--readiness-uc=UC-002") == {"test_c"}
    assert project.run("--readiness-missing", "--readiness-uc=UC-9").ret == 4


def test_a_test_of_two_use_cases_is_needed_for_the_one_in_scope(project: Project) -> None:
    """That it is needed for another use case does not bring a test into the scope."""
    project.configured().tests("@evidence('UC-001', 'UC-002', item=1)\ndef test_both(): pass\n")
    project.cli("record", "UC-001", "--item", "1", "--environment", "staging", "--", "true")
    assert passed(project, "--readiness-uc=UC-001") == set()
    assert passed(project, "--readiness-uc=UC-002") == {"test_both"}


def test_with_the_plan(project: Project) -> None:
    """The plan shows what is missing and what would run for it, and nothing that is complete."""
    project.configured().tests(FOUR)
    project.run("-k", "test_a or test_c")
    told = project.run("--readiness-missing", "--readiness-plan").stdout.str()
    assert "UC-001/2" in told
    assert "test_b" in told
    assert "UC-002/2" in told
    assert "UC-001/1 " not in told
    assert "test_a" not in told


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_a_wrong_mark_is_never_left_out(project: Project, how: tuple[str, ...]) -> None:
    """A test that names what does not exist fails, as it does without the option."""
    project.configured().tests(
        "@evidence('UC-9', item=1)\ndef test_wrong(): pass\n@evidence('UC-001', item=1)\ndef test_a(): pass\n"
    )
    project.run("-k", "test_a")
    project.run(*how, "--readiness-missing").assert_outcomes(errors=1)


def test_without_a_config_every_evidence_test_runs(project: Project) -> None:
    """Where nothing is declared nothing is ever complete; tests that are no evidence are left out all the same."""
    project.tests(FOUR)
    assert passed(project, environment=None) == {"test_a", "test_b", "test_c"}
    assert passed(project, environment=None) == {"test_a", "test_b", "test_c"}


def test_a_claim_of_what_does_not_apply_is_in_the_plan(project: Project) -> None:
    """A test for an item that does not apply, or for a place that no requirement names, is listed with its claim."""
    project.configured(CONFIG + '[use_cases.UC-002]\nnot_applicable = { 1 = "no provider" }\n')
    project.tests(
        """
        @evidence("UC-002", item=1)
        def test_no_provider(): pass

        @evidence("UC-001", item=1)
        def test_needed(): pass
        """
    )
    result = project.run("--readiness-plan", "--readiness-json=plan.json")
    assert result.ret == 0
    lines = [line.strip() for line in result.outlines]
    start = lines.index("claimed, and needed by no requirement: it does not apply, or not in that place")
    assert lines[start + 1 : start + 3] == ["UC-002/1", "test_it.py::test_no_provider"]
    plan = json.loads((project.path / "plan.json").read_text())
    assert plan["unneeded"] == [{"claim": "UC-002/1", "tests": ["test_it.py::test_no_provider"]}]


def test_not_applicable_is_not_missing(project: Project) -> None:
    """What a use case does not need is not run for."""
    project.configured(CONFIG + '[use_cases.UC-002]\nnot_applicable = { 1 = "no provider", 2 = "no trace" }\n')
    project.tests(FOUR)
    assert passed(project) == {"test_a", "test_b"}


@pytest.mark.parametrize("how", ["unreadable", "tampered"])
def test_a_store_that_cannot_be_trusted_is_a_usage_error(project: Project, how: str) -> None:
    """What is missing cannot be told from it: one line, and no test runs."""
    project.configured().tests(FOUR)
    project.run()
    store = project.path / ".readiness" / "evidence.db"
    if how == "unreadable":
        store.write_bytes(b"not a database at all")
    else:
        with sqlite3.connect(store) as connection:
            for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                connection.execute(f'drop trigger "{name}"')
            connection.execute("update line set text = replace(text, 'test_a', 'test_x')")
        connection.close()
    result = project.run("--readiness-missing")
    assert result.ret == 4
    assert "evidence.db" in result.stderr.str() or "missing evidence cannot be determined" in result.stderr.str()
    result.stdout.no_fnmatch_line("*passed*")


def test_what_is_left_out_is_no_evidence(project: Project) -> None:
    """A test that was not needed leaves no NOT_RUN behind, and its pass stands."""
    project.configured().tests(FOUR)
    project.run()
    before = project.states()
    project.run("--readiness-missing")
    assert project.states() == before
    assert {piece["result"] for piece in project.evidence()} == {"PASSED"}
