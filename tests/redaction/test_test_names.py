"""Tests for the names of tests: equal in each environment, and without known secrets."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import assume, given, strategies as st

from pytest_readiness.redaction import secret_names, secret_variables
from pytest_readiness.redaction.harmless_values import is_common
from pytest_readiness.redaction.known_secrets import KnownSecrets
from pytest_readiness.redaction.redactor import SHORTEST, Redactor
from pytest_readiness.redaction.secret_variables import is_secret_variable
from pytest_readiness.redaction.spans import spans_of
from pytest_readiness.redaction.test_names import spans_in_name

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
IDENTIFIERS = st.from_regex(r"\A[a-z_][a-z0-9_]{5,20}\Z")
SECRETS = st.text("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=10, max_size=30).filter(
    lambda value: not is_common(value)
)
VARIABLES = st.dictionaries(st.sampled_from(["DB_PASSWORD", "API_KEY", "USE_TOKEN", "CI_AUTH"]), st.text(max_size=20))


def case(**parameters: tuple[int, object]) -> SimpleNamespace:
    """Return a test with the parts of pytest's parameters that are used: position and value of each."""
    callspec = SimpleNamespace(
        indices={name: index for name, (index, _) in parameters.items()},
        params={name: value for name, (_, value) in parameters.items()},
    )
    return SimpleNamespace(callspec=callspec)


def named(redactor: Redactor, code: str, *texts: str, **parameters: tuple[int, object]) -> str:
    """Return the redacted name of a parametrised test."""
    nodeid = f"{code}[{'-'.join(texts)}]"
    redactor.cases.add(nodeid, case(**parameters))
    return redactor.name(nodeid)


@given(st.lists(IDENTIFIERS, min_size=1, max_size=3), VARIABLES, st.data())
def test_code_is_no_secret(parts: list[str], environ: dict[str, str], data: st.DataObject) -> None:
    """File, classes and function keep their names, whatever is secret."""
    name = f"tests/{parts[0]}.py::{'::'.join(parts)}"
    redactor = Redactor(KEY, {**environ, "A_TOKEN": data.draw(st.sampled_from(parts))})
    redactor.register(data.draw(st.sampled_from([*parts, name])))
    assert redactor.name(name) == name


@given(IDENTIFIERS, st.lists(SECRETS, min_size=2, max_size=4, unique=True), st.data())
def test_neither_value_nor_key_is_part_of_a_name(function: str, values: list[str], data: st.DataObject) -> None:
    """Jobs with different keys and secrets give the same test the same name."""
    index = data.draw(st.integers(0, 99))
    names = set()
    for number, value in enumerate(values):
        redactor = Redactor(bytes([number]) * 32, {"SERVICE_PASSWORD": value})
        names.add(named(redactor, f"t.py::{function}", "staging", value, env=(0, "staging"), key=(index, value)))
    assert names == {f"t.py::{function}[staging-[REDACTED:case-{index}]]"}


@given(IDENTIFIERS, st.lists(SECRETS, min_size=2, max_size=6, unique=True), st.booleans())
def test_two_cases_stay_two_tests(function: str, values: list[str], late: bool) -> None:
    """Each case has its own name without secrets, whenever these are registered."""
    redactor = Redactor(KEY, {})
    for value in () if late else values:
        redactor.register(value)
    before = [named(redactor, f"t.py::{function}", value, key=(index, value)) for index, value in enumerate(values)]
    for value in values:
        redactor.register(value)
    names = [redactor.name(name) for name in before]
    assert len(set(names)) == len(values)
    assert not [value for value in values for name in names if value in name.partition("[")[2]]
    assert [redactor.name(name) for name in names] == names


@given(SECRETS, SECRETS, st.permutations([0, 1]))
def test_the_order_in_which_secrets_become_known_does_not_matter(first: str, second: str, order: list[int]) -> None:
    """A name with one redacted secret becomes the same name as the original when another one is registered."""
    assume(first not in second and second not in first)
    redactor, values = Redactor(KEY, {}), (first, second)
    clear = f"t.py::test_it[{first}-{second}]"
    redactor.cases.add(clear, case(a=(3, first), b=(5, second)))
    names = [clear]
    for at in order:
        redactor.register(values[at])
        names.append(redactor.name(names[-1]))
    assert names[-1] == redactor.name(clear) == "t.py::test_it[[REDACTED:case-3]-[REDACTED:case-5]]"


@pytest.mark.parametrize(
    "value",
    ["postgres", "localhost", "production", "default", "staging", "db.internal", "postgres.example.com", "localhost:5432",
     "10.20.30.40", "eu-west-1", "created_at", "https://auth.example.com", "bearer", "service-account", "admin1"],
)  # fmt: skip
def test_common_words_and_hosts_of_the_environment_are_no_secrets(value: str) -> None:
    """Common words and hosts stay in names and in texts."""
    redactor = Redactor(KEY, dict.fromkeys(["POSTGRES_PASSWORD", "API_KEY", "USE_TOKEN", "CI_AUTH"], value))
    assert redactor.secret_count == 0
    assert redactor.name(f"t.py::test_it[{value}-1]") == f"t.py::test_it[{value}-1]"
    assert redactor.text(f"connects to {value} at once") == f"connects to {value} at once"


