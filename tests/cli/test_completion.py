"""Completion in the shell, asked as bash, zsh and fish ask: by a variable, and through the real program."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest
from click.shell_completion import CompletionItem

from pytest_readiness.commands.completion import answer_shell
from tests.project import CONFIG, TRACKER, Project

MORE = """
[environments."a b"]
real = true
[provider_modes]
BYOK = "theirs"
[items.6]
title = "keys rotate"
parts = ["rotation", "revocation"]
"""


def ask(project: Project, *words: str, shell: str = "bash", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a shell does when the tab key is pressed behind the last word."""
    line = ["readiness", *words]
    asked = {"COMP_WORDS": " ".join(line), "COMP_CWORD": str(len(line) - 1), "_READINESS_COMPLETE": f"{shell}_complete"}
    return subprocess.run(
        [sys.executable, "-m", "pytest_readiness"],
        cwd=project.path, env={**os.environ, **asked, **environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def offered(project: Project, *words: str, **environ: str) -> list[str]:
    """Return what bash is offered."""
    done = ask(project, *words, **environ)
    assert (done.returncode, done.stderr) == (0, ""), done
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.fixture
def usual(project: Project) -> Project:
    """A project with two use cases."""
    return project.configured(CONFIG + MORE, TRACKER)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ga"], ["gate"]),
        (["re"], ["report", "record", "review", "retire", "recover"]),
        (["gate", ""], ["UC-001", "UC-002"]),
        (["gate", "UC-001", "uc-002"], ["UC-002"]),
        (["gate", "X"], []),
        (["why", "UC-001"], ["UC-001"]),
        (["why", "UC-001/6"], ["UC-001/6", "UC-001/6/rotation", "UC-001/6/revocation"]),
        (["why", "uc-002/1"], ["UC-002/1"]),
        (["why", "UC-9/"], []),
        (["waive", "UC-001/6/ro"], ["UC-001/6/rotation"]),
        (["record", "UC-001", "--item", ""], ["1", "2", "6"]),
        (["record", "UC-001", "--environment", "s"], ["staging"]),
        (["record", "--provider-mode", ""], ["BYOK"]),
        (["review", "UC-00"], ["UC-001", "UC-002"]),
        (["report", "--format", "j"], ["json"]),
        (["diff", "--fo"], ["--format"]),
        (["nonsense", ""], []),
    ],
    ids=" ".join,
)
@pytest.mark.slow
def test_what_is_offered(usual: Project, words: list[str], expected: list[str]) -> None:
    """Commands, use cases in any letter case, requirements, items, environments and choices."""
    got = offered(usual, *words)
    assert (got[: len(expected)] if words == ["report", "--format", "j"] else got) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "config", ["broken = [", "trakcer = 'x'", 'tracker = "absent.md"', "plugins = ['no_such_module']\n" + CONFIG]
)
def test_a_broken_config_offers_nothing_and_says_nothing(usual: Project, config: str) -> None:
    """Neither an error nor a traceback stands in the line that is being typed; commands are still offered."""
    usual.write("readiness.toml", config)
    assert offered(usual, "gate", "") in ([], ["UC-001", "UC-002"])
    assert offered(usual, "ga") == ["gate"]


@pytest.mark.slow
def test_no_code_of_the_project_runs(usual: Project) -> None:
    """A plugin that the config names is not imported by a key press."""
    usual.write("loud.py", "print('UC-666')\nopen('ran', 'w').close()\n")
    usual.write("readiness.toml", f'plugins = ["loud"]\n{CONFIG}')
    assert offered(usual, "gate", "", PYTHONPATH=str(usual.path)) == ["UC-001", "UC-002"]
    assert not (usual.path / "ran").exists()


