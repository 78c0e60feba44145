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
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import IO, Any, NamedTuple, NoReturn

HEX = "[0-9a-f]{64}"
SUBJECT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._/:@+%~-]{{0,199}}=sha256:{HEX}")
PAGES = ("README.md", "index.html")
DERIVED = ("report.json", *PAGES)  # from the other members; this file cannot derive them, so it does not verify them
MEMBER_NAMES = {
    "decisions": r"decisions/\d{8}T\d{6}Z-[0-9a-f]{16}\.json",
    "requirements": rf"requirements/{HEX}\.json",
    "verdicts": rf"verdicts/{HEX}\.json",
    "runs": r"runs/\d{8}T\d{6}Z-[0-9a-f]{8,32}\.jsonl",
    "statements": rf"statements/{HEX}\.json",
    "artifacts": rf"artifacts/{HEX}",
    **{name: re.escape(name) for name in ("checkpoint.txt", "leaves.json", *DERIVED, "manifest.json")},
}
"""Kind of member -> pattern of its names. A bundle contains its members in this order of kinds."""
SIZE_LIMITS = {"checkpoint.txt": 1 << 16, "statements": 1 << 22, "decisions": 1 << 24, "manifest.json": 1 << 32}
SIZE_LIMITS |= dict.fromkeys(("requirements", "verdicts", *DERIVED), 1 << 26)
"""Kind of member -> largest size in bytes; 1 << 28 for other kinds. Artifacts are read in blocks, without a limit."""
RESULTS = {"PASSED", "FAILED", "ERROR", "SKIPPED", "XFAILED", "XPASSED", "INTERRUPTED", "NOT_RUN"}
BAD_RESULTS = {"FAILED", "ERROR", "INTERRUPTED"}  # a claim may have one of its own: of an earlier attempt elsewhere
DECISION_FIELDS = {
    "review": ("{} {}", ("use_case", "meaning"), ("comment", "release", "seen_at"), ("acknowledged",)),
    "waiver": ("{} waived", ("requirement", "reason", "requested_by", "until"), (), ()),
    "blocker": ("{} blocked", ("use_case", "reason"), ("due", "link"), ()),
    "unblock": ("{} unblocked", ("use_case", "reason"), (), ("ends",)),
    "retirement": ("test {} retired", ("test_id", "reason"), ("replaced_by",), ()),
    "departure": ("{} released, as it left the register,", ("use_case", "reason"), (), ("ends", "failed_runs")),
    "run retirement": ("run {} set aside", ("run_id", "reason"), (), ()),
}
"""Kind of decision -> words; required texts, with the subject first; optional texts; optional lists of texts."""
REVIEW_VERBS = {"APPROVED_FOR_GO_LIVE": "approved", "REJECTED": "rejected"}
PIN = (
    {"evidence_id": str, "test_id": str, "started_at": str, "actor": str},
    {"environment": str, "provider_mode": str, "started_by": str, "proofs": [str]},
)
ROW = ({"requirement": str, "state": str}, {"proof": str, "max_age_days": int, "unproven": bool, "pins": [PIN]})
BASIS = {"digest": str, "definition": str, "failed_runs": [str], "retired": [str], "policy": {str, bool}}
BASIS |= {"requirements": [ROW]}
"""Fields of a basis, its requirements and their evidence, with their forms (see ``has_form``). No field is empty."""
ROLES = ("runs", "reviews", "checkpoints")
SIGNING_ROLES = {"run": "runs", "decision": "reviews"}  # what a statement is about -> role of a key that may sign it
UNSIGNED = "is not signed by any given key that may sign it"
FALSE_CLAIM = "says that it is signed by the key {}, and is not: something was changed"
UNREADABLE = 2  # exit code for wrong arguments, and for a file that cannot be read or is not a bundle


class BundleError(Exception):
    """A problem in the bundle; ``str`` is its description."""


def refuse(problem: str) -> NoReturn:
    """Raise BundleError with a description."""
    raise BundleError(problem[:400])


def require(condition: object, problem: str) -> None:
    """Refuse the bundle unless a condition is true."""
    if not condition:
        refuse(problem)


