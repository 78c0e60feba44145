"""Rules that find the value of a name in JSON, Python, YAML, TOML, headers, queries and command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..late_pattern import late_pattern
from .http_headers import find_header
from .match import Match, make_match
from .name_cache import SecretName
from .name_value_fields import (
    BEFORE_FIELD_NAME,
    BLANKS,
    OPENING,
    ValueFields,
    find_field_value,
    find_in_object,
    find_in_objects,
    may_be_field_name,
)
from .secret_names import CODE, is_auth_method, is_harmless, is_sentence
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
"""What Rust, Scala, Java and Go write around a string."""
_UNQUOTED_TEXT = (
    rb"""(?:[^\s&"'<>,;)\]}\\]++|\\(?!["'\s])(?![rnt](?:\\|[\w.-]{1,64}[=:]|["'\s]|\Z))"""
    rb"""|[,;)\]}](?=[^\s,;)\]}&"'<>])(?![\w.-]{1,64}[ ]?[=:]))++"""
)
_PLAIN = rb"""(?:"[ ]?:[ ]?"(?P<text>[^"\\\n]*+)"(?!")|=(?P<word>[\w.+/~%:@#-]++)(?=[\s&]|\Z))"""
"""The form of most values, which needs no further tests: ``": "value"`` and ``=value``."""
_USUAL = (
    rb"""'[ ]?:[ ]?'(?P<shown>[^'\\\n]*+)'(?!')"""
    rb"""|[ ]?(?:=(?![=:>])|(?!%b)(?P<colon>:)(?![=:]))[ ]?"""
    rb"""(?:"(?!"")(?P<double>[^"\\\n]*+)"|'(?!'')(?P<single>[^'\\\n]*+)'"""
    rb"""|(?![\s\\\x1b\[{|>&"']|[bBuUrRfFN]{1,2}["'\\&]|%b)(?:(?!%b)(?P<bare>%b)|(?P<none>)))"""
    % (_TYPED, _WRAP, CODE, _UNQUOTED_TEXT)
)
"""Other frequent forms. ``_ANY`` and the rules for each part give the same result in many steps instead of one."""
_AFTER = late_pattern(_ANY)
_AFTER_USUAL = late_pattern(b"|".join((_PLAIN, _USUAL, _ANY)))
_JOINING = frozenset(b"\\\"'&] \t\x1b=:!%,|(")
"""First bytes of these patterns."""
_PLAIN_FORMS = frozenset({"text", "word"})
_FORMS = _PLAIN_FORMS | {"shown", "double", "single", "bare", "none"}
_WRAPPED = late_pattern(_WRAP + b"+")
_NEXT_OF_LIST = late_pattern(rb"""[ \t\r\n,]{0,64}[bBuUrRfF]{0,2}(\\{0,7})(["'])""")
_FIRST_OF_TWO = late_pattern(rb"""[(\[]?[ ]?[bru]?(["'])[^"'\\\n]{0,256}\1,[ ]?""")
_BEFORE_LIST_ITEM = late_pattern(rb"""[(\[][ ]?[bru]?\\{0,7}["'](?:--?)?\Z""")
_UNQUOTED_OF_OPTION = late_pattern(_UNQUOTED_TEXT)
_UNQUOTED = late_pattern(rb"(?!%b)%b" % (CODE, _UNQUOTED_TEXT))
_IN_URL = late_pattern(rb"""(?!%b)(?:[^\s&"'<>\\%%]++|%%(?!26))++""" % CODE)
_WORDS = late_pattern(rb"""[^\s=:,;#"'()\[\]{}<>|\\]+(?:[ ][^\s=:,;#"'()\[\]{}<>|\\]+)+[ \t]*(?=\r?\n|\Z|\\[rn])""")
_ENDS_A_VALUE = late_pattern(rb"""[ \t]*(?:[,;)\]}"'&<>|\\]|\r?\n|\Z|#)""")
_ALPHABETIC = late_pattern(rb"[A-Za-z-]+[.,:;!?]?")
_TEXT_TOKENS = late_pattern(rb"[A-Za-z' .,!?-]{0,15}|[A-Za-z',.!?-]{1,20}(?: [A-Za-z',.!?-]{1,20})+")
"""A token of a text, which is no secret."""
_BLOCK = late_pattern(rb"[|>][+-]?\d?[+-]?[ \t]*\r?\n((?:E[ ])?[ \t]+)([^\r\n]+(?:\r?\n(?:\1[^\r\n]*|(?=\r?\n)))*+)")
"""A string of YAML over several lines."""
_CELL = late_pattern(rb"(?=[^\s|]*\d)([^\s|]{8,})[ \t]*(?:\||\r?\n|\Z)")
_WORD_OF_A_LIST = late_pattern(rb"[a-z][a-z_]{2,24}")
_BEFORE_VARIABLE = (b"-", b"ENV ", b"setenv ")
_OPENS = frozenset((b"b", b"B", b"u", b"U", b"r", b"R", b"f", b"F", b"N", b"\\", b'"', b"'", b"&"))
"""First bytes of a quoted value."""
_QUOTES = frozenset((b'"', b"'"))
_WRAPS = frozenset((b"S", b"J", b"R", b"O", b"P", b"(", b"[", b"s"))
"""First bytes of ``_WRAP``."""
_NEVER_UNQUOTED = frozenset({b"==", b"!=", b"===", b"!==", b",", b"("})
_ALWAYS_JOIN = frozenset((b"=", b":"))
_OPENS_SEVERAL = frozenset((b"[", b"{", b"|", b">"))


