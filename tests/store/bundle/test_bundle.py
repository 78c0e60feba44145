"""Bundles: a round trip loses nothing, and a damaged bundle is refused."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from msgspec.structs import replace

from pytest_readiness.errors import ConfigError, IntegrityError, StorageError
from pytest_readiness.facts.run import Run
from pytest_readiness.store.bundle import archive, reading as bundles
from pytest_readiness.store.bundle.merging import MergedRecords, merge_bundle
from pytest_readiness.store.bundle.reading import open_bundle
from pytest_readiness.store.bundle.writing import BundleContents, write_bundle
from pytest_readiness.store.sqlite.store import SQLiteStore
from tests.store.runs import VERDICT, blocker, finished, planned, review, run, run_id, snapshot, texts

from .bundles import Members, artifact, members, packed, read_bundle

pytestmark = pytest.mark.slow

LIMIT = 1 << 20
LOG = b"what the provider said\n" * 3
SHA = hashlib.sha256(LOG).hexdigest()
KEPT = {"name": "log", "media_type": "text/plain", "size": len(LOG), "sha256": SHA}
HEAD = {"requirements": snapshot().digest}
FIRST = run(1, planned("test_a"), finished(artifacts=[KEPT]), **HEAD)
SECOND = run(2, finished("test_b"), **HEAD)


def reader(*artifacts: bytes) -> Callable[[str], IO[bytes]]:
    """Opens these artifacts by their digest."""
    by_digest = {hashlib.sha256(data).hexdigest(): data for data in artifacts}

    def opened(sha256: str) -> IO[bytes]:
        if sha256 not in by_digest:
            raise FileNotFoundError(sha256)
        return io.BytesIO(by_digest[sha256])

    return opened


def written(path: Path, *runs: Run, **more: Any) -> Path:
    """A bundle of these runs, their requirements and their artifacts."""
    contents = BundleContents(runs, more.get("decisions", ()), [snapshot()], more.get("verdicts", ()))
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


def taken_in(path: Path, store: SQLiteStore, folder: Path) -> MergedRecords:
    """Merge a bundle as the command does."""
    with open_bundle(path, LIMIT) as bundle:
        return merge_bundle(bundle, store, folder)


def everything(store: SQLiteStore) -> list[Any]:
    """All that a store holds."""
    return [
        {summary.id: texts(stored) for summary in store.runs() if (stored := store.run(summary.id))},
        store.decisions(),
        store.verdicts(),
        store.snapshot(snapshot().digest),
    ]


def test_what_goes_in_comes_out(path: Path) -> None:
    """Runs line by line, decisions, requirements, verdicts, and artifacts byte by byte."""
    bundle = read_bundle(path, LIMIT)
    assert [texts(each) for each in bundle.runs] == [texts(FIRST), texts(SECOND)]
    assert sorted(bundle.decisions, key=lambda each: each.id) == sorted([review(), blocker()], key=lambda each: each.id)
    assert (bundle.snapshots, bundle.verdicts, dict(bundle.artifacts)) == ((snapshot(),), (VERDICT,), {SHA: len(LOG)})
    assert artifact(path, SHA) == LOG


def test_members_are_plain_and_in_the_documented_form(path: Path) -> None:
    """A manifest, and runs, decisions, requirements, verdicts and artifacts under their ids; lines byte for byte."""
    files = members(path)
    assert files[f"runs/{FIRST.id}.jsonl"].decode() == "".join(f"{text}\n" for text in texts(FIRST))
    assert files[f"artifacts/{SHA}"] == LOG
    assert files[f"decisions/{review().id}.json"].decode() == review().text
    assert files[f"requirements/{snapshot().digest[7:]}.json"].decode() == snapshot().text
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["schema"] == "readiness/bundle/v1"
    assert {row["name"]: (row["size"], row["sha256"]) for row in manifest["members"]} == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    }


def test_equal_contents_give_equal_bytes(tmp_path: Path, path: Path) -> None:
    """Written another day in another order, a bundle is the same file."""
    again = written(tmp_path / "b.zip", FIRST, SECOND, decisions=[blocker(), review()], verdicts=[VERDICT])
    assert again.read_bytes() == path.read_bytes()


def test_a_bundle_of_nothing_is_a_bundle(tmp_path: Path, store: SQLiteStore) -> None:
    """A shard without evidence has something to hand over too."""
    write_bundle(tmp_path / "empty.zip", BundleContents(), reader())
    merged = taken_in(tmp_path / "empty.zip", store, tmp_path)
    assert (merged.runs, merged.already_stored) == ((), 0)


def test_an_artifact_that_is_gone_is_told(tmp_path: Path) -> None:
    """The run is carried without it, and the caller learns which."""
    assert write_bundle(tmp_path / "a.zip", BundleContents([FIRST], (), [snapshot()]), reader()) == [SHA]
    assert read_bundle(tmp_path / "a.zip", LIMIT).artifacts == {}


@pytest.mark.parametrize("runs", [[FIRST], [run(1, finished(), sealed=False, **HEAD)]])
def test_what_is_not_sound_is_not_bundled(tmp_path: Path, runs: list[Run]) -> None:
    """A changed artifact or an open run is refused, and the file that was there is as it was."""
    (tmp_path / "a.zip").write_text("before")
    with pytest.raises(IntegrityError, match=r"was changed|not sealed"):
        write_bundle(tmp_path / "a.zip", BundleContents(runs, (), [snapshot()]), lambda _: io.BytesIO(b"changed"))
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a.zip": "before"}


def test_a_bundle_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """No folder, no file, one clear error."""
    with pytest.raises(ConfigError, match=r"a\.zip: the bundle cannot be written: there is no folder"):
        write_bundle(tmp_path / "no" / "a.zip", BundleContents(), reader())


def test_merging_twice_and_in_any_order_is_the_same(tmp_path: Path, path: Path) -> None:
    """Overlapping bundles, merged in either order and again, give the same store, which verifies."""
    other = written(tmp_path / "b.zip", SECOND, run(3, **HEAD), decisions=[blocker()])
    contents = []
    for number, order in enumerate([[path, other], [other, path], [path, path, other, path]]):
        store = SQLiteStore.open(tmp_path / f"{number}.db", "u", create=True)
        assert store is not None
        for each in order:
            taken_in(each, store, tmp_path / f"artifacts-{number}")
        assert list(store.verify()) == []
        contents.append(everything(store))
        assert (tmp_path / f"artifacts-{number}" / SHA[:2] / SHA).read_bytes() == LOG
        store.close()
    assert contents[0] == contents[1] == contents[2]
    assert len(contents[0][0]) == 3


def test_merging_says_what_was_new(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """The first time everything, the second time nothing; a store that was merged into bundles the same again."""
    first, second = (taken_in(path, store, tmp_path) for _ in range(2))
    assert (first.runs, len(first.decisions), first.verdicts, first.artifacts) == ((FIRST.id, SECOND.id), 2, 1, 1)
    assert first.already_stored == 0
    assert (second.runs, second.decisions, second.verdicts, second.artifacts, second.already_stored) == (
        (),
        (),
        0,
        0,
        5,
    )
    runs = [stored for summary in sorted(store.runs(), key=lambda each: each.id) if (stored := store.run(summary.id))]
    again = written(tmp_path / "again.zip", *runs, decisions=store.decisions(), verdicts=store.verdicts())
    assert again.read_bytes() == path.read_bytes()


def test_another_run_with_a_known_id_is_refused_whole(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """One conflict keeps out every run, decision, requirement and artifact of that bundle."""
    store.save([run(2, finished(result="FAILED"))])
    before = everything(store)
    with pytest.raises(IntegrityError, match=rf"a\.zip: another run with the id {run_id(2)} is in the store already"):
        taken_in(path, store, tmp_path / "artifacts")
    assert everything(store) == before
    assert not (tmp_path / "artifacts").exists()


def test_a_damaged_artifact_is_made_good(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """An artifact that lies there with another content is replaced by the right one."""
    stored = tmp_path / SHA[:2] / SHA
    stored.parent.mkdir()
    stored.write_bytes(b"changed")
    assert taken_in(path, store, tmp_path).artifacts == 1
    assert stored.read_bytes() == LOG


def test_a_bundle_that_changes_while_it_is_merged_is_refused(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """Between reading and merging somebody puts another artifact in: no record comes in, no file stays."""
    other = {**members(path), f"artifacts/{SHA}": b"x" * len(LOG)}
    with open_bundle(path, LIMIT) as bundle:
        path.write_bytes(packed(tmp_path / "b.zip", other).read_bytes())
        with pytest.raises(IntegrityError, match=r"a\.zip: artifacts/.*: its content does not match its checksum"):
            merge_bundle(bundle, store, tmp_path / "artifacts")
    assert store.runs() == []
    assert [each for each in (tmp_path / "artifacts").rglob("*") if each.is_file()] == []


def test_an_artifact_folder_that_cannot_be_written_keeps_the_runs_out(
    tmp_path: Path, path: Path, store: SQLiteStore
) -> None:
    """Artifacts come before the runs that name them."""
    (tmp_path / "artifacts").write_text("a file")
    with pytest.raises(StorageError, match="an artifact cannot be written to"):
        taken_in(path, store, tmp_path / "artifacts")
    assert store.runs() == []


def test_artifacts_are_never_in_memory_as_a_whole(
    tmp_path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read and merged, an artifact passes in blocks."""
    monkeypatch.setattr(archive, "BLOCK", 10)
    with open_bundle(written(tmp_path / "a.zip", FIRST), LIMIT) as bundle:
        assert [len(block) for block in bundle.artifact(SHA)] == [10] * (len(LOG) // 10) + [len(LOG) % 10]
        assert merge_bundle(bundle, store, tmp_path).artifacts == 1
    assert (tmp_path / SHA[:2] / SHA).read_bytes() == LOG


def test_another_file_put_in_its_place_is_not_read(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """A bundle is opened once: what was checked is what is merged, whatever stands under its name by then."""
    packed(tmp_path / "b.zip", {})
    with open_bundle(path, LIMIT) as bundle:
        (tmp_path / "b.zip").replace(path)
        assert merge_bundle(bundle, store, tmp_path / "artifacts").runs == (FIRST.id, SECOND.id)


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
        with pytest.raises(IntegrityError, match=r"b\.zip: .* is not a valid member name"):
            read_bundle(hostile, LIMIT)


def test_limits_on_number_and_size_hold(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many members, too long a text, too large an artifact: each is refused before it is read."""
    with pytest.raises(IntegrityError, match=r"artifact_limit \(10 bytes\): raise it in readiness\.toml"):
        read_bundle(path, 10)
    with monkeypatch.context() as patch:
        patch.setattr(archive, "MEMBER_LIMIT", 3)
        with pytest.raises(IntegrityError, match="has more than 3 members"):
            read_bundle(path, LIMIT)
    monkeypatch.setitem(bundles.MEMBER_KINDS, "runs", replace(bundles.MEMBER_KINDS["runs"], limit=100))
    with pytest.raises(IntegrityError, match=rf"{RUN} is too large for a bundle \(more than 100 bytes\)"):
        read_bundle(path, LIMIT)
    with pytest.raises(IntegrityError, match=rf"{RUN} is too large for a bundle"):
        written(tmp_path / "b.zip", FIRST)


RUN, ARTIFACT = f"runs/{FIRST.id}.jsonl", f"artifacts/{SHA}"
REQUIREMENTS = f"requirements/{snapshot().digest[7:]}.json"
OPEN = run(1, finished(), sealed=False)
DAMAGE: dict[str, tuple[Callable[[Members], Members], str]] = {
    "another artifact": (lambda files: {**files, ARTIFACT: b"x"}, f"{ARTIFACT}: its content does not match its name"),
    "another run's lines": (
        lambda files: {**files, RUN: files[f"runs/{SECOND.id}.jsonl"]},
        f"{RUN}: its content does not match its name",
    ),
    "an edited line": (
        lambda files: {**files, RUN: files[RUN].replace(b"PASSED", b"FAILED")},
        f"run {FIRST.id}: line 2 .* does not follow|the line before it",
    ),
    "a line left out": (
        lambda files: {**files, RUN: b"\n".join([*files[RUN].split(b"\n")[:2], *files[RUN].split(b"\n")[3:]])},
        "is missing or out of order",
    ),
    "a seal left out": (
        lambda files: {**files, RUN: b"".join(line + b"\n" for line in files[RUN].split(b"\n")[:-2])},
        "it is not sealed",
    ),
    "an open run": (
        lambda files: {**files, RUN: "".join(f"{text}\n" for text in texts(OPEN)).encode()},
        "it is not sealed",
    ),
    "a torn last line": (lambda files: {**files, RUN: files[RUN][:-5]}, "its last line is cut off"),
    "an empty run": (lambda files: {**files, RUN: b"\n"}, "a line is not valid"),
    "no UTF-8": (lambda files: {**files, RUN: b"\xff\n"}, f"{RUN} is not valid UTF-8"),
    "edited requirements": (lambda files: {**files, REQUIREMENTS: b"{}"}, "its content does not match its name"),
    "an edited decision": (
        lambda files: {
            name: data.replace(b"not yet", b"fine by me") if name.startswith("decisions") else data
            for name, data in files.items()
        },
        "its content does not match its name",
    ),
    "an edited verdict": (
        lambda files: {
            name: data.replace(b"false", b"true") if name.startswith("verdicts") else data
            for name, data in files.items()
        },
        "its content does not match its name",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_member_that_is_not_what_its_name_says_is_refused(tmp_path: Path, path: Path, damage: str) -> None:
    """Also where the manifest was made to fit: ids, digests and chains are checked again."""
    change, message = DAMAGE[damage]
    changed = change(members(path))
    assert changed != members(path)
    with pytest.raises(IntegrityError, match=message):
        read_bundle(packed(tmp_path / "b.zip", changed), LIMIT)
    with pytest.raises(IntegrityError, match=message):
        read_bundle(packed(tmp_path / "b.zip", changed, listed=False), LIMIT)


def test_a_manifest_that_says_something_else_is_refused(tmp_path: Path, path: Path) -> None:
    """A size, a digest or the order of its keys: the manifest follows from the members, byte for byte."""
    manifest = members(path)["manifest.json"]
    first = json.loads(manifest)["members"][0]
    for changed, message in {
        manifest.replace(
            b'"size":%d}' % first["size"], b'"size":1}', 1
        ): f"{first['name']} does not match the manifest",
        manifest.replace(
            b'"sha256":"%b"' % first["sha256"].encode(), b'"sha256":"0"'
        ): f"{first['name']} does not match the manifest",
        json.dumps(json.loads(manifest)).encode(): "the manifest is not in canonical form",
        manifest.replace(b"[", b'[{"name":"x","sha256":"","size":0},', 1): "x does not match the manifest",
        manifest + b" " * 3_000_000: "the manifest is too large for its members",
    }.items():
        assert changed != manifest
        hostile = packed(tmp_path / "b.zip", {**members(path), "manifest.json": changed}, listed=False)
        with pytest.raises(IntegrityError, match=message):
            read_bundle(hostile, LIMIT)


def test_what_belongs_to_nothing_is_refused(tmp_path: Path, path: Path) -> None:
    """An artifact or requirements that nothing in the bundle names are not let in, nor runs without requirements."""
    stray = hashlib.sha256(b"stray").hexdigest()
    other = snapshot('{"other":1}')
    for changed, message in [
        ({**members(path), f"artifacts/{stray}": b"stray"}, f"artifacts/{stray} is not used"),
        (
            {**members(path), f"requirements/{other.digest[7:]}.json": other.text.encode()},
            f"requirements/{other.digest[7:]}.json is not used",
        ),
        (
            {name: data for name, data in members(path).items() if not name.startswith("requirements")},
            f"the requirements {HEAD['requirements']} are not in the bundle, but the run {SECOND.id} names them",
        ),
    ]:
        with pytest.raises(IntegrityError, match=message):
            read_bundle(packed(tmp_path / "b.zip", changed), LIMIT)


def test_members_in_another_order_are_refused(tmp_path: Path, path: Path) -> None:
    """Each contents have one bundle, whose members stand in one order."""
    contents = members(path)
    names = list(contents)
    with pytest.raises(IntegrityError, match="is not at its required position"):
        read_bundle(packed(tmp_path / "b.zip", contents, order=[*names[1:2], *names[:1], *names[2:]]), LIMIT)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "it has no manifest.json"),
        (b"", "the manifest is not readable"),
        (b"[]", "the manifest is not readable"),
        (b"[" * 100_000, "the manifest is not readable"),
        (b'{"members":[{"name":"x"}],"schema":"readiness/bundle/v1"}', "the manifest is not readable"),
        (b'{"members":[],"schema":"readiness/bundle/v9"}', "has the schema readiness/bundle/v9"),
        (b'{"members":[],"schema":"readiness/bundle/v1"}', f"artifacts/{SHA} does not match the manifest"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    tmp_path: Path, path: Path, manifest: bytes | None, message: str
) -> None:
    """Missing, unreadable, of another kind, or of other members."""
    contents = members(path)
    del contents["manifest.json"]
    if manifest is not None:
        contents["manifest.json"] = manifest
    with pytest.raises(IntegrityError, match=message):
        read_bundle(packed(tmp_path / "b.zip", contents, listed=False), LIMIT)


def test_what_the_manifest_lists_must_be_there(tmp_path: Path, path: Path) -> None:
    """A member left out is named."""
    contents = members(path)
    del contents[ARTIFACT]
    with pytest.raises(IntegrityError, match=f"{ARTIFACT} does not match the manifest"):
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
    message = []
    for place in range(0, len(whole), 41):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert read_bundle(path, LIMIT) == sound
        except IntegrityError as error:
            message.append(str(error))
    assert len(message) > 100
    assert [text for text in message if "\n" in text] == []


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Missing: the disk's word; a folder: somebody's mistake."""
    with pytest.raises(StorageError, match=r"no\.zip: cannot be read: No such file"):
        read_bundle(tmp_path / "no.zip", LIMIT)
    with pytest.raises(ConfigError, match="cannot be read: it is a folder"):
        read_bundle(tmp_path, LIMIT)
