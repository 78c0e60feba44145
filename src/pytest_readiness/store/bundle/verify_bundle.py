"""Verify a bundle of pytest-readiness with Python 3.11 or newer, its standard library, and nothing else.

    python verify_bundle.py BUNDLE [--key NAME[/ROLES[/PERSONS]]=PUBLIC.pem]... [--checkpoint FILE]

It tells what it looked at and names each thing that does not fit. Exit code 0: everything fits; 3: something does not;
2: it was called wrongly. With --key every run, and every statement, must be signed by one of the keys (ed25519), and
each decision that is not is named. ROLES are what a key may sign, as in the config: runs, reviews, checkpoints, with
commas; none: anything. Where a key has the role reviews, every decision must be signed by such a key; where one has the
role checkpoints, so must the checkpoint. PERSONS are the names whose decisions it signs; none: anybody's.

It shares no line with the package, so that a mistake in one is seen by the other. Use a copy from where you get your
software, and not one that came with the bundle. What it does not judge: whether the values of a line or a decision mean
anything; it says that they are the ones that were sealed.
"""
# ruff: noqa: PLR2004, T201 - a script that prints; its numbers are those of the formats that it reads

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import stat
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any, NamedTuple, NoReturn

HEX = "[0-9a-f]{64}"
ROOMS = {
    "decisions": r"decisions/\d{8}T\d{6}Z-[0-9a-f]{16}\.json",
    "requirements": rf"requirements/{HEX}\.json",
    "verdicts": rf"verdicts/{HEX}\.json",
    "runs": r"runs/\d{8}T\d{6}Z-[0-9a-f]{8,32}\.jsonl",
    "statements": rf"statements/{HEX}\.json",
    "artifacts": rf"artifacts/{HEX}",
    "checkpoint.txt": r"checkpoint\.txt",
    "leaves.json": r"leaves\.json",
    "report.json": r"report\.json",
    "manifest.json": r"manifest\.json",
}
"""The kinds of member, in the order in which they stand, and what each is called."""
BIGGEST = {"decisions": 16, "statements": 4, "requirements": 64, "verdicts": 64, "report.json": 64}
"""Mebibytes of a member that is read as a whole, where they are not 256; artifacts are not read so."""
BIGGEST_CHECKPOINT = 1 << 16
MOST_MEMBERS = 1_000_000
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
RESULTS = {"PASSED", "FAILED", "ERROR", "SKIPPED", "XFAILED", "XPASSED", "INTERRUPTED", "NOT_RUN"}
ABOUT = {
    "review": ("use_case", ("meaning",), ("comment", "release", "seen_at"), ("acknowledged",)),
    "waiver": ("requirement", ("reason", "requested_by", "until"), (), ()),
    "blocker": ("use_case", ("reason",), ("due", "link"), ()),
    "unblock": ("use_case", ("reason",), (), ("ends",)),
    "retirement": ("test_id", ("reason",), ("replaced_by",), ()),
    "departure": ("use_case", ("reason",), (), ("ends", "failed_runs")),
    "run retirement": ("run_id", ("reason",), (), ()),
}
"""Of each kind of decision: what it is about, the other texts that it says, and the texts and lists that it may say."""
BASIS = ("digest", "definition", "policy", "requirements", "failed_runs", "retired")
"""What a review says of what it rests on; the last three are lists."""
ROW = {"requirement": str, "state": str, "pins": list, "proof": str, "max_age_days": int, "unproven": bool}
PIN: dict[str, type] = dict.fromkeys(
    ("evidence_id", "test_id", "started_at", "actor", "environment", "provider_mode", "started_by"), str
)
PIN |= {"proofs": list}
"""What a review says of a requirement, and of the evidence it rests on: the first two, and the first four, always."""
ROLES = ("runs", "reviews", "checkpoints")
BROKEN = {"FAILED", "ERROR", "INTERRUPTED"}
"""What an attempt can have ended with that was followed by another, and took place elsewhere."""
DAMAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error)
"""What Python raises over values that are not of the kind they must be."""


class MisfitError(Exception):
    """Something is not what it must be; ``str`` says what."""


def refuse(told: str) -> NoReturn:
    """Say that something does not fit."""
    raise MisfitError(told[:400])


# -- the archive: every byte that is no content is known from names, sizes and checksums ---------------------------


