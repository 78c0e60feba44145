"""Where a run took place: said by the run and by the test, never by what its mark is limited to."""

from __future__ import annotations

import json
import re
import signal

import pytest

from tests.project import XDIST, Project, kill

pytestmark = pytest.mark.slow

CONFIG = """\
tracker = "PROD_READINESS_TRACKER.md"

[environments.staging]
real = true
[environments.prod]
real = true
[environments.dev]
real = false

[provider_modes]
BYOK = "the customer's key"
MANAGED = "our key"

[items.1]
title = "it answers"
scope = "environment"

[items.2]
title = "the key is accepted"
scope = "provider_mode"
proof = "credential"

[items.3]
title = "it was shown once"

[items.4]
title = "the replay says its mode"
proof = "replay"

[gate]
on = "evidence"
asserted = "accept"
"""
SHOWS = 'record_evidence.credential(mode="{0}", secret="key-of-{0}", request_id="req-1")'
HOWS = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])


def configured(project: Project, source: str, config: str = CONFIG) -> Project:
    """A project with two real environments, two provider modes, and these tests."""
    return project.configured(config).tests(source)


class TestAMarkOnlyLimits:
    """``environment=`` and ``provider_mode=`` of a mark say where a claim holds, not where the run took place."""

    @HOWS
    def test_a_bare_run_shows_nothing_in_the_environments_of_its_marks(
        self, project: Project, how: tuple[str, ...]
    ) -> None:
        """A run that states no environment is a rehearsal, whatever environments its marks name."""
        configured(
            project,
            """
            @evidence("UC-001", item=1, environment="staging")
            @evidence("UC-001", item=1, environment="prod")
            @evidence("UC-001", item=3, environment="staging")
            def test_a(): pass
            """,
        )
        project.run(*how, environment=None).assert_outcomes(passed=1)
        states = project.states("UC-001")
        assert {states[f"UC-001/{tail}"] for tail in ("1/staging", "1/prod", "3")} == {"REHEARSED"}
        assert {piece["environment"] for piece in project.evidence("UC-001")} == {None}
        assert project.cli("gate", "UC-001").exit_code == 1

    @HOWS
    def test_a_run_without_a_provider_mode_shows_nothing_of_the_modes_of_its_marks(
        self, project: Project, how: tuple[str, ...]
    ) -> None:
        """A run that states no provider mode shows no requirement that is scoped by one."""
        configured(
            project,
            """
            @evidence("UC-001", item=2, provider_mode="BYOK")
            @evidence("UC-001", item=2, provider_mode="MANAGED")
            def test_a(): pass
            """,
        )
        project.run(*how).assert_outcomes(passed=1)
        states = project.states("UC-001")
        assert (states["UC-001/2/BYOK"], states["UC-001/2/MANAGED"]) == ("MISSING", "MISSING")

    def test_what_the_config_says_of_the_mode_is_not_overruled_by_a_mark(self, project: Project) -> None:
        """With ``[context] provider_mode`` the run has that mode, and a claim for another one is not shown."""
        configured(
            project,
            """
            @evidence("UC-001", item=2, provider_mode="MANAGED")
            def test_a(): pass
            @evidence("UC-001", item=2)
            def test_b(): pass
            """,
            CONFIG + '[context]\nprovider_mode = "BYOK"\n',
        )
        project.run().assert_outcomes(passed=2)
        states = project.states("UC-001")
        assert (states["UC-001/2/BYOK"], states["UC-001/2/MANAGED"]) == ("ASSERTED", "MISSING")

    def test_a_mark_counts_where_the_run_or_the_test_says_that_it_ran(self, project: Project) -> None:
        """The option, the variable and ``scope()`` each say where it ran; the mark then lets it count there."""
        configured(
            project,
            """
            @evidence("UC-001", item=1, environment="staging")
            def test_a(): pass
            @evidence("UC-001", item=1, environment="prod")
            def test_b(record_evidence): record_evidence.scope(environment="prod")
            """,
        )
        project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
        project.run(environment=None).assert_outcomes(passed=2)
        states = project.states("UC-001")
        assert (states["UC-001/1/staging"], states["UC-001/1/prod"]) == ("COMPLETE", "COMPLETE")

    def test_the_plan_for_what_is_missing_knows_it_too(self, project: Project) -> None:
        """A test that is marked for a place where this run is not, is not what the run misses."""
        configured(
            project,
            """
            @evidence("UC-001", item=1, environment="prod")
            def test_a(): pass
            @evidence("UC-001", item=1)
            def test_b(): pass
            """,
        )
        result = project.run("-v", "--readiness-missing", environment="staging")
        result.assert_outcomes(passed=1, deselected=1)


