"""JUnit XML as a stream: nothing is held but the test case, and the suites, that are open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate

from ...errors import ConfigError, location, one_line

MOST_OF_A_TEXT = 1 << 20
"""Characters of a text that are read: more than is kept, so that a secret in it is whole when it is looked for."""
_MOST_OF_A_TAG = 8 << 20
"""Bytes of one tag or comment: it is read as a whole."""
BAD = frozenset({"error", "failure"})
"""Elements of what failed, in a test case or in a suite."""
_SUITES = frozenset({"testsuite", "testsuites"})
_AGAINST = frozenset({"error", "failure", "rerunError", "rerunFailure", "skipped"})
"""What is against a test case wherever in it it stands."""
_OUTPUT = frozenset({"system-out", "system-err"})
_OF_A_RUN = frozenset({"failures", "errors", "skipped", "time", "timestamp"})
"""What only the suite of a run says of itself."""
_OF_A_CASE_THAT_RAN = frozenset({"time", "timestamp", "status", "result", "classname"})
_TAGS = {name: name for name in ("testcase", "testsuite", "testsuites")}
"""Elements that are known in any letter case: what is in one must not be passed over."""
_SPEAKING = frozenset(
    {"status", "result", "failures", "failure", "errors", "error", "skipped", "incomplete", "executed"}
)
"""Attributes that may speak against a test case or a suite."""
_OF_PLAYWRIGHT = re.compile(r"\.[cm]?[jt]sx?\Z")
"""A suite of Playwright is a file of tests; it says the project as ``hostname``, where others say the machine."""
_MOST_SUITES = 50
"""Suites of a path: what nests deeper than that is not told apart by all of them."""


class _Refused(Exception):  # noqa: N818 - no error of its own: it is told with the place
    """The file cannot be used."""


class XmlElement:
    """A test case, what is in it, or what a suite has against itself."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""
        """What stands before the first element in it."""
        self.children: list[XmlElement] = []

    def get(self, name: str) -> str:
        """Return what an attribute says, without the space around it; the empty text where there is none."""
        return self.attributes.get(name, "").strip()


class OpenSuite(XmlElement):
    """A suite that is open."""

    __slots__ = ("bad", "called", "cases", "first", "is_empty", "names", "number", "outer", "timestamp")

    def __init__(self, tag: str, attributes: dict[str, str], outer: OpenSuite | None, number: int, first: int) -> None:
        """``children``: what it has against itself."""
        super().__init__(tag, attributes)
        self.outer = outer
        """The suite around it."""
        self.number = number
        """In the order in which they begin."""
        self.called: str = self.get("name") or ("" if outer is None else outer.called)
        """Its name, or that of the innermost suite around it that has one."""
        self.names: tuple[str, ...] = () if outer is None else outer.names
        """Names of the suites around what is in it, the outermost first."""
        self.timestamp: str = self.get("timestamp") or ("" if outer is None else outer.timestamp)
        """As the innermost suite says that has one."""
        self.is_empty = True
        self.first = first
        """How many test cases ended before it began."""
        self.cases = 0
        """How many test cases ended in it, those of the suites in it too."""
        self.bad = 0
        """How many failures and errors are known of in it, those of the suites in it too."""


