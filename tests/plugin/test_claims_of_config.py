"""Rules of the config: tests that no mark of ours touches are evidence, as if they were marked."""

from __future__ import annotations

import json
import os

import pytest

from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

RULES = """
[claims]
"tests/keys/**::test_provider*" = "UC-001/1"
"tests/keys/**::TestBoth" = ["UC-001/1", "UC-002/1"]
[claims.marks]
"jira(PAY-*)" = "UC-{1}/2"
"""
TESTS = """
import pytest

@pytest.mark.parametrize("key", ["byok", "managed"])
def test_provider(key): pass

class TestBoth:
    def test_it(self, record_evidence):
        record_evidence.note("from a rule")

@pytest.mark.jira("PAY-002", run=False)
def test_ticket(): pass

def test_plain(): pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with rules, and tests without any mark of ours."""
    project = Project.at(pytester, monkeypatch).configured(CONFIG + RULES)
    project.write("pytest.ini", "[pytest]\nmarkers = jira\n")
    project.write("tests/keys/test_keys.py", TESTS)
    return project


def evidence_of(project: Project) -> dict[str, list[str]]:
    """The tests with evidence for each requirement, by the end of their names."""
    return {
        needed["id"]: sorted(piece["test_id"].split("::", 1)[1] for piece in needed["evidence"])
        for use_case in project.report()["use_cases"]
        for item in use_case["items"]
        for needed in item["requirements"]
    }


EXPECTED = {
    "UC-001/1": ["TestBoth::test_it", "test_provider[byok]", "test_provider[managed]"],
    "UC-001/2": [],
    "UC-002/1": ["TestBoth::test_it"],
    "UC-002/2": ["test_ticket"],
}


@pytest.mark.parametrize("how", [(), XDIST, (*XDIST, "--dist=loadgroup")], ids=["serial", "xdist", "groups"])
def test_rules_claim_as_marks_do(project: Project, how: tuple[str, ...]) -> None:
    """Each matched test is recorded with its claims, serial and under xdist; `record_evidence` works in it."""
    if "--dist=loadgroup" in how:
        source = TESTS.replace("class TestBoth", "@pytest.mark.xdist_group('one')\nclass TestBoth")
        project.write("tests/keys/test_keys.py", source)
    project.run(*how).assert_outcomes(passed=5)
    assert evidence_of(project) == EXPECTED
    assert "from a rule" in project.cli("show", "UC-001/1", "-v").stdout
    assert project.cli("verify").exit_code == 0


def test_a_session_without_any_option_or_mark_records_by_rules(project: Project) -> None:
    """The config alone is enough: as with marks, no option is needed."""
    result = project.run(environment=None)
    assert any("5 pieces of evidence recorded" in line for line in result.outlines)
    assert evidence_of(project) == EXPECTED


@pytest.mark.parametrize("folder", ["tests", "tests/keys"])
def test_a_glob_is_relative_to_the_config_whatever_the_rootdir(project: Project, folder: str) -> None:
    """Rules name tests as the reports do, if pytest runs in a folder below with a config of its own."""
    project.write(f"{folder}/pytest.ini", "[pytest]\nmarkers = jira\n")
    os.chdir(project.path / folder)
    project.run(environment=None).assert_outcomes(passed=5)
    os.chdir(project.path)
    assert evidence_of(project) == EXPECTED


def test_a_session_in_which_no_rule_matches_leaves_no_trace(project: Project) -> None:
    """Rules alone write nothing, and print nothing."""
    project.write("tests/other/test_plain.py", "def test_plain(): pass\n")
    result = project.run("tests/other", environment=None)
    result.assert_outcomes(passed=1)
    assert "production readiness" not in result.stdout.str()
    assert not (project.path / ".readiness").exists()


@pytest.mark.parametrize("rules", ['"**::test_other" = "UC-001/1"', '"**::test_*" = "UC-009/1"'])
def test_no_readiness_turns_rules_off(project: Project, rules: str) -> None:
    """Nothing is read with `--no-readiness`, not even a wrong rule."""
    project.configured(f"{CONFIG}\n[claims]\n{rules}\n")
    project.run("--no-readiness", environment=None).assert_outcomes(passed=5)
    assert not (project.path / ".readiness").exists()


