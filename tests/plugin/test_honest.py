"""How a run was made, as a user sees it: recorded by pytest, shown by the commands, refused by the gate."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import Any

import pytest

from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

ONE_ITEM = CONFIG.partition("[items.2]")[0]
OPEN = ONE_ITEM + '[gate]\non = "evidence"\n'
"""A gate that opens on complete evidence alone."""
STRICT = OPEN + 'deselected = "refuse"\n'
SUITE = """
@evidence("UC-001", item=1)
def test_a(): pass

@evidence("UC-001", item=1)
def test_b(): pass

@evidence("UC-002", item=1)
def test_c(): pass
"""
WAYS = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])


def record(project: Project) -> dict[str, Any]:
    """What the JSON report says of the newest run."""
    runs: list[dict[str, Any]] = project.report()["runs"]
    return runs[0]


def run_ids(project: Project) -> list[str]:
    """Ids of the runs of the store, the newest first."""
    if not (project.path / ".readiness" / "evidence.db").exists():
        return []
    with closing(sqlite3.connect(project.path / ".readiness" / "evidence.db")) as database:
        return [id_ for (id_,) in database.execute("SELECT id FROM run ORDER BY started_at DESC")]


def gate(project: Project, *use_cases: str) -> tuple[int, str]:
    """Exit code of the gate, and what it prints, on one line."""
    done = project.cli("gate", *use_cases)
    return done.exit_code, " ".join(done.output.split())


def shown(project: Project, target: str = "UC-001/1") -> str:
    """What ``show`` prints, on one line."""
    return " ".join(project.cli("show", target, "-v").output.split())


class TestClock:
    """A run whose clocks disagree."""

    AHEAD = "import time\n_real = time.time\ntime.time = lambda: _real() + 3600\n"
    SERVER = "import os, time\n_utime = os.utime\nos.utime = lambda path: _utime(path, (time.time() - 3600,) * 2)\n"
    """Stands for a file server whose clock is an hour behind."""

    @pytest.fixture(autouse=True)
    def _put_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever a project replaces in this process is put back."""
        monkeypatch.setattr(time, "time", time.time)
        monkeypatch.setattr(os, "utime", os.utime)

    @WAYS
    def test_clocks_that_disagree(self, project: Project, how: tuple[str, ...]) -> None:
        """The file system's clock an hour back: the gate is closed by name and seconds, and every view tells it."""
        project.configured(OPEN).tests(SUITE)
        project.write("conftest.py", self.SERVER)
        project.run(*how).assert_outcomes(passed=3)
        run = record(project)
        assert 3_590_000 < run["clock_skew_ms"] < 3_610_000
        code, output = gate(project)
        assert code == 1
        assert f"clock (1 of 1 run fails): the clocks of run {run['id']} disagree by 3600" in output
        for command in (["report"], ["why", "UC-001/1"], ["show", "UC-001/1", "-v"], ["history", "UC-001"]):
            assert "clocks disagree by 3600" in " ".join(project.cli(*command).output.split())

    def test_a_clock_is_replaced_while_the_run_goes_on(self, project: Project) -> None:
        """A clock that was right at the opening and is wrong at the seal is seen."""
        project.configured(OPEN).tests(SUITE + f"\ndef test_z():\n    exec({self.AHEAD!r}, {{}})\n")
        project.run().assert_outcomes(passed=4)
        assert record(project)["clock_skew_ms"] > 3_590_000
        assert gate(project)[0] == 1

    def test_a_clock_that_is_replaced_for_the_whole_run(self, project: Project) -> None:
        """What is recorded under it is a rehearsal, or its clocks disagree: nothing of it opens the gate."""
        project.configured(OPEN).tests(SUITE)
        project.write("conftest.py", self.AHEAD.replace("+", "-"))
        project.run().assert_outcomes(passed=3)
        assert gate(project)[0] == 1

    def test_clocks_that_agree(self, project: Project) -> None:
        """An ordinary run passes the rule, however long ago its last evidence was written."""
        project.configured(OPEN).tests(SUITE + "\ndef test_z():\n    __import__('time').sleep(2.2)\n")
        project.run().assert_outcomes(passed=4)
        assert record(project)["clock_skew_ms"] < 1000
        code, output = gate(project)
        assert (code, "passed clock (1 of 1 run): no run's clocks disagree" in output) == (0, True)

    def test_ignored_is_told_as_weaker(self, project: Project) -> None:
        """With ``clock = "ignore"`` the gate opens, without the rule, and says that this is weaker."""
        project.configured(OPEN + 'clock = "ignore"\n').tests(SUITE)
        project.write("conftest.py", self.SERVER)
        project.run()
        code, output = gate(project)
        assert (code, "clocks of run" in output) == (0, False)
        assert 'relaxed setting: [gate] clock = "ignore"' in output


