"""The badge: shields' documented fields, and an image that is XML with two texts."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from pytest_readiness.verdict.readiness import Status
from pytest_readiness.views.formats import badge, badge_image
from tests.views.values import catalogue, report, use_case

SVG = "{http://www.w3.org/2000/svg}"


def report_of(*statuses: Status, **context):
    """A report of use cases with these statuses."""
    register = catalogue([f"UC-{n:03}" for n in range(len(statuses))])
    return report(
        [use_case(register, name, status=status) for name, status in zip(register.use_cases, statuses, strict=True)],
        **context,
    )


def test_the_json_has_what_shields_documents() -> None:
    """Version 1, a label, a message that is never empty, a colour by name; nothing else."""
    for built, message, color in (
        (report_of(), "nothing in scope", "lightgrey"),
        (report_of(Status.NOT_STARTED), "0 of 1 ready", "lightgrey"),
        (report_of(Status.IN_PROGRESS, Status.NOT_STARTED), "0 of 2 ready", "yellow"),
        (report_of(Status.READY_FOR_GO_LIVE, Status.BLOCKED), "1 of 2 ready, 1 blocked", "red"),
        (report_of(Status.READY_FOR_GO_LIVE), "1 of 1 ready", "brightgreen"),
    ):
        text = "".join(badge.render(built))
        expected = {"schemaVersion": 1, "label": "readiness", "message": message, "color": color}
        assert json.loads(text) == expected
        assert text.isascii()


def test_a_closed_gate_is_never_green() -> None:
    """Where each use case is ready and a rule fails, and where the store is not intact, it says so."""
    built = report_of(Status.READY_FOR_GO_LIVE)
    closed = replace(built, verdict=replace(built.verdict, eligible=False))
    assert json.loads("".join(badge.render(closed)))["message"] == "not eligible, 1 of 1 ready"
    broken = json.loads("".join(badge.render(report_of(Status.READY_FOR_GO_LIVE, problems=("a line was changed",)))))
    assert (broken["message"], broken["color"], broken["isError"]) == ("not intact", "red", True)


def test_each_verdict_has_an_image() -> None:
    """The image of each colour is drawn; that of an eligible register is green."""
    for built, color in (
        (report_of(), "#6a6a6a"),
        (report_of(Status.IN_PROGRESS), "#8a6500"),
        (report_of(Status.BLOCKED), "#c0392b"),
        (report_of(Status.READY_FOR_GO_LIVE), "#3a7d0a"),
    ):
        root = ET.fromstring("".join(badge_image.render(built)))
        assert root.find(f"{SVG}path").get("fill") == color


def test_the_image_says_the_same() -> None:
    """It is well-formed, has no script, link or style, and its title is what the JSON says."""
    built = report_of(Status.READY_FOR_GO_LIVE, Status.BLOCKED)
    root = ET.fromstring("".join(badge_image.render(built)))
    assert root.find(f"{SVG}title").text == "readiness: 1 of 2 ready, 1 blocked"
    assert [text.text for text in root.iter(f"{SVG}text")] == ["readiness", "1 of 2 ready, 1 blocked"]
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "title", "rect", "path", "g", "text"}
    assert root.get("aria-label") == "readiness: 1 of 2 ready, 1 blocked"
    assert int(root.get("width")) < 300
