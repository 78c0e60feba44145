"""Streaming parser of JUnit XML: it holds only the open test case and the open suites in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate

from ...errors import ConfigError, location, one_line

MAX_TEXT = 1 << 20
"""Characters of a text that are read: more than is stored, so that a secret is complete when texts are redacted."""
_MAX_TAG_BYTES = 8 << 20
"""Bytes of one tag or comment, which is read as a whole."""
BAD = frozenset({"error", "failure"})
"""Elements of a failure, in a test case or in a suite."""
_SUITE_STATEMENTS = BAD | {"skipped"}
"""Elements with which a suite says that it did not pass."""
_SUITES = frozenset({"testsuite", "testsuites"})
_ADVERSE_ELEMENTS = frozenset({"error", "failure", "rerunError", "rerunFailure", "skipped"})
"""Elements that count against a test case at any depth in it."""
_OUTPUT = frozenset({"system-out", "system-err"})
_RUN_ATTRIBUTES = frozenset({"failures", "errors", "skipped", "time", "timestamp"})
"""Attributes that only the suite of a run has."""
_EXECUTION_ATTRIBUTES = frozenset({"time", "timestamp", "status", "result", "classname"})
_TAGS = {name: name for name in ("testcase", "testsuite", "testsuites")}
"""Elements that are recognized in any letter case, so that none of their content is skipped."""
_ADVERSE_ATTRIBUTES = frozenset(
    {"status", "result", "failures", "failure", "errors", "error", "skipped", "incomplete", "executed"}
)
"""Attributes that may count against a test case or a suite."""
_PLAYWRIGHT_FILE = re.compile(r"\.[cm]?[jt]sx?\Z")
"""A suite of Playwright is a file of tests. Its ``hostname`` is the project, for other producers the machine."""
_MAX_SUITES = 50
"""Suites of a path. Deeper suites are not distinguished by all of them."""


class _UnusableError(Exception):
    """The file cannot be used. The message lacks the name of the file."""


class XmlElement:
    """A test case, an element in it, or a failure of a suite."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""
        """The text before its first child."""
        self.children: list[XmlElement] = []

    def get(self, name: str) -> str:
        """Return the value of an attribute without surrounding space; empty if it is missing."""
        return self.attributes.get(name, "").strip()


class OpenSuite(XmlElement):
    """A suite that is open."""

    __slots__ = (
        "bad",
        "cases",
        "effective_name",
        "first",
        "is_empty",
        "names",
        "number",
        "outer",
        "passed",
        "timestamp",
    )

    def __init__(self, tag: str, attributes: dict[str, str], outer: OpenSuite | None, number: int, first: int) -> None:
        """``children``: the failures and skips of the suite itself."""
        super().__init__(tag, attributes)
        self.outer = outer
        """The suite around it."""
        self.number = number
        """The position in the order of the start tags."""
        self.effective_name: str = self.get("name") or ("" if outer is None else outer.effective_name)
        """Its name, or that of the innermost suite around it with a name."""
        self.names: tuple[str, ...] = () if outer is None else outer.names
        """Names of the suites around its test cases, outermost first."""
        self.timestamp: str = self.get("timestamp") or ("" if outer is None else outer.timestamp)
        """Its timestamp, or that of the innermost suite around it with a timestamp."""
        self.is_empty = True
        self.first = first
        """Number of test cases that ended before it began."""
        self.cases = 0
        """Number of test cases that ended in it, including those of inner suites."""
        self.bad = 0
        """Number of known failures and errors in it, including those of inner suites."""
        self.passed = 0
        """Number of test cases in it that count as passed, including those of inner suites."""


def message_in(element: XmlElement) -> str:
    """Return the message of a failure, an error or a skip; empty if it has none."""
    return element.attributes.get("message", "")[:MAX_TEXT] or element.text.strip() or element.get("type")


