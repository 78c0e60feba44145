"""A row that is taken out takes nothing with it: what was open keeps the gate closed until a reviewer lets go of it."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.project import CONFIG, TRACKER, Project

pytestmark = pytest.mark.slow

CONFIG = (
    CONFIG + '[review]\nreviewers = ["ana@example.com", "ben@example.com"]\nseparate = true\n[gate]\non = "evidence"\n'
)
ROW = next(line + "\n" for line in TRACKER.splitlines() if line.startswith("| UC-002"))
SHORTER = TRACKER.replace(ROW, "")
FINE = """
@evidence("UC-001", item=[1, 2])
def test_one(record_evidence): record_evidence.trace([{"a": 1}], again=[{"a": 1}])
"""
BAD = """
@evidence("UC-002", item=1)
def test_two(): assert os.environ.get("FINE") == "1"
"""


def git(project: Project, *arguments: str) -> str:
    """Call git in the project."""
    identity = ["-c", "user.name=x", "-c", "user.email=dev@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=project.path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(project: Project) -> str:
    """Commit everything; return the commit."""
    git(project, "add", "-A")
    git(project, "commit", "-q", "--allow-empty", "-m", "x")
    return git(project, "rev-parse", "HEAD")


def begun(project: Project, tests: str = FINE + BAD) -> None:
    """Give the project a register of two use cases and run its tests."""
    project.configured(CONFIG).tests(tests)
    project.run("--readiness-actor=dev@example.com")


def take_out(project: Project) -> None:
    """Take the second row out, and its test with it."""
    project.write("PROD_READINESS_TRACKER.md", SHORTER)
    project.tests(FINE)
    project.run("--readiness-actor=dev@example.com")


def block(project: Project) -> None:
    """Somebody has an obstacle to report."""
    assert project.cli("block", "UC-002", "--reason", "legal", "--by", "cleo@example.com").exit_code == 0


def reject(project: Project) -> None:
    """A reviewer says no."""
    done = project.cli("review", "UC-002", "--reject", "--comment", "not like that", "--by", "ana@example.com")
    assert done.exit_code == 0, done.output


def retire(project: Project, *more: str, by: str = "ben@example.com") -> tuple[int, str]:
    """Let go of the use case."""
    done = project.cli("retire", "UC-002", "--reason", "merged into UC-001", "--by", by, *more)
    return done.exit_code, done.output


def closed(project: Project, *use_cases: str) -> str:
    """Return what the gate says, which is closed by the use case that left."""
    done = project.cli("gate", *use_cases)
    assert done.exit_code == 1, done.output
    assert re.search(r"left the register \(\d+ of \d+[^)]*\)", done.stdout)
    assert "UC-002 left something open" in done.stdout
    return done.stdout


@pytest.mark.parametrize("with_git", [False, True])
@pytest.mark.parametrize("what", ["failure", "blocker", "rejection"])
def test_a_row_does_not_take_what_is_open_with_it(project: Project, what: str, with_git: bool) -> None:
    """A failing test, an open blocker or a rejection keeps every door closed after the row is gone, until retired."""
    if with_git:
        git(project, "init", "-q")
        project.configured(CONFIG).write(".gitignore", ".readiness\n")
        commit(project)
    begun(project, FINE + BAD if what == "failure" else FINE)
    {"failure": lambda _: None, "blocker": block, "rejection": reject}[what](project)
    take_out(project)
    if with_git:
        commit(project)
    output = closed(project)
    assert {"failure": "test_two FAILED", "blocker": "cleo@example.com blocks it: legal",
            "rejection": "ana@example.com rejected it: not like that"}[what] in " ".join(output.split())  # fmt: skip
    assert "readiness retire UC-002" in output
    assert project.run("--readiness-gate").ret == 11
    assert retire(project)[0] == 0
    assert project.cli("gate").exit_code == 0
    assert project.run("--readiness-gate").ret == 0


def test_a_failure_that_counts_in_another_place_than_its_run(project: Project) -> None:
    """A test that placed itself, and failed before that in a rehearsal, left its use case open with it."""
    placed = (
        FINE
        + """
@evidence("UC-002", item=1)
def test_two(record_evidence):
    assert os.environ.get("FINE") == "1"
    record_evidence.scope(environment="staging")
