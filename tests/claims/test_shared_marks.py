"""Only tests with equal marks share their claims."""

from __future__ import annotations

import pytest

from pytest_readiness.claims.catalogue import Catalogue
from pytest_readiness.claims.marker import claims_of, plain_form


@pytest.mark.parametrize("item", [True, 1.0, [1], None, ("1",)])
def test_an_item_that_only_equals_a_number_is_not_taken_for_it(item: object) -> None:
    """A value that equals 1 but is no item number has no plain form."""
    assert plain_form(pytest.mark.evidence("UC-001", item=1).mark) == ("UC-001", 1)
    assert plain_form(pytest.mark.evidence("UC-001", item=item).mark) is None


@pytest.mark.parametrize("given", [{"item": 1, "part": "a"}, {"items": 1}, {}])
def test_a_mark_that_says_more_or_less_is_no_plain_one(given: dict[str, object]) -> None:
    """A mark with a scope, a misspelled keyword or no item has no plain form."""
    assert plain_form(pytest.mark.evidence("UC-001", **given).mark) is None
    assert plain_form(pytest.mark.evidence("UC-001", "UC-002", item=1).mark) is None


def test_a_number_and_its_text_name_the_same_item() -> None:
    """The number 1 and the text "1" have different plain forms and make the same claim."""
    forms = [pytest.mark.evidence("UC-001", item=item).mark for item in (1, "1")]
    assert plain_form(forms[0]) != plain_form(forms[1])
    claims = [claims_of([mark], Catalogue("r", open_world=True)) for mark in forms]
    assert claims[0] == claims[1]
    assert not claims[0][1]
