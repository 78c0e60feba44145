"""Verifier for bundles of pytest-readiness: one file that needs only Python 3.11 or newer.

    python verify_bundle.py BUNDLE [--key NAME[/ROLES[/PERSONS]]=PUBLIC.pem]... [--checkpoint FILE]...

It prints what was decided, what was checked, what was not checked, and each problem. The last line has one of three
words, which is also the exit code:

    fits          0   nothing was changed, and everything that the keys must have signed is signed
    unsigned      1   nothing was changed, and something is not signed by a given key that may sign it
    does not fit  3   something was changed, is missing or has a wrong form
                  2   wrong arguments, a file that cannot be read, or a file that is not a bundle

Without --key, signatures are listed but not verified. With --key, every run and every signed statement must be signed
by one of the keys (Ed25519), and each unsigned decision is listed. ROLES limits what a key may sign: runs, reviews,
checkpoints, separated by commas. Without ROLES it may sign anything. If a key has the role reviews, every decision must
be signed. If a key has the role checkpoints, the checkpoint must be signed. PERSONS limits the key to decisions of
these names, separated by commas. Without PERSONS it may sign decisions of anybody.

This file imports nothing from the package, so that an error in one implementation is detected by the other. Get it from
your own package source, not from the sender of the bundle. It checks that values are the values that were recorded. It
does not check that they make sense.
"""
# ruff: noqa: PLR2004 - the numbers come from the file formats

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
MEMBER_NAMES = {
    "decisions": r"decisions/\d{8}T\d{6}Z-[0-9a-f]{16}\.json",
    "requirements": rf"requirements/{HEX}\.json",
    "verdicts": rf"verdicts/{HEX}\.json",
    "runs": r"runs/\d{8}T\d{6}Z-[0-9a-f]{8,32}\.jsonl",
    "statements": rf"statements/{HEX}\.json",
    "artifacts": rf"artifacts/{HEX}",
    "checkpoint.txt": r"checkpoint\.txt",
    "leaves.json": r"leaves\.json",
    "report.json": r"report\.json",
    "README.md": r"README\.md",
    "index.html": r"index\.html",
    "manifest.json": r"manifest\.json",
}
"""Kind of member -> pattern of its names. A bundle contains its members in this order of kinds."""
PAGES = ("README.md", "index.html")
DERIVED = ("report.json", *PAGES)
"""Members that are derived from the others. This file cannot derive them, so it does not verify them."""
SIZE_LIMITS = {"decisions": 16, "statements": 4, **dict.fromkeys(("requirements", "verdicts", *DERIVED), 64)}
"""Kind of member -> largest size in mebibytes; 256 for other kinds. Artifacts are read in blocks, without a limit."""
CHECKPOINT_LIMIT = 1 << 16
MEMBER_LIMIT = 1_000_000
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
RESULTS = {"PASSED", "FAILED", "ERROR", "SKIPPED", "XFAILED", "XPASSED", "INTERRUPTED", "NOT_RUN"}
DECISION_FIELDS = {
    "review": ("use_case", ("meaning",), ("comment", "release", "seen_at"), ("acknowledged",)),
    "waiver": ("requirement", ("reason", "requested_by", "until"), (), ()),
    "blocker": ("use_case", ("reason",), ("due", "link"), ()),
    "unblock": ("use_case", ("reason",), (), ("ends",)),
    "retirement": ("test_id", ("reason",), ("replaced_by",), ()),
    "departure": ("use_case", ("reason",), (), ("ends", "failed_runs")),
    "run retirement": ("run_id", ("reason",), (), ()),
}
"""Kind of decision -> its subject field, other required texts, optional texts, and optional lists of texts."""
BASIS_FIELDS = ("digest", "definition", "policy", "requirements", "failed_runs", "retired")
"""Fields of a review's basis. The last three are lists."""
REQUIREMENT_FIELDS = {
    "requirement": str, "state": str, "pins": list, "proof": str, "max_age_days": int, "unproven": bool
}  # fmt: skip
"""Fields of a requirement in a basis, with their types. The first two are required."""
PIN_FIELDS: dict[str, type] = dict.fromkeys(
    ("evidence_id", "test_id", "started_at", "actor", "environment", "provider_mode", "started_by"), str
)
PIN_FIELDS |= {"proofs": list}
"""Fields of a piece of evidence in a basis, with their types. The first four are required."""
VERBS = {
    "APPROVED_FOR_GO_LIVE": "approved",
    "REJECTED": "rejected",
    "waiver": "waived",
    "blocker": "blocked",
    "unblock": "unblocked",
    "retirement": "retired",
    "departure": "released, as it left the register,",
    "run retirement": "set aside",
}
"""Meaning of a review, or kind of another decision -> the word for it."""
NOUNS = {"retirement": "test ", "run retirement": "run "}
ROLES = ("runs", "reviews", "checkpoints")
BAD_RESULTS = {"FAILED", "ERROR", "INTERRUPTED"}
"""Results that a claim may have of its own: those of an earlier attempt in another place."""
UNREADABLE = 2
"""Exit code for wrong arguments, and for a file that cannot be read or is not a bundle."""
FORMAT_ERRORS = (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error)
"""Exceptions that Python raises for data of a wrong form."""


class BundleError(Exception):
    """A problem in the bundle; ``str`` is its description."""


class NoBundleError(ValueError):
    """The file is not a bundle, and not a damaged one either."""


def refuse(problem: str) -> NoReturn:
    """Raise BundleError with a description."""
    raise BundleError(problem[:400])


# -- the ZIP archive: each byte outside the contents follows from names, sizes and checksums -------------------------