class _Reading:
    """Takes in what the parser comes upon."""

    def __init__(self, found: Callable[[XmlElement, OpenSuite], None], ended: Callable[[OpenSuite], None]) -> None:
        self.found, self.ended = found, ended
        self.parser = ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _no_document_type
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.open: list[XmlElement] = []
        self.suites: list[OpenSuite] = []
        self.case: XmlElement | None = None
        self.text: XmlElement | None = None
        """Whose text is read."""
        self.many_suites = self.many_cases = 0
        self.of_playwright = False
        self.any_case = self.was_run = False

    def read(self, blocks: Iterable[bytes]) -> None:
        """Read it to its end."""
        fed, last = 0, True
        for block in blocks:
            self.parser.Parse(block)
            fed += len(block)
            if fed - self.parser.CurrentByteIndex > _MOST_OF_A_TAG:
                raise _Refused(f"has a tag, or a comment, that is larger than {_MOST_OF_A_TAG >> 20} MiB")
        self.parser.Parse(b"", last)
        if self.any_case and not self.was_run:
            raise _Refused("is a list of tests, and no report of a run: none has a time or a status")

    def start(self, name: str, given: dict[str, str]) -> None:
        tag = name.rpartition("}")[2]
        tag = _TAGS.get(tag.lower(), tag)
        attributes = {key.rpartition("}")[2].lower(): value for key, value in given.items()}
        if len(attributes) != len(given):
            attributes = _of_one_name(given)
        element = self._element(tag, attributes)
        if self.open:
            if isinstance(self.open[-1], OpenSuite):
                self.open[-1].is_empty = False
        elif not isinstance(element, OpenSuite):
            raise _Refused(f"is no JUnit XML: its root is <{one_line(tag, 40)}>, not <testsuites>")
        self.open.append(element)

    def _element(self, tag: str, attributes: dict[str, str]) -> XmlElement:
        self._listen(None)
        if self.case is not None:
            return self._inside(self.case, XmlElement(tag, attributes))
        if tag in _SUITES:
            return self._suite(tag, attributes)
        element = XmlElement(tag, attributes)
        if self.suites and tag.lower() in BAD:
            self.suites[-1].children.append(element)
            self._listen(element)
        elif self.suites and tag == "testcase":
            self.case = element
            self.any_case = True
            self.was_run = self.was_run or not _OF_A_CASE_THAT_RAN.isdisjoint(attributes)
        return element

    def _inside(self, case: XmlElement, element: XmlElement) -> XmlElement:
        """Take in what is in a test case: its children, and its properties."""
        parent = self.open[-1]
        self.was_run = True
        is_against = element.tag in _AGAINST
        if parent is case or (parent.tag == "properties" and not is_against):
            parent.children.append(element)
        elif is_against:
            case.children.append(element)
        else:
            return element
        if element.tag != "properties" and element.tag not in _OUTPUT:
            self._listen(element)
        return element

    def _suite(self, tag: str, attributes: dict[str, str]) -> OpenSuite:
        outer = self.suites[-1] if self.suites else None
        suite = OpenSuite(tag, attributes, outer, self.many_suites, self.many_cases)
        if outer is None:
            self.of_playwright = "id" in attributes
        self.many_suites += 1
        if tag == "testsuite" and (name := suite.get("name")):
            names = suite.names
            if not names and self.of_playwright and _OF_PLAYWRIGHT.search(name):
                names = tuple(filter(None, [suite.get("hostname")]))
            suite.names = (*names[: _MOST_SUITES - 1], name)
        self.suites.append(suite)
        return suite

    def end(self, _: str) -> None:
        self._listen(None)
        element = self.open.pop()
        if element is self.case:
            self.case = None
            self.many_cases += 1
            self.suites[-1].cases += 1
            self.found(element, self.suites[-1])
        elif isinstance(element, OpenSuite):
            self.suites.pop()
            if element.outer is not None:
                element.outer.cases += element.cases
            self.was_run = self.was_run or not (element.is_empty or _OF_A_RUN.isdisjoint(element.attributes))
            self.ended(element)

    def _listen(self, element: XmlElement | None) -> None:
        """Read the text of this element, if of any: the parser passes over all other text by itself."""
        if element is not self.text:
            self.text = element
            self.parser.CharacterDataHandler = None if element is None else self.said

    def said(self, text: str) -> None:
        if self.text is not None and len(self.text.text) < MOST_OF_A_TEXT:
            self.text.text += text


def _of_one_name(given: dict[str, str]) -> dict[str, str]:
    """Return attributes of which some differ by letter case or namespace only: what speaks against a test is not lost.

    Of others the one without a namespace and in small letters is taken.
    """
    found: dict[str, str] = {}
    for key in sorted(given, key=lambda key: (key.rpartition("}")[2].lower() != key, key)):
        name, value = key.rpartition("}")[2].lower(), given[key]
        if found.setdefault(name, value).strip() != value.strip() and name in _SPEAKING:
            found[name] += f" {value}"
    return found


def _no_document_type(*_: object) -> None:
    """Refuse a document type before anything that it declares can be expanded."""
    raise _Refused("has a document type, which JUnit XML needs not: take <!DOCTYPE out")


def parse_junit(
    path: Path,
    blocks: Iterable[bytes],
    found: Callable[[XmlElement, OpenSuite], None],
    ended: Callable[[OpenSuite], None],
) -> None:
    """Tell each test case, and each suite, when it ends.

    Args:
        path: of the file, for messages.
        blocks: what is in it.
        found: is told a test case, and the innermost suite that it is in.
        ended: is told a suite.

    Raises:
        ConfigError: it is no XML, no JUnit XML, a list of tests that were not run, or has a document type (and so could
            have entities).
    """
    reading = _Reading(found, ended)
    try:
        reading.read(blocks)
    except ExpatError as error:
        raise ConfigError(f"{location(path, error.lineno)}: is no XML: {error}") from None
    except _Refused as error:
        raise ConfigError(f"{location(path)}: {error}") from None
    except (LookupError, ValueError) as error:
        raise ConfigError(f"{location(path)}: is in an encoding that cannot be read: {one_line(str(error))}") from None
