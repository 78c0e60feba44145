"""Secrets in the words of a command line, found by their option, their position or the whole line.

The rules for texts are applied to each word and to the line as a shell would read it. Their matches are mapped back to
the words. The same ranges are replaced in the stored words and in the name of a recorded command.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePath
from shlex import quote

from ..late_pattern import late_pattern
from .match import Match

__all__ = ["MASKED_NAME_NOTE", "find_in_words", "mask_word", "scan_words", "shell_line"]

MASKED_NAME_NOTE = (
    "a secret is part of the command's name: with another one it is another test; --id NAME calls it the same"
)
"""Note on the evidence of such a command."""
Find = Callable[[bytes], Sequence[Match]]

_LONG_OPTION = late_pattern(r"--?([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
_NESTED = late_pattern(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|(\S+)""")
_SECRET_OPTIONS = frozenset(
    {"oauth2-bearer", "pass", "proxy-pass", "storepass", "keypass", "passin", "passout", "pw", "bearer"}
)
"""Options with a secret value that ``secret_names`` does not know."""
_NOT_SECRET = late_pattern(
    r"(?:^(?:no|ask|use|with|prompt|get|print|show|skip|has)-)|-(?:stdin|prompt|file|path|only|fd)$"
)
_USER_OPTIONS = frozenset({"u", "user", "U", "proxy-user", "a", "auth"})
_USER_NAME_OPTIONS = frozenset({"-u", "-U", "--user", "--username", "-l", "--login"})
_PASSWORD_BY = {
    "p": "mysql mysqldump mysqladmin mysqlimport mysqlshow mariadb mariadb-dump sshpass mongo mongosh mongodump docker"
    " podman buildah skopeo helm oc az cqlsh rabbitmqadmin 7z 7za 7zz twine",
    "a": "redis-cli valkey-cli",
    "w": "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd",
    "P": "sqlcmd bcp isql mosquitto_pub mosquitto_sub zip unzip ipmitool",
    "k": "openssl",
}
_PROGRAMS = {
    **{name: letter for letter, names in _PASSWORD_BY.items() for name in names.split()},
    **dict.fromkeys(["curl", "pytest", "py.test", "ssh", "scp", "mkdir", "http", "https", "xh", "psql", "wget"], ""),
}
"""Programs, with the letter of their option for a password."""
_OTHER = "other"
_PROGRAMS[_OTHER] = ""
_LOGIN_PROGRAMS = frozenset(["docker", "podman", "buildah", "skopeo", "helm", "oc", "az"])
"""Programs whose ``-p`` is a password for a login, and otherwise a port, a project or a plan."""
_PROMPTING = frozenset(_PASSWORD_BY["p"].split()[:7])
"""Programs whose ``-p`` takes a password in the same word, and otherwise prompts for it."""
_FLAGS = "sSkLvifgGIjlnqaR0#46"
"""Letters of curl without a value, which may precede one with a value."""
_PORT = late_pattern(r"\d{1,5}(?::\d{1,5})*(?:/\w+)?")


