"""Sessions whose conftest or test module replaces a library of ours: one line, and a gate that stays closed."""

from __future__ import annotations

import pytest

from tests.project import Project
from tests.signing.keyring import signing_as, trusting

pytestmark = pytest.mark.slow

MODULE = "import sys, types\nsys.modules['{0}'] = types.ModuleType('{0}')\n"
MOCK = "import sys, unittest.mock\nsys.modules['{0}'] = unittest.mock.MagicMock()\n"
TESTS = "@evidence('UC-001', item=1)\ndef test_a(): pass\n"


@pytest.mark.parametrize("stub", [MODULE, MOCK], ids=["module", "mock"])
@pytest.mark.parametrize("library", ["securesystemslib", "cryptography"])
@pytest.mark.parametrize("place", ["conftest", "test module"])
def test_what_signs_is_a_stub(project: Project, library: str, stub: str, place: str) -> None:
    """A session that signs is refused before its first test."""
    source = stub.format(library)
    trusting(project, tests=TESTS if place == "conftest" else source + TESTS)
    if place == "conftest":
        project.write("conftest.py", source)
    signing_as(project, "ci")
    refused(project, library, 4)


@pytest.mark.parametrize(("library", "exit_code"), [("jinja2", 4), ("markdown_it", 4), ("sqlite_utils", 13)], ids=str)
def test_what_reads_stores_and_reports_is_a_stub(project: Project, library: str, exit_code: int) -> None:
    """So is a session that cannot read its tracker or write its page; one that cannot store leaves its journal."""
    project.configured().tests(TESTS)
    project.write("conftest.py", MODULE.format(library))
    refused(project, library, exit_code)
    (project.path / "conftest.py").unlink()
    if exit_code == 13:
        assert project.cli("recover").exit_code == 0
        assert [piece["result"] for piece in project.evidence()] == ["PASSED"]


def refused(project: Project, library: str, exit_code: int) -> None:
    """Run a session with a gate, which ends with one line on the library."""
    result = project.run_apart("--readiness-gate", "--readiness-html=page.html")
    output = f"{result.stdout.str()}\n{result.stderr.str()}"
    assert result.ret == exit_code, output
    assert "INTERNALERROR" not in output
    assert "internal error" not in output
    line = f"sys.modules has no real '{library}', which pytest-readiness needs: a conftest or a test module put"
    assert line in " ".join(output.split())
    assert "Traceback" not in output


@pytest.mark.parametrize("library", ["securesystemslib", "yaml", "wcwidth"])
def test_a_stub_of_what_is_not_needed_does_no_harm(project: Project, library: str) -> None:
    """A suite may replace what its session does not use."""
    project.configured().tests(MODULE.format(library) + TESTS)
    assert project.run_apart().ret == 0
    assert len(project.evidence()) == 1
