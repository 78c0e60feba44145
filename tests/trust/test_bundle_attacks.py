"""Bundles in the hands of somebody who means harm: merge and the script refuse each, and nothing of it stays.

Each attack is carried out on a copy of a sound bundle. Where members are changed the manifest is made to fit: only who
does not know the format would forget it.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.project import Project
from tests.store.bundle.bundles import Members, members, packed
from tests.store.runs import finished, run

from .carried import (
    ARTIFACT,
    FIRST,
    LOG,
    RUN,
    SCRIPT,
    SECOND,
    lines_of,
    made_to_pass,
    number,
    patched,
    recomputed,
    script,
    with_lines,
    with_run,
    write_sound_bundle,
    zipped,
)

pytestmark = pytest.mark.slow

EDITED = LOG.replace(b"provider", b"customer")


@dataclass(frozen=True)
class Attack:
    """What is done to a sound bundle, and how each of the two programs names it."""

    done: Callable[[Path], object]
    """Changes the file."""
    merge: str
    """A part of what ``readiness merge`` says."""
    script: str
    """A part of what the script says."""


def changed(change: Callable[[Members], Members]) -> Callable[[Path], object]:
    """Change the members, and make everything fit that can be made to fit without knowing a secret."""
    return lambda path: packed(path, change(members(path)))


def planted(name: str, data: bytes = b"x") -> Callable[[Path], object]:
    """Put in one member more."""
    return changed(lambda files: {**files, name: data})


def raw(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Change the bytes of the file."""
    return lambda path: path.write_bytes(change(path.read_bytes()))


def database(path: Path) -> bytes:
    """A SQLite file with a trigger that calls every failure a pass."""
    file = path.with_suffix(".db")
    with closing(sqlite3.connect(file)) as plain:
        plain.execute("CREATE TABLE evidence (result TEXT)")
        plain.execute(
            "CREATE TRIGGER planted AFTER INSERT ON evidence BEGIN UPDATE evidence SET result = 'PASSED'; END"
        )
        plain.commit()
    data = file.read_bytes()
    file.unlink()
    return data


def twice(path: Path) -> None:
    """The same name with two contents: which of them a reader takes is up to it."""
    contents = members(path)
    names = [*contents][:-1]
    at = names.index(ARTIFACT)
    packed(path, contents, order=[*names[: at + 1], ARTIFACT, *names[at + 1 :], "manifest.json"])


def nested(path: Path) -> None:
    """An archive within an archive within an archive."""
    inner = path.read_bytes()
    for _ in range(3):
        inner = zipped(path, [("bundle.zip", inner)], zipfile.ZIP_DEFLATED).read_bytes()
    packed(path, {**members(write_sound_bundle(path)), "bundle.zip": inner})


