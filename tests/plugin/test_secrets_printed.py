"""Secrets as pytest, services and libraries print them: what a test says and attaches reaches the disk without them."""

from __future__ import annotations

import pytest

from tests.plugin.test_secrets import HOW
from tests.project import Project

pytestmark = pytest.mark.slow

SECRET = "Zk3vQ9mLx7RtYp2Wc8Bn5Hs4Jd6Fg1Ka6EuVi1Xo0T"
LONG = "".join(f"{SECRET[:31]}{number:04d}" for number in range(26))
"""Too long for pytest, which cuts it off."""


def assert_no_piece(project: Project, secret: str, length: int = 8) -> None:
    """No so long piece of the secret is in any file of ours."""
    files = [path for path in (project.path / ".readiness").rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        data = path.read_bytes()
        left = [secret[at : at + length] for at in range(len(secret) - length + 1)]
        assert [piece for piece in left if piece.encode() in data] == [], path


@HOW
@pytest.mark.parametrize(
    "compared",
    [
        "key == 'expected'",
        "key == KEY + '!'",
        "key == '!' + KEY",
        "{'a': key} == {'a': 1, 'b': key[:4]}",
        "[key, 'x'] == [key, 'y']",
        "key in 'something else'",
        "not key",
    ],
)
@pytest.mark.parametrize("secret", [SECRET, LONG], ids=["short", "long"])
def test_what_pytest_left_of_a_secret_is_gone(
    project: Project, how: tuple[str, ...], compared: str, secret: str
) -> None:
    """pytest shortens what it shows before anybody is asked: the pieces beside its dots are redacted too."""
    project.configured().tests(
        f"""
        KEY = bytes.fromhex("{secret.encode().hex()}").decode()

        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            key = KEY
            record_evidence.secret(key)
            assert {compared}
        """
    )
    project.run(*how).assert_outcomes(failed=1)
    assert_no_piece(project, secret)


def test_what_unittest_left_of_a_secret_is_gone(project: Project) -> None:
    """unittest says how many characters it left out, and shows what stands before and after them."""
    project.configured().tests(
        f"""
        import unittest
        KEY = bytes.fromhex("{LONG.encode().hex()}").decode()

        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            record_evidence.secret(KEY)
            unittest.TestCase().assertEqual(KEY, "x" * 900)
        """
    )
    project.run().assert_outcomes(failed=1)
    assert_no_piece(project, LONG, 16)


PRINTED = {
    "digest": 'Authorization: Digest username="u", realm="r", response="{}"',
    "cookies": 'Set-Cookie: prefs="a:b"; sid={}; Path=/',
    "bytes": "scope headers [(b'host', b'a'), (b'x-api-key', b'{}')]",
    "HAR": '{"name": "X-Api-Key", "value": "{}"}',
    "manifest": "env:\n- name: DB_PASSWORD\n  value: {}\n",
    "terraform": '{"db_password": {"sensitive": true, "type": "string", "value": "{}"}}',
    "XML": '<wsse:Password Type="PasswordText">{}</wsse:Password>',
    "form": 'Content-Disposition: form-data; name="password"\r\n\r\n{}\r\n--b--',
    "SQL": "ALTER USER ana PASSWORD '{}'",
    "netrc": "machine example.com login ana password {}",
    "colours": '\x1b[34;1m"password"\x1b[0m\x1b[1;39m:\x1b[0m \x1b[0;32m"{}"\x1b[0m',
    "Rust": 'Config { password: Some("{}") }',
    "key": '{"kty": "EC", "crv": "P-256", "d": "{}"}',
}


@pytest.mark.parametrize("kind", PRINTED)
def test_a_secret_that_nobody_named_reaches_no_file_however_it_is_printed(project: Project, kind: str) -> None:
    """As a note, a message, a text that is attached and the output of a command."""
    text = PRINTED[kind].replace("{}", SECRET)
    project.configured().tests(
        f"""
        TEXT = bytes.fromhex("{text.encode().hex()}").decode()

        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            record_evidence.note(TEXT)
            record_evidence.attach(TEXT, name="a.log")
            assert False, TEXT
        """
    )
    project.run().assert_outcomes(failed=1)
    project.write("says.py", f'print(bytes.fromhex("{text.encode().hex()}").decode())')
    project.cli("record", "UC-001", "--item", "2", "--environment", "staging", "--", "python", "says.py")
    assert_no_piece(project, SECRET, len(SECRET))


@pytest.mark.parametrize("before", ["token=", "Authorization: Negotiate ", "-----BEGIN RSA " + "PRIVATE KEY-----\n"])
def test_a_long_value_reaches_no_file_in_part(project: Project, before: str) -> None:
    """A token of 40,000 characters is gone to its end, and so is a private key."""
    text = before + ("aB3/" * 16 + ("\n" if "KEY" in before else "")) * 640 + "\n"
    project.write("long.txt", text)
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            record_evidence.attach(pathlib.Path("long.txt"))
        """
    )
    project.run().assert_outcomes(passed=1)
    assert_no_piece(project, "aB3/" * 4, 16)


def test_a_registered_value_is_gone_as_go_and_net_write_it(project: Project) -> None:
    """JSON that writes angle brackets, ampersands and plus signs as escapes holds no known value either."""
    project.configured().tests(
        r"""
        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            record_evidence.secret("s3cr&t<Pa>ss+qW9")
            record_evidence.note(r'{"a":"s3cr\u0026t\u003cPa\u003ess+qW9"}')
            record_evidence.attach(r'{"a":"s3cr\u0026t\u003CPa\u003Ess\u002BqW9"}', name="a.json")
            record_evidence.note(repr('{"a": "s3cr&t<Pa>ss+qW9"}'))
        """
    )
    project.run().assert_outcomes(passed=1)
    for path in (project.path / ".readiness").rglob("*"):
        assert not path.is_file() or (b"ss+qW9" not in path.read_bytes() and b"BqW9" not in path.read_bytes()), path
