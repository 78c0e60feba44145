"""The catalogue that is built from the tracker's rows and the config, and its problems."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_readiness.claims.catalogue import UseCase
from pytest_readiness.claims.register import catalogue_problems, examine_catalogue, read_catalogue, tracker_of
from pytest_readiness.errors import ConfigError
from pytest_readiness.settings import default_settings, load_settings
from tests.growth import calls

TRACKER = """\
| UC | Architecture Status | Prod Readiness Status | Owner | Notes |
| --- | --- | --- | --- | --- |
| UC-1 | GREEN | NOT_STARTED | tbd | first |
| UC-2 | AMBER | BLOCKED | me | second |
"""
LIST = "\n# Required Evidence\n1. Provider credentials work\n2. A drill is executed\n"
ENVIRONMENTS = (
    "[environments.staging]\nreal = true\n[environments.dev]\n[provider_modes]\nBYOK = 'own'\nFAKE = { real = false }\n"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a function that writes a project in the working folder and returns its settings."""
    monkeypatch.chdir(tmp_path)

    def make(config: str, tracker: str | None = TRACKER):
        if tracker is not None:
            (tmp_path / "TRACKER.md").write_text(tracker)
            config = f"tracker = 'TRACKER.md'\n{config}"
        (tmp_path / "readiness.toml").write_text(config)
        return load_settings(tmp_path / "readiness.toml")

    return make


def problem_lines(settings):
    """Return the problems as lines."""
    return [str(problem) for problem in catalogue_problems(settings)]


def test_the_config_adds_to_the_row(project):
    """The config's settings of a use case replace those of its row, and the rest of the row stays."""
    settings = project(
        ENVIRONMENTS + "[use_cases.UC-1]\ntitle = 'Sign in'\nowner = 'team'\nenvironments = ['staging']\n"
        "provider_modes = ['BYOK']\ndrills = ['timeout']\nnot_applicable = { trace = 'no trace', 'secrets/rotation' = 'fixed' }\n"
    )
    catalogue = read_catalogue(settings)
    first, second = catalogue.use_cases.values()
    assert (first.title, first.owner, first.architecture_status, first.declared_status) == (
        *("Sign in", "team", "GREEN", "NOT_STARTED"),
    )
    assert (first.line, first.notes) == (3, "first")
    assert (first.environments, first.provider_modes, first.drills) == (("staging",), ("BYOK",), ("timeout",))
    assert first.not_applicable == (("4", "no trace"), ("6/rotation", "fixed"))
    assert (second.owner, second.declared_status, second.environments) == ("me", "BLOCKED", None)
    assert catalogue.environments["staging"].real
    assert not catalogue.environments["dev"].real
    assert not catalogue.provider_modes["FAKE"].real
    assert not catalogue.open_world


def test_the_config_is_the_register_where_there_is_no_tracker(project):
    """Use cases and items may be in the config only."""
    settings = project("register = 'r'\n[use_cases.UC-9]\ntitle = 't'\narchitecture_status = 'RED'\n", None)
    catalogue = read_catalogue(settings)
    assert catalogue.register == "r"
    assert catalogue.use_cases == {"UC-9": UseCase("UC-9", title="t", architecture_status="RED")}
    assert list(catalogue.items) == ["1", "2", "3", "4", "5", "6", "7"]
    assert tracker_of(settings) is None


def test_without_config_and_tracker_everything_exists(tmp_path):
    """An unconfigured folder is an open world with the seven items."""
    catalogue = read_catalogue(default_settings(tmp_path))
    assert catalogue.open_world
    assert [item.name for item in catalogue.items.values()] == [
        *("credential", "handshake", "attestation", "trace", "replay", "secrets", "drill"),
    ]


def test_without_config_the_tracker_closes_the_world(tmp_path):
    """The tracker of a folder without a config defines which use cases exist."""
    (tmp_path / "PROD_READINESS_TRACKER.md").write_text(TRACKER)
    catalogue = read_catalogue(default_settings(tmp_path))
    assert not catalogue.open_world
    assert list(catalogue.use_cases) == ["UC-1", "UC-2"]


