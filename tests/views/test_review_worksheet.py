"""The worksheet of a review: hostile text stays in its place, and no piece of evidence is left out."""

from __future__ import annotations

import pytest

from pytest_readiness.facts.decision import Review, ReviewMeaning
from pytest_readiness.facts.review_basis import PinnedEvidence, PinnedRequirement, ReviewBasis
from pytest_readiness.views.review_preview import ReviewPreview
from pytest_readiness.views.review_worksheet import render_worksheet

from . import values
from .hostile import HOSTILE, dangers
from .sinks import MARKDOWN


def worksheet(text: str, pins: int = 1) -> str:
    """The worksheet of a use case in which each text is this one."""
    pin = PinnedEvidence("r.1.1", text, values.NOW, text, environment=text, provider_mode=text, proofs=(text,))
    basis = ReviewBasis("sha256:0", (PinnedRequirement(text, "ASSERTED", (pin,) * pins),))
    last = Review(
        register="payments", at=values.NOW, by=text, use_case=text, meaning=ReviewMeaning.REJECTED, basis=basis,
        comment=text,
    )  # fmt: skip
    preview = ReviewPreview(text, text, "IN_PROGRESS", basis, (text,), {text: text}, last, (text,))
    return "".join(render_worksheet((preview, preview)))


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()])
def test_hostile_text_stays_in_its_place(text: str) -> None:
    """The same headings, tables and lists as with a harmless text, and nothing that a platform would act on."""
    shown = worksheet(text)
    assert dangers(shown) == []
    assert [token.type for token in MARKDOWN.parse(shown)] == [token.type for token in MARKDOWN.parse(worksheet("a"))]


def test_every_piece_is_listed() -> None:
    """However many there are, as an approval covers each."""
    assert worksheet("a", pins=2_000).count("readiness show r.1.1\n") == 4_000


def test_a_use_case_without_requirements() -> None:
    """There is nothing to sign, and it says so."""
    shown = "".join(render_worksheet([ReviewPreview("UC-001", "", "NOT_STARTED", ReviewBasis("sha256:0"))]))
    assert "nothing to sign" in shown
    assert "- not reviewed yet\n" in shown
