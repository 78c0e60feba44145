"""Reading of the config, and its problems."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from msgspec.structs import fields

from pytest_readiness.errors import ConfigError
from pytest_readiness.settings import (
    config_problems,
    default_settings,
    key_location,
    load_settings,
    override_settings,
)
from pytest_readiness.settings.model import LOCATION_FIELDS, Settings
from pytest_readiness.settings.value_rules import size_in_bytes
from tests.settings.full_config import FULL


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Return a function that writes readiness.toml in the working folder."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, name: str = "readiness.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_every_key_is_read(config):
    """Each key of the config arrives in the settings with its type."""
    given = tomllib.loads(FULL)
    assert given.keys() == {field.name for field in fields(Settings)} - LOCATION_FIELDS
    path = config(FULL)
    settings = load_settings(path)
    for table in ("review", "gate", "deployed"):
        assert given[table].keys() == {field.name for field in fields(getattr(settings, table))}
    assert settings.path == path
    assert settings.folder == path.parent
    assert settings.tracker == path.parent / "docs" / "TRACKER.md"
    assert (settings.register, settings.store, settings.artifacts) == ("payments", "sqlite:///other.db", "kept")
    assert (settings.decisions, settings.plugins) == ("decisions", ("our_proofs",))
    assert (settings.artifact_limit, settings.junit_limit) == (500_000_000, 1_000_000)
    assert settings.context.tenant_id == "t-42"
    assert settings.environments["staging"].endpoints == ("*.example.com:443", "10.0.0.0/8")
    assert settings.provider_modes["BYOK"].title == "customer's own key"
    assert settings.provider_modes["BYOK"].real
    assert not settings.provider_modes["MANAGED"].real
    assert settings.items["4"].scope == ()
    assert settings.items["9"].scope == ("environment", "provider_mode")
    assert settings.items["10"].scope == ("environment",)
    assert settings.use_cases["UC-003"].not_applicable == {"6": "holds no credentials"}
    assert settings.use_cases["UC-003"].provider_modes is None
    assert settings.tracker_columns == {"uc": "Case"}
    assert settings.statuses == {"READY_FOR_GO_LIVE": ("Go", "Done*")}
    assert (settings.review.required, settings.review.separate, settings.review.identity) == (2, False, "git")
    assert settings.people["qa@example.com"].also == ("qa-on-ci",)
    assert (settings.gate.on, settings.gate.clean_commit, settings.gate.architecture) == ("evidence", True, "GREEN")
    assert (settings.gate.waivers, settings.gate.enforce, settings.gate.level) == ("accept", False, "L2")
    assert settings.claims.tests == {"tests/keys/**::test_rotation*": ("UC-003/4",)}
    assert settings.claims.marks == {"allure_label(tag=UC-*)": ("UC-{1}/4",)}
    assert (settings.keys["ci"].public, settings.keys["ci"].person) == ("ci.pem", "qa@example.com")
    assert settings.releases["2.0"].subjects["api"].startswith("sha256:0123")
    assert (settings.deployed.ignore, settings.tracker_skip) == (("*/istio/*",), ("Archive*",))


def test_an_empty_config_fails_closed(config):
    """By default there are no reviewers, waivers are refused, and an environment is not real."""
    settings = load_settings(config("[environments.dev]\n"))
    assert settings.review.reviewers == ()
    assert settings.review.required == 1
    assert settings.review.separate
    assert (settings.gate.on, settings.gate.waivers, settings.gate.asserted) == ("review", "refuse", "acknowledge")
    assert not settings.environments["dev"].real
    assert settings.artifact_limit == 1024**3


@pytest.mark.parametrize("change", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")])
def test_editors_of_other_systems_change_nothing(config, change):
    """A byte order mark or CRLF gives the same settings."""
    plain = load_settings(config(FULL))
    assert load_settings(config(change(FULL.encode()))) == plain


def test_pyproject_holds_the_same(config):
    """[tool.readiness] in pyproject.toml gives the same settings, and problems with its lines."""
    path = config(
        "[tool.black]\nx = 1\n[tool.readiness]\nregister = 'a'\n[tool.readiness.gate]\non = 'zzz'\n", "pyproject.toml"
    )
    assert [str(problem) for problem in config_problems(path)] == [
        "pyproject.toml:6: gate.on must be 'review' or 'evidence', not 'zzz'"
    ]
    assert load_settings(config("[tool.readiness]\nregister = 'a'\n", "pyproject.toml")).register == "a"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('trakcer = "x"', 1, "unknown key 'trakcer' (did you mean 'tracker'?)"),
        ("[review]\nreviewer = []", 2, "unknown key 'reviewer' (did you mean 'reviewers'?)"),
        ("[environments.prod]\nreel = true", 2, "unknown key 'reel' (did you mean 'real'?)"),
        ("[tracker_columns]\nstaus = 'x'", 2, "unknown key 'staus' (did you mean 'status'?)"),
        ("[statuses]\nREADY = 'x'", 2, "unknown key 'READY'"),
        (
            "[context]\nenvironment = 'prod'",
            2,
            "use --readiness-environment, READINESS_ENVIRONMENT or scope() in the test",
        ),
        ("folder = 'x'", 1, "unknown key 'folder'"),
        ("[environments.prod]\nreal = 'yes'", 2, "environments.prod.real must be true or false, not 'yes'"),
        ("[review]\nrequired = 0", 2, "review.required must be at least 1, not 0"),
        ("[review]\nrequired = true", 2, "review.required must be a whole number, not true"),
        ("[review]\nreviewers = 'me'", 2, "review.reviewers must be a list of texts, not 'me'"),
        ("[review]\nreviewers = [\n'a',\n'']", 4, "review.reviewers must not be empty"),
        (
            "[gate]\non = 'evidnce'",
            2,
            "gate.on must be 'review' or 'evidence', not 'evidnce' (did you mean 'evidence'?)",
        ),
        ("[gate]\nflaky = 3", 2, "gate.flaky must be 'refuse' or 'acknowledge' or 'accept', not 3"),
        ("gate = 3", 1, "gate must be a table, not 3"),
        ("tracker = 3", 1, "tracker must be a path in quotes, not 3"),
        ("tracker = ''", 1, "tracker must not be empty"),
        ("store = ''", 1, "store must not be empty"),
        ("register = 'a/b'", 1, "register must be a name without '/'"),
        ("[environments.'a/b']\nreal = true", 1, "'a/b' must be a name without '/'"),
        ("[provider_modes]\n' x' = 'y'", 2, "' x' must be a name without space around it"),
        ('[items.4]\nparts = ["a", "b\\u0007"]', 2, "items.4.parts must be a name without control characters"),
        ("[items.4]\nscope = 'enviroment'", 2, "not 'enviroment' (did you mean 'environment'?)"),
        ("[items.4]\nmax_age_days = 0", 2, "items.4.max_age_days must be at least 1, not 0"),
        ("artifact_limit = '1 Gi'", 1, "must be a size such as '1 GiB'"),
        ("artifact_limit = 0", 1, "must be at least one byte"),
        ("artifact_limit = true", 1, "must be a size such as '1 GiB'"),
        ("[use_cases.X]\nnot_applicable = { 6 = '' }", 2, "use_cases.X.not_applicable.6 must not be empty"),
        ("[statuses]\nBLOCKED = 'x'\nskip = ['n/a', 'X']", 3, "'x' skips a row, and stands for BLOCKED"),
        ("[statuses]\nskip = 'blocked'", 2, "'BLOCKED' skips a row, and stands for BLOCKED"),
        ("[statuses]\nBLOCKED = []", 2, "statuses.BLOCKED must be a word or a list of words, not []"),
        ("[statuses]\nskip = ['Total', '*']", 2, "statuses.skip must be words, and '*' alone would match any"),
        ("[tracker_columns]\nuc = 0", 2, "tracker_columns.uc must be a header"),
        ("[tracker_columns]\nstatus = 2", 2, "tracker_columns.status must be a header, not 2"),
        ("[tracker_columns]\nuc = { staging = 'x' }", 2, "tracker_columns.uc must be a header, not a table"),
        (
            "[environments.staging]\n[tracker_columns]\nstatus = { stagin = 'x' }",
            3,
            "names environment 'stagin', which is not declared (did you mean 'staging'?)",
        ),
        (
            "[environments.a]\n[provider_modes]\na = 'x'",
            1,
            "'a' is the name of both an environment and a provider mode",
        ),
        ("[environments.a]\n[items.1]\nparts = ['a']", 1, "'a' is the name of both an environment and a part"),
        ("[provider_modes]\na = 'x'\n[use_cases.X]\ndrills = ['a']", 2, "both a provider mode and a part"),
        ("a = [", 1, "is not TOML"),
        ("a = 1\nb = ]", 2, "is not TOML"),
        (f"a = 1\nb = {'[' * 5000}{']' * 5000}", 2, "is not TOML: lists or tables are nested too deep"),
        (f"a = 1\nb = {'{b = ' * 5000}1{'}' * 5000}", 2, "is not TOML: lists or tables are nested too deep"),
        (f"a = 1\nb = 0x{'1' * 5}\nc = {'1' * 5000}", 3, "is not TOML: a number has too many digits"),
        (f"b = {'[' * 250}{']' * 250}", 1, "unknown key 'b'"),
    ],
)
def test_each_mistake_is_one_line_with_its_place(config, text, line, message):
    """Each mistake is one line with file, line and the right value, and loading raises the same line."""
    path = config(text + "\n")
    lines = [str(problem) for problem in config_problems(path)]
    assert len(lines) == 1
    assert lines[0].startswith(f"readiness.toml:{line}: ")
    assert message in lines[0]
    with pytest.raises(ConfigError) as raised:
        load_settings(path)
    assert str(raised.value) == lines[0]


def test_all_mistakes_in_the_order_of_the_lines(config):
    """Several mistakes are all reported, and loading raises the topmost."""
    path = config("[gate]\non = 1\n[review]\nrequired = 0\nx = 1\n[items.'a/b']\n")
    lines = [problem.where for problem in config_problems(path)]
    assert lines == [f"readiness.toml:{line}" for line in (2, 4, 5, 6)]
    with pytest.raises(ConfigError, match=r"^readiness\.toml:2: "):
        load_settings(path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "there is no such file: write it with `readiness init`"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b"\x00\xff\xfe"), "is not UTF-8 text"),
    ],
)
def test_what_is_no_readable_file_is_told(tmp_path, make, message):
    """A missing file, a folder and a binary file are each reported in one line with the path."""
    path = tmp_path / "readiness.toml"
    make(path)
    with pytest.raises(ConfigError) as raised:
        load_settings(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert [str(problem) for problem in config_problems(path)] == [str(raised.value)]


def test_pyproject_without_our_table_is_told(tmp_path):
    """A pyproject.toml without [tool.readiness] that is given as config is an error."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match=r"has no table \[tool\.readiness\]"):
        load_settings(tmp_path / "pyproject.toml")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1 GiB", 2**30),
        ("1.5KiB", 1536),
        ("500 MB", 500_000_000),
        ("7", 7),
        (1024, 1024),
        ("2 b", 2),
        ("3tb", 3 * 10**12),
    ],
)
def test_sizes(text, size):
    """Sizes are read with binary and decimal units, in any letter case, or as bytes."""
    assert size_in_bytes(text) == size