def test_claims_of_marks_and_rules_add_up(project: Project) -> None:
    """A test with a mark of ours keeps its claims, and gets those of its rules; the same claim is one."""
    project.tests(
        """
        @evidence("UC-002", item=1)
        @evidence("UC-001", item=1)
        def test_provider(): pass
        """,
        "tests/keys/test_marked.py",
    )
    project.run("tests/keys/test_marked.py").assert_outcomes(passed=1)
    assert evidence_of(project) == {
        "UC-001/1": ["test_provider"], "UC-001/2": [], "UC-002/1": ["test_provider"], "UC-002/2": []
    }  # fmt: skip


@pytest.mark.parametrize("how", [(), XDIST], ids=["serial", "xdist"])
def test_the_selection_honours_rules(project: Project, how: tuple[str, ...]) -> None:
    """`--readiness-uc` and `--readiness-missing` run the tests that rules claim, and no others."""
    project.run(*how, "--readiness-missing", "-k", "not TestBoth").assert_outcomes(passed=3)
    assert project.states()["UC-001/1"] == "COMPLETE"
    project.run(*how, "--readiness-missing").assert_outcomes(passed=2)  # item 2 lacks its proof
    project.run(*how, "--readiness-uc=UC-002").assert_outcomes(passed=2)


def test_a_deselected_test_of_a_rule_is_known_to_the_run(project: Project) -> None:
    """What `-k` leaves out is in the plan of the run, as a marked test is."""
    project.run("-k", "ticket")
    (run,) = project.report()["runs"]
    assert run["left_out"] == 3


def test_a_failing_test_of_a_rule_blocks(project: Project) -> None:
    """A failure is one, whoever claims."""
    project.write("tests/keys/test_keys.py", TESTS.replace("test_provider(key): pass", "test_provider(key): assert 0"))
    project.run()
    assert project.states()["UC-001/1"] == "FAILING"


@pytest.mark.parametrize("by_rule", [True, False], ids=["rule", "mark"])
def test_a_test_that_lost_its_claim_stays_due_until_it_is_retired(project: Project, by_rule: bool) -> None:
    """A failure of a test whose rule or mark is gone keeps its requirement FAILING; a retirement ends that."""
    mark = "" if by_rule else "from pytest_readiness import evidence\n@evidence('UC-001', item=1)\n"
    rule = '[claims]\n"**::test_old" = "UC-001/1"\n' if by_rule else ""
    base = CONFIG + '[review]\nreviewers = ["qa@example.com"]\n'
    project.configured(base + rule)
    project.write("tests/keys/test_keys.py", f"{mark}def test_old(): assert 0\n")
    project.run("--readiness-actor=dev@example.com")
    assert project.states()["UC-001/1"] == "FAILING"

    project.configured(base)
    source = "from pytest_readiness import evidence\ndef test_old(): pass\n@evidence('UC-001', item=1)\ndef test_new(): pass\n"
    project.write("tests/keys/test_keys.py", source)
    project.run("--readiness-actor=dev@example.com")
    assert project.states()["UC-001/1"] == "FAILING"
    assert project.cli("gate", "UC-001", "--on", "evidence").exit_code == 1

    name = "tests/keys/test_keys.py::test_old"
    retired = project.cli("retire", name, "--reason", "it is covered by test_new", "--by", "qa@example.com")
    assert retired.exit_code == 0, retired.output
    assert project.states()["UC-001/1"] == "COMPLETE"


