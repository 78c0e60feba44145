"""Very many tests, parameters and artifacts: each is recorded, once, and the store verifies."""

from __future__ import annotations

import pytest

from tests.hostile.extent import size
from tests.project import Project

pytestmark = pytest.mark.slow

TESTS, DEPTH, ARTIFACTS = size(10_000, 600), size(8, 5), size(3_000, 200)


def recorded(project: Project, passed: int) -> str:
    """Run the session in a process of its own and verify; return the answer."""
    result = project.run_apart("-q")
    result.assert_outcomes(passed=passed)
    verified = project.cli("verify")
    assert verified.exit_code == 0, verified.output
    assert f" {passed} {'piece' if passed == 1 else 'pieces'} of evidence" in verified.stdout
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"
    return verified.stdout


def test_many_tests(project: Project) -> None:
    """A session of ten thousand tests (in CI: some hundred)."""
    project.configured().tests(
        f'@pytest.mark.parametrize("n", range({TESTS}))\n@evidence("UC-001", item=1)\ndef test_it(n): pass\n'
    )
    recorded(project, TESTS)


def test_parameters_upon_parameters(project: Project) -> None:
    """Parametrisation of eight levels, 6,561 tests with long ids (in CI: five levels)."""
    marks = "".join(f'@pytest.mark.parametrize("p{level}", ["x[::]", "y/ü", "z" * 30])\n' for level in range(DEPTH))
    names = ", ".join(f"p{level}" for level in range(DEPTH))
    project.configured().tests(f'{marks}@evidence("UC-001", item=1)\ndef test_it({names}): pass\n')
    recorded(project, 3**DEPTH)


def test_many_artifacts(project: Project) -> None:
    """Thousands of artifacts of one test are kept, each under its digest, and those with one content once."""
    project.configured().tests(
        '@evidence("UC-001", item=1)\ndef test_it(record_evidence):\n'
        f"    for number in range({ARTIFACTS}):\n"
        '        record_evidence.attach(f"artifact {number // 2}", name=f"part-{number}.txt")\n'
    )
    assert "artifact" in recorded(project, 1)
    assert len(project.artifacts) == (ARTIFACTS + 1) // 2
