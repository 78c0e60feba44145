"""`readiness init`: the first five minutes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

from pytest_readiness.claims.builtin_items import BUILTIN_ITEMS
from pytest_readiness.claims.catalogue import Item
from pytest_readiness.claims.register import catalogue_problems, read_catalogue
from pytest_readiness.claims.tracker.reader import read_tracker
from pytest_readiness.cli import commands
from pytest_readiness.commands.templates import config_text, tracker_text
from pytest_readiness.settings import TRACKER_NAME, config_problems, load_settings

TRACKER = """\
# Ours\r
\r
| Case | UC | Prod Readiness Status |\r
|---|---|---|\r
| one \\| two | PAY-1 | `NOT_STARTED` |\r
\r
## Required Evidence of ours\r
2. Keys are rotated and "revoked"\\.\r
5. Dashboards exist\r
no final newline"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("READINESS_CONFIG", "READINESS_STORE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def init(*arguments):
    """Run `readiness init`."""
    return CliRunner().invoke(commands, ["init", *arguments], prog_name="readiness")


def test_a_new_project_gets_a_tracker_and_a_config_that_are_sound(folder):
    """In an empty folder init leaves a tracker and a config without problems, with the seven items written out."""
    result = init()
    assert result.exit_code == 0
    settings = load_settings(folder / "readiness.toml")
    assert list(catalogue_problems(settings)) == []
    assert settings.tracker == folder / TRACKER_NAME
    catalogue = read_catalogue(settings)
    assert tuple(catalogue.items.values()) == BUILTIN_ITEMS
    assert list(settings.items) == [item.key for item in BUILTIN_ITEMS]
    assert len(catalogue.use_cases) == 2
    assert {row.declared_status for row in catalogue.use_cases.values()} == {"NOT_STARTED"}
    assert {len(catalogue.requirements(name)) for name in catalogue.use_cases} == {8}
    assert settings.review.reviewers == ()
    assert sorted(path.name for path in folder.iterdir()) == [TRACKER_NAME, "readiness.toml"]


def test_an_example_is_given_only_where_nobody_is_named(folder):
    """A reviewer that was named is not followed by what a name looks like."""
    assert init("--reviewer", "ana@example.com").exit_code == 0
    assert 'reviewers = ["ana@example.com"]\n' in (folder / "readiness.toml").read_text()
    (folder / "readiness.toml").unlink()
    assert init().exit_code == 0
    assert 'reviewers = []  # such as "release-manager@example.com"\n' in (folder / "readiness.toml").read_text()


def test_it_says_what_it_did_and_what_comes_next(folder):
    """The output names each file it wrote and the next two commands."""
    lines = init().stdout.splitlines()
    assert lines[0].startswith(f"{TRACKER_NAME}: written")
    assert lines[1].startswith("readiness.toml: written, with 7 items")
    assert [line.strip() for line in lines[-2:]] == ["readiness check", "pytest --readiness-plan"]


def test_a_tracker_is_adopted_and_not_touched(folder):
    """A tracker that is there stays byte for byte, and its items are written out under their own numbers."""
    (folder / TRACKER_NAME).write_bytes(TRACKER.encode())
    result = init("--reviewer", "qa@example.com", "--reviewer", "rm@example.com")
    assert result.exit_code == 0
    assert "adopted, not changed (1 use case, 2 required items listed)" in result.stdout
    assert (folder / TRACKER_NAME).read_bytes() == TRACKER.encode()
    settings = load_settings(folder / "readiness.toml")
    assert settings.review.reviewers == ("qa@example.com", "rm@example.com")
    catalogue = read_catalogue(settings)
    assert tuple(catalogue.items.values()) == read_tracker(folder / TRACKER_NAME).items
    assert catalogue.items["2"].title == 'Keys are rotated and "revoked".'
    assert list(catalogue.use_cases) == ["PAY-1"]


def test_a_tracker_elsewhere_is_named_from_the_config(folder):
    """--tracker adopts the file it names, and the config finds it from its own folder."""
    (folder / "docs").mkdir()
    (folder / "docs" / "GO LIVE.md").write_bytes(TRACKER.encode())
    assert init("--tracker", "docs/GO LIVE.md").exit_code == 0
    assert tomllib.loads((folder / "readiness.toml").read_text())["tracker"] == "docs/GO LIVE.md"
    assert list(read_catalogue(load_settings(folder / "readiness.toml")).use_cases) == ["PAY-1"]
    assert not (folder / TRACKER_NAME).exists()


def test_a_tracker_without_a_list_gets_the_seven(folder):
    """Where the tracker does not list what is required, the seven are written out."""
    (folder / TRACKER_NAME).write_text("| UC | Prod Readiness Status |\n|--|--|\n| A | BLOCKED |\n")
    init()
    assert tuple(read_catalogue(load_settings(folder / "readiness.toml")).items.values()) == BUILTIN_ITEMS