"""
    )
    project.configured(CONFIG).tests(placed)
    project.monkeypatch.setenv("FINE", "1")
    project.run("--readiness-actor=dev@example.com")
    project.monkeypatch.delenv("FINE")
    project.run("--readiness-actor=dev@example.com", "-k", "test_two", environment="dev")
    take_out(project)
    output = " ".join(closed(project).split())
    assert "test_two FAILED in dev at" in output
    assert "before it stated where it ran, and so counts in staging" in output


def test_it_is_told_everywhere(project: Project) -> None:
    """Report, why, next and the JSON report name the use case that left, and who must act."""
    begun(project)
    take_out(project)
    report = project.cli("report")
    assert report.exit_code == 0
    assert "problem: left the register with something open: UC-002: test_it.py::test_two FAILED" in report.stdout
    why = project.cli("why", "uc-002")
    assert why.exit_code == 0
    assert why.stdout.startswith("UC-002  left the register with something open\n")
    assert "readiness retire UC-002" in project.cli("next").stdout
    document = json.loads(project.cli("report", "--format", "json").stdout)
    (rule,) = [rule for rule in document["verdict"]["rules"] if rule["rule"] == "left the register"]
    assert (rule["passed"], rule["looked_at"]) == (False, 2)
    assert [action["who"] for action in document["next"] if action["use_case"] == "UC-002"] == [
        "ana@example.com, ben@example.com"
    ]


def test_the_rule_looks_at_the_rows_and_at_each_that_left(project: Project) -> None:
    """Of three rows two leave with a failing test: the rule looked at three, and names both."""
    third = ROW.replace("UC-002", "UC-003")
    project.configured(CONFIG, TRACKER + third).tests(FINE + BAD + BAD.replace("2", "3").replace("two", "three"))
    project.run("--readiness-actor=dev@example.com")
    take_out(project)
    output = " ".join(closed(project).split())
    assert "left the register (2 of 3 use cases fail)" in output
    assert "UC-003 left something open" in output


def test_patterns_that_match_it_and_others(project: Project) -> None:
    """A gate over other use cases is not closed by it; one whose pattern matches its id is, also alone."""
    begun(project)
    take_out(project)
    assert project.cli("gate", "UC-001").exit_code == 0
    closed(project, "UC-*")
    closed(project, "uc-002")
    assert retire(project)[0] == 0
    assert project.cli("gate", "UC-*").exit_code == 0
    assert project.cli("gate", "UC-002").exit_code == 2
    assert project.cli("gate", "UC-003").exit_code == 2


def test_it_is_no_regression_to_be_let_through(project: Project) -> None:
    """A gate that asks only for what is not worse than before is closed by it too."""
    begun(project)
    assert project.cli("report", "--format", "json", "-o", "before.json").exit_code == 0
    assert project.cli("gate", "--no-regression", "before.json").exit_code == 0
    take_out(project)
    assert project.cli("gate", "--no-regression", "before.json").exit_code == 1
    assert retire(project)[0] == 0
    assert project.cli("gate", "--no-regression", "before.json").exit_code == 0


def test_a_row_that_left_with_nothing_open(project: Project) -> None:
    """A use case whose tests pass, and one that nothing is known of, may leave."""
    project.monkeypatch.setenv("FINE", "1")
    begun(project)
    take_out(project)
    assert project.cli("gate").exit_code == 0
    code, output = retire(project)
    assert code == 1
    assert "there is nothing to retire" in output


def test_who_may_let_go(project: Project) -> None:
    """A listed reviewer who recorded none of its evidence; and not while its row is there, nor instead of a test."""
    config = CONFIG.replace('["ana@example.com", ', '["dev@example.com", "ana@example.com", ')
    project.configured(config).tests(FINE + BAD)
    project.run("--readiness-actor=dev@example.com")
    assert "is a use case of the register" in retire(project)[1]
    take_out(project)
    assert retire(project, by="cleo@example.com")[0] == 1
    assert retire(project, by="dev@example.com")[0] == 1
    assert retire(project, "--replaced-by", "test_it.py::test_one")[0] == 2
    closed(project)
    assert retire(project)[0] == 0
    assert project.cli("gate").exit_code == 0
    project.write("readiness.toml", config.replace(', "ben@example.com"', ""))
    assert "its retirement at" in closed(project)


def test_who_recorded_it_may_not_let_go_of_it_from_a_journal(project: Project) -> None:
    """A run that no store took in yet was recorded by somebody too."""
    config = CONFIG.replace('["ana@example.com", ', '["dev@example.com", "ana@example.com", ')
    project.configured(config).tests(FINE + BAD)
    project.run("--readiness-actor=bot@example.com")
    project.run("--readiness-actor=dev@example.com", "--readiness-store=sqlite:////dev/null/none.db")
    take_out(project)
    code, output = retire(project, by="dev@example.com")
    assert (code, "four eyes" in output) == (1, True)
    assert retire(project)[0] == 0


def test_what_comes_after_the_retirement_counts_again(project: Project) -> None:
    """A use case that came back and failed again is let go of again, or keeps the gate closed."""
    begun(project)
    take_out(project)
    assert retire(project)[0] == 0
    begun(project)
    assert project.cli("gate").exit_code == 1
    take_out(project)
    closed(project)
    assert retire(project)[0] == 0
    assert project.cli("gate").exit_code == 0


def test_a_row_of_another_branch_is_a_note(project: Project) -> None:
    """What is known only from commits that this one does not contain closes nothing here, and is told."""
    git(project, "init", "-q")
    project.configured(CONFIG, SHORTER).write(".gitignore", ".readiness\n")
    commit(project)
    git(project, "checkout", "-q", "-b", "feature")
    project.configured(CONFIG)
    commit(project)
    begun(project)
    git(project, "checkout", "-q", "-f", "main")
    project.tests(FINE)
    project.run("--readiness-actor=dev@example.com")
    assert project.cli("gate").exit_code == 0
    noted = "note: of commits that this one does not contain, UC-002: test_it.py::test_two FAILED"
    assert noted in " ".join(project.cli("report").stdout.split())
    assert json.loads(project.cli("report", "--format", "json").stdout)["warnings"]
    git(project, "merge", "-q", "feature")
    assert project.cli("gate").exit_code == 1  # the row is here now
    project.write("PROD_READINESS_TRACKER.md", SHORTER)
    commit(project)
    closed(project)


def test_a_blocker_that_was_made_here_does_not_go_with_a_branch(project: Project) -> None:
    """A decision names no commit: what a person said of a use case stands, wherever the runs beside it were made."""
    git(project, "init", "-q")
    project.configured(CONFIG).write(".gitignore", ".readiness\n")
    commit(project)
    git(project, "checkout", "-q", "-b", "feature")
    commit(project)
    begun(project, FINE)
    git(project, "checkout", "-q", "main")
    block(project)
    take_out(project)
    commit(project)
    closed(project)
    assert retire(project)[0] == 0
    assert project.cli("gate").exit_code == 0


@pytest.mark.parametrize("where", ["a submodule", "a repository beside the config's"])
def test_tests_in_another_repository_than_the_config(project: Project, where: str) -> None:
    """The run says of which commit the config was: the tests' own commit is none of the register's history."""
    tests = project.path / "suite"
    top = project.path if where == "a submodule" else project.path / "governance"
    top.mkdir(exist_ok=True)
    inner = tests if where == "a submodule" else project.path / "suite"
    inner.mkdir()
    for folder in (top, inner):
        subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    (top / "readiness.toml").write_text(CONFIG)
    (top / ".gitignore").write_text(".readiness\nsuite\n")
    (top / "PROD_READINESS_TRACKER.md").write_text(TRACKER)
    (inner / "pytest.ini").write_text("[pytest]\n")
    project.tests(FINE + BAD, "suite/test_it.py")
    project.monkeypatch.setenv("READINESS_CONFIG", str(top / "readiness.toml"))

    def commit_both(message: str) -> None:
        for folder in (top, inner):
            for arguments in (["add", "-A"], ["commit", "-q", "--allow-empty", "-m", message]):
                identity = ["-c", "user.name=x", "-c", "user.email=dev@example.com"]
                subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)

    commit_both("both rows")
    project.run("--readiness-actor=dev@example.com", f"--rootdir={inner}", str(inner))
    (top / "PROD_READINESS_TRACKER.md").write_text(SHORTER)
    project.tests(FINE, "suite/test_it.py")
    commit_both("one row")
    project.run("--readiness-actor=dev@example.com", f"--rootdir={inner}", str(inner))
    closed(project)
    assert retire(project)[0] == 0
    assert project.cli("gate").exit_code == 0


@pytest.mark.parametrize("graft", ["file", "variable"])
def test_a_graft_hides_no_commit_in_which_a_row_was(project: Project, graft: str) -> None:
    """The history that somebody made up beside the repository is not asked which commits the judged one contains."""
    git(project, "init", "-q")
    project.configured(CONFIG).write(".gitignore", ".readiness\n")
    commit(project)
    begun(project)
    take_out(project)
    head = commit(project)
    grafts = project.path / ".git" / "info" / "grafts" if graft == "file" else project.path / ".git" / "mine"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(f"{head}\n")
    if graft == "variable":
        project.monkeypatch.setenv("GIT_GRAFT_FILE", str(grafts))
    closed(project)


def test_where_git_cannot_tell(project: Project) -> None:
    """In a clone that is cut off, and without git at all, whatever was known before counts."""
    git(project, "init", "-q")
    project.configured(CONFIG).write(".gitignore", ".readiness\n")
    commit(project)
    begun(project)
    take_out(project)
    commit(project)
    (project.path / ".git" / "shallow").write_text(git(project, "rev-parse", "HEAD") + "\n")
    closed(project)


def test_the_past_knows_what_had_left_by_then(project: Project) -> None:
    """A report about a moment tells of what had left by that moment, and not of what left later."""
    begun(project)
    before = json.loads(project.cli("report", "--format", "json").stdout)["generated_at"]
    take_out(project)
    after = json.loads(project.cli("report", "--format", "json").stdout)["generated_at"]
    assert retire(project)[0] == 0
    message = "left the register with something open"
    assert message not in project.cli("report", "--at", before).stdout
    assert message in project.cli("report", "--at", after).stdout
    assert message not in project.cli("report").stdout


def one_line_of(text: str) -> str:
    """What is wrapped, in one line."""
    return " ".join(text.split())


def test_a_register_that_is_renamed_is_told_to_have_left_everything(project: Project) -> None:
    """What stood open under the old name keeps no gate closed under the new one, and every answer says so."""
    begun(project)
    block(project)
    project.configured('register = "payments"\n' + CONFIG)
    take_out(project)
    message = "the store also has the register 'default' (1 run, 1 decision), which does not count here"
    result = project.run("--readiness-gate")
    assert message in one_line_of(result.stdout.str())
    for words in ("gate", "report", "check", "verify"):
        assert message in one_line_of(project.cli(*words.split()).stdout), words
    assert any(message in warning for warning in project.report()["warnings"])
    assert project.cli("why", "UC-002").exit_code == 2
    project.configured(CONFIG, SHORTER)
    assert project.cli("gate").exit_code == 1


def test_many_registers_in_one_store_are_told_in_a_line(project: Project) -> None:
    """Three are named, and the number of the others."""
    project.configured(CONFIG).tests(FINE)
    for number in range(6):
        project.write("readiness.toml", f'register = "r{number}"\n{CONFIG}')
        project.run()
    output = one_line_of(project.cli("gate").stdout)
    named = "the registers 'r0' (1 run, 0 decisions), 'r1' (1 run, 0 decisions), 'r2' (1 run, 0 decisions) and 2 more"
    assert named in output


def test_the_headline_says_what_closes_the_gate(project: Project) -> None:
    """Where every use case is ready, and one that left has something open, that is the headline."""
    begun(project)
    take_out(project)
    first = "NOT ELIGIBLE (on evidence): 1 of 1 with enough evidence; UC-002 left the register with something open"
    assert one_line_of(project.cli("gate").stdout).startswith(first)
    assert first in one_line_of(project.run("--readiness-gate", "-q").stdout.str())
    project.tests(FINE.replace("def test_one(", "def test_one_more(").replace("again=[{", "again=[{'b': 0, "))
    project.run()
    message = "0 of 1 with enough evidence, 1 blocked (1 failing); UC-002 left the register with something open"
    assert message in one_line_of(project.cli("gate").stdout)