@pytest.mark.slow
def test_the_named_config_is_read(usual: Project) -> None:
    """``--config`` before the command, and its variable, name the project."""
    other = usual.path / "other"
    other.mkdir()
    (other / "readiness.toml").write_text(
        CONFIG.replace('tracker = "PROD_READINESS_TRACKER.md"', '[use_cases.UC-77]\ntitle = "x"\n')
    )
    assert offered(usual, "--config", "other/readiness.toml", "gate", "") == ["UC-77"]
    assert offered(usual, "gate", "", READINESS_CONFIG="other/readiness.toml") == ["UC-77"]
    assert offered(usual, "--config", "absent.toml", "gate", "") == []


@pytest.mark.slow
def test_hostile_titles_stay_in_their_line(usual: Project) -> None:
    """Shells that show titles read three lines for each name; a title that no terminal may see is left out."""
    usual.write(
        "readiness.toml",
        f'{CONFIG}\n[use_cases.UC-001]\ntitle = "two\\nlines"\n[use_cases.UC-002]\ntitle = "\\u001b[31mred"\n',
    )
    done = ask(usual, "gate", "", shell="zsh")
    assert done.stdout.split("\n") == ["plain", "UC-001", "two lines", "plain", "UC-002", "_", ""]


@pytest.mark.slow
def test_environments_say_what_is_not_real(usual: Project) -> None:
    """That a run would be a rehearsal is shown before the line is sent."""
    done = ask(usual, "record", "--environment", "", shell="zsh")
    assert done.stdout.split("\n") == [
        "plain", "staging", "_", "plain", "dev", "not real", "",
    ]  # fmt: skip


SIGNS = (
    "$(id)",
    "`id`",
    "${IFS}",
    ";id",
    "|id",
    "&id",
    ">x",
    "*",
    "[1]",
    "{a,b}",
    "'1",
    '"1',
    "\\1",
    "!1",
    "^1",
    "#1",
    "~",
)


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_name_that_a_shell_would_execute_is_not_put_into_the_line(project: Project, shell: str) -> None:
    """Bash inserts what it is offered without quotes, and the next key may be Enter. Plain names are offered."""
    names = [*(f"UC-001{sign}" for sign in SIGNS), "~UC", "-UC", "=UC", "UC-001", "PAY_2.a:b,é"]
    rows = "".join(f"[use_cases.{json.dumps(name)}]\ntitle = 'x'\n" for name in names)
    project.write("readiness.toml", CONFIG.replace('tracker = "PROD_READINESS_TRACKER.md"\n', "") + rows)
    assert project.cli("check").exit_code == 0
    done = ask(project, "why", "", shell=shell)
    lines = done.stdout.replace("\\:", ":").split("\n")
    assert [line for line in lines if "UC" in line or "PAY" in line] == {
        "bash": ["plain,UC-001", "plain,PAY_2.a:b,é"],
        "zsh": ["UC-001", "PAY_2.a:b,é"],
    }[shell]


def test_what_completion_prints_as_a_warning_stays_out_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error is the terminal in which somebody is typing."""

    def complain(*_: object) -> list[CompletionItem]:
        sys.stderr.write("a warning\n")
        return [CompletionItem("name")]

    group = click.Group(
        "readiness", commands=[click.Command("it", params=[click.Argument(["x"], shell_complete=complain)])]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMP_WORDS", "readiness it ")
        patch.setenv("COMP_CWORD", "2")
        patch.setenv("_READINESS_COMPLETE", "bash_complete")
        assert answer_shell(group, "readiness", "_READINESS_COMPLETE") == 0
    assert capsys.readouterr() == ("plain,name\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(usual: Project, shell: str) -> None:
    """The script that the page tells to source names the program and its variable."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_readiness"],
        cwd=usual.path, env={**os.environ, "_READINESS_COMPLETE": f"{shell}_source"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_READINESS_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.slow
def test_an_unknown_shell_is_refused_silently(usual: Project) -> None:
    """Nothing is printed into the line, and the exit code says that there is no answer."""
    done = ask(usual, "ga", shell="tcsh")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
