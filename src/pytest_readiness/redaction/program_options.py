"""Passwords that the options of known programs give away, in a line of a log or in a list of words.

``commandline`` does the same for the words that ``readiness record`` is called with.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache

from .match import Match
from .secret_names import is_harmless

_GAP = rb"""(?:[ \t]{1,16}+(?:\\\r?\n[ \t]{0,32})?|\\{0,7}["'],[ \t\r\n]{0,64}+b?(?=\\{0,7}["'])|\r?\n[ \t]{0,64}- )"""
"""What stands between two words: of a line, of a list as Python and JSON show it, or of a list of YAML."""
_OPEN = rb"""(?P<open>\\{0,7}["'])?"""
_BARE = rb"""(?:[^\s"'`,;()\]\\]|[,;(](?=[^\s"'`])|\\(?!["'nrt\s]))"""
_IN_QUOTES = rb"""(?P<open>\\{0,7}["'])(?P<quoted>(?:(?!(?P=open))[^\n])++)(?=(?P=open))"""
_VALUE = rb"(?:%b|(?P<bare>%b++))" % (_IN_QUOTES, _BARE)
_ALONE = rb"""-(?<=[\s"'`]-)"""
"""The dash of an option, at the beginning of a word."""
_SEPARATE = _GAP + _VALUE
_ATTACHED = rb"(?:%b)?%b" % (_GAP, _VALUE)
_AT_ONCE = rb"(?P<bare>%b++)" % _BARE
_USER = rb"[\w.@%+-]{1,128}+:(?!//)"
_OF_CURL = (
    rb"%b(?:(?:[a-tv-zA-TV-Z0#]{0,12}+[uU]|-(?:proxy-)?user)(?:=|%b)?" % (_ALONE, _GAP)
    + rb"""(?:(?P<open>\\{0,7}["'])%b(?P<quoted>(?:(?!(?P=open))[^\n])++)(?=(?P=open))|%b(?P<bare>%b++))"""
    % (_USER, _USER, _BARE)
    + rb"""|(?:b|-cookie)(?:=|%b)?\\{0,7}["']?[\w.-]{1,64}+=(?P<cookie>[^"'\s][^"'\r\n]*?)"""
    rb"""(?=\\{0,7}["']|[ ]-|[ ]http|\r?\n|\Z))""" % _GAP
)
_OF_OPENSSL = _ALONE + rb"""(?:[kK]%b%b|pass(?:in|out)?%b(?:\\{0,7}["'])?pass:(?P<pass>%b++))""" % (
    _GAP,
    _VALUE,
    _GAP,
    _BARE,
)
_COMMANDS: tuple[tuple[bytes, tuple[tuple[bytes, bytes, bytes], ...]], ...] = (
    (b"curl", ((b"curl", b"", _OF_CURL),)),
    (b"sshpass", ((b"sshpass", b"", _ALONE + b"p" + _ATTACHED),)),
    (
        b"sql",
        (
            (b"mysql", rb"(?:dump|admin|import|show)?", _ALONE + b"p" + _AT_ONCE),
            (b"sqlcmd", b"", _ALONE + b"P" + _ATTACHED),
        ),
    ),
    (b"mariadb", ((b"mariadb", rb"(?:-dump|-admin)?", _ALONE + b"p" + _AT_ONCE),)),
    (
        b"-cli",
        ((b"redis-cli", b"", _ALONE + b"a" + _SEPARATE), (b"valkey-cli", b"", _ALONE + b"a" + _SEPARATE)),
    ),
    (b"ldap", ((b"ldap", rb"(?:search|add|modify|delete|whoami|passwd)", _ALONE + b"w" + _ATTACHED),)),
    (b"mongo", ((b"mongo", rb"(?:sh|dump|restore|export|import)?", _ALONE + b"p" + _SEPARATE),)),
    (b"mosquitto_", ((b"mosquitto_", rb"(?:pub|sub)", _ALONE + b"P" + _SEPARATE),)),
    (b"openssl", ((b"openssl", b"", _OF_OPENSSL),)),
)
"""What a text with such commands holds; how a program's name begins and ends, and its options for a password."""
_ENDS_A_NAME = rb"""(?:\.exe)?(?=[\s"'\\])"""
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
_LOGS_IN = (
    b"vault",
    b"bao",
    b"docker",
    b"podman",
    b"nerdctl",
    b"buildah",
    b"skopeo",
    b"registry",
    b"oc",
    b"az",
    b"acr",
)
"""What stands before "login"; a chart's and a cloud's program have a word between."""
_VAULTS = _LOGS_IN[:2]
_AROUND = b" \t\"',\\"
_PASSWORD_OF_LOGIN = _ALONE + b"p" + _ATTACHED
_TOKEN_OF_LOGIN = rb"""login(?:%b\\{0,7}["']?-[^\s"'\\]{1,128}+){0,8}%b(?:%b|(?P<bare>(?=[^\s"']{0,200}\d)%b++))""" % (
    _GAP,
    _GAP,
    _IN_QUOTES,
    _BARE,
)
"""In a line it has a digit: it may as well be the next word of a sentence."""
_CONFIGURED = rb"""configure%b\\{0,7}["']?set%b\\{0,7}["']?[\w.-]{0,64}?(?:secret|token)[\w.-]{0,32}%b%b""" % (
    _GAP,
    _GAP,
    _GAP,
    _VALUE,
)
_BEFORE = 24
"""Bytes before "login" that name the program."""
_GOES_ON = re.compile(rb"""\\{0,7}["'],[ \t]{0,16}\r?\n|\r?\n[ \t]{0,64}- """)
_MOST = 2048
"""Bytes of a command whose words stand in a line each."""


PROGRAMS = (*(guard for guard, _ in _COMMANDS), b"login", b"configure")
"""What is looked for, in any letter case."""
CLOSER = {
    b"sql": r"mysql|sqlcmd",
    b"-cli": r"(?:redis|valkey)-cli",
    b"ldap": r"ldap(?:search|add|modify|delete|whoami|passwd)",
    b"login": "(?:" + "|".join(one.decode() for one in _LOGS_IN) + r")[ \t\"',\\]{1,9}login",
    b"configure": r"configure[^a-z]{1,20}set",
}
"""In which of them more is asked for: "login" stands in many lines."""


def find_in_commands(data: bytes, lower: bytes, words: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the passwords in the commands of a text.

    Args:
        data: the text.
        lower: the text without capitals.
        words: those of ``PROGRAMS`` that it may hold, where that is known.
    """
    if b" -" in data or b"'-" in data or b'"-' in data:
        for guard, programs in _COMMANDS:
            if guard in (lower if words is None else words):
                for program, rest, options in programs:
                    yield from _of_program(data, program, _compiled(rest + _ENDS_A_NAME), options)
    if b"login" in (data if words is None else words):
        yield from _of_logins(data)
    if b"configure" in (data if words is None else words):
        yield from _found(_compiled(_CONFIGURED).finditer(data), None)


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Few texts hold any of these."""
    return re.compile(pattern)


def _of_program(data: bytes, program: bytes, rest: re.Pattern[bytes], options: bytes) -> Iterator[Match]:
    at = data.find(program)
    while at >= 0:
        end = at + len(program)
        named = None if at and data[at - 1] in _WORD else rest.match(data, end)
        if named is not None:
            end = _end(data, at, named.end())
            yield from _found(_compiled(options).finditer(data, named.end(), end), at)
        at = data.find(program, end)


def _of_logins(data: bytes) -> Iterator[Match]:
    """``docker login -p …``, ``az login --service-principal -p …``, ``vault login …``."""
    at = data.find(b"login")
    while at >= 0:
        end = at + len(b"login")
        before = data[max(at - _BEFORE, 0) : at]
        program = before.rstrip(_AROUND)
        if len(program) < len(before) and program.endswith(_LOGS_IN):
            line = _end(data, at, end)
            if program.endswith(_VAULTS):
                found = _compiled(_TOKEN_OF_LOGIN).finditer(data, at, line)
            else:
                found = _compiled(_PASSWORD_OF_LOGIN).finditer(data, end, line)
            yield from _found(found, at)
            end = max(end, line)
        at = data.find(b"login", end)


def _found(matches: Iterator[re.Match[bytes]], since: int | None) -> Iterator[Match]:
    for found in matches:
        group = found.lastgroup
        if group == "open":
            group = "quoted"
        if group is not None and not is_harmless(found[group]):
            yield Match(*found.span(group), "key", found.start() if since is None else since)


def _end(data: bytes, at: int, after: int) -> int:
    """Return where a command ends: with its line, or where a word stands in each line, with the list."""
    if _GOES_ON.match(data, after):
        close = data.find(b"]", after, at + _MOST) if data[after : after + 1] not in (b"\r", b"\n") else -1
        return min(len(data), at + _MOST) if close < 0 else close
    end = data.find(b"\n", after)
    while end > 0 and data.endswith((b"\\", b"\\\r"), at, end):
        end = data.find(b"\n", end + 1)
    return len(data) if end < 0 else end