def test_without_a_config_the_tracker_of_the_folder_is_used(tmp_path):
    """Without a config the defaults hold, and the tracker with its default name is the register."""
    assert default_settings(tmp_path).tracker is None
    (tmp_path / "PROD_READINESS_TRACKER.md").write_text("x")
    settings = default_settings(tmp_path)
    assert settings.tracker == tmp_path / "PROD_READINESS_TRACKER.md"
    assert settings.path is None


def test_override_says_more_than_the_config(config):
    """An option replaces the config's value, and None or an empty text changes nothing."""
    settings = load_settings(config(FULL))
    changed = override_settings(settings, store="sqlite:///x.db", tenant_id="t-1", on="review", artifacts="")
    assert (changed.store, changed.context.tenant_id, changed.gate.on) == ("sqlite:///x.db", "t-1", "review")
    assert changed.artifacts == "kept"
    assert changed.context.project_id == "p-7"
    assert changed.gate.clean_commit
    assert override_settings(settings) == settings
    assert settings.gate.on == "evidence"


def test_override_judges_like_the_config(tmp_path):
    """An option cannot set a value that the config does not allow."""
    with pytest.raises(ConfigError, match=r"gate\.on must be 'review' or 'evidence', not 'never'"):
        override_settings(default_settings(tmp_path), on="never")


def test_settings_are_frozen(tmp_path):
    """Settings are immutable."""
    with pytest.raises(AttributeError, match="immutable"):
        default_settings(tmp_path).store = "x"


def test_key_location_points_into_the_file(config):
    """A problem that is found later has the line of the key in the config."""
    path = config(FULL)
    line = FULL.splitlines().index('environments = ["staging"]') + 1
    settings = load_settings(path)
    assert key_location(settings, "use_cases", "UC-003", "environments") == f"readiness.toml:{line}"
    path.unlink()
    assert key_location(settings, "use_cases") == "readiness.toml"
