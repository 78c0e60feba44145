"""What decides is compared with what stands elsewhere: no secret, whatever is called one, makes two names one."""

from __future__ import annotations

import re
import sqlite3

import pytest

from tests.cli.test_left_the_register import BAD, CONFIG as LEFT, FINE, SHORTER, commit, git
from tests.plugin.test_groups import PLACES, SUITE
from tests.project import CONFIG, XDIST, Project
from tests.signing import ANA, REVIEW, TESTS, approve, repository

pytestmark = pytest.mark.slow

HOWS = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
SIGN = ("review", "UC-001", "--approve", "--acknowledge", "asserted", "--by", ANA)
SECRET = "S3CRET-zq81xx"
TOKEN = "ghp_" + "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"


def says_secret(said: str) -> str:
    """The tests, the first of which registers a value."""
    return TESTS.replace("test_provider():", f"test_provider(record_evidence): record_evidence.secret({said!r});")


def gate(project: Project, *args: str) -> int:
    """The exit code of the gate on evidence."""
    return project.cli("gate", "--on", "evidence", *args).exit_code


def assert_nowhere(project: Project, *texts: str) -> None:
    """No file of ours, and none of the texts, holds the secret."""
    data = [path.read_bytes() for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    assert not [one for one in (*data, *map(str.encode, texts)) if SECRET.encode() in one or TOKEN.encode() in one]


@HOWS
@pytest.mark.parametrize("by", ["a variable", "the test", "a variable with a part"])
def test_who_recorded_stays_whatever_is_called_secret(project: Project, how: tuple[str, ...], by: str) -> None:
    """A reviewer who is git's user recorded the evidence, also where a secret is their name, or a part of it."""
    repository(project.configured(CONFIG + REVIEW), ANA)
    if by == "the test":
        project.tests(says_secret(ANA))
    else:
        project.monkeypatch.setenv("SIGNING_KEY", ANA if by == "a variable" else ANA.partition("@")[2])
        project.tests(TESTS)
    project.run(*how).assert_outcomes(passed=2)
    assert {run["actor"] for run in project.report()["runs"]} == {ANA}
    assert "four eyes" in approve(project, expected=1).stderr


def test_who_started_it_stays(project: Project) -> None:
    """With ``separate = "started_by"`` the person whom CI names is kept apart, whatever has the same value."""
    project.configured(CONFIG + REVIEW + 'separate = "started_by"\n').tests(TESTS)
    for name, value in {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": ANA, "REGISTRY_AUTH_USER": ANA}.items():
        project.monkeypatch.setenv(name, value)
    project.run().assert_outcomes(passed=2)
    (run,) = project.report()["runs"]
    assert run["started_by"] == ANA
    assert "four eyes" in approve(project, expected=1).stderr


def test_a_commit_stays(project: Project) -> None:
    """A use case that left with a failure is known from a commit here, also where a variable has its id for a key."""
    project.configured(LEFT).tests(FINE + BAD)
    git(project, "init", "-q")
    project.write(".gitignore", ".readiness/\n__pycache__/\n")
    project.monkeypatch.setenv("BUILD_KEY", commit(project))
    project.run("--readiness-actor=dev@example.com")
    project.write("PROD_READINESS_TRACKER.md", SHORTER)
    project.tests(FINE)
    commit(project)
    project.run("--readiness-actor=dev@example.com")
    assert gate(project) == 1


def test_the_id_of_a_pipeline_stays(project: Project) -> None:
    """A part of one pipeline does not complete the group of another, also where a variable has its id for a key."""
    project.configured(PLACES).tests(SUITE)
    project.monkeypatch.setenv("GITHUB_ACTIONS", "true")

    def part(pipeline: str, number: int, chosen: str) -> None:
        project.monkeypatch.setenv("GITHUB_RUN_ID", pipeline)
        project.monkeypatch.setenv("BUILD_KEY", pipeline)
        project.run(f"--readiness-run-group=nightly:{number}/2", "-k", chosen)

    part("16044712345", 1, "test_a")
    part("16044712345", 2, "test_b or test_c")
    assert gate(project) == 0
    part("16044799999", 1, "test_a")
    assert gate(project) == 1


def test_the_id_of_a_group_stays(project: Project) -> None:
    """Parts of two groups do not complete each other, also where a variable has their ids for keys."""
    project.configured(PLACES).tests(SUITE)
    for number, (group, chosen) in enumerate([("9f3c1a7e41", "test_a"), ("77aa01bc42", "test_b or test_c")], 1):
        project.monkeypatch.setenv("BUILD_KEY", group)
        project.run(f"--readiness-run-group={group}:{number}/2", "-k", chosen)
    assert gate(project) == 1


def test_a_release_that_is_the_value_of_a_variable_is_a_name(project: Project) -> None:
    """What was recorded for a release counts for it, also where a variable has the same value, then or now."""
    project.configured(CONFIG.partition("[items.2]")[0]).tests(TESTS.replace("item=2", "item=1"))
    project.monkeypatch.setenv("BUILD_KEY", "v2.4.1-rc1")
    project.run("--readiness-release=v2.4.1-rc1").assert_outcomes(passed=2)
    assert gate(project, "UC-001", "--release", "v2.4.1-rc1") == 0
    project.monkeypatch.delenv("BUILD_KEY")
    assert gate(project, "UC-001", "--release", "v2.4.1-rc1") == 0
    assert gate(project, "UC-001", "--release", "v2.4.1-rc2") == 1


MODES = """
tracker = "PROD_READINESS_TRACKER.md"
[environments.staging]
real = true
[provider_modes]
managed-azure-eu = "ours"
byok7-azure-eu1x = "theirs"
[items.1]
title = "the key is accepted"
scope = "provider_mode"
proof = "credential"
"""
SHOWS = 'record_evidence.credential(mode="{}", secret="a-key-of-{}", request_id="r")'


@HOWS
def test_what_was_proved_beside_stays(project: Project, how: tuple[str, ...]) -> None:
    """A failure between two credentials counts in both modes, also where a variable has one for its secret."""
    project.monkeypatch.setenv("X_SECRET", "byok7-azure-eu1x")
    ours, theirs = (SHOWS.format(mode, mode) for mode in ("managed-azure-eu", "byok7-azure-eu1x"))
    source = '@evidence("UC-001", item=1)\ndef test_a(record_evidence):\n    '
    project.configured(MODES).tests(source + theirs).run(*how).assert_outcomes(passed=1)
    project.tests(f"{source}{ours}; {theirs}").run(*how).assert_outcomes(passed=1)
    project.tests(f"{source}{ours}; assert 0").run(*how).assert_outcomes(failed=1)
    project.tests(source + ours).run(*how).assert_outcomes(passed=1)
    assert project.states("UC-001")["UC-001/1/byok7-azure-eu1x"] == "FAILING"


def test_two_modes_that_nobody_declares_stay_two(project: Project) -> None:
    """Where no mode is declared, a pass in one of them hides no failure in another, also where both are secrets."""
    project.monkeypatch.setenv("X_SECRET", "byok7-azure-eu1x")
    project.monkeypatch.setenv("Y_SECRET", "byok8-azure-eu1x")
    project.configured(MODES.partition("[provider_modes]")[0] + MODES[MODES.index("[items.1]") :])
    source = '@evidence("UC-001", item=1)\ndef test_a(record_evidence):\n    '
    theirs, others = (f'record_evidence.scope(provider_mode="byok{n}-azure-eu1x"); ' for n in (7, 8))
    project.tests(f"{source}{theirs}assert 0").run().assert_outcomes(failed=1)
    project.tests(f"{source}{others}").run().assert_outcomes(passed=1)
    assert len({piece["provider_mode"] for piece in project.evidence("UC-001")}) == 2
    assert set(project.states("UC-001").values()) & {"FAILING"}


PARTS = """
tracker = "PROD_READINESS_TRACKER.md"
[environments.staging]
real = true
[items.1]
title = "drills"
proof = "drill"
parts = ["region-lost", "queue-lost"]
"""
DRILL = 'record_evidence.drill("{}", fault="f", detected=1, recovered=2, audit="https://example.com/q")'


@pytest.mark.parametrize("by", ["a variable", "the test"])
def test_a_part_stays(project: Project, by: str) -> None:
    """A test of one part shows that part alone, and shows it with its proof, whatever has the same value."""
    first = ""
    if by == "a variable":
        project.monkeypatch.setenv("X_SECRET", "region-lost")
    else:
        first = 'record_evidence.secret("region-lost"); '
    source = '@evidence("UC-001", item=1)\ndef test_a(record_evidence):\n    {}'
    project.configured(PARTS).tests(source.format(f'{first}record_evidence.scope(part="region-lost")'))
    project.run().assert_outcomes(passed=1)
    found = project.states("UC-001")
    assert (found["UC-001/1/region-lost"], found["UC-001/1/queue-lost"]) == ("ASSERTED", "MISSING")
    project.tests(source.format(first + DRILL.format("region-lost"))).run().assert_outcomes(passed=1)
    found = project.states("UC-001")
    assert (found["UC-001/1/region-lost"], found["UC-001/1/queue-lost"]) == ("COMPLETE", "MISSING")


@pytest.mark.parametrize("name", ["release", "actor", "run-group"])
@pytest.mark.parametrize(("holds", "why"), [(f"v1-{SECRET}", "the value of API_SECRET"), (TOKEN, "(github)")])
def test_a_name_that_holds_a_secret_is_refused(project: Project, name: str, holds: str, why: str) -> None:
    """A name is written as it is: one with a secret in it is a usage error, told without it, and nothing is recorded."""
    project.monkeypatch.setenv("API_SECRET", SECRET)
    project.configured().tests(TESTS)
    given = f"{holds}:1/2" if name == "run-group" else holds
    result = project.run(f"--readiness-{name}={given}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stderr.str()
    assert f"ERROR: --readiness-{name} (or READINESS_{name.replace('-', '_').upper()}) holds" in said
    assert why in said
    assert not (project.path / ".readiness").exists()
    assert_nowhere(project, said, result.stdout.str())


@pytest.mark.parametrize(
    "words",
    [
        ("record", "UC-001", "--item", "1", "--environment", "staging", "--release", "{}", "--", "true"),
        ("record", "UC-001", "--item", "1", "--environment", "staging", "--actor", "{}", "--result", "PASSED"),
        ("gate", "--release", "{}", "--keep"),
        ("report", "--format", "json", "--release", "{}"),
        ("review", "UC-001", "--reject", "--comment", "no", "--by", "{}"),
        ("block", "UC-001", "--reason", "no", "--by", "{}"),
    ],
    ids=lambda words: f"{words[0]} {words[-1]}",
)
def test_so_it_is_for_a_command(project: Project, words: tuple[str, ...]) -> None:
    """A command that is given such a name, by an option, ends with 2 and keeps nothing of it."""
    project.monkeypatch.setenv("API_SECRET", SECRET)
    project.configured(CONFIG + REVIEW).tests(TESTS).run()
    for holds in (f"v1-{SECRET}", TOKEN):
        done = project.cli(*(word.format(holds) for word in words))
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"readiness: --{'by' if '--by' in words else ''}")
        assert done.stderr.count("\n") == 1
        assert_nowhere(project, done.output)


@pytest.mark.parametrize(
    "command", [("gate", "--keep"), ("record", "UC-001", "--item", "1", "--", "true"), ("bundle",)]
)
def test_so_it_is_where_a_variable_names_it(project: Project, command: tuple[str, ...]) -> None:
    """Where the release comes from its variable, that is named."""
    project.monkeypatch.setenv("API_SECRET", SECRET)
    project.configured().tests(TESTS).run()
    project.monkeypatch.setenv("READINESS_RELEASE", f"v1-{SECRET}")
    done = project.cli(*command, *(["-o", "b.readiness"] if command == ("bundle",) else []))
    assert done.exit_code == 2
    assert done.stderr.startswith("readiness: READINESS_RELEASE holds the value of API_SECRET")


def test_a_name_of_the_config_is_no_secret(project: Project) -> None:
    """A reviewer whom the config names decides, also where a variable holds a part of the name."""
    project.monkeypatch.setenv("REGISTRY_AUTH_USER", ANA.partition("@")[0] + "@")
    project.configured(CONFIG + REVIEW).tests(TESTS).run("--readiness-actor=bot-42")
    assert project.cli(*SIGN).exit_code == 0


def test_a_name_that_holds_what_a_test_registers_stays_and_is_told(project: Project) -> None:
    """Nothing can be refused any more: who recorded stays who recorded, and a line says that the name holds a secret."""
    project.configured(CONFIG + REVIEW).tests(says_secret("example.com"))
    result = project.run(f"--readiness-actor={ANA}")
    result.assert_outcomes(passed=2)
    assert "four eyes" in approve(project, expected=1).stderr
    other = project.run("--readiness-actor=bot@example.com")
    other.stdout.fnmatch_lines(["--readiness-actor (or READINESS_ACTOR) holds a value that became known as secret*"])


def test_a_token_that_ci_gives_for_a_name_leaves_its_fingerprint(project: Project) -> None:
    """Two names with tokens stay two, and no token reaches the disk."""
    project.configured().tests(TESTS)
    project.monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for actor in (TOKEN, "ghp_" + TOKEN[:3:-1]):
        project.monkeypatch.setenv("GITHUB_ACTOR", actor)
        project.run().assert_outcomes(passed=2)
    project.monkeypatch.delenv("GITHUB_ACTOR")
    assert_nowhere(project)
    store = sqlite3.connect(project.path / ".readiness" / "evidence.db")
    found = re.findall(r'"started_by":"(.*?)"', "".join(store.iterdump()))
    store.close()
    assert len(set(found)) == 2
    assert all(re.fullmatch(r"\[REDACTED:[0-9a-f]{12}\]", name) for name in found), found
