"""What collection found: the claims of each test, by node id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from ..errors import one_line
from .catalogue import Catalogue
from .claim import Claim
from .mark import NAME
from .marker import claims_of


@dataclass(frozen=True, slots=True)
class Tagged:
    """What one test claims, and what is wrong with how it says so."""

    test_id: str
    claims: tuple[Claim, ...]
    problems: tuple[str, ...]
    records: bool
    """The test uses ``record_evidence``, so it can still say where it ran."""
    selected: bool = True


TAGGED = pytest.StashKey[Tagged]()


def tag(item: pytest.Item, catalogue: Catalogue | None, *, selected: bool = True) -> Tagged | None:
    """Return what a test claims (kept on the test), or None if it carries no evidence mark.

    Without a catalogue (nothing is recorded) only the form of the marks is judged.
    """
    tagged = item.stash.get(TAGGED, None)
    if tagged is not None:
        return tagged
    marks = list(item.iter_markers(NAME))
    if not marks:
        return None
    marks.reverse()  # the order of the source: module, class, function
    claims, problems = claims_of(marks, catalogue)
    records = "record_evidence" in getattr(item, "fixturenames", ())
    tagged = Tagged(item.nodeid, claims, problems, records, selected)
    item.stash[TAGGED] = tagged
    return tagged


def tag_all(items: Iterable[pytest.Item], catalogue: Catalogue | None, *, selected: bool = True) -> list[Tagged]:
    """Return what each evidence test among these claims."""
    return [tagged for item in items if (tagged := tag(item, catalogue, selected=selected)) is not None]


def refuse(item: pytest.Item) -> None:
    """Fail the test, in one line, if something is wrong with its evidence marks."""
    tagged = item.stash.get(TAGGED, None)
    if tagged is not None and tagged.problems:
        pytest.fail(f"{one_line(item.nodeid)}: {one_line('; '.join(tagged.problems), 600)}", pytrace=False)


class Refusal:
    """Fails the tests whose evidence marks are wrong where nothing is recorded; else the observer does."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """No wrapper: teardown needs what other wrappers set up."""
        refuse(item)