def test_the_rules_are_no_requirement(project: Project) -> None:
    """A change of rules changes no digest of requirements, so that no review goes suspect."""
    project.run()
    before = project.report()["context"]["requirements_digest"]
    project.configured(CONFIG)
    assert project.report()["context"]["requirements_digest"] == before


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ('"**::test_*" = "UC-01/1"', "no use case 'UC-01' (did you mean 'UC-001'?)"),
        ('"**::test_*" = "UC-001/9"', "no item '9' (items are 1, 2)"),
        ('"**::test_*" = "UC-001/1/rotation"', "item 1 of UC-001 has no part 'rotation' (it has no parts)"),
        ('"**::test_*" = "UC-001"', "'UC-001' is not of the form UC/ITEM, such as UC-003/4"),
        ('"tests/**" = ["UC-001/1",\n"UC-001/stagin"]', "no item 'stagin' (items are 1, 2)"),
        ('"tests/*" = "UC-{2}/1"', "claims 'UC-{2}/1', where {2} is what a * matched, and has 1 *"),
        (f'"tests/**" = "UC-001/{{{"9" * 5000}}}"', "no item '{999"),
        ('"tests/**" = "UC-{1}/8"', "no item '8' (items are 1, 2)"),
        ('"::test_x" = "UC-001/1"', 'must be a glob on node ids, such as "tests/keys/**::test_rotation*"'),
        ('[claims.marks]\n"jira()" = "UC-001/1"', "must be NAME, NAME(ARG) or NAME(key=ARG)"),
        ('[claims.mark]\n"jira" = "UC-001/1"', "unknown key 'mark' (did you mean 'marks'?)"),
        ('"tests/*" = 5', "must be a requirement such as"),
        ('"tests/*" = []', "must not be empty"),
    ],
)
def test_a_wrong_rule_is_an_error_of_the_config(project: Project, rules: str, message: str) -> None:
    """pytest ends with 4, the command with 2 and `check` with 1; each names the line and the nearest name."""
    project.configured(f"{CONFIG}\n[claims]\n{rules}\n")
    text = (project.path / "readiness.toml").read_text().splitlines()
    line = next(number for number, written in enumerate(text, 1) if written in rules and "=" in written)
    if "stagin" in rules:
        line += 1
    if "[claims.mark]" in rules:
        line -= 1
    where = f"readiness.toml:{line}: "
    result = project.run(environment=None)
    assert result.ret == 4
    error = next(text for text in result.errlines if where in text)
    assert message in error
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert project.cli("gate").exit_code == 2
    checked = project.cli("check")
    assert checked.exit_code == 1
    assert where in checked.stdout
    assert message in checked.stdout


@pytest.mark.parametrize("how", [(), XDIST], ids=["serial", "xdist"])
def test_a_mark_that_names_an_unknown_use_case_fails_its_test_alone(project: Project, how: tuple[str, ...]) -> None:
    """The one test fails in its setup, with the rule and the nearest name; the others are recorded."""
    project.write("tests/keys/test_keys.py", TESTS.replace("PAY-002", "PAY-02"))
    result = project.run(*how)
    result.assert_outcomes(passed=4, errors=1)
    message = "'jira(PAY-*)' claims 'UC-02/2': no use case 'UC-02' (did you mean 'UC-002'?)"
    assert f"readiness.toml:22: {message}" in result.stdout.str()
    assert evidence_of(project)["UC-001/1"] == EXPECTED["UC-001/1"]
    plan = " ".join(project.run("--readiness-plan").stdout.str().split())
    assert "wrong marks or rules: these tests will fail tests/keys/test_keys.py::test_ticket readiness.toml:22" in plan


def test_an_unknown_part_from_a_mark_still_replaces_the_pass_before(project: Project) -> None:
    """The failing test counts for the use case and item that its rule names: an older pass does not stand."""
    rules = '[claims.marks]\n"jira(*)" = "UC-002/1{1}"\n'
    project.configured(CONFIG + rules)
    project.write("tests/keys/test_keys.py", "import pytest\n@pytest.mark.jira('')\ndef test_a(): pass\n")
    project.run().assert_outcomes(passed=1)
    assert project.states()["UC-002/1"] == "COMPLETE"
    project.write("tests/keys/test_keys.py", "import pytest\n@pytest.mark.jira('/rotation')\ndef test_a(): pass\n")
    project.run().assert_outcomes(errors=1)
    assert project.states()["UC-002/1"] == "FAILING"


