"""An attempt cut short before its test said where it runs, and a retry that passes where the session runs."""

from __future__ import annotations

import json

import pytest

from tests.plugin.test_attempts import DIES, IN_TURN, ONE_WORKER, RERUNS, TWO_PLACES
from tests.plugin.test_one_id import pieces
from tests.project import TRACKER, Project

pytestmark = pytest.mark.slow

BOTH_WAYS = pytest.mark.parametrize("how", [(), ONE_WORKER], ids=["alone", "xdist"])
LIMITED = """
@evidence("UC-001", item=1, environment="prod")
def test_a({fixture}):
    {first}
@evidence("UC-001", item=1, environment="staging")
def test_s(): pass
"""
ONCE = "if not os.path.exists('count'):\n        pathlib.Path('count').touch()\n        "
BYOK = "record_evidence.credential(mode='BYOK', secret='sk-other-12345', request_id='r2')"
MANAGED = "record_evidence.credential(mode='MANAGED', secret='sk-live-123456', request_id='r1')"


def configured(project: Project, config: str = TWO_PLACES) -> Project:
    """Two real environments, two provider modes, and one use case."""
    return project.configured(config, tracker=TRACKER)


def states(project: Project, item: str) -> dict[str, str]:
    """The states of an item, by the place or the part that each asks about."""
    prefix = f"UC-001/{item}/"
    found = project.states("UC-001")
    return {name.removeprefix(prefix): state for name, state in found.items() if name.startswith(prefix)}


