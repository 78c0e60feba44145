"""``readiness open``: the page is written and shown to whoever asks."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import Project

TESTS = """
@evidence("UC-001", item=1)
def test_provider(): pass
"""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser would show."""
    addresses: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: addresses.append(address) or True)
    return addresses


def test_the_page_is_written_and_opened(project: Project, opened: list[str]) -> None:
    """Without -o the page lies where git ignores it; its address is printed and opened."""
    project.configured().tests(TESTS)
    project.run()
    done = project.cli("open")
    assert done.exit_code == 0, done.output
    (address,) = opened
    assert done.stdout == f"{address}\n"
    path = Path(address.removeprefix("file://"))
    assert path == project.path / ".readiness" / "report.html"
    assert "NOT ELIGIBLE" in path.read_text(encoding="utf-8")
    assert "*" in (path.parent / ".gitignore").read_text().split()


def test_the_page_of_some_use_cases_in_a_named_file(project: Project, opened: list[str]) -> None:
    """Patterns, -o and --no-browser do what they do elsewhere."""
    project.configured().tests(TESTS)
    done = project.cli("open", "UC-002", "-o", "page.html", "--no-browser")
    assert (done.exit_code, opened) == (0, [])
    text = (project.path / "page.html").read_text(encoding="utf-8")
    assert 'id="u-UC-002"' in text
    assert 'id="u-UC-001"' not in text


def no_browser(address: str) -> bool:
    """Raise the error of a machine without a browser."""
    raise webbrowser.Error(f"could not locate a runnable browser for {address}")


@pytest.mark.parametrize("browser", [lambda address: False, no_browser])
def test_where_no_browser_can_be_started(
    project: Project, monkeypatch: pytest.MonkeyPatch, browser: Callable[[str], bool]
) -> None:
    """A server without a browser gets the address and a hint, and no error; git ignores the page without a run, too."""
    monkeypatch.setattr("webbrowser.open", browser)
    done = project.configured().cli("open")
    assert done.exit_code == 0
    assert "open it yourself" in done.stdout
    assert "*" in (project.path / ".readiness" / ".gitignore").read_text().split()


def test_a_release_has_its_own_evidence_alone(project: Project, opened: list[str]) -> None:
    """As in a report, what was recorded of another release does not count."""
    project.configured().tests(TESTS)
    project.run("--readiness-release=1.0")
    for release, is_shown in (("1.0", True), ("2.0", False)):
        assert project.cli("open", "--release", release, "-o", "page.html").exit_code == 0
        text = (project.path / "page.html").read_text(encoding="utf-8")
        assert ("<td>1/2<td>" in text) is is_shown, release
    assert len(opened) == 2


def test_damage_is_shown_and_is_an_error(project: Project, opened: list[str]) -> None:
    """The page says what is wrong with the store, and the exit code is 3."""
    project.configured().tests(TESTS)
    project.run()
    store = project.path / ".readiness" / "evidence.db"
    store.write_bytes(store.read_bytes().replace(b'"result":"PASSED"', b'"result":"FAILED"'))
    done = project.cli("open")
    assert (done.exit_code, len(done.stderr.splitlines())) == (3, 1)
    (address,) = opened
    assert "readiness verify" in done.stderr
    assert "evidence.db" in Path(address.removeprefix("file://")).read_text(encoding="utf-8")


def test_mistakes(project: Project, opened: list[str]) -> None:
    """An unknown use case, and a file that is read, are refused before anything is opened."""
    project.configured()
    for arguments, expected in (
        (("UC-9",), "matches 'UC-9'"),
        (("-o", "readiness.toml"), "would overwrite the config"),
        (("-o", "no/page.html"), "cannot be written"),
    ):
        done = project.cli("open", *arguments)
        assert done.exit_code == 2, done.output
        assert expected in done.stderr
    assert opened == []