class TestDeselected:
    """Evidence tests that a run left out."""

    @WAYS
    @pytest.mark.parametrize(
        "narrowed", [("-k", "not test_b"), ("--deselect", "test_it.py::test_b")], ids=["k", "deselect"]
    )
    def test_counted_and_shown(self, project: Project, how: tuple[str, ...], narrowed: tuple[str, ...]) -> None:
        """Every view shows how many evidence tests a run deselected; by default that closes nothing."""
        project.configured(OPEN).tests(SUITE)
        project.run(*how, *narrowed).assert_outcomes(passed=2, deselected=0 if how else 1)
        run = record(project)
        assert (run["evidence_tests"], run["left_out"]) == (3, 1)
        for command in (["report"], ["why", "UC-001/1"], ["show", "UC-001/1", "-v"], ["history", "UC-001"]):
            assert "eselected 1 of 3 evidence tests" in " ".join(project.cli(*command).output.split())
        assert gate(project)[0] == 0

    @WAYS
    def test_counted_where_no_option_is_given(self, project: Project, how: tuple[str, ...]) -> None:
        """What was left out before the session met its first evidence test counts too."""
        project.configured(OPEN).tests(SUITE)
        project.run(*how, "-k", "not test_b", environment=None)
        database = sqlite3.connect(project.path / ".readiness" / "evidence.db")
        plans = database.execute("SELECT text FROM line WHERE text LIKE '%\"deselected\":true%'").fetchall()
        database.close()
        (plan,) = (json.loads(text)["tests"] for (text,) in plans)
        assert [test["test"] for test in plan if test.get("deselected")] == ["test_it.py::test_b"]

    @WAYS
    def test_refused_until_a_later_run_ran_it(self, project: Project, how: tuple[str, ...]) -> None:
        """An older pass of a test that the newest run left out keeps the gate closed for its use case alone."""
        project.configured(STRICT).tests(SUITE)
        project.run(*how)
        assert gate(project)[0] == 0
        project.run(*how, "-k", "not test_b")
        run = record(project)["id"]
        code, output = gate(project)
        assert (code, f"run {run} deselected test_it.py::test_b (UC-001)" in output) == (1, True)
        assert gate(project, "UC-002")[0] == 0
        project.run(*how, "-k", "test_b")
        assert gate(project)[0] == 1, "this one left out test_a"
        project.run(*how)
        assert gate(project)[0] == 0

    def test_a_use_case_of_its_own_is_no_omission(self, project: Project) -> None:
        """A session about one use case leaves out nothing of it, and the others rest on their own runs."""
        project.configured(STRICT).tests(SUITE)
        project.run()
        project.run("--readiness-uc=UC-001").assert_outcomes(passed=2, deselected=1)
        assert gate(project)[0] == 0

    def test_a_skipped_or_rehearsed_test_has_not_run(self, project: Project) -> None:
        """A later run that skips the test, or runs it for no real environment, mends nothing."""
        project.configured(STRICT).tests(SUITE)
        project.run()
        project.run("-k", "not test_b")
        project.run(environment="dev")
        project.tests(SUITE.replace("def test_b(): pass", "def test_b(): pytest.skip()"))
        project.run("-k", "test_b")
        assert gate(project, "UC-001")[0] == 1

    def test_a_run_in_what_is_not_real_any_more_mends_nothing(self, project: Project) -> None:
        """A test that was left out has run since while the environment that it ran in is declared real."""
        prod = "[environments.prod]\nreal = true\n"
        project.configured(STRICT + prod).tests(SUITE)
        project.run()
        project.run("-k", "not test_b")
        assert gate(project, "UC-001")[0] == 1
        project.run(environment="prod")
        assert gate(project, "UC-001")[0] == 0
        project.configured(STRICT + prod.replace("true", "false"))
        code, output = gate(project, "UC-001")
        assert (code, "deselected test_it.py::test_b (UC-001)" in output) == (1, True)

    def test_a_shard_leaves_to_the_others_what_is_theirs(self, project: Project) -> None:
        """Parts of one logical run leave out each other's tests, and together nothing."""
        project.configured(STRICT).tests(SUITE)
        project.run("-k", "test_b", "--readiness-run-group=nightly:1/2")
        project.run("-k", "not test_b", "--readiness-run-group=nightly:2/2")
        assert gate(project) == (0, gate(project)[1])
        project.run("-k", "not test_b", "--readiness-run-group=other:1/1")
        assert gate(project)[0] == 1

    def test_a_retired_test_need_not_run(self, project: Project) -> None:
        """Whoever took a test out of what must pass took it out of this too."""
        project.configured(STRICT + '[review]\nreviewers = ["qa@example.com"]\n').tests(SUITE)
        project.run("--readiness-actor=ci")
        project.run("--readiness-actor=ci", "-k", "not test_b")
        assert gate(project)[0] == 1
        arguments = ("--reason", "replaced by a", "--by", "qa@example.com")
        assert project.cli("retire", "test_it.py::test_b", *arguments).exit_code == 0
        assert gate(project)[0] == 0

    def test_a_plan_that_was_changed_in_the_store(self, project: Project) -> None:
        """Taking a test out of the plan of a kept run is damage, and not a smaller plan."""
        project.configured(STRICT).tests(SUITE)
        project.run()
        project.run("-k", "not test_b")
        with sqlite3.connect(project.path / ".readiness" / "evidence.db") as database:
            database.executescript("DROP TRIGGER line_no_update")
            rows = database.execute("SELECT rowid, text FROM line WHERE text LIKE '%\"deselected\":true%'").fetchall()
            for rowid, text in rows:
                line = json.loads(text)
                line["tests"] = [test for test in line["tests"] if not test.get("deselected")]
                changed = json.dumps(line, sort_keys=True, separators=(",", ":"))
                database.execute("UPDATE line SET text = ? WHERE rowid = ?", (changed, rowid))
        database.close()
        done = project.cli("gate")
        assert done.exit_code == 3
        assert "its plan is not the one that the seal names" in done.stderr
        assert project.cli("verify").exit_code == 3


