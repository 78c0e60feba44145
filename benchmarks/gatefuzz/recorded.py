"""The model, first part: what a run records (§3, §4, §5.1 of the rules). Not from the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .words import Attempt, Claim, Config, Execution, Item, Run, UseCase

WORST_FIRST = ("FAILED", "ERROR", "INTERRUPTED", "XPASSED", "XFAILED", "SKIPPED", "NOT_RUN", "PASSED")
"""§3: "worst first"."""
BAD = ("FAILED", "ERROR", "INTERRUPTED")
ENDED = ("PASSED", "FAILED", "ERROR")
"""Ran to its end, in the sense of §5.4: skipped, expected to fail and unexpectedly passed replace nothing."""
ENDS = {
    "passed": "PASSED", "failed": "FAILED", "setup": "ERROR", "teardown": "ERROR", "skipped": "SKIPPED",
    "xfailed": "XFAILED", "xpassed": "XPASSED", "crashed": "INTERRUPTED", "killed": "INTERRUPTED",
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """One execution for one claim, in one place."""

    run: str
    test: str
    uc: str
    item: str
    start: int
    result: str
    flaky: bool
    environment: str | None
    mode: str | None
    own_environment: bool
    """The test named it itself, by ``scope()``."""
    own_mode: bool
    """By ``scope()`` or, for the item of its own, ``credential()``."""
    limit_environment: str | None
    limit_mode: str | None
    parts: frozenset[str]
    """Named ones; empty: all."""
    proofs: frozenset[tuple[str, str | None]]
    replay: bool
    """It says FULL or TRACE_ONLY."""
    real: bool
    recorder: str
    release: str | None
    marked: tuple[tuple[str | None, str | None], ...] = ()
    """(environment, mode) that each mark of the test names for this item."""
    proven: frozenset[str] = frozenset()
    """The modes that the attempt proved for this item."""
    followed: bool = False
    """Of an attempt that ended badly, and was followed by another."""
    covered: bool = False
    """A later one was where this was, and stands for it there: what is left is where else it counts (§5.4)."""

    @property
    def execution(self) -> tuple[str, str]:
        """Several claims, and several items with one id, are one execution (§3)."""
        return self.run, self.test


def worst(results: list[str]) -> str:
    """§3: the worst of several results."""
    return min(results, key=WORST_FIRST.index)


def is_real(config: Config, environment: str | None, mode: str | None) -> bool:
    """§5.1: the environment is declared real; the provider mode, if one is stated and modes are declared, is real too.

    §4: a run that states no environment is a rehearsal everywhere. Where no environment is declared, nothing is real.
    """
    if environment is None or not dict(config.environments).get(environment, False):
        return False
    return mode is None or not config.modes or dict(config.modes).get(mode, False)


def recorder_of(run: Run) -> str:
    """§6: evidence of a CI job is recorded by the job; what was run outside CI, by whoever ran it."""
    return f"ci:github/acme/shop/{run.ci[1]}" if run.ci else run.actor


def known_says(attempt: Attempt) -> tuple:
    """What is known of what an attempt said: a setup that failed and a process that died left nothing behind."""
    return () if attempt.end in ("setup", "crashed", "killed") else attempt.says


def pieces_of(run: Run, at: int, config: Config) -> list[Piece]:
    """Return the evidence of a run that began at a moment under these requirements.

    §3: executions of one test id in one run are one execution whose result is the worst.
    """
    found: list[Piece] = []
    by_test: dict[str, list[Execution]] = {}
    for execution in run.executions:
        by_test.setdefault(execution.test, []).append(execution)
    for copies in by_test.values():
        result = worst([result_of(run, execution) for execution in copies])
        flaky = any(passed_late(execution) for execution in copies)
        if flaky and result not in (*BAD, "PASSED"):  # what says nothing hides no attempt that ended badly
            result = worst([ENDS[each.end] for one in copies for each in one.attempts if ENDS[each.end] in BAD])
        start = min(at + execution.at for execution in copies)
        for execution in copies:
            for piece in _each_placed(run, execution, config):
                ended = piece.result if piece.followed else result
                found.append(replace(piece, start=start, result=ended, flaky=flaky))
    return found


def not_reached(run: Run, at: int, config: Config) -> list[Piece]:
    """§3: "NOT_RUN (planned, never started)": who recorded the run recorded that too."""
    rest = tuple(Execution(one.test, one.claims, (Attempt("passed"),)) for one in run.unreached)
    return [replace(piece, result="NOT_RUN") for piece in pieces_of(replace(run, executions=rest), at, config)]


def result_of(run: Run, execution: Execution) -> str:
    """§3: decided after teardown, by the last attempt; what ran when the process was killed is INTERRUPTED."""
    if run.ending == "killed" and execution is run.executions[-1]:
        return "INTERRUPTED"
    return ENDS[execution.attempts[-1].end]


def passed_late(execution: Execution) -> bool:
    """§5.5: a failed, erroneous or interrupted attempt came before the last one."""
    return any(ENDS[attempt.end] in BAD for attempt in execution.attempts[:-1])


def _each_placed(run: Run, execution: Execution, config: Config) -> list[Piece]:
    """§5.4, §5.5: all attempts are kept, and what ended badly counts where it took place.

    Our reading: what a later attempt says of the same place stands for it, except for parts that it does not name. A
    process that died may have been where its test placed itself before, if it can. What showed nothing took place
    nowhere. What a later one stands for has still ended badly where else it counts.
    """
    *earlier, last = execution.attempts
    bad = [one for one in earlier if ENDS[one.end] in BAD]
    killed = run.ending == "killed" and execution is run.executions[-1]
    says = () if killed else known_says(last)
    found: list[Piece] = []
    covered: list[Piece] = []
    if killed or not bad or ENDS[last.end] in ENDED or ENDS[last.end] in BAD:
        found = [piece for claim in execution.claims for piece in _placed(run, execution, claim, config, says)]
    for attempt in reversed(bad):
        for claim in execution.claims:
            for piece in _placed(run, execution, claim, config, known_says(attempt)):
                mine = replace(piece, result=ENDS[attempt.end], followed=True, proofs=frozenset())
                lost = attempt.end == "crashed" and execution.fixture
                left = [mine] if lost else _uncovered(mine, found)
                found += left
                covered += [] if left == [mine] else [replace(mine, real=False, covered=True)]
    return [*found, *covered]


def _uncovered(piece: Piece, later: list[Piece]) -> list[Piece]:
    same = [one for one in later if _where(one) == _where(piece)]
    if not same:
        return [piece]
    left = piece.parts - frozenset().union(*(one.parts for one in same))
    return [replace(piece, parts=left)] if left and all(one.parts for one in same) else []


def _where(piece: Piece) -> tuple:
    return piece.uc, piece.item, piece.environment, piece.mode, piece.limit_environment, piece.limit_mode


def _placed(run: Run, execution: Execution, claim: Claim, config: Config, says: tuple) -> Iterator[Piece]:
    """§4: where it took place. Only the run, ``scope()`` and, for its own item, ``credential()`` say that."""
    item = next(one for one in config.items if one.key == claim.item)
    use_case = next((one for one in config.use_cases if one.id == claim.uc), UseCase(claim.uc))
    scopes = [say for say in says if say.what == "scope"]
    environment = ([say.environment for say in scopes if say.environment] or [run.environment])[-1]
    scoped = [say.mode for say in scopes if say.mode]
    proven = [say.value for say in says if say.what == "credential"] if item.proof == "credential" else []
    modes = list(dict.fromkeys(proven)) or [(scoped or [run.mode or config.usual_mode])[-1]]
    marks = [one for one in execution.claims if (one.uc, one.item) == (claim.uc, claim.item)]
    for mode in modes:
        proofs = {(say.what, say.value) for say in says if say.what != "scope"}
        if proven:  # two modes proved are two places, each with its own proof
            proofs = {(what, value) for what, value in proofs if what != "credential" or value == mode}
        yield Piece(
            run=run.name, test=execution.test, uc=claim.uc, item=claim.item, start=0, result="", flaky=False,
            environment=environment, mode=mode,
            own_environment=any(say.environment for say in scopes), own_mode=bool(scoped or proven),
            limit_environment=claim.environment, limit_mode=claim.mode,
            parts=frozenset(_parts(claim, item, use_case, says)), proofs=frozenset(proofs),
            replay=claim.replay is not None or any(say.what == "replay" for say in says),
            real=is_real(config, environment, mode), recorder=recorder_of(run), release=run.release,
            proven=frozenset(proven), marked=tuple((one.environment, one.mode) for one in marks),
        )  # fmt: skip


def _parts(claim: Claim, item: Item, use_case: UseCase, says: tuple) -> Iterator[str]:
    """§4: the part that the claim names; else the parts that ``scope()`` and proofs name; a drill is its name."""
    known = use_case.drills if item.proof == "drill" and use_case.drills else item.parts
    if claim.part:
        yield claim.part
        return
    for say in says:
        named = say.part if say.what == "scope" else say.value if say.what == "drill" else say.what
        if named in known:
            yield named
