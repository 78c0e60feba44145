"""The options of the session."""

from __future__ import annotations

import json

import pytest

from tests.project import CONFIG, XDIST, Project

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


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_uc_runs_only_what_claims_it(project: Project, how: tuple[str, ...]) -> None:
    """--readiness-uc is a glob, repeatable; report and gate speak of these use cases only."""
    project.configured().tests(FOUR)
    result = project.run(*how, "--readiness-uc=uc-*2", "--readiness-json=out.json", "--readiness-report")
    result.assert_outcomes(passed=1, deselected=0 if how else 3)
    document = json.loads((project.path / "out.json").read_text())
    assert [use_case["id"] for use_case in document["use_cases"]] == ["UC-002"]
    assert "UC-001" not in result.stdout.str().split("production readiness")[1]


def test_uc_from_the_environment(project: Project) -> None:
    """READINESS_UC is read where the option is not given."""
    project.configured().tests(FOUR)
    project.monkeypatch.setenv("READINESS_UC", "UC-001")
    project.run().assert_outcomes(passed=2, deselected=2)
    project.run("--readiness-uc=UC-002").assert_outcomes(passed=1, deselected=3)


def test_an_unknown_use_case_is_a_usage_error(project: Project) -> None:
    """A pattern that matches nothing ends the session before a test runs, and names the nearest."""
    project.configured().tests(FOUR)
    result = project.run("--readiness-uc=UC-03")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*no use case in register 'default' matches 'UC-03' (there are UC-001, UC-002)"])


@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_plan_runs_nothing(project: Project, how: tuple[str, ...]) -> None:
    """--readiness-plan shows requirement by requirement who claims it and what nobody claims, and writes nothing."""
    project.configured().tests(FOUR.replace('@evidence("UC-002", item=[1, 2])\ndef test_c(): pass', ""))
    result = project.run(*how, "--readiness-plan")
    output = result.stdout.str()
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*UC-001/1*", "*test_it.py::test_a*", "*UC-001/2*", "*test_b*", "*not claimed by any test*"]
    )
    assert "UC-002" in output.split("not claimed by any test")[1]
    assert not (project.path / ".readiness").exists()


@pytest.mark.parametrize("option", ["html", "markdown", "junit", "bundle"])
def test_a_plan_is_written_in_two_formats(project: Project, option: str) -> None:
    """Another file beside the plan would not be written: a usage error names the ones that would."""
    project.configured().tests(FOUR)
    result = project.run("--readiness-plan", f"--readiness-{option}=x.out")
    assert (result.ret, (project.path / "x.out").exists()) == (pytest.ExitCode.USAGE_ERROR, False)
    expected = (
        f"*--readiness-{option} beside --readiness-plan: a plan is written with --readiness-json or --readiness-csv"
    )
    result.stderr.fnmatch_lines([expected])


def test_gate_exit_codes(project: Project) -> None:
    """The gate gives 11 where pytest would say 0, and leaves pytest's own code where it is not 0."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): assert os.environ.get('FINE')\n")
    assert project.run("--readiness-gate").ret == 1
    project.monkeypatch.setenv("FINE", "1")
    assert project.run("--readiness-gate").ret == 11
    assert project.run().ret == 0


def test_gate_on_evidence(project: Project) -> None:
    """--readiness-gate-on=evidence asks for the evidence alone."""
    project.configured().tests(FOUR)
    assert project.run("--readiness-gate").ret == 11
    result = project.run("--readiness-gate", "--readiness-gate-on=evidence")
    assert result.ret == 0, result.stdout.str()
    assert "ELIGIBLE (on evidence)" in result.stdout.str()


def test_a_passing_gate_needs_more_than_a_green_session(project: Project) -> None:
    """A session that ran no evidence test, or only skipped ones, does not open the gate."""
    project.configured().tests(
        "def test_plain(): pass\n@evidence('UC-001', item=1)\n@pytest.mark.skip\ndef test_s(): 0\n"
    )
    assert project.run("--readiness-gate", "--readiness-gate-on=evidence").ret == 11


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--readiness-environment=stagin", "no environment 'stagin' (did you mean 'staging'?)"),
        ("--readiness-gate-on=revue", "--readiness-gate-on must be review or evidence, not 'revue'"),
        ("--readiness-run-group=nightly", "takes ID:K/N"),
        ("--readiness-run-group=nightly:4", "takes ID:K/N, such as nightly:2/4, not 'nightly:4'"),
        ("--readiness-run-group=nightly:0/4", "K is a number from 1 to N"),
        ("--readiness-run-group=nightly:5/4", "K is a number from 1 to N"),
        ("--readiness-run-group=nightly:0/0", "K is a number from 1 to N"),
        ("--readiness-run-group=nightly:/4", "takes ID:K/N"),
        ("--readiness-run-group=nightly:1/-2", "takes ID:K/N"),
        ("--readiness-run-group=nightly:1/4/4", "takes ID:K/N"),
        ("--readiness-run-group=nightly:1/99999999999999999999", "takes ID:K/N"),
        ("--readiness-run-group=nightly:\u0661/\u0662", "takes ID:K/N"),
        ("--readiness-run-group= :1/3", "takes ID:K/N"),
        ("--readiness-run-group=:1/3", "takes ID:K/N"),
        ("--readiness-json=no/such/folder/x.json", "there is no folder"),
        ("--readiness-config=nowhere.toml", "nowhere.toml"),
        ("--readiness-store=mysql://x", "mysql"),
    ],
)
@pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
def test_mistakes_in_options_are_usage_errors(
    project: Project, option: str, expected: str, how: tuple[str, ...]
) -> None:
    """A mistake that can be known before a test runs is exit code 4 and one line, without a traceback."""
    project.configured().tests(FOUR)
    result = project.run(*how, option, environment=None)
    output = result.stderr.str() + result.stdout.str()
    assert result.ret == 4, output
    assert expected in output
    assert "Traceback" not in output
    assert "INTERNALERROR" not in output
    assert not (project.path / ".readiness").exists()


def test_every_file_without_a_folder_is_named(project: Project) -> None:
    """One attempt shows all of them, in the order of the options."""
    project.configured().tests(FOUR)
    result = project.run("--readiness-json=no/x.json", "--readiness-html=no/x.html")
    files = "--readiness-html=no/x.html, --readiness-json=no/x.json"
    assert result.ret == 4
    assert f"{files}: there is no folder to write these files in: make it first" in result.stderr.str()


def test_options_before_variables_before_config(project: Project) -> None:
    """Tenant, project and provider mode: the option goes before its variable, that before the config."""
    project.configured(CONFIG + '[context]\ntenant_id = "t-c"\nproject_id = "p-c"\nprovider_mode = "BYOK"\n')
    project.tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")

    def recorded(*args: str) -> tuple[str, str, str]:
        project.run(*args)
        newest = max(project.evidence("UC-001"), key=lambda piece: piece["started_at"])
        return newest["tenant_id"], newest["project_id"], newest["provider_mode"]

    assert recorded() == ("t-c", "p-c", "BYOK")
    project.monkeypatch.setenv("READINESS_TENANT", "t-v")
    project.monkeypatch.setenv("READINESS_PROVIDER_MODE", "MANAGED")
    assert recorded() == ("t-v", "p-c", "MANAGED")
    assert recorded("--readiness-tenant=t-o", "--readiness-project=p-o") == ("t-o", "p-o", "MANAGED")


def test_environment_from_its_variable(project: Project) -> None:
    """READINESS_ENVIRONMENT says where a run takes place."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    project.run(environment=None)
    assert project.states()["UC-001/1"] == "COMPLETE"


