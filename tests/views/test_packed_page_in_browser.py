"""The page of a usual tracker with much evidence in a real browser: small, and the same as one without anything packed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.page_project import CONFIG, TRACKER
from tests.project import Project

from .browser import verification_text

pytestmark = pytest.mark.slow

TESTS = """
USE_CASES = [f"UC-{number:03}" for number in range(1, 33)]
ITEMS = ["1", "2", "3", "5", "7"]

@pytest.mark.parametrize("use_case", [
    pytest.param(name, marks=evidence(name, item=item), id=f"{name}-{item}-case{number}")
    for name in USE_CASES for item in ITEMS for number in range(5)])
def test_acceptance(use_case, request, record_evidence):
    item = request.node.callspec.id.split("-")[2]
    record_evidence.set(region="eu-central-1", request=f"req-{request.node.name}")
    record_evidence.reference("dashboard", f"https://logs.example.com/{use_case}/{item}")
    record_evidence.attach(f"HTTP/2 200 from {use_case}\\nserver: gateway\\n", name="handshake.txt")
    with record_evidence.step("call the provider"):
        if use_case == "UC-007" and item == "5":
            raise AssertionError("the replay diverged at event 17")

@pytest.mark.parametrize("use_case", [pytest.param(name, marks=evidence(name, item=6, part=part), id=f"{name}-{part}")
    for name in USE_CASES for part in ("rotation", "revocation")])
def test_keys(use_case, record_evidence):
    record_evidence.note("the old key was refused")
"""
_MADE: dict[str, bytes] = {}


@pytest.fixture
def page_file(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The page of 32 use cases with about 1,000 pieces of evidence."""
    if not _MADE:
        project = Project.at(pytester, monkeypatch).configured(CONFIG, TRACKER).tests(TESTS)
        project.run("--readiness-provider-mode=BYOK", "-q")
        project.run("--readiness-provider-mode=BYOK", "-q", "-k", "case1 or case0", environment="production")
        _MADE["packed"] = written(project)
        monkeypatch.setattr("pytest_readiness.views.page.render.PAGE_BYTES", 10_000_000)
        _MADE["whole"] = written(project)
    (tmp_path / "whole.html").write_bytes(_MADE["whole"])
    path = tmp_path / "page.html"
    path.write_bytes(_MADE["packed"])
    return path


def written(project: Project) -> bytes:
    """The bytes of the project's page."""
    done = project.cli("report", "--format", "html", "-o", "page.html")
    assert done.exit_code == 0, done.output
    return (project.path / "page.html").read_bytes()


def test_much_evidence_of_a_tracker_is_a_small_file(page_file: Path) -> None:
    """A tracker of 32 use cases with more than 1,000 pieces of evidence fits into an e-mail."""
    whole = page_file.with_name("whole.html").read_bytes()
    assert whole.count(b'class="e"') > 1_000
    assert len(whole) > 600_000
    assert page_file.stat().st_size < 400_000


def test_it_is_the_same_page_in_the_browser(visit: Any, page_file: Path) -> None:
    """Text, anchors, search and verification are those of the page that has all evidence written out."""
    packed, whole = visit(page_file), visit(page_file.with_name("whole.html"))
    for look in ("document.getElementById('articles').textContent.replace(/\\s+/g, '')",
                 "[...document.querySelectorAll('#articles [id]')].map((each) => each.id)"):  # fmt: skip
        assert packed.evaluate(look) == whole.evaluate(look)
    assert verification_text(packed).startswith("Verified in this browser: 1184 pieces of evidence")
    assert verification_text(packed) == verification_text(whole)
    for page in (packed, whole):
        page.fill("[name=q]", "uc-031-3-case4")
        assert page.locator("#m tbody tr:visible").count() == 1
    again = visit(page_file, "#u-UC-031.3")
    assert again.locator('[id="u-UC-031.3"] table.ev').first.is_visible()


def test_without_a_script_it_says_what_is_packed(visit: Any, page_file: Path) -> None:
    """Verdict, matrix and the most urgent evidence are there; a cell of the others leads to a line that says why."""
    page = visit(page_file, script=False)
    assert page.inner_text("h1").startswith("NOT ELIGIBLE")
    assert page.locator("#m tbody tr").count() == 32
    shown = page.locator("article").count()
    assert 1 < shown < 32
    assert f"only those of {shown} of 32 use cases" in page.inner_text("#details")
    page.click('a[href="#u-UC-007.5"]')
    assert "the replay diverged at event 17" in page.inner_text('[id="u-UC-007.5"]')
    page.click('a[href="#u-UC-031.3"]')
    line = page.locator('li:has([id="u-UC-031.3"])')
    assert line.inner_text() == "UC-031 its evidence needs JavaScript in this page"
    assert page.locator("article").count() + page.locator("#details li[id]").count() == 32


def test_damage_is_told_where_the_browser_cannot_verify(visit: Any, page_file: Path) -> None:
    """Packed evidence that cannot be unpacked is missing, so the page says so, also without SubtleCrypto."""
    text = page_file.read_text(encoding="utf-8")
    at = text.index('id="more">') + 5_000
    page_file.write_text(f"{text[:at]}{'A' if text[at] != 'A' else 'B'}{text[at + 1 :]}", encoding="utf-8", newline="")
    page = visit(page_file, before="Object.defineProperty(crypto, 'subtle', {value: undefined})")
    assert verification_text(page).startswith("Do not rely on this page")
    assert "what is packed in it is damaged" in page.inner_text("#differences [role=alert]")
