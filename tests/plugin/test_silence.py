"""A gate that is asked for is never left out in silence."""

from __future__ import annotations

import pytest

from tests.project import XDIST, Project

ONE = "@evidence('UC-001', item=1)\ndef test_it(): pass\n"


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
@pytest.mark.parametrize("other", ["--no-readiness", "--readiness-plan"])
def test_an_option_that_would_silence_the_gate_is_a_usage_error(
    project: Project, other: str, how: tuple[str, ...]
) -> None:
    """Beside --readiness-gate, from whatever it comes, it ends with 4 and names the way out."""
    project.configured().tests(ONE)
    given = project.run(*how, "--readiness-gate", other)
    assert given.ret == 4
    assert f"{other} beside --readiness-gate: the gate would be skipped" in given.stderr.str()
    project.monkeypatch.setenv("PYTEST_ADDOPTS", other)
    by_variable = project.run(*how, "--readiness-gate")
    assert by_variable.ret == 4
    assert "PYTEST_ADDOPTS=" in by_variable.stderr.str()
    project.monkeypatch.delenv("PYTEST_ADDOPTS")
    project.pytester.makeini("[pytest]\naddopts = --readiness-gate\n")
    by_config = project.run(*how, other)
    assert by_config.ret == 4
    assert "-o addopts=" in by_config.stderr.str()
    assert project.run(*how, other, "-o", "addopts=").ret in (0, 5)


def test_alone_it_turns_everything_off(project: Project) -> None:
    """Without a gate --no-readiness is as it was: nothing is read, recorded or told."""
    project.configured().tests(ONE)
    result = project.run(
        "--no-readiness", "--readiness-report", "-p", "no:warnings"
    )  # pytest's, of how it is loaded here
    assert result.ret == 0
    assert "readiness" not in result.stdout.str().split("collected")[1]
    assert not (project.path / ".readiness").exists()
