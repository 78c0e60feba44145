"""What commands say where something is wrong: of the thing itself, by its name, and in words."""

from __future__ import annotations

from typing import IO

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import IdentityLevel
from pytest_readiness.store.bundle.writing import BundleContents, write_bundle
from tests.project import CONFIG, Project
from tests.reviewed_project import approve
from tests.signing.keyring import recorded, signing_as, trusting
from tests.store.runs import review


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "--checkpoint", ""),
        ("verify", "--checkpoint", " "),
        ("checkpoint", "-o", ""),
        ("review", "UC-001", "--from", ""),
        ("report", "-o", ""),
        ("bundle", "-o", ""),
        ("bundle", "--script", ""),
        ("record", "--map", "*=UC-001/1", "--junit", ""),
        ("record", "--junit", "it.xml", "--map-file", " "),
        ("init", "--tracker", ""),
    ],
)
def test_the_empty_name_of_a_file_is_told_as_one(project: Project, words: tuple[str, ...]) -> None:
    """What a shell makes of a variable that is not set names no folder."""
    done = project.configured().cli(*words)
    assert done.exit_code == 2
    assert "is empty: name a file" in done.stderr
    assert "folder" not in done.stderr


def test_a_list_with_a_wrong_word_is_not_called_empty(project: Project) -> None:
    """One mistake is one problem."""
    project.configured(CONFIG + '[keys.ci]\npublic = "readiness.toml"\nroles = ["run"]\n')
    done = project.cli("check")
    assert "did you mean 'runs'" in done.stdout
    assert "must not be empty" not in done.stdout
    assert done.stdout.splitlines()[-1] == "1 problem"


@pytest.mark.slow
def test_merge_counts_every_new_decision_that_nobody_signed(project: Project) -> None:
    """Also one that claims no more than a name: whoever merges hears how many came that anybody could have written."""
    project.configured()
    made = [
        replace(review(), by=name, known_by=IdentityLevel.DECLARED) for name in ("ana@example.com", "ben@example.com")
    ]

    def no_artifact(_: str) -> IO[bytes]:
        raise FileNotFoundError

    write_bundle(project.path / "words.zip", BundleContents(decisions=made), no_artifact)
    told = "words.zip: who made 2 decisions is only self-declared here"
    assert told in project.cli("merge", "words.zip").stderr
    assert "self-declared here" not in project.cli("merge", "words.zip").stderr, "it brought nothing new"


@pytest.mark.slow
@pytest.mark.parametrize("report", ["{", "[" * 100_000, '{"a":' + "9" * 5000 + "}"], ids=["cut off", "deep", "long"])
def test_a_report_that_is_no_json_is_named(project: Project, report: str) -> None:
    """The line says which member of the bundle it is, and no class of Python's."""
    project.configured()

    def no_artifact(_: str) -> IO[bytes]:
        raise FileNotFoundError

    write_bundle(project.path / "words.zip", BundleContents(decisions=[review()], report=report), no_artifact)
    done = project.cli("merge", "words.zip")
    assert done.exit_code == 3
    assert "words.zip: report.json: " in done.stderr
    assert "Error" not in done.stderr


@pytest.mark.slow
def test_verify_counts_the_signatures_of_other_registers_too(project: Project) -> None:
    """What merge said is new is there, under whatever register it is looked at."""
    trusting(project, more="")
    recorded(project)
    signing_as(project, "ana")
    approve(project)
    signing_as(project, None)
    assert ", 2 signatures\n" in project.cli("verify").stdout
    config = (project.path / "readiness.toml").read_text(encoding="utf-8")
    project.write("readiness.toml", f'register = "another"\n{config}')
    assert ", 2 signatures\n" in project.cli("verify").stdout


@pytest.mark.slow
def test_a_command_in_a_message_has_its_names_in_quotes(project: Project) -> None:
    """Who copies it into a shell runs this command, and nothing that a row of the tracker names."""
    name = "UC-7$(id)"
    row = f"[use_cases.'{name}']\ntitle = 'x'\n"
    base = CONFIG.replace(
        'tracker = "PROD_READINESS_TRACKER.md"\n', "[review]\nreviewers = ['ana']\nseparate = false\n"
    )
    project.configured(f"{base}{row}[use_cases.UC-8]\ntitle = 'y'\n", None)
    examined = ("record", name, "--item", "2", "--environment", "staging", "--result", "PASSED")
    assert project.cli(*examined).exit_code == 0
    assert project.cli("block", name, "--reason", "no", "--by", "ana").exit_code == 0
    for words, expected in (
        (("report",), f"readiness why '{name}'"),
        (("why", name), f"(`readiness review` with --acknowledge '{name}/2')"),
        (("review", name, "--by", "ana"), f"to be acknowledged: --acknowledge '{name}/2'"),
        (("next", "-v"), f"runs `readiness unblock '{name}'`"),
    ):
        assert expected in " ".join(project.cli(*words).stdout.split()), words
    project.configured(f"{base}[use_cases.UC-8]\ntitle = 'y'\n", None)
    assert f"retire it: `readiness retire '{name}' --reason ...`" in " ".join(project.cli("next", "-v").stdout.split())