# -- the ZIP archive: each byte outside the contents follows from names, sizes and checksums -------------------------
def read_members(file: IO[bytes], size: int) -> dict[str, tuple[int, int, int]]:
    """Return name -> offset of the content, size and CRC-32 of each member. Refuse a file with any other byte."""
    members: dict[str, tuple[int, int, int]] = {}
    directory, offset = [], 0
    while (head := read_at(file, offset, 30))[:4] == b"PK\3\4":
        require(len(head) == 30 and len(members) < 1_000_000, "the archive is cut off, or has too many members")
        crc, length, _, name_length, _ = struct.unpack("<3I2H", head[14:])
        name = read_at(file, offset + 30, min(name_length, 101)).decode("latin-1")
        member_kind(name)
        # Version 2.0, no flags, stored, 1980-01-01; both sizes are equal; no extra field.
        header = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, crc, length, length, len(name), 0)
        if head != header or name in members or length >= 2**32 - 1:
            refuse(f"{name} is compressed, encrypted, duplicated, too large, or has a wrong header")
        members[name] = (offset + 30 + len(name), length, crc)
        version, extra = (45, struct.pack("<2HQ", 1, 8, offset)) if offset >= 2**32 - 1 else (20, b"")
        entry = struct.pack("<4s6H3I", b"PK\1\2", 0x300 | version, version, 0, 0, 0, 33, crc, length, length)
        entry += struct.pack("<5H2I", len(name), len(extra), 0, 0, 0, 0o100644 << 16, min(offset, 2**32 - 1))
        directory.append(entry + name.encode() + extra)
        offset += 30 + len(name) + length
    begin, number = offset, len(members)
    for name, entry in zip(members, directory, strict=True):
        if read_at(file, offset, len(entry)) != entry:
            refuse(f"the directory of the archive differs for {name}: a link, another size or another position")
        offset += len(entry)
    length, sizes = offset - begin, [min(value, 2**32 - 1) for value in (offset - begin, begin)]
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *[min(number, 65535)] * 2, *sizes, 0)
    if number >= 65535 or begin >= 2**32 - 1 or length >= 2**32 - 1:
        wide = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x32D, 45, 0, 0, number, number, length, begin)
        end = wide + struct.pack("<4sIQI", b"PK\6\7", 0, offset, 1) + end
    if not members or read_at(file, offset, len(end)) != end or offset + len(end) != size:
        refuse("is not a bundle, or has extra bytes before, between or after its members")
    positions = [(list(MEMBER_NAMES).index(member_kind(name)), name) for name in members]
    if positions != sorted(positions) or "manifest.json" not in members:
        refuse("its members are not in the required order, or there is no manifest")
    return members


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


def parse_object(text: str, name: str) -> dict[str, Any]:
    """Return the JSON object in a text. Refuse one that is not canonical, or has a number that readers could round."""
    value = json.loads(text, parse_float=lambda number: refuse(f"the number {number} is not an integer"))
    if not isinstance(value, dict) or canonical(value) != text:
        refuse(f"{name} is not a JSON object in canonical form")
    return value


def decode_base64(text: str) -> bytes:
    """Return the bytes of a base64 text. Refuse a text that is not canonical."""
    data = base64.b64decode(text, validate=True)
    require(base64.b64encode(data).decode() == text, "a value is not canonical base64")
    return data


def is_moment(value: object) -> bool:
    """Return whether a value is a UTC time with milliseconds."""
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value, re.ASCII))


