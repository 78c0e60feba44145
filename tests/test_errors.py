"""Suggestions for unknown names: the nearest known name, and never a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import suggestion

IDS = [f"UC-{number:03}" for number in range(1, 33)]


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("UC-03", IDS, "UC-003"),
        ("uc-3", IDS, "UC-003"),
        ("UC-5", IDS, "UC-005"),
        ("UC003", IDS, "UC-003"),
        ("CU-003", IDS, "UC-003"),
        ("UC-999", IDS, None),
        ("UC-033", IDS, None),
        ("UC-003/2/staging", ["UC-003/2", "UC-003/6/rotation"], "UC-003/2"),
        ("UC-003/2/stging", ["UC-003/2/staging", "UC-003/2/prod"], "UC-003/2/staging"),
        ("failure", ["waive", "gate", "verify"], None),
        ("gaet", ["waive", "gate", "verify"], "gate"),
        ("staging2", ["staging", "prod"], "staging"),
        ("staging3", ["staging1", "staging2"], None),
        ("", IDS, None),
    ],
)
def test_the_nearest_name(name, candidates, expected):
    """Numbers are compared as numbers, and without a near name the suggestion is empty."""
    assert suggestion(name, candidates) == (f" (did you mean '{expected}'?)" if expected else "")


@given(number=st.integers(0, 10**30), zeros=st.integers(0, 5), others=st.sets(st.integers(0, 10**30), max_size=8))
def test_a_number_is_never_taken_for_another(number, zeros, others):
    """Of ids that differ in their number, only the one with that number is suggested, in any spelling."""
    candidates = [f"UC-{other:04}" for other in sorted(others)]
    text = suggestion(f"uc-{'0' * zeros}{number}", candidates)
    assert text == (f" (did you mean 'UC-{number:04}'?)" if number in others else "")