def members_of(file: IO[bytes], size: int) -> dict[str, tuple[int, int, int]]:
    """Return where each member begins, its size and its checksum; the file holds nothing else."""
    found: dict[str, tuple[int, int, int]] = {}
    directory, offset = [], 0
    while (head := read_at(file, offset, 30))[:4] == b"PK\3\4":
        if len(head) < 30 or len(found) >= MOST_MEMBERS:
            refuse("the archive is cut off, or has too many members")
        crc, length, _, name_length, _ = struct.unpack("<3I2H", head[14:])
        name_bytes = read_at(file, offset + 30, min(name_length, 101))
        name = name_bytes.decode("latin-1")
        # Version 2.0, no flags, stored, the first of January 1980; both sizes the same; no extra field.
        shape = struct.pack("<5H", 20, 0, 0, 0, 33), struct.pack("<3I2H", crc, length, length, len(name), 0)
        room_of(name)
        if head != b"PK\3\4" + shape[0] + shape[1] or name in found or length >= 2**32 - 1:
            refuse(f"{name} is compressed, encrypted, there twice, too large, or not headed as a member of a bundle")
        found[name] = (offset + 30 + len(name), length, crc)
        far = offset >= 2**32 - 1
        version = 45 if far else 20
        entry = struct.pack("<4s6H3I", b"PK\1\2", 0x300 | version, version, 0, 0, 0, 33, crc, length, length)
        entry += struct.pack("<5H2I", len(name), 12 if far else 0, 0, 0, 0, 0o100644 << 16, min(offset, 2**32 - 1))
        directory.append(entry + name_bytes + (struct.pack("<2HQ", 1, 8, offset) if far else b""))
        offset += 30 + len(name) + length
    begin = offset
    for name, entry in zip(found, directory, strict=True):
        if read_at(file, offset, len(entry)) != entry:
            refuse(f"the directory of the archive says something else of {name}: a link, another size, another place")
        offset += len(entry)
    count, length = len(found), offset - begin
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, *[min(count, 65535)] * 2, *[min(n, 2**32 - 1) for n in (length, begin)], 0
    )
    if count >= 65535 or begin >= 2**32 - 1 or length >= 2**32 - 1:
        wide = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x32D, 45, 0, 0, count, count, length, begin)
        end = wide + struct.pack("<4sIQI", b"PK\6\7", 0, offset, 1) + end
    if not found or read_at(file, offset, len(end)) != end or offset + len(end) != size:
        refuse("is no bundle, or something stands before, between or after its members")
    stands = [(list(ROOMS).index(room_of(name)), name) for name in found]
    if stands != sorted(stands) or "manifest.json" not in found:
        refuse("its members are not in their order, or there is no manifest")
    return found


def read_at(file: IO[bytes], offset: int, size: int) -> bytes:
    """Return so many bytes of the file, or fewer at its end."""
    file.seek(offset)
    return file.read(size)


def room_of(name: str) -> str:
    """Return the kind of member that is called so."""
    room = name.partition("/")[0]
    if room not in ROOMS or not re.fullmatch(ROOMS[room], name, re.ASCII):
        refuse(f"no member of a bundle is called {name!r}")
    return room


# -- texts and digests -----------------------------------------------------------------------------------------------


