"""The page as text: equal bytes, its policy, its anchors, and what it says without evidence."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from zlib import decompress

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import Retirement
from pytest_readiness.facts.evidence import Reference, Result
from pytest_readiness.verdict.burn_up import BurnUp, BurnUpPoint
from pytest_readiness.verdict.changes import Change
from pytest_readiness.verdict.history import StatusChange
from pytest_readiness.verdict.readiness import RetirementStanding, RuleResult, State, Status
from pytest_readiness.views.page.anchors import anchors_of
from pytest_readiness.views.page.burn_up_svg import draw
from pytest_readiness.views.page.evidence_table import EvidenceTables, Link
from pytest_readiness.views.page.matrix_rows import matrix_of
from pytest_readiness.views.page.render import render
from pytest_readiness.views.page.use_case_details import details_of, packed
from pytest_readiness.views.page_material import ArtifactContent, PageMaterial
from pytest_readiness.views.sanitise.terminal import visible
from tests.views import values
from tests.views.hostile import HOSTILE, RAW, dangers
from tests.views.sinks import Page


def text_of(report: object) -> str:
    """The page of a report."""
    return "".join(render(report))


def test_equal_reports_give_equal_bytes() -> None:
    """Two renderings of one report are the same file."""
    assert text_of(values.mixed()) == text_of(values.mixed())


def test_the_policy_names_the_only_script_and_style_by_their_hashes() -> None:
    """Nothing else can run: no other script, no handler, no style attribute, no frame-ancestors that a meta ignores."""
    text = text_of(values.mixed())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert "frame-ancestors" not in policy[1]
    names = {name for name, _ in Page(text).attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert "src" not in names


def test_a_report_of_nothing() -> None:
    """An empty register and a register without evidence are pages too."""
    assert "No use case is in scope" in text_of(values.report([]))
    text = text_of(values.untouched())
    assert "There is no evidence in this page" in text
    assert text.count('<tr><th scope="row"><a href="#u-') == 32
    assert "0 lines" in text


@pytest.mark.parametrize("bad", [text for text in HOSTILE if text.strip()])
def test_hostile_text_makes_no_tag(bad: str) -> None:
    """Wherever a text can stand, the page has the same tags as with a harmless one, and nothing invisible."""

    def page_with(text: str) -> str:
        catalogue = values.catalogue(["UC-001"])
        piece = values.evidence(
            uc="UC-001", test_id=text, tenant_id=text, notes=(text,), message=text, properties=((text, text),),
            artifacts=(replace(values.evidence().artifacts[0], name=text),),
        )  # fmt: skip
        row = {"title": text, "owner": text, "architecture_status": text, "declared_status": text}
        shown = values.use_case(
            catalogue, "UC-001", {"4": State.FAILING}, status=Status.BLOCKED, found=(piece,), row=row
        )
        report = values.report([shown], notes=(text,), problems=(text,), store=text, release=text)
        change = Change("UC-001", text, text, because=text)
        is_shown = len(text) < 1000 and "\0" not in text
        content = ArtifactContent(text.encode("utf-8", "backslashreplace") if is_shown else b"a")
        material = PageMaterial(artifacts={values.SHA: content}, no_burn_up=text)
        return text_of(replace(report, changes=(change,), page=material))

    page, plain = page_with(bad), page_with("a")
    tags = [tag for tag in Page(page).tags if tag not in ("br", "pre")]
    assert tags == [tag for tag in Page(plain).tags if tag not in ("br", "pre")]
    assert dangers(page) == []


def test_anchors_are_names_where_these_are_plain() -> None:
    """Other names get a number, and no two names one anchor."""
    anchors = anchors_of(["UC-001", "UC 1", "..", "UC.1", "uc-001"], "u-")
    assert anchors == {"UC-001": "u-UC-001", "UC 1": "u-.2", "..": "u-.3", "UC.1": "u-.4", "uc-001": "u-uc-001"}
    assert len(set(anchors.values())) == 5


def test_a_large_report_packs_its_evidence() -> None:
    """Beyond the limit the matrix stays, the most urgent evidence is written out, and the rest is packed, once each."""
    names = values.tracker_ids(400)
    catalogue = values.catalogue(names)
    use_cases = []
    for number, name in enumerate(names):
        pieces = tuple(
            values.evidence(uc=name, id=f"{values.RUN}.{number}.{nth}", test_id=f"t{nth}") for nth in range(6)
        )
        use_cases.append(
            values.use_case(catalogue, name, {"4": State.COMPLETE}, status=Status.IN_PROGRESS, found=pieces)
        )
    use_cases[77] = replace(use_cases[77], status=Status.BLOCKED)
    text = text_of(values.report(use_cases))
    assert text.count('<tr><th scope="row"><a href="#u-') == 400
    island = re.search(r'id="more">([^<]+)<', text)
    assert island
    articles = decompress(b64decode(island[1]), 31).decode().split("\n")
    written = re.findall(r'<article id="(u-[^"]+)"', text)
    assert "u-UC-078" in written
    anchors = [article.split("\x1e")[1] for article in articles]
    assert sorted([*written, *anchors]) == [f"u-{name}" for name in names]


def seen(text: str) -> str:
    """A text as people see it, line by line."""
    return "\n".join(visible(line, 100_000) for line in text.split("\n"))


@pytest.mark.parametrize("bad", HOSTILE)
def test_packed_details_come_back_without_anything_invisible(bad: str) -> None:
    """What is packed is JSON again when its sign for the id is replaced, and every text in it can be seen."""
    name = bad.split("\n", maxsplit=1)[0][:40] or "UC-001"
    catalogue = values.catalogue([name])
    piece = values.evidence(uc=name, test_id=bad, notes=(bad,), message=bad)
    use_case = values.use_case(catalogue, name, {"4": State.FAILING}, status=Status.BLOCKED, found=(piece,))
    (row,) = matrix_of(values.report([use_case]).readiness).rows
    details = details_of(row, EvidenceTables(PageMaterial(), {}))
    line = packed(details)
    assert b"\n" not in line
    id_, anchor, body = line.decode().split("\x1e")
    plain = json.loads(body.replace("\x1f", id_))
    assert plain[0] == anchor == row.anchor
    assert plain[1] == seen(name)
    table = plain[-1][3][6][0][9]
    assert table[0][0][0] == piece.id
    texts = [text for _, cells in table[1] for cell in cells for text in cell if isinstance(text, str)]
    assert seen(bad) in texts
    assert RAW.findall("".join(texts)) == []


def test_the_drawing_marks_demotions_and_says_it_in_words() -> None:
    """The burn-up ends where the report stands; a demotion has its mark at its moment."""
    points = (
        BurnUpPoint("2026-01-01T00:00:00.000Z", 2, 0),
        BurnUpPoint("2026-01-11T00:00:00.000Z", 6, 1),
        BurnUpPoint("2026-01-21T00:00:00.000Z", 4, 0),
    )
    change = StatusChange(
        "2026-01-21T00:00:00.000Z", "UC-001", Status.READY_FOR_GO_LIVE, Status.BLOCKED, "x failed", None
    )
    drawing = draw(BurnUp(points, (change,)), required=8, use_cases=2)
    assert drawing
    assert drawing.summary == (
        "From 2026-01-01 to 2026-01-21: 4 of 8 requirements are done, 0 of 2 use cases are ready, 1 demotion."
    )
    (mark,) = drawing.marks
    assert mark.x == drawing.done.split(" ")[-1].split(",")[0]
    assert mark.text == "2026-01-21 UC-001: READY_FOR_GO_LIVE to BLOCKED"
    assert draw(BurnUp((), ()), required=8, use_cases=2) is None


def test_a_retired_test_is_one_entry_whatever_its_length() -> None:
    """The browser wraps a long sentence; the list has an entry for each retired test."""
    reason = "the feature was removed " + "and its users were told " * 20
    retired = Retirement(register="payments", at=values.NOW, by="qa", test_id="t.py::test_a", reason=reason.strip())
    catalogue = values.catalogue(["UC-001"])
    row = values.use_case(catalogue, "UC-001", retirements=(RetirementStanding(retired),))
    assert f"<li>retired: t.py::test_a by qa: {reason.strip()}</li>" in text_of(values.report([row]))


def test_a_long_history_is_drawn_to_its_end_with_the_latest_demotions() -> None:
    """Of very many points some are left out, and never the last; of many demotions the latest are marked."""
    points = tuple(BurnUpPoint(f"2026-01-01T00:{n // 60:02}:{n % 60:02}.000Z", n, 0) for n in range(1002))
    changes = tuple(
        StatusChange(
            f"2026-01-01T00:{n // 60:02}:{n % 60:02}.500Z", f"UC-{n}", Status.IN_PROGRESS, Status.BLOCKED, "x", None
        )
        for n in range(150)
    )
    drawing = draw(BurnUp(points, changes), required=1001, use_cases=1)
    assert drawing
    assert drawing.done.endswith(" 746.0,12.0")
    assert len(drawing.done.split(" ")) <= 2 * 401
    assert [drawing.marks[0].text, drawing.marks[-1].text] == [
        f"2026-01-01 UC-{number}: IN_PROGRESS to BLOCKED" for number in (50, 149)
    ]


def test_the_line_keeps_its_height_until_the_next_point() -> None:
    """What is complete did not grow in between; and a single moment is a point at the right edge."""
    points = (BurnUpPoint("2026-01-01T00:00:00.000Z", 0, 0), BurnUpPoint("2026-01-02T00:00:00.000Z", 4, 0))
    drawing = draw(BurnUp(points, ()), required=4, use_cases=1)
    assert drawing
    assert drawing.done == "44.0,190.0 746.0,190.0 746.0,12.0"
    single = draw(BurnUp(points[1:], ()), required=4, use_cases=1)
    assert single
    assert single.done == "746.0,12.0"


def test_an_artifact_is_shown_once_and_only_as_short_text() -> None:
    """A second piece names the first; a long text, and one with a null byte, is a download; so are other bytes."""
    for content, is_text in ((b"short", True), (b"x" * 4097, False), (b"a\0b", False), (b"\xff", False)):
        tables = EvidenceTables(PageMaterial(artifacts={values.SHA: ArtifactContent(content)}), {})
        first, second = tables.table((values.evidence(id="r.1.1"), values.evidence(id="r.2.1"))).columns
        shown, repeated = first.artifacts[0], second.artifacts[0]
        assert (shown.text is not None, shown.download is not None) == (is_text, not is_text)
        assert (repeated.text, repeated.download, repeated.note) == (None, None, "its content is with r.1.1")


def test_only_a_plain_web_address_is_a_link() -> None:
    """Any other reference is text."""
    references = (Reference("log", "https://logs.example.com/42"), Reference("log", "javascript:alert(1)"))
    table = EvidenceTables(PageMaterial(), {}).table((values.evidence(references=references, artifacts=()),))
    (cell,) = next(row.cells for row in table.rows if row.name == "Artifact/Log Reference")
    assert cell == (Link("log: https://logs.example.com/42", "https://logs.example.com/42"), "log: javascript:alert(1)")


def test_what_expires_and_what_changed_is_summed_up() -> None:
    """Requirements that expire on one day share a line for each owner, and equal changes share one, as elsewhere."""
    names = values.tracker_ids(20)
    catalogue = values.catalogue(names)
    every = {need.id.partition("/")[2]: State.COMPLETE for need in catalogue.requirements(names[0])}
    report = values.report([values.use_case(catalogue, name, every) for name in names])
    readiness = replace(report.readiness, at="2026-05-01T00:00:00.000Z")
    changes = tuple(Change(name, "NOT_STARTED", "IN_PROGRESS") for name in names)
    text = text_of(replace(report, readiness=readiness, changes=changes))
    assert "<li>UC-001 to UC-020: NOT_STARTED -&gt; IN_PROGRESS</li>" in text
    (line,) = re.findall(r"<li><time datetime=.2026-05-13.>2026-05-13</time> (.*)</li>", text)
    assert line.startswith("evidence of <b>items 1")
    assert line.endswith(" of UC-001 to UC-020</b> (unassigned)")


def test_the_headings_of_the_evidence_say_what_the_matrix_says() -> None:
    """A skipped test is no missing one, an item may be partly done, and what is accepted needs nothing more."""
    catalogue = values.catalogue(["UC-003"])
    states = {"6/rotation": State.COMPLETE, "7": State.ASSERTED}
    skipped = values.evidence(result=Result.SKIPPED)
    use_case = values.use_case(catalogue, "UC-003", states, found=(skipped,), accepted=("UC-003/7",))
    page = text_of(values.report([use_case]))
    headings = re.findall(r'<summary><b class="t (.)">([^<]+)</b> (\d)', page)
    assert [(css, state) for css, state, key in headings if key in "467"] == [
        ("K", "» SKIPPED"),
        ("M", "◐ PARTLY DONE"),
        ("A", "a ASSERTED"),
    ]
    assert "UC-003/4: SKIPPED</h4>" in page
    accepted = page[page.index("UC-003/7: ASSERTED, accepted</h4>") :]
    assert "To complete it" not in accepted[: accepted.index("</section>")]


def test_the_rules_count_as_in_the_other_outputs() -> None:
    """Of a failed rule the page says how many of which things fail."""
    built = values.report([values.use_case(values.catalogue(["UC-003"]), "UC-003")])
    rule = RuleResult("evidence complete", False, 343, "none is", wrong=331)
    built = replace(built, verdict=replace(built.verdict, rules=(rule,)))
    assert "<td>331 of 343 requirements fail<td>" in text_of(built)