def overlapping(path: Path) -> None:
    """Fifty entries of the directory that all lead to the same ten kilobytes."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(zipfile.ZipInfo(f"artifacts/{0:064x}"), b"x" * 10_000)
        whole = file.filelist[0]
        for count in range(1, 50):
            info = zipfile.ZipInfo(f"artifacts/{count:064x}")
            info.file_size, info.compress_size, info.CRC = whole.file_size, whole.compress_size, whole.CRC
            info.header_offset = whole.header_offset
            file.filelist.append(info)


def in_place(name: str) -> Callable[[Path], object]:
    """Call a member otherwise: in its header, and in the directory."""
    return raw(lambda data: data.replace(ARTIFACT.encode(), name.encode().ljust(len(ARTIFACT), b"x")))


def moved(path: Path) -> None:
    """A line of one run put into another, with the count of the seal made to fit."""
    contents = members(path)
    lines, other = lines_of(contents), lines_of(contents, f"runs/{SECOND.id}.jsonl")
    packed(path, with_lines(contents, [*lines[:2], other[1], *lines[2:]]))


UNNAMED = "is not a valid member name"
FOLLOW = "does not follow"
ATTACKS = {
    # -- what a member is
    "a SQLite file with a trigger instead of a bundle": Attack(
        lambda path: path.write_bytes(database(path)), "is not a bundle", "is not a bundle"
    ),
    "a SQLite file with a trigger in place of a run": Attack(
        lambda path: packed(path, {**members(path), RUN: database(path)}), RUN, RUN
    ),
    "a SQLite file with a trigger beside the runs": Attack(
        lambda path: packed(path, {**members(path), "evidence.db": database(path)}), UNNAMED, UNNAMED
    ),
    "a bundle in a bundle": Attack(nested, UNNAMED, UNNAMED),
    # -- bombs
    "a bomb: 100 MB in 100 kB": Attack(
        lambda path: zipped(path, [(RUN, b"[" * 100_000_000)], zipfile.ZIP_DEFLATED),
        "is compressed",
        "is compressed",
    ),
    "a bomb of members that overlap": Attack(overlapping, "does not match the directory", "the directory"),
    "lists in lists, a hundred thousand deep": Attack(
        changed(lambda files: with_lines(files, ["[" * 100_000])), "a line is not valid", RUN
    ),
    "a manifest of three megabytes": Attack(
        lambda path: packed(path, {**members(path), "manifest.json": b" " * 3_000_000}, listed=False),
        "the manifest is too large",
        "the manifest does not match",
    ),
    # -- names
    **{
        f"a member called {name!r}": Attack(planted(name), UNNAMED, UNNAMED)
        for name in (
            "../evil",
            "runs/../../evil.jsonl",
            "/etc/cron.d/evil",
            "C:\\evil",
            "\\\\host\\share",
            "runs\\x.jsonl",
            f"./{RUN}",
            f"{RUN}/",
            f"{RUN}\0.txt",
            f"{RUN}\n",
            RUN.upper(),
            f"Artifacts/{'0' * 64}",
            "artifacts/CON",
            "NUL",
            "runs/AUX.jsonl",
            "LPT1",
            ".readiness/fingerprint.key",
            "readiness.toml",
            "",
            "artifacts/",
            f"artifacts/{'A' * 64}",
            "runs/20260212T182900Z-" + "0" * 200 + ".jsonl",
        )
    },
    "an absolute name written over a good one": Attack(in_place("/etc/cron.d/"), UNNAMED, UNNAMED),
    "the directory gives a member another name than its header": Attack(
        lambda path: patched(path, ARTIFACT, central={46: b"/etc/evil"}), "does not match the directory", "directory"
    ),
    # -- kinds
    **{
        f"a member that is {what}": Attack(
            lambda path, kind=kind: patched(path, ARTIFACT, central={38: number((kind | 0o777) << 16)}),
            "is not a regular file",
            "a link",
        )
        for what, kind in {"a link": stat.S_IFLNK, "a folder": stat.S_IFDIR, "a device": stat.S_IFCHR}.items()
    },
    "a member that is encrypted": Attack(
        lambda path: patched(path, ARTIFACT, local={6: b"\1"}, central={8: b"\1"}), "is encrypted", "encrypted"
    ),
    "a member whose sizes come after it": Attack(
        lambda path: patched(path, ARTIFACT, local={6: b"\x08"}, central={8: b"\x08"}),
        "has its sizes after",
        "wrong header",
    ),
    "a member that is there twice": Attack(twice, "is in the bundle twice", "duplicated"),
    # -- header, directory, and what stands around them
    "a header that says another size": Attack(
        lambda path: patched(path, ARTIFACT, local={18: number(5), 22: number(5)}),
        "is not in the directory",
        "directory",
    ),
    "a header of four gigabytes": Attack(
        lambda path: patched(path, ARTIFACT, local={18: b"\xff" * 4, 22: b"\xff" * 4}), "is too large", "too large"
    ),
    "a header of three gigabytes": Attack(
        lambda path: patched(path, ARTIFACT, local={18: number(3 << 30), 22: number(3 << 30)}),
        "is cut off",
        "the directory",
    ),
    "a directory that says another size": Attack(
        lambda path: patched(path, ARTIFACT, central={20: number(5), 24: number(5)}),
        "does not match the directory",
        "directory",
    ),
    "a directory that leads elsewhere": Attack(
        lambda path: patched(path, ARTIFACT, central={42: number(0)}),
        "does not match the directory",
        "another position",
    ),
    "a directory that speaks of a wide field": Attack(
        lambda path: patched(path, ARTIFACT, central={30: number(12, 2)}), "has an extra field", "directory"
    ),
    "a checksum that does not fit": Attack(
        lambda path: patched(path, ARTIFACT, local={14: number(1)}, central={16: number(1)}),
        "its content does not match its checksum",
        "its content does not match its checksum",
    ),
    "a program before it": Attack(raw(lambda data: b"#!/bin/sh\nevil\n" + data), "is not a bundle", "is not a bundle"),
    "a whole other bundle before it": Attack(
        raw(lambda data: data + data), "", "has extra bytes before, between or after"
    ),
    "something after it": Attack(raw(lambda data: data + b"evil"), "has extra bytes after", "after its members"),
    "a comment": Attack(raw(lambda data: data[:-2] + b"\4\0evil"), "directory has a wrong end", "after its members"),
    "something between its members": Attack(
        raw(lambda data: data[:40].replace(b"PK", b"PK") + data[40:-22] + b"evil" + data[-22:]), "", "after its members"
    ),
    "half of it": Attack(raw(lambda data: data[: len(data) // 2]), "", ""),
    "all but its last byte": Attack(raw(lambda data: data[:-1]), "", ""),
    # -- evidence
    "a result edited": Attack(
        changed(lambda files: {**files, RUN: files[RUN].replace(b"FAILED", b"PASSED")}), FOLLOW, FOLLOW
    ),
    "the last lines left out": Attack(
        changed(lambda files: with_lines(files, lines_of(files)[:-1])), "it is not sealed", "with its only seal"
    ),
    "a line left out": Attack(
        changed(lambda files: with_lines(files, [*lines_of(files)[:2], *lines_of(files)[3:]])), "is missing", FOLLOW
    ),
    "two lines changed places": Attack(
        changed(lambda files: with_lines(files, [lines_of(files)[n] for n in (0, 1, 3, 2, 4)])), "out of order", FOLLOW
    ),
    "a line of another run": Attack(moved, "belongs to another run", FOLLOW),
    "a line written twice": Attack(
        changed(lambda files: with_lines(files, [*lines_of(files)[:3], *lines_of(files)[2:]])), "out of order", FOLLOW
    ),
    "a key that stands twice in a line": Attack(
        changed(lambda files: {**files, RUN: files[RUN].replace(b'"seq":0', b'"seq":0,"seq":0')}),
        "canonical",
        "canonical",
    ),
    "another run under a known name": Attack(
        changed(lambda files: {**files, RUN: files[f"runs/{SECOND.id}.jsonl"]}), "does not match its name", FOLLOW
    ),
    "a run made anew, with the old signature": Attack(
        changed(lambda files: with_run(files, recomputed(made_to_pass))),
        "differs from the signed one",
        "differs from the signed one",
    ),
    "a run left out, its signature left": Attack(
        changed(lambda files: {name: data for name, data in files.items() if name not in (RUN, ARTIFACT)}),
        "is not in the bundle",
        "is not in the bundle",
    ),
    "an artifact swapped": Attack(
        changed(lambda files: {**files, ARTIFACT: EDITED}), "does not match its name", "does not match its name"
    ),
    "an artifact that nothing names": Attack(
        planted(f"artifacts/{'0' * 64}"), "does not match its name", "does not match its name"
    ),
    "an artifact by a path": Attack(
        changed(
            lambda files: with_run(
                {name: data for name, data in files.items() if not name.startswith("statements")},
                run(
                    1,
                    finished(artifacts=[{"name": "x", "media_type": "x", "size": 1, "sha256": "../../../etc/passwd"}]),
                ),
            )
        ),
        "is not named by its SHA-256",
        "is not named by its SHA-256",
    ),
    "a run put in that the tree does not know": Attack(
        changed(lambda files: with_run(files, run(3, finished(), requirements=FIRST.requirements_digest))),
        "is not a leaf of the tree",
        "is not a leaf of the tree",
    ),
    "a checkpoint of a larger tree": Attack(
        changed(lambda files: {**files, "checkpoint.txt": files["checkpoint.txt"].replace(b"\n6\n", b"\n7\n")}),
        "the checkpoint does not match the leaves",
        "the checkpoint does not match the leaves",
    ),
    "a leaf changed": Attack(
        changed(lambda files: {**files, "leaves.json": files["leaves.json"].replace(b"0" * 64, b"1" * 64)}),
        "the checkpoint does not match the leaves",
        "the checkpoint does not match the leaves",
    ),
    "leaves without their checkpoint": Attack(
        changed(lambda files: {name: data for name, data in files.items() if name != "checkpoint.txt"}),
        "must both be in the bundle, or neither",
        "must both be in the bundle, or neither",
    ),
    "requirements edited": Attack(
        changed(lambda files: {name: data.replace(b"{}", b"[]") for name, data in files.items()}),
        "does not match its name",
        "does not match its name",
    ),
    "requirements left out": Attack(
        changed(lambda files: {name: data for name, data in files.items() if not name.startswith("requirements")}),
        "are not in the bundle",
        "are not in the bundle",
    ),
    "a decision edited": Attack(
        changed(
            lambda files: {
                name: data.replace(b"not yet", b"fine by me") if name.startswith("decisions") else data
                for name, data in files.items()
            }
        ),
        "does not match its name",
        "does not match its name",
    ),
    "a kept verdict edited": Attack(
        changed(
            lambda files: {
                name: data.replace(b"false", b"true") if name.startswith("verdicts") else data
                for name, data in files.items()
            }
        ),
        "does not match its name",
        "does not match its name",
    ),
    "a manifest that lies about a size": Attack(
        lambda path: packed(
            path,
            {
                name: data.replace(b'"size":', b'"size":1', 1) if name == "manifest.json" else data
                for name, data in members(path).items()
            },
            listed=False,
        ),
        "does not match the manifest",
        "the manifest does not match",
    ),
    "no manifest": Attack(
        lambda path: packed(
            path, {name: data for name, data in members(path).items() if name != "manifest.json"}, listed=False
        ),
        "it has no manifest.json",
        "there is no manifest",
    ),
}
"""What is done -> how it is named. Every one ends with exit code 3 in both programs."""
NO_BUNDLE = {"a SQLite file with a trigger instead of a bundle"}
"""Of these the script says that they are no bundles, with the exit code for a file that cannot be read."""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_shown_by_merge_and_by_the_script(project: Project, name: str) -> None:
    """Exit code 3 and one line that names it; no store, no artifact is there afterwards; the script says so, too."""
    project.configured()
    path = write_sound_bundle(project.path / "a.zip")
    ATTACKS[name].done(path)
    result = project.cli("merge", "a.zip")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (3, "", 1), result.output
    assert result.stderr.startswith("readiness: not merged: a.zip: ")
    assert ATTACKS[name].merge in result.stderr
    assert not (project.path / ".readiness").exists()
    code, output = script(path)
    assert code == (2 if name in NO_BUNDLE else 3), output
    assert ATTACKS[name].script in output
    assert name in NO_BUNDLE or output.rstrip().endswith(("problem", "problems"))
    verified = project.cli("verify", "a.zip")
    assert (verified.exit_code, verified.stdout.count("\n")) == (code, 0 if name in NO_BUNDLE else output.count("\n"))


def test_the_bundle_that_is_attacked_is_sound(project: Project) -> None:
    """Without an attack the same bundle is merged, verifies, and is intact to the script."""
    path = write_sound_bundle(project.configured().path / "a.zip")
    assert script(path)[0] == 0
    result = project.cli("merge", "a.zip")
    assert (result.exit_code, result.stderr.count("other registers")) == (0, 1)
    assert "2 runs, 2 decisions, 1 verdict, 2 artifacts, 3 signatures new" in result.stdout
    assert project.cli("verify").exit_code == 0


def test_what_a_recomputed_run_without_a_signature_shows(project: Project) -> None:
    """A run made anew is a run: only a store that has the first one, a signature or a checkpoint shows it."""
    path = write_sound_bundle(project.configured().path / "a.zip")
    prefixes = ("statements", "checkpoint", "leaves", "README", "index")
    forged = {name: data for name, data in members(path).items() if not name.startswith(prefixes)}
    packed(project.path / "forged.zip", with_run(forged, recomputed(made_to_pass)))
    assert script(project.path / "forged.zip")[0] == 0
    assert project.cli("merge", "a.zip").exit_code == 0
    before = (project.path / ".readiness" / "evidence.db").read_bytes()
    result = project.cli("merge", "forged.zip")
    assert result.exit_code == 3
    assert f"another run with the id {FIRST.id} is in the store already" in result.stderr
    assert (project.path / ".readiness" / "evidence.db").read_bytes() == before


def test_an_attack_keeps_no_other_bundle_out(project: Project) -> None:
    """Of one call, the attacked bundles are refused and the sound ones are taken in."""
    path = write_sound_bundle(project.configured().path / "a.zip")
    for number_, name in enumerate(("a program before it", "an artifact swapped")):
        (project.path / f"{number_}.zip").write_bytes(path.read_bytes())
        ATTACKS[name].done(project.path / f"{number_}.zip")
    result = project.cli("merge", "0.zip", "a.zip", "1.zip")
    assert (result.exit_code, result.stderr.count("not merged")) == (3, 2)
    assert "a.zip: 2 runs" in result.stdout
    assert project.cli("verify").exit_code == 0


def test_a_pipe_is_no_bundle(project: Project) -> None:
    """A file that somebody else feeds is not waited for."""
    os.mkfifo(project.configured().path / "a.zip")
    result = project.cli("merge", "a.zip")
    assert (result.exit_code, "no regular file: put a file in its place" in result.stderr) == (2, True)


KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_readiness.store.bundle import merging
from pytest_readiness.store.sqlite.store import SQLiteStore
where, count = sys.argv.pop(1), int(sys.argv.pop(1))
def killing(whole):
    def step(*arguments, **named):
        global count
        count -= 1
        if count < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*arguments, **named)
    return step
owner = {"_write": merging, "_move": merging, "_save_run": SQLiteStore}[where]
setattr(owner, where, killing(getattr(owner, where)))
from pytest_readiness.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(("where", "count"), [("_write", 1), ("_move", 1), ("_save_run", 3)])
def test_a_merge_that_is_killed_leaves_a_store_that_verifies(project: Project, where: str, count: int) -> None:
    """Killed between two artifacts, between two names, or within the transaction: and merging again completes it.

    Both runs are kept once before: in the store from which the report is derived.
    """
    write_sound_bundle(project.configured().path / "a.zip")
    done = subprocess.run([sys.executable, "-c", KILLED, where, str(count), "merge", "a.zip"], check=False)
    assert done.returncode == -9
    verified = project.cli("verify")
    assert (verified.exit_code, verified.stdout) == (0, "intact: 0 runs, 0 pieces of evidence, 0 artifacts\n")
    assert project.cli("merge", "a.zip").exit_code == 0
    assert "\nintact: 2 runs, 3 pieces of evidence, 2 artifacts" in project.cli("verify").stdout


def test_the_script_needs_nothing_but_python(project: Project) -> None:
    """In a process of its own, isolated and without installed packages, it tells a sound bundle from an attacked one."""
    path = write_sound_bundle(project.path / "a.zip")
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(path)]
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    ATTACKS["a result edited"].done(path)
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (good.returncode, bad.returncode, good.stderr, bad.stderr) == (0, 3, "", "")
    assert good.stdout.endswith("\nfits: everything that was checked fits together\n")
    assert "\ndoes not fit: " in bad.stdout
