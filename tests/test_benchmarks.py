"""The benchmarks measure functions that exist."""

from __future__ import annotations

import pytest
from benchmarks import gate


@pytest.mark.parametrize(("owner", "name"), [step[:2] for step in gate.STEPS])
def test_each_step_that_a_benchmark_measures_is_there(owner: object, name: str) -> None:
    """The steps of a gate are measured by the name of a function or method."""
    assert callable(getattr(owner, name))
