"""How a run was conducted, read out of its first line and its seal: what a reader of its evidence should know.

Nothing of this makes evidence better or worse by itself. It is shown, and the gate can be told to refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..fast_values import dataclass

SKEW_LIMIT_MS = 2000
"""What two clocks may differ by: file systems round times (FAT to 2 s), and a file server has a clock of its own."""
NAMED = 3
"""How many names a remark lists before it only counts them."""
_BIGGEST = 2**53 - 1
_EMPTY: dict[str, Any] = {}
_CI = ("provider", "project", "run", "attempt", "job", "url")


@dataclass(frozen=True, slots=True)
class RunConditions:
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
    session_options: tuple[str, ...] = ()
    """What the session was called with that can change which tests run, how often, and what an assertion does."""
    is_partial: bool = False
    """It was asked for single tests of a file, or for those that failed last: of others it says nothing."""
    imported: tuple[str, ...] = ()
    """Of an import, the digests of its mapping and of its suites; else empty."""

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
    def deselected_text(self) -> str | None:
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
        return f"{files} edited behind git's back: {_name_list(self.hidden_names, self.hidden)}"

    @property
    def changed_remark(self) -> str | None:
        """Which files were changed since the commit; None where there were none, or it does not say."""
        return _name_list(self.changed_names, self.changed) if self.changed else None

    @property
    def unrecorded_remark(self) -> str | None:
        """How many modules could not be collected, and of how many tests nothing is recorded; None where of none."""
        remarks = []
        if self.uncollected:
            modules, its = ("1 module", "its") if self.uncollected == 1 else (f"{self.uncollected} modules", "their")
            remarks.append(f"it could not collect {modules}: {its} tests did not run")
        if self.unread_marks:
            tests, is_error = (
                ("1 test", "it is an error")
                if self.unread_marks == 1
                else (f"{self.unread_marks} tests", "they are errors")
            )
            remarks.append(
                f"{tests} had marks that name no known use case and item: {is_error} of which nothing is recorded"
            )
        return "; ".join(remarks) or None

    def remarks(self) -> Iterator[str]:
        """Yield one sentence for each thing that a reader of its evidence should know."""
        yield from filter(None, (self.clock_remark, self.hidden_remark, self.unrecorded_remark))
        if self.deselected_text:
            yield f"it left out {self.deselected_text}"
        if self.attempt not in (None, "1"):
            yield f"it is attempt {self.attempt} of its CI run"


UNKNOWN_CONDITIONS = RunConditions()
"""Of a run that says nothing."""


def conditions_of(first: Mapping[str, Any], seal: Mapping[str, Any] | None) -> RunConditions:
    """Return how a run was conducted, from what its first line and its seal say; what is malformed is not said."""
    seal = seal or {}
    git, plan = _table(first.get("git")), _table(seal.get("plan"))
    hidden, changed = _table(git.get("hidden")), _table(git.get("changed"))
    told_ci = _table(first.get("ci"))
    session, told_import = _table(first.get("conduct")), _table(first.get("imported"))
    skews = [skew for line in (first, seal) if (skew := _skew(_table(line.get("clock")))) is not None]
    return RunConditions(
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
        started_by=starter if isinstance(starter := first.get("started_by"), str) else "",
        session_options=tuple(_session_options(session)) if session else (),
        is_partial=bool(_number(session.get("ids"))) or session.get("last_failed") is True,
        imported=_texts([told_import.get("mapping"), told_import.get("suites")]),
    )


def _session_options(session: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a session was called with, a sentence or an option each."""
    if optimize := _number(session.get("optimize")):
        yield f"python -{'O' * min(optimize, 2)}: assertions are removed"
    for name, option in _TEXTS:
        if isinstance(value := session.get(name), str):
            yield f"{option} {value}"
    for name, option in _NUMBERS:
        if value := _number(session.get(name)):
            yield f"{option} {value}"
    for name, option in _LISTS:
        if values := _texts(session.get(name)):
            yield f"{option} {_name_list(values, len(values))}"
    yield from (option for name, option in _SWITCHES if session.get(name) is True)


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


def _name_list(names: Sequence[str], count: int) -> str:
    more = count - len(names[:NAMED])
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else _EMPTY


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list | tuple) else ()


def _number(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _BIGGEST
    return value if fits else None


def _skew(clock: Mapping[str, Any]) -> int | None:
    python, file = _number(clock.get("python")), _number(clock.get("file"))
    return None if python is None or file is None else abs(python - file)