def digest(kind: str, text: str) -> str:
    """Return the SHA-256 of a text, each kind of text with a prefix of its own."""
    return hashlib.sha256(f"readiness/{kind}/v1\0{text}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no blanks, no escapes that are not needed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def no_number(text: str) -> NoReturn:
    """Refuse a number that is no integer: readers would not agree on it."""
    refuse(f"the number {text} is no integer")


def parsed(text: str, what: str, *, whole: bool = False) -> dict[str, Any]:
    """Return the object in a text, which must be its canonical text: no key stands twice. ``whole``: only integers."""
    value = json.loads(text, parse_float=no_number if whole else None)
    if not isinstance(value, dict) or canonical(value) != text:
        refuse(f"{what} is no JSON object in canonical form")
    return value


def decoded(text: str) -> bytes:
    """Return the bytes of a base64 text, which must be the one text for them."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        refuse("something is no canonical base64")
    return data


def is_moment(value: object) -> bool:
    """Return whether this is a moment in UTC, to the millisecond."""
    return isinstance(value, str) and MOMENT.fullmatch(value) is not None


# -- the tree over the records of a store (RFC 6962), and its checkpoint ---------------------------------------------

Checkpoint = tuple[str, int, str]
"""Name of the store, number of records, and root in base64."""


def read_checkpoint(text: str) -> Checkpoint:
    """Return what a checkpoint says; of the signatures below the empty line only the form is looked at."""
    signatures = r"(?:— [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)*"
    form = r"(readiness-store/[0-9a-f]{32})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n\n"
    found = re.fullmatch(form + signatures, text)
    if found is None or len(text) > BIGGEST_CHECKPOINT:
        refuse("a checkpoint has three lines: a store, a number and a root; an empty one; and signatures")
    for encoded in (found[3], *(signed for _, signed in note_signatures(text))):
        decoded(encoded)
    return found[1], int(found[2]), found[3]


def note_signatures(text: str) -> list[tuple[str, str]]:
    """Return name and base64 of each signature of a checkpoint."""
    lines = text.partition("\n\n")[2].split("\n")[:-1]
    return [(name, signed) for _, name, signed in (line.split(" ") for line in lines)]


def root_of(leaves: list[tuple[str, ...]]) -> str:
    """Return the root over these leaves: pairs are hashed level by level, and an odd one moves up as it is."""
    texts = ["readiness/leaf/v1\n" + "".join(f"{one}\n" for one in leaf) for leaf in leaves]
    level = [hashlib.sha256(b"\0" + text.encode()).digest() for text in texts] or [hashlib.sha256().digest()]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return base64.b64encode(level[0]).decode()


# -- decisions ---------------------------------------------------------------------------------------------------------


def refuse_odd_decision(plain: dict[str, Any], name: str) -> None:
    """Refuse a decision that does not say exactly what its kind says: nothing empty, nothing more, each of its type."""
    first, must, may, lists = ABOUT[plain["kind"]]
    needed = {"schema", "kind", "register", "at", "by", "known_by", first, *must}
    known = needed | {"requirements_digest", *may}
    texts = dict(plain)
    if plain["kind"] == "review":
        refuse_odd_basis(texts.pop("basis"), name)
        if plain["meaning"] not in ("APPROVED_FOR_GO_LIVE", "REJECTED"):
            refuse(f"{name} is a review that says neither yes nor no")
        if "seen_at" in plain and not is_moment(min(str(plain["seen_at"]), plain["at"])):
            refuse(f"{name} says not when what was signed was looked at")
    for listed in {*lists} & texts.keys():
        if not is_list_of_texts(texts.pop(listed)):
            refuse(f"{name}: what it says as {listed} is no list of texts")
    if not needed <= texts.keys() <= known or not all(isinstance(one, str) and one for one in texts.values()):
        refuse(f"{name} says something else than a decision of its kind does")
    if plain["known_by"] not in ("declared", "git", "ci", "signed"):
        refuse(f"{name} says not how it is known who decided")


def refuse_odd_basis(basis: dict[str, Any], name: str) -> None:
    """Refuse what a review rests on, where it is not of the form that every review has."""
    right = basis.keys() <= {*BASIS} and all(basis.values()) and isinstance(basis.get("requirements", []), list)
    right = right and all(isinstance(one, str) for one in (basis["digest"], basis.get("definition", "")))
    right = right and all(is_list_of_texts(basis[one]) for one in BASIS[-2:] if one in basis)
    right = right and all(isinstance(one, str | bool) for one in basis.get("policy", {}).values())
    for row in basis.get("requirements", ()):
        right = right and is_made_of(row, ROW, 2) and row.get("max_age_days", 0) >= 0
        for pin in row.get("pins", ()) if right else ():
            right = right and is_made_of(pin, PIN, 4) and all(isinstance(one, str) for one in pin.get("proofs", ()))
    if not right:
        refuse(f"{name}: what it rests on is not of the form that every review has")


def is_list_of_texts(value: object) -> bool:
    """Return whether this is a list of texts, and not empty."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def is_made_of(plain: dict[str, Any], kinds: Mapping[str, type], first: int) -> bool:
    """Return whether plain data says the first of these names, nothing else than them, and nothing that is empty."""
    right = {*list(kinds)[:first]} <= plain.keys() <= kinds.keys() and all(plain.values())
    return right and all(type(one) is kinds[name] for name, one in plain.items())


# -- what a bundle holds -----------------------------------------------------------------------------------------------


class Verification:
    """One look at a bundle."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file = file
        self.members = members_of(file, size)
        self.rows: dict[str, tuple[int, str]] = {}
        """Size and SHA-256 of each member that was read."""
        self.misfits: list[str] = []
        self.records: dict[tuple[str, str], str] = {}
        """(kind, id) -> digest of each run, decision and verdict."""
        self.named: dict[str, str] = {}
        """SHA-256 of each artifact -> what names it."""
        self.needed: dict[str, str] = {}
        """Digest of requirements -> what was made under them."""
        self.counts = dict.fromkeys(("lines", "evidence", "trackers"), 0)
        self.signed: dict[tuple[str, str], list[str]] = {}
        """(kind, id) of a run or decision -> the names of the keys that signed it, and may."""
        self.decided: dict[str, tuple[str, str]] = {}
        """Id of a decision -> what it is, and by whom, in its own words."""
        self.tree: Checkpoint | None = None
        self.leaves: list[tuple[str, ...]] = []
        """Kind, id and digest of every record of the store that the bundle comes from."""

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member; its size, checksum and SHA-256 are taken on the way."""
        at, left, expected = self.members[name]
        crc, sha256, size = 0, hashlib.sha256(), left
        while left:
            block = read_at(self.file, at, min(left, 1 << 20))
            if not block:
                refuse(f"{name} is cut off")
            at, left, crc = at + len(block), left - len(block), zlib.crc32(block, crc)
            sha256.update(block)
            yield block
        if crc != expected:
            refuse(f"{name} has another content than its checksum says")
        self.rows[name] = (size, sha256.hexdigest())

    def text(self, name: str) -> str:
        """Return the content of a member that is a text."""
        room = room_of(name)
        most = BIGGEST_CHECKPOINT if room == "checkpoint.txt" else BIGGEST.get(room, 256) << 20
        if room != "manifest.json" and self.members[name][1] > most:
            refuse(f"{name} is too large")
        return b"".join(self.blocks(name)).decode()

    def all(self, keys: list[Key]) -> None:
        """Look at every member, and at what belongs together."""
        for name in self.members:
            room = room_of(name)
            try:
                getattr(self, "look_at_" + room.partition(".")[0])(name, *([keys] if room == "statements" else []))
            except MisfitError as misfit:
                self.misfits.append(str(misfit))
            except DAMAGE as error:
                self.misfits.append(f"{name} is damaged: {type(error).__name__} {error}"[:400])
        self.misfits += self.loose_ends(keys)

    def look_at_decisions(self, name: str) -> None:
        """A decision: canonical text, made at a moment, called by its digest."""
        text = self.text(name)
        plain = parsed(text, name)
        if plain["schema"] != "readiness/decision/v1" or not is_moment(plain["at"]):
            refuse(f"{name} is no decision, or says not when it was made")
        found = digest("decision", text)
        self.must_be(name, f"decisions/{re.sub('[-:]', '', plain['at'])[:15]}Z-{found[:16]}.json")
        refuse_odd_decision(plain, name)
        self.records["decision", name[10:-5]] = found
        about = f"{plain['kind']} of {plain[ABOUT[plain['kind']][0]]} by {plain['by']}"
        self.decided[name[10:-5]] = (about.encode("unicode_escape").decode()[:300], plain["by"])
        if plain.get("requirements_digest"):
            self.needed[plain["requirements_digest"]] = name

    def look_at_requirements(self, name: str) -> None:
        """Requirements in force, called by their digest."""
        self.must_be(name, f"requirements/{digest('requirements', self.text(name))}.json")

    def look_at_verdicts(self, name: str) -> None:
        """A verdict that was kept: canonical text with its moment, called by its digest."""
        text = self.text(name)
        if not is_moment(parsed(text, name)["generated_at"]):
            refuse(f"{name} says not when it was generated")
        self.must_be(name, f"verdicts/{digest('verdict', text)}.json")
        self.records["verdict", name[9:-5]] = name[9:-5]

    def look_at_runs(self, name: str) -> None:
        """A run: canonical lines, each naming the digest of the one before, closed by a seal."""
        text = self.text(name)
        if not text.endswith("\n"):
            refuse(f"{name}: its last line is cut off")
        run_id, head = name[5:-6], "0" * 64
        planned: list[Any] = []
        texts = text[:-1].split("\n")
        for number, line in enumerate(texts):
            here = f"{name}, line {number}"
            body = parsed(line, here, whole=True)
            if (body["run"], body["seq"], body["prev"]) != (run_id, number, head) or type(body["seq"]) is not int:
                refuse(f"{here} does not follow the line before it: one was changed, moved or left out")
            if type(body["kind"]) is not str or not body["kind"]:
                refuse(f"{here} does not say of what kind it is")
            if (body["kind"] == "run") is not (number == 0) or (body["kind"] == "sealed") is not (
                number == len(texts) - 1
            ):
                refuse(f"{here}: a run is opened by its first line, closed by a seal at its end, and by these alone")
            head = digest("line", line)
            planned += body["tests"] if body["kind"] == "planned" else []
            self.look_at_line(body, here)
        if (body["count"], body["planned"]) != (len(texts) - 1, digest("planned", canonical({"tests": planned}))):
            refuse(f"{name}: the seal closes another number of lines, or another plan")
        self.records["run", run_id] = head
        self.counts["lines"] += len(texts)

    def look_at_line(self, body: dict[str, Any], here: str) -> None:
        """What a line says as far as it is about other members: evidence, artifacts, the tracker, requirements."""
        kind = body["kind"]
        moments = [body[name] for name in ("started_at", "finished_at") if name in body]
        claims = body["claims"] if kind == "finished" else []
        if kind == "not_run":
            claims = [claim for test in body["tests"] for claim in test["claims"]]
        needs = {"run": 1, "finished": 2, "not_run": 2, "sealed": 1}.get(kind, 0)
        if needs and (len(moments) < needs or not all(map(is_moment, moments))):
            refuse(f"{here} says not when it was")
        if kind == "finished" and body["result"] not in RESULTS:
            refuse(f"{here} has no result")
        if not all(isinstance(claim["use_case"], str) and isinstance(claim["item"], str) for claim in claims):
            refuse(f"{here} is evidence for nothing")
        if not all(claim["result"] in BROKEN for claim in claims if "result" in claim):
            refuse(f"{here}: a claim has a result of its own, and is of no attempt that ended badly")
        if not all("result" in claim and "not_real_because" in claim for claim in claims if "covered" in claim):
            refuse(f"{here}: a claim is covered by a later attempt, and is of none that was followed by one")
        self.counts["evidence"] += len(claims)
        artifacts = body.get("artifacts", ()) if claims else ()
        if kind == "run":
            self.needed[str(body.get("requirements", ""))] = here
            tracker = body.get("tracker") or {}
            artifacts = (
                [{"sha256": tracker["sha256"], "of": (tracker["name"], tracker["size"])}] if "sha256" in tracker else []
            )
            self.counts["trackers"] += len(artifacts)
        for artifact in artifacts:
            if not re.fullmatch(HEX, artifact["sha256"]):
                refuse(f"{here} names an artifact by no SHA-256")
            self.named[artifact["sha256"]] = here

    def look_at_statements(self, name: str, keys: list[Key]) -> None:
        """A DSSE envelope with an in-toto statement about one run or decision that is in the bundle."""
        text = self.text(name)
        plain = parsed(text, name)
        self.must_be(name, f"statements/{digest('envelope', text)}.json")
        form, payload, signatures = plain["payloadType"], decoded(plain["payload"]), plain["signatures"]
        if (
            form != "application/vnd.in-toto+json"
            or len(plain) != 3
            or not 0 < len(signatures) <= 64
            or len(text) > 1 << 20
        ):
            refuse(f"{name} is no signed statement")
        if not all(isinstance(one.get("keyid", ""), str) and set(one) <= {"keyid", "sig"} for one in signatures):
            refuse(f"{name} has a signature that is not made of a key id and its bytes")
        statement = parsed(payload.decode(), f"the payload of {name}")
        (subject,) = statement["subject"]
        kind = statement["predicateType"].removeprefix("urn:pytest-readiness:").removesuffix(":v1")
        is_ours = statement["predicateType"] == f"urn:pytest-readiness:{kind}:v1" and kind in ("run", "decision")
        told = statement["predicate"]
        if statement["_type"] != "https://in-toto.io/Statement/v1" or not is_ours or not told.keys():
            refuse(f"{name} is no statement about a run or a decision")
        if not isinstance(told.get("nonce"), str | None):
            refuse(f"{name}: its nonce is no text")
        if self.records.get((kind, subject["name"]), "none") != subject["digest"]["sha256"]:
            refuse(f"{name}: the {kind} {subject['name']} is not in it, or another than was signed")
        signed = b"DSSEv1 %d %b %d %b" % (len(form), form.encode(), len(payload), payload)
        made = [decoded(one["sig"]) for one in signatures]
        # The id of a key in an envelope is covered by no signature, and decides nothing.
        whose = self.decided[subject["name"]][1] if kind == "decision" else None
        able = [key for key in keys if key.may("runs" if kind == "run" else "reviews", whose)]
        by = [key.name for key in able if key.raw and any(is_signed(key.raw, signed, one) for one in made)]
        self.signed.setdefault((kind, subject["name"]), []).extend(by)
        if not by and asked_of(keys, kind):
            refuse(f"{name}: the {kind} {subject['name']} {UNSIGNED}")

    def look_at_artifacts(self, name: str) -> None:
        """An artifact, called by its SHA-256."""
        for _ in self.blocks(name):
            pass
        self.must_be(name, f"artifacts/{self.rows[name][1]}")

    def look_at_report(self, name: str) -> None:
        """The report on the contents; what it says is for people, and follows from the rest."""
        plain = parsed(self.text(name), name)
        if plain["schema"] != "readiness/report/v1" or not is_moment(plain["generated_at"]):
            refuse(f"{name} is no report")

    def look_at_checkpoint(self, name: str) -> None:
        """The checkpoint of the store that it comes from: its name, how many records it had, and their root."""
        self.tree = read_checkpoint(self.text(name))

    def look_at_leaves(self, name: str) -> None:
        """The leaves of the tree of that store, in the order in which it took the records in."""
        leaves = [tuple(leaf) for leaf in parsed(self.text(name), name)["leaves"]]
        if not all(len(leaf) == 3 and all(one.isprintable() for one in leaf) for leaf in leaves):
            refuse(f"{name} is no list of kind, id and digest")
        self.leaves = leaves

    def look_at_manifest(self, name: str) -> None:
        """The manifest: what follows from the other members, and nothing else."""
        rows = sorted(self.rows.items())
        listed = [{"name": row, "size": size, "sha256": sha256} for row, (size, sha256) in rows]
        if self.text(name) != canonical({"schema": "readiness/bundle/v1", "members": listed}):
            refuse("the manifest lists other members, sizes or digests than there are")

    def must_be(self, name: str, expected: str) -> None:
        """Refuse a member whose content says another name."""
        if name != expected:
            refuse(f"{name} has another content than its name says: it should be {expected}")

    def missing(self) -> list[str]:
        """Return the artifacts that are named and not in the bundle."""
        return [sha256 for sha256 in sorted(self.named) if f"artifacts/{sha256}" not in self.members]

    def loose_ends(self, keys: list[Key]) -> Iterator[str]:
        """Yield what belongs to nothing, what lacks its requirements, and where keys are given what is not signed."""
        there = {f"sha256:{name[13:-5]}" for name in self.members if room_of(name) == "requirements"}
        yield from (f"{self.needed[one]}: its requirements are not in it" for one in self.needed.keys() - there - {""})
        for name in self.members:
            room, _, rest = name.partition("/")
            if room == "artifacts" and rest not in self.named:
                yield f"{name} belongs to nothing that is in it"
            if room == "requirements" and f"sha256:{rest[:-5]}" not in self.needed:
                yield f"{name} belongs to nothing that is in it"
        must = {"run": asked_of(keys, "run"), "decision": any("reviews" in key.roles for key in keys)}
        for kind, id_ in self.records:
            if must.get(kind) and not self.signed.get((kind, id_)):
                yield f"the {kind} {id_} {UNSIGNED}"
        if ("checkpoint.txt" in self.members) is not ("leaves.json" in self.members):
            yield "a checkpoint and the leaves of the tree are in it together, or neither"
        elif self.tree is not None and self.tree != (self.tree[0], len(self.leaves), root_of(self.leaves)):
            yield "the checkpoint is not that of the leaves"
        elif self.tree is not None:
            grown = set(self.leaves)
            lost = [record for record, found in self.records.items() if (*record, found) not in grown]
            yield from (f"the {kind} {id_} is no leaf of the tree" for kind, id_ in lost)


# -- ed25519 (RFC 8032, section 5.1), to verify only: nothing here is secret, so nothing need take constant time -----

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]
"""Extended coordinates: X, Y, Z and T, where x = X/Z, y = Y/Z and xy = T/Z."""


