"""The page of very much evidence in a real browser: it unpacks and verifies what is opened."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from zlib import compress, decompress

import pytest

from tests.pages import ROOT
from tests.project import Project

from .browser import focused, verification_text

pytestmark = pytest.mark.slow


@pytest.fixture
def large_page(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of 300 use cases with 2,400 pieces of evidence, as the benchmark makes them."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from benchmarks import page as benchmark

    project = Project.at(pytester, monkeypatch)
    benchmark.make(project.path, 300, 8)
    done = project.cli("report", "--format", "html", "-o", "page.html")
    assert done.exit_code == 0, done.output
    return project.path / "page.html"


def test_a_large_page_unpacks_what_is_opened(visit: Any, large_page: Path) -> None:
    """With very much evidence a cell, an address and the keyboard lead to it all the same, and lines are verified."""
    page = visit(large_page)
    assert re.match(r"Verified in this browser: 1\d\d\d pieces of evidence", verification_text(page))
    written = page.locator("article").count()
    assert 2 <= written <= 8
    cell = page.locator("#m tbody tr").nth(122).locator("td").nth(3)
    cell.hover()
    cell.click()
    page.wait_for_selector('[id="u-UC-0123.3"]')
    opened = page.locator('[id="u-UC-0123.3"]')
    assert opened.is_visible()
    for text in ("attestation", "Timestamp (UTC)", "production", "at commit", "UC-0123/3/production: COMPLETE"):
        assert text in opened.inner_text()
    page.evaluate("location.hash = '#u-UC-0299'")
    page.wait_for_selector('[id="u-UC-0299"] details')
    page.fill("[name=q]", "uc-0299")
    assert page.locator("#m tbody tr:visible").count() == 1
    page.locator("#m tbody tr:visible a").first.focus()
    page.keyboard.press("ArrowRight")
    assert focused(page) == "#u-UC-0299.1"


def test_one_changed_byte_of_packed_evidence_is_told(visit: Any, large_page: Path) -> None:
    """A packed result that is changed, and packed again, differs from its line."""
    text = large_page.read_text(encoding="utf-8")
    packed = re.search(r'id="more">([^<]+)<', text)
    assert packed
    details = decompress(b64decode(packed[1]), 31)
    changed = re.sub(rb'("Result",\[\["PASS)E', rb"\1F", details)
    assert changed != details
    large_page.write_text(text.replace(packed[1], b64encode(compress(changed, wbits=31)).decode()), encoding="utf-8")
    page = visit(large_page)
    assert verification_text(page).startswith("Do not rely on this page")
    assert "shows for Result: PASSFD; recorded is: PASSED" in page.inner_text("#differences [role=alert]")


def test_a_large_page_without_a_script(visit: Any, large_page: Path) -> None:
    """Verdict, matrix and the most urgent use cases are there, and it says where the rest is."""
    page = visit(large_page, script=False)
    assert page.locator("#m tbody tr").count() == 300
    written = page.locator("article").count()
    assert 2 <= written <= 8
    said = "Of the 2400 pieces of evidence this page shows without JavaScript only those of"
    assert f"{said} {written} of 300 use cases" in page.inner_text("#details")
