"""The claims of each collected test, read from its evidence marks and stored on the test."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from ..errors import first_names, one_line
from ..mark import NAME, is_tagged
from .catalogue import Catalogue
from .claim import WRONG_MARK, Claim
from .invalid_marks import guess_claims
from .marker import claims_of, plain_form

if TYPE_CHECKING:  # loaded for a config with rules
    from .claim_rules import ClaimRules, RuledClaims


class TaggedTest(Struct, frozen=True):
    """The claims of one test, and the problems of its evidence marks."""

    test_id: str
    claims: tuple[Claim, ...]
    problems: tuple[str, ...]
    records: bool
    """The test uses ``record_evidence``, so it can still name its environment."""
    selected: bool = True
    mark_count: int = 0
    """Number of the test's own marks of any kind."""
    external_path: Path | None = None
    """File of the test, if its node id does not name that."""
    parametrised_item: pytest.Item | None = None
    """The test itself, if it is parametrised."""
    guessed_claims: tuple[Claim, ...] = ()
    """The claims that were guessed from an invalid mark: the test fails for them."""


_MOST_NAMED = 5
"""Use cases with their item that the failure of a test with a wrong mark names."""
TAGGED = pytest.StashKey[TaggedTest]()
_NOTHING: tuple[tuple[Claim, ...], tuple[str, ...]] = (), ()


def collect_claims(
    item: pytest.Item, catalogue: Catalogue | None, rules: ClaimRules | None = None
) -> TaggedTest | None:
    """Return the claims of a test, which are also stored on it; None: it has no evidence mark, and no rule matches it.

    Without a catalogue (nothing is recorded) only the form of the marks is checked.
    """
    return _Tagger(catalogue, rules, selected=True).tag(item)


def collect_all(
    items: Iterable[pytest.Item],
    catalogue: Catalogue | None,
    rules: ClaimRules | None = None,
    *,
    selected: bool = True,
) -> list[TaggedTest]:
    """Return the claims of each evidence test among these; tests with equal marks share one tuple of claims."""
    tagger = _Tagger(catalogue, rules, selected=selected)
    return [tagged for item in items if (tagged := tagger.tag(item)) is not None]


class _Tagger:
    """A reader of marks that caches the marks of classes and modules, and the claims of equal marks."""

    def __init__(self, catalogue: Catalogue | None, rules: ClaimRules | None, *, selected: bool) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._selected = selected
        self._parent: pytest.Item | pytest.Collector | None = None
        self._parent_marks: list[pytest.Mark] = []
        """The evidence marks of this parent and of its parents, the closest first."""
        self._path: Path | None = None
        self._prefix = ""
        """The start of the node ids of most tests in that file."""
        self._parsed: dict[tuple[str, int | str], tuple[tuple[Claim, ...], tuple[str, ...]]] = {}
        """Claims and problems of a plain mark, by use case and item."""

    def tag(self, item: pytest.Item) -> TaggedTest | None:
        stash = item.stash
        if TAGGED in stash:
            return stash[TAGGED]
        marks = self._marks(item)
        ruled = None if self._rules is None else self._rules.claims_of(item)
        if not marks and ruled is None:
            return None
        claims, problems = self._claims_of(marks) if marks else _NOTHING
        records = "record_evidence" in getattr(item, "fixturenames", ())
        guessed: tuple[Claim, ...] = ()
        if problems and self._catalogue is not None:
            guessed = tuple([claim for claim in guess_claims(marks, self._catalogue) if claim not in claims])
        if ruled is not None:
            claims, problems, guessed = _with_ruled(claims, problems, guessed, ruled)
        if problems and self._catalogue is not None:
            claims, records = (*claims, *guessed), True  # The test does not run, so its environment stays unknown.
        nodeid, path = item.nodeid, item.path
        if path is not self._path:
            self._path, self._prefix = path, f"{_expected_prefix(item)}::"
        # Most node ids have the prefix, and this check runs for each test.
        external = None if nodeid.startswith(self._prefix) else external_path(item)
        mark_count = len(item.own_markers)
        parametrised = item if hasattr(item, "callspec") else None
        tagged = stash[TAGGED] = TaggedTest(
            nodeid, claims, problems, records, self._selected, mark_count, external, parametrised, guessed
        )
        return tagged

    def _marks(self, item: pytest.Item) -> list[pytest.Mark]:
        """Return the evidence marks in the order of the source: module, class, function."""
        parent = item.parent
        if parent is None or parent is not self._parent:
            self._parent, self._parent_marks = parent, [] if parent is None else list(parent.iter_markers(NAME))
        marks = [*[mark for mark in item.own_markers if getattr(mark, "name", None) == NAME], *self._parent_marks]
        marks.reverse()
        return marks

    def _claims_of(self, marks: list[pytest.Mark]) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
        key = plain_form(marks[0]) if len(marks) == 1 else None
        if key is None:
            return claims_of(marks, self._catalogue)
        parsed = self._parsed.get(key)
        if parsed is None:
            parsed = self._parsed[key] = claims_of(marks, self._catalogue)
        return parsed


