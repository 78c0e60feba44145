"""Run groups where a release or digests are judged: what was incomplete for them is completed for them."""

from __future__ import annotations

import json

import pytest

from pytest_readiness.facts.timestamps import timestamp
from tests.broken_runs import sql
from tests.cli.subjects import NEW, OLD
from tests.plugin.test_groups import FIRST, PLACES, SECOND, SUITE, part
from tests.project import Project

pytestmark = pytest.mark.slow

BY_DIGEST = ('subject = "required"\n', f"--readiness-subject=api={OLD}", f"--readiness-subject=api={NEW}")
BY_RELEASE = ('release = "required"\n', "--readiness-release=1", "--readiness-release=2")
ASKED = {BY_DIGEST: ("--subject", f"api={OLD}"), BY_RELEASE: ("--release", "1")}
BOTH = pytest.mark.parametrize("version", [BY_DIGEST, BY_RELEASE], ids=["digest", "release"])


def half(project: Project, version: tuple[str, str, str]) -> None:
    """A complete generation of the old version, and an incomplete one."""
    project.configured(PLACES + version[0]).tests(SUITE)
    night(project, version[1], "1")
    assert verdict(project, version) == (0, "")
    part(project, "1/2", *FIRST, version[1], ci="2")


def night(project: Project, version: str, ci: str) -> None:
    """A complete generation."""
    part(project, "1/2", *FIRST, version, ci=ci)
    part(project, "2/2", *SECOND, version, ci=ci)


def verdict(project: Project, version: tuple[str, str, str]) -> tuple[int, str]:
    """Exit code of the gate on the old version, and the group that it waits for."""
    result = project.cli("gate", *ASKED[version])
    text = " ".join(result.output.split())
    group = "run group nightly in staging"
    return result.exit_code, group if f"run groups incomplete (1 run group): {group}" in text else ""


WAITS = (1, "run group nightly in staging")


@BOTH
def test_another_version_completes_nothing(project: Project, version: tuple[str, str, str]) -> None:
    """Neither a later night of it, nor its tests one by one; a night of the judged version does."""
    half(project, version)
    assert verdict(project, version) == WAITS
    night(project, version[2], "3")
    assert verdict(project, version) == WAITS
    past = json.loads(project.cli("report", "--format", "json", "--at", timestamp(), *ASKED[version]).stdout)
    assert [hold["why"] for hold in past["use_cases"][1]["held_by_groups"]] == ["1 of 2 parts arrived"]
    project.monkeypatch.delenv("GITHUB_ACTIONS")
    project.run(*SECOND, version[2], environment="staging")
    assert verdict(project, version) == WAITS
    night(project, version[1], "4")
    assert verdict(project, version) == (0, "")


@BOTH
def test_its_tests_complete_it(project: Project, version: tuple[str, str, str]) -> None:
    """What the missing part would have run may run alone, for the judged version."""
    half(project, version)
    night(project, version[2], "3")
    assert verdict(project, version) == WAITS
    project.monkeypatch.delenv("GITHUB_ACTIONS")
    project.run(version[1], environment="staging")
    assert verdict(project, version) == (0, "")


@BOTH
def test_a_part_that_is_changed_to_be_of_another_version_is_damage(
    project: Project, version: tuple[str, str, str]
) -> None:
    """What is set aside for its version must be intact."""
    half(project, version)
    night(project, version[2], "3")
    report = json.loads(project.cli("report", "--format", "json", *ASKED[version]).stdout)
    [run] = report["use_cases"][1]["held_by_groups"][0]["runs"]
    old, new = (OLD, NEW) if version is BY_DIGEST else ('"release":"1"', '"release":"2"')
    sql(
        project,
        f"UPDATE line SET text = replace(text, '{old}', '{new}') WHERE seq = 0 AND run_id = '{run}'",
        f"UPDATE run SET head = replace(head, '{old}', '{new}') WHERE id = '{run}'",
    )
    changed = project.cli("gate", *ASKED[version])
    assert changed.exit_code == 3, changed.output
    assert run in changed.output


@BOTH
def test_a_bundle_carries_what_is_incomplete_for_its_version(project: Project, version: tuple[str, str, str]) -> None:
    """Of a use case whose tests the group leaves out: in another store the gate waits for the group, too."""
    project.configured(PLACES + version[0]).tests(SUITE)
    for named, ci, parts in ((version[1], "1", "ab"), (version[1], "2", "a"), (version[2], "3", "ab")):
        for number, test in enumerate(parts, 1):
            part(project, f"{number}/2", "-k", f"test_{test}", named, ci=ci)
        if ci == "1":
            project.monkeypatch.delenv("GITHUB_ACTIONS")
            project.run(*SECOND, version[1], environment="staging")
    asked = ("gate", "UC-002", *ASKED[version])
    assert project.cli(*asked).exit_code == 1
    assert project.cli("bundle", "UC-002", "-o", "two.zip").exit_code == 0
    other = ("--store", "sqlite:///other.db")
    assert project.cli(*other, "merge", "two.zip").exit_code == 0
    closed = project.cli(*other, *asked)
    assert "run group nightly in staging" in " ".join(closed.output.split()), closed.output
    assert closed.exit_code == 1
