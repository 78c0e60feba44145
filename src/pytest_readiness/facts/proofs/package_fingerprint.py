"""Fingerprint of an installed package: name, version, and a digest of the files in its RECORD."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import new as _new_hash, sha256 as _sha256
from json import loads as _loads
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ProofError, one_line, suggestion
from ...regular_files import read_regular
from .traces import canonical_trace, whole_line

if TYPE_CHECKING:
    from importlib.metadata import Distribution, PackagePath

MAX_NAMED = 3
"""Most files that a message names."""


def __tracebackhide__(excinfo: Any) -> bool:  # noqa: N807 - the name that pytest looks for
    return isinstance(excinfo.value, ProofError)


def package_statement(distribution: str) -> dict[str, Any]:
    """Return the statement about an installed package that can be attested.

    Returns:
        ``name``, ``version``, ``files`` (how many) and ``digest``: SHA-256 of the canonical JSON of the sorted list of
        ``[path, sha256, size]`` of every file that its RECORD names, except RECORD itself and ``.pyc`` files.

    Raises:
        ProofError: there is no such package, it is an editable install (its files are those of a working tree), or a
            file is missing or changed.
    """
    installed = _installed(distribution)
    name, version = str(installed.metadata["Name"]), str(installed.version)
    files = [file for file in _recorded_files(installed) if file.suffix != ".pyc" and not _is_record(file)]
    if _is_editable(installed, files):
        reason = "is installed editable: its files are those of a working tree, and nothing of it can be attested"
        raise ProofError(f"{name} {version} {reason}; install it from a wheel")
    if not files:
        raise ProofError(f"{name} {version} names no files of its own (no RECORD): nothing of it can be attested")
    problems: list[str] = []
    rows = sorted(row for file in files if (row := _file_row(file, problems)) is not None)
    if problems:
        more = f" (and {len(problems) - MAX_NAMED} more)" if len(problems) > MAX_NAMED else ""
        raise ProofError(f"{name} {version} is not as it was installed: {'; '.join(problems[:MAX_NAMED])}{more}")
    digest = _sha256(canonical_rows(rows).encode()).hexdigest()
    return {"name": name, "version": version, "files": len(rows), "digest": f"sha256:{digest}"}


def canonical_rows(rows: Sequence[tuple[str, str, int]]) -> str:
    """Return the canonical text of the files' rows, whose SHA-256 is the fingerprint."""
    return canonical_trace([list(row) for row in rows])


def _installed(name: str) -> Distribution:
    from importlib.metadata import PackageNotFoundError, distribution, distributions  # only this proof needs it

    try:
        return distribution(name)
    except (PackageNotFoundError, ValueError):
        names = sorted({str(other.metadata["Name"]) for other in distributions()})
        shown = whole_line(str(name))
        raise ProofError(f"no distribution '{shown}' is installed here{suggestion(shown, names)}") from None


def _recorded_files(installed: Distribution) -> list[PackagePath]:
    """Return the files that RECORD names, missing ones too. Newer versions of ``Distribution.files`` omit those."""
    from csv import reader
    from importlib.metadata import FileHash, PackagePath

    files = []
    for row in reader((installed.read_text("RECORD") or "").splitlines()):
        file = PackagePath(row[0])
        file.hash = FileHash(row[1]) if len(row) > 1 and row[1] else None
        file.dist = installed
        files.append(file)
    return files


def _is_record(file: PackagePath) -> bool:
    return file.name == "RECORD" and file.parent.suffix == ".dist-info"


def _is_editable(installed: Distribution, files: Sequence[PackagePath]) -> bool:
    """Return whether the installer noted an editable install, or the files only point to another folder."""
    try:
        noted = _loads(installed.read_text("direct_url.json") or "{}")
    except ValueError:
        noted = {}
    if isinstance(noted, dict) and (noted.get("dir_info") or {}).get("editable"):
        return True
    own = [file for file in files if file.parts[0] != ".." and not file.parts[0].endswith((".dist-info", ".egg-info"))]
    return bool(own) and all(file.suffix == ".pth" or file.name.startswith("__editable__") for file in own)


def _file_row(file: PackagePath, problems: list[str]) -> tuple[str, str, int] | None:
    """Return path, SHA-256 and size of a file; None, and a new entry in ``problems``, if it was changed."""
    shown = one_line(str(file), 200)
    try:
        data = read_regular(Path(str(file.locate())))
    except FileNotFoundError:
        problems.append(f"{shown} is missing")
        return None
    except OSError as error:
        problems.append(f"{shown} cannot be read ({error.strerror})")
        return None
    if file.hash is not None and not _hash_matches(file.hash.mode, file.hash.value, data):
        problems.append(f"{shown} has another content than RECORD says")
        return None
    return file.as_posix(), _sha256(data).hexdigest(), len(data)


def _hash_matches(algorithm: str, expected: str, data: bytes) -> bool:
    try:
        actual = _new_hash(algorithm, data).digest()
    except (ValueError, TypeError):  # an algorithm that is not available here proves nothing
        return False
    return base64.urlsafe_b64encode(actual).rstrip(b"=") == expected.rstrip("=").encode()