def test_a_common_word_within_a_connection_string_is_no_secret() -> None:
    """A password that is a common word is no secret on its own, but the connection string is."""
    redactor = Redactor(KEY, {"APP_DSN": "postgresql://app:postgres@db.internal/app"})
    assert redactor.name("t.py::test_it[postgres]") == "t.py::test_it[postgres]"
    assert "postgres@" not in redactor.text("tried postgresql://app:postgres@db.internal/app")


@pytest.mark.parametrize(
    "value",
    ["hunter2-hunter2", "tok-aaaa-1", "password123", "1234-5678-9012-3456", "PosTGreS", "correct-horse-battery",
     "https://hooks.example.com/services/T00/B00/Xy7", "a-very-long-row-of-words-or-a-passphrase-for-me"],
)  # fmt: skip
def test_what_somebody_chose_is_a_secret(value: str) -> None:
    """A value that is more than common words is redacted, in names too."""
    redactor = Redactor(KEY, {"SERVICE_PASSWORD": value})
    assert value not in redactor.text(f"it was {value}, they say")
    assert value not in redactor.name(f"t.py::test_it[{value}]")


@pytest.mark.parametrize(
    "name",
    ["TOKEN_TYPE", "AUTH_TOKEN_URL", "COOKIE_DOMAIN", "PASSWORD_MIN_LENGTH", "MAX_TOKENS", "SORT_KEY", "CACHE_KEY",
     "TOKENIZERS_PARALLELISM", "SESSION_COOKIE_NAME", "PASSWORD_POLICY", "AUTH_METHOD", "OPENAI_MAX_TOKENS", "PRIMARY_KEY",
     "TOKEN_EXPIRES", "SECRET_STORE", "CREDENTIALS_ID", "API_KEY_HEADER", "AUTH_HOST", "SSH_PUBLIC_KEY"],
)  # fmt: skip
def test_names_that_only_speak_about_secrets(name: str) -> None:
    """The values of variables that describe a secret are not redacted."""
    assert Redactor(KEY, {name: "hunter2-hunter2"}).text("a hunter2-hunter2 b") == "a hunter2-hunter2 b"


@pytest.mark.parametrize(
    "name",
    ["SECRET_ID", "SESSION_ID", "API_KEY_TEST", "AWS_ACCESS_KEY_ID", "API_TOKENS", "REDIS_AUTH", "SECRET_KEY_BASE", "KEY",
     "INPUT_TOKENS", "VAULT_TOKEN", "MAX_PASSWORD"],
)  # fmt: skip
def test_names_of_secrets_stay_such(name: str) -> None:
    """Only the last words of a name exempt it, so similar names are still secret."""
    assert is_secret_variable(name)


@pytest.mark.parametrize(
    "placeholder",
    [
        "case-0",
        "case-1-of-4",
        "case-0-of-4-dba3",
        "case-2-0-1-of-12-00ff",
        "case-0123456789-of-300-dba3",
        "0123456789ab",
    ],
)
def test_what_stands_for_a_secret_stays_in_a_name(placeholder: str) -> None:
    """A placeholder in a name is not redacted again, even beside a secret name."""
    redactor = Redactor(KEY, {})
    for name in (f"t.py::test_it[token=[REDACTED:{placeholder}]]", f"t.py::test_it[a-[REDACTED:{placeholder}]-b]"):
        assert redactor.name(name) == name
        assert redactor.text(name) == name


@given(st.from_regex(secret_names._SECRET.pattern))
def test_what_tells_beside_a_value_is_asked_of_a_variable(name: bytes) -> None:
    """The quick test for names of variables excludes no secret name."""
    assert secret_variables._MAY_BE_SECRET.search(name.decode(errors="ignore")) or secret_variables._SECRET.search(
        name.decode(errors="ignore")
    )


@given(SECRETS.filter(lambda value: len(value) >= SHORTEST))
def test_without_known_parameters_a_fingerprint_stands(value: str) -> None:
    """A name without parameters, such as that of an examination, gets fingerprints."""
    redactor = Redactor(KEY, {"A_TOKEN": value})
    assert redactor.name(f"examined: {value}") == f"examined: [REDACTED:{redactor.fingerprint(value)}]"


@given(
    st.lists(
        st.sampled_from(
            ["[", "]", "-", "token", "password", "key", "sk", "live", "zq7-known", "A", "1", ".", "_", "=", ":"]
        ),
        max_size=12,
    ).map("".join)
)
def test_what_is_plain_and_short_holds_known_values_alone(text: str) -> None:
    """Short and plain data gives the same matches with all layers as with known secrets alone."""
    secrets = KnownSecrets()
    secrets.add([b"zq7-known"], "registered")
    assert spans_in_name(text.encode(), secrets, SHORTEST) == spans_of(text.encode(), secrets, SHORTEST)
