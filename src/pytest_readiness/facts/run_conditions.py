"""Conditions of a run, read from its first line and its seal.

They do not change the value of evidence by themselves. Reports show them, and the gate can refuse some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..errors import count
from .subject import Subjects, read_subjects

SKEW_LIMIT_MS = 2000
"""Tolerated difference of two clocks: file systems round times (FAT to 2 s), and a file server has its own clock."""
NAMED = 3
"""Most names that a remark lists; the rest is counted."""
_BIGGEST = 2**53 - 1
_EMPTY: dict[str, Any] = {}
_CI = ("provider", "project", "run", "attempt", "job", "url")


class RunConditions(Struct, frozen=True):
    """Recorded conditions of a run."""

    skew_ms: int | None = None
    """Largest difference between Python's clock and the file system's, at start or end; None: not compared."""
    changed: int = 0
    """Number of files with uncommitted changes."""
    changed_names: tuple[str, ...] = ()
    """First of these files."""
    hidden: int = 0
    """Number of files whose edits git was told to ignore."""
    hidden_names: tuple[str, ...] = ()
    """First of these files."""
    tests: int | None = None
    """Number of collected evidence tests; None: not recorded."""
    deselected: int | None = None
    """Number of deselected evidence tests; None: not recorded."""
    uncollected: int = 0
    """Number of files and other collectors that could not be collected."""
    unread_marks: int = 0
    """Number of tests whose evidence marks could not be read."""
    rule_counts: tuple[tuple[str, int], ...] = ()
    """Number of collected tests by the config's rule that matched them, as pairs; empty: it had no rules."""
    ci: tuple[tuple[str, str], ...] = ()
    """Provider, project, run, attempt, job and URL of the CI run, as pairs; empty outside CI."""
    started_by: str = ""
    """The person who pushed, merged or scheduled the CI run; empty: not known."""
    session_options: tuple[str, ...] = ()
    """Options that change which tests run, how often, and what an assertion does."""
    is_partial: bool = False
    """The run selected single tests of a file, or the last failures: it shows nothing about other tests."""
    paths: tuple[str, ...] = ()
    """Files and folders that the run was to collect, relative to the config's folder; empty: everything."""
    ignores: bool = False
    """Files or folders were excluded from collection by an option."""
    imported: tuple[str, ...] = ()
    """Digests of an import's mapping and suites; empty: the run is no import."""
    config_commit: str | None = None
    """Commit of the config's repository, empty if unknown; None: the tests are in the same repository."""
    subject_pairs: tuple[tuple[str, str], ...] = ()
    """Names and digests of what was under test, as pairs."""

    @property
    def subjects(self) -> Subjects:
        """Digests of what was under test, by name."""
        return dict(self.subject_pairs)

    @property
    def clocks_disagree(self) -> bool:
        """Whether its clocks differ by more than ``SKEW_LIMIT_MS``."""
        return self.skew_ms is not None and self.skew_ms > SKEW_LIMIT_MS

    @property
    def skew(self) -> str:
        """The difference between its clocks in seconds, with one decimal."""
        return f"{(self.skew_ms or 0) / 1000:.1f} s"

    @property
    def attempt(self) -> str | None:
        """Attempt of its CI run; None: not known."""
        return dict(self.ci).get("attempt")

    @property
    def deselected_text(self) -> str | None:
        """``3 of 10 evidence tests``; None: none were deselected, or it is not recorded."""
        return f"{self.deselected} of {self.tests} evidence tests" if self.deselected else None

    @property
    def clock_remark(self) -> str | None:
        """Remark that its clocks disagree, and by how much; None if they agree."""
        return f"its clocks disagree by {self.skew}" if self.clocks_disagree else None

    @property
    def hidden_remark(self) -> str | None:
        """Remark about edits that were hidden from git; None if there were none."""
        if not self.hidden:
            return None
        files = "1 file has" if self.hidden == 1 else f"{self.hidden} files have"
        return f"{files} edits hidden from git: {_name_list(self.hidden_names, self.hidden)}"

    @property
    def changed_remark(self) -> str | None:
        """Names of the files changed since the commit; None: none, or not recorded."""
        return _name_list(self.changed_names, self.changed) if self.changed else None

    @property
    def uncollected_remark(self) -> str | None:
        """Remark about modules that could not be collected; None if there are none."""
        if not self.uncollected:
            return None
        modules, its = ("1 module", "its") if self.uncollected == 1 else (f"{self.uncollected} modules", "their")
        return f"it could not collect {modules}: {its} tests did not run"

    @property
    def unrecorded_remark(self) -> str | None:
        """Remark about modules that could not be collected and tests that are not recorded; None if there are none."""
        remarks = [remark] if (remark := self.uncollected_remark) else []
        if self.unread_marks:
            tests, them = ("1 test", "it") if self.unread_marks == 1 else (f"{self.unread_marks} tests", "them")
            remarks.append(
                f"{tests} had marks that name no known use case and item: nothing of {them} is recorded "
                f"(`pytest --readiness-plan` names each test with a wrong mark)"
            )
        return "; ".join(remarks) or None

    def collects(self, file: str) -> bool:
        """Return whether the run collected each test of a file that was there. ``file``: as test ids name it."""
        if self.is_partial or self.ignores or self.uncollected:
            return False
        return not self.paths or any(file == path or file.startswith(f"{path}/") for path in self.paths)

    def unrecorded_text(self, wrong_marks: int) -> str | None:
        """Return what its session could not collect or record, and what wrong marks make fail; None: nothing.

        ``wrong_marks``: number of tests with a wrong mark. Those whose marks name something are recorded as failed.
        """
        unread, failing = self.unread_marks, wrong_marks - self.unread_marks
        if failing <= 0:
            return self.unrecorded_remark
        it = failing == 1
        what = f"for what {'its mark names' if it else 'their marks name'}"
        until = f"until the right mark is run or a reviewer retires {'it' if it else 'them'}"
        text = f"{count(wrong_marks, 'test')} had wrong marks"
        if unread:
            text += f": {failing} of them {'fails' if it else 'fail'} {what}, {until}; {unread}"
            text += f" name{'s' if unread == 1 else ''} no known use case and item, of which nothing is recorded"
        else:
            text += f", and {'fails' if it else 'fail'} {what}, {until}"
        return "; ".join(filter(None, (self.uncollected_remark, text)))

    def remarks(self) -> Iterator[str]:
        """Yield one sentence for each unusual condition."""
        yield from filter(None, (self.clock_remark, self.hidden_remark, self.unrecorded_remark))
        if self.deselected_text:
            yield f"it deselected {self.deselected_text}"
        if self.attempt not in (None, "1"):
            yield f"it is attempt {self.attempt} of its CI run"


