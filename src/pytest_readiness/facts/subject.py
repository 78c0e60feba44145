"""Subjects: digests of what is under test, such as an image or a wheel, each with a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ..errors import ConfigError, one_line
from ..settings.subject_form import FORM, NAME_RULE, is_digest, is_subject_name

DEFAULT_NAME = "default"
"""Name of a subject that is given without one."""
SHORT = 19
"""Length of a shortened digest: ``sha256:`` and 12 digits."""

Subjects = Mapping[str, str]
"""Digests (``sha256:`` and 64 lower-case hexadecimal digits) by name."""
NO_SUBJECTS: Subjects = MappingProxyType({})


def parse_subjects(texts: str | Iterable[str], option: str) -> dict[str, str]:
    """Return the subjects in texts, sorted by name; a text may hold several, separated by white space or commas.

    Args:
        texts: each ``[NAME=]sha256:HEX``.
        option: where they come from, for the message.

    Raises:
        ConfigError: a text has another form, or a name has two digests.
    """
    subjects: dict[str, str] = {}
    for text in (texts,) if isinstance(texts, str) else texts:
        pieces = text.replace(",", " ").split()
        for piece in pieces or [text]:
            name, digest = _parse_subject(piece, option)
            if subjects.setdefault(name, digest) != digest:
                raise ConfigError(
                    f"{option} gives '{one_line(name, 60)}' two digests: give each subject a name of its own, "
                    f"such as api={subjects[name][:SHORT]}... web={digest[:SHORT]}..."
                )
    return dict(sorted(subjects.items()))


def _parse_subject(text: str, option: str) -> tuple[str, str]:
    named, has_name, digest = text.rpartition("=")
    name = named if has_name else DEFAULT_NAME
    message = f"{option} takes {FORM}, such as api=sha256:9f86d0..., not '{one_line(text, 100)}'"
    if not is_digest(digest):
        raise ConfigError(message)
    if not is_subject_name(name):
        raise ConfigError(f"{message}: NAME is {NAME_RULE}")
    return name, digest.lower()


def read_subjects(plain: Any) -> dict[str, str]:
    """Return the subjects in plain data of a record, sorted by name; empty if any of them has another form.

    A record with a damaged subject is for none: without the damaged name it could count for another set.
    """
    if not isinstance(plain, dict):
        return {}
    for name, digest in plain.items():
        if not isinstance(digest, str) or not is_digest(digest) or not is_subject_name(name):
            return {}
    return {name: digest.lower() for name, digest in sorted(plain.items())}


def read_listed(plain: Any) -> dict[str, str]:
    """Return the subjects in plain data of a report (``plain_subjects``), sorted by name.

    Raises:
        ValueError, TypeError, LookupError: it is another list.
    """
    subjects = {entry["name"]: entry["digest"] for entry in plain}
    if len(subjects) != len(plain) or read_subjects(subjects) != subjects:
        raise ValueError("a subject is not a name with a digest")
    return subjects


def counts_for(recorded: Subjects, judged: Subjects) -> bool:
    """Return whether what was recorded for some subjects counts for a set of judged ones.

    It does if both name at least one subject in common, and have the same digest for each that they have in common.
    """
    shared = recorded.keys() & judged.keys()
    return bool(shared) and all(recorded[name] == judged[name] for name in shared)


def covers(signed: Subjects, judged: Subjects) -> bool:
    """Return whether what was signed for some subjects was signed for each judged one, and there is one."""
    return bool(judged) and all(signed.get(name) == digest for name, digest in judged.items())


def subjects_text(subjects: Subjects) -> str:
    """Return subjects as text with shortened digests: ``api sha256:9f86d081884c..., web sha256:...``."""
    return ", ".join(f"{one_line(name, 60)} {digest[:SHORT]}..." for name, digest in subjects.items())


def plain_subjects(subjects: Subjects) -> list[dict[str, str]]:
    """Return subjects as plain data of a report: name and digest of each."""
    return [{"name": name, "digest": digest} for name, digest in subjects.items()]
