"""Secrets in the words of a command line: those that an option announces, and those that the whole line gives away.

A command line is looked at as the line that a shell would be given, and word by word; what is found is told in the
words. The same places are replaced in the words that were called and in the name of a recorded command.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePath
from shlex import quote

from .match import Match

__all__ = ["MASKED_NAME_NOTE", "in_words", "line_of", "mask_word", "scan_words"]

MASKED_NAME_NOTE = (
    "a secret is part of the command's name: with another one it is another test; --id NAME calls it the same"
)
"""What is to be said of such a command."""
Find = Callable[[bytes], Sequence[Match]]

_LONG = re.compile(r"--?([A-Za-z][\w.-]*)(?:=(.*))?", re.DOTALL)
_NESTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|(\S+)""")
_NAMES = frozenset({"oauth2-bearer", "pass", "proxy-pass", "storepass", "keypass", "passin", "passout", "pw", "bearer"})
"""Options that say secret by a name that says so nowhere else."""
_NO_VALUE = re.compile(r"(?:^(?:no|ask|use|with|prompt|get|print|show|skip|has)-)|-(?:stdin|prompt|file|path|only|fd)$")
_USER = frozenset({"u", "user", "U", "proxy-user", "a", "auth"})
_USERS_NAME = frozenset({"-u", "-U", "--user", "--username", "-l", "--login"})
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
"""Programs, and the letter of their option for a password."""
_OTHER = "other"
_PROGRAMS[_OTHER] = ""
_LOGS_IN = frozenset(["docker", "podman", "buildah", "skopeo", "helm", "oc", "az"])
"""Programs whose ``-p`` is a password where they log in, and else a port, a project or a plan."""
_ATTACHED_ALONE = frozenset(_PASSWORD_BY["p"].split()[:7])
"""Programs whose ``-p`` takes a password in its own word, and else asks for one."""
_FLAGS = "sSkLvifgGIjlnqaR0#46"
"""Letters of curl that take no value, before one that does."""
_PORT = re.compile(r"\d{1,5}(?::\d{1,5})*(?:/\w+)?")


