"""``readiness record --junit --map-file`` and ``--list``: a mapping in a file, what is wrong with it, what it would do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.external.map_file import read_map_file
from tests.cli.test_record_map import lines, results, suite
from tests.project import Project

pytestmark = pytest.mark.slow

REPORT = f"<testsuites>{suite('pay', 'Pay::charges', 'Pay::refunds!')}{suite('login', 'Login::enters')}</testsuites>"


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging, with a report."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    project.configured().write("it.xml", REPORT)
    return project


def messages(text: str) -> list[str]:
    """The lines that were told, without who tells them."""
    return [line.removeprefix("readiness: ") for line in text.splitlines()]


def test_a_file_of_maps(placed: Project) -> None:
    """Each pattern is evidence for one item or for several; files and options add up."""
    placed.write("maps.toml", '[map]\n"Pay::*" = ["UC-001/1", "UC-002/2"]\n"login/*" = "uc-002/1"\n')
    placed.write("more.toml", '[map]\n"Pay::charges" = "UC-001/2"\n')
    maps = ("--map-file", "maps.toml", "--map-file", "more.toml", "--map", "Login::*=UC-001/1")
    result = placed.cli("record", "--junit", "it.xml", *maps)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    claims = {
        line["test"]: [f"{claim['use_case']}/{claim['item']}" for claim in line["claims"]] for line in lines(placed)
    }
    assert claims == {
        "Pay::charges": ["UC-001/2", "UC-001/1", "UC-002/2"],
        "Pay::refunds": ["UC-001/1", "UC-002/2"],
        "Login::enters": ["UC-001/1"],
        "login/Login::enters": ["UC-002/1"],
    }


def test_everything_that_is_wrong_with_a_file_of_maps_is_told_at_once(placed: Project) -> None:
    """A line for each, with file and line; nothing is recorded."""
    placed.write(
        "maps.toml",
        """\
        mpa = 1
        [map]
        "Pay::*" = "UC-01/1"
        "Pay::a" = [
          "UC-001/1",
          "UC-002/77", "UC-003"]
        tests.pay = "UC-001/1"
        "n" = 3
        "l" = [3]
        "e" = []
        " " = "UC-001/1"
        "s" = "UC-001/1/stagin"
        """,
    )
    result = placed.cli("record", "--junit", "it.xml", "--map-file", "maps.toml", "--map", "x", "--map", "a=UC-9/1")
    assert result.exit_code == 2
    form = 'write "PATTERN" = "UC/ITEM", or a list: ["UC/ITEM", ...]'
    assert messages(result.stderr) == [
        "--map takes PATTERN=UC/ITEM, such as '*::test_*=UC-003/4', not 'x'",
        "--map 'a': no use case 'UC-9' (there are UC-001, UC-002)",
        "maps.toml:1: 'mpa' is unknown: patterns belong in [map]",
        "maps.toml:3: 'Pay::*': no use case 'UC-01' (did you mean 'UC-001'?)",
        "maps.toml:6: 'Pay::a': 'UC-003' is not of the form UC/ITEM, such as UC-003/4",
        "maps.toml:6: 'Pay::a': no item '77' (items are 1, 2)",
        f"maps.toml:7: 'tests': a pattern with a dot needs quotes: {form}",
        f"maps.toml:8: 'n': {form}",
        f"maps.toml:9: 'l': {form}",
        f"maps.toml:10: 'e' has no target: {form}",
        f"maps.toml:11: the pattern is empty: {form}",
        "maps.toml:12: 's': there is no environment or provider mode 'stagin' (did you mean 'staging'?)",
    ]
    assert not (placed.path / ".readiness").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "maps.toml:1: has no table [map] with a pattern: write"),
        ("[map]\n", "maps.toml:1: has no table [map] with a pattern: write"),
        ("map = 1\n", "maps.toml:1: 'map' is a table: write"),
        ('[map]\n*::a = "UC-001/1"\n', 'maps.toml:2: is not TOML: Invalid statement: write "PATTERN" = "UC/ITEM"'),
        (f"[map]\n'*' = {'[' * 5000}\n", "maps.toml:2: is not TOML: lists or tables are nested too deep: write"),
        (
            '[map]\n"a" = "UC-001/1"\n"a" = "UC-002/1"\n',
            'maps.toml:3: duplicate pattern: give it a list: ["UC/ITEM", ...]',
        ),
    ],
)
def test_a_file_that_holds_no_maps(placed: Project, text: str, expected: str) -> None:
    """One line, with the place and how a pattern is written."""
    placed.write("maps.toml", text)
    result = placed.cli("record", "--junit", "it.xml", "--map-file", "maps.toml")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert expected in result.stderr


def test_a_file_of_maps_that_cannot_be_read(placed: Project) -> None:
    """One that is not there, a folder, and what is no text."""
    (placed.path / "bytes.toml").write_bytes(b"\xff\xfe")
    for name, expected in (
        ("no.toml", "no.toml: no such file: create it with a table [map]"),
        (".", "cannot be read: it is a folder, and no regular file"),
        ("bytes.toml", "bytes.toml: is not UTF-8 text: save it as UTF-8"),
    ):
        result = placed.cli("record", "--junit", "it.xml", "--map-file", name)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
        assert expected in result.stderr


def test_every_bad_property_is_told_at_once(placed: Project) -> None:
    """And nothing is recorded; a hundred lines are enough."""
    prop = '<properties><property name="readiness" value="{}"/></properties>'
    cases = [("a", "UC-01/1"), ("b", "UC-001/1"), ("c", "UC-001"), ("d", "UC-001/9")]
    made = [f'<testcase name="{name}" time="1">{prop.format(value)}</testcase>' for name, value in cases]
    placed.write("it.xml", f"<testsuite>{''.join(made)}</testsuite>")
    result = placed.cli("record", "--junit", "it.xml")
    assert result.exit_code == 2
    assert messages(result.stderr) == [
        "test case 'a': no use case 'UC-01' (did you mean 'UC-001'?)",
        "test case 'c': 'UC-001' is not of the form UC/ITEM, such as UC-003/4",
        "test case 'd': no item '9' (items are 1, 2)",
    ]
    listed = placed.cli("record", "--junit", "it.xml", "--list")
    assert (listed.exit_code, messages(listed.stderr)) == (2, messages(result.stderr))
    assert "PASSED      b -> UC-001/1\n" in listed.stdout
    many = [f'<testcase name="{number}" time="1">{prop.format("UC-9/1")}</testcase>' for number in range(250)]
    placed.write("it.xml", f"<testsuite>{''.join(many)}</testsuite>")
    result = placed.cli("record", "--junit", "it.xml")
    assert (result.exit_code, messages(result.stderr)[100:]) == (2, ["and 150 more"])
    assert not (placed.path / ".readiness").exists()


def test_a_list_records_nothing(placed: Project) -> None:
    """It says what the report holds, what a mapping would do, and patterns for what is left."""
    result = placed.cli("record", "--junit", "it.xml", "--list", "--map", "Pay::refunds=UC-001/1")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert result.stdout == (
        "FAILED      Pay::refunds -> UC-001/1\n"
        "PASSED      Pay::charges\n"
        "PASSED      Login::enters\n"
        "\n"
        "UC-001/1 1 test: 1 FAILED\n"
        "\n"
        "# Not mapped. Lines for [map] in a --map-file; remove those that are evidence for nothing:\n"
        '"Pay::*" = "UC/ITEM"  # 1 PASSED\n'
        '"Login::*" = "UC/ITEM"  # 1 PASSED\n'
        "\n"
        "1 of 3 test cases are mapped; nothing was recorded\n"
    )
    assert not (placed.path / ".readiness").exists()


def test_a_list_tells_what_would_be_told(placed: Project) -> None:
    """Idle patterns and namesakes, before anything is in the store."""
    placed.write("it.xml", f"<testsuites>{suite('a', 't::x')}{suite('b', 't::x!')}</testsuites>")
    result = placed.cli("record", "--junit", "it.xml", "--list", "--map", "t::*=UC-001/1", "--map", "y=UC-001/1")
    assert "1 name of several test cases, such as 't::x'" in result.stderr
    assert "--map 'y' matches no test case" in result.stderr
    assert "FAILED      t::x -> UC-001/1\n" in result.stdout


def test_a_list_holds_no_secrets(placed: Project) -> None:
    """It goes to a log as often as to a terminal."""
    placed.monkeypatch.setenv("API_TOKEN", "tok-Zq8vLm2x")
    placed.write("it.xml", suite("s", "c::a tok-Zq8vLm2x b"))
    result = placed.cli("record", "--junit", "it.xml", "--list")
    assert ("Zq8vLm2x" in result.output, "c::a [REDACTED" in result.stdout) == (False, True)


def test_the_patterns_of_a_list_map_everything(placed: Project) -> None:
    """Put into a file as they stand, with a use case, they map every case, and namesakes apart."""
    shapes = [
        suite("group", "test::one", "test::two") + suite("other", "test::one!"),
        suite("deep", "deep one::deep one", "deep two::deep two"),
        suite("F::x", "F::x::a", "F::x::b") + suite("pytest", "t.a::x", "t.a::y", "t.b::z"),
        suite("odd [a] *?", "[b]::*", "[b]::[c]", "lonely") + suite("", "nobody"),
        suite("quote &quot; and \\", "c &quot;::a", "c &quot;::b"),
        suite("odd signs", "\x7f&#x85;\u2028::a", "\x7f&#x85;\u2028::b", "&#9;x&#10;y::a", "&#9;x&#10;y::b"),
        suite("long", *(f"{sign * 500}::{name}" for sign in ("x", "\u202e", "[") for name in "ab")),
        suite("secret", *(f"k token ghp_{'aB3' * 12} b::{name}" for name in "ab")),
    ]
    placed.write("it.xml", f"<testsuites>{''.join(shapes)}</testsuites>")
    listed = placed.cli("record", "--junit", "it.xml", "--list")
    shown = [line for line in listed.stdout.splitlines() if '"UC/ITEM"' in line]
    placed.write("maps.toml", "[map]\n" + "\n".join(shown).replace("UC/ITEM", "UC-001/1"))
    result = placed.cli("record", "--junit", "it.xml", "--map-file", "maps.toml")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert len(results(placed)) == "".join(shapes).count("<testcase")


@pytest.mark.parametrize(
    ("pattern", "told_of"),
    [
        ("pay::*", "--map 'pay::*' matches no test case: 'Pay::charges' differs in letter case"),
        ("Charges", "--map 'Charges' matches no test case: 'Pay::charges' is longer: a pattern matches the whole name"),
        ("Pay::[x]", "--map 'Pay::[x]' matches no test case: 'Pay::[x]' has a [, which a pattern writes as [[]"),
    ],
)
def test_what_a_pattern_that_matches_nothing_may_mean(placed: Project, pattern: str, told_of: str) -> None:
    """Another letter case, a part of a name, a bracket: said where something is mapped, and where nothing is."""
    placed.write("it.xml", suite("pay", "Pay::charges", "Pay::refunds", "Pay::[x]"))
    alone = placed.cli("record", "--junit", "it.xml", f"--map={pattern}=UC-001/1")
    assert alone.exit_code == 2
    assert any(line.startswith(told_of) for line in messages(alone.stderr)), alone.stderr
    beside = placed.cli("record", "--junit", "it.xml", f"--map={pattern}=UC-001/1", "--map=*refunds=UC-001/1")
    assert beside.exit_code == 0
    assert any(line.startswith(told_of) for line in messages(beside.stderr)), beside.stderr


@pytest.mark.parametrize("option", [("--map-file", "maps.toml"), ("--list",)], ids=lambda option: option[0])
def test_options_of_junit_alone(placed: Project, option: tuple[str, ...]) -> None:
    """Without a report there is nothing to map or to list."""
    result = placed.cli("record", "UC-001", "--item", "1", "--result", "PASSED", *option)
    assert (result.exit_code, f"{option[0]} needs --junit" in result.stderr) == (2, True), result.output


def test_a_part_is_mapped(project: Project) -> None:
    """A requirement of a part stands for that part alone: rotation and revocation are shown by different tests."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    project.write(
        "readiness.toml",
        """\
        [environments.staging]
        real = true
        [use_cases.UC-001]
        title = "Keys"
        [items.6]
        title = "Secrets"
        parts = ["rotation", "revocation"]
        """,
    )
    project.write("it.xml", f"<testsuites>{suite('s', 'k::rotates', 'k::revokes!')}</testsuites>")
    maps = ("--map", "k::rotates=UC-001/6/rotation", "--map", "k::revokes=UC-001/6/revocation")
    result = project.cli("record", "--junit", "it.xml", *maps)
    assert result.exit_code == 0, result.output
    assert project.states() == {"UC-001/6/rotation": "ASSERTED", "UC-001/6/revocation": "FAILING"}


