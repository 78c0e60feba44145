"""Planned tests of a run: ids with shared plans, since most tests have the same claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..facts.ledger.line import canonical, canonical_text, canonicalise


class PlannedTest(NamedTuple):
    """The plan of a test without its id. Tests with equal claims share one."""

    plain: dict[str, Any]
    """``claims``; ``records`` and ``deselected`` if they are true."""
    claims: list[dict[str, Any]]
    """The observer's own list, unless it holds values that JSON cannot represent."""
    claims_text: str
    """Canonical text of the claims, which is also part of the line about the test's end."""
    text: str
    """Canonical text of the plan, without its closing brace: the id is the last key."""

    def text_for(self, test_id: str) -> str:
        """Return the canonical text of the plan for a test id."""
        return f'{self.text},"test":{canonical_text(test_id)}}}'

    def plain_for(self, test_id: str) -> dict[str, Any]:
        """Return the plan for a test id."""
        return {"test": test_id, **self.plain}


class SharedPlans:
    """Finds the shared plan of tests with equal claims."""

    def __init__(self) -> None:
        self._by_text: dict[str, PlannedTest] = {}

    def finder(self) -> Callable[[Mapping[str, Any]], PlannedTest]:
        """Return a function that finds the plan of a test, for one plan.

        It is valid while the tests exist, because most share a list of claims, which is found by its address.
        """
        plans: dict[tuple[int, Any, Any], PlannedTest] = {}

        def find(test: Mapping[str, Any]) -> PlannedTest:
            key = id(test["claims"]), test.get("records"), test.get("deselected")
            plan = plans.get(key)
            if plan is None:
                plan = plans[key] = self._build(test)
            return plan

        return find

    def _build(self, test: Mapping[str, Any]) -> PlannedTest:
        claims, claims_text = canonicalise(test["claims"])
        plain = {"claims": claims} | {name: True for name in ("deselected", "records") if test.get(name)}
        text = canonical(plain)[:-1]
        return self._by_text.setdefault(text, PlannedTest(plain, claims, claims_text, text))
