"""The site of several versions: each says which it is, an old one that it is old, and links lead from one to another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from .html_tree import read

pytestmark = pytest.mark.slow

OLD, NEW = "0.9", "0.10"


@pytest.fixture(scope="module")
def versions(tmp_path_factory) -> Path:
    """The folder with two versions, of which the older was built last; one page is in the older alone."""
    pytest.importorskip("zensical", reason="the site's generator is not installed (nox -s docs)")
    pytest.importorskip("mkdocstrings_handlers.python", reason="mkdocstrings is not installed (nox -s docs)")
    from docs_site.site import build_version  # the generator is there

    folder = tmp_path_factory.mktemp("versions")
    for version in (NEW, OLD):
        build_version(folder, version)
    (folder / "latest" / "how-to" / "shard-a-run.html").unlink()
    return folder


@pytest.fixture(scope="module")
def address(versions: Path) -> Iterator[str]:
    """Where a server has the folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(versions))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Write nothing to standard error."""


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Opens a page of the server, which must not throw an error."""
    contexts = []

    def open_page(name: str) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"{name}: {error}"))
        page.goto(f"{address}/{name}", wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_each_page_of_a_version_names_it(versions: Path, site: Path) -> None:
    """The last line of each page has the version of its folder, `latest` that of the newest; without one, none is named."""
    for folder, version in {OLD: OLD, NEW: NEW, "latest": NEW}.items():
        pages = [path for path in (versions / folder).rglob("*.html") if path.name != "404.html"]
        assert len(pages) > 50
        for path in pages:
            text = read(path).first("div", **{"class": "md-copyright__highlight"}).text()
            assert text.split() == f"pytest-readiness {version}, MIT licence".split(), path
    assert (
        read(site / "index.html").first("div", **{"class": "md-copyright__highlight"}).text().strip() == "MIT licence"
    )


def test_the_newest_is_the_highest_whichever_was_built_last(versions: Path) -> None:
    """The list has the highest first, by number and not by letter, and it is what `latest` stands for."""
    listed = json.loads((versions / "versions.json").read_text())
    assert [(entry["version"], entry["aliases"]) for entry in listed] == [(NEW, ["latest"]), (OLD, [])]
    assert [entry["title"] for entry in listed] == [NEW, OLD]


def test_versions_are_ordered_by_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release candidate is before its release, and what is no version is refused before anything is built."""
    pytest.importorskip("zensical", reason="the site's generator is not installed (nox -s docs)")
    from docs_site import site

    built: list[str] = []

    def note_build(into: Path, version: str) -> None:
        into.mkdir(exist_ok=True)
        (into / "index.html").write_text(version)
        built.append(version)

    monkeypatch.setattr(site, "build", note_build)
    order = ["2.0", "2.0-rc1", "1.10.1", "1.10", "1.9"]
    for version in ("1.10", "2.0-rc1", "1.9", "2.0", "1.10.1", "1.9"):
        site.build_version(tmp_path, version)
    assert [entry["version"] for entry in json.loads((tmp_path / "versions.json").read_text())] == order
    assert (tmp_path / "latest" / "index.html").read_text() == "2.0"
    built.clear()
    for wrong in ("latest", "../x", "1.x", "", "v1.0", "1.0\n"):
        with pytest.raises(site.BuildError, match=r"is no version: write one such as 0\.2"):
            site.build_version(tmp_path, wrong)
    assert built == []


def test_an_old_version_says_that_it_is_old(visit: Any, address: str) -> None:
    """It leads to the same page of the newest version, and to the first page where there is no such page."""
    page = visit(f"{OLD}/how-to/install.html")
    assert page.locator(".old-version").inner_text().strip() == (
        f"This is version {OLD}, which is old. The newest is version {NEW}."
    )
    page.locator(".old-version a").click()
    page.wait_for_url(f"{address}/latest/how-to/install.html")
    assert page.locator("h1").inner_text().startswith("Install")
    page = visit(f"{OLD}/how-to/shard-a-run.html")
    page.locator(".old-version a").click()
    page.wait_for_url(f"{address}/latest/index.html")


@pytest.mark.parametrize("name", [f"{NEW}/how-to/install.html", "latest/how-to/install.html", ""])
def test_the_newest_version_says_nothing_of_the_kind(visit: Any, name: str) -> None:
    """Neither by its number nor as `latest`, which the first address leads to."""
    page = visit(name)
    page.locator(".md-version").wait_for()
    assert page.locator(".old-version").count() == 0
    if not name:
        assert page.url.endswith("/latest/index.html")


def test_the_selector_leads_to_the_first_page_of_another_version(visit: Any, address: str) -> None:
    """It shows the version of the page, and lists all, the highest first."""
    page = visit("latest/how-to/install.html")
    assert page.locator(".md-version__current").inner_text().strip() == NEW
    assert page.locator(".md-version a").all_text_contents() == [NEW, OLD]
    page.locator(".md-version").hover()
    page.locator(".md-version a", has_text=re.compile(rf"^\s*{re.escape(OLD)}\s*$")).click()
    page.wait_for_url(f"{address}/{OLD}/")
    page.locator(".old-version").wait_for()


def test_the_banner_can_be_read(visit: Any) -> None:
    """axe-core finds nothing serious on a page that says it is old."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    page = visit(f"{OLD}/how-to/install.html")
    page.locator(".old-version").wait_for()
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")["violations"]
    assert [violation["id"] for violation in found if violation["impact"] in ("serious", "critical")] == []