class TestAFailureThatARetryHereDoesNotMakeGoodElsewhere:
    """In the place of the retry the test is FLAKY; where else its failure counts nothing has run."""

    @pytest.mark.parametrize(
        ("ends", "how"),
        [("assert 0, 'it is down'", ()), ("assert 0, 'it is down'", ONE_WORKER), (DIES, ONE_WORKER)],
        ids=["fails", "fails in a worker", "dies"],
    )
    @pytest.mark.parametrize("fixture", ["", "record_evidence"], ids=["plain", "records"])
    def test_where_its_mark_names_another_environment(
        self, project: Project, ends: str, fixture: str, how: tuple[str, ...]
    ) -> None:
        """A mark for prod covered it there: a first attempt in staging that ends badly is not made good in prod."""
        configured(project).tests(LIMITED.format(fixture=fixture, first="pass"))
        for environment in ("prod", "staging"):
            project.run_apart(environment=environment)
        assert states(project, "1") == {"prod": "COMPLETE", "staging": "COMPLETE"}
        project.tests(LIMITED.format(fixture=fixture, first=ONCE + ends))
        project.run_apart(*RERUNS, *how).assert_outcomes(passed=2)
        word = "FAILING" if ends.startswith("assert") else "INTERRUPTED"
        assert states(project, "1") == {"prod": word, "staging": "COMPLETE"}
        assert project.cli("gate", "UC-001", "--on", "evidence").exit_code == 1
        told = " ".join(project.cli("why", "UC-001/1/prod").output.split())
        assert "before it stated where it ran, and so counts in prod" in told
        project.run_apart(environment="prod")
        assert states(project, "1") == {"prod": "COMPLETE", "staging": "COMPLETE"}

    @BOTH_WAYS
    @pytest.mark.parametrize("environment", ["staging", "dev"])
    def test_where_it_placed_itself_before(self, project: Project, environment: str, how: tuple[str, ...]) -> None:
        """A test that said prod once fails before it says where it is, and its retry runs or says somewhere else."""
        configured(project, TWO_PLACES.replace("[environments]", "[environments]\ndev = { real = false }"))
        test = '@evidence("UC-001", item=1)\ndef test_a(record_evidence): {}\n'
        project.tests(test.format("record_evidence.scope(environment='prod')")).run_apart()
        then = f"record_evidence.scope(environment='{environment}')" if environment == "dev" else "pass"
        project.tests(IN_TURN.format(first="assert 0", then=then))
        project.run_apart(*RERUNS, *how, environment=environment).assert_outcomes(passed=1)
        assert states(project, "1") == {"prod": "FAILING", "staging": "REHEARSED" if environment == "dev" else "FLAKY"}

    @BOTH_WAYS
    def test_a_mode_that_it_proved_beside_this_one(self, project: Project, how: tuple[str, ...]) -> None:
        """A first attempt that fails after one of two credentials, and a retry that shows that one alone."""
        test = '@evidence("UC-001", item=2)\ndef test_a(record_evidence):\n    {}\n    {}\n'
        configured(project).tests(test.format(MANAGED, BYOK)).run_apart()
        assert states(project, "2") == {"BYOK": "COMPLETE", "MANAGED": "COMPLETE"}
        again = IN_TURN.replace("item=1", "item=2").format(first=MANAGED + "; assert 0", then=MANAGED)
        project.tests(again).run_apart(*RERUNS, *how).assert_outcomes(passed=1)
        assert states(project, "2") == {"BYOK": "FAILING", "MANAGED": "FLAKY"}

    def test_a_mode_that_the_config_does_not_name(self, project: Project) -> None:
        """The mode of the config is where it ran; where its test had proved another, nothing has run since."""
        configured(project, TWO_PLACES + '[context]\nprovider_mode = "BYOK"\n')
        for mode in (MANAGED, BYOK):
            project.tests(f'@evidence("UC-001", item=2)\ndef test_a(record_evidence): {mode}\n').run_apart()
        project.tests(IN_TURN.replace("item=1", "item=2").format(first="assert 0", then=BYOK))
        project.run_apart(*RERUNS).assert_outcomes(passed=1)
        assert states(project, "2") == {"BYOK": "FLAKY", "MANAGED": "FAILING"}

    def test_a_part_that_the_retry_does_not_name(self, project: Project) -> None:
        """It counts elsewhere for every part that it could have come to, whatever the retry names where it runs."""
        configured(project, TWO_PLACES + 'scope = ["environment"]\n')
        shows = "record_evidence.scope(part='{}')"
        both = "; ".join(map(shows.format, ("rotation", "revocation")))
        test = f'@evidence("UC-001", item=3)\ndef test_a(record_evidence): {both}{{}}\n'
        for place in ("; record_evidence.scope(environment='prod')", ""):
            project.tests(test.format(place)).run_apart()
        project.tests(IN_TURN.replace("item=1", "item=3").format(first=f"{both}; assert 0", then=both))
        project.run_apart(*RERUNS).assert_outcomes(passed=1)
        assert states(project, "3") == {
            "prod/rotation": "FAILING",
            "prod/revocation": "FAILING",
            "staging/rotation": "FLAKY",
            "staging/revocation": "FLAKY",
        }

    def test_a_test_that_never_was_elsewhere_is_flaky_and_no_more(self, project: Project) -> None:
        """What counts nowhere else is one execution with its attempts, and no report shows a second."""
        configured(project).tests(IN_TURN.format(first="assert 0", then="pass"))
        project.run_apart(*RERUNS, "--reruns=3").assert_outcomes(passed=1)
        assert states(project, "1") == {"prod": "MISSING", "staging": "FLAKY"}
        assert [one["result"] for one in project.evidence("UC-001")] == ["PASSED"]
        assert {one.result.value for one in pieces(project, "UC-001", "1")} == {"PASSED", "FAILED"}
        told = project.cli("history", "UC-001").stdout
        assert "1 PASSED" in told
        assert "FAILED" not in told

    def test_each_attempt_that_failed_alike_is_kept_once(self, project: Project) -> None:
        """Three failed attempts say of another place what one says."""
        test = IN_TURN.replace("== 1", "< 4").format(first="assert 0, is_first", then="pass")
        configured(project).tests(test).run_apart(*RERUNS, "--reruns=3").assert_outcomes(passed=1)
        (one, covered) = sorted(pieces(project, "UC-001", "1"), key=lambda each: each.covered)
        assert ([one.result.value, len(one.attempts)], covered.result.value) == (["PASSED", 4], "FAILED")

    def test_an_approval_of_what_is_flaky_by_policy_stays(self, project: Project) -> None:
        """Where a flaky pass is accepted, a retry in the same place makes no review suspect."""
        policy = '[gate]\nflaky = "accept"\nasserted = "accept"\n[review]\nreviewers = ["ana@example.com"]\n'
        one_item = "".join(TWO_PLACES.partition("[items.2]")[0]).replace('scope = ["environment"]\n', "")
        configured(project, one_item + policy).tests(IN_TURN.format(first="pass", then="pass")).run_apart()
        signed = project.cli("review", "UC-001", "--approve", "--by", "ana@example.com")
        assert signed.exit_code == 0, signed.output
        project.write("count", "")
        project.tests(IN_TURN.format(first="assert 0", then="pass"))
        project.run_apart(*RERUNS).assert_outcomes(passed=1)
        assert states(project, "1") == {} != project.states("UC-001")
        assert project.cli("gate", "UC-001").exit_code == 0, project.cli("why", "UC-001").output


