"""A test is called the same in each environment, in whichever job it runs and whatever it is told to be secret."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.plugin.test_secrets import kept
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
FAILS_ONCE = "    assert pathlib.Path('mended').exists()\n"


def names(project: Project) -> list[str]:
    """The ids of the tests in the store, each once, and what stands in them for digits of the code."""
    return sorted({re.sub("-[0-9a-f]{4}]", "-EDIT]", piece.test_id) for piece in kept(project)})


def test_a_word_of_the_environment_changes_no_name(project: Project) -> None:
    """A test that failed in a job with such variables is mended by its pass in a job without them."""
    variables = {
        "POSTGRES_PASSWORD": "postgres",
        "API_KEY": "localhost",
        "USE_TOKEN": "connects",
        "TOKEN_TYPE": "zq8-param",
    }
    for name, value in variables.items():
        project.monkeypatch.setenv(name, value)
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_postgres_connects():\n' + FAILS_ONCE + "\n"
        '@pytest.mark.parametrize("what", ["postgres", "localhost", "zq8-param"])\n'
        '@evidence("UC-001", item=1)\ndef test_it(what):\n' + FAILS_ONCE
    )
    project.run().assert_outcomes(failed=4)
    for name in variables:
        project.monkeypatch.delenv(name)
    project.write("mended", "")
    project.run().assert_outcomes(passed=4)
    assert names(project) == [
        "test_it.py::test_it[localhost]",
        "test_it.py::test_it[postgres]",
        "test_it.py::test_it[zq8-param]",
        "test_it.py::test_postgres_connects",
    ]
    assert project.states()["UC-001/1"] == "COMPLETE"


@HOW
def test_what_a_test_registers_changes_no_code(project: Project, how: tuple[str, ...]) -> None:
    """A secret that is the name of a function, or a part of one, is known to whoever reads the code."""
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_login(record_evidence): record_evidence.secret("test_login")\n'
        '@evidence("UC-002", item=1)\ndef test_login_again(): pass\n'
    )
    project.run(*how).assert_outcomes(passed=2)
    assert names(project) == ["test_it.py::test_login", "test_it.py::test_login_again"]


@HOW
@pytest.mark.parametrize("known", ["by the environment", "registered late"])
def test_a_rotated_secret_and_another_key_leave_the_test_what_it_is(
    project: Project, how: tuple[str, ...], known: str
) -> None:
    """A pass with the new secret mends the failure with the old one, also where the key of fingerprints is new."""
    variable = "SERVICE_PASSWORD" if known == "by the environment" else "SOMETHING"
    project.configured().tests(
        "KEYS = [os.environ['" + variable + "'] + end for end in ('-a1', '-b2')]\n"
        '@pytest.mark.parametrize("where", ["here", "there"])\n'
        '@pytest.mark.parametrize("key", KEYS)\n'
        '@evidence("UC-001", item=1)\ndef test_it(where, key):\n' + FAILS_ONCE + "\n"
        '@evidence("UC-002", item=1)\ndef test_last(record_evidence):\n'
        "    for key in KEYS: record_evidence.secret(key)\n"
    )
    project.monkeypatch.setenv(variable, "zq7Rotten")
    project.run(*how).assert_outcomes(failed=4, passed=1)
    shutil.move(project.path / ".readiness" / "fingerprint.key", project.path / "old.key")
    project.write("mended", "")
    project.monkeypatch.setenv(variable, "zq7Fresh-and-long")
    project.run(*how).assert_outcomes(passed=5)
    assert len(names(project)) == 5
    assert not [name for name in names(project) if "zq7" in name]
    assert project.states()["UC-001/1"] == "COMPLETE"


@HOW
def test_cases_with_secrets_stay_apart_in_one_run(project: Project, how: tuple[str, ...]) -> None:
    """One case fails before its secret is known, and another passes after: the failure stands."""
    project.configured().tests(
        '@pytest.mark.parametrize("key", ["zq7-first-1", "zq7-second-2"])\n'
        '@evidence("UC-001", item=1)\ndef test_it(key, record_evidence):\n'
        '    if "second" in key:\n        for one in ("zq7-first-1", "zq7-second-2"): record_evidence.secret(one)\n'
        '    assert "second" in key\n'
    )
    project.run(*how).assert_outcomes(failed=1, passed=1)
    assert names(project) == [f"test_it.py::test_it[[REDACTED:case-{at}-of-2-EDIT]]" for at in (0, 1)]
    assert sorted(piece.result.value for piece in kept(project)) == ["FAILED", "PASSED"]
    assert project.states()["UC-001/1"] == "FAILING"


@HOW
def test_a_name_with_a_place_is_planned_selected_and_retired(project: Project, how: tuple[str, ...]) -> None:
    """The plan, what is missing and a retirement speak of the name that the evidence bears."""
    project.monkeypatch.setenv("SERVICE_PASSWORD", "zq7-first-1")
    reviewers = '\n[review]\nreviewers = ["rev@example.com"]\nseparate = false\n'
    project.configured(config=(project.configured().path / "readiness.toml").read_text() + reviewers).tests(
        '@pytest.mark.parametrize("key", ["zq7-first-1", "other"])\n'
        '@evidence("UC-001", item=1)\ndef test_it(key): assert key == "other"\n'
    )
    found = re.search(
        r"test_it\.py::test_it\[\[REDACTED:case-0-of-2-[0-9a-f]{4}]]", project.run("--readiness-plan").stdout.str()
    )
    assert found is not None
    name = found[0]
    project.run(*how).assert_outcomes(passed=1, failed=1)
    assert sorted({piece.test_id for piece in kept(project)}) == [name, "test_it.py::test_it[other]"]
    project.run(*how, "--readiness-missing", "-k", "first").assert_outcomes(failed=1)
    assert len(names(project)) == 2
    retired = project.cli("retire", name, "--reason", "gone", "--by", "rev@example.com")
    assert retired.exit_code == 0, retired.output
    assert project.states()["UC-001/1"] == "COMPLETE"