class TestTwoModesInOneExecution:
    """Two provider modes that one execution proves are two places."""

    @HOWS
    def test_one_mark_without_a_mode_is_shown_in_both(self, project: Project, how: tuple[str, ...]) -> None:
        """Each credential completes the requirement of its own mode."""
        configured(
            project,
            f"""
            @evidence("UC-001", item=2)
            def test_a(record_evidence):
                {SHOWS.format("BYOK")}
                {SHOWS.format("MANAGED")}
            """,
        )
        project.run(*how).assert_outcomes(passed=1)
        states = project.states("UC-001")
        assert (states["UC-001/2/BYOK"], states["UC-001/2/MANAGED"]) == ("COMPLETE", "COMPLETE")

    def test_each_has_its_own_credential_only(self, project: Project) -> None:
        """The credential of one mode proves nothing of the other."""
        configured(
            project,
            f"""
            @evidence("UC-001", item=[2, 3])
            def test_a(record_evidence):
                {SHOWS.format("BYOK")}
                {SHOWS.format("MANAGED")}
            """,
        )
        project.run()
        shown = {(piece["item"], piece["provider_mode"]): len(piece["proofs"]) for piece in project.evidence("UC-001")}
        assert (shown["2", "BYOK"], shown["2", "MANAGED"]) == (1, 1)
        assert [mode for item, mode in shown if item == "3"] == [None]

    def test_a_mode_that_no_mark_of_its_own_names_is_not_the_runs(self, project: Project) -> None:
        """A test that proves MANAGED ran there, also for its mark that is limited to BYOK, whatever the run states."""
        configured(
            project,
            f"""
            @evidence("UC-001", item=2, provider_mode="BYOK")
            @evidence("UC-001", item=2, provider_mode="MANAGED")
            def test_a(record_evidence):
                {SHOWS.format("MANAGED")}
            """,
        )
        project.run("--readiness-provider-mode=BYOK").assert_outcomes(passed=1)
        states = project.states("UC-001")
        assert (states["UC-001/2/BYOK"], states["UC-001/2/MANAGED"]) == ("MISSING", "COMPLETE")


SCOPED = """
@evidence("UC-001", item=1)
def test_a(record_evidence):
    {before}
    record_evidence.scope(environment="prod")
    {after}
"""
FAILS = {"fails": "assert False", "dies": "os._exit(3)"}


def scoped(project: Project, before: str = "", after: str = "") -> Project:
    """One test that says that it runs in prod, and what it does before and after that."""
    return project.tests(SCOPED.format(before=before or "pass", after=after or "pass"))


