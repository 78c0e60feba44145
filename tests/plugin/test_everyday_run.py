"""The everyday run, without a report or a gate: it says what does not count, and why it does not end with 0."""

from __future__ import annotations

import pickle
import re

import pytest

from pytest_readiness.errors import ClaimError, EvidenceError, ProofError
from tests.project import CONFIG, XDIST, Project
from tests.reviewed_project import commit, repository

pytestmark = pytest.mark.slow

TWO = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-002", item=1)
def test_b(): pass
"""
STATED = """
@evidence("UC-001", item=1)
def test_a(record_evidence): record_evidence.scope(environment="staging")
"""
NOT_NAMED = "as no environment was named (--readiness-environment=NAME, READINESS_ENVIRONMENT; real here: staging)"
_LAST = re.compile(r"===|no tests ran|\d+ \w+.* in [0-9.]+s")
NO_CONFIG = "no readiness.toml: nothing was recorded (readiness init)"


def summary(result: pytest.RunResult) -> list[str]:
    """The lines of our section, without pytest's last one."""
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if " production readiness " in line)
    end = next(number for number, line in enumerate(lines) if number > start and _LAST.match(line))
    return [line for line in lines[start + 1 : end] if line]


@pytest.mark.parametrize("how", [(), ("-q",), ("-v",), ("--readiness-bundle=run.zip",), XDIST], ids=str)
def test_a_run_without_an_environment_says_that_nothing_counts(project: Project, how: tuple[str, ...]) -> None:
    """One line has the number, the option, the variable and the real environments."""
    project.configured().tests(TWO)
    (line,) = [line for line in project.run(*how, environment=None).outlines if "recorded as run" in line]
    assert line.startswith("2 pieces of evidence recorded as run ")
    assert line.endswith(f": all rehearsals, {NOT_NAMED}")


def test_a_run_on_changed_files_says_so(project: Project) -> None:
    """Evidence from a work tree with uncommitted changes is recorded, and the line says it; a clean one says nothing."""
    repository(project.configured().tests(TWO))
    commit(project)
    (line,) = summary(project.run())
    assert line.startswith("2 pieces of evidence recorded as run ")
    assert "uncommitted" not in line
    project.tests(f"{TWO}\n# changed\n")
    (line,) = summary(project.run())
    assert line.endswith(", with uncommitted changes")


def test_a_variable_that_is_empty_is_named(project: Project) -> None:
    """CI passes an empty text for a variable that is not set: that is no environment, and the line shows it."""
    project.configured().tests(STATED.replace("staging", "dev"))
    project.tests('@evidence("UC-001", item=1)\ndef test_b(): pass\n', "test_b.py")
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "")
    (line,) = summary(project.run("test_b.py", environment=None))
    assert ": a rehearsal, as no environment was named (" in line
    assert "READINESS_ENVIRONMENT is empty" in line


def test_the_reason_is_that_of_most_pieces(project: Project) -> None:
    """What counts is not a rehearsal; of several reasons the most frequent one is shown, and the rest is counted."""
    project.configured().tests(TWO + STATED.replace("test_a", "test_c"))
    (line,) = summary(project.run(environment=None))
    assert line.startswith("3 pieces of evidence recorded as run ")
    assert line.endswith(f": 2 of them rehearsals, {NOT_NAMED}")
    project.tests(TWO + STATED.replace("test_a", "test_c").replace("staging", "dev"))
    (line,) = summary(project.run(environment=None))
    assert line.endswith(f": all rehearsals, {NOT_NAMED}; 1 for other reasons")


MODES = '\n[provider_modes]\nBYOK = "own key"\nFAKE = { title = "a stub", real = false }\n'


@pytest.mark.parametrize(
    ("config", "options", "expected"),
    [
        (CONFIG, ["--readiness-environment=dev"], "environment 'dev' is not declared real (real here: staging)"),
        (
            CONFIG.replace("real = true", "real = false"),
            ["--readiness-environment=dev"],
            "no real environment is declared: add [environments.NAME] real = true to the config",
        ),
        (
            CONFIG + MODES,
            ["--readiness-environment=staging", "--readiness-provider-mode=FAKE"],
            "provider mode 'FAKE' is not declared real (real here: BYOK)",
        ),
    ],
    ids=["an environment that is not real", "none is real", "a provider mode"],
)
def test_each_reason_has_its_way_out(project: Project, config: str, options: list[str], expected: str) -> None:
    """An environment or a provider mode that is not real is named with the real ones, in a report's session too."""
    project.configured(config).tests(TWO)
    (line,) = summary(project.run(*options, environment=None))
    assert line.endswith(f": all rehearsals, as {expected}")
    report = project.run(*options, "--readiness-report", environment=None).outlines
    assert f"2 pieces of evidence: all rehearsals, as {expected}" in report
    quiet = project.run(*options, "-q", "--readiness-gate", environment=None).outlines
    assert f"2 pieces of evidence: all rehearsals, as {expected}" in quiet


