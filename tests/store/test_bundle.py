"""Bundles: what goes in comes out, whatever the order and however often; and nothing comes in that is not sound."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from pytest_readiness.errors import IntegrityError, StorageError
from pytest_readiness.facts.run import Run
from pytest_readiness.store import bundle as bundles
from pytest_readiness.store.bundle import Contents, read_bundle, write_bundle
from pytest_readiness.store.merging import merge
from pytest_readiness.store.sqlite import SQLiteStore

from .runs import VERDICT, blocker, finished, planned, review, run, run_id, snapshot, texts

LIMIT = 1 << 20
LOG = b"what the provider said\n" * 3
SHA = hashlib.sha256(LOG).hexdigest()
KEPT = {"name": "log", "media_type": "text/plain", "size": len(LOG), "sha256": SHA}
HEAD = {"requirements": snapshot().digest}
FIRST = run(1, planned("test_a"), finished(artifacts=[KEPT]), **HEAD)
SECOND = run(2, finished("test_b"), **HEAD)

Members = dict[str, bytes]


def reader(*known: bytes) -> Callable[[str], IO[bytes]]:
    """Opens these artifacts by their digest."""
    by_digest = {hashlib.sha256(data).hexdigest(): data for data in known}

    def opened(sha256: str) -> IO[bytes]:
        if sha256 not in by_digest:
            raise FileNotFoundError(sha256)
        return io.BytesIO(by_digest[sha256])

    return opened


def written(path: Path, *runs: Run, **more: Any) -> Path:
    """A bundle of these runs, their requirements and their artifacts."""
    contents = Contents(runs, more.get("decisions", ()), [snapshot()], more.get("verdicts", ()))
    assert write_bundle(path, contents, reader(LOG)) == []
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A bundle with something of everything."""
    return written(tmp_path / "a.zip", FIRST, SECOND, decisions=[review(), blocker()], verdicts=[VERDICT])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """An empty store."""
    store = SQLiteStore.open(tmp_path / "evidence.db", "sqlite:///evidence.db", create=True)
    assert store is not None
    yield store
    store.close()