def count(number: int, noun: str) -> str:
    """Return ``1 run`` or ``3 runs``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def shown(text: str, limit: int = 300) -> str:
    """Return a text from the bundle as one harmless line."""
    return text.encode("unicode_escape").decode()[:limit].replace("##", "#\\x23")


# -- the Merkle tree over the records of a store (RFC 6962), and its checkpoint --------------------------------------
class StoreCheckpoint(NamedTuple):
    """The state of a store at a time, and signatures of it."""

    store: str
    size: int  # number of records
    root: str  # of the tree over the records, in base64
    note: bytes  # the text that is signed
    signatures: list[tuple[str, bytes]]  # name of the signer; four bytes that identify name and key, and the signature

    def is_signed_by(self, key: Key) -> bool:
        """Return whether a key signed the checkpoint and may."""
        return key.may_sign("checkpoints") and key.has_signed(self.note, [entry[4:] for _, entry in self.signatures])

    def problems(self, keys: list[Key]) -> Iterator[str]:
        """Yield what is wrong with signatures that name a key and are not of it."""
        for name, signature in self.signatures:
            for key in keys:
                is_named = signature[:4] == hashlib.sha256(f"{name}\n\1".encode() + (key.public or b"")).digest()[:4]
                if key.public and is_named and not key.has_signed(self.note, [signature[4:]]):
                    yield FALSE_CLAIM.format(key.name)


def read_checkpoint(text: str) -> StoreCheckpoint:
    """Return the content of a checkpoint. Its signatures must be well-formed; they are not verified here."""
    form = r"((readiness-store/[0-9a-f]{32})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n)\n"
    match = re.fullmatch(form + r"(?:— [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)*", text)
    if match is None or len(text) > SIZE_LIMITS["checkpoint.txt"]:
        refuse("a checkpoint has three lines (store, number, root), an empty line, and signatures")
    note, store, size, root = match.groups()
    decode_base64(root)
    signatures = [(name, decode_base64(encoded)) for name, encoded in re.findall(r"— (\S+) (\S+)\n", text)]
    return StoreCheckpoint(store, int(size), root, note.encode(), signatures)


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
    _, texts, optional_texts, lists = DECISION_FIELDS[plain["kind"]]
    required: dict[str, Any] = dict.fromkeys(("schema", "kind", "register", "at", "by", "known_by", *texts), str)
    optional = {**dict.fromkeys(("requirements_digest", *optional_texts), str), **dict.fromkeys(lists, list)}
    if plain["kind"] == "review":
        required["basis"], optional["subjects"] = dict, dict
        require(all(map(SUBJECT.fullmatch, map("=".join, plain.get("subjects", {}).items()))), f"{name}: no digests")
        valid = has_form(plain["basis"], ({}, BASIS)) and plain["basis"]["digest"]
        valid = valid and all(row.get("max_age_days", 0) >= 0 for row in plain["basis"].get("requirements", ()))
        require(valid, f"{name}: the basis of the review does not have the required form")
        require(plain["meaning"] in [*REVIEW_VERBS], f"{name} is a review that neither approves nor rejects")
        if "seen_at" in plain and not is_moment(min(str(plain["seen_at"]), plain["at"])):
            refuse(f"{name} does not contain a valid time at which the reviewed state was read")
    for field in sorted({*lists} & plain.keys()):
        require(plain[field] and has_form(plain[field], [str]), f"{name}: {field} is not a list of texts")
    require(has_form(plain, (required, optional)), f"{name} does not have exactly the fields of its kind of decision")
    require(plain["known_by"] in ("declared", "git", "ci", "signed"), f"{name} does not name a known identity level")


def has_form(value: Any, form: Any) -> bool:
    """Return whether a value has a form: type, [form of entries], {types of values}, or (required, optional) fields."""
    if isinstance(form, type):
        return type(value) is form
    if isinstance(form, list):
        return isinstance(value, list) and all(has_form(entry, form[0]) for entry in value)
    if isinstance(form, set):
        return all(type(entry) in form for entry in value.values())
    required, optional = form
    forms = required | optional
    valid = required.keys() <= value.keys() <= forms.keys() and all(value.values())
    return valid and all(has_form(value[field], forms[field]) for field in forms if field in value)


# -- the members of a bundle -------------------------------------------------------------------------------------------
class Verification:
    """The verification of one bundle, with its results."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file = file
        self.members = read_members(file, size)
        self.keys: list[Key] = []
        self.rows: dict[str, dict[str, Any]] = {}  # name of each member that was read -> its row in the manifest
        self.problems: list[str] = []
        self.records: dict[tuple[str, str], str] = {}  # kind and id of a run, decision or verdict -> its digest
        self.artifact_users: dict[str, str] = {}  # SHA-256 of an artifact -> line that names it
        self.requirements_users: dict[str, str] = {}  # digest of requirements -> decision or line that names them
        self.counts = Counter[str]()  # lines, pieces of evidence, and names of trackers
        self.signers: dict[tuple[str, str], list[str]] = {}  # record with a statement -> keys that signed it and may
        self.others: dict[tuple[str, str], list[str]] = {}  # record -> statements that no given key signed that may
        self.decisions: dict[str, dict[str, Any]] = {}  # id -> content, which is self-declared
        self.deciding: dict[str, str] = {}  # id of a run whose evidence decides -> what says so
        self.tree: StoreCheckpoint | None = None
        self.leaves: list[tuple[str, ...]] = []  # kind, id and digest of every record in the store of the bundle

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member. After the last block its checksum is compared and its SHA-256 recorded."""
        offset, size, expected = self.members[name]
        end, crc, sha256 = offset + size, 0, hashlib.sha256()
        while offset < end:
            block = read_at(self.file, offset, min(end - offset, 1 << 20))
            require(block, f"{name} is cut off")
            offset, crc = offset + len(block), zlib.crc32(block, crc)
            sha256.update(block)
            yield block
        require(crc == expected, f"{name}: its content does not match its checksum")
        self.rows[name] = {"name": name, "size": size, "sha256": sha256.hexdigest()}

    def text(self, name: str) -> str:
        """Return the content of a text member."""
        require(self.members[name][1] <= SIZE_LIMITS.get(member_kind(name), 1 << 28), f"{name} is too large")
        return b"".join(self.blocks(name)).decode()

    def check_all(self, keys: list[Key]) -> None:
        """Check every member, and the references between members."""
        self.keys = keys
        for name in self.members:
            try:
                getattr(self, f"check_{member_kind(name).partition('.')[0].lower()}")(name)
            except BundleError as error:
                self.problems.append(str(error))
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
                self.problems.append(f"{name} is damaged: {type(error).__name__} {error}"[:400])
        self.problems += self.reference_problems()

    check_readme = check_index = text  # a page is text; it is derived from the other members, and not verified here

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
        require(is_moment(parse_object(text, name)["generated_at"]), f"{name} has no valid time")
        require_name(name, f"verdicts/{digest('verdict', text)}.json")
        self.records["verdict", name[9:-5]] = name[9:-5]

    def check_runs(self, name: str) -> None:
        """Check a run: each line contains the digest of the line before it, and the last line is the seal."""
        text = self.text(name)
        require(text.endswith("\n"), f"{name}: its last line is cut off")
        run_id, head, planned = name[5:-6], "0" * 64, list[Any]()
        texts = text[:-1].split("\n")
        for number, line in enumerate(texts):
            where = f"{name}, line {number}"
            body = parse_object(line, where)
            if (body["run"], body["seq"], body["prev"]) != (run_id, number, head) or type(body["seq"]) is not int:
                refuse(f"{where} does not follow the line before it: a line was changed, moved or removed")
            require(type(body["kind"]) is str and body["kind"], f"{where} has no kind")
            if (body["kind"] == "run", body["kind"] == "sealed") != (number == 0, number == len(texts) - 1):
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
        require(kind != "finished" or body["result"] in RESULTS, f"{where} has no valid result")
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
            artifacts = [{field: tracker[field] for field in ("name", "size", "sha256")}] if "sha256" in tracker else []
            self.counts["trackers"] += len(artifacts)
        for artifact in artifacts:
            require(re.fullmatch(HEX, artifact["sha256"]), f"{where}: an artifact is not named by its SHA-256")
            self.artifact_users[artifact["sha256"]] = where

    def check_statements(self, name: str) -> None:
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
        statement = parse_object(payload.decode(), f"the payload of {name}")
        (subject,), predicate_type = statement["subject"], statement["predicateType"]
        kind = predicate_type.removeprefix("urn:pytest-readiness:").removesuffix(":v1")
        valid = predicate_type == f"urn:pytest-readiness:{kind}:v1" and kind in SIGNING_ROLES
        predicate, in_toto = statement["predicate"], "https://in-toto.io/Statement/v1"
        if statement["_type"] != in_toto or not valid or not predicate.keys():
            refuse(f"{name} is not a statement about a run or a decision")
        require(isinstance(predicate.get("nonce"), str | None), f"{name}: its nonce is not a text")
        id_ = subject["name"]
        if self.records.get((kind, id_), "none") != subject["digest"]["sha256"]:
            refuse(f"{name}: the {kind} {id_} is not in the bundle, or differs from the signed one")
        message = b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type.encode(), len(payload), payload)
        decoded = [decode_base64(entry["sig"]) for entry in signatures]
        # No signature covers the key id, so it is not used to select a key.
        person = self.decisions[id_]["by"] if kind == "decision" else None
        allowed = [key for key in self.keys if key.may_sign(SIGNING_ROLES[kind], person)]
        names = [key.name for key in allowed if key.has_signed(message, decoded)]
        self.signers.setdefault((kind, id_), []).extend(names)
        if not names:
            self.others.setdefault((kind, id_), []).append(name)
        key_ids = {entry.get("keyid") for entry in signatures}
        for key in self.keys:
            if key.public and key.id in key_ids and key.name not in names and not key.has_signed(message, decoded):
                refuse(f"{name}: {FALSE_CLAIM.format(key.name)}")

    def check_artifacts(self, name: str) -> None:
        """Check an artifact: its name is its SHA-256."""
        for _ in self.blocks(name):
            pass
        require_name(name, f"artifacts/{self.rows[name]['sha256']}")

    def check_report(self, name: str) -> None:
        """Check the form of the report. Its content is derived from the other members, and not verified here."""
        plain = parse_object(self.text(name), name)
        if plain["schema"] != "readiness/report/v1" or not is_moment(plain["generated_at"]):
            refuse(f"{name} is not a report")
        runs = plain.get("runs", [])
        for run in runs if isinstance(runs, list) else ():
            if isinstance(run, dict) and isinstance(run.get("id"), str):
                self.deciding.setdefault(run["id"], "by report.json its evidence decides")

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
        rows = [row for _, row in sorted(self.rows.items())]
        # The pages came with the second version of the format; a bundle without them is written in the first.
        version = "v2" if {*PAGES} & self.rows.keys() else "v1"
        if self.text(name) != canonical({"schema": f"readiness/bundle/{version}", "members": rows}):
            refuse("the manifest does not match the names, sizes and digests of the members")

    def reference_problems(self) -> Iterator[str]:
        """Yield members without a reference, missing requirements, and problems of the tree and the pages."""
        present = {f"sha256:{name[13:-5]}": name for name in self.members if member_kind(name) == "requirements"}
        for requirements in sorted(self.requirements_users.keys() - present.keys() - {""}):
            yield f"{self.requirements_users[requirements]}: its requirements are not in the bundle"
        used = {*map(present.get, self.requirements_users), *(f"artifacts/{sha256}" for sha256 in self.artifact_users)}
        for name in self.members:
            if member_kind(name) in ("requirements", "artifacts") and name not in used:
                yield f"{name} is not used by any run or decision in the bundle"
        if ("checkpoint.txt" in self.members) is not ("leaves.json" in self.members):
            yield "checkpoint.txt and leaves.json must both be in the bundle, or neither"
        elif self.tree and (self.tree.size, self.tree.root) != (len(self.leaves), root_of(self.leaves)):
            yield "the checkpoint does not match the leaves"
        elif self.tree:
            leaves = set(self.leaves)
            for (kind, id_), record_digest in self.records.items():
                if (kind, id_, record_digest) not in leaves:
                    yield f"the {kind} {id_} is not a leaf of the tree"
        pages = {*PAGES} & self.members.keys()
        if pages and (len(pages) < len(PAGES) or "report.json" not in self.members):
            yield "README.md and index.html must both be in the bundle, with report.json, or neither"

    def difference_from(self, checkpoint: StoreCheckpoint) -> str:
        """Return how an earlier checkpoint differs from the tree in the bundle; empty: the store continues from it."""
        if not checkpoint.size:
            return "it is of a store without records, so there is nothing to compare"
        if self.tree is None:
            return "the bundle contains no tree to compare it with"
        if self.tree.store != checkpoint.store:
            return f"it is of another store: {checkpoint.store}; the bundle comes from {self.tree.store}"
        if checkpoint.size > len(self.leaves) or root_of(self.leaves[: checkpoint.size]) != checkpoint.root:
            return "the store does not continue from it: records were changed or deleted, or it was rolled back"
        return ""

    def unsigned_records(self) -> Iterator[tuple[str, bool]]:
        """Yield what a given key must have signed and none has, and whether it is a run whose evidence decides."""
        signable = {kind for kind, role in SIGNING_ROLES.items() if any(key.may_sign(role) for key in self.keys)}
        required = signable if any("reviews" in key.roles for key in self.keys) else signable - {"decision"}
        for kind, id_ in self.records:
            others = self.others.get((kind, id_), [])
            if self.signers.get((kind, id_)):
                for other in others:
                    yield f"{other}: another statement about the {kind} {id_} {UNSIGNED}", False
            elif kind in required or (kind in signable and others):
                reason = self.deciding.get(id_, "nothing in the bundle says that its evidence decides")
                more = ", but by another" * bool(others) + f"; {reason}" * (kind == "run")
                yield f"the {kind} {id_} {UNSIGNED}{more}", kind == "run" and id_ in self.deciding

    # -- the results, in an auditor's words ----------------------------------------------------------------------------

    def decision_lines(self) -> Iterator[str]:
        """Yield who decided what, and how far that is known."""
        for id_, plain in sorted(self.decisions.items()):
            words, (subject, *_), *_ = DECISION_FIELDS[plain["kind"]]
            what = words.format(plain[subject], REVIEW_VERBS.get(plain.get("meaning", "")))
            at = f"{plain['at'][:10]} {plain['at'][11:16]} UTC"
            until = f" until {plain['until']}" if "until" in plain else ""
            names = self.signers.get(("decision", id_))
            recorded = "" if plain["known_by"] == "declared" else f", recorded as {plain['known_by']}"
            unverified = "NOT SIGNED" if names is None else "signature present, not verified"
            state = "NOT SIGNED by a given key" if self.keys else unverified
            identity = f"signed by the key {', '.join(names)}" if names else f"self-declared{recorded}, {state}"
            about = shown(f"{what} by {plain['by']} on {at}{until} (identity: {identity})", 400)
            reason = plain.get("reason") or plain.get("comment")
            yield f"{about}{': ' + shown(reason) if reason else ''} [{id_}]"

    def checked_lines(self) -> Iterator[str]:
        """Yield what was checked."""
        number, trackers = Counter(map(member_kind, self.members)), self.counts["trackers"]
        yield f"archive: every byte outside the contents of {count(number.total(), 'member')}, and their checksums"
        yield f"manifest: names, sizes and digests of {count(number.total() - 1, 'member')}"
        content = f"{count(self.counts['lines'], 'line')}, {count(self.counts['evidence'], 'piece')} of evidence"
        yield f"runs: hash chains and seals of {count(number['runs'], 'run')} ({content})"
        yield f"decisions: form and digests of {count(number['decisions'], 'decision')}"
        yield f"requirements: digests of {count(number['requirements'], 'version')} of the requirements in force"
        if number["verdicts"]:
            yield f"verdicts: digests of {count(number['verdicts'], 'stored verdict')}"
        named = f"{count(trackers, 'run')} name{'s' * (trackers == 1)} the tracker file of that time"
        yield f"artifacts: digests of {count(number['artifacts'], 'artifact')}; {named}"
        if tree := self.tree:
            yield f"tree: {tree.store} had {count(tree.size, 'record')}; {len(self.records)} of them are in this bundle"
        for (_, id_), names in sorted(self.signers.items(), key=lambda item: item[0][1]):
            if names:
                yield f"{id_}: signed by {', '.join(names)}"
        for key in self.keys:
            if key.roles:
                persons = f" of {', '.join(key.persons)}" if key.persons else ""
                yield f"key {key.name}: may sign {', '.join(key.roles)}{shown(persons)}"

    def unchecked_lines(self, *, has_checkpoint: bool) -> Iterator[str]:
        """Yield what was not checked, and why."""
        if not self.keys:
            number = sum(map(len, self.others.values()))
            present = f"{count(number, 'signed statement')} present" if number else "and the bundle contains none"
            yield f"signatures: no --key was given, {present}"
        unverified = sorted(id_ for (_, id_), names in self.signers.items() if not names)
        yield from (f"{id_}: signature present, not verified" for id_ in unverified)
        unusable = [key.name for key in self.keys if key.public is None]
        yield from (f"key {name}: not an Ed25519 key, so its signatures cannot be verified here" for name in unusable)
        if self.tree is None:
            yield "records that were left out, and rollback: the bundle contains no tree (readiness bundle --with-tree)"
        elif not has_checkpoint:
            yield "rollback: no --checkpoint was given, so the store may have lost records before"
        for name in DERIVED:
            if name in self.members:
                yield f"{name}: NOT verified here; `readiness merge` derives it again and compares"
        for sha256, user in sorted(self.artifact_users.items()):
            if f"artifacts/{sha256}" not in self.members:
                yield f"not in the bundle, so not checked: the artifact {sha256} of {shown(user)}"
        yield "whether the recorded values make sense, and whether a run that failed was never recorded"

    def result(self, checkpoints: Mapping[str, StoreCheckpoint]) -> tuple[int, list[str]]:
        """Return the exit code of a bundle that could be read, and the lines to print."""
        problems, unsigned, compared = [*self.problems], [*self.unsigned_records()], []
        for path, checkpoint in checkpoints.items():
            signers = ", ".join(key.name for key in self.keys if checkpoint.is_signed_by(key))
            problems += [f"{path}: {problem}" for problem in checkpoint.problems(self.keys)]
            if difference := self.difference_from(checkpoint):
                problems.append(f"{path}: {difference}")
            else:
                now = f"{count(checkpoint.size, 'record')} then, {len(self.leaves)} now: the store continues from it"
                compared.append(f"checkpoint {shown(path)}: {now}; signed by {signers or 'none of the given keys'}")
            if not signers and any("checkpoints" in key.roles for key in self.keys):
                unsigned.append((f"{path}: the checkpoint {UNSIGNED}", False))
        sections = {
            "who decided what": [*self.decision_lines()],
            "checked": [*self.checked_lines()],
            "compared": compared,
            "not checked": [*self.unchecked_lines(has_checkpoint=bool(checkpoints))],
        }
        lines: list[str] = []
        for title, entries in sections.items():
            lines += [title, *(f"  {entry}" for entry in entries)] if entries else []
        lines += [f"UNSIGNED: {shown(line, 600)}" for line, _ in unsigned]
        lines += [f"PROBLEM: {shown(problem, 600)}" for problem in problems]
        records = count(len(unsigned), "record")
        if problems:
            more = f"; {records} not signed" if unsigned else ""
            return 3, [*lines, f"does not fit: {count(len(problems), 'problem')}{more}"]
        if unsigned:
            what = f"{records} {'is' if len(unsigned) == 1 else 'are'} not signed by a given key that may sign it"
            deciding = f"the evidence of {count(sum(decides for _, decides in unsigned), 'run')} among them decides"
            return 1, [*lines, f"unsigned: everything fits together, but {what}; {deciding}"]
        return 0, [*lines, "fits: everything that was checked fits together"]


def require_name(name: str, expected: str) -> None:
    """Refuse a member whose name does not follow from its content."""
    require(name == expected, f"{name}: its content does not match its name; expected {expected}")


# -- Ed25519 (RFC 8032, section 5.1), verification only. It uses no secret, so constant time is not needed. ------------
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z and T, with x = X/Z, y = Y/Z and xy = T/Z


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
    y, sign = number % 2**255, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and sign):
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
class Key(NamedTuple):
    """A key from the command line."""

    name: str
    public: bytes | None  # the 32 bytes of an Ed25519 key; None: another kind of key
    roles: tuple[str, ...] = ()  # empty: all roles
    persons: tuple[str, ...] = ()  # names whose decisions it may sign; empty: anybody

    @property
    def id(self) -> str:
        """The id by which a signature of the key names it: the digest of its description."""
        value = {"keytype": "ed25519", "keyval": {"public": (self.public or b"").hex()}, "scheme": "ed25519"}
        return hashlib.sha256(canonical(value).encode()).hexdigest()

    def may_sign(self, role: str, person: str | None = None) -> bool:
        """Return whether the key may sign in a role and, if a person is given, decisions of that person."""
        names = {name.strip().casefold() for name in self.persons}
        allowed = person is None or not names or person.strip().casefold() in names
        return (not self.roles or role in self.roles) and allowed

    def has_signed(self, message: bytes, signatures: list[bytes]) -> bool:
        """Return whether one of these signatures of a message is of this key."""
        return self.public is not None and any(is_signed(self.public, message, signature) for signature in signatures)


def parse_keys(options: list[str]) -> list[Key]:
    """Return the keys of the ``--key`` options. A wrong one is a ValueError; an unreadable one may be an OSError."""
    keys: list[Key] = []
    for option in options:
        label, _, path = option.partition("=")
        name, roles, persons = [*label.split("/", 2), "", ""][:3]
        role_names, person_names = (tuple(filter(None, names.split(","))) for names in (roles, persons))
        if not name or not path or not {*role_names} <= {*ROLES}:
            form = f"NAME=FILE or NAME/ROLES/PERSONS=FILE, with the roles {', '.join(ROLES)}"
            raise ValueError(f"--key takes {form}: {option}")
        key = Key(name, read_key(path), role_names, person_names)
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


def read_checkpoint_file(path: str) -> StoreCheckpoint:
    """Return the checkpoint in a file. A file without one is a ValueError; an unreadable one may be an OSError."""
    with open_regular(path) as file:
        text = file.read(4 * SIZE_LIMITS["checkpoint.txt"] + 1).decode()
    try:
        return read_checkpoint(text)
    except (BundleError, ValueError) as error:
        raise ValueError(f"{path} is not a checkpoint: {error}") from None


def verify(bundle: str, key_options: list[str], checkpoint_paths: list[str]) -> tuple[int, list[str]]:
    """Return the exit code for a bundle file, and the lines to print; for the exit code 2 a single one."""
    try:
        keys = parse_keys(key_options)
        checkpoints = {path: read_checkpoint_file(path) for path in checkpoint_paths}
        with open_regular(bundle) as file:
            size = file.seek(0, 2)
            if read_at(file, 0, 4) != b"PK\3\4" and b"PK\5\6" not in read_at(file, max(0, size - 65_557), 65_557):
                return UNREADABLE, [f"{bundle}: is not a bundle: it is not a ZIP archive"]
            verification = Verification(file, size)
            verification.check_all(keys)
            return verification.result(checkpoints)
    except BundleError as error:
        return 3, [f"PROBLEM: {shown(str(error), 600)}", "does not fit: 1 problem"]
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename and error.strerror:
            return UNREADABLE, [f"cannot be read: {error.filename}: {error.strerror}"]
        return UNREADABLE, [str(error)]


def main(arguments: list[str] | None = None) -> int:
    """Verify one bundle, print the results, and return the exit code."""
    key_form = "NAME[/ROLES[/PERSONS]]=PUBLIC.pem"
    usage = f"verify_bundle.py BUNDLE [--key {key_form}]... [--checkpoint FILE]..."
    parser = argparse.ArgumentParser(description="Verify a bundle of pytest-readiness offline.", usage=usage)
    parser.add_argument("bundle", help="the bundle file")
    parser.add_argument("--key", action="append", default=[], metavar=key_form, help="a trusted key")
    parser.add_argument(
        "--checkpoint", action="append", default=[], metavar="FILE", help="a checkpoint of the store, kept elsewhere"
    )
    options = parser.parse_args(arguments)
    code, lines = verify(options.bundle, options.key, options.checkpoint)
    print("\n".join(lines), file=sys.stderr if code == UNREADABLE else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