UNKNOWN_CONDITIONS = RunConditions()
"""Conditions of a run that records none."""


def conditions_of(first: Mapping[str, Any], seal: Mapping[str, Any] | None) -> RunConditions:
    """Return the conditions of a run from its first line and its seal. Malformed values are ignored."""
    seal = seal or {}
    git, plan = _table(first.get("git")), _table(seal.get("plan"))
    hidden, changed = _table(git.get("hidden")), _table(git.get("changed"))
    ci = _table(first.get("ci"))
    session, imported = _table(first.get("conduct")), _table(first.get("imported"))
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
        rule_counts=tuple((rule, _number(count) or 0) for rule, count in _table(seal.get("rule_counts")).items()),
        ci=tuple((name, ci[name]) for name in _CI if isinstance(ci.get(name), str)),
        started_by=starter if isinstance(starter := first.get("started_by"), str) else "",
        session_options=tuple(_session_options(session)) if session else (),
        is_partial=bool(_number(session.get("ids"))) or session.get("last_failed") is True,
        paths=_texts(session.get("paths")),
        ignores=bool(session.get("ignore") or session.get("ignore_glob")),
        imported=_texts([imported.get("mapping"), imported.get("suites")]),
        config_commit=_config_commit(first.get("config_git")),
        subject_pairs=tuple(read_subjects(first.get("subjects")).items()),
    )


def _session_options(session: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of a session, one text each."""
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
    ("ignore_glob", "--ignore-glob"),
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


def _config_commit(config_git: Any) -> str | None:
    """Return the commit, empty if unknown; None: the run has no such field."""
    commit = _table(config_git).get("commit")
    return None if config_git is None else commit if isinstance(commit, str) else ""


def _number(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _BIGGEST
    return value if fits else None


def _skew(clock: Mapping[str, Any]) -> int | None:
    python, file = _number(clock.get("python")), _number(clock.get("file"))
    return None if python is None or file is None else abs(python - file)