class TestUncollected:
    """Modules that cannot be imported any more: their tests leave no trace, and their number is told."""

    @WAYS
    def test_the_only_module_with_evidence(self, project: Project, how: tuple[str, ...]) -> None:
        """The session leaves a run with the count, and it stands beside every verdict until a newer run has none."""
        project.configured(OPEN).tests(SUITE)
        project.run(*how)
        project.tests("import nowhere\n" + SUITE)
        result = project.run(*how)
        result.stdout.fnmatch_lines(["0 pieces of evidence recorded as run *", "it could not collect 1 module: its *"])
        expected = "it could not collect 1 module: its tests did not run"
        code, text = gate(project)
        assert (code, f"note: run {run_ids(project)[0]}: {expected}" in text) == (0, True)
        assert expected in " ".join(project.cli("report").output.split())
        assert project.report()["warnings"] == [f"run {run_ids(project)[0]}: {expected}"]
        assert expected in " ".join(project.run(*how, "--readiness-gate").stdout.str().split())
        assert project.cli("verify").exit_code == 0
        project.tests(SUITE)
        project.run(*how)
        assert "could not collect" not in gate(project)[1]

    def test_a_run_that_decides(self, project: Project) -> None:
        """What went on in spite of it is told where it decides, also behind a newer run."""
        project.configured(OPEN).tests(SUITE)
        for name in ("test_broken.py", "test_more.py"):
            project.tests("import nowhere\n", name)
        project.run("--continue-on-collection-errors")
        assert record(project)["uncollected"] == 2
        history = " ".join(project.cli("history", "UC-001").output.split())
        assert "could not collect 2 modules: their tests did not run" in history
        for name in ("test_broken.py", "test_more.py"):
            (project.path / name).unlink()
        project.run("-k", "test_c")
        assert "could not collect 2 modules" in gate(project)[1]
        assert "could not collect" not in gate(project, "UC-002")[1]

    @WAYS
    @pytest.mark.parametrize("end", ["import sys; sys.exit(0)", "pytest.exit('enough', 0)", "raise GeneratorExit"])
    @pytest.mark.parametrize("asked", [(), ("test_it.py", "test_script.py::test_a")])
    def test_a_module_that_exits(
        self, project: Project, how: tuple[str, ...], end: str, asked: tuple[str, ...]
    ) -> None:
        """One that ends the session while it is imported leaves the same count, and the earlier passes stand."""
        project.configured(OPEN).tests(SUITE)
        project.tests("\ndef test_a(): pass\n", "test_script.py").run(*how)
        project.tests(f"\ndef test_a(): pass\n{end}\n", "test_script.py")
        project.run_apart(*how, *asked)
        code, text = gate(project)
        assert (code, f"run {run_ids(project)[0]}: it could not collect 1 module" in text) == (0, True)
        assert project.cli("verify").exit_code == 0

    def test_a_module_that_exits_after_the_tests_were_distributed(self, project: Project) -> None:
        """The count stays where each worker ends only after xdist gave it tests, which xdist does not survive."""
        project.configured(OPEN).tests(SUITE).run(*XDIST)
        project.tests("import sys; sys.exit(0)\n", "test_script.py")
        late = "@pytest.hookimpl(tryfirst=True)\ndef pytest_internalerror(): time.sleep(1.5)\n"
        project.write("conftest.py", f"import time, pytest\n{late}")
        project.run_apart(*XDIST).stdout.fnmatch_lines(["*assert not crashitem*"])
        code, text = gate(project)
        assert (code, f"run {run_ids(project)[0]}: it could not collect 1 module" in text) == (0, True)

    @pytest.mark.parametrize("dry", ["--collect-only", "--setup-plan", "--readiness-plan"])
    def test_a_dry_run_leaves_nothing(self, project: Project, dry: str) -> None:
        """A session that runs no test leaves no run, whatever it could not collect."""
        project.configured(OPEN).tests("import nowhere\n")
        project.run(dry)
        assert run_ids(project) == []


