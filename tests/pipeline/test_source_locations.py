"""File and line of a test by its node id, read from the source and never executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_readiness.pipeline.source_locations import checkout_of, locate_test

SOURCE = """\
raise SystemExit("nobody imports this")
import pytest


@pytest.mark.parametrize("x", ["a::b", "[c]"])
def test_a(x): pass


class TestB:
    async def test_c(self): pass

    class TestD:
        def test_e(self): pass
"""


@pytest.mark.parametrize(
    ("test_id", "line"),
    [
        ("tests/test_x.py::test_a[a::b]", 6),
        ("tests/test_x.py::test_a[[c]]", 6),
        ("tests/test_x.py::TestB::test_c", 10),
        ("tests/test_x.py::TestB::TestD::test_e", 13),
        ("tests/test_x.py::TestB::inherited", 9),
        ("tests/test_x.py::made_up", None),
        ("tests/../tests/test_x.py::test_a[1]", 6),
    ],
)
def test_a_node_id_leads_to_the_line_of_its_function(tmp_path: Path, test_id: str, line: int | None) -> None:
    """Functions, methods and nested classes; a method that is inherited leads to the class."""
    (tmp_path / "api" / "tests").mkdir(parents=True)
    (tmp_path / "api" / "tests" / "test_x.py").write_text(SOURCE)
    place = locate_test(test_id, tmp_path / "api", tmp_path)
    assert place is not None
    assert (place.path, place.line) == ("api/tests/test_x.py", line)


@pytest.mark.parametrize(
    "test_id",
    [
        "no separator",
        "missing.py::test_a",
        "../outside.py::test_a",
        "/etc/passwd::x",
        ".::test",
        "\0::x",
        "pipe::x",
        "a" * 5000 + "::x",
        "::x",
    ],
)
def test_what_names_no_file_of_the_repository_has_no_place(tmp_path: Path, test_id: str) -> None:
    """Nothing outside is read, nothing blocks, and nothing is raised."""
    import os

    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.py").write_text("def test_a(): pass\n")
    os.mkfifo(root / "pipe")
    assert locate_test(test_id, root, root) is None


def test_a_file_that_is_no_python_has_its_path_alone(tmp_path: Path) -> None:
    """A syntax error or a null byte costs the line."""
    for name, text in (("a.py", "def ("), ("b.py", "\0"), ("c.feature", "Scenario: x")):
        (tmp_path / name).write_text(text)
        place = locate_test(f"{name}::test_a", tmp_path, tmp_path)
        assert place is not None
        assert (place.path, place.line) == (name, None)


def test_a_very_long_file_is_not_searched(tmp_path: Path) -> None:
    """Nobody waits for the line of a test in a generated file."""
    (tmp_path / "a.py").write_text(f"def test_a(): pass\n{'#' * 4_000_000}\n")
    place = locate_test("a.py::test_a", tmp_path, tmp_path)
    assert place is not None
    assert (place.path, place.line) == ("a.py", None)


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_start_at_the_checkout_that_the_project_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The checkout of a CI server counts if the project is in it; else the folder with .git, else the config's."""
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "checkout" / "repo" / "api"
    folder.mkdir(parents=True)
    (tmp_path / "other").mkdir()
    assert checkout_of(folder) == folder
    (tmp_path / "checkout" / "repo" / ".git").mkdir()
    assert checkout_of(folder) == tmp_path / "checkout" / "repo"
    monkeypatch.setenv(variable, str(tmp_path / "other"))
    assert checkout_of(folder) == tmp_path / "checkout" / "repo"
    monkeypatch.setenv(variable, str(tmp_path / "checkout"))
    assert checkout_of(folder) == tmp_path / "checkout"
