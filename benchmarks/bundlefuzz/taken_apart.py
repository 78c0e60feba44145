"""A bundle as plain data that can be changed, and put together again with every digest, name and link made to fit."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pytest_readiness.store.bundle.archive import ArchiveWriter

ROOMS = (
    "decisions", "requirements", "verdicts", "runs", "statements", "artifacts", "checkpoint.txt", "leaves.json",
    "report.json", "README.md", "index.html", "manifest.json",
)  # fmt: skip
Plain = dict[str, Any]


def canonical(value: Any) -> str:
    """The canonical text of plain data."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(kind: str, text: str) -> str:
    """The digest of a text of a kind."""
    return hashlib.sha256(f"readiness/{kind}/v1\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def root_of(leaves: list[Any]) -> str:
    """The root of a tree over leaves, however odd they are."""
    texts = ["readiness/leaf/v1\n" + "".join(f"{one}\n" for one in leaf) for leaf in leaves]
    level = [hashlib.sha256(b"\0" + text.encode("utf-8", "replace")).digest() for text in texts]
    level = level or [hashlib.sha256().digest()]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return base64.b64encode(level[0]).decode()


@dataclass
class Parts:
    """A bundle, taken apart."""

    eve: Ed25519PrivateKey
    """Signs what is signed anew: a key that nobody trusts."""
    decisions: list[Plain]
    snapshots: list[Plain]
    verdicts: list[Plain]
    runs: list[list[Plain]]
    statements: list[Plain]
    artifacts: list[bytes]
    checkpoint: str | None
    leaves: Plain | None
    report: Plain | None
    pages: dict[str, str]
    """README.md and index.html by name."""
    was: dict[str, str]
    """Id or digest as it was -> as it is, once it is written."""
    fitted: dict[str, bool] = field(
        default_factory=lambda: dict.fromkeys(
            ("names", "links", "chain", "seal", "subjects", "leaves", "checkpoint", "manifest"), True
        )
    )
    """What is made to fit again."""
    spelled: Callable[[str], str] | None = None
    spelled_room: str = ""
    member: str = ""
    member_chance: float = 0.0

    @classmethod
    def of(cls, data: bytes, eve: Ed25519PrivateKey) -> Parts:
        """Take a bundle apart."""
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = {name: file.read(name) for name in file.namelist()}

        def texts(room: str) -> list[str]:
            return [data.decode() for name, data in members.items() if name.startswith(f"{room}/")]

        def only(name: str) -> Plain | None:
            return json.loads(members[name]) if name in members else None

        statements = []
        for text in texts("statements"):
            envelope = json.loads(text)
            payload = json.loads(base64.b64decode(envelope["payload"]))
            statements.append({"envelope": envelope, "payload": payload, "about": payload["subject"][0]["name"]})
        decisions, snapshots = list(map(json.loads, texts("decisions"))), texts("requirements")
        for one, name in zip(decisions, (n for n in members if n.startswith("decisions/")), strict=True):
            one["\0was"] = name[10:-5]
        return cls(
            eve=eve,
            decisions=decisions,
            snapshots=[{**json.loads(text), "\0was": f"sha256:{digest('requirements', text)}"} for text in snapshots],
            verdicts=[{**json.loads(text), "\0was": digest("verdict", text)} for text in texts("verdicts")],
            runs=[[json.loads(line) for line in text.splitlines()] for text in texts("runs")],
            statements=statements,
            artifacts=[data for name, data in members.items() if name.startswith("artifacts/")],
            checkpoint=members["checkpoint.txt"].decode() if "checkpoint.txt" in members else None,
            leaves=only("leaves.json"),
            report=only("report.json"),
            pages={name: members[name].decode() for name in ("README.md", "index.html") if name in members},
            was={},
        )

    # -- put together --------------------------------------------------------------------------------------------------

    def packed(self) -> bytes:
        """Return the bundle, with what is to fit made to fit."""
        members = self._members()
        names = sorted(members, key=lambda name: (ROOMS.index(name.partition("/")[0]), name))
        manifest = self._manifest(members)
        names, members = self._odd_members([*names, "manifest.json"], {**members, "manifest.json": manifest})
        file = io.BytesIO()
        packing = ArchiveWriter(file)
        for name in names:
            packing.add(name, [members[name]])
        packing.close()
        return file.getvalue()

    def _members(self) -> dict[str, bytes]:
        found: dict[str, str] = {}
        now: dict[str, tuple[str, str]] = {}
        """(id, digest) by the id as it was."""
        for one in self.snapshots:
            text = self._spell("requirements", canonical(_bare(one)))
            name = digest("requirements", text)
            now[one.get("\0was", "")] = (f"sha256:{name}", name)
            self._put(
                found, f"requirements/{name}.json", text, one.get("\0was", "x").removeprefix("sha256:"), "requirements"
            )
        for one in self.decisions:
            self._link(one, "requirements_digest", now)
            text = self._spell("decisions", canonical(_bare(one)))
            full = digest("decision", text)
            name = f"{re.sub('[-:]', '', str(one.get('at')))[:15]}Z-{full[:16]}"
            now[one.get("\0was", "")] = (name, full)
            self._put(found, f"decisions/{name}.json", text, one.get("\0was", "x"), "decisions")
        for one in self.verdicts:
            text = self._spell("verdicts", canonical(_bare(one)))
            name = digest("verdict", text)
            now[one.get("\0was", "")] = (name, name)
            self._put(found, f"verdicts/{name}.json", text, one.get("\0was", "x"), "verdicts")
        for run in self.runs:
            name, head, text = self._run(run, now)
            now.setdefault(name, (name, head))
            found[f"runs/{name}.jsonl"] = self._spell("runs", text)
        for one in self.statements:
            text = self._spell("statements", canonical(self._statement(one, now)))
            found[f"statements/{digest('envelope', text)}.json"] = text
        self._tree(found, now)
        if self.report is not None:
            found["report.json"] = self._spell("report.json", canonical(self.report))
        found |= self.pages
        encoded = {name: text.encode("utf-8", "surrogatepass") for name, text in found.items()}
        return encoded | {f"artifacts/{hashlib.sha256(data).hexdigest()}": data for data in self.artifacts}

    def _spell(self, room: str, text: str) -> str:
        if self.spelled is not None and room == self.spelled_room:
            change, self.spelled = self.spelled, None
            return change(text)
        return text

    def _put(self, found: dict[str, str], name: str, text: str, was: str, room: str) -> None:
        found[name if self.fitted["names"] else f"{room}/{was}.json"] = text

    def _link(self, plain: Plain, key: str, now: dict[str, tuple[str, str]]) -> None:
        if self.fitted["links"] and isinstance(plain.get(key), str) and plain[key] in now:
            plain[key] = now[plain[key]][0]

    def _run(self, run: list[Plain], now: dict[str, tuple[str, str]]) -> tuple[str, str, str]:
        head, texts, planned = "0" * 64, [], list[Any]()
        for number, line in enumerate(run):
            self._link(line, "requirements", now)
            if self.fitted["chain"]:
                line |= {"prev": head, "seq": number}
            if line.get("kind") == "planned" and isinstance(line.get("tests"), list):
                planned += line["tests"]
            if line.get("kind") == "sealed" and self.fitted["seal"]:
                line |= {"count": number, "planned": digest("planned", canonical({"tests": planned}))}
            text = canonical(line)
            head = digest("line", text)
            texts.append(f"{text}\n")
        return str(run[0].get("run")), head, "".join(texts)

    def _statement(self, one: Plain, now: dict[str, tuple[str, str]]) -> Plain:
        payload, envelope = one["payload"], one["envelope"]
        before = copy.deepcopy(payload)
        if self.fitted["subjects"] and one["about"] in now:
            try:
                name, full = now[one["about"]]
                payload["subject"][0] |= {"name": name, "digest": {"sha256": full}}
            except (LookupError, TypeError, AttributeError):
                payload = before
        data = canonical(payload).encode("utf-8", "surrogatepass")
        envelope["payload"] = envelope.get("payload") and base64.b64encode(data).decode()
        if one.get("sign"):
            form = b"application/vnd.in-toto+json"
            made = self.eve.sign(b"DSSEv1 %d %b %d %b" % (len(form), form, len(data), data))
            envelope["signatures"] = [{"keyid": "", "sig": base64.b64encode(made).decode()}]
        return envelope

    def _tree(self, found: dict[str, str], now: dict[str, tuple[str, str]]) -> None:
        if self.leaves is not None:
            leaves = self.leaves.get("leaves")
            if self.fitted["leaves"] and isinstance(leaves, list):
                for place, leaf in enumerate(leaves):
                    if isinstance(leaf, list) and len(leaf) == 3 and isinstance(leaf[1], str) and leaf[1] in now:
                        leaves[place] = [leaf[0], *now[leaf[1]]]
            found["leaves.json"] = canonical(self.leaves)
            if self.checkpoint is not None and self.fitted["checkpoint"] and isinstance(leaves, list):
                try:
                    root = root_of(leaves)
                except TypeError:
                    root = "A" * 44
                origin, _, _, rest = self.checkpoint.split("\n", 3)
                self.checkpoint = f"{origin}\n{len(leaves)}\n{root}\n{rest}"
        if self.checkpoint is not None:
            found["checkpoint.txt"] = self.checkpoint

    def _manifest(self, members: dict[str, bytes]) -> bytes:
        rows = [
            {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(members.items())
        ]
        if not self.fitted["manifest"] and rows:
            rows[0]["sha256"] = "0" * 64
        version = "v2" if self.pages else "v1"
        return canonical({"schema": f"readiness/bundle/{version}", "members": rows}).encode()

    def _odd_members(self, names: list[str], members: dict[str, bytes]) -> tuple[list[str], dict[str, bytes]]:
        at = int(self.member_chance * len(names))
        name = names[at]
        if self.member == "name":
            names[at] = name.replace(name[-7], "0", 1)
            members[names[at]] = members[name]
        elif self.member == "more":
            names.append("notes.txt")
            members["notes.txt"] = b"x"
        elif self.member == "swap":
            members[names[0]], members[name] = members[name], members[names[0]]
        elif self.member == "order":
            names[0], names[at] = names[at], names[0]
        elif self.member == "manifest":
            members["manifest.json"] = members["manifest.json"].replace(b"bundle/v", b"bundle/v1")
        return names, members


def _bare(plain: Plain) -> Plain:
    return {name: value for name, value in plain.items() if name != "\0was"}


def read(path: Path) -> bytes:
    """The bytes of a bundle."""
    return path.read_bytes()