def members(path: Path) -> Members:
    """The members of a bundle, by name."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(path: Path, contents: Members, *, listed: bool = True) -> Path:
    """A bundle of these members, made by somebody else; ``listed``: with a manifest that fits."""
    if listed:
        rows = [
            {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in contents.items()
            if name != "manifest.json"
        ]
        contents = {**contents, "manifest.json": json.dumps({"schema": bundles.SCHEMA, "members": rows}).encode()}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in contents.items():
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is: the constructor would make a tame name of it
            file.writestr(info, data)
    return path


def everything(store: SQLiteStore) -> list[Any]:
    """All that a store holds."""
    return [
        {summary.id: texts(found) for summary in store.runs() if (found := store.run(summary.id))},
        store.decisions(),
        store.verdicts(),
        store.snapshot(snapshot().digest),
    ]


def test_what_goes_in_comes_out(path: Path) -> None:
    """Runs line by line, decisions, requirements, verdicts, and artifacts byte by byte."""
    found = read_bundle(path, LIMIT)
    assert [texts(one) for one in found.runs] == [texts(FIRST), texts(SECOND)]
    assert sorted(found.decisions, key=lambda one: one.id) == sorted([review(), blocker()], key=lambda one: one.id)
    assert (found.snapshots, found.verdicts, dict(found.artifacts)) == ((snapshot(),), (VERDICT,), {SHA: len(LOG)})
    assert b"".join(found.artifact(SHA)) == LOG


def test_members_are_plain_and_in_the_documented_form(path: Path) -> None:
    """A manifest, and runs, decisions, requirements, verdicts and artifacts under their ids; lines byte for byte."""
    found = members(path)
    assert found[f"runs/{FIRST.id}.jsonl"].decode() == "".join(f"{text}\n" for text in texts(FIRST))
    assert found[f"artifacts/{SHA}"] == LOG
    assert found[f"decisions/{review().id}.json"].decode() == review().text
    assert found[f"requirements/{snapshot().digest[7:]}.json"].decode() == snapshot().text
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["schema"] == "readiness/bundle/v1"
    assert {row["name"]: (row["size"], row["sha256"]) for row in manifest["members"]} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in found.items()
    }


def test_equal_contents_give_equal_bytes(tmp_path: Path, path: Path) -> None:
    """Written another day in another order, a bundle is the same file."""
    again = written(tmp_path / "b.zip", FIRST, SECOND, decisions=[blocker(), review()], verdicts=[VERDICT])
    assert again.read_bytes() == path.read_bytes()


def test_a_bundle_of_nothing_is_a_bundle(tmp_path: Path, store: SQLiteStore) -> None:
    """A shard without evidence has something to hand over too."""
    write_bundle(tmp_path / "empty.zip", Contents(), reader())
    merged = merge(read_bundle(tmp_path / "empty.zip", LIMIT), store, tmp_path)
    assert (merged.runs, merged.known) == ((), 0)


def test_an_artifact_that_is_gone_is_told(tmp_path: Path) -> None:
    """The run is carried without it, and the caller learns which."""
    assert write_bundle(tmp_path / "a.zip", Contents([FIRST]), reader()) == [SHA]
    assert read_bundle(tmp_path / "a.zip", LIMIT).artifacts == {}


@pytest.mark.parametrize("runs", [[FIRST], [run(1, finished(), sealed=False)]])
def test_what_is_not_sound_is_not_bundled(tmp_path: Path, runs: list[Run]) -> None:
    """A changed artifact or an open run is refused, and the file that was there is as it was."""
    (tmp_path / "a.zip").write_text("before")
    with pytest.raises(IntegrityError, match=r"was changed|not sealed"):
        write_bundle(tmp_path / "a.zip", Contents(runs), lambda _: io.BytesIO(b"changed"))
    assert {found.name: found.read_text() for found in tmp_path.iterdir()} == {"a.zip": "before"}


def test_a_bundle_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """No folder, no file, one clear error."""
    with pytest.raises(StorageError, match=r"a\.zip: the bundle cannot be written: No such file"):
        write_bundle(tmp_path / "no" / "a.zip", Contents(), reader())


def test_merging_twice_and_in_any_order_is_the_same(tmp_path: Path, path: Path) -> None:
    """Overlapping bundles, merged in either order and again, give the same store, which verifies."""
    other = written(tmp_path / "b.zip", SECOND, run(3, **HEAD), decisions=[blocker()])
    found = []
    for number, order in enumerate([[path, other], [other, path], [path, path, other, path]]):
        store = SQLiteStore.open(tmp_path / f"{number}.db", "u", create=True)
        assert store is not None
        for one in order:
            merge(read_bundle(one, LIMIT), store, tmp_path / f"artifacts-{number}")
        assert list(store.verify()) == []
        found.append(everything(store))
        assert (tmp_path / f"artifacts-{number}" / SHA[:2] / SHA).read_bytes() == LOG
        store.close()
    assert found[0] == found[1] == found[2]
    assert len(found[0][0]) == 3


def test_merging_says_what_was_new(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """The first time everything, the second time nothing; a store that was merged into bundles the same again."""
    first, second = (merge(read_bundle(path, LIMIT), store, tmp_path) for _ in range(2))
    assert (first.runs, len(first.decisions), first.verdicts, first.artifacts) == ((FIRST.id, SECOND.id), 2, 1, 1)
    assert first.known == 0
    assert (second.runs, second.decisions, second.verdicts, second.artifacts, second.known) == ((), (), 0, 0, 5)
    runs = [found for summary in sorted(store.runs(), key=lambda one: one.id) if (found := store.run(summary.id))]
    again = written(tmp_path / "again.zip", *runs, decisions=store.decisions(), verdicts=store.verdicts())
    assert again.read_bytes() == path.read_bytes()


def test_another_run_with_a_known_id_is_refused_whole(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """One conflict keeps out every run, decision, requirement and artifact of that bundle."""
    store.keep([run(2, finished(result="FAILED"))])
    before = everything(store)
    with pytest.raises(IntegrityError, match=rf"a\.zip: another run with the id {run_id(2)} is in the store already"):
        merge(read_bundle(path, LIMIT), store, tmp_path / "artifacts")
    assert everything(store) == before
    assert not (tmp_path / "artifacts").exists()


def test_a_damaged_artifact_is_made_good(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """An artifact that lies there with another content is replaced by the right one."""
    kept = tmp_path / SHA[:2] / SHA
    kept.parent.mkdir()
    kept.write_bytes(b"changed")
    assert merge(read_bundle(path, LIMIT), store, tmp_path).artifacts == 1
    assert kept.read_bytes() == LOG


def test_a_bundle_that_changes_while_it_is_merged_is_refused(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """Between reading and merging somebody puts another artifact in: no record comes in, no file stays."""
    found = read_bundle(path, LIMIT)
    packed(path, {**members(path), f"artifacts/{SHA}": b"another"})
    with pytest.raises(IntegrityError, match="was changed while it was read"):
        merge(found, store, tmp_path / "artifacts")
    assert store.runs() == []
    assert [one for one in (tmp_path / "artifacts").rglob("*") if one.is_file()] == []


def test_an_artifact_folder_that_cannot_be_written_keeps_the_runs_out(
    tmp_path: Path, path: Path, store: SQLiteStore
) -> None:
    """Artifacts come before the runs that name them."""
    (tmp_path / "artifacts").write_text("a file")
    with pytest.raises(StorageError, match="an artifact could not be kept"):
        merge(read_bundle(path, LIMIT), store, tmp_path / "artifacts")
    assert store.runs() == []


def test_artifacts_are_never_in_memory_as_a_whole(
    tmp_path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written, read and merged, an artifact passes in blocks."""
    monkeypatch.setattr(bundles, "BLOCK", 10)
    seen: list[int] = []
    blocks_of = bundles.blocks_of

    def counting(file: IO[bytes]) -> Iterator[bytes]:
        for block in blocks_of(file):
            seen.append(len(block))
            yield block

    monkeypatch.setattr(bundles, "blocks_of", counting)
    merge(read_bundle(written(tmp_path / "a.zip", FIRST), LIMIT), store, tmp_path)
    assert (max(seen), sum(seen)) == (10, 3 * len(LOG))


