"""The site in a real browser: searched, read by axe-core, and looked at on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PAGES = [
    "index.html",
    "start/qa-engineer.html",
    "tutorial/first-evidence.html",
    "how-to/back-up-the-store.html",
    "reference/marker.html",
    "reference/python-api.html",
    "reference/config.html",
    "explanation/comparison.html",
    "explanation/attacks.html",
]
WIDTHS = [360, 1280]
SEARCHES = {
    "rehearsal": ("explanation/what-counts-as-evidence.html", "how-to/troubleshoot.html"),
    "exit code 13": ("how-to/troubleshoot.html", "reference/options.html"),
    "GitLab": ("how-to/use-the-gitlab-component.html",),
}
"""What somebody looks for, and the pages that help."""


@pytest.fixture
def visit(browser: Any, site: Path) -> Iterator[Any]:
    """Opens a page of the site as a file; in the end the browser asked no host for anything and complained of nothing."""
    complaints: list[str] = []
    contexts = []

    def open_page(name: str, width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: note_message(message.type, message.text))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda request: note_request(request.url))
        page.goto((site / name).as_uri())
        return page

    def note_message(kind: str, text: str) -> None:
        if kind != "info":  # such as: the address has a fragment, so the search gets no focus by itself
            complaints.append(f"{kind}: {text}")

    def note_request(url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            complaints.append(f"request: {url}")

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("words", SEARCHES)
def test_a_search_finds_the_page_that_helps(visit: Any, words: str, width: int) -> None:
    """Typed into the search of the first page, it lists that page among the first five, and leads there."""
    page = visit("index.html", width)
    search(page, words)
    addresses = [link.get_attribute("href") for link in results(page).all()[:5]]
    wanted = [address for address in addresses for name in SEARCHES[words] if name in address]
    assert wanted, addresses
    results(page).nth(addresses.index(wanted[0])).click()
    page.wait_for_url(f"**/{wanted[0].split('/')[-1].split('?')[0].split('#')[0]}*")


def search(page: Any, words: str) -> None:
    """Open the search of a page and type."""
    page.locator("button.md-search__button, label[for=__search].md-header__button").locator(
        "visible=true"
    ).first.click()
    page.locator("input[role=combobox]").fill(words)
    results(page).first.wait_for()


def results(page: Any) -> Any:
    """The pages that the search lists."""
    return page.locator("a[role=option]")


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [*((name, width, "light") for name in PAGES for width in WIDTHS), *((name, 1280, "dark") for name in PAGES[-1:])],
)
def test_no_serious_violation_of_accessibility(visit: Any, name: str, width: int, scheme: str) -> None:
    """axe-core finds nothing serious, at the width of a phone and of a desk, and in the dark."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page = visit(name, width, color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    assert found["testEngine"]["name"] == "axe-core"
    serious = [
        f"{violation['id']}: {violation['nodes'][0]['target']} and {len(violation['nodes']) - 1} more"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []


LAYOUT = """() => ({
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  narrow: [...document.querySelectorAll("article table")].filter((table) => table.rows[0].cells.length > 2).flatMap(
    (table) => [...table.rows].flatMap((row) => [...row.cells])
  ).filter((cell) => cell.innerText.length > 40 && cell.clientWidth < 150).map((cell) => cell.innerText),
  broken: [...document.querySelectorAll("article code.option")].filter(
    (code) => code.getClientRects().length > 1
  ).map((code) => code.innerText),
})"""


def test_on_a_phone_no_page_scrolls_sideways_and_no_column_is_a_strip(visit: Any, site: Path) -> None:
    """Nothing but code and tables is wider than the screen, each of three columns has room, an option is in one line."""
    page = visit("index.html", 360)
    wrong = {}
    options = 0
    for path in sorted(site.rglob("*.html")):
        if path.name == "404.html":  # its addresses begin at the root of the host
            continue
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        layout = page.evaluate(LAYOUT)
        options += page.locator("article code.option").count()
        if layout != {"wide": False, "narrow": [], "broken": []}:
            wrong[path.relative_to(site).as_posix()] = layout
    assert wrong == {}
    assert options > 100


def test_a_wide_table_is_scrolled_by_the_keyboard(visit: Any) -> None:
    """On a phone the table of attacks gets the focus and moves by an arrow; one that fits is no stop."""
    page = visit("explanation/attacks.html", 360)
    table = page.locator(".md-typeset__table[tabindex='0']").first
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    assert table.get_attribute("aria-label") == "Table that scrolls sideways"
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_function("document.querySelectorAll('.md-typeset__table[tabindex]').length === 0")


def test_the_copy_button_copies_the_command(browser: Any, site: Path) -> None:
    """What the button beside the first commands of the tutorial puts on the clipboard are those commands."""
    handler = partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
        page = context.new_page()
        page.goto(f"{address}/tutorial/first-evidence.html")
        page.locator(".language-sh button").first.click()
        copied = page.evaluate("navigator.clipboard.readText()").splitlines()
        assert copied[0] == "python3 -m venv .venv"
        assert copied == page.locator(".language-sh code").first.inner_text().splitlines()
        context.close()
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Write nothing to standard error."""
