"""Standard output and error as the process was given them, whatever a plugin does with them."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any


class StandardStreams:
    """The two streams of this process, as they were at its start."""

    def __init__(self) -> None:
        self._output, self._error = sys.stdout, sys.stderr
        self._output_file, self._error_file = _file_of(self._output), _file_of(self._error)

    def restore(self) -> str | None:
        """Put both streams back in their places, and return what happened to one, and what of a command is lost.

        Such as ``closed standard output, so the output``; None: both are usable.

        A lost stream is removed, because Python would report it again at its end, in its own words.
        """
        is_replaced = getattr(sys, "stdout", None) is not self._output
        sys.stdout, sys.stderr = self._output, self._error
        problem = None
        if self._error is not None and not _is_usable(self._error, self._error_file):
            sys.stderr, problem = None, "closed standard error, so a message"
        if is_replaced:
            problem = "replaced standard output, so the output"
        if not _is_usable(self._output, self._output_file):
            sys.stdout, problem = None, "closed standard output, so the output"
        return problem

    def write_line(self, line: str) -> None:
        """Write a line to standard error, also if it is closed; where that is impossible, to the output."""
        targets = (self._error, self._error_file, f"{line}\n"), (self._output, self._output_file, f"\n{line}\n")
        for stream, file, text in targets:
            if stream is None:
                continue
            with suppress(OSError, ValueError):
                if _is_usable(stream, file):
                    stream.write(text)
                    stream.flush()
                    return
                if file is not None and _identity(file[0]) == file[1]:  # the stream is closed, its file is not
                    os.write(file[0], text.encode("utf-8", "backslashreplace"))
                    return


def _file_of(stream: Any) -> tuple[int, tuple[int, int]] | None:
    """Return the descriptor of a stream and the file that it is; None: it has none."""
    try:
        number = stream.fileno()
        identity = _identity(number)
    except (OSError, ValueError, AttributeError):
        return None
    return (number, identity) if identity is not None else None


def discard_unwritten() -> None:
    """Discard what standard output cannot take, as the process ends.

    Python would try to write it once more, print a message of its own, and exit with 120 in place of the answer.
    """
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
    except (AttributeError, ValueError):  # it was taken away or closed: there is nothing to write
        pass


def _identity(number: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_usable(stream: Any, file: tuple[int, tuple[int, int]] | None) -> bool:
    """Return whether a stream is open, and its descriptor still is the file that it was."""
    try:
        if stream.closed:
            return False
        return file is None or (stream.fileno() == file[0] and _identity(file[0]) == file[1])
    except io.UnsupportedOperation:
        return file is None
    except ValueError:  # detached
        return False
