"""Command ``readiness artifact``: prints or saves an artifact as it was recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import click

from ..atomic_write import check_replaceable
from ..errors import ConfigError, count as counted, one_line, write_error
from ..facts.evidence import Artifact
from ..pipeline.kept_artifacts import checked_blocks, find_artifact, open_artifact
from ..pipeline.maintenance import find_evidence
from ..pipeline.output_files import ARTIFACT, refuse_sources
from ..recording.artifacts import is_text
from ..views.sanitise import sanitise, sanitise_lines
from . import options
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("artifact", cls=ExitCodeCommand)
@click.argument("evidence_id", metavar="EVIDENCE_ID")
@click.argument("name", metavar="NAME")
@click.option("-o", "--output", type=options.FILE, metavar="FILE", help="Output file; default: standard output.")
@pass_cli_context
def command(cli: CliContext, evidence_id: str, name: str, output: Path | None) -> int:
    """Print or save the artifact NAME of a piece of evidence, byte for byte as it was recorded.

    NAME is the artifact's name, or its SHA-256 (at least 8 digits). The content is compared with its digest first:
    exits 3 if it is not what was recorded, or is missing; 2 if the evidence or the artifact is unknown.
    """
    project = cli.project()
    refuse_sources(project, {ARTIFACT: output})
    match = find_evidence(project, evidence_id)
    if match is None:
        way_out = project.missing_store or "'readiness show UC' prints the ids"
        raise ConfigError(f"there is no evidence '{one_line(evidence_id)}': {way_out}")
    artifact = find_artifact(match[0], name)
    with open_artifact(project.artifacts, artifact) as file:
        blocks = checked_blocks(file, artifact)
        if output is not None:
            _save(output, blocks)
            click.echo(sanitise(f"{output}: {counted(artifact.size, 'byte')}, sha256:{artifact.sha256}"))
        elif is_terminal():
            click.echo(sanitise_lines(_text(artifact, b"".join(blocks)), sys.maxsize))
        else:
            sys.stdout.buffer.writelines(blocks)
            sys.stdout.buffer.flush()
    return 0


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout.isatty()


def _text(artifact: Artifact, data: bytes) -> str:
    """Return the text for a terminal, which would execute the escapes in anything else."""
    if not is_text(artifact.media_type):
        raise ConfigError(
            f"{one_line(artifact.name)} is {one_line(artifact.media_type)}, and no text: save it with -o FILE"
        )
    return data.decode("utf-8", "backslashreplace")


def _save(path: Path, blocks: Iterable[bytes]) -> None:
    """Write the blocks to a file. An existing file is replaced by the whole content, or not at all.

    Raises:
        ConfigError, StorageError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        check_replaceable(path)
        with temporary.open("xb") as file:
            file.writelines(blocks)
        temporary.replace(path)
    except OSError as error:
        raise write_error(path, "the artifact", error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