@pytest.mark.parametrize(
    ("prepare", "arguments", "message"),
    [
        (lambda folder: (folder / "readiness.toml").write_text("# mine"), (), "readiness.toml already exists"),
        (lambda folder: (folder / "readiness.toml").symlink_to("gone"), (), "readiness.toml already exists"),
        (
            lambda folder: (folder / "pyproject.toml").write_text("[tool.readiness]"),
            (),
            "pyproject.toml already has a table",
        ),
        (lambda folder: (folder / TRACKER_NAME).write_text("# nothing"), (), "it has no table"),
        (lambda folder: (folder / TRACKER_NAME).mkdir(), (), "is a folder"),
        (lambda folder: None, ("--tracker", "no/where.md"), "no/where.md cannot be written: No such file or directory"),
        (lambda folder: None, ("--reviewer", " "), "--reviewer needs a name"),
    ],
)
def test_what_stands_in_the_way_is_told_and_nothing_is_written(folder, prepare, arguments, message):
    """Init overwrites nothing and writes nothing by halves: it says in one line what is in the way, and exits 2."""
    prepare(folder)
    before = {path.name: path.is_file() and path.read_bytes() for path in folder.iterdir()}
    result = init(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert {path.name: path.is_file() and path.read_bytes() for path in folder.iterdir()} == before


def test_config_option_names_the_file(folder):
    """--config says where the config goes; a tracker is looked for beside it; pyproject.toml is not init's to write."""
    (folder / "sub").mkdir()
    runner = CliRunner()
    assert runner.invoke(commands, ["--config", "sub/readiness.toml", "init"]).exit_code == 0
    assert sorted(path.name for path in (folder / "sub").iterdir()) == [TRACKER_NAME, "readiness.toml"]
    refused = runner.invoke(commands, ["--config", "pyproject.toml", "init"])
    assert refused.exit_code == 2
    assert "not pyproject.toml" in refused.stderr


# -- git -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, b".readiness/\n"),
        (b"*.pyc\n", b"*.pyc\n.readiness/\n"),
        (b"*.pyc", b"*.pyc\n.readiness/\n"),
        (b"*.pyc\r\n\xff", b"*.pyc\r\n\xff\r\n.readiness/\r\n"),
        (b"# x\n.readiness\n", b"# x\n.readiness\n"),
        (b"/.readiness/ \n", b"/.readiness/ \n"),
    ],
)
def test_the_store_is_kept_out_of_git(folder, before, after):
    """In a work tree .gitignore gets a line, once, and keeps every byte it had."""
    (folder / ".git").mkdir()
    if before is not None:
        (folder / ".gitignore").write_bytes(before)
    assert init().exit_code == 0
    assert (folder / ".gitignore").read_bytes() == after


def test_a_line_in_the_root_of_the_work_tree_is_enough(folder, monkeypatch):
    """A project in a subfolder of a work tree whose root ignores the store needs no line of its own."""
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text(".readiness/\n")
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    assert init().exit_code == 0
    assert not (folder / "sub" / ".gitignore").exists()


# -- what it writes ------------------------------------------------------------------------------------------------


def test_the_examples_in_the_config_are_right(folder):
    """Taking the # from every example line gives a config without problems, with what the examples say."""
    init("--reviewer", "release-manager@example.com")
    path = Path("readiness.toml")
    path.write_text(re.sub(r"^#(?=\S)", "", path.read_text(), flags=re.MULTILINE))
    assert config_problems(path) == []
    settings = load_settings(path)
    assert list(catalogue_problems(settings)) == []
    assert settings.environments["staging"].real
    assert set(settings.provider_modes) == {"BYOK", "MANAGED"}
    assert settings.people["release-manager@example.com"].also == ("rm-on-ci",)


def test_the_policy_written_out_is_the_default(folder):
    """What init writes about review and gate is what holds without it, so that a line may be taken out."""
    init()
    written = load_settings(folder / "readiness.toml")
    (folder / "bare.toml").write_text(f"tracker = '{TRACKER_NAME}'\n")
    bare = load_settings(folder / "bare.toml")
    assert (written.review, written.gate) == (bare.review, bare.gate)
    assert (written.store, written.artifacts, written.register) == (bare.store, bare.artifacts, bare.register)
    assert tomllib.loads((folder / "readiness.toml").read_text())["gate"].keys() == set(bare.gate.__struct_fields__)


def test_the_template_lists_the_ten_fields_of_evidence():
    """The new tracker explains the ten fields of the evidence template in their order."""
    fields = re.findall(r"^\| ([^|]+?) \| [a-z]", tracker_text("2026-01-02"), flags=re.MULTILINE)
    assert fields == [
        *("UC", "Tenant ID", "Project ID", "Environment", "Provider Mode", "Validation Item", "Command/Test ID"),
        *("Result", "Timestamp (UTC)", "Artifact/Log Reference"),
    ]


@given(
    titles=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), min_size=1, max_size=3),
    names=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=10), min_size=1, max_size=2),
    tracker=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
)
def test_any_text_is_written_as_itself(titles, names, tracker):
    """Whatever a tracker calls its items and use cases, the config is TOML and says exactly that."""
    items = [Item(str(number), title) for number, title in enumerate(titles, 1)]
    read = tomllib.loads(config_text(tracker, items, names, names))
    assert read["tracker"] == tracker
    assert [item["title"] for item in read["items"].values()] == titles
    assert read["review"]["reviewers"] == names