def added(a: Point, b: Point) -> Point:
    """Return the sum of two points."""
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, z - t, z + t, right + left
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiplied(factor: int, point: Point) -> Point:
    """Return a point so many times."""
    found: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            found = added(found, point)
        point, factor = added(point, point), factor >> 1
    return found


def decompressed(data: bytes) -> Point | None:
    """Return the point that 32 bytes stand for; None: they stand for none."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = decompressed((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a signature over a message was made with the secret half of an ed25519 key."""
    public, nonce = decompressed(key), decompressed(signature[:32])
    answer = int.from_bytes(signature[32:], "little")
    if public is None or nonce is None or BASE is None or len(signature) != 64 or answer >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = multiplied(answer, BASE), added(nonce, multiplied(challenge, public))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


# -- keys ------------------------------------------------------------------------------------------------------------

UNSIGNED = "is signed by none of the given keys that may sign it"


class Key(NamedTuple):
    """A key that was given."""

    name: str
    raw: bytes | None
    """Of an ed25519 key; None: it is of another kind."""
    roles: tuple[str, ...] = ()
    """None: any."""
    persons: tuple[str, ...] = ()
    """None: anybody."""

    def may(self, role: str, by: str | None = None) -> bool:
        """Return whether it may sign in a role, and decisions by this person."""
        known = {one.strip().casefold() for one in self.persons}
        return (not self.roles or role in self.roles) and (by is None or not known or by.strip().casefold() in known)


