"""Sample bundle with every kind of member, changes to it, and the two programs that read it."""

from __future__ import annotations

import hashlib
import io
import runpy
import struct
import zipfile
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import IO, Any

from pytest_readiness.facts.checkpoint import StoreTree
from pytest_readiness.facts.decision import Decision
from pytest_readiness.facts.envelope import (
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    decision_statement,
    pae,
    run_statement,
    sealed_envelope,
)
from pytest_readiness.facts.leaf import Leaf
from pytest_readiness.facts.ledger.line import Line, LineChain
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.facts.stored_verdict import StoredVerdict
from pytest_readiness.pipeline.derived_report import ReportInputs, ReportScope, derive_files
from pytest_readiness.store.bundle import verify_bundle
from pytest_readiness.store.bundle.archive import ArchiveReader
from pytest_readiness.store.bundle.origin import BundleOrigin
from pytest_readiness.store.bundle.reading import records_of
from pytest_readiness.store.bundle.writing import BundleContents, write_bundle
from tests.store.bundle.bundles import Members, members, packed
from tests.store.runs import VERDICT, blocker, finished, planned, review, run, snapshot

SCRIPT = Path(verify_bundle.__file__)
LOG = b"what the provider said\n" * 3
TRACKER = b"| UC | Prod Readiness Status |\n| --- | --- |\n| UC-001 | NOT_STARTED |\n"
SHA = {data: hashlib.sha256(data).hexdigest() for data in (LOG, TRACKER)}
KEPT = {"name": "log", "media_type": "text/plain", "size": len(LOG), "sha256": SHA[LOG]}
HEAD: dict[str, Any] = {
    "requirements": snapshot().digest,
    "tracker": {"name": "TRACKER.md", "size": len(TRACKER), "sha256": SHA[TRACKER]},
}
FIRST = run(1, planned("test_a"), finished(artifacts=[KEPT]), finished(result="FAILED", at=1), **HEAD)
SECOND = run(2, finished("test_b"), **HEAD)
RUN, ARTIFACT = f"runs/{FIRST.id}.jsonl", f"artifacts/{SHA[LOG]}"

Sign = Callable[[bytes], bytes]


def unsigned(_: bytes) -> bytes:
    """What stands where a signature should."""
    return b"no signature"


def statement(about: Run | Decision, sign: Sign = unsigned) -> Envelope:
    """A signed statement about a run or a decision."""
    payload = run_statement(about) if isinstance(about, Run) else decision_statement(about)
    return sealed_envelope(payload, [Signature("key", sign(pae(PAYLOAD_TYPE, payload)))])


def opened(sha256: str) -> IO[bytes]:
    """Opens the artifacts of the sound bundle."""
    return io.BytesIO(next(data for data, digest in SHA.items() if digest == sha256))


def origin_of_tree(*leaves: tuple[str, str, str], store: str = "readiness-store/" + "ab" * 16) -> BundleOrigin:
    """The tree of a store with these leaves, as its checkpoint tells it."""
    tree = StoreTree(store, [Leaf(*leaf) for leaf in leaves])
    return BundleOrigin(f"{tree.checkpoint().text}— key c2lnbmF0dXJl\n", tuple(tree.leaves))


RECORDS = records_of([FIRST, SECOND], [review(), blocker()])
VERDICT_ID = StoredVerdict.parse(VERDICT).id
LEAVES = (
    ("run", "20260101T000000Z-00000009", "0" * 64),
    *((kind, id_, digest) for (kind, id_), digest in RECORDS.items()),
    ("verdict", VERDICT_ID, VERDICT_ID),
)
"""Of a store that holds one run more than the bundle."""


DERIVED = derive_files(
    ReportInputs(
        [FIRST, SECOND],
        [review(), blocker()],
        [snapshot()],
        [VERDICT],
        [statement(about) for about in (FIRST, SECOND, review())],
    ),
    ReportScope("payments"),
)


def write_sound_bundle(path: Path, sign: Sign = unsigned) -> Path:
    """A bundle with two runs, two decisions, requirements, a verdict, statements, a tree, a log, a tracker and a report."""
    envelopes = [statement(record, sign) for record in (FIRST, SECOND, review())]
    records = ([FIRST, SECOND], [review(), blocker()], [snapshot()], [VERDICT])
    contents = BundleContents(
        *records, lambda _: envelopes, origin_of_tree(*LEAVES), DERIVED.report, DERIVED.readme, DERIVED.index
    )
    assert write_bundle(path, contents, opened) == []
    return path


def script(*arguments: str | Path) -> tuple[int, str]:
    """Run the script in this process, as a program; return its exit code and what it says."""
    main = runpy.run_path(str(SCRIPT))["main"]
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = int(str(stopped.code))
    return code, out.getvalue()


def lines_of(contents: Members, name: str = RUN) -> list[str]:
    """The lines of a run of a bundle."""
    return contents[name].decode().splitlines()


def with_lines(contents: Members, texts: Iterable[str], name: str = RUN) -> Members:
    """The members with other lines in a run."""
    return {**contents, name: "".join(f"{text}\n" for text in texts).encode()}


def recomputed(changed: Callable[[dict[str, Any]], dict[str, Any]]) -> Run:
    """The first run made anew: each line changed, and every digest, count and seal made to fit."""
    chain, lines = LineChain(FIRST.id), list[Line]()
    for line in FIRST.lines:
        body = {name: value for name, value in line.body.items() if name not in ("kind", "prev", "run", "seq")}
        if line.kind == "sealed":
            body |= {"count": chain.seq, "planned": planned_digest(lines)}
        else:
            body = changed(body)
        lines.append(chain.next(line.kind, body))
    return Run(tuple(lines))


def made_to_pass(body: dict[str, Any]) -> dict[str, Any]:
    """A failure becomes a pass."""
    return {**body, "result": "PASSED"} if body.get("result") == "FAILED" else body


def with_run(contents: Members, other: Run) -> Members:
    """The members with another run under the id of one that is there."""
    return with_lines(contents, [line.text for line in other.lines], f"runs/{other.id}.jsonl")


# -- the file itself -------------------------------------------------------------------------------------------------


def patched(
    path: Path, name: str, *, local: dict[int, bytes] | None = None, central: dict[int, bytes] | None = None
) -> Path:
    """Write over bytes of a member's header and of its entry in the directory, each by its offset."""
    with path.open("rb") as file:
        member = ArchiveReader(file, path.stat().st_size).members[name]
    data = bytearray(path.read_bytes())
    entry = data.rindex(name.encode()) - 46
    for start, changes in ((member.offset, local), (entry, central)):
        for offset, new in (changes or {}).items():
            data[start + offset : start + offset + len(new)] = new
    path.write_bytes(data)
    return path


def zipped(
    path: Path, contents: Iterable[tuple[str | zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_STORED
) -> Path:
    """An archive as the standard library makes it."""
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in contents:
            file.writestr(name, data)
    return path


def number(value: int, size: int = 4) -> bytes:
    """A number as an archive holds it."""
    return struct.pack("<Q", value)[:size]


__all__ = ["ARTIFACT", "members", "packed"]