def test_a_use_case_that_a_map_calls_in_another_letter_case_is_listed_as_it_is(placed: Project) -> None:
    """What would be recorded is what is shown."""
    result = placed.cli("record", "--junit", "it.xml", "--list", "--map", "*=uc-001/1")
    assert "PASSED      Pay::charges -> UC-001/1\n" in result.stdout


PATTERNS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(str.strip)


@settings(max_examples=200)
@given(st.dictionaries(PATTERNS, st.lists(st.sampled_from(["UC-1/1", "UC-2/2", "bad"]), min_size=1), min_size=1))
def test_whatever_a_file_of_maps_holds(tmp_path_factory: pytest.TempPathFactory, maps: dict[str, list[str]]) -> None:
    """Each target is a rule or a fault, none is lost, and each has its line."""
    written = [f"{json.dumps(pattern, ensure_ascii=False)} = {json.dumps(some)}" for pattern, some in maps.items()]
    text = "\n".join(["[map]", *written]).replace("\x7f", "\\u007f")
    path = Path(tmp_path_factory.getbasetemp()) / "maps.toml"
    path.write_text(text, encoding="utf-8", newline="")
    rules, faults = read_map_file(path, lambda target: "no" if target == "bad" else "")
    targets = [(pattern, target) for pattern, some in maps.items() for target in some]
    assert [(rule.pattern, rule.target) for rule in rules] == [pair for pair in targets if pair[1] != "bad"]
    assert len(faults) == sum(target == "bad" for _, target in targets)
    at = {pattern: number for number, pattern in enumerate(maps, 2)}
    assert all(rule.where.endswith(f"maps.toml:{at[rule.pattern]}") for rule in rules)


def test_a_listing_tells_what_is_flaky(placed: Project) -> None:
    """A pass after a failed attempt is FLAKY before it is recorded, as it is then; mapped or not."""
    cases = '<testcase classname="c" name="f"><flakyFailure/></testcase><testcase classname="c" name="p" time="1"/>'
    placed.write("it.xml", f'<testsuite name="s">{cases}</testsuite>')
    listed = placed.cli("record", "--junit", "it.xml", "--list").stdout.splitlines()
    assert listed[:2] == ["FLAKY       c::f", "PASSED      c::p"]
    assert '"c::*" = "UC/ITEM"  # 1 PASSED, 1 FLAKY' in listed
    listed = placed.cli("record", "--junit", "it.xml", "--list", "--map", "c::*=UC-001/1").stdout.splitlines()
    assert "FLAKY       c::f -> UC-001/1" in listed
    assert "UC-001/1 2 tests: 1 PASSED, 1 FLAKY" in listed