def test_the_trackers_list_is_what_is_required(project):
    """Without items in the config, the tracker's list is required, with built-in meanings."""
    catalogue = read_catalogue(project("", TRACKER + LIST))
    assert [(item.key, item.proof) for item in catalogue.items.values()] == [("1", "credential"), ("2", "drill")]


def test_the_configs_items_win(project):
    """An item of the config has the meaning written there, even if the tracker's text matches another."""
    items = "[items.1]\nscope = 'environment'\nproof = 'none'\n[items.2]\ntitle = 'mine'\nproof = 'trace'\nmax_age_days = 3\n"
    settings = project(items, TRACKER + LIST)
    first, second = read_catalogue(settings).items.values()
    assert (first.title, first.scope, first.proof, first.max_age_days) == (
        *("Provider credentials work", ("environment",), "none", None),
    )
    assert (second.title, second.proof, second.max_age_days) == ("mine", "trace", 3)
    assert problem_lines(settings) == []


def test_an_item_that_only_the_tracker_lists_is_required_and_told(project):
    """A line added to the tracker's list after init is required at once, and `check` asks for its meaning."""
    settings = project("[items.1]\nproof = 'credential'\n", TRACKER + LIST)
    assert list(read_catalogue(settings).items) == ["1", "2"]
    assert problem_lines(settings) == [
        "readiness.toml:2: required evidence 2 of the tracker has no [items.2]: write down what it means"
    ]


def test_two_items_that_speak_of_one_thing_share_no_name(project):
    """A built-in name that would mean two items means neither, rather than the wrong one."""
    catalogue = read_catalogue(project("", TRACKER + "\n# Required Evidence\n1. a drill\n2. more drills\n"))
    assert [item.name for item in catalogue.items.values()] == [None, None]


def test_rows_and_proofs_from_elsewhere(project):
    """Use cases and kinds of proof of plugins are accepted."""
    settings = project("[use_cases.EXT-1]\nowner = 'x'\n[items.1]\nproof = 'sbom'\n", None)
    catalogue = read_catalogue(settings, rows=[UseCase("EXT-1", title="ext")], proofs=["sbom"])
    assert (catalogue.use_cases["EXT-1"].title, catalogue.use_cases["EXT-1"].owner) == ("ext", "x")


@pytest.mark.parametrize(
    ("config", "line", "what"),
    [
        ("[use_cases.UC-11]\n", 2, "there is no use case 'UC-11' in TRACKER.md"),
        (
            "[use_cases.UC-1]\nenvironments = ['stagin']\n",
            9,
            "needs environment 'stagin', which is not declared (did you mean 'staging'?)",
        ),
        ("[use_cases.UC-1]\nenvironments = ['dev']\n", 9, "needs environment 'dev', which is not declared real"),
        ("[use_cases.UC-1]\nprovider_modes = ['FAKE']\n", 9, "needs provider mode 'FAKE', which is not declared real"),
        ("[use_cases.UC-1]\nprovider_modes = []\n", 9, "lists no provider mode"),
        ("[use_cases.UC-1]\nenvironments = ['staging', 'staging']\n", 9, "lists environment 'staging' twice"),
        ("[use_cases.UC-1]\ndrills = ['a', 'a']\n", 9, "lists drill 'a' twice"),
        ("[use_cases.UC-1]\n[use_cases.UC-1.not_applicable]\n99 = 'x'\n", 10, "has no requirement or item '99'"),
        ("[use_cases.UC-1]\nnot_applicable = { '6/rotat' = 'x' }\n", 9, "'6/rotat' (did you mean '6/rotation'?)"),
        ("[use_cases.UC-1]\nnot_applicable = { '2/dev' = 'x' }\n", 9, "has no requirement or item '2/dev'"),
        (
            "[items.1]\nproof = 'handshak'\n",
            9,
            "asks for a proof 'handshak' that does not exist (did you mean 'handshake'?)",
        ),
        ("[items.1]\nproof = 'zzzz'\n", 9, "(proofs are none, part, credential,"),
        ("[items.1]\nproof = 'part'\n", 9, "asks for the proof of each part and has none"),
        (
            "[items.1]\nproof = 'part'\nparts = ['rotation', 'revoke']\n",
            10,
            "asks part 'revoke' for the proof of its name",
        ),
        ("[items.1]\nparts = ['a', 'a']\n", 9, "lists part 'a' twice"),
        ("[items.1]\nname = 'x'\n[items.2]\nname = 'X'\n", 11, "'X' is the name of item 2 and of item 1"),
        ("[items.1]\n[items.2]\nname = '1'\n", 10, "'1' is the name of item 2 and of item 1"),
    ],
)
def test_each_misfit_is_one_line_with_its_place(project, config, line, what):
    """Each contradiction is reported once, at its line of the config, and reading raises that line."""
    head = "" if config.startswith("[use_cases.UC-11]") else ENVIRONMENTS
    settings = project(head + config)
    lines = problem_lines(settings)
    assert len(lines) == 1
    assert lines[0].startswith(f"readiness.toml:{line}: ")
    assert what in lines[0]
    with pytest.raises(ConfigError) as raised:
        read_catalogue(settings)
    assert str(raised.value) == lines[0]