def test_a_replaced_network_is_told_at_once(project: Project) -> None:
    """A mock in a real environment makes a rehearsal of the one test that has it."""
    mocked = '\n@evidence("UC-002", item=1)\ndef test_m(monkeypatch): monkeypatch.setattr("socket.socket", None)\n'
    project.configured().tests(TWO + mocked)
    (line,) = summary(project.run_apart())
    assert ": 1 of them a rehearsal, as " in line
    assert "socket" in line


def test_real_evidence_is_told_in_the_line_as_before(project: Project) -> None:
    """In a real environment there is nothing more to say."""
    project.configured().tests(TWO)
    (line,) = summary(project.run())
    assert "rehears" not in line
    assert "rehears" not in "".join(project.run("-q", "--readiness-gate").outlines)


@pytest.mark.parametrize("how", [(), ("-q",), XDIST], ids=["alone", "quiet", "xdist"])
def test_evidence_tests_without_a_config_are_told(project: Project, how: tuple[str, ...]) -> None:
    """A line says how many there are, that nothing was recorded, and what to do; nothing is written."""
    project.tests(TWO + "\ndef test_plain(): pass\n")
    result = project.run(*how, environment=None)
    result.assert_outcomes(passed=3)
    assert summary(result) == [f"2 evidence tests, {NO_CONFIG}"]
    assert not (project.path / ".readiness").exists()
    only = project.run(*how, "test_it.py::test_a", environment=None)
    assert summary(only) == [f"1 evidence test, {NO_CONFIG}"]


def test_without_a_config_other_sessions_stay_silent(project: Project) -> None:
    """No evidence test, none selected, a collection, or a plugin that is off: there is nothing to say."""
    project.tests(TWO)
    project.tests("def test_plain(): pass\n", "test_plain.py")
    for how in (("test_plain.py",), ("-k", "plain"), ("--collect-only",), ("--no-readiness",), ("--setup-plan",)):
        assert "production readiness" not in project.run(*how, environment=None).stdout.str(), how


def test_a_gate_says_its_exit_code(project: Project) -> None:
    """pytest's last line is green: the code is explained above, in all verbosities, unless pytest's own code stands."""
    project.configured().tests("@evidence('UC-001', item=1)\ndef test_a(): assert os.environ.get('FINE')\n")
    expected = "exit code 11: the readiness gate is closed"
    assert expected not in project.run("-q", "--readiness-gate").outlines  # pytest's own 1 stands
    project.monkeypatch.setenv("FINE", "1")
    for how in ((), ("-q",), ("-v",), ("--readiness-report",)):
        result = project.run("--readiness-gate", *how)
        assert result.ret == 11
        assert summary(result)[-1] == expected
    without = project.run("--readiness-report")
    assert (without.ret, expected in without.outlines) == (0, False)


def test_a_quiet_gate_without_a_config_says_what_to_do(project: Project) -> None:
    """With -q too the way out is ``readiness init``."""
    project.tests(TWO)
    result = project.run("-q", "--readiness-gate", environment=None)
    assert result.ret == 11
    *_, advice, code = summary(result)
    assert advice == f"no config in {project.path} or above: run 'readiness init', or name one: --readiness-config=PATH"
    assert code == "exit code 11: the readiness gate is closed"


def test_evidence_that_is_lost_says_its_exit_code(project: Project) -> None:
    """13 is explained below the problem."""
    project.configured().tests(TWO)
    result = project.run("-q", "--readiness-store=sqlite:////dev/null/no.db")
    assert result.ret == 13
    assert summary(result)[-1] == "exit code 13: evidence could not be stored, or is not intact"


