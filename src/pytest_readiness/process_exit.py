"""Guard of ``os._exit``, by which a plugin could end the process with 0 in place of an answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn


def guarded_exit(end_process: Callable[[int], NoReturn], answer: Callable[[], int], unanswered: int) -> Any:
    """Return an ``os._exit`` that ends this process with the answer where it is called with success.

    Some suites end so as they finish, because a thread of theirs never does. A child process ends as it asks for.

    Args:
        end_process: the real ``os._exit``.
        answer: returns the exit code of the process.
        unanswered: the exit code if ``answer`` fails.
    """
    guarded_process = os.getpid()

    def exit_now(status: int) -> NoReturn:
        if os.getpid() == guarded_process and not status % 256:  # the shell sees these bits
            status = unanswered
            with suppress(BaseException):  # whatever replaced standard error
                status = answer()
                sys.stdout.flush()
                sys.stderr.flush()
        end_process(status)

    return exit_now