def read_members(file: IO[bytes], size: int) -> dict[str, tuple[int, int, int]]:
    """Return name -> offset of the content, size and CRC-32 of each member. Refuse a file with any other byte."""
    members: dict[str, tuple[int, int, int]] = {}
    directory, offset = [], 0
    while (head := read_at(file, offset, 30))[:4] == b"PK\3\4":
        if len(head) < 30 or len(members) >= MEMBER_LIMIT:
            refuse("the archive is cut off, or has too many members")
        crc, length, _, name_length, _ = struct.unpack("<3I2H", head[14:])
        name_bytes = read_at(file, offset + 30, min(name_length, 101))
        name = name_bytes.decode("latin-1")
        # Version 2.0, no flags, stored, 1980-01-01; both sizes are equal; no extra field.
        fields = struct.pack("<5H", 20, 0, 0, 0, 33), struct.pack("<3I2H", crc, length, length, len(name), 0)
        member_kind(name)
        if head != b"PK\3\4" + fields[0] + fields[1] or name in members or length >= 2**32 - 1:
            refuse(f"{name} is compressed, encrypted, duplicated, too large, or has a wrong header")
        members[name] = (offset + 30 + len(name), length, crc)
        far = offset >= 2**32 - 1
        version = 45 if far else 20
        entry = struct.pack("<4s6H3I", b"PK\1\2", 0x300 | version, version, 0, 0, 0, 33, crc, length, length)
        entry += struct.pack("<5H2I", len(name), 12 if far else 0, 0, 0, 0, 0o100644 << 16, min(offset, 2**32 - 1))
        directory.append(entry + name_bytes + (struct.pack("<2HQ", 1, 8, offset) if far else b""))
        offset += 30 + len(name) + length
    begin = offset
    for name, entry in zip(members, directory, strict=True):
        if read_at(file, offset, len(entry)) != entry:
            refuse(f"the directory of the archive differs for {name}: a link, another size or another position")
        offset += len(entry)
    end = end_of_archive(len(members), begin, offset)
    if not members or read_at(file, offset, len(end)) != end or offset + len(end) != size:
        refuse("is not a bundle, or has extra bytes before, between or after its members")
    positions = [(list(MEMBER_NAMES).index(member_kind(name)), name) for name in members]
    if positions != sorted(positions) or "manifest.json" not in members:
        refuse("its members are not in the required order, or there is no manifest")
    return members


def end_of_archive(count: int, begin: int, end: int) -> bytes:
    """Return the records after a directory of ``count`` entries from offset ``begin`` to ``end``."""
    length, sizes = end - begin, [min(number, 2**32 - 1) for number in (end - begin, begin)]
    records = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *[min(count, 65535)] * 2, *sizes, 0)
    if count >= 65535 or begin >= 2**32 - 1 or length >= 2**32 - 1:
        wide = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x32D, 45, 0, 0, count, count, length, begin)
        records = wide + struct.pack("<4sIQI", b"PK\6\7", 0, end, 1) + records
    return records


def read_at(file: IO[bytes], offset: int, size: int) -> bytes:
    """Return ``size`` bytes from an offset of the file, or fewer at its end."""
    file.seek(offset)
    return file.read(size)


def member_kind(name: str) -> str:
    """Return the kind of the member with this name."""
    kind = name.partition("/")[0]
    if kind not in MEMBER_NAMES or not re.fullmatch(MEMBER_NAMES[kind], name, re.ASCII):
        refuse(f"{name!r} is not a valid member name")
    return kind


# -- texts and digests -----------------------------------------------------------------------------------------------