def scan_words(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the secrets that options announce: the word, and where in its text one begins and ends."""
    program, taken = "", -1
    has_user = not _USERS_NAME.isdisjoint(words)
    for at, word in enumerate(words):
        if at == taken:
            continue
        name = PurePath(word).name.removesuffix(".exe")
        if name in _PROGRAMS:
            program = name if name not in _LOGS_IN or "login" in words else _OTHER
        following = words[at + 1] if at + 1 < len(words) else None
        if word.startswith("-"):
            for where, start, end in _of_option(word, following, program, has_user=has_user):
                yield at + where, start, end
                taken = at + 1 if where else taken
        if any(map(str.isspace, word)):
            yield from ((at, start, end) for start, end in _in_nested(word))
    yield from ((at, 0, len(words[at])) for at in _at_their_place(words))


def _at_their_place(words: Sequence[str]) -> Iterator[int]:
    """Yield the words that are secret by their place: ``vault login …``, ``aws configure set NAME …``."""
    for at, (before, word) in enumerate(pairwise(words), 1):
        following = words[at + 1 : at + 3]
        if (before, word) == ("configure", "set") and len(following) > 1:
            if _says_secret(following[0].rpartition(".")[2]):
                yield at + 2
        elif word == "login" and PurePath(before).name in ("vault", "bao"):
            rest = (place for place in range(at + 1, len(words)) if not words[place].startswith("-"))
            token = next(rest, None)
            if token is not None and "=" not in words[token]:
                yield token


def _of_option(word: str, following: str | None, program: str, *, has_user: bool) -> Iterator[tuple[int, int, int]]:
    """Yield what an option says in its own word (0) or the one that follows (1)."""
    found = _LONG.fullmatch(word)
    name, attached = (found[1], found[2]) if found is not None else ("", None)
    value, where, start = (following, 1, 0) if attached is None else (attached, 0, len(word) - len(attached))
    if name and name == _PROGRAMS.get(program):
        yield from _of_letters(word, following, program, has_user=has_user)
    elif name in _USER:
        if value is not None:
            yield from ((where, start + begin, start + end) for begin, end in _after_user(value, name, program))
    elif name in ("b", "cookie") and value is not None:
        yield from ((where, start + begin, start + end) for begin, end in _cookies(value, program))
    elif _says_secret(name) and value and not _NO_VALUE.search(name.lower()):
        yield where, start, start + len(value)
    elif not word.startswith("--"):
        yield from _of_letters(word, following, program, has_user=has_user)


def _of_letters(word: str, following: str | None, program: str, *, has_user: bool) -> Iterator[tuple[int, int, int]]:
    """Yield what short options say: ``-p pw``, ``-ppw``, ``-uana:pw``, ``-sSu ana:pw``."""
    letter = _PROGRAMS.get(program, "p" if has_user else "")
    if letter and word.startswith(f"-{letter}"):
        if len(word) > 2:  # noqa: PLR2004 - the dash and the letter
            if program in _PROGRAMS and program != "openssl":  # which has -key, -keyform and others
                yield 0, 2, len(word)
        elif following and program not in _ATTACHED_ALONE and not _PORT.fullmatch(following):
            yield 1, 0, len(following)
        return
    flags = len(word) - len(word[1:].lstrip(_FLAGS)) if program == "curl" else 1
    option, value = word[flags : flags + 1], word[flags + 1 :]
    told = (0, flags + 1, value) if value else (1, 0, following or "")
    pick = {"u": lambda text: _after_user(text, "u", program), "b": lambda text: _cookies(text, program)}.get(option)
    if pick is not None:
        yield from ((told[0], told[1] + begin, told[1] + end) for begin, end in pick(told[2]))


def _after_user(value: str, name: str, program: str) -> Iterator[tuple[int, int]]:
    """``user:password``, and not a user's and a group's number; ``-a`` and ``--auth`` are of few programs."""
    user, colon, password = value.partition(":")
    if name == "a" and program not in ("http", "https", "xh"):
        return
    if colon and password and user != password and "/" not in user and not value.startswith("-"):
        if not (user.isdigit() and password.isdigit()):
            yield len(user) + 1, len(value)
    elif name == "U" and "%" in value:
        yield value.index("%") + 1, len(value)


def _cookies(value: str, program: str) -> Iterator[tuple[int, int]]:
    from .secret_names import is_secret

    name, equals, rest = value.partition("=")
    if equals and rest and (program == "curl" or is_secret(name.encode()) or name.lower() in ("sid", "session")):
        yield len(name) + 1, len(value)


def _says_secret(name: str) -> bool:
    from .secret_names import is_secret

    return name in _NAMES or (len(name) > 1 and is_secret(name.encode("utf-8", "surrogatepass")))


def _in_nested(text: str) -> Iterator[tuple[int, int]]:
    """Yield the secrets in a word that holds a command itself, as ``sh -c`` takes it."""
    words = [(found[found.lastindex or 0], found.start(found.lastindex or 0)) for found in _NESTED.finditer(text)]
    if len(words) > 1:
        for at, start, end in scan_words([word for word, _ in words]):
            yield words[at][1] + start, words[at][1] + end


def in_words(words: Sequence[str], find: Find) -> list[list[tuple[int, int]]]:
    """Return of each word (in UTF-8) the places of secrets, in order, none of which touches another.

    Args:
        words: of the command line.
        find: returns what is secret in a text.
    """
    from .secret_names import is_harmless

    raw = [word.encode("utf-8", "surrogatepass") for word in words]
    found: list[list[tuple[int, int]]] = [[] for _ in words]
    for at, start, end in scan_words(words):
        secret = words[at][start:end].encode("utf-8", "surrogatepass")
        if not is_harmless(secret):
            before = len(words[at][:start].encode("utf-8", "surrogatepass"))
            found[at].append((before, before + len(secret)))
    for at, one in enumerate(raw):
        found[at] += [(span.start, span.end) for span in find(one)]
    line, begins = bytearray(), []
    for word in words:
        begins.append(len(line))
        line += quote(word).encode("utf-8", "surrogatepass") + b" "
    for span in find(bytes(line)):
        for at, (start, end) in _in_line(raw, begins, span):
            found[at].append((start, end))
    return [_joined(places) for places in found]


def mask_word(word: str, places: Sequence[tuple[int, int]], mark: Callable[[bytes], str]) -> str:
    """Return a word with marks in the places of its secrets."""
    raw, out, done = word.encode("utf-8", "surrogatepass"), b"", 0
    for start, end in places:
        out += raw[done:start] + mark(raw[start:end]).encode()
        done = end
    return (out + raw[done:]).decode("utf-8", "surrogatepass" if not places else "replace")


def _in_line(raw: Sequence[bytes], begins: Sequence[int], span: Match) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield which parts of which words a place of the line is."""
    for at in range(max(bisect_right(begins, span.start) - 1, 0), len(begins)):
        if (begin := begins[at]) >= span.end:
            return
        start, end = (_unquoted(raw[at], place - begin) for place in (span.start, span.end))
        if start < end:
            yield at, (start, end)


def _unquoted(word: bytes, place: int) -> int:
    """Return the place in a word of a place in its quoted form."""
    text = word.decode("utf-8", "surrogatepass")
    if quote(text) == text:
        return min(max(place, 0), len(word))
    done, left = 0, max(place - 1, 0)
    for part in word.split(b"'"):
        if left <= len(part):
            return done + left
        done, left = done + len(part) + 1, max(left - len(part) - 5, 0)  # a quote is written with five characters
    return len(word)


def _joined(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        elif start < end:
            found.append((start, end))
    return found


def line_of(words: Sequence[str], clean: Sequence[str]) -> str:
    """Return the command line as a shell would be given it, with the words that are clean in place of these."""
    return " ".join(_quoted_as(word, told) for word, told in zip(words, clean, strict=True))


def _quoted_as(word: str, told: str) -> str:
    """A mark in a word that needs no quotes needs none."""
    if quote(word) == word:
        return told
    return "'" + told.replace("'", "'\"'\"'") + "'"
