"""``readiness open``: the page is written and shown to whoever asks."""

from __future__ import annotations

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


def test_where_no_browser_can_be_started(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without a browser gets the address and a hint, and no error."""
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    done = project.configured().cli("open")
    assert done.exit_code == 0
    assert "open it yourself" in done.stdout


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