def digest(kind: str, text: str) -> str:
    """Return the SHA-256 of a text after the prefix of its kind."""
    return hashlib.sha256(f"readiness/{kind}/v1\0{text}".encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return the canonical JSON text of a value: sorted keys, no spaces, no optional escapes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def refuse_fraction(text: str) -> NoReturn:
    """Refuse a number that is not an integer: JSON readers could round it differently."""
    refuse(f"the number {text} is not an integer")


def parse_object(text: str, name: str) -> dict[str, Any]:
    """Return the JSON object in a text. Refuse a text that is not canonical, such as one with a repeated key."""
    value = json.loads(text, parse_float=refuse_fraction)
    if not isinstance(value, dict) or canonical(value) != text:
        refuse(f"{name} is not a JSON object in canonical form")
    return value


def decode_base64(text: str) -> bytes:
    """Return the bytes of a base64 text. Refuse a text that is not canonical."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        refuse("a value is not canonical base64")
    return data


def is_moment(value: object) -> bool:
    """Return whether a value is a UTC time with milliseconds."""
    return isinstance(value, str) and MOMENT.fullmatch(value) is not None


# -- the Merkle tree over the records of a store (RFC 6962), and its checkpoint --------------------------------------

Checkpoint = tuple[str, int, str]
"""Name of the store, number of records, and root in base64."""


def read_checkpoint(text: str) -> Checkpoint:
    """Return the content of a checkpoint. Its signatures must be well-formed; they are not verified here."""
    signatures = r"(?:— [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)*"
    form = r"(readiness-store/[0-9a-f]{32})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n\n"
    match = re.fullmatch(form + signatures, text)
    if match is None or len(text) > CHECKPOINT_LIMIT:
        refuse("a checkpoint has three lines (store, number, root), an empty line, and signatures")
    for encoded in (match[3], *(signature for _, signature in note_signatures(text))):
        decode_base64(encoded)
    return match[1], int(match[2]), match[3]


def note_signatures(text: str) -> list[tuple[str, str]]:
    """Return name and base64 of each signature of a checkpoint."""
    lines = text.partition("\n\n")[2].split("\n")[:-1]
    return [(name, signature) for _, name, signature in (line.split(" ") for line in lines)]


def root_of(leaves: list[tuple[str, ...]]) -> str:
    """Return the root over these leaves. Pairs are hashed level by level; an unpaired last node moves up unchanged."""
    texts = ["readiness/leaf/v1\n" + "".join(f"{field}\n" for field in leaf) for leaf in leaves]
    level = [hashlib.sha256(b"\0" + text.encode()).digest() for text in texts] or [hashlib.sha256().digest()]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return base64.b64encode(level[0]).decode()


# -- decisions ---------------------------------------------------------------------------------------------------------


def check_decision(plain: dict[str, Any], name: str) -> None:
    """Refuse a decision with a missing, unknown or empty field, or a field of a wrong type."""
    subject, required, optional, lists = DECISION_FIELDS[plain["kind"]]
    needed = {"schema", "kind", "register", "at", "by", "known_by", subject, *required}
    allowed = needed | {"requirements_digest", *optional}
    texts = dict(plain)
    if plain["kind"] == "review":
        check_basis(texts.pop("basis"), name)
        if plain["meaning"] not in ("APPROVED_FOR_GO_LIVE", "REJECTED"):
            refuse(f"{name} is a review that neither approves nor rejects")
        if "seen_at" in plain and not is_moment(min(str(plain["seen_at"]), plain["at"])):
            refuse(f"{name} does not contain a valid time at which the reviewed state was read")
    for field in {*lists} & texts.keys():
        if not is_list_of_texts(texts.pop(field)):
            refuse(f"{name}: {field} is not a list of texts")
    if not needed <= texts.keys() <= allowed or not all(isinstance(value, str) and value for value in texts.values()):
        refuse(f"{name} does not have exactly the fields of its kind of decision")
    if plain["known_by"] not in ("declared", "git", "ci", "signed"):
        refuse(f"{name} does not name a known identity level")


def check_basis(basis: dict[str, Any], name: str) -> None:
    """Refuse the basis of a review if it does not have the required form."""
    valid = basis.keys() <= {*BASIS_FIELDS} and all(basis.values()) and isinstance(basis.get("requirements", []), list)
    valid = valid and all(isinstance(text, str) for text in (basis["digest"], basis.get("definition", "")))
    valid = valid and all(is_list_of_texts(basis[field]) for field in BASIS_FIELDS[-2:] if field in basis)
    valid = valid and all(isinstance(value, str | bool) for value in basis.get("policy", {}).values())
    for row in basis.get("requirements", ()):
        valid = valid and has_fields(row, REQUIREMENT_FIELDS, 2) and row.get("max_age_days", 0) >= 0
        for pin in row.get("pins", ()) if valid else ():
            valid = valid and has_fields(pin, PIN_FIELDS, 4)
            valid = valid and all(isinstance(proof, str) for proof in pin.get("proofs", ()))
    if not valid:
        refuse(f"{name}: the basis of the review does not have the required form")


def is_list_of_texts(value: object) -> bool:
    """Return whether a value is a list of texts that is not empty."""
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def has_fields(plain: dict[str, Any], types: Mapping[str, type], required: int) -> bool:
    """Return whether an object has the first ``required`` fields, no unknown or empty field, and the right types."""
    valid = {*list(types)[:required]} <= plain.keys() <= types.keys() and all(plain.values())
    return valid and all(type(value) is types[name] for name, value in plain.items())


# -- the members of a bundle -------------------------------------------------------------------------------------------


class Verification:
    """The verification of one bundle, with its results."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file = file
        if read_at(file, 0, 4) != b"PK\3\4" and b"PK\5\6" not in read_at(file, max(0, size - 65_557), 65_557):
            raise NoBundleError("is not a bundle: it is not a ZIP archive")
        self.members = read_members(file, size)
        self.rows: dict[str, tuple[int, str]] = {}
        """Name -> size and SHA-256 of each member that was read."""
        self.problems: list[str] = []
        self.records: dict[tuple[str, str], str] = {}
        """(kind, id) -> digest of each run, decision and verdict."""
        self.artifact_users: dict[str, str] = {}
        """SHA-256 of an artifact -> line that names it."""
        self.requirements_users: dict[str, str] = {}
        """Digest of requirements -> decision, or line of a run, that names them."""
        self.counts = dict.fromkeys(("lines", "evidence", "trackers"), 0)
        self.signers: dict[tuple[str, str], list[str]] = {}
        """(kind, id) of a run or decision with a signed statement -> names of the keys that signed it and may."""
        self.others: dict[tuple[str, str], list[str]] = {}
        """(kind, id) -> its statements that no given key signed that may."""
        self.decisions: dict[str, dict[str, Any]] = {}
        """Id of a decision -> its content, which is self-declared."""
        self.deciding: dict[str, str] = {}
        """Id of a run whose evidence decides -> what says so."""
        self.tree: Checkpoint | None = None
        self.leaves: list[tuple[str, ...]] = []
        """Kind, id and digest of every record in the store that the bundle comes from."""

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member. After the last block its checksum is compared and its SHA-256 recorded."""
        offset, remaining, expected = self.members[name]
        crc, sha256, size = 0, hashlib.sha256(), remaining
        while remaining:
            block = read_at(self.file, offset, min(remaining, 1 << 20))
            if not block:
                refuse(f"{name} is cut off")
            offset, remaining, crc = offset + len(block), remaining - len(block), zlib.crc32(block, crc)
            sha256.update(block)
            yield block
        if crc != expected:
            refuse(f"{name}: its content does not match its checksum")
        self.rows[name] = (size, sha256.hexdigest())

    def text(self, name: str) -> str:
        """Return the content of a text member."""
        kind = member_kind(name)
        limit = CHECKPOINT_LIMIT if kind == "checkpoint.txt" else SIZE_LIMITS.get(kind, 256) << 20
        if kind != "manifest.json" and self.members[name][1] > limit:
            refuse(f"{name} is too large")
        return b"".join(self.blocks(name)).decode()

    def check_all(self, keys: list[Key]) -> None:
        """Check every member, and the references between members."""
        for name in self.members:
            kind = member_kind(name)
            try:
                check = getattr(self, "check_" + ("page" if kind in PAGES else kind.partition(".")[0]))
                check(name, *([keys] if kind == "statements" else []))
            except BundleError as error:
                self.problems.append(str(error))
            except FORMAT_ERRORS as error:
                self.problems.append(f"{name} is damaged: {type(error).__name__} {error}"[:400])
        self.problems += self.reference_problems()

    def check_decisions(self, name: str) -> None:
        """Check a decision: its form, its time, and its name, which contains its digest."""
        text = self.text(name)
        plain = parse_object(text, name)
        if plain["schema"] != "readiness/decision/v1" or not is_moment(plain["at"]):
            refuse(f"{name} is not a decision, or has no valid time")
        text_digest = digest("decision", text)
        require_name(name, f"decisions/{re.sub('[-:]', '', plain['at'])[:15]}Z-{text_digest[:16]}.json")
        check_decision(plain, name)
        id_, kind = name[10:-5], plain["kind"]
        self.records["decision", id_] = text_digest
        self.decisions[id_] = plain
        for row in plain["basis"].get("requirements", ()) if kind == "review" else ():
            for pin in row.get("pins", ()):
                self.deciding.setdefault(pin["evidence_id"].split(".")[0], f"the review {id_} rests on it")
        if plain.get("requirements_digest"):
            self.requirements_users[plain["requirements_digest"]] = name

    def check_requirements(self, name: str) -> None:
        """Check requirements: their name is their digest."""
        require_name(name, f"requirements/{digest('requirements', self.text(name))}.json")

    def check_verdicts(self, name: str) -> None:
        """Check a stored verdict: canonical text with a time; its name is its digest."""
        text = self.text(name)
        if not is_moment(parse_object(text, name)["generated_at"]):
            refuse(f"{name} has no valid time")
        require_name(name, f"verdicts/{digest('verdict', text)}.json")
        self.records["verdict", name[9:-5]] = name[9:-5]

    def check_runs(self, name: str) -> None:
        """Check a run: each line contains the digest of the line before it, and the last line is the seal."""
        text = self.text(name)
        if not text.endswith("\n"):
            refuse(f"{name}: its last line is cut off")
        run_id, head = name[5:-6], "0" * 64
        planned: list[Any] = []
        texts = text[:-1].split("\n")
        for number, line in enumerate(texts):
            where = f"{name}, line {number}"
            body = parse_object(line, where)
            if (body["run"], body["seq"], body["prev"]) != (run_id, number, head) or type(body["seq"]) is not int:
                refuse(f"{where} does not follow the line before it: a line was changed, moved or removed")
            if type(body["kind"]) is not str or not body["kind"]:
                refuse(f"{where} has no kind")
            is_last = number == len(texts) - 1
            if (body["kind"] == "run") is not (number == 0) or (body["kind"] == "sealed") is not is_last:
                refuse(f"{where}: a run must start with its only line of kind run, and end with its only seal")
            head = digest("line", line)
            planned += body["tests"] if body["kind"] == "planned" else []
            self.check_line(body, where)
        if (body["count"], body["planned"]) != (len(texts) - 1, digest("planned", canonical({"tests": planned}))):
            refuse(f"{name}: the seal names another number of lines, or another plan")
        self.records["run", run_id] = head
        self.counts["lines"] += len(texts)

    def check_line(self, body: dict[str, Any], where: str) -> None:
        """Check the times, results and claims of a line, and collect its references to artifacts and requirements."""
        kind = body["kind"]
        times = [body[name] for name in ("started_at", "finished_at") if name in body]
        claims = body["claims"] if kind == "finished" else []
        if kind == "not_run":
            claims = [claim for test in body["tests"] for claim in test["claims"]]
        required = {"run": 1, "finished": 2, "not_run": 2, "sealed": 1}.get(kind, 0)
        if required and (len(times) < required or not all(map(is_moment, times))):
            refuse(f"{where} has no valid times")
        if kind == "finished" and body["result"] not in RESULTS:
            refuse(f"{where} has no valid result")
        if not all(isinstance(claim["use_case"], str) and isinstance(claim["item"], str) for claim in claims):
            refuse(f"{where}: a claim does not name a use case and an item")
        if not all(claim["result"] in BAD_RESULTS for claim in claims if "result" in claim):
            refuse(f"{where}: a claim has a result of its own that is not {', '.join(sorted(BAD_RESULTS))}")
        if not all("result" in claim and "not_real_because" in claim for claim in claims if "covered" in claim):
            refuse(f"{where}: a claim is covered by a later attempt, but is not of an earlier attempt")
        self.counts["evidence"] += len(claims)
        artifacts = body.get("artifacts", ()) if claims else ()
        if kind == "run":
            self.requirements_users[str(body.get("requirements", ""))] = where
            tracker = body.get("tracker") or {}
            artifacts = (
                [{"sha256": tracker["sha256"], "of": (tracker["name"], tracker["size"])}] if "sha256" in tracker else []
            )
            self.counts["trackers"] += len(artifacts)
        for artifact in artifacts:
            if not re.fullmatch(HEX, artifact["sha256"]):
                refuse(f"{where}: an artifact is not named by its SHA-256")
            self.artifact_users[artifact["sha256"]] = where

    def check_statements(self, name: str, keys: list[Key]) -> None:
        """Check a DSSE envelope with an in-toto statement about one run or decision in the bundle."""
        text = self.text(name)
        plain = parse_object(text, name)
        require_name(name, f"statements/{digest('envelope', text)}.json")
        payload_type, payload, signatures = plain["payloadType"], decode_base64(plain["payload"]), plain["signatures"]
        right_type = payload_type == "application/vnd.in-toto+json" and len(plain) == 3
        if not right_type or not 0 < len(signatures) <= 64 or len(text) > 1 << 20:
            refuse(f"{name} is not a signed statement")
        if not all(isinstance(entry.get("keyid", ""), str) and set(entry) <= {"keyid", "sig"} for entry in signatures):
            refuse(f"{name}: a signature does not consist of a key id and bytes")
        kind, subject = check_statement(payload, name)
        id_ = subject["name"]
        if self.records.get((kind, id_), "none") != subject["digest"]["sha256"]:
            refuse(f"{name}: the {kind} {id_} is not in the bundle, or differs from the signed one")
        message = b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type.encode(), len(payload), payload)
        decoded = [decode_base64(entry["sig"]) for entry in signatures]
        # No signature covers the key id, so it is not used to select a key.
        person = self.decisions[id_]["by"] if kind == "decision" else None
        allowed = [key for key in keys if key.may_sign("runs" if kind == "run" else "reviews", person)]
        names = [key.name for key in allowed if key.public and any(is_signed(key.public, message, s) for s in decoded)]
        self.signers.setdefault((kind, id_), []).extend(names)
        if not names:
            self.others.setdefault((kind, id_), []).append(name)
        key_ids = {entry.get("keyid") for entry in signatures}
        for key in keys:
            claimed = key.public is not None and key.id in key_ids and key.name not in names
            if claimed and not any(is_signed(key.public or b"", message, s) for s in decoded):
                refuse(f"{name}: says that it is signed by the key {key.name}, and is not: something was changed")

    def check_artifacts(self, name: str) -> None:
        """Check an artifact: its name is its SHA-256."""
        for _ in self.blocks(name):
            pass
        require_name(name, f"artifacts/{self.rows[name][1]}")

    def check_report(self, name: str) -> None:
        """Check the form of the report. Its content is derived from the other members, and not verified here."""
        plain = parse_object(self.text(name), name)
        if plain["schema"] != "readiness/report/v1" or not is_moment(plain["generated_at"]):
            refuse(f"{name} is not a report")
        runs = plain.get("runs", [])
        for run in runs if isinstance(runs, list) else ():
            if isinstance(run, dict) and isinstance(run.get("id"), str):
                self.deciding.setdefault(run["id"], "by report.json its evidence decides")

    def check_page(self, name: str) -> None:
        """Check that a page is text. Its content is derived from the other members, and not verified here."""
        self.text(name)

    def check_checkpoint(self, name: str) -> None:
        """Read the checkpoint of the store that the bundle comes from."""
        self.tree = read_checkpoint(self.text(name))

    def check_leaves(self, name: str) -> None:
        """Read the leaves of that store's tree, in the order in which the records were stored."""
        leaves = [tuple(leaf) for leaf in parse_object(self.text(name), name)["leaves"]]
        if not all(len(leaf) == 3 and all(field.isprintable() for field in leaf) for leaf in leaves):
            refuse(f"{name} is not a list of kind, id and digest")
        self.leaves = leaves

    def check_manifest(self, name: str) -> None:
        """Compare the manifest with the one computed from the other members."""
        rows = sorted(self.rows.items())
        expected = [{"name": member, "size": size, "sha256": sha256} for member, (size, sha256) in rows]
        # The pages came with the second version of the format; a bundle without them is written in the first.
        version = "v2" if {*PAGES} & self.rows.keys() else "v1"
        if self.text(name) != canonical({"schema": f"readiness/bundle/{version}", "members": expected}):
            refuse("the manifest does not match the names, sizes and digests of the members")

    def missing_artifacts(self) -> list[str]:
        """Return the SHA-256 of each artifact that a run names and the bundle does not contain."""
        return [sha256 for sha256 in sorted(self.artifact_users) if f"artifacts/{sha256}" not in self.members]

    def reference_problems(self) -> Iterator[str]:
        """Yield members without a reference, missing requirements, and problems of the tree and the pages."""
        present = {f"sha256:{name[13:-5]}" for name in self.members if member_kind(name) == "requirements"}
        for requirements in self.requirements_users.keys() - present - {""}:
            yield f"{self.requirements_users[requirements]}: its requirements are not in the bundle"
        for name in self.members:
            kind, _, rest = name.partition("/")
            if (kind == "artifacts" and rest not in self.artifact_users) or (
                kind == "requirements" and f"sha256:{rest[:-5]}" not in self.requirements_users
            ):
                yield f"{name} is not used by any run or decision in the bundle"
        if ("checkpoint.txt" in self.members) is not ("leaves.json" in self.members):
            yield "checkpoint.txt and leaves.json must both be in the bundle, or neither"
        elif self.tree is not None and self.tree != (self.tree[0], len(self.leaves), root_of(self.leaves)):
            yield "the checkpoint does not match the leaves"
        elif self.tree is not None:
            leaves = set(self.leaves)
            unknown = [
                record for record, record_digest in self.records.items() if (*record, record_digest) not in leaves
            ]
            yield from (f"the {kind} {id_} is not a leaf of the tree" for kind, id_ in unknown)
        pages = {*PAGES} & self.members.keys()
        if pages and (len(pages) < len(PAGES) or "report.json" not in self.members):
            yield "README.md and index.html must both be in the bundle, with report.json, or neither"

    def unsigned_records(self, keys: list[Key]) -> Iterator[tuple[str, bool]]:
        """Yield what a given key must have signed and none has, and whether it is a run whose evidence decides."""
        required = {"run": is_signature_required(keys, "run"), "decision": any("reviews" in key.roles for key in keys)}
        for kind, id_ in self.records:
            others = self.others.get((kind, id_), []) if is_signature_required(keys, kind) else []
            if self.signers.get((kind, id_)):
                yield from (
                    (f"{other}: another statement about the {kind} {id_} {UNSIGNED}", False) for other in others
                )
            elif required.get(kind) or others:
                decides = kind == "run" and id_ in self.deciding
                reason = self.deciding.get(id_, "nothing in the bundle says that its evidence decides")
                more = ", but by another" * ((kind, id_) in self.others) + f"; {reason}" * (kind == "run")
                yield f"the {kind} {id_} {UNSIGNED}{more}", decides


def require_name(name: str, expected: str) -> None:
    """Refuse a member whose name does not follow from its content."""
    if name != expected:
        refuse(f"{name}: its content does not match its name; expected {expected}")


def check_statement(payload: bytes, name: str) -> tuple[str, dict[str, Any]]:
    """Return the kind (``run`` or ``decision``) and the subject of a statement, given as the payload of an envelope."""
    statement = parse_object(payload.decode(), f"the payload of {name}")
    (subject,) = statement["subject"]
    kind = statement["predicateType"].removeprefix("urn:pytest-readiness:").removesuffix(":v1")
    is_known = statement["predicateType"] == f"urn:pytest-readiness:{kind}:v1" and kind in ("run", "decision")
    predicate = statement["predicate"]
    if statement["_type"] != "https://in-toto.io/Statement/v1" or not is_known or not predicate.keys():
        refuse(f"{name} is not a statement about a run or a decision")
    if not isinstance(predicate.get("nonce"), str | None):
        refuse(f"{name}: its nonce is not a text")
    return kind, subject


# -- Ed25519 (RFC 8032, section 5.1), verification only. It uses no secret, so constant time is not needed. ------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]
"""Extended coordinates: X, Y, Z and T, with x = X/Z, y = Y/Z and xy = T/Z."""


def add(a: Point, b: Point) -> Point:
    """Return the sum of two points."""
    minus, plus = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = plus - minus, z - t, z + t, plus + minus
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(factor: int, point: Point) -> Point:
    """Return a point times a number."""
    product: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            product = add(product, point)
        point, factor = add(point, point), factor >> 1
    return product


def decompress(data: bytes) -> Point | None:
    """Return the point that 32 bytes encode; None: they encode no point."""
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


BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature of a message fits an Ed25519 public key."""
    public, nonce = decompress(key), decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or nonce is None or BASE is None or len(signature) != 64 or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    a, b = multiply(scalar, BASE), add(nonce, multiply(challenge, public))
    return not ((a[0] * b[2] - b[0] * a[2]) % P or (a[1] * b[2] - b[1] * a[2]) % P)


# -- keys ------------------------------------------------------------------------------------------------------------

UNSIGNED = "is not signed by any given key that may sign it"


class Key(NamedTuple):
    """A key from the command line."""

    name: str
    public: bytes | None
    """The 32 bytes of an Ed25519 key; None: another kind of key."""
    roles: tuple[str, ...] = ()
    """Empty: all roles."""
    persons: tuple[str, ...] = ()
    """Names whose decisions it may sign. Empty: anybody."""

    @property
    def id(self) -> str:
        """The id by which a signature of the key names it: the digest of its description."""
        public = {"public": (self.public or b"").hex()}
        described = canonical({"keytype": "ed25519", "keyval": public, "scheme": "ed25519"})
        return hashlib.sha256(described.encode()).hexdigest()

    def may_sign(self, role: str, person: str | None = None) -> bool:
        """Return whether the key may sign in a role and, if a person is given, decisions of that person."""
        names = {name.strip().casefold() for name in self.persons}
        allowed = person is None or not names or person.strip().casefold() in names
        return (not self.roles or role in self.roles) and allowed


def is_signature_required(keys: list[Key], kind: str) -> bool:
    """Return whether a statement about a run or a decision must be signed by a given key."""
    return kind != "verdict" and any(key.may_sign("runs" if kind == "run" else "reviews") for key in keys)


def parse_keys(options: list[str]) -> list[Key]:
    """Return the keys of the ``--key`` options.

    Raises:
        ValueError, OSError: an option has a wrong form, a key is unreadable or weak, or a name or key is repeated.
    """
    keys: list[Key] = []
    for option in options:
        label, equals, path = option.partition("=")
        name, roles, persons = [*label.split("/", 2), "", ""][:3]
        role_names = tuple(role for role in roles.split(",") if role)
        if not name or not equals or not path or not {*role_names} <= {*ROLES}:
            raise ValueError(
                f"--key takes NAME=FILE or NAME/ROLES/PERSONS=FILE, with the roles {', '.join(ROLES)}: {option}"
            )
        key = Key(name, read_key(path), role_names, tuple(person for person in persons.split(",") if person))
        for other in keys:
            if other.name == name:
                raise ValueError(f"--key uses the name {name} twice: give each key its own name")
            if key.public and other.public == key.public:
                raise ValueError(f"--key {name} and {other.name} are the same key: give it once, with all its roles")
        keys.append(key)
    return keys


def read_key(path: str) -> bytes | None:
    """Return the 32 bytes of an Ed25519 public key in a PEM file; None: another kind of key."""
    with open_regular(path) as file:
        text = file.read(1 << 16).decode("ascii", "replace")
    blocks = re.findall(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----", text)
    if len(blocks) != 1 or blocks[0][0] != "PUBLIC KEY":
        raise ValueError(f"{path} does not contain exactly one public key in PEM format")
    der = base64.b64decode("".join(blocks[0][1].split()), validate=True)
    if der[:12].hex() != "302a300506032b6570032100" or len(der) != 44:
        return None
    point = decompress(der[12:])
    if point is None or multiply(8, point)[0] == 0:
        raise ValueError(f"{path} is not a usable Ed25519 key: it is not a point of the curve, or has a low order")
    return der[12:]


# -- the command line ------------------------------------------------------------------------------------------------


def open_regular(path: str) -> IO[bytes]:
    """Open a regular file. Refuse a pipe or a device, because reading it might never end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"cannot be read: {path} is not a regular file: name a file")
    return os.fdopen(descriptor, "rb")


