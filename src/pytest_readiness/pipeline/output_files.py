"""Output files, none of which may replace a file that the tool reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from stat import S_ISBLK, S_ISFIFO, S_ISSOCK

from ..atomic_write import check_replaceable
from ..errors import ConfigError, location as shown_place, one_line, write_error
from ..redaction.fingerprint_key import NAME
from ..signing.library import FILE_SCHEME, SIGNER
from ..store.decision_files.decision_file import SUFFIX
from .checkpoint_files import named_checkpoints
from .project import HOME, Project

_CONTENTS = {"html": "the page", "json": "the report", "junit": "the JUnit report", "bundle": "the bundle"}
CHECKPOINT, SCRIPT, ARTIFACT = "the checkpoint", "the script", "the artifact"
_MAY_BE_PYTHON = frozenset({SCRIPT, ARTIFACT})
"""Outputs that may be Python; another one in the place of a Python file is a slip in a command line."""
_OPEN_ALREADY = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
"""Beginnings of the names of files that this process has open. A pipe among them has a reader."""
_STORE_SUFFIXES = ("", "-journal", "-wal", "-shm")
"""Suffixes of SQLite's files for a store."""


def check_targets(project: Project, targets: Mapping[str, Path], others: Mapping[str, str]) -> None:
    """Refuse the output files of a session that cannot be written, by the names of their options.

    ``others``: absolute paths that options of pytest and other plugins name, and those options.

    Raises:
        ConfigError: the folder of a file does not exist, another option names the file, or as ``refuse_sources``.
    """
    lost = {name: path for name, path in targets.items() if not path.absolute().parent.is_dir()}
    if lost:
        names = ", ".join(f"--readiness-{name}={one_line(str(path))}" for name, path in lost.items())
        files = "this file" if len(lost) == 1 else "these files"
        raise ConfigError(f"{names}: there is no folder to write {files} in: make it first")
    for name, path in targets.items():
        if path.is_dir():
            raise ConfigError(f"--readiness-{name}={one_line(str(path))}: this is a folder: name a file in it")
        if path.suffix == ".py" and path.exists():  # pytest takes the word after an option without a value for it
            raise ConfigError(f"--readiness-{name}={one_line(str(path))}: this is a Python file: name another file")
        for other, option in others.items():
            if _is_same_file(Path(os.path.realpath(path)), Path(other)):
                message = f"{option} names this file, too: name another file"
                raise ConfigError(f"--readiness-{name}={one_line(str(path))}: {message}")
    refuse_sources(project, {_CONTENTS.get(name, f"the {name} report"): path for name, path in targets.items()})
    if bundle := targets.get("bundle"):
        try:
            check_replaceable(bundle)
        except OSError as error:  # a device: known before the tests run
            raise write_error(bundle, _CONTENTS["bundle"], error) from None


def refuse_sources(project: Project, targets: Mapping[str, Path | None]) -> None:
    """Refuse to write into a file that is read or is Python, twice into the same file, or into a pipe. Opens no file.

    ``targets``: the path of each output, such as "the report"; None means no output.

    Raises:
        ConfigError: an output is such a file, under any name, or two outputs are the same file.
    """
    outputs: dict[Path, str] = {}
    for output, path in targets.items():
        if path is None:
            continue
        target = Path(os.path.realpath(path))
        if target.suffix == ".py" and target.exists() and output not in _MAY_BE_PYTHON:
            message = f"{output} would overwrite a Python file: name another file"
            raise ConfigError(f"{one_line(shown_place(path))}: {message}")
        if role := _role(project, target, output) or outputs.get(target):
            raise ConfigError(f"{one_line(shown_place(path))}: {output} would overwrite {role}: name another file")
        outputs[target] = output
        if output != CHECKPOINT:  # an earlier checkpoint is read first
            refuse_pipe(path, output)


def refuse_pipe(path: Path, output: str) -> None:
    """Refuse to write into a pipe: it waits until somebody reads it. Nothing is opened.

    ``output``: what would be written, such as "the report".

    Raises:
        ConfigError: the path is a pipe, a socket or a block device, or a link to one, and no open file of this process.
    """
    if str(path.absolute()).startswith(_OPEN_ALREADY):  # such as /dev/stdout, or >(command) in a shell
        return
    with suppress(OSError):
        mode = path.stat().st_mode
        if S_ISFIFO(mode) or S_ISSOCK(mode) or S_ISBLK(mode):
            kind = "a pipe or a device, and no regular file"
            raise ConfigError(f"{one_line(shown_place(path))}: {output} cannot be written: it is {kind}: name a file")


def _role(project: Project, target: Path, output: str) -> str | None:
    """Return the role of a file that is read; None if it has none."""
    sources = _sources(project)
    if output != CHECKPOINT:  # a checkpoint may replace one that it has grown from
        sources = chain(sources, ((path, "a checkpoint") for path in named_checkpoints()))
    return next((role for source, role in sources if _is_same_file(target, source)), None) or _folder_role(
        project, target
    )


def _sources(project: Project) -> Iterator[tuple[Path, str]]:
    """Yield each file that is read, and its role."""
    settings = project.settings
    for name in _STORE_SUFFIXES:
        yield project.store_file.with_name(f"{project.store_file.name}{name}"), "the store"
    for config in (settings.path, settings.folder / "readiness.toml", settings.folder / "pyproject.toml"):
        if config is not None:
            yield config, "the config"
    if settings.tracker is not None:
        yield settings.tracker, "the tracker"
    for key in settings.keys.values():
        yield settings.folder / key.public, "a public key"
    scheme, _, signer = os.environ.get(SIGNER, "").partition(":")
    if scheme == FILE_SCHEME:
        yield settings.folder / signer, "the signing key"
    yield settings.folder / HOME / NAME, "the fingerprint key"
    yield settings.folder / HOME / ".gitignore", "the file that keeps evidence out of git"


def _is_same_file(target: Path, source: Path) -> bool:
    """Return whether both paths are the same file, by name or through a link or another letter case."""
    if target == Path(os.path.realpath(source)):
        return True
    with suppress(OSError):
        return target.samefile(source)
    return False


def _folder_role(project: Project, target: Path) -> str | None:
    """Return the role of a file in a folder that is read; None if it has none."""
    folder = project.settings.folder
    if target.is_relative_to(project.journals.resolve()):
        return "a journal"
    artifacts = project.artifacts.resolve()
    if artifacts in target.parents and target == artifacts / target.name[:2] / target.name:
        return "an artifact"
    decisions = project.settings.decisions
    if decisions != "store" and target.parent == (folder / decisions).resolve() and target.name.endswith(SUFFIX):
        return "a decision"
    return None


def write_report(path: Path, pieces: Iterable[str]) -> None:
    """Write a report, given as text in pieces, to a file.

    Raises:
        ConfigError, StorageError: the file cannot be written.
    """
    refuse_pipe(path, "the report")  # again: a test may have made one
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except OSError as error:
        raise write_error(path, "the report", error) from error
