"""`readiness why`: from the status down to the evidence, and what would complete it."""

from __future__ import annotations

import pytest

from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, REVIEW, commit, decided, repository

pytestmark = pytest.mark.slow

SUITE = """
@evidence("UC-001", item=1)
def test_a(): assert 1 == 2, "the provider said no"

@evidence("UC-002", item=1)
def test_b(): pass
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """UC-001 is blocked by a failure, UC-002 collects."""
    project.configured().tests(SUITE)
    project.run().assert_outcomes(passed=1, failed=1)
    return project


def test_the_cause_of_a_blocked_use_case(recorded: Project) -> None:
    """It names status, requirement, test and message."""
    done = recorded.cli("why", "UC-001")
    assert done.exit_code == 0
    for text in ("UC-001", "BLOCKED", "UC-001/1", "FAILING", "test_it.py::test_a", "the provider said no"):
        assert text in done.stdout, text


def test_what_completes_a_missing_requirement(recorded: Project) -> None:
    """For one requirement it says its state, why, and what would complete it; the others are left out."""
    done = recorded.cli("why", "UC-002/2")
    assert done.exit_code == 0
    assert "MISSING" in done.stdout
    assert '@evidence("UC-002", item=2)' in " ".join(done.stdout.split())
    assert "UC-002/1" not in done.stdout


def test_an_open_run_is_the_cause(project: Project) -> None:
    """While a run is open its passes do not count, and why says so."""
    project.configured().tests(
        "@evidence('UC-001', item=1)\ndef test_a(): pass\n@evidence('UC-001', item=2)\ndef test_b(): os._exit(0)\n"
    )
    project.run_apart("-q")
    done = project.cli("why", "UC-001")
    assert "readiness recover" in " ".join(done.stdout.split())
    assert "INTERRUPTED" in done.stdout


@pytest.mark.parametrize("target", ["UC-01", "UC-001/9", "UC-001/1/nowhere", "", "/1"])
def test_what_is_not_there(recorded: Project, target: str) -> None:
    """An unknown use case, item or requirement is exit code 2 in one line."""
    done = recorded.cli("why", target)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert len(done.stderr.splitlines()) == 1


def test_without_a_config_nothing_is_invented(project: Project) -> None:
    """Where nothing says what is required, and nothing was recorded, no requirement is told."""
    done = project.cli("why", "UC-001")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "readiness: there is no config, and no evidence for UC-001: run 'readiness init'\n"
    project.tests("@evidence('UC-001', item=4)\ndef test_a(): pass\n").run()
    result = project.cli("why", "UC-001")
    assert result.exit_code == 0
    assert "test_it.py::test_a" in result.stdout


def test_what_is_odd_about_a_pass_is_told(project: Project) -> None:
    """A pass that connected to none of the declared endpoints is told by why and by the report, though it is COMPLETE."""
    config = CONFIG.replace("[environments.dev]", 'endpoints = ["10.1.2.3:443"]\n\n[environments.dev]')
    project.configured(config).tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n").run()
    odd = "UC-001/1: no connection to an endpoint of environment 'staging' was seen"
    for arguments in (("why", "UC-001"), ("report",), ("report", "UC-001", "-v")):
        assert " ".join(project.cli(*arguments).stdout.split()).count(odd) == 1
    narrow = " ".join(project.cli("why", "UC-001/1").stdout.split())
    assert narrow.count("no connection to an endpoint") == 1


def test_what_there_is_is_named(recorded: Project) -> None:
    """Where an item is asked for that is not there, and none is like it, the requirements that there are are named."""
    output = recorded.cli("why", "UC-001/9").stderr
    assert output == "readiness: UC-001 has no requirement 'UC-001/9' (there are UC-001/1, UC-001/2)\n"


def test_of_many_passes_some_are_named(project: Project) -> None:
    """Nobody reads a thousand passes: the first that decide are named, what is odd before them; with -v all are."""
    cases = "".join(f'<testcase classname="c" name="t{number}" time="1"/>' for number in range(40))
    skip = '<testcase classname="c" name="s"><skipped/></testcase>'
    flaky = '<testcase classname="c" name="z"><flakyFailure/></testcase>'
    project.configured().write("it.xml", f'<testsuite name="s">{cases}{skip}{flaky}</testsuite>')
    project.cli("record", "--junit", "it.xml", "--map", "c::*=UC-001/1", "--environment", "staging")
    output = project.cli("why", "UC-001").stdout
    assert output.count("evidence: PASSED") == 3
    assert "evidence: SKIPPED" not in output
    assert output.count("also skipped: c::s SKIPPED in staging") == output.count("SKIPPED") == 1
    assert "c::z" in output
    assert "      and 39 more: readiness why UC-001/1 -v" in output.splitlines()
    every = project.cli("why", "UC-001/1", "-v").stdout
    assert every.count("evidence: PASSED") == 41
    assert every.count("does not count: SKIPPED") == 1
    assert " more: " not in every


def test_of_many_failures_some_are_named(project: Project) -> None:
    """Ten failures that decide are named, and how many more there are; with -v all of them."""
    cases = "".join(
        f'<testcase classname="c" name="t{number:02}"><failure message="no"/></testcase>' for number in range(40)
    )
    passed = '<testcase classname="c" name="z" time="1"/>'
    project.configured().write("it.xml", f'<testsuite name="s">{cases}{passed}</testsuite>')
    project.cli("record", "--junit", "it.xml", "--map", "c::*=UC-001/1", "--environment", "staging")
    output = project.cli("why", "UC-001").stdout
    assert output.count("evidence: FAILED") == 10
    assert "c::t00 FAILED" in output
    assert "(and 39 more)" in output
    assert "      and 31 more, 30 of them failures: readiness why UC-001/1 -v" in output.splitlines()
    assert len(output.splitlines()) < 70
    every = project.cli("why", "UC-001/1", "-v").stdout
    assert every.count("evidence: FAILED") == 40
    assert " more, " not in every


def test_a_scope_that_nothing_declares_yet(project: Project) -> None:
    """A requirement without a scope says what to declare, and never names another requirement."""
    scoped = '[items.2]\ntitle = "answers"\nscope = {0}\n[items.6]\ntitle = "keys"\nparts = ["rotation"]\n'
    environment = "a real environment ([environments.NAME] real = true)"
    for scope, declare in (
        ('"environment"', environment),
        ('["environment", "provider_mode"]', f"{environment} and a provider mode ([provider_modes])"),
    ):
        project.configured('tracker = "PROD_READINESS_TRACKER.md"\n' + scoped.format(scope))
        done = project.cli("why", "UC-001/2/staging")
        problem = "UC-001 has no requirement 'UC-001/2/staging': UC-001/2 has no scope yet"
        assert (done.exit_code, done.stderr) == (2, f"readiness: {problem}: declare {declare} in the config\n")
    near = project.cli("why", "UC-001/6/rotatoin")
    assert near.stderr.endswith("has no requirement 'UC-001/6/rotatoin' (did you mean 'UC-001/6/rotation'?)\n")
    part = project.cli("why", "UC-001/rotatoin")
    assert part.stderr.endswith("has no requirement 'UC-001/rotatoin' (did you mean 'UC-001/6/rotation'?)\n")


@pytest.mark.parametrize("how", ["the file", "the function"])
def test_the_way_out_for_a_test_that_is_gone(recorded: Project, how: str) -> None:
    """Without any later run, why names the command that retires a failing test if the work tree no longer has it."""
    command = "`readiness retire test_it.py::test_a --reason ...`"
    assert "retire" not in recorded.cli("why", "UC-001/1").stdout, "it is to be mended"
    if how == "the file":
        (recorded.path / "test_it.py").unlink()
    else:
        recorded.tests("def test_abc(): pass\n")
    shown = " ".join(recorded.cli("why", "UC-001").stdout.split())
    assert (
        "to complete: make test_it.py::test_a pass in staging or: test_it.py::test_a is no longer in the work" in shown
    )
    assert shown.count(f"a reviewer retires it: {command}") == 1
    assert "retire" not in recorded.cli("why", "UC-002").stdout
    recorded.tests('@evidence("UC-001", item=2)\ndef test_b(): pass\n')
    recorded.run()
    later = " ".join(recorded.cli("why", "UC-001/1").stdout.split())
    assert f"ran other tests but not this one), a reviewer retires it: {command}" in later
    assert later.count("readiness retire") == 1


PASSING = '@evidence("UC-001", item=2)\ndef test_b(): pass\n'


@pytest.mark.parametrize(
    ("options", "is_gone"),
    [
        (("other/test_b.py",), False),
        (("other",), False),
        (("--ignore=unit",), False),
        (("--ignore-glob=*unit*",), False),
        (("unit", "other"), True),
        (("unit/test_a.py", "other"), True),
        ((".",), True),
        ((), True),
    ],
    ids=["a file", "a folder", "ignore", "ignore glob", "both folders", "the file", "root", "all"],
)
def test_only_a_run_that_would_have_collected_a_test_shows_that_it_is_gone(
    project: Project, options: tuple[str, ...], is_gone: bool
) -> None:
    """A failing test of another file is to be mended, not retired, whatever files were run since."""
    project.configured().tests('@evidence("UC-001", item=1)\ndef test_a(): assert 0\n', "unit/test_a.py")
    project.tests(PASSING, "other/test_b.py")
    project.run()
    project.tests("def test_another(): 'test_a is here no more'\n", "unit/test_a.py")
    project.run(*options)
    shown = " ".join(project.cli("why", "UC-001/1").stdout.split())
    assert "make unit/test_a.py::test_a pass in staging" in shown
    assert ("ran other tests but not this one" in shown) is is_gone
    assert ("readiness retire" in shown) is is_gone
    assert ("readiness retire" in project.cli("next", "UC-001").stdout) is is_gone


def test_a_run_from_a_folder_or_without_a_module_shows_nothing_of_other_files(project: Project) -> None:
    """Pytest collects the folder in which it is called, or what it can import; `testpaths` are all tests."""
    project.configured().tests('@evidence("UC-001", item=1)\ndef test_a(): assert 0\n', "unit/test_a.py")
    project.tests(PASSING, "other/test_b.py")
    project.run()
    project.tests("import nothing_of_that_name  # test_a\n", "unit/test_a.py")
    project.run("--continue-on-collection-errors").assert_outcomes(passed=1, errors=1)
    assert "readiness retire" not in project.cli("why", "UC-001/1").stdout
    project.tests("def test_another(): 'test_a is here no more'\n", "unit/test_a.py")
    with project.monkeypatch.context() as patch:
        patch.chdir(project.path / "other")
        project.run()
    assert "readiness retire" not in project.cli("why", "UC-001/1").stdout
    project.pytester.makeini("[pytest]\ntestpaths = other\n")
    project.run()
    assert "readiness retire" in project.cli("why", "UC-001/1").stdout


def test_a_skipped_test_is_told_in_a_line(project: Project) -> None:
    """A skip is the reason where nothing else ran, and a line of its own beside what decides, a pass too."""
    project.configured().tests("""
        skip = pytest.mark.skip(reason="no provider")

        @evidence("UC-001", item=1)
        def test_passes(): pass

        @skip
        @evidence("UC-001", item=1)
        def test_one(): pass

        @skip
        @evidence("UC-001", item=1)
        def test_two(): pass

        @evidence("UC-001", item=2)
        def test_unproven(): pass

        @pytest.mark.xfail(reason="a bug")
        @evidence("UC-001", item=2)
        def test_bug(): assert 0

        @skip
        @evidence("UC-002", item=1)
        def test_alone(): pass
    """)
    project.run()

    def shown(target: str) -> str:
        return " ".join(project.cli("why", target).stdout.split())

    first, item = "test_it.py::test_one SKIPPED in staging at 20", shown("UC-001/1")
    assert f"also skipped: {first}" in item
    assert "Skipped: no provider (and 1 more test)" in item
    whole = shown("UC-001")
    assert f"also skipped: UC-001/1: {first}" in whole
    assert "also skipped: test_it.py::test_bug XFAILED (an expected failure) in staging at 20" in whole
    assert whole.count("also skipped") == 2
    alone = shown("UC-002")
    assert "why: test_it.py::test_alone SKIPPED in staging at 20" in alone
    assert "also skipped" not in alone
    report = project.cli("report").stdout
    assert "  skipped    item 1 of UC-002\n" in report
    assert "  no test    item 2 of UC-002\n" in report


def test_one_piece_of_evidence_has_one_time(project: Project) -> None:
    """The reason, the evidence below it and the record name the end; what names the start says so."""
    slow = "@evidence('UC-001', item=1)\ndef test_slow():\n    import time\n    time.sleep(0.1)\n"
    decided(project, tests=slow + "    raise ValueError('no')\n")
    (piece,) = project.evidence("UC-001")
    assert piece["started_at"] < piece["timestamp"]
    (need, *_) = project.report("UC-001")["use_cases"][0]["items"][0]["requirements"]
    assert f"FAILED in staging at {piece['timestamp']}" in need["why"]
    shown = " ".join(project.cli("why", "UC-001/1").stdout.split())
    assert piece["started_at"] not in shown
    decided(project, tests=slow)
    (piece,) = project.evidence("UC-001")
    shown = " ".join(project.cli("review", "UC-001").stdout.split())
    assert f"test_slow, started {piece['started_at']}" in shown


def test_a_test_that_passed_once_and_is_skipped_ever_since(project: Project) -> None:
    """Its older pass still counts, so whoever asks or signs reads that nobody runs it any more."""
    config = f'decisions = "decisions"\n{CONFIG}{REVIEW}\n[environments.prod]\nreal = true\n'
    repository(project.configured(config).tests(SWITCHED), ANA)
    commit(project)
    project.run("test_it.py", environment="staging")
    told = "test_it.py::test_one SKIPPED in staging at 20"
    asked = (("why", "UC-001/1"), ("why", "UC-001/1", "-v"), ("why", "UC-001"), ("review", "UC-001"))
    for command in asked:
        assert "skipped since" not in project.cli(*command).stdout
    project.monkeypatch.setenv("SKIP", "1")
    for environment in ("dev", "prod"):
        project.run("test_it.py", environment=environment)
    assert "skipped since" not in project.cli("why", "UC-001/1").stdout
    project.run("test_it.py", environment="staging")
    project.cli("report", "--format", "json", "-o", "signed.json")
    for command in (*asked, ("review", "UC-001", "--from", "signed.json")):
        output = " ".join(project.cli(*command).stdout.split())
        assert output.count("skipped since") == 1, output
        assert told in output
        assert "Skipped: switched off" in output
    first = project.report()["use_cases"][0]["items"][0]["requirements"][0]
    (skip,) = first["skipped_since"]
    assert (first["state"], skip["test_id"], skip["result"]) == ("COMPLETE", "test_it.py::test_one", "SKIPPED")
    assert "skipped since" in project.cli("review", "UC-001", "--format", "markdown").stdout
    project.monkeypatch.delenv("SKIP")
    project.run("test_it.py", environment="staging")
    second = project.report()["use_cases"][0]["items"][0]["requirements"][0]
    assert second["skipped_since"] == []


def test_a_skipped_test_is_named_once(project: Project) -> None:
    """An older rehearsal of the test that is named as skipped says nothing more."""
    project.configured().tests(SWITCHED)
    project.monkeypatch.setenv("SKIP", "1")
    for environment in ("dev", "staging"):
        project.run("test_it.py", environment=environment)
    output = " ".join(project.cli("why", "UC-001/1").stdout.split())
    assert "why: test_it.py::test_one SKIPPED in" in output
    assert "also skipped" not in output


SWITCHED = """
    @pytest.mark.skipif("SKIP" in os.environ, reason="switched off")
    @evidence("UC-001", item=1)
    def test_one(): pass
"""
