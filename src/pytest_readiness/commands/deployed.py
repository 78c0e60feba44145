"""Command ``readiness deployed``: compares what runs with what was judged eligible."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..errors import ConfigError, location
from ..external.deployed import DeployedAnswer, JudgedImage, judge_images
from ..external.running_images import BIGGEST, read_running_images
from ..regular_files import regular_file
from ..views.sanitise import sanitise
from ..views.text_format import count
from . import options, output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand

_LABELS = {"READY": "ready", "NOT_READY": "NOT READY", "NO_DIGEST": "NO DIGEST", "IGNORED": "ignored"}
_MOST_CONTAINERS = 3
_LIMIT = 1000
"""Characters of a printed line."""


@click.command("deployed", cls=ExitCodeCommand)
@click.argument("file", metavar="FILE|-")
@options.as_json
@pass_cli_context
def command(cli: CliContext, file: str, *, as_json: bool) -> int:
    """Check whether each image that runs was judged eligible, by a verdict that `readiness gate --keep` stored.

    FILE, or standard input, is what `kubectl get pods -o json`, `docker inspect` or `docker ps` prints, or a text with
    digests. Exits 0 if each was, 1 if not or if the list is empty, 2 if the list cannot be read, 3 if the store is not
    intact.
    """
    data, where = _read(file)
    running = read_running_images(data, where)
    project = cli.project()
    answer = judge_images(project, running)
    code = int(not answer.is_ready)
    output.tell_missing_store(project)
    if as_json:
        output.print_json(_document(answer, project.catalogue.register, code))
    else:
        for line in (_headline(answer), *map(_line, answer.images)):
            click.echo(sanitise(line, _LIMIT))
    return code


def _read(file: str) -> tuple[bytes, str]:
    """Return the list, and where it comes from.

    Raises:
        ConfigError: the file cannot be read.
    """
    if file == "-":
        if sys.stdin is None:
            raise ConfigError("standard input is closed: name a file")
        return sys.stdin.buffer.read(BIGGEST + 1), "standard input"
    if not file.strip():
        raise ConfigError("the list is empty: name a file, or - for standard input")
    path = Path(file)
    try:
        with regular_file(path) as stream:
            return stream.read(BIGGEST + 1), location(path)
    except OSError as error:
        pipe = " (a pipe is read as standard input: `... | readiness deployed -`)" if path.is_fifo() else ""
        raise ConfigError(f"{location(path)}: cannot be read: {error.strerror}{pipe}") from None


def _headline(answer: DeployedAnswer) -> str:
    """Return the answer in one line."""
    ignored = answer.number("IGNORED")
    counted = len(answer.images) - ignored
    if not answer.images:
        text = "NO: the list names no image"
    elif not counted:
        verb = "is" if ignored == 1 else "are"
        text = f"NO: {count(ignored, 'image')} {verb} ignored, and nothing was compared"
    else:
        word = "YES" if answer.is_ready else "NO"
        text = f"{word}: {answer.number('READY')} of {count(counted, 'image')} judged eligible"
        text += f"; {ignored} ignored" if ignored else ""
    ended = f"; {count(answer.ended, 'pod or container', 'pods or containers')} had ended" if answer.ended else ""
    return text + ended


def _line(judged: JudgedImage) -> str:
    containers = judged.image.containers
    named = ", ".join(containers[:_MOST_CONTAINERS])
    more = f" and {len(containers) - _MOST_CONTAINERS} more" if len(containers) > _MOST_CONTAINERS else ""
    runs = f" (in {named}{more})" if containers else ""
    return f"  {_LABELS[judged.state]:<9}  {judged.image.label}{runs}: {judged.why}"


def _document(answer: DeployedAnswer, register: str, code: int) -> dict[str, Any]:
    """Return the answer in the format ``readiness/deployed/v1``."""
    return {
        "schema": "readiness/deployed/v1",
        "register": register,
        "deployed": answer.is_ready,
        "exit_code": code,
        "ended": answer.ended,
        "images": [
            {
                "names": list(judged.image.names),
                "digests": list(judged.image.digests),
                "containers": list(judged.image.containers),
                "state": judged.state,
                "why": judged.why,
                "verdict": judged.verdict.id if judged.verdict else None,
                "judged_at": judged.verdict.at if judged.verdict else None,
            }
            for judged in answer.images
        ],
    }
