"""Secrets in variables of the environment: known by every telling name, whenever the variable is set."""

from __future__ import annotations

import pytest

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
SECRET = "Zq8vLm2xKt91pWe"


def said(project: Project) -> bytes:
    """Everything that stands in the files of ours."""
    return b"".join(path.read_bytes() for path in (project.path / ".readiness").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASS",
        "SMTP_PASS",
        "PASSPHRASE",
        "GPG_PASSPHRASE",
        "PASSCODE",
        "ID_JWT",
        "SIGNING_KEYS",
        "WEBHOOK_SIG",
        "DB_PW",
    ],
)
def test_a_name_that_tells_beside_a_value_tells_of_a_variable(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What a text says with ``name=value`` is secret, and so is the variable of that name."""
    monkeypatch.setenv(name, SECRET)
    source = f"""
        import os
        @evidence("UC-001", item=1)
        def test_it(): raise ConnectionError(f"login as app/{{os.environ[{name!r}]}} was refused")
    """
    project.configured().tests(source).run()
    assert SECRET.encode() not in said(project)
    assert b"was refused" in said(project)


SET = {
    "by the test": ("", 'monkeypatch.setenv("API_TOKEN", SECRET)'),
    "by a fixture of the session": (
        '@pytest.fixture(scope="session", autouse=True)\ndef token(): os.environ["API_TOKEN"] = SECRET\n', "pass",
    ),
    "anew by the test": ('os.environ["API_TOKEN"] = "another-Xw93kf"\n', 'os.environ["API_TOKEN"] = SECRET'),
    "by update": ("", "os.environ.update(API_TOKEN=SECRET)"),
    "by putenv": ("", 'os.putenv("API_TOKEN", SECRET)'),
    "in bytes": ("", 'os.environb[b"API_TOKEN"] = SECRET.encode()'),
    "as a document": ("", "os.environ['SERVICE_CREDENTIALS'] = json.dumps({'user': 'app', 'pass': SECRET})"),
}  # fmt: skip
"""What stands before the test, and what it does first."""


@HOW
@pytest.mark.parametrize(("before", "does"), SET.values(), ids=SET)
def test_a_variable_that_is_set_later_is_known(project: Project, how: tuple[str, ...], before: str, does: str) -> None:
    """A fixture or the test itself sets it: its value is in no note, message, step or artifact from then on."""
    source = f"""import json, os
SECRET = "".join(({SECRET[:7]!r}, {SECRET[7:]!r}))
{before}
@evidence("UC-001", item=1)
def test_it(record_evidence, monkeypatch):
    {does}
    record_evidence.note(f"used {{SECRET}}")
    record_evidence.attach(f"sent {{SECRET}}", name="log.txt")
    with record_evidence.step(f"step {{SECRET}}"): pass
    raise ConnectionError(f"not with {{SECRET}}")
"""
    project.configured().tests(source).run(*how)
    assert SECRET.encode() not in said(project)
    assert b"not with" in said(project)