def test_the_manifest_can_be_checked_with_the_standard_library_alone(path: Path) -> None:
    """Members, sizes and digests, and the chain of every run, without a line of ours."""
    script = """
import hashlib, json, sys, zipfile
assert not any(name.startswith("pytest_readiness") for name in sys.modules)
with zipfile.ZipFile(sys.argv[1]) as bundle:
    rows = json.loads(bundle.read("manifest.json"))["members"]
    assert {row["name"] for row in rows} | {"manifest.json"} == set(bundle.namelist())
    for row in rows:
        assert hashlib.sha256(bundle.read(row["name"])).hexdigest() == row["sha256"]
    for name in (row["name"] for row in rows if row["name"].startswith("runs/")):
        head = "0" * 64
        for line in bundle.read(name).splitlines():
            assert json.loads(line)["prev"] == head
            head = hashlib.sha256(b"readiness/line/v1\\0" + line).hexdigest()
print(len(rows))
"""
    done = subprocess.run([sys.executable, "-I", "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "7"


# -- hostile bundles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "runs/../../evil.jsonl",
        "/etc/evil",
        "C:\\evil",
        "runs\\x.jsonl",
        f"runs/{FIRST.id}.jsonl/",
        f"RUNS/{FIRST.id}.jsonl",
        f"runs/./{FIRST.id}.jsonl",
        f"runs/{FIRST.id}.jsonl\n",
        f"runs/{FIRST.id}.jsonl\0.txt",
        "runs/x.jsonl",
        f"artifacts/{SHA[:-1]}",
        f"artifacts/{SHA.upper()}",
        "artifacts/" + "٠" * 64,
        "fingerprint.key",
        ".readiness/fingerprint.key",
        "readiness.toml",
        "",
    ],
)
def test_a_member_with_any_other_name_is_refused(tmp_path: Path, path: Path, name: str) -> None:
    """Only the exact names of the documented members are let in; listed in the manifest or not."""
    for listed in (True, False):
        hostile = packed(tmp_path / "b.zip", {**members(path), name: b"x"}, listed=listed)
        with pytest.raises(IntegrityError, match=r"b\.zip: no member of a bundle is called"):
            read_bundle(hostile, LIMIT)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_that_is_no_plain_file_is_refused(tmp_path: Path, path: Path, kind: int) -> None:
    """Links, folders, pipes and devices have no business in a bundle."""
    contents = members(path)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        for name, data in contents.items():
            info = zipfile.ZipInfo(name)
            if name.startswith("artifacts/"):
                info.external_attr = (kind | 0o777) << 16
            file.writestr(info, data)
    with pytest.raises(IntegrityError, match=f"artifacts/{SHA} is no plain file"):
        read_bundle(tmp_path / "b.zip", LIMIT)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_in_it_twice_is_refused(tmp_path: Path, path: Path) -> None:
    """Readers would not agree on which of the two it is."""
    contents = members(path)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        for name, data in [*contents.items(), (f"artifacts/{SHA}", b"another")]:
            file.writestr(name, data)
    with pytest.raises(IntegrityError, match=f"artifacts/{SHA} is in it twice"):
        read_bundle(tmp_path / "b.zip", LIMIT)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """100 MB in 100 kB: nothing in a bundle is compressed, so nothing is unpacked to find out."""
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", b"[" * 100_000_000)
    with pytest.raises(IntegrityError, match=r"manifest\.json is compressed"):
        read_bundle(tmp_path / "b.zip", LIMIT)


def test_a_bomb_of_members_that_overlap_is_refused(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many entries that share the same bytes are more than the file holds."""
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
        for name, data in members(path).items():
            file.writestr(name, data)
        file.writestr(f"artifacts/{'0' * 64}", b"x" * 10_000)
        for number in range(1, 50):
            info = zipfile.ZipInfo(f"artifacts/{number:064x}")
            whole = file.getinfo(f"artifacts/{'0' * 64}")
            info.file_size, info.compress_size, info.CRC = whole.file_size, whole.compress_size, whole.CRC
            info.header_offset = whole.header_offset
            file.filelist.append(info)
            file.NameToInfo[info.filename] = info
    with pytest.raises(IntegrityError, match="its members overlap"):
        read_bundle(tmp_path / "b.zip", LIMIT)


def test_limits_on_number_and_size_hold(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many members, too long a text, too large an artifact: each is refused before it is read."""
    with pytest.raises(IntegrityError, match=r"artifact_limit \(10 bytes\): raise it in readiness\.toml"):
        read_bundle(path, 10)
    with monkeypatch.context() as patch:
        patch.setattr(bundles, "MOST_MEMBERS", 3)
        with pytest.raises(IntegrityError, match="has more than 3 members"):
            read_bundle(path, LIMIT)
    monkeypatch.setattr(bundles, "BIGGEST_TEXT", 100)
    with pytest.raises(IntegrityError, match="is too large"):
        read_bundle(path, LIMIT)


RUN, ARTIFACT = f"runs/{FIRST.id}.jsonl", f"artifacts/{SHA}"
REQUIREMENTS = f"requirements/{snapshot().digest[7:]}.json"
OPEN = run(1, finished(), sealed=False)
DAMAGE: dict[str, tuple[Callable[[Members], Members], str]] = {
    "another artifact": (lambda found: {**found, ARTIFACT: b"x"}, f"{ARTIFACT} has another content than its name"),
    "another run's lines": (
        lambda found: {**found, RUN: found[f"runs/{SECOND.id}.jsonl"]},
        f"{RUN} has another content than its name",
    ),
    "an edited line": (
        lambda found: {**found, RUN: found[RUN].replace(b"PASSED", b"FAILED")},
        f"run {FIRST.id}: line 2 .* does not follow|the line before it",
    ),
    "a line left out": (
        lambda found: {**found, RUN: b"\n".join([*found[RUN].split(b"\n")[:2], *found[RUN].split(b"\n")[3:]])},
        "is missing or out of order",
    ),
    "a seal left out": (
        lambda found: {**found, RUN: b"".join(line + b"\n" for line in found[RUN].split(b"\n")[:-2])},
        "it is not sealed",
    ),
    "an open run": (
        lambda found: {**found, RUN: "".join(f"{text}\n" for text in texts(OPEN)).encode()},
        "it is not sealed",
    ),
    "a torn last line": (lambda found: {**found, RUN: found[RUN][:-5]}, "its last line is cut off"),
    "an empty run": (lambda found: {**found, RUN: b"\n"}, "a line is not valid"),
    "no UTF-8": (lambda found: {**found, RUN: b"\xff\n"}, "is no bundle: .* decode"),
    "edited requirements": (lambda found: {**found, REQUIREMENTS: b"{}"}, "has another content than its name"),
    "an edited decision": (
        lambda found: {
            name: data.replace(b"not yet", b"fine by me") if name.startswith("decisions") else data
            for name, data in found.items()
        },
        "has another content than its name",
    ),
    "an edited verdict": (
        lambda found: {
            name: data.replace(b"false", b"true") if name.startswith("verdicts") else data
            for name, data in found.items()
        },
        "has another content than its name",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_member_that_is_not_what_its_name_says_is_refused(tmp_path: Path, path: Path, damage: str) -> None:
    """Also where the manifest was made to fit: ids, digests and chains are checked again."""
    change, told = DAMAGE[damage]
    changed = change(members(path))
    assert changed != members(path)
    with pytest.raises(IntegrityError, match=told):
        read_bundle(packed(tmp_path / "b.zip", changed), LIMIT)
    with pytest.raises(IntegrityError, match="is not what the manifest says"):
        read_bundle(packed(tmp_path / "b.zip", changed, listed=False), LIMIT)


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (None, "there is no manifest"),
        (b"", "the manifest is not readable"),
        (b"[]", "the manifest is not readable"),
        (b"[" * 100_000, "the manifest is not readable"),
        (b'{"schema":"readiness/bundle/v1","members":[{"name":"x"}]}', "the manifest is not readable"),
        (b'{"schema":"readiness/bundle/v2","members":[]}', r"of another kind \(readiness/bundle/v2\)"),
        (b'{"schema":"readiness/bundle/v1","members":[]}', "not those that the manifest lists"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, path: Path, manifest: bytes | None, told: str) -> None:
    """Missing, unreadable, of another kind, or of other members."""
    contents = members(path)
    del contents["manifest.json"]
    if manifest is not None:
        contents["manifest.json"] = manifest
    with pytest.raises(IntegrityError, match=told):
        read_bundle(packed(tmp_path / "b.zip", contents, listed=False), LIMIT)


def test_what_the_manifest_lists_must_be_there(tmp_path: Path, path: Path) -> None:
    """A member left out is named."""
    contents = members(path)
    del contents[ARTIFACT]
    with pytest.raises(IntegrityError, match=rf"not those that the manifest lists \({ARTIFACT}\)"):
        read_bundle(packed(tmp_path / "b.zip", contents, listed=False), LIMIT)


def test_every_truncation_is_one_line(path: Path) -> None:
    """Cut off anywhere, a bundle is refused with an error of ours."""
    whole = path.read_bytes()
    for length in range(0, len(whole), 211):
        path.write_bytes(whole[:length])
        with pytest.raises(IntegrityError, match=r"^[^\n]*a\.zip: [^\n]*$"):
            read_bundle(path, LIMIT)


def test_every_flipped_byte_is_refused_or_harmless(path: Path) -> None:
    """A byte changed anywhere is refused with an error of ours, or touches nothing that a bundle says."""
    whole = path.read_bytes()
    sound = read_bundle(path, LIMIT)
    told = []
    for place in range(0, len(whole), 41):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert read_bundle(path, LIMIT) == sound
        except IntegrityError as error:
            told.append(str(error))
    assert len(told) > 100
    assert [text for text in told if "\n" in text] == []


def test_a_file_that_is_not_there_is_a_matter_of_storage(tmp_path: Path) -> None:
    """Missing or a folder: the disk's word, on one line."""
    with pytest.raises(StorageError, match=r"no\.zip: cannot be read: No such file"):
        read_bundle(tmp_path / "no.zip", LIMIT)
    with pytest.raises(StorageError, match="cannot be read"):
        read_bundle(tmp_path, LIMIT)