def find_key_values(
    data: bytes, span: tuple[int, int], name: SecretName, lines: TextLines, fields: ValueFields
) -> Sequence[Match] | Iterator[Match]:
    """Return the secret values of a name at a position."""
    start, end = span
    if start and data[start - 1] in BEFORE_FIELD_NAME and may_be_field_name(data, start):
        field_value = find_field_value(data, start, end, lines, fields)
        if field_value is not None:
            return field_value
    if end == len(data) or data[end] not in _JOINING:
        return ()
    after = (_AFTER_USUAL if name.has_plain_value else _AFTER).match(data, end)
    form = None if after is None else after.lastgroup
    if after is None or (name.ends_a_sentence and form not in _PLAIN_FORMS):
        return ()
    if form == "none" and not name.is_header:
        return ()
    if form in _FORMS:
        usual_value = _match_usual_form(data, start, name, after, form, lines)
        if usual_value is not None:
            return usual_value
        after = _AFTER.match(data, end)
    return () if after is None else _find_joined(data, span, name, after, lines, fields)


def _match_usual_form(
    data: bytes, start: int, name: SecretName, after: re.Match[bytes], form: str, lines: TextLines
) -> Sequence[Match] | None:
    """Return the value if it has a frequent form. None: the general rules must decide."""
    begin, end = after.span(form)
    value = data[begin:end]
    if form not in _PLAIN_FORMS:
        if name.is_header and form != "shown":
            return None
        if data.endswith(b"//", 0, start):
            return ()
        if form in ("double", "single") and lines.is_json(start):
            return () if form == "double" and lines.is_in_string(start) else None
        if form == "bare":
            return _check_unquoted(data, (begin, end), start, name, (b":" if after["colon"] else b"=", b""), lines)
    return () if is_harmless(value) else (make_match((begin, end, "key", start, b"")),)


def _find_joined(
    data: bytes, span: tuple[int, int], name: SecretName, after: re.Match[bytes], lines: TextLines, fields: ValueFields
) -> Sequence[Match] | Iterator[Match]:
    """Return the values that the text after a name joins to it."""
    start, at = span[0], after.end()
    quote, sep, next_line = after.group("quote", "sep", "next")
    if data.endswith(b"//", 0, start) or (next_line and not _is_on_next_line(data, name, quote, at)):
        return ()
    if (quote or sep not in _ALWAYS_JOIN) and not _is_separator(data, span, name, sep, quote, at):
        return ()
    if not quote and name.is_header and sep in (b":", b"="):
        header = find_header(data, span, name, at, lines)
        if header is not None:
            return header
    delimiters = sep, quote or b""
    if sep in (b"|", b"") or data[at : at + 1] in _OPENS_SEVERAL:
        several = _find_several(data, at, span, name, delimiters, lines, fields)
        if several:
            return several
    return _find_one(data, at, span, name, delimiters, lines)


