"""The page in a real browser: read, filtered, driven by keys, printed, verified, and attacked."""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from zlib import compress, decompress

import pytest

from tests.page_project import staged
from tests.pages import ROOT
from tests.project import Project
from tests.test_hostile_output import hostile_project

from .browser import focused, verification_text

pytestmark = pytest.mark.slow

PICTURES = ROOT / "docs" / "pictures"
_MADE: dict[str, bytes] = {}


@pytest.fixture
def page_file(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The page of the staged tracker. It is made once, and each test has a copy of its own."""
    if "page" not in _MADE:
        project = staged(Project.at(pytester, monkeypatch))
        done = project.cli("report", "--format", "html", "-o", "page.html")
        assert done.exit_code == 0, done.output
        _MADE["page"] = (project.path / "page.html").read_bytes()
        _MADE["large"] = project.cli("artifact", large_artifact(project), "large.bin").stdout_bytes
    path = tmp_path / "page.html"
    path.write_bytes(_MADE["page"])
    return path


def large_artifact(project: Project) -> str:
    """Id of the newest evidence with an artifact that is too large for the page."""
    pieces = [piece for piece in project.evidence("UC-002") if len(piece["artifacts"]) > 1]
    return str(pieces[0]["id"])


BROKEN_WORDS = r"""() => {
  const broken = [];
  const words = /(READY|FOR|GO|LIVE|IN|PROGRESS|NOT|STARTED|BLOCKED|COLLECTING|AWAITING|REVIEW|SUSPECT|[A-Z][a-z]+)_?/g;
  for (const element of document.querySelectorAll("#m tbody td:nth-child(2), .facts dt, .tiles li")) {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) for (const match of texts.currentNode.data.matchAll(words)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, match.index);
      range.setEnd(texts.currentNode, match.index + match[0].length);
      if (range.getClientRects().length > 1) broken.push(match[0]);
    }
  }
  return broken;
}"""
"""Words of the page that stand on more than one line."""


def test_without_a_script_everything_can_be_read(visit: Any, page_file: Path) -> None:
    """Verdict, matrix and evidence are there; a cell leads to its requirements and opens them."""
    page = visit(page_file, script=False)
    assert page.inner_text("h1").startswith("NOT ELIGIBLE")
    rows = page.locator("#m tbody tr")
    assert rows.count() == 32
    assert "item 5 failing" in rows.nth(6).inner_text()
    assert "rejected by qa-lead@example.com" in rows.nth(10).inner_text()
    assert not page.locator("#filter").is_visible()
    evidence = page.locator('[id="u-UC-007.5"] table.ev').first
    assert not evidence.is_visible()
    page.click('a[href="#u-UC-007.5"]')
    assert evidence.is_visible()
    text = evidence.inner_text()
    for field in ("Tenant ID", "Command/Test ID", "Timestamp (UTC)", "Digest of its line", "FAILED", "event 17"):
        assert field in text
    assert "the contract is not signed" in page.inner_text("#exceptions")
    assert "waiver of UC-010/7" in page.inner_text("#expiring")
    assert page.locator("#rules tbody tr").count() > 5
    assert page.locator("#burn-up svg circle").count() >= 1


def test_the_page_of_a_tracker_is_small(page_file: Path) -> None:
    """A tracker of 32 use cases with 256 pieces of evidence fits into an e-mail."""
    assert page_file.read_bytes().count(b'class="e"') > 250
    assert page_file.stat().st_size < 400_000


def test_what_is_shown_is_verified(visit: Any, page_file: Path) -> None:
    """An untouched page says how much of it was compared with the recorded lines."""
    pieces = page_file.read_text(encoding="utf-8").count('class="e"')
    assert re.match(
        rf"Verified in this browser: {pieces} pieces of evidence and \d+ artifacts are",
        verification_text(visit(page_file)),
    )


def test_a_piece_at_two_requirements_is_counted_once(visit: Any, page_file: Path, tmp_path: Path) -> None:
    """A drill may be evidence for two parts of an item, and was recorded once."""
    text = page_file.read_text(encoding="utf-8")
    article = text[text.index("<article") : text.index("</article>") + len("</article>")]
    assert 'class="e"' in article
    (twice := tmp_path / "twice.html").write_text(text.replace(article, article * 2), encoding="utf-8")
    assert verification_text(visit(twice)) == verification_text(visit(page_file))


def changed_line(text: str) -> str:
    """The page with one changed byte in a packed line, packed again."""
    packed = re.search(r'id="lines">([^<]+)<', text)
    assert packed
    lines = decompress(b64decode(packed[1]), 31).replace(b'"result":"FAILED"', b'"result":"PASSED"')
    return text.replace(packed[1], b64encode(compress(lines, wbits=31)).decode())


def changed_byte_of_packed(text: str) -> str:
    """The page with one other character in what is packed."""
    packed = re.search(r'id="lines">([^<]+)<', text)
    assert packed
    at = packed.start(1) + len(packed[1]) // 2
    return f"{text[:at]}{'A' if text[at] != 'A' else 'B'}{text[at + 1 :]}"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda text: text.replace("<td>FAILED<", "<td>PASSED<", 1), "shows for Result: PASSED; recorded is: FAILED", id="result"),
        pytest.param(lambda text: text.replace("[UC-007-5]<tr><th>Result", "[UC-007-4]<tr><th>Result", 1), "shows for Command/Test ID", id="test"),
        pytest.param(lambda text: re.sub(r"(Timestamp \(UTC\)<td>20)2", r"\g<1>3", text, count=1), "shows for Timestamp (UTC)", id="timestamp"),
        pytest.param(lambda text: re.sub(r'(<th class="e">[^<]+\.)1<', r"\g<1>2<", text, count=1), "is not in its recorded line", id="id"),
        pytest.param(lambda text: re.sub(r"<td><code>.", "<td><code>g", text, count=1), "shows another digest", id="digest"),
        pytest.param(lambda text: text.replace("HTTP/2 200 from", "HTTP/2 500 from", 1), "has another content", id="artifact"),
        pytest.param(changed_line, "shows another digest than that of its recorded line", id="line"),
        pytest.param(changed_byte_of_packed, "cannot be verified", id="packed"),
    ],
)  # fmt: skip
def test_one_changed_byte_is_told(visit: Any, page_file: Path, change: Any, expected: str) -> None:
    """Whatever of the shown or packed evidence is changed, the page says at once that it cannot be relied on."""
    text = page_file.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    page_file.write_text(changed, encoding="utf-8", newline="")
    page = visit(page_file)
    assert verification_text(page).startswith("Do not rely on this page")
    assert expected in page.inner_text("#differences [role=alert]")


def test_where_the_browser_cannot_verify_the_page_says_so(visit: Any, page_file: Path) -> None:
    """On a plain http address there is no SubtleCrypto: nothing is claimed."""
    page = visit(page_file, before="Object.defineProperty(crypto, 'subtle', {value: undefined})")
    assert verification_text(page).startswith("Not verified: this browser offers no SubtleCrypto here")


def test_a_filter_is_part_of_the_address(visit: Any, page_file: Path) -> None:
    """Search and selections narrow matrix and evidence, and a copied address shows the same again."""
    page = visit(page_file)
    page.select_option("[name=status]", "BLOCKED")
    assert page.inner_text("#shown") == "3 of 32 use cases"
    page.fill("[name=q]", "wrong region")
    assert page.locator("#m tbody tr:visible").count() == 1
    assert page.locator("article:visible").count() == 1
    page.click('a[href="#u-UC-011.3"]')
    address = page.evaluate("location.hash")
    again = visit(page_file, address)
    assert again.locator("#m tbody tr:visible").count() == 1
    assert again.locator('[id="u-UC-011.3"]').is_visible()
    assert again.input_value("[name=q]") == "wrong region"
    again.click("text=Show all")
    again.wait_for_selector("#m tbody tr:nth-child(32)", state="visible")
    assert "q=" not in again.evaluate("location.hash")
    page.select_option("[name=status]", "")
    page.fill("[name=q]", "")
    page.select_option("[name=state]", label="WAIVED")
    assert page.locator("#m tbody tr:visible").count() == 1
    page.select_option("[name=state]", "")
    page.select_option("[name=owner]", "unassigned")
    assert page.inner_text("#shown") == "8 of 32 use cases"


def test_a_link_to_a_cell_opens_it_and_back_returns(visit: Any, page_file: Path) -> None:
    """The address of a cell works from outside, and the browser's history works within."""
    page = visit(page_file, "#u-UC-007.5")
    assert page.locator('[id="u-UC-007.5"] table.ev').first.is_visible()
    page.click('a[href="#u-UC-009.2"]')
    assert page.evaluate("location.hash") == "#u-UC-009.2"
    page.go_back()
    assert page.evaluate("location.hash") == "#u-UC-007.5"


