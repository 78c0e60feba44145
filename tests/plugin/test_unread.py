"""What is a text is looked at whatever it is called; what is kept without being looked at is told."""

from __future__ import annotations

import gzip

import pytest

from tests.plugin.test_late_secrets import contents, files
from tests.plugin.test_secrets import kept
from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
NAMES = ["noext", "a.tfstate", ".npmrc", "x.log.1", "x.ps1", "x.ipynb", "x.pem", "x.pcap", "x.png", "x.zip"]


@pytest.mark.parametrize("as_file", [False, True], ids=["bytes", "file"])
def test_a_text_is_looked_at_whatever_its_name(project: Project, as_file: bool) -> None:
    """A state file, a key, a rotated log: bytes that are a text hold no known secret, and bear no mark."""
    what = "pathlib.Path(name)" if as_file else 'b"q zq7-a-secret"'
    project.configured().tests(
        f'NAMES = {NAMES}\n@evidence("UC-001", item=1)\ndef test_it(record_evidence):\n'
        '    record_evidence.secret("zq7-a-secret")\n    for name in NAMES:\n'
        '        pathlib.Path(name).write_bytes(b"q zq7-a-secret")\n'
        f"        record_evidence.attach({what}, name=name)\n"
        '    record_evidence.attach("zq7-a-secret".encode(), media_type="image/png", name="said to be an image")\n'
    )
    project.run().assert_outcomes(passed=1)
    assert not [one for one in files(project).values() if b"zq7" in one]
    [piece] = kept(project)
    assert [one.unread for one in piece.artifacts] == [""] * (len(NAMES) + 1)
    assert dict(contents(project, piece))["a.tfstate"] == b"q [REDACTED:registered]"
    assert next(one for one in piece.artifacts if one.name == "noext").media_type == "text/plain"
    assert "not looked at" not in project.cli("report").stdout


@HOW
def test_what_was_not_looked_at_is_told(project: Project, how: tuple[str, ...]) -> None:
    """The record, the report and the JSON report say which artifacts were kept as they are, and why."""
    packed = gzip.compress(b"q zq7-a-secret", mtime=0)
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_it(record_evidence):\n'
        '    record_evidence.attach(b"a text", name="raw.txt", raw=True)\n'
        f'    record_evidence.attach({packed!r}, name="x.gz")\n'
        '    record_evidence.attach("a text", name="x.txt")\n'
    )
    shown = project.run(*how, "--readiness-report").stdout.str()
    told = "note: not checked for secrets: 2 artifacts: raw.txt (raw), x.gz (binary)"
    assert told in " ".join(shown.split())
    assert told in " ".join(project.cli("report").stdout.split())
    [piece] = kept(project)
    assert [(one.name, one.unread) for one in piece.artifacts] == [
        ("raw.txt", "raw"),
        ("x.gz", "binary"),
        ("x.txt", ""),
    ]
    evidence = " ".join(project.cli("show", "UC-001").stdout.split())
    assert "x.gz (application/octet-stream," in evidence
    assert "bytes, not checked for secrets: binary) sha256:" in evidence
    items = project.report("UC-001")["use_cases"][0]["items"]
    [found] = [one for item in items for one in item["requirements"][0]["evidence"]]
    assert [one["unread"] for one in found["artifacts"]] == ["raw", "binary", None]
    assert project.cli("verify").exit_code == 0


def test_a_store_that_knows_no_such_field_is_read(project: Project) -> None:
    """An artifact of an earlier release is one that was looked at, as far as anybody knows."""
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_it(record_evidence): record_evidence.attach("a text", name="x.txt")\n'
    )
    project.run().assert_outcomes(passed=1)
    [piece] = kept(project)
    assert set(piece.artifacts[0].to_plain()) == {"name", "media_type", "size", "sha256"}