def test_a_plan_with_wrong_marks_is_a_usage_error(project: Project) -> None:
    """Its exit code is 4 with wrong marks, and else 0, even if no test is selected."""
    project.configured().tests(TWO + "\n@evidence('UC-9', item=1)\ndef test_wrong(): pass\n")
    result = project.run("-q", "--readiness-plan")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    lines = summary(result)
    start = lines.index("wrong marks or rules: these tests will fail")
    assert [line.strip() for line in lines[start + 1 : start + 3]] == [
        "test_it.py::test_wrong",
        "no use case 'UC-9' (there are UC-001, UC-002)",
    ]
    totals = " ".join(lines[-2:])
    assert "not claimed; 1 test with wrong marks, 1 of which names no known use case and item" in totals
    project.tests('@evidence("UC-001", item=1)\ndef test_a(): pass\n')
    assert project.run("--readiness-plan").ret == 0
    assert project.run("--readiness-plan", "--readiness-uc=UC-002").ret == 0
    project.tests("def test_plain(): 1 +\n", "test_broken.py")
    assert project.run("--readiness-plan").ret not in (0, 4)


def test_the_reason_of_a_failed_call_comes_first(project: Project) -> None:
    """The short summary names the error without its module, so that the reason fits into the line."""
    test = "@evidence('UC-001', item=2)\ndef test_{0}(record_evidence): record_evidence.{1}\n"
    calls = {
        "trace([1], again=[2])": "ProofError: the two captures differ at $[0]",
        "scope(environment='prod')": "ClaimError: no environment 'prod' (declared are staging, dev)",
        "attach(pathlib.Path('no.log'))": "EvidenceError: there is no file no.log to attach",
    }
    project.configured().tests("".join(test.format(number, call) for number, call in enumerate(calls)))
    lines = project.run().outlines
    for number, reason in enumerate(calls.values()):
        assert f"FAILED test_it.py::test_{number} - {reason}" in lines


@pytest.mark.parametrize("kind", [ProofError, ClaimError, EvidenceError])
def test_a_failed_call_travels_to_another_process(kind: type[Exception]) -> None:
    """It is the same error there, although its module is not the one that it names."""
    copy = pickle.loads(pickle.dumps(kind("the two captures differ")))
    assert type(copy) is kind
    assert copy.args == ("the two captures differ",)


def test_an_attached_file_name_is_warned_of(project: Project) -> None:
    """The name of a file, there or not, is text: the run says so beside the test; other texts are attached in peace."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_there(record_evidence):
            pathlib.Path("server.log").write_text("started")
            record_evidence.attach("server.log")

        @evidence("UC-001", item=1)
        def test_not_there(record_evidence):
            record_evidence.attach("out/shots/step-1.png")

        @evidence("UC-001", item=1)
        def test_texts(record_evidence):
            for text in (
                "started server.log", "1.25", "v1.2.3", "api.example.com", "https://x.example/a.html", "a.b=c.log",
                '{"file":"a.log"}', ".env", "log", "e.g.", "one.log\\ntwo.log", "",
            ):
                record_evidence.attach(text)
        """
    )
    _, *lines = summary(project.run())
    expected = "was attached, and not {} file of that name: attach a pathlib.Path"
    assert lines == [
        f"warning: test_it.py::test_there: the text 'server.log' {expected.format('the')}",
        f"warning: test_it.py::test_not_there: the text 'out/shots/step-1.png' {expected.format('a')}",
    ]


def test_many_warnings_are_counted(project: Project) -> None:
    """Three are shown; the report and ``why`` have the others."""
    attach = '\n@evidence("UC-001", item=1)\ndef test_{0}(record_evidence): record_evidence.attach("{0}.log")\n'
    project.configured().tests("".join(attach.format(name) for name in "abcde"))
    lines = summary(project.run())
    assert len([line for line in lines if line.startswith("warning: ")]) == 3
    assert lines[-1] == "2 more warnings: `readiness why` shows those of a use case"


def test_a_warning_has_no_secret_that_is_registered_later(project: Project) -> None:
    """What a run prints at its end is redacted by all that was learned until then."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_a(record_evidence):
            record_evidence.attach("Tr0ub4dor-Horse.log")

        @evidence("UC-001", item=1)
        def test_b(record_evidence):
            record_evidence.secret("Tr0ub4dor-Horse")
        """
    )
    lines = summary(project.run())
    assert any(line.startswith("warning: test_it.py::test_a: the text '[REDACTED") for line in lines), lines
    assert "Tr0ub4dor" not in "".join(lines)