def test_quiet_and_verbose_reports(project: Project) -> None:
    """-q shows the verdict, -v what the items are; without an option one line says what was recorded."""
    project.configured().tests(FOUR)
    plain = project.run().stdout.str().split("production readiness")[1]
    assert "4 pieces of evidence recorded as run" in plain
    assert "matrix" not in plain
    quiet = project.run("-q", "--readiness-report").stdout.str().split("production readiness")[1]
    assert "NOT ELIGIBLE" in quiet
    assert "who must act" not in quiet
    assert "a trace is kept" in project.run("-v", "--readiness-report").stdout.str()


def test_help_names_every_option(project: Project) -> None:
    """pytest --help tells each option with its environment variable."""
    output = project.run("--help", environment=None).stdout.str()
    for name in ("report", "gate", "plan", "uc=", "environment=", "json=", "run-group=", "actor="):
        assert f"--readiness-{name}" in output, name
    assert "READINESS_RUN_GROUP" in output
    assert "--no-readiness" in output


def test_a_quiet_gate_says_why_it_is_closed(project: Project) -> None:
    """With -q the verdict and each failed rule with its reason are told, and no rule that passed; open, the verdict."""
    project.configured(CONFIG + '[gate]\non = "evidence"\n').tests(
        "@evidence('UC-001', 'UC-002', item=1)\ndef test_a(): pass\n"
        "@evidence('UC-001', item=2)\ndef test_b(): assert 0\n"
    )
    output = " ".join(project.run("-q", "--readiness-gate").stdout.lines)
    output = " ".join(output.split())
    assert "NOT ELIGIBLE" in output
    assert "failed evidence complete (2 of 4 requirements fail): UC-001/2 FAILING, UC-002/2 MISSING" in output
    assert "passed runs sealed" not in output
    report = " ".join(" ".join(project.run("-q", "--readiness-report").stdout.lines).split())
    assert "NOT ELIGIBLE" in report
    assert "failed evidence complete" not in report
    project.tests(
        "@evidence('UC-001', 'UC-002', item=[1, 2])\n"
        "def test_b(record_evidence): record_evidence.trace([1], again=[1])\n"
        "@evidence('UC-001', 'UC-002', item=1)\ndef test_a(): pass\n"
    )
    lines = project.run("-q", "--readiness-gate").stdout.lines
    assert [line for line in lines if "ELIGIBLE" in line or "rule" in line or "failed" in line] == [
        "ELIGIBLE (on evidence): 2 of 2 with enough evidence"
    ]


def test_the_plan_tells_wrong_marks(project: Project) -> None:
    """A mark that will fail its test is told by the plan, in the words of the failure, also where another one is right."""
    project.configured().tests(
        "@evidence('UC-9', item=1)\ndef test_unknown(): pass\n"
        "@evidence('UC-001')\ndef test_no_item(): pass\n"
        "@evidence('UC-001', item=1)\n@evidence('UC-001', item=9)\ndef test_half(): pass\n"
    )
    result = project.run("--readiness-plan")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    output = " ".join(" ".join(result.stdout.lines).split())
    run = " ".join(" ".join(project.run().stdout.lines).split())
    assert "wrong marks or rules: these tests will fail" in output
    for name, expected in (("test_unknown", "UC-9"), ("test_no_item", "item"), ("test_half", "9")):
        after = output.partition("wrong marks")[2].partition(f"test_it.py::{name} ")[2].partition(" test_it.py::")[0]
        problem = after.partition(" 1 of ")[0]
        assert expected in problem
        assert problem in run
