"""The built pages: what they say, where their links lead, and that they ask no other host for anything."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from docs_site.navigation import NavigationError, navigation
from docs_site.staging import DOCS, LinkError, stage, staged_text
from markdown_it import MarkdownIt

from .html_tree import Node, parsed, read

pytestmark = pytest.mark.slow

ADDED = ("headerlink", "filename", "md-source-file", "linenodiv")
"""Classes of what the site adds to the text of a page."""
BLOCKS = ("h1", "h2", "h3", "h4", "li", "table", "tr", "pre", "blockquote")
LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Path]:
    """The Markdown file of each page by its path in the site."""
    return stage(tmp_path_factory.mktemp("staged"))


@pytest.fixture(scope="module")
def trees(site) -> dict[str, Node]:
    """Each page of the site by its name, such as ``how-to/install.html``."""
    return {path.relative_to(site).as_posix(): read(path) for path in sorted(site.rglob("*.html"))}


def article(tree: Node) -> Node:
    """The text of a page, without the navigation around it."""
    return tree.first("article")


def links(node: Node, page: str) -> list[tuple[str, str]]:
    """The page and the anchor of each link within the site."""
    found = []
    for link in node.all("a"):
        target = link.attributes.get("href", "")
        if target and not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            found.append((os.path.normpath(Path(page).parent / name) if name else page, anchor))
    return found


def test_every_page_of_the_docs_is_in_the_site(trees):
    """Each Markdown file has a page of its own."""
    expected = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")}
    expected = {name.replace("README.html", "index.html") for name in expected}
    assert expected - set(trees) == set()


def test_nothing_is_loaded_from_another_host(site, trees):
    """Scripts, styles, pictures and fonts are in the site itself."""
    foreign = []
    for name, tree in trees.items():
        for node in tree.walk():
            loaded = [node.attributes.get(LOADED.get(node.tag, ""), ""), node.attributes.get("srcset", "")]
            if node.tag == "link" and node.attributes.get("rel") not in ("canonical", "prev", "next"):
                loaded.append(node.attributes.get("href", ""))
            foreign += [(name, address) for address in loaded if re.match(r"(https?:)?//", address)]
    for path in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')]+)", path.read_text(encoding="utf-8"))
        foreign += [(path.name, address) for address in found]
    assert foreign == []


def test_every_page_is_two_clicks_away(trees):
    """From the first page, by the links in the text alone, each page is reached with at most two clicks."""
    clicks = {"index.html": 0}
    for distance in (1, 2):
        for page in [name for name, away in clicks.items() if away == distance - 1]:
            for target, _ in links(article(trees[page]), page):
                clicks.setdefault(target, distance)
    assert set(trees) - set(clicks) - {"404.html"} == set()


def test_every_page_is_in_the_navigation(trees):
    """The navigation beside a page has all pages."""
    beside = {
        target for target, _ in links(trees["index.html"].first("nav", **{"class": "md-nav--primary"}), "index.html")
    }
    assert set(trees) - beside - {"404.html"} == set()


def test_every_link_leads_to_a_page_and_to_a_place_in_it(site, trees):
    """No link within the site is broken, with its anchor."""
    ids = {
        name: {node.attributes["id"] for node in tree.walk() if "id" in node.attributes} for name, tree in trees.items()
    }
    broken = [
        (page, target, anchor)
        for page, tree in trees.items()
        if page != "404.html"  # its links begin at the root of the host
        for target, anchor in links(tree, page)
        if not (site / target).is_file() or (anchor and target in ids and anchor not in ids[target])
    ]
    assert broken == []


def test_the_site_says_what_the_markdown_says(sources, trees):
    """Each page has the text, the headings, lists, tables and code that a reader of CommonMark sees in the repository."""
    reader = MarkdownIt("commonmark").enable("table")
    for name, source in sources.items():
        text = source.read_text(encoding="utf-8")
        if "<!-- docstring" in text:
            continue  # docstrings are in the site only
        expected, shown = parsed(reader.render(text)), article(trees[built_name(name)])
        assert "".join(shown.text(ADDED).split()) == "".join(expected.text().split()), name
        counted = [Counter(node.tag for node in tree.walk() if node.tag in BLOCKS) for tree in (shown, expected)]
        assert counted[0] == counted[1], name


def built_name(page: str) -> str:
    """The page of the site that a Markdown file becomes."""
    return re.sub(r"README\.html$", "index.html", re.sub(r"\.md$", ".html", page))


def test_the_public_names_have_their_docstrings(trees):
    """The page of the API has the signature and the text of marks, fixture, errors and hooks."""
    page = trees["reference/python-api.html"]
    text = article(page).text()
    ids = {node.attributes.get("id") for node in page.walk()}
    for name in ("attach", "step", "secret", "credential", "prove"):
        assert f"pytest_readiness.recording.evidence_recorder.RecordEvidence.{name}" in ids
    for name in ("proofs", "redact", "simulation", "render"):
        assert f"pytest_readiness.hookspecs.pytest_readiness_{name}" in ids
    assert "ids as in the register, such as" in text
    assert "Prove that the provider accepted a credential" in text
    assert "Base class of the package’s errors".replace("’", "'") in text
    assert "_check" not in text


def test_a_new_how_to_is_in_the_navigation_by_itself(sources):
    """A how-to that no group names is listed under its own group, and nothing else has to be changed."""
    (how_to,) = (tab["How-to"] for tab in navigation([*sources, "how-to/bake-bread.md"]) if "How-to" in tab)
    assert "how-to/bake-bread.md" in how_to[-1]["More"]


def test_each_page_of_today_has_a_place_of_its_own(sources):
    """No page is in the group for what nobody has placed yet, and none is listed twice."""
    places: dict[str, list[str]] = {}

    def read_entries(entries, titles):
        for entry in entries:
            if isinstance(entry, str):
                places.setdefault(entry, []).append(" / ".join(titles))
            for title, within in entry.items() if isinstance(entry, dict) else ():
                read_entries(within, (*titles, title))

    read_entries(navigation(list(sources)), ())
    assert places.keys() == sources.keys()
    assert {page: where for page, where in places.items() if len(where) > 1 or "More" in where[0]} == {}
    assert places["how-to/bind-evidence-to-what-ships.md"] == ["How-to / Gate and CI"]


def test_another_page_that_is_named_nowhere_stops_the_build(sources):
    """A page that a reader would not find, and a name without a page, are told."""
    with pytest.raises(NavigationError, match=r"reference/new\.md is in no group"):
        navigation([*sources, "reference/new.md"])
    with pytest.raises(NavigationError, match=r"reference/cli\.md does not exist"):
        navigation([page for page in sources if page != "reference/cli.md"])


def test_a_broken_link_stops_the_build():
    """The page and the link are named."""
    with pytest.raises(LinkError, match=r"docs/index\.md: the link 'nowhere\.md' leads nowhere"):
        staged_text("[x](nowhere.md)", DOCS / "index.md")


def test_a_fence_says_in_its_title_what_it_is():
    """A file has its name above it, and a command that fails its exit code."""
    text = "```toml file=readiness.toml\na = 1\n```\n\n```sh exit=11\npytest\n```\n\n````text\n```sh exit=1\n````\n"
    assert staged_text(text, DOCS / "index.md").splitlines()[0] == '```toml title="readiness.toml"'
    assert '```sh title="exits with 11"' in staged_text(text, DOCS / "index.md")
    assert "\n```sh exit=1\n" in staged_text(text, DOCS / "index.md")
