"""What collection found: the claims of each test, by node id."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from ..errors import one_line
from ..fast_values import dataclass, maker
from ..mark import NAME, is_tagged
from .catalogue import Catalogue
from .claim import Claim
from .invalid_marks import understood_claims
from .marker import claims_of, plain_form


@dataclass(frozen=True, slots=True)
class TaggedTest:
    """What one test claims, and what is wrong with how it says so."""

    test_id: str
    claims: tuple[Claim, ...]
    problems: tuple[str, ...]
    records: bool
    """The test uses ``record_evidence``, so it can still say where it ran."""
    selected: bool = True
    marks: int = 0
    """How many marks of its own it had."""
    lies: Path | None = None
    """Where it lies, if its node id does not say so."""
    case: pytest.Item | None = None
    """The test itself, if it is parametrised."""
    understood: tuple[Claim, ...] = ()
    """Those of the claims that are only what can be understood of a wrong mark: the test fails for them."""


_tagged = maker(TaggedTest)
TAGGED = pytest.StashKey[TaggedTest]()


def collect_claims(item: pytest.Item, catalogue: Catalogue | None) -> TaggedTest | None:
    """Return what a test claims (kept on the test), or None if it carries no evidence mark.

    Without a catalogue (nothing is recorded) only the form of the marks is judged.
    """
    return _Tagger(catalogue, selected=True).tag(item)


def collect_all(
    items: Iterable[pytest.Item], catalogue: Catalogue | None, *, selected: bool = True
) -> list[TaggedTest]:
    """Return what each evidence test among these claims; tests with equal marks share one tuple of claims."""
    tagger = _Tagger(catalogue, selected=selected)
    return [tagged for item in items if (tagged := tagger.tag(item)) is not None]


class _Tagger:
    """Tags tests, and reads once what stands above many of them, and what many of them say alike."""

    def __init__(self, catalogue: Catalogue | None, *, selected: bool) -> None:
        self._catalogue = catalogue
        self._selected = selected
        self._parent: pytest.Item | pytest.Collector | None = None
        self._above: list[pytest.Mark] = []
        """The evidence marks of this parent and of its parents, the closest first."""
        self._path: Path | None = None
        self._lead = ""
        """How the node ids begin of most tests that lie there."""
        self._read: dict[tuple[str, int | str], tuple[tuple[Claim, ...], tuple[str, ...]]] = {}
        """What one plain mark says, by use case and item."""

    def tag(self, item: pytest.Item) -> TaggedTest | None:
        stash = item.stash
        if TAGGED in stash:
            return stash[TAGGED]
        marks = self._marks(item)
        if not marks:
            return None
        claims, problems = self._claims_of(marks)
        records = "record_evidence" in getattr(item, "fixturenames", ())
        guessed: tuple[Claim, ...] = ()
        if problems and self._catalogue is not None:
            guessed = tuple([one for one in understood_claims(marks, self._catalogue) if one not in claims])
            claims, records = (*claims, *guessed), True  # where it would have run, nobody knows
        nodeid, path = item.nodeid, item.path
        if path is not self._path:
            self._path, self._lead = path, f"{_lead(item)}::"
        lies = None if nodeid.startswith(self._lead) else where_else(item)  # most begin like that: asked of each test
        own = len(item.own_markers)
        case = item if hasattr(item, "callspec") else None
        tagged = stash[TAGGED] = _tagged(nodeid, claims, problems, records, self._selected, own, lies, case, guessed)
        return tagged

    def _marks(self, item: pytest.Item) -> list[pytest.Mark]:
        """Return the evidence marks in the order of the source: module, class, function."""
        parent = item.parent
        if parent is None or parent is not self._parent:
            self._parent, self._above = parent, [] if parent is None else list(parent.iter_markers(NAME))
        marks = [*[mark for mark in item.own_markers if getattr(mark, "name", None) == NAME], *self._above]
        marks.reverse()
        return marks

    def _claims_of(self, marks: list[pytest.Mark]) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
        key = plain_form(marks[0]) if len(marks) == 1 else None
        if key is None:
            return claims_of(marks, self._catalogue)
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = claims_of(marks, self._catalogue)
        return found


def where_else(item: pytest.Item) -> Path | None:
    """Return where a test lies, if its node id does not say so: outside pytest's rootdir, or a plugin named it."""
    return None if _begins(item.nodeid, _lead(item)) else item.path


def _lead(item: pytest.Item) -> str:
    r"""Return how the node id of a test begins that says where it lies; ``\0``: it lies nowhere below the rootdir.

    What is installed is elsewhere, though the folder of a Python's packages may lie below: each machine has its own.
    """
    path, root = str(item.path), str(item.config.rootpath)
    if path == root:
        return ""
    root = root if root.endswith(os.sep) else root + os.sep
    return path[len(root) :].replace(os.sep, "/") if path.startswith(root) and "-packages" not in path else "\0"


def _begins(nodeid: str, lead: str) -> bool:
    """``@``: by xdist's ``loadgroup``."""
    return nodeid.startswith(lead) and (not lead or nodeid[len(lead) : len(lead) + 1] in "::@")


def late_marks(item: pytest.Item, catalogue: Catalogue) -> bool:
    """Return whether a test has evidence marks that it had not when it was collected: they record nothing."""
    tagged = item.stash.get(TAGGED, None)
    if tagged is None:
        return is_tagged(item)
    if tagged.marks == len(item.own_markers):
        return False
    claims, _ = claims_of([mark for mark in item.own_markers if mark.name == NAME], catalogue)
    return not set(claims) <= set(tagged.claims)


def fail_invalid(item: pytest.Item) -> None:
    """Fail the test, in one line, if something is wrong with its evidence marks."""
    tagged = item.stash.get(TAGGED, None)
    if tagged is not None and tagged.problems:
        pytest.fail(f"{one_line(item.nodeid)}: {one_line('; '.join(tagged.problems), 600)}", pytrace=False)


class InvalidMarksPlugin:
    """Fails the tests whose evidence marks are wrong where nothing is recorded; else the observer does."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """No wrapper: teardown needs what other wrappers set up."""
        fail_invalid(item)
