"""Passwords in the options of known programs, in a line of a log or in a list of words.

``command_line`` does the same for the words that ``readiness record`` is called with.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache

from ..late_pattern import late_pattern
from .match import Match
from .secret_names import is_harmless

_GAP = rb"""(?:[ \t]{1,16}+(?:\\\r?\n[ \t]{0,32})?|\\{0,7}["'],[ \t\r\n]{0,64}+b?(?=\\{0,7}["'])|\r?\n[ \t]{0,64}- )"""
"""Separator of two words: in a line, in a list as Python and JSON show it, or in a list of YAML."""
_OPEN = rb"""(?P<open>\\{0,7}["'])?"""
_UNQUOTED = rb"""(?:[^\s"'`,;()\]\\]|[,;(](?=[^\s"'`])|\\(?!["'nrt\s]))"""
_IN_QUOTES = rb"""(?P<open>\\{0,7}["'])(?P<quoted>(?:(?!(?P=open))[^\n])++)(?=(?P=open))"""
_VALUE = rb"(?:%b|(?P<bare>%b++))" % (_IN_QUOTES, _UNQUOTED)
_ALONE = rb"""-(?<=[\s"'`]-)"""
"""The dash of an option, at the beginning of a word."""
_SEPARATE = _GAP + _VALUE
_ATTACHED = rb"(?:%b)?%b" % (_GAP, _VALUE)
_ATTACHED_ONLY = rb"(?P<bare>%b++)" % _UNQUOTED
_USER = rb"[\w.@%+-]{1,128}+:(?!//)"
_OF_CURL = (
    rb"%b(?:(?:[a-tv-zA-TV-Z0#]{0,12}+[uU]|-(?:proxy-)?user)(?:=|%b)?" % (_ALONE, _GAP)
    + rb"""(?:(?P<open>\\{0,7}["'])%b(?P<quoted>(?:(?!(?P=open))[^\n])++)(?=(?P=open))|%b(?P<bare>%b++))"""
    % (_USER, _USER, _UNQUOTED)
    + rb"""|(?:b|-cookie)(?:=|%b)?\\{0,7}["']?[\w.-]{1,64}+=(?P<cookie>[^"'\s][^"'\r\n]*?)"""
    rb"""(?=\\{0,7}["']|[ ]-|[ ]http|\r?\n|\Z))""" % _GAP
)
_OF_OPENSSL = _ALONE + rb"""(?:[kK]%b%b|pass(?:in|out)?%b(?:\\{0,7}["'])?pass:(?P<pass>%b++))""" % (
    _GAP,
    _VALUE,
    _GAP,
    _UNQUOTED,
)
_COMMANDS: tuple[tuple[bytes, tuple[tuple[bytes, bytes, bytes], ...]], ...] = (
    (b"curl", ((b"curl", b"", _OF_CURL),)),
    (b"sshpass", ((b"sshpass", b"", _ALONE + b"p" + _ATTACHED),)),
    (
        b"sql",
        (
            (b"mysql", rb"(?:dump|admin|import|show)?", _ALONE + b"p" + _ATTACHED_ONLY),
            (b"sqlcmd", b"", _ALONE + b"P" + _ATTACHED),
        ),
    ),
    (b"mariadb", ((b"mariadb", rb"(?:-dump|-admin)?", _ALONE + b"p" + _ATTACHED_ONLY),)),
    (
        b"-cli",
        ((b"redis-cli", b"", _ALONE + b"a" + _SEPARATE), (b"valkey-cli", b"", _ALONE + b"a" + _SEPARATE)),
    ),
    (b"ldap", ((b"ldap", rb"(?:search|add|modify|delete|whoami|passwd)", _ALONE + b"w" + _ATTACHED),)),
    (b"mongo", ((b"mongo", rb"(?:sh|dump|restore|export|import)?", _ALONE + b"p" + _SEPARATE),)),
    (b"mosquitto_", ((b"mosquitto_", rb"(?:pub|sub)", _ALONE + b"P" + _SEPARATE),)),
    (b"openssl", ((b"openssl", b"", _OF_OPENSSL),)),
)
"""By a text that such commands hold: the beginning and the rest of a program's name, and its options for a password."""
_ENDS_A_NAME = rb"""(?:\.exe)?(?=[\s"'\\])"""
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
_LOGIN_PROGRAMS = (
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
"""Programs before "login". Helm and cloud programs have a word between."""
_VAULTS = _LOGIN_PROGRAMS[:2]
_AROUND = b" \t\"',\\"
_PASSWORD_OF_LOGIN = _ALONE + b"p" + _ATTACHED
_TOKEN_OF_LOGIN = rb"""login(?:%b\\{0,7}["']?-[^\s"'\\]{1,128}+){0,8}%b(?:%b|(?P<bare>(?=[^\s"']{0,200}\d)%b++))""" % (
    _GAP,
    _GAP,
    _IN_QUOTES,
    _UNQUOTED,
)
"""In a line the token has a digit: otherwise it may be the next word of a sentence."""
_CONFIGURED = rb"""configure%b\\{0,7}["']?set%b\\{0,7}["']?[\w.-]{0,64}?(?:secret|token)[\w.-]{0,32}%b%b""" % (
    _GAP,
    _GAP,
    _GAP,
    _VALUE,
)
_PROGRAM_REACH = 24
"""Bytes before "login" that may name the program."""
_CONTINUES = late_pattern(rb"""\\{0,7}["'],[ \t]{0,16}\r?\n|\r?\n[ \t]{0,64}- """)
_MAX_COMMAND = 2048
"""Greatest size in bytes of a command with one word per line."""


PROGRAMS = (*(guard for guard, _ in _COMMANDS), b"login", b"configure")
"""What is searched for, in any letter case."""
PREFIX_PATTERNS = {
    b"sql": r"mysql|sqlcmd",
    b"-cli": r"(?:redis|valkey)-cli",
    b"ldap": r"ldap(?:search|add|modify|delete|whoami|passwd)",
    b"login": "(?:" + "|".join(program.decode() for program in _LOGIN_PROGRAMS) + r")[ \t\"',\\]{1,9}login",
    b"configure": r"configure[^a-z]{1,20}set",
}
"""Stricter patterns for some of them: "login" is in many lines."""


def find_in_commands(data: bytes, lower: bytes, prefixes: Container[bytes] | None = None) -> Iterator[Match]:
    """Yield the passwords in the commands of a text.

    Args:
        data: The text.
        lower: The text in lower case.
        prefixes: Those of ``PROGRAMS`` that it may hold; None: unknown.
    """
    if b" -" in data or b"'-" in data or b'"-' in data:
        for guard, programs in _COMMANDS:
            if guard in (lower if prefixes is None else prefixes):
                for program, rest, options in programs:
                    yield from _find_in_program(data, program, _compile(rest + _ENDS_A_NAME), options)
    if b"login" in (data if prefixes is None else prefixes):
        yield from _find_in_logins(data)
    if b"configure" in (data if prefixes is None else prefixes):
        yield from _to_matches(_compile(_CONFIGURED).finditer(data), None)


@cache
def _compile(pattern: bytes) -> re.Pattern[bytes]:
    """Return a pattern, compiled when it is first needed: few texts hold any of these commands."""
    return re.compile(pattern)


def _find_in_program(data: bytes, program: bytes, rest: re.Pattern[bytes], options: bytes) -> Iterator[Match]:
    at = data.find(program)
    while at >= 0:
        end = at + len(program)
        name = None if at and data[at - 1] in _WORD else rest.match(data, end)
        if name is not None:
            end = _command_end(data, at, name.end())
            yield from _to_matches(_compile(options).finditer(data, name.end(), end), at)
        at = data.find(program, end)


def _find_in_logins(data: bytes) -> Iterator[Match]:
    """Yield the secrets in ``docker login -p …``, ``az login --service-principal -p …``, ``vault login …``."""
    at = data.find(b"login")
    while at >= 0:
        end = at + len(b"login")
        before = data[max(at - _PROGRAM_REACH, 0) : at]
        program = before.rstrip(_AROUND)
        if len(program) < len(before) and program.endswith(_LOGIN_PROGRAMS):
            command_end = _command_end(data, at, end)
            if program.endswith(_VAULTS):
                matches = _compile(_TOKEN_OF_LOGIN).finditer(data, at, command_end)
            else:
                matches = _compile(_PASSWORD_OF_LOGIN).finditer(data, end, command_end)
            yield from _to_matches(matches, at)
            end = max(end, command_end)
        at = data.find(b"login", end)


def _to_matches(matches: Iterator[re.Match[bytes]], context_start: int | None) -> Iterator[Match]:
    for match in matches:
        group = match.lastgroup
        if group == "open":
            group = "quoted"
        if group is not None and not is_harmless(match[group]):
            yield Match(*match.span(group), "key", match.start() if context_start is None else context_start)


def _command_end(data: bytes, at: int, after: int) -> int:
    """Return the end of a command: the end of its line, or of a list with one word per line."""
    if _CONTINUES.match(data, after):
        close = data.find(b"]", after, at + _MAX_COMMAND) if data[after : after + 1] not in (b"\r", b"\n") else -1
        return min(len(data), at + _MAX_COMMAND) if close < 0 else close
    end = data.find(b"\n", after)
    while end > 0 and data.endswith((b"\\", b"\\\r"), at, end):
        end = data.find(b"\n", end + 1)
    return len(data) if end < 0 else end