def _find_several(
    data: bytes,
    at: int,
    span: tuple[int, int],
    name: SecretName,
    delimiters: tuple[bytes, bytes],
    lines: TextLines,
    fields: ValueFields,
) -> Sequence[Match] | Iterator[Match]:
    """Return the values of a list, an object, a table or a multi-line string; nothing if it is none of them."""
    sep, quote = delimiters
    first = data[at : at + 1]
    if first == b"[" and (quote or name.is_jar) and not data.startswith(b"[]", at):
        return _find_items(data, at + 1, span, name, lines, fields)
    if first == b"{" and (quote or name.is_jar):
        return find_in_object(data, at + 1, span[0], lines, fields, every_text=name.is_jar)
    if sep == b"|" or (sep == b"" and _is_column(data, span, name, at)):
        return _find_cell(data, at, span[0], lines)
    if first in (b"|", b">") and sep == b":" and (block := _BLOCK.match(data, at)):
        return () if is_harmless(block[2]) else (Match(*block.span(2), "key", span[0]),)
    return ()


def _find_one(
    data: bytes, at: int, span: tuple[int, int], name: SecretName, delimiters: tuple[bytes, bytes], lines: TextLines
) -> Sequence[Match] | Iterator[Match]:
    """Return one value. ``delimiters``: the separator, and the quote after the name."""
    sep, quote = delimiters
    first = data[at : at + 1]
    in_json = first in _QUOTES and not quote and lines.is_json(span[0])
    if in_json and first == b'"' and lines.is_in_string(span[0]):
        return ()  # the quote closes a string of JSON, and opens none
    if name.is_auth and sep in (b"=", b"(") and (pair := _FIRST_OF_TWO.match(data, at)):
        at, first = pair.end(), b'"'
    elif first in _WRAPS and (wrapped := _WRAPPED.match(data, at)):
        at, first = wrapped.end(), b'"'
    opening = OPENING.match(data, at) if first in _OPENS else None
    if opening is None:
        return () if sep in _NEVER_UNQUOTED else _find_unquoted(data, at, span, name, delimiters, lines)
    if data.startswith((b'"""', b"'''"), at):
        return _find_multi_line(data, at, span[0], lines)
    begin, close = opening.end(), lines.closing_quote(opening)
    if in_json and opening[2] == b"'" and data.find(b'"', begin, close) >= 0:
        close = -1  # the closing apostrophe is beyond the string of JSON that holds this one
    if close < 0:
        return () if sep in _NEVER_UNQUOTED else _find_unquoted(data, begin, span, name, delimiters, lines)
    value = data[begin:close]
    if is_harmless(value) or (name.is_auth and is_auth_method(value)) or _is_word(name, sep, value):
        return ()
    return (make_match((begin, close, "key", span[0], b"")),)


def _find_multi_line(data: bytes, at: int, context_start: int, lines: TextLines) -> Iterator[Match]:
    """Yield a multi-line string of TOML or Python."""
    close = lines.find(data[at : at + 3], at + 3)
    if close < len(data) and not is_harmless(data[at + 3 : close]):
        yield Match(at + 3, close, "key", context_start)


def _find_cell(data: bytes, at: int, context_start: int, lines: TextLines) -> Iterator[Match]:
    """Yield the cell after a name that is first in its line, unless it looks like a word."""
    cell = _CELL.match(data, at)
    if cell is not None and not data[lines.line_start(context_start) : context_start].strip(b" \t|"):
        yield Match(*cell.span(1), "key", context_start)


def _is_word(name: SecretName, sep: bytes, value: bytes) -> bool:
    """Return whether a value is the next word of a list, or of a sentence that quotes the name."""
    if sep == b",":
        return not name.is_option and _WORD_OF_A_LIST.fullmatch(value) is not None
    return sep == b"" and is_sentence(value)


def _is_separator(
    data: bytes, span: tuple[int, int], name: SecretName, sep: bytes, quote: bytes | None, at: int
) -> bool:
    """Return whether the separator joins a name to a value.

    The separators in ``_ALWAYS_JOIN`` do, unless the name is quoted.
    """
    if sep == b"":  # an option and its value; SQL's PASSWORD 'x'; Clojure's :password "x"; a table
        if quote or (name.is_option and data.startswith(b"-", at)):  # the next option
            return False
        return name.is_option or _is_set(data, span[0], name, at) or _is_column(data, span, name, at)
    if sep == b",":  # ("password", "x"), and "--password", "x"
        if not quote:
            return False
        start = span[0]
        return (
            name.is_option or _BEFORE_LIST_ITEM.search(data, max(start - 8, 0), start) is not None or name.is_in_lists
        )
    if sep == b"(":
        return name.is_constructor
    return sep != b"|" or not quote


