"""What is planned of the tests of a run: the ids differ, and what is said of them is mostly the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..facts.ledger.line import canonical, canonical_text, canonicalise


class PlannedTest(NamedTuple):
    """What a plan says of a test beside its id. Tests that claim the same share one."""

    plain: dict[str, Any]
    """``claims``; ``records`` and ``deselected`` where they hold."""
    claims: list[dict[str, Any]]
    """The observer's own list, unless a line cannot say what is in it."""
    spelled_claims: str
    """Their canonical text, which stands in the line of the test's end again."""
    spelled: str
    """The canonical text of the whole, without its closing brace: the id comes last."""

    def spelling(self, test_id: str) -> str:
        """Return the canonical text of what is planned of this test."""
        return f'{self.spelled},"test":{canonical_text(test_id)}}}'

    def of(self, test_id: str) -> dict[str, Any]:
        """Return what is planned of this test."""
        return {"test": test_id, **self.plain}


class SharedPlans:
    """Finds the one value of what many tests of a plan say alike."""

    def __init__(self) -> None:
        self._by_text: dict[str, PlannedTest] = {}

    def finder(self) -> Callable[[Mapping[str, Any]], PlannedTest]:
        """Return what finds it for the tests of one plan, which is alive meanwhile: most share a list of claims."""
        known: dict[tuple[int, Any, Any], PlannedTest] = {}

        def find(test: Mapping[str, Any]) -> PlannedTest:
            key = id(test["claims"]), test.get("records"), test.get("deselected")
            found = known.get(key)
            if found is None:
                found = known[key] = self._of(test)
            return found

        return find

    def _of(self, test: Mapping[str, Any]) -> PlannedTest:
        claims, claims_text = canonicalise(test["claims"])
        plain = {"claims": claims} | {name: True for name in ("deselected", "records") if test.get(name)}
        text = canonical(plain)[:-1]
        return self._by_text.setdefault(text, PlannedTest(plain, claims, claims_text, text))
