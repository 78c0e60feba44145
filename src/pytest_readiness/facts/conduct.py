"""How a run was conducted, read out of its first line and its seal: what a reader of its evidence should know.

Nothing of this makes evidence better or worse by itself. It is shown, and the gate can be told to refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..frozen import dataclass

SKEW_LIMIT_MS = 2000
"""What two clocks may differ by: file systems round times (FAT to 2 s), and a file server has a clock of its own."""
NAMED = 3
"""How many names a remark lists before it only counts them."""
_BIGGEST = 2**53 - 1
_NOTHING: dict[str, Any] = {}
_CI = ("provider", "project", "run", "attempt", "job", "url")


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a run was conducted, as far as it says."""

    skew_ms: int | None = None
    """The most that Python's clock and the file system's differed by, at its start or its end; None: not compared."""
    changed: int = 0
    """Files with uncommitted changes."""
    changed_names: tuple[str, ...] = ()
    """The first of them."""
    hidden: int = 0
    """Files whose edits git was told not to look for."""
    hidden_names: tuple[str, ...] = ()
    """The first of them."""
    tests: int | None = None
    """Evidence tests that were collected; None: not said."""
    deselected: int | None = None
    """How many of them the run left out; None: not said."""
    uncollected: int = 0
    """Files, and other things that hold tests, that could not be collected."""
    unread_marks: int = 0
    """Tests of whose evidence marks nothing can be understood."""
    ci: tuple[tuple[str, str], ...] = ()
    """Provider, project, run, attempt, job and URL of the CI that it ran in, as pairs; empty outside CI."""
    started_by: str = ""
    """Who pushed, merged or scheduled that; empty: CI does not say."""
    called: tuple[str, ...] = ()
    """What the session was called with that can change which tests run, how often, and what an assertion does."""
    narrowed: bool = False
    """It was asked for single tests of a file, or for those that failed last: of others it says nothing."""
    imported: tuple[str, ...] = ()
    """Of an import, the digests of its mapping and of its suites; else empty."""
    config_commit: str | None = None
    """The commit of the config's repository, where that is another one than the tests'; empty: git cannot tell."""

    @property
    def clocks_disagree(self) -> bool:
        """Its clocks differ by more than clocks do."""
        return self.skew_ms is not None and self.skew_ms > SKEW_LIMIT_MS

    @property
    def skew(self) -> str:
        """The difference between its clocks in seconds, with one decimal."""
        return f"{(self.skew_ms or 0) / 1000:.1f} s"

    @property
    def attempt(self) -> str | None:
        """Which attempt of its CI run it is, if that says so."""
        return dict(self.ci).get("attempt")

    @property
    def left_out(self) -> str | None:
        """``3 of 10 evidence tests``; None where it left out none, or does not say."""
        return f"{self.deselected} of {self.tests} evidence tests" if self.deselected else None

    @property
    def clock_remark(self) -> str | None:
        """That its clocks disagree, and by how much; None where they do not."""
        return f"its clocks disagree by {self.skew}" if self.clocks_disagree else None

    @property
    def hidden_remark(self) -> str | None:
        """Which edits were hidden from git; None where there were none."""
        if not self.hidden:
            return None
        files = "1 file was" if self.hidden == 1 else f"{self.hidden} files were"
        return f"{files} edited behind git's back: {_listed(self.hidden_names, self.hidden)}"

    @property
    def changed_remark(self) -> str | None:
        """Which files were changed since the commit; None where there were none, or it does not say."""
        return _listed(self.changed_names, self.changed) if self.changed else None

    @property
    def unrecorded_remark(self) -> str | None:
        """How many modules could not be collected, and of how many tests nothing is recorded; None where of none."""
        told = []
        if self.uncollected:
            modules, its = ("1 module", "its") if self.uncollected == 1 else (f"{self.uncollected} modules", "their")
            told.append(f"it could not collect {modules}: {its} tests did not run")
        if self.unread_marks:
            tests, is_error = (
                ("1 test", "it is an error")
                if self.unread_marks == 1
                else (f"{self.unread_marks} tests", "they are errors")
            )
            told.append(
                f"{tests} had marks that name no known use case and item: {is_error} of which nothing is recorded"
            )
        return "; ".join(told) or None

    def remarks(self) -> Iterator[str]:
        """Yield one sentence for each thing that a reader of its evidence should know."""
        yield from filter(None, (self.clock_remark, self.hidden_remark, self.unrecorded_remark))
        if self.left_out:
            yield f"it left out {self.left_out}"
        if self.attempt not in (None, "1"):
            yield f"it is attempt {self.attempt} of its CI run"