def asked_of(keys: list[Key], kind: str) -> bool:
    """Return whether statements about a run, or about a decision, must be signed by one of the keys."""
    return any(key.may("runs" if kind == "run" else "reviews") for key in keys)


def given_keys(said: list[str]) -> list[Key]:
    """Return the keys of a command line.

    Raises:
        ValueError, OSError: one is not of the form, cannot be read or is too weak; or two have one name, or are one.
    """
    keys: list[Key] = []
    for one in said:
        what, is_, path = one.partition("=")
        name, roles, persons = [*what.split("/", 2), "", ""][:3]
        listed = tuple(role for role in roles.split(",") if role)
        if not name or not is_ or not path or not {*listed} <= {*ROLES}:
            raise ValueError(f"--key is NAME=FILE or NAME/ROLES/PERSONS=FILE, with {', '.join(ROLES)} as roles: {one}")
        key = Key(name, read_key(path), listed, tuple(who for who in persons.split(",") if who))
        for other in keys:
            if other.name == name:
                raise ValueError(f"--key names {name} twice: give each key a name of its own")
            if key.raw and other.raw == key.raw:
                raise ValueError(f"--key {name} and {other.name} are one key: give it once, with all its roles")
        keys.append(key)
    return keys


def read_key(path: str) -> bytes | None:
    """Return the 32 bytes of an ed25519 public key in a PEM file; None: it is a key of another kind."""
    with opened(path) as file:
        text = file.read(1 << 16).decode("ascii", "replace")
    blocks = re.findall(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----", text)
    if len(blocks) != 1 or blocks[0][0] != "PUBLIC KEY":
        raise ValueError(f"{path} is no public key in PEM form, or more than one")
    der = base64.b64decode("".join(blocks[0][1].split()), validate=True)
    if der[:12].hex() != "302a300506032b6570032100" or len(der) != 44:
        return None
    point = decompressed(der[12:])
    if point is None or multiplied(8, point)[0] == 0:
        raise ValueError(f"{path} is no ed25519 key that can be believed: it is no point, or one of low order")
    return der[12:]


# -- the command -----------------------------------------------------------------------------------------------------


def opened(path: str) -> IO[bytes]:
    """Open a regular file without waiting: reading a pipe or a device might never end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"cannot be read: {path} is no regular file: name a file")
    return os.fdopen(descriptor, "rb")


def read_kept(path: str) -> str:
    """Return the text of a checkpoint that was kept elsewhere.

    Raises:
        ValueError, OSError: it cannot be read, or holds none.
    """
    with opened(path) as file:
        text = file.read(4 * BIGGEST_CHECKPOINT + 1).decode()
    try:
        read_checkpoint(text)
    except (MisfitError, ValueError) as misfit:
        raise ValueError(f"{path} is no checkpoint: {misfit}") from None
    return text


def signers(text: str, keys: list[Key]) -> list[str]:
    """Return the names of the keys that signed a checkpoint, and may."""
    note = f"{text.partition(chr(10) * 2)[0]}\n".encode()
    made = [decoded(signed)[4:] for _, signed in note_signatures(text)]
    able = [key for key in keys if key.raw and key.may("checkpoints")]
    return [key.name for key in able if key.raw and any(is_signed(key.raw, note, one) for one in made)]


def compared(found: Verification, path: str, text: str, keys: list[Key]) -> Iterator[str]:
    """Yield what a checkpoint that was kept elsewhere says against the tree of the bundle."""
    kept = read_checkpoint(text)
    if any("checkpoints" in key.roles for key in keys) and not signers(text, keys):
        yield f"{path}: the checkpoint {UNSIGNED}"
    if not kept[1]:
        yield f"{path}: is of a store without a record: there is nothing to look at"
    elif found.tree is None:
        yield f"{path}: the bundle carries no tree to compare it with"
    elif found.tree[0] != kept[0]:
        yield f"{path}: is of another store: {kept[0]}, and the bundle comes from {found.tree[0]}"
    elif kept[1] > len(found.leaves) or root_of(found.leaves[: kept[1]]) != kept[2]:
        yield f"{path}: the store did not go on from there: records were changed or deleted, or it was rolled back"


def counted(number: int, noun: str) -> str:
    """Return ``1 run`` or ``3 runs``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def told(found: Verification, keys: list[Key]) -> Iterator[str]:
    """Yield what was looked at, a line each."""
    rooms = [room_of(name) for name in found.members]
    for room in ROOMS:
        count = rooms.count(room)
        more = (
            f", {counted(found.counts['lines'], 'line')}, {counted(found.counts['evidence'], 'piece')} of evidence"
            if room == "runs"
            else ""
        )
        looked = "NOT verified: it is derived from the rest, and `readiness merge` derives it again"
        looked = looked if room == "report.json" else "looked at"
        yield f"{room}: {count}{more}" if "." not in room else f"{room}: {looked if count else 'none'}"
    named = found.counts["trackers"]
    yield f"trackers: {counted(named, 'run')} {'names' if named == 1 else 'name'} the tracker of its time"
    for sha256 in found.missing():
        yield f"not in it, so not looked at: the artifact {sha256} of {found.named[sha256]}"
    for id_, (about, _) in sorted(found.decided.items()):
        yield f"{id_}: {about}, in its own words"
        if ("decision", id_) not in found.signed:
            yield f"{id_}: NOT SIGNED{' by a given key' * bool(keys)}"
    for (_, id_), names in sorted(found.signed.items(), key=lambda one: one[0][1]):
        yield (
            f"{id_}: signed by {', '.join(names)}"
            if names
            else f"{id_}: is said to be signed; by whom was not verified"
        )
    for key in keys:
        if key.raw is None:
            yield f"the key {key.name} is no ed25519 key: its signatures cannot be verified here"
        if key.roles:
            whose = f" of {', '.join(key.persons)}" if key.persons else ""
            yield f"the key {key.name} may sign {', '.join(key.roles)}{whose}"
    if found.tree is not None:
        yield f"tree: {found.tree[0]} had {counted(found.tree[1], 'record')}, of which {len(found.records)} are in it"


def main(arguments: list[str] | None = None) -> int:
    """Verify one bundle, and return the exit code."""
    usage = "verify_bundle.py BUNDLE [--key NAME[/ROLES[/PERSONS]]=PUBLIC.pem]... [--checkpoint FILE]"
    parser = argparse.ArgumentParser(description="Verify a bundle of pytest-readiness offline.", usage=usage)
    parser.add_argument("bundle", help="the file")
    parser.add_argument(
        "--key", action="append", default=[], metavar="NAME[/ROLES[/PERSONS]]=PUBLIC.pem", help="who must sign"
    )
    parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint of the store that was kept elsewhere")
    given = parser.parse_args(arguments)
    try:
        keys = given_keys(given.key)
        kept = read_kept(given.checkpoint) if given.checkpoint is not None else ""
        with opened(given.bundle) as file:
            found = Verification(file, file.seek(0, 2))
            found.all(keys)
            found.misfits += compared(found, given.checkpoint, kept, keys) if kept else []
    except MisfitError as misfit:
        lines, misfits = [], [str(misfit)]
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename and error.strerror:
            print(f"cannot be read: {error.filename}: {error.strerror}", file=sys.stderr)
        else:
            print(error, file=sys.stderr)
        return 2
    else:
        lines, misfits = list(told(found, keys)), found.misfits
        if kept:
            by = ", ".join(signers(kept, keys)) or "none of the given keys"
            lines.append(f"checkpoint {given.checkpoint}: compared with the tree; signed by {by}")
    misfits = [one.encode("unicode_escape").decode() for one in misfits]
    wrong = f"{counted(len(misfits), 'thing')} {'does' if len(misfits) == 1 else 'do'} not fit"
    end = f"NOT INTACT: {wrong}" if misfits else "everything that was looked at fits"
    print("\n".join([*lines, *(f"DOES NOT FIT: {one}" for one in misfits), end]))
    return 3 if misfits else 0


if __name__ == "__main__":
    sys.exit(main())