def scan_words(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the secrets of options: the index of the word, and the range in its text."""
    program, value_index = "", -1
    has_user = not _USER_NAME_OPTIONS.isdisjoint(words)
    for index, word in enumerate(words):
        if index == value_index:
            continue
        name = PurePath(word).name.removesuffix(".exe")
        if name in _PROGRAMS:
            program = name if name not in _LOGIN_PROGRAMS or "login" in words else _OTHER
        following = words[index + 1] if index + 1 < len(words) else None
        if word.startswith("-"):
            for offset, start, end in _scan_option(word, following, program, has_user=has_user):
                yield index + offset, start, end
                value_index = index + 1 if offset else value_index
        if any(map(str.isspace, word)):
            yield from ((index, start, end) for start, end in _scan_nested(word))
    yield from ((index, 0, len(words[index])) for index in _scan_positions(words))


def _scan_positions(words: Sequence[str]) -> Iterator[int]:
    """Yield the words that are secret by their position: ``vault login …``, ``aws configure set NAME …``."""
    for index, (previous, word) in enumerate(pairwise(words), 1):
        following = words[index + 1 : index + 3]
        if (previous, word) == ("configure", "set") and len(following) > 1:
            if _is_secret_option(following[0].rpartition(".")[2]):
                yield index + 2
        elif word == "login" and PurePath(previous).name in ("vault", "bao"):
            arguments = (position for position in range(index + 1, len(words)) if not words[position].startswith("-"))
            token = next(arguments, None)
            if token is not None and "=" not in words[token]:
                yield token


def _scan_option(word: str, following: str | None, program: str, *, has_user: bool) -> Iterator[tuple[int, int, int]]:
    """Yield the secrets of an option, in its own word (0) or the next one (1)."""
    match = _LONG_OPTION.fullmatch(word)
    name, attached = (match[1], match[2]) if match is not None else ("", None)
    value, offset, start = (following, 1, 0) if attached is None else (attached, 0, len(word) - len(attached))
    if name and name == _PROGRAMS.get(program):
        yield from _scan_short_option(word, following, program, has_user=has_user)
    elif name in _USER_OPTIONS:
        if value is not None:
            yield from ((offset, start + begin, start + end) for begin, end in _find_password(value, name, program))
    elif name in ("b", "cookie") and value is not None:
        yield from ((offset, start + begin, start + end) for begin, end in _find_cookie(value, program))
    elif _is_secret_option(name) and value and not _NOT_SECRET.search(name.lower()):
        yield offset, start, start + len(value)
    elif not word.startswith("--"):
        yield from _scan_short_option(word, following, program, has_user=has_user)


def _scan_short_option(
    word: str, following: str | None, program: str, *, has_user: bool
) -> Iterator[tuple[int, int, int]]:
    """Yield the secrets of short options: ``-p pw``, ``-ppw``, ``-uana:pw``, ``-sSu ana:pw``."""
    letter = _PROGRAMS.get(program, "p" if has_user else "")
    if letter and word.startswith(f"-{letter}"):
        if len(word) > 2:  # noqa: PLR2004 - the dash and the letter
            if program in _PROGRAMS and program != "openssl":  # which has -key, -keyform and others
                yield 0, 2, len(word)
        elif following and program not in _PROMPTING and not _PORT.fullmatch(following):
            yield 1, 0, len(following)
        return
    flags = len(word) - len(word[1:].lstrip(_FLAGS)) if program == "curl" else 1
    option, value = word[flags : flags + 1], word[flags + 1 :]
    source = (0, flags + 1, value) if value else (1, 0, following or "")
    pick = {"u": lambda text: _find_password(text, "u", program), "b": lambda text: _find_cookie(text, program)}.get(
        option
    )
    if pick is not None:
        yield from ((source[0], source[1] + begin, source[1] + end) for begin, end in pick(source[2]))


def _find_password(value: str, name: str, program: str) -> Iterator[tuple[int, int]]:
    """Yield the password in ``user:password``.

    The numbers of a user and a group are skipped. Only few programs have ``-a`` and ``--auth``.
    """
    user, colon, password = value.partition(":")
    if name == "a" and program not in ("http", "https", "xh"):
        return
    if colon and password and user != password and "/" not in user and not value.startswith("-"):
        if not (user.isdigit() and password.isdigit()):
            yield len(user) + 1, len(value)
    elif name == "U" and "%" in value:
        yield value.index("%") + 1, len(value)


def _find_cookie(value: str, program: str) -> Iterator[tuple[int, int]]:
    from .secret_names import is_secret

    name, equals, rest = value.partition("=")
    if equals and rest and (program == "curl" or is_secret(name.encode()) or name.lower() in ("sid", "session")):
        yield len(name) + 1, len(value)


def _is_secret_option(name: str) -> bool:
    from .secret_names import is_secret

    return name in _SECRET_OPTIONS or (len(name) > 1 and is_secret(name.encode("utf-8", "surrogatepass")))


def _scan_nested(text: str) -> Iterator[tuple[int, int]]:
    """Yield the secrets in a word that holds a command itself, as for ``sh -c``."""
    words = [(match[match.lastindex or 0], match.start(match.lastindex or 0)) for match in _NESTED.finditer(text)]
    if len(words) > 1:
        for index, start, end in scan_words([word for word, _ in words]):
            yield words[index][1] + start, words[index][1] + end


def find_in_words(words: Sequence[str], find: Find) -> list[list[tuple[int, int]]]:
    """Return the ranges of secrets in each word (in UTF-8), in order and without overlap.

    Args:
        words: The words of the command line.
        find: Returns the secrets in a text.
    """
    from .secret_names import is_harmless

    raw = [word.encode("utf-8", "surrogatepass") for word in words]
    ranges: list[list[tuple[int, int]]] = [[] for _ in words]
    for index, start, end in scan_words(words):
        secret = words[index][start:end].encode("utf-8", "surrogatepass")
        if not is_harmless(secret):
            offset = len(words[index][:start].encode("utf-8", "surrogatepass"))
            ranges[index].append((offset, offset + len(secret)))
    for index, text in enumerate(raw):
        ranges[index] += [(span.start, span.end) for span in find(text)]
    line, begins = bytearray(), []
    for word in words:
        begins.append(len(line))
        line += quote(word).encode("utf-8", "surrogatepass") + b" "
    for span in find(bytes(line)):
        for index, (start, end) in _map_to_words(raw, begins, span):
            ranges[index].append((start, end))
    return [_merge_ranges(word_ranges) for word_ranges in ranges]


def mask_word(word: str, ranges: Sequence[tuple[int, int]], mark: Callable[[bytes], str]) -> str:
    """Return a word with marks in place of its secrets."""
    raw, out, copied = word.encode("utf-8", "surrogatepass"), b"", 0
    for start, end in ranges:
        out += raw[copied:start] + mark(raw[start:end]).encode()
        copied = end
    return (out + raw[copied:]).decode("utf-8", "surrogatepass" if not ranges else "replace")


def _map_to_words(raw: Sequence[bytes], begins: Sequence[int], span: Match) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the parts of words that a range of the line covers."""
    for index in range(max(bisect_right(begins, span.start) - 1, 0), len(begins)):
        if (begin := begins[index]) >= span.end:
            return
        start, end = (_unquoted_position(raw[index], position - begin) for position in (span.start, span.end))
        if start < end:
            yield index, (start, end)


def _unquoted_position(word: bytes, position: int) -> int:
    """Return the position in a word for a position in its quoted form."""
    text = word.decode("utf-8", "surrogatepass")
    if quote(text) == text:
        return min(max(position, 0), len(word))
    done, remaining = 0, max(position - 1, 0)
    for part in word.split(b"'"):
        if remaining <= len(part):
            return done + remaining
        # A quote in the word is five characters in its quoted form.
        done, remaining = done + len(part) + 1, max(remaining - len(part) - 5, 0)
    return len(word)


def _merge_ranges(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged


def shell_line(words: Sequence[str], redacted: Sequence[str]) -> str:
    """Return the command line as a shell would read it, with the redacted words in place of the others."""
    return " ".join(_quote_like(word, shown) for word, shown in zip(words, redacted, strict=True))


def _quote_like(word: str, shown: str) -> str:
    """Return a redacted word with quotes if the original needs them: a mark alone needs none."""
    if quote(word) == word:
        return shown
    return "'" + shown.replace("'", "'\"'\"'") + "'"
