"""Names of a bundle's single members, and its manifest."""

from __future__ import annotations

from collections.abc import Iterator

from ...facts.ledger.line import canonical

SCHEMAS = ("readiness/bundle/v1", "readiness/bundle/v2")
"""The formats: of a bundle without pages, and with README.md and index.html, which the first version cannot read."""
MANIFEST = "manifest.json"
REPORT = "report.json"
README = "README.md"
INDEX = "index.html"
CHECKPOINT = "checkpoint.txt"
LEAVES = "leaves.json"

Rows = dict[str, tuple[int, str]]
"""Size in bytes and SHA-256 of each member by name: the rows of the manifest."""


def manifest_blocks(rows: Rows) -> Iterator[bytes]:
    """Yield the manifest of these members in blocks: canonical JSON."""
    yield b'{"members":['
    for number, name in enumerate(sorted(rows)):
        size, sha256 = rows[name]
        yield b"," * bool(number) + canonical({"name": name, "sha256": sha256, "size": size}).encode()
    yield f'],"schema":"{SCHEMAS[bool({README, INDEX} & rows.keys())]}"}}'.encode()