@pytest.mark.parametrize("how", [RERUNS, ()], ids=["a retry", "another session"])
def test_where_a_test_places_itself_is_known_from_another_release(project: Project, how: tuple[str, ...]) -> None:
    """What fails in the release that is judged counts where the test placed itself in an earlier one."""
    release = '[gate]\nrelease = "required"\nasserted = "accept"\nflaky = "accept"\n'
    config = "".join(TWO_PLACES.partition("[items.2]")[0]).replace("[provider_modes]", release + "[provider_modes]")
    test = '@evidence("UC-001", item=1)\ndef test_a(record_evidence):\n    {}\n'
    other = '@evidence("UC-001", item=1)\ndef test_p(record_evidence): record_evidence.scope("prod")\n'
    configured(project, config).tests(test.format("record_evidence.scope('prod')")).run_apart("--readiness-release=1")
    project.tests(test.format(ONCE + "assert 0") + other)
    for _ in range(2 if how == () else 1):
        project.run_apart(*how, "--readiness-release=2")
    told = project.cli("gate", "UC-001", "--on", "evidence", "--release", "2")
    assert (told.exit_code, "UC-001/1/prod FAILING" in " ".join(told.output.split())) == (1, True)


class TestAPlaceIsSaidOnce:
    """A test that failed on its way from one place to the next would count in the first alone."""

    @pytest.mark.parametrize(
        ("first", "then", "told"),
        [
            (
                "environment='staging'",
                "environment='prod'",
                "scope(environment='prod'): the test said 'staging' before",
            ),
            ("provider_mode='BYOK'", "provider_mode='MANAGED'", "the test said 'BYOK' before, and it runs in one"),
        ],
    )
    def test_another_fails_the_test(self, project: Project, first: str, then: str, told: str) -> None:
        """A second environment, or a second provider mode, is an error that says what to do."""
        configured(project).tests(f"""
            @evidence("UC-001", item=1)
            def test_a(record_evidence):
                record_evidence.scope({first})
                record_evidence.scope({then})
        """)
        result = project.run_apart()
        result.assert_outcomes(failed=1)
        assert told in result.stdout.str()
        assert "write a test for each" in result.stdout.str()

    def test_the_same_again_and_the_rest_of_it_are_welcome(self, project: Project) -> None:
        """The same place said twice, its mode after its environment, another part and another tenant are no error."""
        configured(project).tests("""
            @evidence("UC-001", item=3)
            def test_a(record_evidence):
                record_evidence.scope(environment="prod", part="rotation", tenant_id="one")
                record_evidence.scope(environment="prod", part="revocation", tenant_id="two")
                record_evidence.scope(provider_mode="BYOK")
        """)
        project.run_apart().assert_outcomes(passed=1)
        (shown,) = project.evidence("UC-001")
        assert [shown[name] for name in ("environment", "provider_mode", "tenant_id")] == ["prod", "BYOK", "two"]

    def test_a_retry_may_be_elsewhere(self, project: Project) -> None:
        """Each attempt says its own place."""
        first = "record_evidence.scope(environment='prod'); assert 0"
        configured(project).tests(IN_TURN.format(first=first, then="record_evidence.scope(environment='staging')"))
        project.run_apart(*RERUNS).assert_outcomes(passed=1)
        assert states(project, "1") == {"prod": "FAILING", "staging": "FLAKY"}


def test_a_bundle_of_covered_attempts_is_what_it_says(project: Project) -> None:
    """What a line says of an attempt elsewhere goes through a bundle, and verifies."""
    configured(project).tests(IN_TURN.format(first="assert 0", then="pass")).run_apart(*RERUNS)
    assert project.cli("bundle", "-o", "out.zip").exit_code == 0
    assert project.cli("verify").exit_code == 0
    before = json.dumps(project.states("UC-001"))
    (project.path / ".readiness").rename(project.path / "gone")
    assert project.cli("merge", "out.zip").exit_code == 0
    assert json.dumps(project.states("UC-001")) == before
    assert project.cli("verify").exit_code == 0