class TestAFailureBeforeScope:
    """What ends before it said where it runs counts where its test placed itself before."""

    @pytest.mark.parametrize("environment", ["staging", "dev", None])
    def test_counts_where_the_test_placed_itself_before(self, project: Project, environment: str | None) -> None:
        """An old pass in prod does not stand while its test fails before it says that it runs there."""
        scoped(project.configured(CONFIG)).run(environment=None).assert_outcomes(passed=1)
        assert project.states("UC-001")["UC-001/1/prod"] == "COMPLETE"
        scoped(project, before=FAILS["fails"]).run(environment=environment).assert_outcomes(failed=1)
        assert project.states("UC-001")["UC-001/1/prod"] == "FAILING"
        told = project.cli("why", "UC-001/1").output
        assert "before it stated where it ran, and so counts in prod" in " ".join(told.split())
        assert project.cli("gate", "UC-001").exit_code == 1

    @HOWS
    def test_is_replaced_only_there(self, project: Project, how: tuple[str, ...]) -> None:
        """A later pass elsewhere, or a skip, replaces nothing; the next end in prod does, whoever says that it is."""
        scoped(project.configured(CONFIG)).run(*how, environment=None)
        scoped(project, before=FAILS["fails"]).run(*how, environment="staging")
        project.tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n").run(*how, environment="staging")
        scoped(project, after="pytest.skip('not today')").run(*how, environment=None)
        states = project.states("UC-001")
        assert (states["UC-001/1/staging"], states["UC-001/1/prod"]) == ("COMPLETE", "FAILING")
        project.tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n").run(*how, environment="prod")
        assert project.states("UC-001")["UC-001/1/prod"] == "COMPLETE"

    def test_where_it_never_runs_again_the_way_out_is_named(self, project: Project) -> None:
        """A test that left prod is run there once more, or a reviewer retires it: the advice says both, and it helps."""
        scoped(project.configured(CONFIG + '[review]\nreviewers = ["ana@example.com"]\n')).run(environment=None)
        scoped(project, before=FAILS["fails"]).run(environment="staging")
        project.tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n").run(environment="staging")
        (needed,) = [
            one
            for item in project.report("UC-001")["use_cases"][0]["items"]
            for one in item["requirements"]
            if one["id"] == "UC-001/1/prod"
        ]
        command = "readiness retire test_it.py::test_a --reason ..."
        assert needed["completes_it"] == (
            f"make test_it.py::test_a pass in prod; if it never runs in prod again, a reviewer retires it: `{command}`"
        )
        done = project.cli(*command.split()[1:], "--by", "ana@example.com")
        assert done.exit_code == 0, done.output
        assert project.states("UC-001")["UC-001/1/prod"] == "MISSING"

    def test_a_newer_pass_of_the_run_does_not_hide_who_placed_it(self, project: Project) -> None:
        """That a run for prod was the newest there does not hide that the test had placed itself there."""
        scoped(project.configured(CONFIG)).run(environment=None)
        project.tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n").run(environment="prod")
        scoped(project, before=FAILS["fails"]).run(environment=None)
        assert project.states("UC-001")["UC-001/1/prod"] == "FAILING"

    @pytest.mark.parametrize("fixture", ["", "record_evidence"])
    def test_a_test_that_never_placed_itself_counts_nowhere_else(self, project: Project, fixture: str) -> None:
        """A failure on a laptop, or in staging, does not close prod for a test that leaves the place to its run."""
        source = f"@evidence('UC-001', item=1)\ndef test_a({fixture}): assert os.environ.get('GOOD')\n"
        configured(project, source)
        project.monkeypatch.setenv("GOOD", "1")
        for environment in ("staging", "prod"):
            project.run(environment=environment).assert_outcomes(passed=1)
        project.monkeypatch.delenv("GOOD")
        project.run(environment=None).assert_outcomes(failed=1)
        project.run(environment="staging").assert_outcomes(failed=1)
        states = project.states("UC-001")
        assert (states["UC-001/1/staging"], states["UC-001/1/prod"]) == ("FAILING", "COMPLETE")

    def test_a_mark_that_names_prod_takes_its_failures_there(self, project: Project) -> None:
        """A test that is marked for prod, and ran there, fails it wherever it fails before it says where it runs."""
        configured(
            project,
            """
            @evidence("UC-001", item=1, environment="prod")
            def test_a(): assert not os.environ.get("BAD")
            """,
        )
        project.run(environment="prod").assert_outcomes(passed=1)
        project.monkeypatch.setenv("BAD", "1")
        project.run(environment=None).assert_outcomes(failed=1)
        assert project.states("UC-001")["UC-001/1/prod"] == "FAILING"

    @pytest.mark.parametrize("mode", [None, "BYOK"])
    def test_a_provider_mode_is_such_a_place(self, project: Project, mode: str | None) -> None:
        """A failure before the credential counts in the mode that the test showed before."""
        source = "@evidence('UC-001', item=2)\ndef test_a(record_evidence):\n    {}\n    {}\n"
        shows = SHOWS.format("MANAGED")
        options = [f"--readiness-provider-mode={mode}"] if mode else []
        configured(project, source.format("pass", shows)).run(*options).assert_outcomes(passed=1)
        assert project.states("UC-001")["UC-001/2/MANAGED"] == "COMPLETE"
        project.tests(source.format("assert False", shows)).run(*options).assert_outcomes(failed=1)
        states = project.states("UC-001")
        assert (states["UC-001/2/MANAGED"], states["UC-001/2/BYOK"]) == ("FAILING", "FAILING" if mode else "MISSING")

    @pytest.mark.parametrize("declared", [True, False])
    def test_a_mode_that_the_mark_names_needs_no_earlier_run(self, project: Project, declared: bool) -> None:
        """In a run of no mode it can be for no other, so that no pass of another test hides a test that never passed."""
        config = CONFIG if declared else re.sub(r"\[provider_modes\][^[]*", "", CONFIG)
        source = "@evidence('UC-001', item=2)\ndef test_good(record_evidence):\n    " + SHOWS.format("BYOK")
        source += "\n@evidence('UC-001', item=2, provider_mode='BYOK')\ndef test_a(record_evidence):\n    {}\n    "
        source += SHOWS.format("BYOK")
        configured(project, source.format("assert False"), config).run().assert_outcomes(passed=1, failed=1)
        states = {id_: state for id_, state in project.states("UC-001").items() if "MANAGED" not in id_}
        assert {state for id_, state in states.items() if id_.startswith("UC-001/2")} == {"FAILING"}
        assert project.cli("gate", "UC-001", "--on", "evidence").exit_code == 1
        project.tests(source.format("pass")).run().assert_outcomes(passed=2)
        states = {id_: state for id_, state in project.states("UC-001").items() if "MANAGED" not in id_}
        assert {state for id_, state in states.items() if id_.startswith("UC-001/2")} == {"COMPLETE"}

    def test_on_a_laptop_such_a_mark_says_nothing_of_real_environments(self, project: Project) -> None:
        """A run of no environment shows nothing, whatever its marks name."""
        source = "@evidence('UC-001', item=2)\ndef test_good(record_evidence):\n    " + SHOWS.format("BYOK")
        source += "\n@evidence('UC-001', item=2, provider_mode='BYOK')\ndef test_a(): assert os.environ.get('GOOD')\n"
        configured(project, source).run("-k", "good")
        project.run(environment=None).assert_outcomes(passed=1, failed=1)
        assert project.states("UC-001")["UC-001/2/BYOK"] == "COMPLETE"

    def test_a_mode_that_was_proved_beside_another(self, project: Project) -> None:
        """A failure after the first of two credentials counts in the mode of the second, whatever ran before or since."""
        source = "@evidence('UC-001', item=2)\ndef test_a(record_evidence):\n    {}\n"
        managed, byok = SHOWS.format("MANAGED"), SHOWS.format("BYOK")
        configured(project, source.format(byok)).run().assert_outcomes(passed=1)
        project.tests(source.format(f"{managed}; {byok}")).run().assert_outcomes(passed=1)
        project.tests(source.format(f"{managed}; assert 0")).run(environment="prod").assert_outcomes(failed=1)
        project.tests(source.format(byok)).run().assert_outcomes(passed=1)
        states = project.states("UC-001")
        assert (states["UC-001/2/MANAGED"], states["UC-001/2/BYOK"]) == ("FAILING", "FAILING")

    def test_a_killed_process_is_such_an_end(self, project: Project) -> None:
        """A test that was killed after it had passed in prod is INTERRUPTED there, also once the run is recovered."""
        scoped(project.configured(CONFIG)).run(environment=None)
        scoped(project, before="pathlib.Path('at').touch(); import time; time.sleep(60)")
        process = project.popen(environment="staging")
        project.wait_for("at")
        kill(process, signal.SIGKILL)
        assert project.states("UC-001")["UC-001/1/prod"] == "INTERRUPTED"
        assert project.cli("recover").exit_code == 0
        assert project.states("UC-001")["UC-001/1/prod"] == "INTERRUPTED"

    def test_a_replaced_network_says_nothing_of_prod(self, project: Project) -> None:
        """A failure with a replaced network is a rehearsal of nothing that the test once showed."""
        scoped(project.configured(CONFIG)).run(environment=None)
        patched = "import urllib.request, unittest.mock; "
        patched += "unittest.mock.patch('urllib.request.urlopen').start(); assert False"
        scoped(project, before=patched).run_apart(environment=None).assert_outcomes(failed=1)
        assert project.states("UC-001")["UC-001/1/prod"] == "COMPLETE"


