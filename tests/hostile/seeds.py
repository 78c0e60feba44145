"""First inputs of the fuzzer, and words that mean something to each parser."""

from __future__ import annotations

from pathlib import Path

from tests.claims.tracker.random_trackers import random_tracker
from tests.claims.tracker.shapes import SHAPES
from tests.settings.full_config import FULL

FIXTURES = Path(__file__).parents[1] / "compatibility"
Seeds = dict[str, list[bytes]]
"""Inputs by the name of the file that they are read from."""

CSV = b'UC,Prod Readiness Status,Owner,Last Updated,Notes\nUC-1,NOT_STARTED,ana,2026-01-01,"a, b"\nUC-2,BLOCKED,,,\n'
YAML = b"""\
use_cases:
  - id: UC-1
    status: NOT_STARTED   # today
    owner: ana
    notes: "a: b"
  - {id: UC-2, status: 'IN_PROGRESS', notes: >-
      folded}
"""
PYPROJECT = (
    b'[project]\nname = "x"\n[tool.readiness]\nregister = "x"\n[tool.readiness.environments.prod]\nreal = true\n'
)
JUNIT = (
    b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4"><testsuite name="a.b" timestamp="2026-01-01T10:00:00" tests="3" failures="1" time="2.5">
<properties><property name="env" value="x"/></properties>
<testcase classname="c" name="t1" time="0.1" file="a.py" line="3"><properties><property name="readiness"
 value="UC-001/1"/></properties><system-out><![CDATA[said & done]]></system-out></testcase>
<testcase classname="c" name="t2"><failure type="E" message="no &lt;b&gt;">trace</failure><rerunFailure message="m"/></testcase>
<testcase classname="c" name="t3"><skipped type="pytest.xfail" message="later"/></testcase>
</testsuite></testsuites>""",
    b"""<testsuite name="flat" tests="2" errors="1"><testcase name="t" status="run" result="completed" time="1,5"/>
<testcase name="u" status="notrun"><flakyFailure message="once"/></testcase><error message="gone"/></testsuite>""",
    '<?xml version="1.0" encoding="utf-16"?><testsuite name="ü"><testcase name="t"/></testsuite>'.encode("utf-16"),
)


def trackers() -> Seeds:
    """Return trackers of many shapes, in Markdown, as sheets and as YAML."""
    shapes = [shape.text.encode() for shape in SHAPES.values()]
    random = [random_tracker(number).text().encode() for number in range(30)]
    kept = [path.read_bytes() for path in sorted(FIXTURES.glob("*/PROD_READINESS_TRACKER.md"))]
    return {
        "T.md": [text for text in (*kept, *shapes, *random) if len(text) < 2000],
        "T.csv": [CSV, CSV.replace(b",", b";")],
        "T.tsv": [CSV.replace(b",", b"\t")],
        "T.yaml": [YAML],
    }


def configs() -> Seeds:
    """Return configs."""
    kept = [path.read_bytes() for path in sorted(FIXTURES.glob("*/readiness.toml"))]
    return {"readiness.toml": [*kept, FULL.encode()], "pyproject.toml": [PYPROJECT]}


def journals() -> Seeds:
    """Return journals of sessions that were killed."""
    paths = sorted(FIXTURES.glob("*/state/journal/*.jsonl"))
    texts = [path.read_bytes() for path in paths]
    return {
        "20261130T080933Z-9b307275.jsonl": [*texts, *(b"".join(text.splitlines(keepends=True)[:3]) for text in texts)]
    }


def junit_files() -> Seeds:
    """Return reports of test runners."""
    return {"report.xml": list(JUNIT)}


TOKENS = {
    "tracker": (
        b"|", b"| --- |", b"\n\n", b"# ", b"```\n", b"<!--", b"-->", b"<table>", b"<td>", b"&nbsp;", b"&#124;", b"\\|", b"- [ ] ",
        b"- [x] ", b"READY_FOR_GO_LIVE", b"NOT_STARTED", b"`GREEN`", b"UC-001", b"UC-2", b"Status", b"UC", b"[a](b)", b"[^1]",
        b"\xef\xbb\xbf", b"\xe2\x9c\x85", b"\xf0\x9f\x9f\xa2", b"~~", b"**", b"\r\n", b"\t", b"&amp;", b"*id001", b"&id001 ", b"!!python/object",
        b"? ", b": ", b"- - - ", b'"', b"''", b"%YAML 1.1\n---\n", b"---\n", b"\xe2\x80\xa8", b"\x85", b"> ", b"    ",
    ),
    "config": (
        b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b" = ", b'"', b"'''", b'"""', b"true", b"false", b"nan", b"inf", b"0x1F", b"1e400",
        b"1979-05-27T07:32:00Z", b"9" * 30, b"\\u0000", b"\\UD800", b"#", b"tool.readiness", b"tracker", b"environments", b"items",
        b"use_cases", b"claims", b"marks", b"review", b"gate", b"keys", b"people", b"real", b"title", b"parts", b"max_age_days",
        b"required", b"staging", b'"*"', b'"**"', b'"UC-*/{1}"', b'"UC-003/4/staging"', b"{1}", b'"git"', b"a.b.c", b"\r\n", b"\xef\xbb\xbf",
    ),
    "junit": (
        b"<testcase", b"</testcase>", b"<testsuite", b"</testsuite>", b"<testsuites>", b"<failure/>", b"<error>", b"<skipped/>", b"<!--",
        b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&#0;", b"&#xD800;", b"&x;", b"<!DOCTYPE a>", b'<!ENTITY a "b">', b"<?xml", b"?>",
        b' name="x"', b' time="1e9"', b' time="nan"', b' timestamp="2026-13-01"', b' timestamp="9999-12-31T23:59:59-23:59"',
        b' tests="99"', b' errors="-1"', b' status="notrun"', b'xmlns="a"', b"a:b", b' encoding="latin-1"', b' encoding="utf-7"',
        b"\xff\xfe", b"<\0", b"\xef\xbb\xbf", b"\x1b[31m", b"\xed\xa0\x80", b"\xef\xbf\xbf", b"<html>", b"PK\x03\x04",
    ),
    "json": (
        b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\u0000", b"\\ud800", b"null", b"true", b"-0", b"1.0", b"1e5", b"9007199254740993",
        b"NaN", b'"kind":"finished"', b'"kind":"sealed"', b'"seq":0', b'"prev":', b'"run":', b'"test":', b'"claims":[]', b"0" * 64,
        b"\xef\xbb\xbf", b"\n", b"\r\n", b"\xe2\x80\xa8", b"[" * 300, b'{"a":' * 300, b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04",
    ),
}  # fmt: skip
