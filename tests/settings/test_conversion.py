"""Each wrong value of the config, and the sentence about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import ConfigError
from pytest_readiness.settings import config_problems, default_settings, load_settings, override_settings
from pytest_readiness.settings.model import Settings

MISTAKES = [
    ("store = 1", ["1: store must be a text in quotes, not 1"]),
    ("store = true", ["1: store must be a text in quotes, not true"]),
    ("store = 1979-05-27", ["1: store must be a text in quotes, not datetime.date(1979, 5, 27)"]),
    ("store = ['a']", ["1: store must be a text in quotes, not ['a']"]),
    ("store = ' \\u00a0 '", []),
    ("title = 1\n[x]", ["1: unknown key 'title' (did you mean 'items'?)", "2: unknown key 'x'"]),
    ("plugins = 'a'", ["1: plugins must be a list of texts, not 'a'"]),
    ("plugins = {}", ["1: plugins must be a list of texts, not {}"]),
    (
        "plugins = [1, 'a', '', true]",
        [
            "1: plugins must be a text in quotes, not 1",
            "1: plugins must not be empty",
            "1: plugins must be a text in quotes, not true",
        ],
    ),
    ("tracker_skip = [[]]", ["1: tracker_skip must be a text in quotes, not []"]),
    (
        "artifact_limit = 1.0",
        ["1: artifact_limit must be a size such as '1 GiB', '500 MB' or a number of bytes, not 1.0"],
    ),
    (
        "artifact_limit = '-1'",
        ["1: artifact_limit must be a size such as '1 GiB', '500 MB' or a number of bytes, not '-1'"],
    ),
    (
        "artifact_limit = nan",
        ["1: artifact_limit must be a size such as '1 GiB', '500 MB' or a number of bytes, not nan"],
    ),
    ("junit_limit = '0.1 b'", ["1: junit_limit must be at least one byte, not '0.1 b'"]),
    ("gate = []", ["1: gate must be a table, not []"]),
    ("[gate]\nclean_commit = 1", ["2: gate.clean_commit must be true or false, not 1"]),
    ("[gate]\nclean_commit = 'true'", ["2: gate.clean_commit must be true or false, not 'true'"]),
    ("[gate]\narchitecture = ''", ["2: gate.architecture must not be empty"]),
    (
        "[gate]\nlevel = 'L4'\nclock = false",
        [
            "2: gate.level must be 'L0' or 'L1' or 'L2' or 'L3', not 'L4'",
            "3: gate.clock must be 'refuse' or 'ignore', not false",
        ],
    ),
    ("[[gate]]\non = 'review'", ["1: gate must be a table, not [{'on': 'review'}]"]),
    ("[review]\nrequired = 1.0", ["2: review.required must be a whole number, not 1.0"]),
    ("[review]\nrequired = nan", ["2: review.required must be a whole number, not nan"]),
    (
        "[review]\nrequired = -99999999999999999999",
        ["2: review.required must be at least 1, not -99999999999999999999"],
    ),
    (
        "[review]\nidentity = 'sign'",
        ["2: review.identity must be 'declared' or 'git' or 'ci' or 'signed', not 'sign' (did you mean 'signed'?)"],
    ),
    (
        "[context]\ntenant_id = 3\nprovider_mode = ' b'",
        [
            "2: context.tenant_id must be a text in quotes, not 3",
            "3: context.provider_mode must be a name without space around it, not ' b'",
        ],
    ),
    ("environments = 3", ["1: environments must be a table, not 3"]),
    ("[environments]\nprod = 3", ["2: environments.prod must be a table, not 3"]),
    (
        "[environments.prod]\nreal = 1\nendpoints = ['h.example.com:0', '10.0.0.1/8', ' ', 5]",
        [
            "2: environments.prod.real must be true or false, not 1",
            "3: environments.prod.endpoints must have a port between 1 and 65535, not 'h.example.com:0'",
            "3: environments.prod.endpoints must begin where its network begins, which is 10.0.0.0/8, not '10.0.0.1/8'",
            "3: environments.prod.endpoints must not be empty",
            "3: environments.prod.endpoints must be a text in quotes, not 5",
        ],
    ),
    (
        "[environments.prod]\nendpoints = ['https://h.example.com']",
        [
            "2: environments.prod.endpoints must be a host or a network and no URL, such as 'api.example.com:443', '*.example.com', '10.20.0.0/16' or '[2001:db8::]/32', not 'https://h.example.com'"
        ],
    ),
    ("[environments.'x y']\nreal = 'no'", ["2: environments.\"x y\".real must be true or false, not 'no'"]),
    ("[provider_modes]\nBYOK = 3", ["2: provider_modes.BYOK must be a table, not 3"]),
    (
        "[provider_modes.BYOK]\ntitle = 3\nreal = 0",
        [
            "2: provider_modes.BYOK.title must be a text in quotes, not 3",
            "3: provider_modes.BYOK.real must be true or false, not 0",
        ],
    ),
    ("[items.4]\nscope = ['environment', 3]", ["2: items.4.scope must be 'environment' or 'provider_mode', not 3"]),
    ("[items.4]\nscope = 3", ["2: items.4.scope must be a list of texts, not 3"]),
    (
        "[items.4]\nmax_age_days = 30.0\nconnection = ''\nname = 'a/b'",
        [
            "2: items.4.max_age_days must be a whole number, not 30.0",
            "3: items.4.connection must be 'none' or 'seen', not ''",
            "4: items.4.name must be a name without '/' (requirement ids read UC/item/scope), not 'a/b'",
        ],
    ),
    (
        "[use_cases.X]\nenvironments = 'prod'\ntitle = 1\nnot_applicable = { 6 = 1, 7 = '  ' }",
        [
            "2: use_cases.X.environments must be a list of texts, not 'prod'",
            "3: use_cases.X.title must be a text in quotes, not 1",
            "4: use_cases.X.not_applicable.6 must be a text in quotes, not 1",
            "4: use_cases.X.not_applicable.7 must not be empty",
        ],
    ),
    ("[people]\n'' = {}\nqa = { also = [' '] }", ["2: '' must not be empty", "3: people.qa.also must not be empty"]),
    ("keys.ci = {}", ["1: keys.ci.public is missing", "1: keys.ci.roles is missing"]),
    (
        "[keys.ci]\npublic = ' '\nroles = []",
        ["2: keys.ci.public must not be empty", "3: keys.ci.roles must not be empty"],
    ),
    (
        "[keys.ci]\npublic = 'k.pem'\nroles = ['runs', 'review']",
        ["3: keys.ci.roles must be 'runs' or 'reviews' or 'checkpoints', not 'review' (did you mean 'reviews'?)"],
    ),
    ("[keys.ci]\npublic = 'k.pem'\nroles = 'runs'", ["3: keys.ci.roles must be a list of texts, not 'runs'"]),
    (
        "[tracker_columns]\nx = 'a'\nuc = ''\nstatus = {}\ntitle = { a = 1 }",
        [
            "2: unknown key 'x' (known are uc, status, architecture_status, title, owner, last_updated, notes, prefix)",
            "3: tracker_columns.uc must be a header; uc may be the number of its column, and status a table of environment and header, not ''",
            "4: tracker_columns.status must be a header; uc may be the number of its column, and status a table of environment and header, not {}",
            "5: tracker_columns.title must be a header; uc may be the number of its column, and status a table of environment and header, not {'a': 1}",
        ],
    ),
    (
        "[statuses]\nREADY_FOR_GOLIVE = ''\nskip = ['a', 1]",
        [
            "2: unknown key 'READY_FOR_GOLIVE' (did you mean 'READY_FOR_GO_LIVE'?)",
            "3: statuses.skip must be a word or a list of words, not ['a', 1]",
        ],
    ),
    (
        "tracker_columns = 1\nstatuses = []",
        ["1: tracker_columns must be a table, not 1", "2: statuses must be a table, not []"],
    ),
    (
        "store = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'\nregister = ' xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        [
            "2: register must be a name without space around it, not ' xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
        ],
    ),
    ("path = 'x'\nfolder = 1", ["1: unknown key 'path'", "2: unknown key 'folder'"]),
    (
        "gate = { on = 1, x = 1, level = 1 }",
        [
            "1: gate.on must be 'review' or 'evidence', not 1",
            "1: gate.level must be 'L0' or 'L1' or 'L2' or 'L3', not 1",
            "1: unknown key 'x'",
        ],
    ),
    ("[review]\nseparate = 'start_by'", ["2: review.separate must be true or false or 'started_by', not 'start_by'"]),
    ("[review]\nseparate = 1", ["2: review.separate must be true or false or 'started_by', not 1"]),
    ("[context]\n'[key]' = 1", ["2: unknown key '[key]'"]),
    (
        f"[review]\nidentity = 0x{'f' * 5000}",
        ["2: review.identity must be 'declared' or 'git' or 'ci' or 'signed', not a number of so many digits"],
    ),
]


@pytest.mark.parametrize(("text", "problems"), MISTAKES)
def test_each_wrong_value_is_told_in_a_sentence(tmp_path, monkeypatch, text, problems):
    """Each wrong value has its line and its sentence; several are told in their order."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "readiness.toml"
    path.write_text(text + "\n")
    assert [str(problem) for problem in config_problems(path)] == [f"readiness.toml:{problem}" for problem in problems]


