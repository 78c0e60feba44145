"""What stands beside a name: in JSON, Python, YAML and TOML, headers, query parameters, command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .http_headers import find_header
from .match import Match, finding
from .name_cache import SecretName
from .name_value_fields import (
    BLANKS,
    MAY_BE_APART,
    OPENING,
    ValueFields,
    find_apart,
    find_in_object,
    find_in_objects,
    is_apart,
)
from .secret_names import CODE, is_harmless, is_sentence, is_way
from .text_scanner import TextLines

_TYPED = rb":[ ]?(?:str|bytes|string|SecretStr)(?:[ ]\|[ ]None)?[ ]?="
_ANY = (
    rb"""(?P<quote>\\{0,7}?(?:["']|&(?:quot|apos|#34|#39|#x27);|\\u0022))?\]?%b"""
    rb"""(?P<sep>=>|:=|[=!]={1,2}|%b|::(?=[ \t])|[:=](?![:=])|%%3[dD]|,|\||\((?=[bru]?["'])|(?<=[ \t]))"""
    rb"""%b(?P<next>\r?\n(?:E[ ])?[ \t]{1,64}+)?""" % (BLANKS, _TYPED, BLANKS)
)
_WRAP = (
    rb"(?:(?:Some|Just|Right|Ok|Optional|Secret\w{0,16}|Sensitive\w{0,16}|Protected\w{0,16})[(\[]\s{0,64}+"
    rb"|\(\*?[a-z0-9]{1,16}\)[ ]?(?:\(len=\d+\)[ ]?)?\(?|\[\]string\{|string\(\d+\)[ ])"
)
"""What Rust, Scala, Java and Go write around a text."""
_BARE_TEXT = (
    rb"""(?:[^\s&"'<>,;)\]}\\]++|\\(?!["'\s])(?![rnt](?:\\|[\w.-]{1,64}[=:]|["'\s]|\Z))"""
    rb"""|[,;)\]}](?=[^\s,;)\]}&"'<>])(?![\w.-]{1,64}[ ]?[=:]))++"""
)
_PLAIN = rb"""(?:"[ ]?:[ ]?"(?P<text>[^"\\\n]*+)"(?!")|=(?P<word>[\w.+/~%:@#-]++)(?=[\s&]|\Z))"""
"""What most values look like, with nothing that would have to be looked at closer: ``": "value"`` and ``=value``."""
_USUAL = (
    rb"""'[ ]?:[ ]?'(?P<shown>[^'\\\n]*+)'(?!')"""
    rb"""|[ ]?(?:=(?![=:>])|(?!%b)(?P<colon>:)(?![=:]))[ ]?"""
    rb"""(?:"(?!"")(?P<double>[^"\\\n]*+)"|'(?!'')(?P<single>[^'\\\n]*+)'"""
    rb"""|(?![\s\\\x1b\[{|>&"']|[bBuUrRfFN]{1,2}["'\\&]|%b)(?:(?!%b)(?P<bare>%b)|(?P<none>)))"""
    % (_TYPED, _WRAP, CODE, _BARE_TEXT)
)
"""What others look like. For these ``_ANY`` and the rules for each part give the same, by many steps instead of one."""
_AFTER = re.compile(_ANY)
_AFTER_USUAL = re.compile(b"|".join((_PLAIN, _USUAL, _ANY)))
_JOINING = frozenset(b"\\\"'&] \t\x1b=:!%,|(")
"""What these begin with."""
_PLAINEST = frozenset({"text", "word"})
_FORMS = _PLAINEST | {"shown", "double", "single", "bare", "none"}
_WRAPPED = re.compile(_WRAP + b"+")
_NEXT_OF_LIST = re.compile(rb"""[ \t\r\n,]{0,64}[bBuUrRfF]{0,2}(\\{0,7})(["'])""")
_FIRST_OF_TWO = re.compile(rb"""[(\[]?[ ]?[bru]?(["'])[^"'\\\n]{0,256}\1,[ ]?""")
_IN_A_LIST = re.compile(rb"""[(\[][ ]?[bru]?\\{0,7}["'](?:--?)?\Z""")
_BARE_OF_OPTION = re.compile(_BARE_TEXT)
_BARE = re.compile(rb"(?!%b)%b" % (CODE, _BARE_TEXT))
_IN_URL = re.compile(rb"""(?!%b)(?:[^\s&"'<>\\%%]++|%%(?!26))++""" % CODE)
_WORDS = re.compile(rb"""[^\s=:,;#"'()\[\]{}<>|\\]+(?:[ ][^\s=:,;#"'()\[\]{}<>|\\]+)+[ \t]*(?=\r?\n|\Z|\\[rn])""")
_ENDS_A_VALUE = re.compile(rb"""[ \t]*(?:[,;)\]}"'&<>|\\]|\r?\n|\Z|#)""")
_ALPHABETIC = re.compile(rb"[A-Za-z-]+[.,:;!?]?")
_NATURAL = re.compile(rb"[A-Za-z' .,!?-]{0,15}|[A-Za-z',.!?-]{1,20}(?: [A-Za-z',.!?-]{1,20})+")
"""A token of a text, and no secret."""
_BLOCK = re.compile(rb"[|>][+-]?\d?[+-]?[ \t]*\r?\n((?:E[ ])?[ \t]+)([^\r\n]+(?:\r?\n(?:\1[^\r\n]*|(?=\r?\n)))*+)")
"""A text of YAML over several lines."""
_IN_A_TABLE = re.compile(rb"(?=[^\s|]*\d)([^\s|]{8,})[ \t]*(?:\||\r?\n|\Z)")
_WORD_OF_A_LIST = re.compile(rb"[a-z][a-z_]{2,24}")
_SETS = (b"-", b"ENV ", b"setenv ")
_OPENS = frozenset((b"b", b"B", b"u", b"U", b"r", b"R", b"f", b"F", b"N", b"\\", b'"', b"'", b"&"))
"""What a quoted value begins with."""
_QUOTES = frozenset((b'"', b"'"))
_WRAPS = frozenset((b"S", b"J", b"R", b"O", b"P", b"(", b"[", b"s"))
"""What begins what is written around one."""
_NEVER_BARE = frozenset({b"==", b"!=", b"===", b"!==", b",", b"("})
_ALWAYS_JOIN = frozenset((b"=", b":"))
_OF_MANY = frozenset((b"[", b"{", b"|", b">"))


def find_key_values(
    data: bytes, span: tuple[int, int], name: SecretName, lines: TextLines, fields: ValueFields
) -> Sequence[Match] | Iterator[Match]:
    """Return the secret values beside a name that stands there."""
    start, end = span
    if start and data[start - 1] in MAY_BE_APART and is_apart(data, start):
        found = find_apart(data, start, end, lines, fields)
        if found is not None:
            return found
    if end == len(data) or data[end] not in _JOINING:
        return ()
    after = (_AFTER_USUAL if name.is_plain else _AFTER).match(data, end)
    form = None if after is None else after.lastgroup
    if after is None or (name.is_cut and form not in _PLAINEST):
        return ()
    if form == "none" and not name.is_header:
        return ()
    if form in _FORMS:
        usual = _usual(data, start, name, after, form, lines)
        if usual is not None:
            return usual
        after = _AFTER.match(data, end)
    return () if after is None else _joined(data, span, name, after, lines, fields)


def _usual(
    data: bytes, start: int, name: SecretName, after: re.Match[bytes], form: str, lines: TextLines
) -> Sequence[Match] | None:
    """Return the value of a usual form; None: the rules for all must look at it."""
    begin, end = after.span(form)
    value = data[begin:end]
    if form not in _PLAINEST:
        if name.is_header and form != "shown":
            return None
        if data.endswith(b"//", 0, start):
            return ()
        if form in ("double", "single") and lines.in_json(start):
            return () if form == "double" and lines.in_a_text(start) else None
        if form == "bare":
            return _judged(data, (begin, end), start, name, (b":" if after["colon"] else b"=", b""), lines)
    return () if is_harmless(value) else (finding((begin, end, "key", start, b"")),)


def _joined(
    data: bytes, span: tuple[int, int], name: SecretName, after: re.Match[bytes], lines: TextLines, fields: ValueFields
) -> Sequence[Match] | Iterator[Match]:
    """Return what what stands between a name and its value joins to the name."""
    start, at = span[0], after.end()
    quote, sep, in_next = after.group("quote", "sep", "next")
    if data.endswith(b"//", 0, start) or (in_next and not _goes_on(data, name, quote, at)):
        return ()
    if (quote or sep not in _ALWAYS_JOIN) and not _separates(data, span, name, sep, quote, at):
        return ()
    if not quote and name.is_header and sep in (b":", b"="):
        header = find_header(data, span, name, at, lines)
        if header is not None:
            return header
    around = sep, quote or b""
    if sep in (b"|", b"") or data[at : at + 1] in _OF_MANY:
        many = _of_many(data, at, span, name, around, lines, fields)
        if many:
            return many
    return _single(data, at, span, name, around, lines)


def _of_many(
    data: bytes,
    at: int,
    span: tuple[int, int],
    name: SecretName,
    around: tuple[bytes, bytes],
    lines: TextLines,
    fields: ValueFields,
) -> Sequence[Match] | Iterator[Match]:
    """Return the values of a list, an object, a table or a text over several lines; nothing where there is none."""
    sep, quote = around
    first = data[at : at + 1]
    if first == b"[" and (quote or name.is_jar) and not data.startswith(b"[]", at):
        return _listed(data, at + 1, span, name, lines, fields)
    if first == b"{" and (quote or name.is_jar):
        return find_in_object(data, at + 1, span[0], lines, fields, all_of=name.is_jar)
    if sep == b"|" or (sep == b"" and _is_column(data, span, name, at)):
        return _in_a_table(data, at, span[0], lines)
    if first in (b"|", b">") and sep == b":" and (block := _BLOCK.match(data, at)):
        return () if is_harmless(block[2]) else (Match(*block.span(2), "key", span[0]),)
    return ()


def _single(
    data: bytes, at: int, span: tuple[int, int], name: SecretName, around: tuple[bytes, bytes], lines: TextLines
) -> Sequence[Match] | Iterator[Match]:
    """Return one value; ``around``: what stands between it and its name, and the quote behind the name."""
    sep, quote = around
    first = data[at : at + 1]
    in_json = first in _QUOTES and not quote and lines.in_json(span[0])
    if in_json and first == b'"' and lines.in_a_text(span[0]):
        return ()  # what seems to open a value closes the text of JSON that ends here
    if name.is_auth and sep in (b"=", b"(") and (pair := _FIRST_OF_TWO.match(data, at)):
        at, first = pair.end(), b'"'
    elif first in _WRAPS and (wrapped := _WRAPPED.match(data, at)):
        at, first = wrapped.end(), b'"'
    opening = OPENING.match(data, at) if first in _OPENS else None
    if opening is None:
        return () if sep in _NEVER_BARE else _bare(data, at, span, name, around, lines)
    if data.startswith((b'"""', b"'''"), at):
        return _in_three_quotes(data, at, span[0], lines)
    begin, close = opening.end(), lines.closing(opening)
    if in_json and opening[2] == b"'" and data.find(b'"', begin, close) >= 0:
        close = -1  # the apostrophe is closed beyond the text of JSON that it stands in
    if close < 0:
        return () if sep in _NEVER_BARE else _bare(data, begin, span, name, around, lines)
    value = data[begin:close]
    if is_harmless(value) or (name.is_auth and is_way(value)) or _is_word(name, sep, value):
        return ()
    return (finding((begin, close, "key", span[0], b"")),)


def _in_three_quotes(data: bytes, at: int, since: int, lines: TextLines) -> Iterator[Match]:
    """Yield a text of TOML or Python over several lines."""
    close = lines.find(data[at : at + 3], at + 3)
    if close < len(data) and not is_harmless(data[at + 3 : close]):
        yield Match(at + 3, close, "key", since)


def _in_a_table(data: bytes, at: int, since: int, lines: TextLines) -> Iterator[Match]:
    """Yield the cell beside a name that stands first in its line, if it looks like no word."""
    cell = _IN_A_TABLE.match(data, at)
    if cell is not None and not data[lines.begin(since) : since].strip(b" \t|"):
        yield Match(*cell.span(1), "key", since)


def _is_word(name: SecretName, sep: bytes, value: bytes) -> bool:
    """Return whether what stands beside a name is the next word of a list, or of a sentence that quotes it."""
    if sep == b",":
        return not name.is_option and _WORD_OF_A_LIST.fullmatch(value) is not None
    return sep == b"" and is_sentence(value)


def _separates(data: bytes, span: tuple[int, int], name: SecretName, sep: bytes, quote: bytes | None, at: int) -> bool:
    """Return whether a name and what follows belong together, as far as what stands between them tells.

    What stands in ``_ALWAYS_JOIN`` does, without a quote.
    """
    if sep == b"":  # an option and its value; SQL's PASSWORD 'x'; Clojure's :password "x"; a table
        if quote or (name.is_option and data.startswith(b"-", at)):  # the next option
            return False
        return name.is_option or _is_set(data, span[0], name, at) or _is_column(data, span, name, at)
    if sep == b",":  # ("password", "x"), and "--password", "x"
        if not quote:
            return False
        start = span[0]
        return name.is_option or _IN_A_LIST.search(data, max(start - 8, 0), start) is not None or name.is_in_lists
    if sep == b"(":
        return name.is_constructor
    return sep != b"|" or not quote


def _is_set(data: bytes, start: int, name: SecretName, at: int) -> bool:
    """Return whether a name and the value after it, with a blank between, are an option, a variable, or SQL's."""
    if data[max(start - 7, 0) : start].endswith(_SETS):
        return True
    first = data[at : at + 1]
    if first == b'"':
        return data.endswith(b":", 0, start)
    return name.is_password and first in (b"'", b"N")


def _is_column(data: bytes, span: tuple[int, int], name: SecretName, at: int) -> bool:
    """Return whether blanks stand between a name and what follows, as between the columns of a table."""
    return at - span[1] > 1 and not name.is_option and data[span[1] : at].isspace()


def _goes_on(data: bytes, name: SecretName, quote: bytes | None, at: int) -> bool:
    """Return whether a value stands in the line after its name: a text of JSON or YAML, or a folded header."""
    if data.startswith((b'"""', b"'''"), at):  # what a class is about
        return False
    return data.startswith((b'"', b"string("), at) or (not quote and name.is_in_lists and data[at : at + 2] != b"- ")


def _listed(
    data: bytes, at: int, span: tuple[int, int], name: SecretName, lines: TextLines, fields: ValueFields
) -> Iterator[Match]:
    """Yield each text of a list; of a list of cookies each value."""
    if name.is_jar and data[at : at + 64].lstrip()[:1] == b"{":
        yield from find_in_objects(data, at, span[0], lines, fields)
        return
    while True:
        opening = _NEXT_OF_LIST.match(data, at)
        close = -1 if opening is None else lines.closing(opening)
        if opening is None or close < 0:
            return
        value = data[opening.end() : close]
        if not (is_harmless(value) or (name.is_of_tokens and _NATURAL.fullmatch(value))):
            yield Match(opening.end(), close, "key", span[0])
        at = close + len(opening[1]) + 1


def _bare(
    data: bytes, at: int, span: tuple[int, int], name: SecretName, around: tuple[bytes, bytes], lines: TextLines
) -> Sequence[Match]:
    """Return a value without quotes."""
    sep = around[0]
    found = (_BARE_OF_OPTION if sep == b"" else _IN_URL if sep[:1] == b"%" else _BARE).match(data, at)
    if found is None:
        return ()
    return _judged(data, found.span(), span[0], name, around, lines)


def _judged(
    data: bytes, found: tuple[int, int], start: int, name: SecretName, around: tuple[bytes, bytes], lines: TextLines
) -> Sequence[Match]:
    """Return a value without quotes, unless it says that there is none, or is the first word of a sentence."""
    (at, end), (sep, quote) = found, around
    value = data[at:end]
    words = _passphrase(data, at, start, lines) if name.is_of_passwords and sep == b":" else 0
    if words:
        end = words
    elif (
        is_harmless(value)
        or (name.is_auth and is_way(value))
        or (sep == b":" and _is_prose(data, value, end))
        or (sep == b"" and value.startswith(b"-"))
    ):
        return ()
    return (finding((at, end, "key", start, quote)),)


def _passphrase(data: bytes, at: int, start: int, lines: TextLines) -> int:
    """Return where the words end that are a passphrase: the rest of a line that is no sentence; 0: they are none."""
    if data[at - 1 : at] != b" " or data[lines.begin(start) : start].strip(b" \t->\"'"):
        return 0
    words = _WORDS.match(data, at)
    if words is None or is_sentence(words.group()) or is_harmless(words.group().partition(b" ")[0]):
        return 0
    return at + len(words.group().rstrip())


def _is_prose(data: bytes, value: bytes, end: int) -> bool:
    """Return whether "password: must be longer" goes on as a sentence does."""
    return _ALPHABETIC.fullmatch(value) is not None and _ENDS_A_VALUE.match(data, end) is None