def read_checkpoint_file(path: str) -> str:
    """Return the text of a checkpoint file.

    Raises:
        ValueError, OSError: the file cannot be read, or is not a checkpoint.
    """
    with open_regular(path) as file:
        text = file.read(4 * CHECKPOINT_LIMIT + 1).decode()
    try:
        read_checkpoint(text)
    except (BundleError, ValueError) as error:
        raise ValueError(f"{path} is not a checkpoint: {error}") from None
    return text


def checkpoint_signers(text: str, keys: list[Key]) -> list[str]:
    """Return the names of the keys that signed a checkpoint and may."""
    note = f"{text.partition(chr(10) * 2)[0]}\n".encode()
    signatures = [decode_base64(signature)[4:] for _, signature in note_signatures(text)]
    allowed = [key for key in keys if key.may_sign("checkpoints")]
    return [key.name for key in allowed if key.public and any(is_signed(key.public, note, s) for s in signatures)]


def checkpoint_problems(verification: Verification, path: str, text: str, keys: list[Key]) -> Iterator[str]:
    """Yield the differences between a checkpoint file and the tree in the bundle."""
    store, size, root = read_checkpoint(text)
    note = f"{text.partition(chr(10) * 2)[0]}\n".encode()
    for name, encoded in note_signatures(text):
        signature = decode_base64(encoded)
        for key in keys:
            public = key.public or b""
            names_key = hashlib.sha256(f"{name}\n".encode() + b"\1" + public).digest()[:4] == signature[:4]
            if public and names_key and not is_signed(public, note, signature[4:]):
                yield f"{path}: says that it is signed by the key {key.name}, and is not: something was changed"
    if not size:
        yield f"{path}: it is of a store without records, so there is nothing to compare"
    elif verification.tree is None:
        yield f"{path}: the bundle contains no tree to compare it with"
    elif verification.tree[0] != store:
        yield f"{path}: it is of another store: {store}; the bundle comes from {verification.tree[0]}"
    elif size > len(verification.leaves) or root_of(verification.leaves[:size]) != root:
        yield f"{path}: the store does not continue from it: records were changed or deleted, or it was rolled back"