class TestEnvironmentsInForce:
    """Evidence counts where the requirements in force declare its environment real."""

    @pytest.mark.parametrize("instead", ["[environments.staging]\nreal = false\n", ""])
    def test_one_that_is_not_real_any_more_shows_nothing(self, project: Project, instead: str) -> None:
        """Old passes of an environment that is no longer real, or declared, complete nothing, items of once included."""
        configured(project, "@evidence('UC-001', item=[1, 3])\ndef test_a(): pass\n").run()
        assert project.states("UC-001")["UC-001/3"] == "COMPLETE"
        project.configured(CONFIG.replace("[environments.staging]\nreal = true\n", instead))
        assert project.states("UC-001")["UC-001/3"] == "REHEARSED"
        assert "is no longer declared real" in " ".join(project.cli("why", "UC-001/3").output.split())

    def test_its_failures_go_with_it(self, project: Project) -> None:
        """A failure in an environment that is no longer real says no more than a pass in it."""
        configured(project, "@evidence('UC-001', item=3)\ndef test_a(): assert not os.environ.get('BAD')\n")
        project.run(environment="prod")
        project.monkeypatch.setenv("BAD", "1")
        project.run(environment="staging")
        assert project.states("UC-001")["UC-001/3"] == "FAILING"
        project.configured(
            CONFIG.replace("[environments.staging]\nreal = true", "[environments.staging]\nreal = false")
        )
        assert project.states("UC-001")["UC-001/3"] == "COMPLETE"

    def test_a_mode_that_is_not_real_any_more_shows_nothing(self, project: Project) -> None:
        """Nor does a pass in a provider mode that is no longer real complete an item of once."""
        configured(project, "@evidence('UC-001', item=3)\ndef test_a(): pass\n")
        project.run("--readiness-provider-mode=MANAGED")
        project.configured(CONFIG.replace('MANAGED = "our key"', 'MANAGED = { title = "our key", real = false }'))
        assert project.states("UC-001")["UC-001/3"] == "REHEARSED"

    def test_the_past_is_judged_by_what_was_real_then(self, project: Project) -> None:
        """A report about a moment asks which environments were real at that moment."""
        configured(project, "@evidence('UC-001', item=3)\ndef test_a(): pass\n").run()
        project.configured(
            CONFIG.replace("[environments.staging]\nreal = true", "[environments.staging]\nreal = false")
        )
        now = project.report("UC-001")["generated_at"]
        assert project.states("UC-001")["UC-001/3"] == "REHEARSED"
        then = json.loads(project.cli("report", "UC-001", "--format", "json", "--at", now).stdout)
        states = {need["id"]: need["state"] for item in then["use_cases"][0]["items"] for need in item["requirements"]}
        assert states["UC-001/3"] == "COMPLETE"


