"""A page of the site as a tree, so that tests ask for its links, its text and its blocks of code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Node:
    """An element with its attributes and what is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield this element and all elements in it, in their order."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, *tags: str) -> list[Node]:
        """Return the elements with these tags."""
        return [node for node in self.walk() if node.tag in tags]

    def first(self, tag: str, **attributes: str) -> Node:
        """Return the first element with a tag, and a word in each of these attributes."""
        return next(
            node for node in self.all(tag)
            if all(word in node.attributes.get(name, "").split() for name, word in attributes.items())
        )  # fmt: skip

    def text(self, without: tuple[str, ...] = ()) -> str:
        """Return the text in the element, without that of elements of some classes."""
        if set(without) & set(self.attributes.get("class", "").split()):
            return ""
        return "".join(child if isinstance(child, str) else child.text(without) for child in self.children)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        tags = [node.tag for node in self.open]
        if tag in tags[1:]:
            del self.open[len(tags) - 1 - tags[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(text: str) -> Node:
    """Return the tree of an HTML text."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.open[0]


def read(path: Path) -> Node:
    """Return the tree of an HTML file."""
    return parsed(path.read_text(encoding="utf-8"))
