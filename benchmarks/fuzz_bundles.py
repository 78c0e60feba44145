"""Mutate bundles, and look whether the two readers agree and no gate opens. See benchmarks/README.md.

python benchmarks/fuzz_bundles.py [--mutations 100000] [--seed N] [--number K] [--jobs 2] [--minutes M] [--all]

A store has use cases that each lack something: an approval by who is known well enough, the end of a blocker, a signed
run. A bundle of another store has it, unsigned or signed by nobody who is trusted. It is taken apart, changed in one
to four places (members, manifest, decisions, statements and their payloads, lines, requirements, report, pages,
checkpoint, leaves), and its digests, chains, names, leaves and manifest are made to fit again. Then ``readiness merge``
and ``verify_bundle.py`` must say the same of it, but for the report and the pages, which only the first can derive. The
second is given no keys, so it never says ``unsigned``. Where the bundle is taken in, the gate of each use case is still
closed, and the store verifies. Exit code 1 where not, with seed and number.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from importlib import metadata
from multiprocessing.util import Finalize
from pathlib import Path

from bundlefuzz.edits import edit
from bundlefuzz.scene import Scene, prepared
from bundlefuzz.taken_apart import Parts

from pytest_readiness.errors import ReadinessError
from pytest_readiness.pipeline import extensions
from pytest_readiness.pipeline.bundles import merge_bundles
from pytest_readiness.pipeline.evaluate_project import EvaluationRequest, evaluate_project, find_project
from pytest_readiness.pipeline.verification import verify_store
from pytest_readiness.store.bundle import verify_bundle

BATCH = 20
"""Mutations that a process makes at once."""
PROGRESS = 5_000


def mutated(parts: Parts, chance: random.Random) -> list[str]:
    """Change one to four things, and return what."""
    told = []
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        change = chance.choice(CHANGES)
        with contextlib.suppress(IndexError, KeyError, TypeError, AttributeError, ValueError):
            told.append(f"{change.__name__}: {change(parts, chance)}")
    return told


# -- changes -----------------------------------------------------------------------------------------------------------


def a_decision(parts: Parts, chance: random.Random) -> str:
    """Edit a decision."""
    one = chance.choice(parts.decisions)
    return edit(one, chance)


def who_decided(parts: Parts, chance: random.Random) -> str:
    """Say something else of who decided."""
    one = chance.choice(parts.decisions)
    one["known_by"] = chance.choice(("git", "ci", "signed"))
    one["by"] = chance.choice(("ana@example.com", "ben@example.com", one["by"]))
    return f"{one['kind']} by {one['by']}, {one['known_by']}"


def a_line(parts: Parts, chance: random.Random) -> str:
    """Edit a line of a run."""
    run = chance.choice(parts.runs)
    number = chance.randrange(len(run))
    return f"{number}{edit(run[number], chance)}"


def the_lines(parts: Parts, chance: random.Random) -> str:
    """Drop, repeat or exchange lines."""
    run = chance.choice(parts.runs)
    one, other = chance.randrange(len(run)), chance.randrange(len(run))
    how = chance.choice(("drop", "repeat", "swap"))
    if how == "drop":
        del run[one]
    elif how == "repeat":
        run.insert(other, copy.deepcopy(run[one]))
    else:
        run[one], run[other] = run[other], run[one]
    return f"{how} {one} {other}"


def requirements(parts: Parts, chance: random.Random) -> str:
    """Edit the requirements that were in force."""
    return edit(chance.choice(parts.snapshots), chance)


def a_verdict(parts: Parts, chance: random.Random) -> str:
    """Edit a kept verdict."""
    return edit(chance.choice(parts.verdicts), chance)


def the_report(parts: Parts, chance: random.Random) -> str:
    """Edit the report, or take it out."""
    if chance.random() < 0.5:
        parts.report = None
        if chance.random() < 0.8:
            parts.pages.clear()
        return "out"
    return edit(parts.report, chance)


def a_page(parts: Parts, chance: random.Random) -> str:
    """Edit a page, or take one or both of them out."""
    name = chance.choice(list(parts.pages))
    how = chance.choice(("edit", "edit", "out", "both out"))
    if how == "edit":
        text = parts.pages[name]
        at = chance.randrange(len(text))
        parts.pages[name] = text[:at] + chance.choice(("x", "<", "\n", "UC-001", "é")) + text[at + 1 :]
    elif how == "out":
        del parts.pages[name]
    else:
        parts.pages.clear()
    return f"{name} {how}"


def a_statement(parts: Parts, chance: random.Random) -> str:
    """Edit an envelope, or what it holds."""
    one = chance.choice(parts.statements)
    if chance.random() < 0.5:
        return edit(one["envelope"], chance)
    return "payload" + edit(one["payload"], chance)


def signatures(parts: Parts, chance: random.Random) -> str:
    """Sign with a key that nobody trusts, move signatures, or take statements out."""
    how = chance.choice(("eve", "move", "out", "about another"))
    one, other = chance.choice(parts.statements), chance.choice(parts.statements)
    if how == "eve":
        one["sign"] = True
    elif how == "move":
        one["envelope"]["signatures"] = copy.deepcopy(other["envelope"]["signatures"])
    elif how == "out":
        parts.statements.remove(one)
    else:
        one["payload"]["subject"], one["about"] = copy.deepcopy(other["payload"]["subject"]), other["about"]
    return how


def the_tree(parts: Parts, chance: random.Random) -> str:
    """Edit leaves or checkpoint, or take one of them out."""
    how = chance.choice(("leaves", "checkpoint", "out", "both out"))
    if how == "leaves":
        return edit(parts.leaves, chance)
    if how == "checkpoint":
        text = parts.checkpoint or ""
        at = chance.randrange(len(text) + 1)
        parts.checkpoint = (
            text[:at] + chance.choice(("\n", "\r", "0", "=", " ", "— a AB==\n", "A", "")) + text[at + 1 :]
        )
        parts.fitted["checkpoint"] = False
        return f"at {at}"
    if how == "both out" or chance.random() < 0.5:
        parts.checkpoint = None
    if how == "both out" or parts.checkpoint is not None:
        parts.leaves = None
    return how


def out(parts: Parts, chance: random.Random) -> str:
    """Take a record out."""
    room = chance.choice((parts.decisions, parts.runs, parts.snapshots, parts.verdicts, parts.artifacts))
    del room[chance.randrange(len(room))]
    return "one of a room"


def twice(parts: Parts, chance: random.Random) -> str:
    """Put a changed copy of a decision or a run beside it."""
    if chance.random() < 0.5:
        one = copy.deepcopy(chance.choice(parts.decisions))
        parts.decisions.append(one)
        return f"decision{edit(one, chance)}"
    run = copy.deepcopy(chance.choice(parts.runs))
    name = run[0]["run"][:-1] + chance.choice("0123456789abcdef")
    for line in run:
        line["run"] = name
    parts.runs.append(run)
    return f"run {name}"


def an_artifact(parts: Parts, chance: random.Random) -> str:
    """Other bytes in an artifact, or one more."""
    parts.artifacts[chance.randrange(len(parts.artifacts))] = chance.randbytes(9)
    return "other bytes"


def something_stays(parts: Parts, chance: random.Random) -> str:
    """Leave something as it was that would have been made to fit."""
    name = chance.choice(list(parts.fitted))
    parts.fitted[name] = False
    return name


def a_text(parts: Parts, chance: random.Random) -> str:
    """Spell a member otherwise: what another reader may take for the same."""
    parts.spelled = chance.choice(
        (
            lambda text: text.replace(":", ": ", 1),
            lambda text: text.replace('"', '"\\u0041', 1),
            lambda text: "\ufeff" + text,
            lambda text: text + "\n",
            lambda text: text.replace("\n", "\r\n"),
            lambda text: text.replace("{", '{"a":1,', 1),
            lambda text: text.replace(":0", ":-0", 1),
            lambda text: text.replace(":1", ":1.0", 1),
            lambda text: text.replace("true", "NaN", 1),
        )
    )
    parts.spelled_room = chance.choice(("decisions", "runs", "statements", "verdicts", "requirements", "report.json"))
    return parts.spelled_room


def a_member(parts: Parts, chance: random.Random) -> str:
    """Another name, a member too many, two contents exchanged, or another order."""
    how = parts.member = chance.choice(("name", "more", "swap", "order", "manifest"))
    parts.member_chance = chance.random()
    return how


CHANGES: tuple[Callable[[Parts, random.Random], str], ...] = (
    a_decision, a_decision, a_decision, who_decided, who_decided, a_line, a_line, a_line, the_lines, requirements,
    a_verdict, the_report, the_report, a_page, a_statement, a_statement, signatures, the_tree, out, twice, an_artifact,
    something_stays, a_text, a_member,
)  # fmt: skip


OF_VALUES = ("cannot be read as", "cannot be read: ", "has a wrong type", "cannot be judged")
"""What merge says of a line whose values mean nothing; the script says itself that it does not judge that."""

# -- what is said of it ------------------------------------------------------------------------------------------------


def _script(path: Path) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = verify_bundle.main([str(path)])
    return code, said.getvalue()


def judged(scene: Scene, path: Path) -> tuple[str, str]:  # noqa: C901, PLR0911 - one answer each
    """Return what came of a bundle: ``refused``, ``taken in`` or what is wrong; and why."""
    code, said = _script(path)
    shutil.copyfile(scene.store, scene.live)
    try:
        (taken,) = merge_bundles(find_project(scene.folder), [path])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked for
        return "CRASH of merge", repr(error)
    if taken.merged is None:
        if "says that it is by the key" in taken.problem:
            return "refused for a signature", ""  # whose key the script was not given
        if code == 0 and any(one in taken.problem for one in OF_VALUES):
            return "refused for a value", ""
        if "in the store already" in taken.problem:
            return "refused by the store", ""  # which holds a run of that id, and no script knows
        if code == 0 and not any(f"{name} " in taken.problem for name in verify_bundle.DERIVED):
            return "DISAGREE: merge refuses", taken.problem
        return ("refused for what is derived" if code == 0 else "refused"), taken.problem
    if code != 0:
        return "DISAGREE: the script refuses", said[-600:]
    try:
        place = find_project(scene.folder)
        opened = [
            name
            for name in scene.closed
            if evaluate_project(place, EvaluationRequest((name,), to_sign=False)).verdict.passes
        ]
        if problems := verify_store(place).problems:
            return "STORE IS NOT INTACT", str(problems[0])
    except ReadinessError as error:
        return "taken in, and the gate is closed by damage", str(error)
    except Exception as error:  # noqa: BLE001 - as above
        return "CRASH of gate", repr(error)
    return ("GATE OPENED", str(opened)) if opened else ("taken in", "")


def number_of(scene: Scene, seed: str, number: int) -> tuple[Path | None, list[str]]:
    """Write one mutation, and return what was changed; None: nothing can be made of it."""
    chance = random.Random(f"{seed}/{number}")
    parts = Parts.of(chance.choice(scene.bundles), scene.eve)
    told = mutated(parts, chance)
    path = scene.folder / "mutated.zip"
    try:
        path.write_bytes(parts.packed())
    except Exception as error:  # noqa: BLE001 - what cannot be put together again is no bundle, whatever the reason
        return None, [repr(error)]
    return path, told


def main() -> int:
    """Search, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**6)))
    parser.add_argument("--number", type=int, default=0, help="the first")
    parser.add_argument("--jobs", type=int, default=2, help="processes, each with a scene of its own")
    parser.add_argument("--minutes", type=float, help="stop after so long")
    parser.add_argument("--all", action="store_true", help="go on after something that is wrong")
    given = parser.parse_args()
    last = given.number + given.mutations
    batches = [range(start, min(start + BATCH, last)) for start in range(given.number, last, BATCH)]
    counts: Counter[str] = Counter()
    wrong, began = 0, time.monotonic()
    with multiprocessing.get_context("spawn").Pool(min(given.jobs, len(batches)), _begin) as pool:
        for found, told in pool.imap(partial(_search, given.seed), batches):
            counts += found
            wrong += len(told)
            print(*told, sep="\n", end="\n" if told else "", flush=True)
            late = given.minutes and time.monotonic() - began > given.minutes * 60
            if late or (told and not given.all):
                break
            if counts.total() % PROGRESS < BATCH:
                print(f"{counts.total()} mutations, {wrong} wrong", flush=True)
    print(f"{counts.total()} mutations, {wrong} wrong, seed {given.seed}: {dict(counts.most_common())}")
    return 1 if wrong else 0