class TestSeveralMarksAddUp:
    """What several marks of one test say of one requirement is one execution."""

    @pytest.mark.parametrize("others", [0, 9])
    @pytest.mark.parametrize("module_says", [True, False])
    def test_one_mark_says_the_mode_of_the_replay(self, project: Project, others: int, module_says: bool) -> None:
        """A module's mark that says FULL and the function's that says nothing count, in whichever order and number."""
        says, silent = "'UC-001', item=4, replay_mode='FULL'", "'UC-001', item=4"
        above, own = (says, silent) if module_says else (silent, says)
        more = "@evidence('UC-002', item=[1, 2, 3, 4])\n" * bool(others)
        marks = [f"evidence({above})", *["evidence('UC-002', item=[1, 2, 3, 4], replay_mode='FULL')"] * bool(others)]
        configured(project, f"pytestmark = [{', '.join(marks)}]\n{more}@evidence({own})\ndef test_a(): pass\n").run()
        assert project.states("UC-001")["UC-001/4"] == "ASSERTED"

    def test_the_lesser_mode_is_told(self, project: Project) -> None:
        """Where one mark says FULL and another TRACE_ONLY, TRACE_ONLY is what is shown."""
        for above, own in (("FULL", "TRACE_ONLY"), ("TRACE_ONLY", "FULL")):
            source = "pytestmark = evidence('UC-001', item=4, replay_mode='{}')\n"
            source += "@evidence('UC-001', item=4, replay_mode='{}')\ndef test_a(): pass\n"
            configured(project, source.format(above, own)).run()
            assert "TRACE_ONLY" in project.cli("why", "UC-001/4").output