def test_with_the_keyboard_alone(visit: Any, page_file: Path) -> None:
    """The matrix is one stop; arrows move in it, Enter opens a cell, and its evidence has the focus."""
    page = visit(page_file)
    page.keyboard.press("Tab")
    assert focused(page) == "#matrix"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("incident")
    assert page.locator("#m tbody tr:visible").count() > 1
    for _ in range(12):
        page.keyboard.press("Tab")
        if focused(page).startswith("#u-"):
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    row = focused(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused(page) == f"{row}.2"
    page.keyboard.press("End")
    assert focused(page) == f"{row}.7"
    page.keyboard.press("Enter")
    page.wait_for_selector(f'details[open] [id="{row[1:]}.7"]')
    assert "Failure drill" in focused(page)


def test_artifacts_are_read_where_they_are_signed(visit: Any, page_file: Path, tmp_path: Path) -> None:
    """A small text is shown, small bytes are a download, and for a large one the command stands there that reads it."""
    page = visit(page_file, "#u-UC-002.2")
    assert "HTTP/2 200 from UC-002" in page.inner_text('[id="u-UC-002.2"] pre')
    page.evaluate("location.hash = '#u-UC-002.5'")
    cell = page.locator('[id="u-UC-002.5"]')
    with page.expect_download() as download:
        cell.locator("a[download]").first.click()
    assert Path(download.value.path()).read_bytes() == bytes(range(256)) * 12
    assert download.value.suggested_filename == "recording.bin"
    command = re.search(r"readiness artifact \S+ large\.bin -o FILE", cell.inner_text())
    assert command
    assert _MADE["large"] == b"x" * 90_000


def test_print_has_what_is_closed(visit: Any, page_file: Path) -> None:
    """On paper closed details are open, and what only a screen needs is left out."""
    page = visit(page_file)
    hidden = page.locator('[id="u-UC-003.4"] table.ev')
    assert not hidden.is_visible()
    page.emulate_media(media="print")
    assert hidden.bounding_box()["height"] > 100
    assert not page.locator("#filter").is_visible()
    assert not page.locator("nav").is_visible()
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf()))
    assert pages > 20, "the evidence of 24 use cases takes more than twenty sheets"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_violation_of_accessibility(visit: Any, page_file: Path, scheme: str) -> None:
    """axe-core finds nothing serious, in both colour schemes, with evidence open."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    page = visit(page_file, "#u-UC-007.5", color_scheme=scheme)
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is (scheme == "dark")
    page.evaluate(source)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        f"{violation['id']}: {violation['nodes'][0]['target']} and {len(violation['nodes']) - 1} more"
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert result["testEngine"]["name"] == "axe-core"


def test_a_phone_scrolls_down_only(visit: Any, page_file: Path) -> None:
    """At 360 px nothing but tables is wider than the screen, with evidence open too."""
    page = visit(page_file, "#u-UC-002.5", viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_no_word_is_broken_on_a_phone(visit: Any, page_file: Path) -> None:
    """Names of facts, statuses and phases are broken at their underscores only."""
    page = visit(page_file, viewport={"width": 360, "height": 740})
    broken = page.evaluate(BROKEN_WORDS)
    assert broken == []


@pytest.mark.parametrize(
    ("name", "options", "place"),
    [
        ("page-desktop", {"viewport": {"width": 1440, "height": 1000}}, ""),
        ("page-matrix", {"viewport": {"width": 1280, "height": 800}}, "#matrix"),
        ("page-evidence", {"viewport": {"width": 1280, "height": 800}}, "#u-UC-007.5"),
        ("page-dark", {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}, "#matrix"),
        ("page-phone", {"viewport": {"width": 360, "height": 740}}, ""),
    ],
)
def test_pictures(visit: Any, page_file: Path, tmp_path: Path, name: str, options: dict[str, Any], place: str) -> None:
    """The pictures of the docs can be taken; with KEEP_PICTURES=1 they are, into docs/pictures."""
    page = visit(page_file, place, **options)
    page.evaluate("document.activeElement.blur()")
    folder = PICTURES if os.environ.get("KEEP_PICTURES") else tmp_path
    page.screenshot(path=folder / f"{name}.png")
    assert (folder / f"{name}.png").stat().st_size > 10_000


def test_nothing_hostile_is_executed(visit: Any, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hostile text in tracker, config and tests is shown, and neither runs, nor makes a tag, nor breaks the comparison."""
    project = hostile_project(Project.at(pytester, monkeypatch), in_ci=False)
    markup = "</script></style></td><img src=x onerror=alert(1)><svg onload=alert(2)> javascript:alert(3) {{7*7}}"
    project.write(
        "test_markup.py",
        f"""
        from pytest_readiness import evidence
        BAD = {markup!r}

        @evidence("UC-001", item=2)
        def test_markup(record_evidence):
            record_evidence.note(BAD)
            record_evidence.set(**{{"name": BAD}})
            record_evidence.reference(BAD, "https://example.com/?q=<b>")
            record_evidence.attach(BAD, name=BAD)
            record_evidence.attach(BAD.encode() + bytes([0]), name="../../" + BAD, media_type="text/html")
            first, second = [{{"k": BAD}}], [{{"k": BAD}}]
            record_evidence.trace(first, again=second)
        """,
    )
    project.run(f"--readiness-actor={markup}", f"--readiness-tenant={markup}", "--readiness-html=page.html")
    project.cli("block", "UC-001", "--reason", markup, "--by", markup, "--link", "https://example.com/?a=%22<img>")
    done = project.cli("report", "--format", "html", "-o", "page.html")
    assert done.exit_code == 0, done.output
    page = visit(project.path / "page.html", "#u-UC-001.2")
    assert verification_text(page).startswith("Verified"), page.inner_text("#differences")
    assert page.evaluate("document.images.length") == 0
    assert page.evaluate("document.querySelectorAll('svg[onload], [onerror], [style]').length") == 0
    schemes = page.evaluate("[...new Set([...document.links].map((link) => link.protocol))]")
    assert sorted(schemes) == ["data:", "file:", "https:"]
    assert markup in page.inner_text('[id="u-UC-001.2"]')
    assert page.evaluate("document.scripts.length") == 2