# -- the results, in an auditor's words ------------------------------------------------------------------------------


def count(number: int, noun: str) -> str:
    """Return ``1 run`` or ``3 runs``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def shown(text: str, limit: int = 300) -> str:
    """Return a text from the bundle as one harmless line."""
    return text.encode("unicode_escape").decode()[:limit].replace("##", "#\\x23")


def decision_lines(verification: Verification, keys: list[Key]) -> Iterator[str]:
    """Yield who decided what, and how far that is known."""
    for id_, plain in sorted(verification.decisions.items()):
        kind = plain["kind"]
        verb, subject = VERBS[plain.get("meaning", kind)], NOUNS.get(kind, "") + plain[DECISION_FIELDS[kind][0]]
        at = f"{plain['at'][:10]} {plain['at'][11:16]} UTC"
        until = f" until {plain['until']}" if "until" in plain else ""
        reason = plain.get("reason") or plain.get("comment")
        names = verification.signers.get(("decision", id_), [])
        recorded = "" if plain["known_by"] == "declared" else f", recorded as {plain['known_by']}"
        identity = f"signed by the key {', '.join(names)}" if names else f"self-declared{recorded}"
        state = "" if names else f", NOT SIGNED{' by a given key' * bool(keys)}"
        if not names and not keys and ("decision", id_) in verification.others:
            state = ", signature present, not verified"
        about = f"{subject} {verb} by {plain['by']} on {at}{until} (identity: {identity}{state})"
        yield f"{shown(about, 400)}{': ' + shown(reason) if reason else ''} [{id_}]"


def checked_lines(verification: Verification) -> Iterator[str]:
    """Yield what was checked."""
    kinds = [member_kind(name) for name in verification.members]
    numbers = {kind: kinds.count(kind) for kind in MEMBER_NAMES}
    lines, evidence = verification.counts["lines"], verification.counts["evidence"]
    yield f"archive: every byte outside the contents of {count(len(kinds), 'member')}, and their checksums"
    yield f"manifest: names, sizes and digests of {count(len(kinds) - 1, 'member')}"
    content = f"{count(lines, 'line')}, {count(evidence, 'piece')} of evidence"
    yield f"runs: hash chains and seals of {count(numbers['runs'], 'run')} ({content})"
    yield f"decisions: form and digests of {count(numbers['decisions'], 'decision')}"
    yield f"requirements: digests of {count(numbers['requirements'], 'version')} of the requirements in force"
    if numbers["verdicts"]:
        yield f"verdicts: digests of {count(numbers['verdicts'], 'stored verdict')}"
    trackers = verification.counts["trackers"]
    named = f"{count(trackers, 'run')} name{'s' * (trackers == 1)} the tracker file of that time"
    yield f"artifacts: digests of {count(numbers['artifacts'], 'artifact')}; {named}"
    if verification.tree is not None:
        store, size, _ = verification.tree
        yield f"tree: {store} had {count(size, 'record')}; {len(verification.records)} of them are in this bundle"


def signature_lines(verification: Verification, keys: list[Key]) -> Iterator[str]:
    """Yield who signed each run and decision, by the given keys, and what the keys may sign."""
    for (_, id_), names in sorted(verification.signers.items(), key=lambda item: item[0][1]):
        if names:
            yield f"{id_}: signed by {', '.join(names)}"
    for key in keys:
        if key.roles:
            persons = f" of {', '.join(key.persons)}" if key.persons else ""
            yield f"key {key.name}: may sign {', '.join(key.roles)}{shown(persons)}"


def unchecked_lines(verification: Verification, keys: list[Key], checkpoints: Mapping[str, str]) -> Iterator[str]:
    """Yield what was not checked, and why."""
    yield from unverified_lines(verification, keys)
    if verification.tree is None:
        yield "records that were left out, and rollback: the bundle contains no tree (readiness bundle --with-tree)"
    elif not checkpoints:
        yield "rollback: no --checkpoint was given, so the store may have lost records before"
    for name in DERIVED:
        if name in verification.members:
            yield f"{name}: NOT verified here; `readiness merge` derives it again and compares"
    for sha256 in verification.missing_artifacts():
        user = shown(verification.artifact_users[sha256])
        yield f"not in the bundle, so not checked: the artifact {sha256} of {user}"
    yield "whether the recorded values make sense, and whether a run that failed was never recorded"


def unverified_lines(verification: Verification, keys: list[Key]) -> Iterator[str]:
    """Yield the signatures that were not verified, and why."""
    if not keys:
        number = sum(map(len, verification.others.values()))
        present = f"{count(number, 'signed statement')} present" if number else "and the bundle contains none"
        yield f"signatures: no --key was given, {present}"
    for (_, id_), names in sorted(verification.signers.items(), key=lambda item: item[0][1]):
        if not names:
            yield f"{id_}: signature present, not verified"
    for key in keys:
        if key.public is None:
            yield f"key {key.name}: not an Ed25519 key, so its signatures cannot be verified here"


def checkpoint_lines(verification: Verification, checkpoints: Mapping[str, str], keys: list[Key]) -> Iterator[str]:
    """Yield what each checkpoint file was compared with."""
    for path, text in checkpoints.items():
        _, size, _ = read_checkpoint(text)
        signers = ", ".join(checkpoint_signers(text, keys)) or "none of the given keys"
        if not any(checkpoint_problems(verification, path, text, [])):
            now = f"{count(size, 'record')} then, {len(verification.leaves)} now: the store continues from it"
            yield f"checkpoint {shown(path)}: {now}; signed by {signers}"


def block(title: str, lines: Iterator[str]) -> list[str]:
    """Return the lines under a title; nothing if there are none."""
    indented = [f"  {line}" for line in lines]
    return [title, *indented] if indented else []


def result_of(
    verification: Verification, keys: list[Key], checkpoints: Mapping[str, str], problems: list[str]
) -> tuple[int, list[str]]:
    """Return the exit code of a bundle that could be read, and the lines to print."""
    unsigned = list(verification.unsigned_records(keys))
    for path, text in checkpoints.items():
        problems += checkpoint_problems(verification, path, text, keys)
        if any("checkpoints" in key.roles for key in keys) and not checkpoint_signers(text, keys):
            unsigned.append((f"{path}: the checkpoint {UNSIGNED}", False))
    lines = [
        *block("who decided what", decision_lines(verification, keys)),
        *block("checked", iter([*checked_lines(verification), *signature_lines(verification, keys)])),
        *block("compared", checkpoint_lines(verification, checkpoints, keys)),
        *block("not checked", unchecked_lines(verification, keys, checkpoints)),
        *(f"UNSIGNED: {shown(line, 600)}" for line, _ in unsigned),
        *(f"PROBLEM: {shown(problem, 600)}" for problem in problems),
    ]
    number = len(unsigned)
    if problems:
        more = f"; {count(number, 'record')} not signed" if unsigned else ""
        return 3, [*lines, f"does not fit: {count(len(problems), 'problem')}{more}"]
    if unsigned:
        deciding = count(sum(decides for _, decides in unsigned), "run")
        what = f"{count(number, 'record')} {'is' if number == 1 else 'are'} not signed by a given key that may sign it"
        return 1, [
            *lines,
            f"unsigned: everything fits together, but {what}; the evidence of {deciding} among them decides",
        ]
    return 0, [*lines, "fits: everything that was checked fits together"]


def verify(bundle: str, key_options: list[str], checkpoint_paths: list[str]) -> tuple[int, list[str]]:
    """Return the exit code for a bundle file, and the lines to print; for the exit code 2 a single one."""
    try:
        keys = parse_keys(key_options)
        checkpoints = {path: read_checkpoint_file(path) for path in checkpoint_paths}
        with open_regular(bundle) as file:
            try:
                verification = Verification(file, file.seek(0, 2))
                verification.check_all(keys)
            except BundleError as error:
                return 3, [f"PROBLEM: {shown(str(error), 600)}", "does not fit: 1 problem"]
            return result_of(verification, keys, checkpoints, verification.problems)
    except NoBundleError as error:
        return UNREADABLE, [f"{bundle}: {error}"]
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename and error.strerror:
            return UNREADABLE, [f"cannot be read: {error.filename}: {error.strerror}"]
        return UNREADABLE, [str(error)]


def main(arguments: list[str] | None = None) -> int:
    """Verify one bundle, print the results, and return the exit code."""
    usage = "verify_bundle.py BUNDLE [--key NAME[/ROLES[/PERSONS]]=PUBLIC.pem]... [--checkpoint FILE]..."
    parser = argparse.ArgumentParser(description="Verify a bundle of pytest-readiness offline.", usage=usage)
    parser.add_argument("bundle", help="the bundle file")
    parser.add_argument(
        "--key", action="append", default=[], metavar="NAME[/ROLES[/PERSONS]]=PUBLIC.pem", help="a trusted key"
    )
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint of the store, kept elsewhere"
    )
    options = parser.parse_args(arguments)
    code, lines = verify(options.bundle, options.key, options.checkpoint)
    print("\n".join(lines), file=sys.stderr if code == UNREADABLE else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