def test_texts_are_stripped_and_names_are_not(tmp_path):
    """White space around a text is no part of it, also of a person's name; a title is taken as it is."""
    path = tmp_path / "readiness.toml"
    path.write_text(
        "store = '\\u00a0sqlite:///x.db '\n".replace("'", '"')
        + "[people]\n' qa ' = { also = [' q '] }\n[items.4]\ntitle = ' t '\nproof = ' trace '\n"
    )
    settings = load_settings(path)
    assert settings.store == "sqlite:///x.db"
    assert {name: person.also for name, person in settings.people.items()} == {"qa": ("q",)}
    assert (settings.items["4"].title, settings.items["4"].proof) == (" t ", "trace")


@pytest.mark.parametrize("limit", [f"'{'9' * 400}'", f"0x{'f' * 5000}"])
def test_a_limit_may_be_as_large_as_can_be_written(tmp_path, limit):
    """A size that no disk has is a limit that nothing reaches."""
    path = tmp_path / "readiness.toml"
    path.write_text(f"artifact_limit = {limit}\n")
    assert load_settings(path).artifact_limit == sys.maxsize


KEYS = st.sampled_from([*Settings.__struct_fields__, "on", "real", "also", "roles", "scope", "x", ""])
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.dates() | st.sampled_from(["", " ", "a", "a/b", "once", "1 GiB"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_toml(inner)}' for key, inner in value.items()) + "}"
    return (
        f"[{', '.join(map(_toml, value))}]"
        if isinstance(value, list)
        else f"{value!r}"
        if isinstance(value, str)
        else str(value)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder for many configs."""
    return tmp_path_factory.mktemp("configs")


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_a_config_is_either_loaded_or_told(folder: Path, data: dict[str, object]):
    """Whatever the values are, there are settings or problems, and never a traceback."""
    path = folder / "readiness.toml"
    path.write_text("".join(f'"{key}" = {_toml(value)}\n' for key, value in data.items()))
    problems = config_problems(path)
    if not problems:
        assert isinstance(load_settings(path), Settings)
        return
    with pytest.raises(ConfigError) as raised:
        load_settings(path)
    assert str(raised.value) == str(problems[0])


@pytest.mark.parametrize("option", ["store", "artifacts", "tenant_id", "project_id"])
def test_a_variable_whose_bytes_are_no_text_is_refused(tmp_path: Path, option: str) -> None:
    """A variable may hold bytes that are no UTF-8; no worker of xdist could be told them."""
    with pytest.raises(ConfigError, match="must be a text in UTF-8"):
        override_settings(default_settings(tmp_path), **{option: "sqlite:///\udcff.db"})