class TestCalledWith:
    """Options that change which tests run, how often, and what an assertion does."""

    @WAYS
    def test_options_of_the_line_and_of_the_ini_file(self, project: Project, how: tuple[str, ...]) -> None:
        """They are recorded as pytest has them, wherever they were said, and shown."""
        project.configured(OPEN).tests(SUITE)
        project.pytester.makeini("[pytest]\naddopts = -m 'not slow' --assert=plain\nmarkers = slow\n")
        project.run(*how, "-k", "test_a or test_c", "--deselect=test_it.py::test_c", "--maxfail=3")
        options = record(project)["called"]
        assert {"--assert plain", "-m not slow", "-k test_a or test_c", "--maxfail 3"} <= set(options)
        assert "--deselect test_it.py::test_c" in options
        assert "plugins switched off: cacheprovider" in options
        assert "Called with --assert plain" in shown(project)
        assert "called with --assert plain" in " ".join(project.cli("history", "UC-001").output.split())

    def test_own_options(self, project: Project) -> None:
        """What narrows a session to what it is about is among them."""
        project.configured(OPEN).tests(SUITE)
        project.run("--readiness-uc=UC-001", "--readiness-missing")
        assert {"--readiness-uc UC-001", "--readiness-missing"} <= set(record(project)["called"])

    def test_retries(self, project: Project) -> None:
        """The number of reruns is recorded, and a pass after a failed attempt is FLAKY as before."""
        project.configured(OPEN).tests(
            """
            @evidence("UC-001", item=1)
            def test_a():
                marker = pathlib.Path("second")
                again = marker.exists()
                marker.touch()
                assert again
            """
        )
        project.run("-p", "pytest_rerunfailures", "--reruns=2")
        assert "--reruns 2" in record(project)["called"]
        assert project.states("UC-001") == {"UC-001/1": "FLAKY"}

    def test_removed_assertions(self, project: Project) -> None:
        """``PYTHONOPTIMIZE`` is told of the run, and its evidence is a rehearsal."""
        project.configured(OPEN).tests(SUITE)
        project.monkeypatch.setenv("PYTHONOPTIMIZE", "2")
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *project.args()], cwd=project.path, check=True, capture_output=True
        )
        project.monkeypatch.delenv("PYTHONOPTIMIZE")
        assert project.states("UC-001") == {"UC-001/1": "REHEARSED"}
        assert "python -OO: assertions are removed" in shown(project)

    def test_a_secret_in_an_option_is_not_kept(self, project: Project) -> None:
        """What pytest was called with is redacted as everything else."""
        project.monkeypatch.setenv("MY_API_TOKEN", "hunter2-hunter2")
        project.configured(OPEN).tests(SUITE)
        project.run("-k", "test_a or hunter2-hunter2 or test_b")
        assert "hunter2" not in str(project.report())
        assert any(option.startswith("-k test_a or") for option in record(project)["called"])