_SCENE: Scene


def _begin() -> None:
    """In each process: a scene, in memory where there is such a place."""
    global _SCENE  # noqa: PLW0603 - one for each process
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="bundles-", dir=memory if os.access(memory, os.W_OK) else None)
    for end in (signal.SIGTERM, signal.SIGINT):  # a process of a pool is told to end, and would leave it
        signal.signal(end, lambda *_: sys.exit())
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=1)
    metadata.entry_points = cache(metadata.entry_points)  # type: ignore[assignment]  # nothing is installed meanwhile
    extensions.entry_points = metadata.entry_points
    os.environ["TMPDIR"] = tempfile.tempdir = folder  # a bundle is derived again beside it
    _SCENE = prepared(Path(folder))


def _search(seed: str, numbers: range) -> tuple[Counter[str], list[str]]:
    """Return what came of these mutations, and what is wrong."""
    counts: Counter[str] = Counter()
    wrong = []
    for number in numbers:
        path, told = number_of(_SCENE, seed, number)
        what, why = ("no bundle at all", "") if path is None else judged(_SCENE, path)
        counts[what] += 1
        if what[:2].isupper():
            wrong.append(f"{what}: seed {seed}, number {number}: {'; '.join(told)}\n    {why}")
    return counts, wrong


if __name__ == "__main__":
    sys.exit(main())