def _is_set(data: bytes, start: int, name: SecretName, at: int) -> bool:
    """Return whether a name and a value with a blank between them are an option, a variable, or a password of SQL."""
    if data[max(start - 7, 0) : start].endswith(_BEFORE_VARIABLE):
        return True
    first = data[at : at + 1]
    if first == b'"':
        return data.endswith(b":", 0, start)
    return name.is_password and first in (b"'", b"N")


def _is_column(data: bytes, span: tuple[int, int], name: SecretName, at: int) -> bool:
    """Return whether blanks separate a name and a value like two columns of a table."""
    return at - span[1] > 1 and not name.is_option and data[span[1] : at].isspace()


def _is_on_next_line(data: bytes, name: SecretName, quote: bytes | None, at: int) -> bool:
    """Return whether a value is in the line after its name: a string of JSON or YAML, or a folded header."""
    if data.startswith((b'"""', b"'''"), at):  # a docstring
        return False
    return data.startswith((b'"', b"string("), at) or (not quote and name.is_in_lists and data[at : at + 2] != b"- ")


def _find_items(
    data: bytes, at: int, span: tuple[int, int], name: SecretName, lines: TextLines, fields: ValueFields
) -> Iterator[Match]:
    """Yield each string of a list, or each value of a list of cookies."""
    if name.is_jar and data[at : at + 64].lstrip()[:1] == b"{":
        yield from find_in_objects(data, at, span[0], lines, fields)
        return
    while True:
        opening = _NEXT_OF_LIST.match(data, at)
        close = -1 if opening is None else lines.closing_quote(opening)
        if opening is None or close < 0:
            return
        value = data[opening.end() : close]
        if not (is_harmless(value) or (name.may_be_text_tokens and _TEXT_TOKENS.fullmatch(value))):
            yield Match(opening.end(), close, "key", span[0])
        at = close + len(opening[1]) + 1


def _find_unquoted(
    data: bytes, at: int, span: tuple[int, int], name: SecretName, delimiters: tuple[bytes, bytes], lines: TextLines
) -> Sequence[Match]:
    """Return a value without quotes."""
    sep = delimiters[0]
    match = (_UNQUOTED_OF_OPTION if sep == b"" else _IN_URL if sep[:1] == b"%" else _UNQUOTED).match(data, at)
    if match is None:
        return ()
    return _check_unquoted(data, match.span(), span[0], name, delimiters, lines)


def _check_unquoted(
    data: bytes,
    value_span: tuple[int, int],
    start: int,
    name: SecretName,
    delimiters: tuple[bytes, bytes],
    lines: TextLines,
) -> Sequence[Match]:
    """Return a value without quotes, unless it is a placeholder or the first word of a sentence."""
    (at, end), (sep, quote) = value_span, delimiters
    value = data[at:end]
    passphrase_end = _passphrase_end(data, at, start, lines) if name.may_be_passphrase and sep == b":" else 0
    if passphrase_end:
        end = passphrase_end
    elif (
        is_harmless(value)
        or (name.is_auth and is_auth_method(value))
        or (sep == b":" and _is_prose(data, value, end))
        or (sep == b"" and value.startswith(b"-"))
    ):
        return ()
    return (make_match((at, end, "key", start, quote)),)


def _passphrase_end(data: bytes, at: int, start: int, lines: TextLines) -> int:
    """Return the end of a passphrase of several words: the rest of a line that is no sentence. 0: it is none."""
    if data[at - 1 : at] != b" " or data[lines.line_start(start) : start].strip(b" \t->\"'"):
        return 0
    words = _WORDS.match(data, at)
    if words is None or is_sentence(words.group()) or is_harmless(words.group().partition(b" ")[0]):
        return 0
    return at + len(words.group().rstrip())


def _is_prose(data: bytes, value: bytes, end: int) -> bool:
    """Return whether the text after a name is a sentence: "password: must be longer"."""
    return _ALPHABETIC.fullmatch(value) is not None and _ENDS_A_VALUE.match(data, end) is None