def _with_ruled(
    claims: tuple[Claim, ...], problems: tuple[str, ...], guessed: tuple[Claim, ...], ruled: RuledClaims
) -> tuple[tuple[Claim, ...], tuple[str, ...], tuple[Claim, ...]]:
    """Return the claims of the marks and of the rules together; they add up."""
    if not (claims or problems):
        return ruled.claims, ruled.problems, ruled.guessed
    together = tuple(dict.fromkeys((*claims, *ruled.claims)))
    guesses = dict.fromkeys(claim for claim in (*guessed, *ruled.guessed) if claim not in together)
    return together, (*problems, *ruled.problems), tuple(guesses)


def external_path(item: pytest.Item) -> Path | None:
    """Return the file of a test whose node id does not name it: it is outside the rootdir, or a plugin named it."""
    return None if _has_prefix(item.nodeid, _expected_prefix(item)) else item.path


def _expected_prefix(item: pytest.Item) -> str:
    r"""Return the start of a node id that names the test's file; ``\0``: the file is outside the rootdir.

    Installed packages count as outside, even if their folder is below the rootdir: its path differs by machine.
    """
    path, root = str(item.path), str(item.config.rootpath)
    if path == root:
        return ""
    root = root if root.endswith(os.sep) else root + os.sep
    return path[len(root) :].replace(os.sep, "/") if path.startswith(root) and "-packages" not in path else "\0"


def _has_prefix(nodeid: str, prefix: str) -> bool:
    """Return whether a node id names this file; xdist's ``loadgroup`` adds a group after ``@``."""
    return nodeid.startswith(prefix) and (not prefix or nodeid[len(prefix) : len(prefix) + 1] in "::@")


def has_late_marks(item: pytest.Item, catalogue: Catalogue, rules: ClaimRules | None = None) -> bool:
    """Return whether a test got marks after it was collected that make it evidence: these record nothing."""
    tagged = item.stash.get(TAGGED, None)
    if tagged is not None and tagged.mark_count == len(item.own_markers):
        return False
    ruled = None if rules is None else rules.late_claims_of(item)
    if tagged is None:
        return is_tagged(item) or ruled is not None
    claims, _ = claims_of([mark for mark in item.own_markers if mark.name == NAME], catalogue)
    return not {*claims, *(ruled.claims if ruled is not None else ())} <= set(tagged.claims)


def fail_invalid(item: pytest.Item, *, recorded: bool = False) -> None:
    """Fail the test if its evidence marks are invalid: a line on the problem, and, if it is recorded, what ends it."""
    tagged = item.stash.get(TAGGED, None)
    if tagged is not None and tagged.problems:
        # Without the node id: pytest shows it beside the message, and cuts its short summary at the terminal's width.
        message = one_line("; ".join(tagged.problems), 600)
        if recorded and tagged.claims:
            names = list(dict.fromkeys(f"{claim.use_case}/{claim.item}" for claim in tagged.claims))
            for_what = one_line(first_names(names, _MOST_NAMED), 300)
            message += f"\n{WRONG_MARK}: until then, or until a reviewer retires it, it fails for {for_what}"
        pytest.fail(message, pytrace=False)


def invalid_marks(items: Iterable[pytest.Item]) -> list[tuple[str, int | None, str]]:
    """Return the file, the line and the problem of each collected test whose evidence marks are invalid."""
    return [
        (str(item.path), None if (line := item.location[1]) is None else line + 1, f"{item.nodeid}: {problems}")
        for item in items
        if (tagged := item.stash.get(TAGGED, None)) is not None and (problems := "; ".join(tagged.problems))
    ]


class InvalidMarksPlugin:
    """The hooks that fail tests with invalid evidence marks if nothing is recorded; otherwise the observer does."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail an invalid test. This is no wrapper, because teardown needs the setup of other wrappers."""
        fail_invalid(item)
