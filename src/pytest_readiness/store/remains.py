"""What can still be read of a run that does not fit: each line for itself."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ..errors import IntegrityError
from ..facts.evidence import Evidence
from ..facts.evidence_line import evidence_of
from ..facts.line import Line
from ..facts.run import Planned, planned_digest
from .index import UNREADABLE
from .port import Readable


def readable_of(run_id: str, register: str, texts: Iterable[str]) -> Readable:
    """Return what the lines of a run say that can be read. Raises nothing."""
    lines: list[Line] = []
    for text in texts:
        with suppress(IntegrityError, *UNREADABLE):
            lines.append(Line.parse(text))
    evidence: list[Evidence] = []
    for line in lines:
        with suppress(IntegrityError, *UNREADABLE):
            evidence += [one for one in evidence_of(line, register) if one.run_id == run_id]
    head = lines[0].body if lines and lines[0].kind == "run" else {}
    # A first line that the next one does not name may have been changed to say another place.
    changed = not head or [one.body.get("prev") for one in lines[1:2]] != [lines[0].digest]
    return Readable(head, tuple(evidence), None if changed else _planned(lines), changed=changed)


def _planned(lines: list[Line]) -> tuple[Planned, ...] | None:
    try:
        if not lines or lines[-1].kind != "sealed" or lines[-1].body.get("planned") != planned_digest(lines):
            return None
        plain = [test for line in lines if line.kind == "planned" for test in line.body["tests"]]
        return tuple(Planned.from_plain(one) for one in plain)
    except UNREADABLE:
        return None