class _EventHandler:
    """Handler of the XML parser's events."""

    def __init__(self, on_case: Callable[[XmlElement, OpenSuite], None], on_suite: Callable[[OpenSuite], None]) -> None:
        self.on_case, self.on_suite = on_case, on_suite
        self.parser = ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _no_document_type
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.open: list[XmlElement] = []
        self.suites: list[OpenSuite] = []
        self.case: XmlElement | None = None
        self.text: XmlElement | None = None
        """The element whose text is read."""
        self.many_suites = self.many_cases = 0
        self.is_playwright = False
        self.has_case = self.has_run = False

    def read(self, blocks: Iterable[bytes]) -> None:
        """Parse the blocks to their end."""
        size, is_last = 0, True
        for block in blocks:
            self.parser.Parse(block)
            size += len(block)
            if size - self.parser.CurrentByteIndex > _MAX_TAG_BYTES:
                raise _UnusableError(f"has a tag, or a comment, that is larger than {_MAX_TAG_BYTES >> 20} MiB")
        self.parser.Parse(b"", is_last)
        if self.has_case and not self.has_run:
            raise _UnusableError("is a list of tests, not a report of a run: no test has a time or a status")

    def start(self, name: str, raw_attributes: dict[str, str]) -> None:
        tag = name.rpartition("}")[2]
        tag = _TAGS.get(tag.lower(), tag)
        attributes = {key.rpartition("}")[2].lower(): value for key, value in raw_attributes.items()}
        if len(attributes) != len(raw_attributes):
            attributes = _merge_attributes(raw_attributes)
        element = self._element(tag, attributes)
        if self.open:
            if isinstance(self.open[-1], OpenSuite):
                self.open[-1].is_empty = False
        elif not isinstance(element, OpenSuite):
            raise _UnusableError(f"is not JUnit XML: its root is <{one_line(tag, 40)}>, not <testsuites>")
        self.open.append(element)

    def _element(self, tag: str, attributes: dict[str, str]) -> XmlElement:
        self._read_text_of(None)
        if self.case is not None:
            return self._inside(self.case, XmlElement(tag, attributes))
        if tag in _SUITES:
            return self._suite(tag, attributes)
        element = XmlElement(tag, attributes)
        if self.suites and tag.lower() in _SUITE_STATEMENTS:
            self.suites[-1].children.append(element)
            self._read_text_of(element)
        elif self.suites and tag == "testcase":
            self.case = element
            self.has_case = True
            self.has_run = self.has_run or not _EXECUTION_ATTRIBUTES.isdisjoint(attributes)
        return element

    def _inside(self, case: XmlElement, element: XmlElement) -> XmlElement:
        """Add an element of a test case: to its children, or to its properties."""
        parent = self.open[-1]
        self.has_run = True
        is_adverse = element.tag in _ADVERSE_ELEMENTS
        if parent is case or (parent.tag == "properties" and not is_adverse):
            parent.children.append(element)
        elif is_adverse:
            case.children.append(element)
        else:
            return element
        if element.tag != "properties" and element.tag not in _OUTPUT:
            self._read_text_of(element)
        return element

    def _suite(self, tag: str, attributes: dict[str, str]) -> OpenSuite:
        outer = self.suites[-1] if self.suites else None
        suite = OpenSuite(tag, attributes, outer, self.many_suites, self.many_cases)
        if outer is None:
            self.is_playwright = "id" in attributes
        self.many_suites += 1
        if tag == "testsuite" and (name := suite.get("name")):
            names = suite.names
            if not names and self.is_playwright and _PLAYWRIGHT_FILE.search(name):
                names = tuple(filter(None, [suite.get("hostname")]))
            suite.names = (*names[: _MAX_SUITES - 1], name)
        self.suites.append(suite)
        return suite

    def end(self, _: str) -> None:
        self._read_text_of(None)
        element = self.open.pop()
        if element is self.case:
            self.case = None
            self.many_cases += 1
            self.suites[-1].cases += 1
            self.on_case(element, self.suites[-1])
        elif isinstance(element, OpenSuite):
            self.suites.pop()
            if element.outer is not None:
                element.outer.cases += element.cases
            self.has_run = self.has_run or not (element.is_empty or _RUN_ATTRIBUTES.isdisjoint(element.attributes))
            self.on_suite(element)

    def _read_text_of(self, element: XmlElement | None) -> None:
        """Read the text of this element, or of none. The parser skips all other text by itself."""
        if element is not self.text:
            self.text = element
            self.parser.CharacterDataHandler = None if element is None else self.add_text

    def add_text(self, text: str) -> None:
        if self.text is not None and len(self.text.text) < MAX_TEXT:
            self.text.text += text


def _merge_attributes(raw_attributes: dict[str, str]) -> dict[str, str]:
    """Return attributes of which some differ only by letter case or namespace.

    Values that count against a test are joined. Of other attributes the one in lower case and without a namespace is
    used.
    """
    attributes: dict[str, str] = {}
    for key in sorted(raw_attributes, key=lambda key: (key.rpartition("}")[2].lower() != key, key)):
        name, value = key.rpartition("}")[2].lower(), raw_attributes[key]
        if attributes.setdefault(name, value).strip() != value.strip() and name in _ADVERSE_ATTRIBUTES:
            attributes[name] += f" {value}"
    return attributes


def _no_document_type(*_: object) -> None:
    """Refuse a document type before anything that it declares can be expanded."""
    raise _UnusableError("has a document type, which JUnit XML does not need: remove <!DOCTYPE")


def parse_junit(
    path: Path,
    blocks: Iterable[bytes],
    on_case: Callable[[XmlElement, OpenSuite], None],
    on_suite: Callable[[OpenSuite], None],
) -> None:
    """Parse a file, and call a function at the end of each test case and of each suite.

    Args:
        path: the file, for messages.
        blocks: its content.
        on_case: receives a test case and its innermost suite.
        on_suite: receives a suite.

    Raises:
        ConfigError: the file is not XML, not JUnit XML, a list of tests that were not run, or has a document type,
            which could declare entities.
    """
    handler = _EventHandler(on_case, on_suite)
    try:
        handler.read(blocks)
    except ExpatError as error:
        raise ConfigError(f"{location(path, error.lineno)}: is not XML: {error}") from None
    except _UnusableError as error:
        raise ConfigError(f"{location(path)}: {error}") from None
    except (LookupError, ValueError) as error:
        raise ConfigError(f"{location(path)}: has an unsupported encoding: {one_line(str(error))}") from None