def test_the_attempt_of_a_ci_run(project: Project) -> None:
    """Which attempt CI says it is stands in the views; the first attempt is no remark."""
    project.configured(OPEN).tests(SUITE)
    for name, value in {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "3"}.items():
        project.monkeypatch.setenv(name, value)
    project.run()
    assert record(project)["ci"] == {"provider": "github", "run": "77", "attempt": "3"}
    assert "CI provider github, run 77, attempt 3" in shown(project)
    assert "it is attempt 3 of its CI run" in " ".join(project.cli("history", "UC-001").output.split())


class TestTree:
    """Edits that git was told not to look for."""

    def repository(self, project: Project, config: str) -> None:
        """A project that is committed, wholly."""
        project.configured(config).tests(SUITE)
        project.write(".gitignore", ".readiness/\n__pycache__/\n")
        for command in (
            ["init", "-q"],
            ["config", "user.email", "ana@example.com"],
            ["config", "user.name", "Ana"],
            ["add", "."],
            ["commit", "-q", "-m", "all"],
        ):
            self.git(project, *command)

    def git(self, project: Project, *arguments: str) -> None:
        """Run git."""
        subprocess.run(["git", "-C", str(project.path), *arguments], check=True, capture_output=True)

    @pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
    def test_hidden_edits_make_a_commit_unclean(self, project: Project, flag: str) -> None:
        """A tree that git status calls clean is refused by ``clean_commit`` where an edit is hidden, and says which."""
        self.repository(project, OPEN + "clean_commit = true\n")
        project.run()
        assert (gate(project)[0], record(project)["dirty"]) == (0, False)
        self.git(project, "update-index", flag, "test_it.py")
        project.tests(SUITE.replace("pass", "return None"))
        project.run("-W", "ignore").assert_outcomes(passed=3)
        run = record(project)
        assert (run["dirty"], run["hidden_edits"]) == (True, 1)
        assert gate(project)[0] == 1
        for command in (["report"], ["why", "UC-001/1"], ["show", "UC-001/1", "-v"], ["history", "UC-001"]):
            output = " ".join(project.cli(*command).output.split())
            assert "1 file has edits hidden from git: test_it.py" in output

    def test_a_sparse_checkout_stays_clean(self, project: Project) -> None:
        """What a sparse checkout leaves out is no local change."""
        self.repository(project, OPEN + "clean_commit = true\n")
        project.write("big/data.txt", "1")
        self.git(project, "add", ".")
        self.git(project, "commit", "-q", "-m", "big")
        self.git(project, "sparse-checkout", "set", "--no-cone", "/*", "!/big")
        assert not (project.path / "big").exists()
        project.run()
        assert (gate(project)[0], record(project)["hidden_edits"]) == (0, 0)
