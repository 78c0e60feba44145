"""What stands beside a name: in JSON, Python, YAML and TOML, headers, query parameters, command lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .fields import BLANKS, OPENING, Fields, find_apart, find_in_object, find_in_objects, is_apart
from .finding import Finding
from .headers import find_header
from .keys import is_code, is_harmless, is_sentence, is_way
from .lines import Lines

_AFTER = re.compile(
    rb"""(?P<quote>\\{0,7}?(?:["']|&(?:quot|apos|#34|#39|#x27);|\\u0022))?\]?(?P<blank>%b)"""
    rb"""(?P<sep>=>|:=|[=!]={1,2}|:[ ]?(?:str|bytes|string|SecretStr)(?:[ ]\|[ ]None)?[ ]?=|::(?=[ \t])|[:=](?![:=])"""
    rb"""|%%3[dD]|,|\||\((?=[bru]?["'])|(?<=[ \t]))%b(?P<next>\r?\n(?:E[ ])?[ \t]{1,64}+)?""" % (BLANKS, BLANKS)
)
_WRAPPED = re.compile(
    rb"(?:(?:Some|Just|Right|Ok|Optional|Secret\w{0,16}|Sensitive\w{0,16}|Protected\w{0,16})[(\[]\s{0,64}+"
    rb"|\(\*?[a-z0-9]{1,16}\)[ ]?(?:\(len=\d+\)[ ]?)?\(?|\[\]string\{|string\(\d+\)[ ])+"
)
"""What Rust, Scala, Java and Go write around a text."""
_CONSTRUCTORS = frozenset(b"PASSWORD Password Secret SecretString ApiKey AccessToken SecretKey".split())
_NEXT_OF_LIST = re.compile(rb"""[ \t\r\n,]{0,64}[bBuUrRfF]{0,2}(\\{0,7})(["'])""")
_FIRST_OF_TWO = re.compile(rb"""[(\[]?[ ]?[bru]?(["'])[^"'\\\n]{0,256}\1,[ ]?""")
_IN_A_LIST = re.compile(rb"""[(\[][ ]?[bru]?\\{0,7}["'](?:--?)?\Z""")
_BARE = re.compile(
    rb"""(?:[^\s&"'<>,;)\]}\\]++|\\(?!["'\s])(?![rnt](?:\\|[\w.-]{1,64}[=:]|["'\s]|\Z))"""
    rb"""|[,;)\]}](?=[^\s,;)\]}&"'<>])(?![\w.-]{1,64}[ ]?[=:]))++"""
)
_IN_URL = re.compile(rb"""(?:[^\s&"'<>\\%]++|%(?!26))++""")
_WORDS = re.compile(rb"""[^\s=:,;#"'()\[\]{}<>|\\]+(?:[ ][^\s=:,;#"'()\[\]{}<>|\\]+)+[ \t]*(?=\r?\n|\Z|\\[rn])""")
_ENDS_A_VALUE = re.compile(rb"""[ \t]*(?:[,;)\]}"'&<>|\\]|\r?\n|\Z|#)""")
_ALPHABETIC = re.compile(rb"[A-Za-z-]+[.,:;!?]?")
_PLAIN = re.compile(
    rb"""(?:"[ ]?:[ ]?"([^"\\\n]*+)"(?!")|=([\w.+/~%:@#-]++)(?=[\s&]|\Z))""",
)
"""What most values look like: ``": "value"`` and ``=value``, with nothing that would have to be looked at closer."""
_NOT_PLAIN = frozenset((b"auth", b"tion", b"okie"))
"""How the names end beside which a value may be more, such as a header's."""
_NATURAL = re.compile(rb"[A-Za-z' .,!?-]{0,15}|[A-Za-z',.!?-]{1,20}(?: [A-Za-z',.!?-]{1,20})+")
"""A token of a text, and no secret."""
_BLOCK = re.compile(rb"[|>][+-]?\d?[+-]?[ \t]*\r?\n((?:E[ ])?[ \t]+)([^\r\n]+(?:\r?\n(?:\1[^\r\n]*|(?=\r?\n)))*+)")
"""A text of YAML over several lines."""
_IN_A_TABLE = re.compile(rb"(?=[^\s|]*\d)([^\s|]{8,})[ \t]*(?:\||\r?\n|\Z)")
_WORD_OF_A_LIST = re.compile(rb"[a-z][a-z_]{2,24}")
_SETS = (b"ENV ", b"setenv ")
_NEVER_BARE = frozenset({b"==", b"!=", b"===", b"!==", b",", b"("})
_OF_PASSWORDS = re.compile(rb"passw|passphrase|pwd|passcode", re.IGNORECASE)


def find_beside(data: bytes, span: tuple[int, int], lines: Lines, fields: Fields) -> Iterable[Finding]:
    """Return the secret values beside a name that stands there."""
    start, end = span
    if is_apart(data, start):
        found = find_apart(data, start, end, lines, fields)
        if found is not None:
            return found
    plain = _PLAIN.match(data, end)
    if plain is not None and data[end - 4 : end].lower() not in _NOT_PLAIN:
        value = plain.span(plain.lastindex or 0)
        return () if is_harmless(data[value[0] : value[1]]) else (Finding(*value, "key", start),)
    return _joined(data, span, lines, fields)


def _joined(data: bytes, span: tuple[int, int], lines: Lines, fields: Fields) -> Iterable[Finding]:
    """Return what what stands between a name and its value joins to the name."""
    start, end = span
    after = _AFTER.match(data, end)
    if after is None or data[end - 1 : end] == b".":
        return ()
    sep, quote, at = after["sep"], after["quote"] or b"", after.end()
    if data[max(start - 2, 0) : start] == b"//" or not _separates(data, span, sep, quote, at):
        return ()
    if after["next"] and not _goes_on(data, data[start:end], quote, at):
        return ()
    if not quote and sep in (b":", b"=") and (header := find_header(data, span, at, lines)) is not None:
        return header
    return _of_many(data, at, span, (sep, quote), lines, fields) or _single(data, at, span, (sep, quote), lines)


def _of_many(
    data: bytes, at: int, span: tuple[int, int], around: tuple[bytes, bytes], lines: Lines, fields: Fields
) -> Iterable[Finding]:
    """Return the values of a list, an object, a table or a text over several lines; nothing where there is none."""
    sep, quote = around
    first, is_jar = data[at : at + 1], data[span[1] - 7 : span[1]].lower() == b"cookies"
    if first == b"[" and (quote or is_jar) and not data.startswith(b"[]", at):
        return _listed(data, at + 1, span, lines, fields)
    if first == b"{" and (quote or is_jar):
        return find_in_object(data, at + 1, span[0], lines, fields, all_of=is_jar)
    if sep == b"|" or (sep == b"" and _is_column(data, span, at)):
        return _in_a_table(data, at, span[0], lines)
    if first and first in b"|>" and sep == b":" and (block := _BLOCK.match(data, at)):
        return () if is_harmless(block[2]) else (Finding(*block.span(2), "key", span[0]),)
    return ()


def _single(
    data: bytes, at: int, span: tuple[int, int], around: tuple[bytes, bytes], lines: Lines
) -> Iterator[Finding]:
    """Yield one value; ``around``: what stands between it and its name, and the quote behind the name."""
    sep, quote = around
    name = data[span[0] : span[1]]
    in_json = not quote and data[at : at + 1] in (b'"', b"'") and lines.in_json(span[0])
    if in_json and data.startswith(b'"', at) and lines.in_a_text(span[0]):
        return  # what seems to open a value closes the text of JSON that ends here
    if sep in (b"=", b"(") and name[-4:].lower() == b"auth" and (pair := _FIRST_OF_TWO.match(data, at)):
        at = pair.end()
    elif wrapped := _WRAPPED.match(data, at):
        at = wrapped.end()
    opening = OPENING.match(data, at)
    if data.startswith((b'"""', b"'''"), at):
        yield from _in_three_quotes(data, at, span[0], lines)
        return
    close = -1 if opening is None else lines.closing(opening)
    if opening is not None and in_json and opening[2] == b"'" and data.find(b'"', opening.end(), close) >= 0:
        close = -1  # the apostrophe is closed beyond the text of JSON that it stands in
    if opening is not None and close >= 0:
        value = data[opening.end() : close]
        if not (is_harmless(value) or is_way(name, value) or _is_word(data, span, sep, value)):
            yield Finding(opening.end(), close, "key", span[0])
    elif sep not in _NEVER_BARE:
        yield from _bare(data, at if opening is None else opening.end(), span, around, lines)


def _in_three_quotes(data: bytes, at: int, since: int, lines: Lines) -> Iterator[Finding]:
    """Yield a text of TOML or Python over several lines."""
    close = lines.find(data[at : at + 3], at + 3)
    if close < len(data) and not is_harmless(data[at + 3 : close]):
        yield Finding(at + 3, close, "key", since)


def _in_a_table(data: bytes, at: int, since: int, lines: Lines) -> Iterator[Finding]:
    """Yield the cell beside a name that stands first in its line, if it looks like no word."""
    cell = _IN_A_TABLE.match(data, at)
    if cell is not None and not data[lines.begin(since) : since].strip(b" \t|"):
        yield Finding(*cell.span(1), "key", since)


def _is_word(data: bytes, span: tuple[int, int], sep: bytes, value: bytes) -> bool:
    """Return whether what stands beside a name is the next word of a list, or of a sentence that quotes it."""
    if sep == b",":
        return data[span[0] : span[0] + 1] != b"-" and _WORD_OF_A_LIST.fullmatch(value) is not None
    return sep == b"" and is_sentence(value)


def _separates(data: bytes, span: tuple[int, int], sep: bytes, quote: bytes, at: int) -> bool:
    """Return whether a name and what follows belong together, as far as what stands between them tells."""
    start, end = span
    name = data[start:end]
    if sep == b"":  # an option and its value; SQL's PASSWORD 'x'; Clojure's :password "x"; a table
        return not quote and (_is_set(data, start, name, at) or _is_column(data, span, at))
    if sep == b",":  # ("password", "x"), and "--password", "x"
        if not quote:
            return False
        return (
            name.startswith(b"-") or _IN_A_LIST.search(data, max(start - 8, 0), start) is not None or _is_header(name)
        )
    if sep == b"(":
        return name in _CONSTRUCTORS or name.endswith(b"Auth")
    return sep != b"|" or not quote


def _is_set(data: bytes, start: int, name: bytes, at: int) -> bool:
    """Return whether a name and the value after it, with a blank between, are an option, a variable, or SQL's."""
    before, first = data[max(start - 7, 0) : start], data[at : at + 1]
    if before.endswith((b"-", *_SETS)) or name.startswith(b"-"):
        return True
    if first == b'"':
        return before.endswith(b":")
    return first in (b"'", b"N") and name.lower() == b"password"


def _is_column(data: bytes, span: tuple[int, int], at: int) -> bool:
    """Return whether blanks stand between a name and what follows, as between the columns of a table."""
    return at - span[1] > 1 and data[span[1] : at].isspace() and not data.startswith(b"-", span[0])


def _is_header(name: bytes) -> bool:
    """Return whether a name is that of a header: those stand in flat lists, name and value in turn."""
    lower = name.lower()
    return lower.startswith(b"x-") or lower in (b"authorization", b"proxy-authorization", b"cookie", b"set-cookie")


def _goes_on(data: bytes, name: bytes, quote: bytes, at: int) -> bool:
    """Return whether a value stands in the line after its name: a text of JSON or YAML, or a folded header."""
    if data.startswith((b'"""', b"'''"), at):  # what a class is about
        return False
    return data.startswith((b'"', b"string("), at) or (not quote and _is_header(name) and data[at : at + 2] != b"- ")


def _listed(data: bytes, at: int, span: tuple[int, int], lines: Lines, fields: Fields) -> Iterator[Finding]:
    """Yield each text of a list; of a list of cookies each value."""
    name = data[span[0] : span[1]].lower()
    if name.endswith(b"cookies") and data[at : at + 64].lstrip()[:1] == b"{":
        yield from find_in_objects(data, at, span[0], lines, fields)
        return
    while True:
        opening = _NEXT_OF_LIST.match(data, at)
        close = -1 if opening is None else lines.closing(opening)
        if opening is None or close < 0:
            return
        value = data[opening.end() : close]
        if not (is_harmless(value) or (name.endswith(b"tokens") and _NATURAL.fullmatch(value))):
            yield Finding(opening.end(), close, "key", span[0])
        at = close + len(opening[1]) + 1


def _bare(data: bytes, at: int, span: tuple[int, int], around: tuple[bytes, bytes], lines: Lines) -> Iterator[Finding]:
    """Yield a value without quotes."""
    sep, quote = around
    if sep != b"" and is_code(data, at):
        return
    found = (_IN_URL if sep[:1] == b"%" else _BARE).match(data, at)
    if found is None:
        return
    value, end = found.group(), found.end()
    words = _passphrase(data, at, span, lines) if sep == b":" else 0
    if words:
        end = words
    elif (
        is_harmless(value)
        or is_way(data[span[0] : span[1]], value)
        or (sep == b":" and _is_prose(data, value, end))
        or (sep == b"" and value.startswith(b"-"))
    ):
        return
    yield Finding(at, end, "key", span[0], quote)


def _passphrase(data: bytes, at: int, span: tuple[int, int], lines: Lines) -> int:
    """Return where the words end that are a passphrase: the rest of a line that is no sentence; 0: they are none."""
    if data[at - 1 : at] != b" " or not _OF_PASSWORDS.search(data, *span):
        return 0
    if data[lines.begin(span[0]) : span[0]].strip(b" \t->\"'"):
        return 0
    words = _WORDS.match(data, at)
    if words is None or is_sentence(words.group()) or is_harmless(words.group().partition(b" ")[0]):
        return 0
    return at + len(words.group().rstrip())


def _is_prose(data: bytes, value: bytes, end: int) -> bool:
    """Return whether "password: must be longer" goes on as a sentence does."""
    return _ALPHABETIC.fullmatch(value) is not None and _ENDS_A_VALUE.match(data, end) is None