def test_the_plan_lists_rules_that_match_nothing_and_what_they_nearly_match(project: Project) -> None:
    """A rule without a test is told with its line; a deselected test counts as matched."""
    more = """
    "tests/*::test_provider" = "UC-001/1"
    "Tests/keys/**::test_provider" = "UC-001/1"
    "tests/gone/**" = "UC-001/1"
    """
    config = CONFIG + RULES.replace("[claims.marks]", f"{more}[claims.marks]") + '"xray(*)" = "UC-001/1"\n'
    project.configured(config)
    output = project.run("--readiness-plan", "-k", "provider").stdout.str()
    idle = " ".join(
        output.split("rules of [claims] that match no collected test")[1].split("requirements claimed")[0].split()
    )
    near = "it nearly matches 'tests/keys/test_keys.py::test_provider[byok]'"
    assert f"'tests/*::test_provider': {near} (* stands for one step, ** for any number of steps)" in idle
    assert f"'Tests/keys/**::test_provider': {near} (letter case counts)" in idle
    assert "'tests/gone/**'" in idle
    assert "readiness.toml:27: 'xray(*)'" in idle
    assert "jira" not in idle
    assert "TestBoth" not in idle


def test_check_decides_by_the_runs_that_were_recorded(project: Project) -> None:
    """Rules without a run are named in one note; one that matched nothing in any whole run is a problem; one match is enough."""
    project.configured(CONFIG + RULES + '"xray(*)" = "UC-001/1"\n')
    first = project.cli("check")
    assert first.exit_code == 0
    (note,) = [line for line in first.stdout.splitlines() if "not been in a recorded run" in line]
    globs = "'tests/keys/**::test_provider*', 'tests/keys/**::TestBoth'"
    assert "readiness.toml:19: these rules have not been in a recorded run yet, " in note
    assert f"{globs}, 'jira(PAY-*)', 'xray(*)'" in note

    project.run("tests/keys/test_keys.py::test_ticket")
    narrow = project.cli("check")
    assert narrow.exit_code == 0, narrow.stdout
    (note,) = [line for line in narrow.stdout.splitlines() if "not been in a recorded run" in line]
    assert f"yet, `pytest --readiness-plan` shows what they match: {globs}, 'xray(*)'" in note

    project.run(*XDIST)
    whole = project.cli("check")
    assert whole.exit_code == 1
    assert "readiness.toml:23: the rule 'xray(*)' matched no test in the recorded run that had it" in whole.stdout
    assert whole.stdout.rstrip().endswith("1 problem")


def test_the_plan_is_written_as_json_and_counts_in_a_matrix(project: Project) -> None:
    """The matrix is at the top; the JSON beside it has the same numbers; other formats are refused."""
    result = project.run("--readiness-plan", "--readiness-json=plan.json")
    lines = [line.split() for line in result.outlines]
    at = lines.index(["UC", "1", "2"])
    assert lines[at + 1 : at + 3] == [["UC-001", "3", "·"], ["UC-002", "1", "1"]]
    document = json.loads((project.path / "plan.json").read_text())
    counts = {case["id"]: {item["item"]: item["tests"] for item in case["items"]} for case in document["use_cases"]}
    assert counts == {"UC-001": {"1": 3, "2": 0}, "UC-002": {"1": 1, "2": 1}}
    assert not (project.path / ".readiness").exists()


def test_an_earlier_format_of_runs_needs_no_rules(project: Project) -> None:
    """A run without rules has no counts, and a config without rules asks for none."""
    project.configured(CONFIG)
    project.tests("@evidence('UC-001', item=1)\ndef test_a(): pass\n")
    project.run()
    assert project.cli("check").exit_code == 0


@pytest.mark.parametrize("how", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
def test_a_mark_that_a_rule_matches_and_that_comes_too_late_is_reported(project: Project, how: tuple[str, ...]) -> None:
    """It records nothing, as a late evidence mark, and a line names the tests that the rule would have claimed for."""
    project.write(
        "tests/keys/test_keys.py",
        """
        import pytest

        def test_first(request):
            request.node.add_marker(pytest.mark.jira("PAY-002"))
            assert False

        def test_provider(request):
            request.node.add_marker(pytest.mark.jira("PAY-002"))

        @pytest.mark.jira("PAY-002")
        def test_ticket(request):
            request.node.add_marker(pytest.mark.jira("PAY-002"))

        def test_plain(request):
            request.node.add_marker(pytest.mark.jira("OPS-1"))
        """,
    )
    result = project.run(*how, "-W", "ignore")
    (line,) = [line for line in result.outlines if "marked as evidence" in line]
    names = "tests/keys/test_keys.py::test_first, tests/keys/test_keys.py::test_provider"
    assert line.startswith(f"2 tests were marked as evidence while they ran ({names}), which records nothing")
