"""Where a run took place: said by the run and by the test, never by what its mark is limited to."""

from __future__ import annotations

import pytest

from tests.project import XDIST, Project

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