UNKNOWN_CONDUCT = Conduct()
"""Of a run that says nothing."""


def conduct_of(first: Mapping[str, Any], seal: Mapping[str, Any] | None) -> Conduct:
    """Return how a run was conducted, from what its first line and its seal say; what is malformed is not said."""
    seal = seal or {}
    git, plan = _table(first.get("git")), _table(seal.get("plan"))
    hidden, changed = _table(git.get("hidden")), _table(git.get("changed"))
    told_ci = _table(first.get("ci"))
    said, told_import = _table(first.get("conduct")), _table(first.get("imported"))
    skews = [skew for line in (first, seal) if (skew := _skew(_table(line.get("clock")))) is not None]
    return Conduct(
        skew_ms=max(skews, default=None),
        changed=_number(changed.get("count")) or 0,
        changed_names=_texts(changed.get("names")),
        hidden=_number(hidden.get("count")) or 0,
        hidden_names=_texts(hidden.get("names")),
        tests=_number(plan.get("tests")),
        deselected=_number(plan.get("deselected")),
        uncollected=_number(seal.get("uncollected")) or 0,
        unread_marks=_number(seal.get("unread_marks")) or 0,
        ci=tuple((name, told_ci[name]) for name in _CI if isinstance(told_ci.get(name), str)),
        started_by=told if isinstance(told := first.get("started_by"), str) else "",
        called=tuple(_called(said)) if said else (),
        narrowed=bool(_number(said.get("ids"))) or said.get("last_failed") is True,
        imported=_texts([told_import.get("mapping"), told_import.get("suites")]),
        config_commit=_config_commit(first.get("config_git")),
    )


def _called(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a session was called with, a sentence or an option each."""
    if optimize := _number(said.get("optimize")):
        yield f"python -{'O' * min(optimize, 2)}: assertions are removed"
    for name, option in _TEXTS:
        if isinstance(value := said.get(name), str):
            yield f"{option} {value}"
    for name, option in _NUMBERS:
        if value := _number(said.get(name)):
            yield f"{option} {value}"
    for name, option in _LISTS:
        if values := _texts(said.get(name)):
            yield f"{option} {_listed(values, len(values))}"
    yield from (option for name, option in _SWITCHES if said.get(name) is True)


_TEXTS = (("assertions", "--assert"), ("keyword", "-k"), ("markers", "-m"))
_NUMBERS = (("reruns", "--reruns"), ("maxfail", "--maxfail"))
_LISTS = (
    ("deselect", "--deselect"),
    ("ignore", "--ignore"),
    ("use_cases", "--readiness-uc"),
    ("switched_off", "plugins switched off:"),
)
_SWITCHES = (
    ("missing", "--readiness-missing"),
    ("last_failed", "--last-failed"),
    ("stepwise", "--stepwise"),
    ("noconftest", "--noconftest"),
    ("trace", "--trace"),
)


def _listed(names: Sequence[str], count: int) -> str:
    more = count - len(names[:NAMED])
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def _config_commit(told: Any) -> str | None:
    """``told``: missing where the config lies in the repository of the tests."""
    commit = _table(told).get("commit")
    return None if told is None else commit if isinstance(commit, str) else ""


def _number(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _BIGGEST
    return value if fits else None


def _skew(clock: Mapping[str, Any]) -> int | None:
    python, file = _number(clock.get("python")), _number(clock.get("file"))
    return None if python is None or file is None else abs(python - file)