def test_a_part_of_the_seven_that_is_also_an_environment(project):
    """An environment with the name of a built-in part is a problem: two requirements would have one id."""
    assert problem_lines(project("[environments.rotation]\nreal = true\n")) == [
        "readiness.toml:2: 'rotation' is the name of both a declared environment and a part: rename one"
    ]


def test_a_config_without_use_cases_is_told(project):
    """A config with neither tracker nor use cases is a problem."""
    assert problem_lines(project("register = 'r'\n", None)) == [
        'readiness.toml: there is no use case: name a tracker (tracker = "...") or write [use_cases.ID]'
    ]


def test_an_id_that_no_requirement_could_carry(project):
    """A use case of the config is held to the rules that a tracker's is held to."""
    assert "has a '/' in its id" in problem_lines(project("[use_cases.'A/B']\n", None))[0]


def test_problems_of_tracker_and_config_are_told_together(project):
    """A mistake in the tracker does not hide one in the config."""
    settings = project("[use_cases.UC-1]\nenvironments = ['x']\n", TRACKER.replace("BLOCKED", "STUCK"))
    assert [line.partition(" ")[0] for line in problem_lines(settings)] == ["TRACKER.md:4:", "readiness.toml:3:"]
    assert examine_catalogue(settings)[0] is not None
    with pytest.raises(ConfigError, match=r"^TRACKER\.md:4: "):
        read_catalogue(settings)


def test_a_tracker_that_cannot_be_read_is_the_only_problem(project):
    """If the tracker cannot be read, the config's use cases are not reported as missing."""
    settings = project("[use_cases.UC-1]\n")
    settings.tracker.unlink()
    assert [line.partition(": ")[2] for line in problem_lines(settings)] == [
        "there is no such tracker: write one with `readiness init`"
    ]
    assert examine_catalogue(settings)[0] is None
    with pytest.raises(ConfigError, match="no such tracker"):
        tracker_of(settings)


def test_joining_grows_with_the_rows_and_the_words_about_them(project):
    """A register of four times as many rows, with as many tables in the config, is four times the work."""

    def read(count: int) -> Callable[[], None]:
        numbers = range(3, count + 3)
        rows = "".join(f"| UC-{number} | GREEN | NOT_STARTED | tbd | note |\n" for number in numbers)
        config = "".join(f"[use_cases.UC-{number}]\nnot_applicable = {{ 6 = 'x' }}\n" for number in numbers)

        def act() -> None:
            assert len(read_catalogue(settings).use_cases) == count + 2

        settings = project(config, TRACKER + rows)
        act()
        return act

    few = calls(read(100))
    assert calls(read(400)) < 6 * few
