"""The command line of ``readiness record``: no secret of it reaches the disk, and the command is called the same."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.journal.redaction import Redactor
from tests.cli.test_record import finished, placed  # noqa: F401 - the fixture
from tests.project import Project

SECRET = "Qq9zLm4hunter"
FORMS = [
    ("curl", "-u", f"ana:{SECRET}", "https://x"),
    ("curl", f"-uana:{SECRET}", "https://x"),
    ("curl", "-sSu", f"ana:{SECRET}", "https://x"),
    ("curl", "--user", f"ana:{SECRET}", "https://x"),
    ("curl", f"--user=ana:{SECRET}"),
    ("curl", "--oauth2-bearer", SECRET),
    ("curl", "-b", f"sid={SECRET}"),
    ("curl", "--cookie", f"sid={SECRET}"),
    ("curl", "-H", f"Authorization: Bearer {SECRET}", "https://x"),
    ("curl", "-H", f"X-Api-Key: {SECRET}"),
    ("true", "-u", f"ana:{SECRET}", "--oauth2-bearer", SECRET),
    ("mysql", f"-p{SECRET}", "-u", "root"),
    ("mysql", f"--password={SECRET}"),
    ("tool", "-u", "ana", "-p", SECRET),
    ("sshpass", "-p", SECRET, "ssh", "-p", "22", "host"),
    ("sshpass", f"-p{SECRET}", "ssh", "host"),
    ("redis-cli", "-a", SECRET),
    ("psql", f"postgresql://ana:{SECRET}@db/app"),
    ("tool", "--password", SECRET),
    ("tool", "--password", f"--{SECRET}"),
    ("tool", f"--token={SECRET}"),
    ("tool", f"--dsn=postgresql://ana:{SECRET}@db/app"),
    ("keytool", "-storepass", SECRET),
    ("env", f"API_TOKEN={SECRET}", "tool"),
    ("sh", "-c", f"curl -u ana:{SECRET} https://x && echo done"),
    ("sh", "-c", f"mysql -p'{SECRET}' app"),
    ("bash", "-c", f"PGPASSWORD={SECRET} psql -h db"),
    ("ldapsearch", "-w", SECRET, "-D", "cn=ana"),
    ("docker", "login", "-u", "ana", "-p", SECRET),
    ("az", "login", "--service-principal", "-u", "x", "-p", SECRET),
    ("vault", "login", SECRET),
    ("vault", "login", "-no-print", SECRET),
    ("aws", "configure", "set", "aws_secret_access_key", SECRET),
    ("sh", "-c", f"aws configure set profile.x.aws_session_token {SECRET}"),
    ("openssl", "enc", "-aes-256-cbc", "-k", SECRET),
]
PLAIN = [
    ("pytest", "-p", "no:cacheprovider", "-k", "token and not slow", "-o", "log_cli=true"),
    ("docker", "run", "-p", "8080:80", "-u", "1000:1000", "image"),
    ("docker", "run", "-p", "127.0.0.1:8080:80", "image"),
    ("docker", "compose", "-p", "shop-eu1", "up"),
    ("docker", "login", "--password-stdin", "-u", "ana"),
    ("vault", "login", "-method=oidc", "role=dev"),
    ("aws", "configure", "set", "region", "eu-west-1"),
    ("openssl", "rsa", "-keyform", "PEM", "-in", "a"),
    ("mysql", "-p", "database"),
    ("ssh", "-p", "2222", "host"),
    ("mkdir", "-p", "a/b"),
    ("tool", "--max-tokens", "4000", "--token-type", "bearer", "--user", "ana"),
    ("tool", "it's", "a 'quoted' word", "--", "é"),
]


@pytest.mark.parametrize("words", FORMS, ids=[" ".join(words).replace(SECRET, "S") for words in FORMS])
@pytest.mark.parametrize("known", [False, True], ids=["unknown", "known"])
def test_a_secret_in_a_command_line_is_found(words: tuple[str, ...], known: bool) -> None:
    """In the words that were called and in the name of the command, the same whether or not the environment knows it."""
    redactor = Redactor(b"k" * 32, {"SERVICE_PASSWORD": SECRET} if known else {})
    told, called = redactor.command(words)
    argv = redactor.plain({"argv": ["record", "UC-001", "--item", "1", "--", *words]})["argv"]
    assert SECRET not in told + called + " ".join(argv)
    assert len(argv) == 5 + len(words)
    assert redactor.name(called) == called
    assert called == Redactor(b"k" * 32, {}).command(words)[1]
    changed = [word for word, clean in zip(words, argv[5:], strict=True) if word != clean]
    assert all(SECRET in word for word in changed)


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_a_command_line_without_secrets_stays(words: tuple[str, ...]) -> None:
    """Ports, plugins, folders, numbers of users and options that only speak about secrets."""
    import shlex

    redactor = Redactor(b"k" * 32, {})
    assert redactor.command(words) == (shlex.join(words), shlex.join(words))
    assert redactor.plain({"argv": list(words)})["argv"] == list(words)


@given(
    st.lists(
        st.text(max_size=12) | st.sampled_from(["-u", "-p", "curl", "--password", "a'b", "ana:" + SECRET]), max_size=8
    )
)
def test_any_words_are_as_many_afterwards(words: list[str]) -> None:
    """Whatever the words: none is lost or split, no known secret stands in one, and the answer is the same again."""
    redactor = Redactor(b"k" * 32, {"A_TOKEN": SECRET})
    clean = redactor.plain({"argv": words})["argv"]
    assert len(clean) == len(words)
    assert not [word for word in clean if SECRET in word]
    assert redactor.command(words) == redactor.command(words)


def test_the_command_line_of_record_reaches_no_disk(placed: Project) -> None:  # noqa: F811
    """Neither the run's first line nor the test's id nor a property holds it; two passwords are two commands."""
    ids = set()
    for secret in (SECRET, f"{SECRET}-2"):
        for more in ((), ("--id", "the check")):
            words = (sys.executable, "-c", "pass", "-u", f"ana:{secret}", "--oauth2-bearer", secret)
            result = placed.cli("record", "UC-001", "--item", "1", *more, "--", *words)
            assert result.exit_code == 0, result.output
            assert SECRET not in result.output
            assert ("--id NAME calls it the same" in result.output) is not bool(more)
            ids.add(finished(placed)["test"])
    files = [path for path in Path(placed.path, ".readiness").rglob("*") if path.is_file()]
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
    assert len(ids) == 3
    assert placed.states()["UC-001/1"] in ("COMPLETE", "ASSERTED")


@pytest.mark.parametrize("secrets", [("abcd", "efgh"), ("abcde", "fghij"), ("abcdef", "ghijkl")])
def test_a_short_secret_too_makes_another_command(placed: Project, secrets: tuple[str, str]) -> None:  # noqa: F811
    """Where the command with the old password fails, a pass with the new one is that of another test."""
    wrong, right = secrets
    script = f"import sys; sys.exit(sys.argv[2] != '{right}')"
    for secret, code in ((wrong, 1), (right, 0)):
        words = (sys.executable, "-c", script, "--password", secret)
        assert placed.cli("record", "UC-001", "--item", "1", "--", *words).exit_code == code
    assert placed.states()["UC-001/1"] == "FAILING"


REDACTORS = ["raise ValueError", "return __import__('re').sub('cu-[0-9]+|[bd]$', '[x]', text)", "return ''"]


def with_redactor(project: Project, body: str) -> None:
    """A project with a plugin whose redactor does this."""
    project.write("own.py", f"def pytest_readiness_redact(text):\n    {body}\n")
    config = project.path / "readiness.toml"
    config.write_text(f'plugins = ["own"]\n{config.read_text()}')


@pytest.mark.parametrize("body", REDACTORS)
def test_a_short_name_of_a_command_that_a_plugin_changed_is_its_own(placed: Project, body: str) -> None:  # noqa: F811
    """Whatever a redactor does to names of few characters: the failure of one is ended by no pass of another."""
    with_redactor(placed, body)
    for name, code in (("cu-12", "1"), ("cu-13", "0")):
        placed.cli("record", "UC-001", "--item", "1", "--id", name, "--", "sh", "-c", f"exit {code}")
    assert placed.states()["UC-001/1"] == "FAILING"


@pytest.mark.parametrize("body", REDACTORS)
def test_a_short_name_of_a_case_that_a_plugin_changed_is_its_own(placed: Project, body: str) -> None:  # noqa: F811
    """The same where the name comes from a JUnit file."""
    with_redactor(placed, body)
    for name, child in (("b", "<failure/>"), ("d", "")):
        text = f'<testsuite name="s"><testcase classname="a" name="{name}" time="1">{child}</testcase></testsuite>'
        placed.write("junit.xml", text)
        placed.cli("record", "--junit", "junit.xml", "--map", "*=UC-001/1")
    assert placed.states()["UC-001/1"] == "FAILING"


def test_no_part_of_a_name_from_elsewhere_is_our_code(project: Project) -> None:
    """A known value in the class of a JUnit case, or in what looks like a file in ``--id``, reaches nothing in clear."""
    secret, other = "S3CRET-zq81xx", "S3CRET-yq82yy"
    project.monkeypatch.setenv("DB_PASSWORD", secret)
    project.monkeypatch.setenv("OLD_PASSWORD", other)
    project.configured()
    cases = "".join(f'<testcase classname="{one}.Suite" name="n"/>' for one in (secret, other))
    project.write("j.xml", f'<testsuite name="{secret}" tests="2">{cases}</testsuite>')
    done = project.cli("record", "--junit", "j.xml", "--map", "*=UC-001/1", "--environment", "staging")
    assert done.exit_code == 0, done.output
    words = ("record", "UC-001", "--item", "1", "--environment", "staging", "--result", "PASSED", "--id")
    for name in (f"{secret}::b", f"a/{secret}.py::test_b"):
        assert project.cli(*words, name).exit_code in (0, 2)
    assert project.cli("bundle", "-o", "b.readiness").exit_code == 0
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    data = [path.read_bytes() for path in files]
    with zipfile.ZipFile(project.path / "b.readiness") as bundle:
        data += [bundle.read(name) for name in bundle.namelist()]
    data.append(json.dumps(project.report()).encode())
    assert not [one for one in data if secret.encode() in one or other.encode() in one]
    assert len({piece["test_id"] for piece in project.evidence("UC-001") if piece["test_id"].endswith("::n")}) == 2
