"""Responses of a service to a credential: acceptance or rejection, as a short text.

An answer is a response (anything with an HTTP status), an exception, an HTTP status, or a text about one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ProofError, one_line
from ...late_pattern import late_pattern
from .traces import Redact

LIMIT = 300
"""Most characters of a stored answer."""
OK, ERROR, BROKEN, END = 200, 400, 500, 600
"""First HTTP status of success, of refusal and of server errors, and the end of all."""
_LEADING_STATUS = late_pattern(r"\s*(?:HTTP/\S+\s+)?([1-5]\d\d)(?!\d)")


def __tracebackhide__(excinfo: Any) -> bool:  # noqa: N807 - pytest's name: a failed proof is shown where it was offered
    return isinstance(excinfo.value, ProofError)


def acceptance_text(name: str, given: object, redact: Redact = str) -> str:
    """Return the text of an answer that accepts.

    Args:
        name: name of the argument, for messages.
        given: a response, its status or its text.
        redact: removes secrets from stored and shown texts.

    Raises:
        ProofError: it is empty, an exception, or a response that refuses.
    """
    answer = _unwrapped(given)
    if isinstance(answer, BaseException):
        raise ProofError(f"{name} is an exception, and no acceptance: {_exception_text(answer, redact)}")
    status = _status(answer)
    text = _answer_text(name, answer, status, redact)
    if status is not None and status >= ERROR:
        raise ProofError(f"{name} is no acceptance: {text}")
    return text


def rejection_text(name: str, given: object, redact: Redact = str) -> str:
    """Return the text of an answer that rejects.

    Args:
        name: name of the argument, for messages.
        given: the exception (or pytest's ``ExceptionInfo``), a response, its status or its text.
        redact: removes secrets from stored and shown texts.

    Raises:
        ProofError: it is empty, a response that accepts, or a failure of something other than the credential.
    """
    answer = _unwrapped(given)
    is_exception = isinstance(answer, BaseException)
    status = _status(answer)
    if status is None and isinstance(answer, BaseException):
        status = _status(getattr(answer, "response", None))
    text = _exception_text(answer, redact) if isinstance(answer, BaseException) else None
    text = text or _answer_text(name, answer, status, redact)
    if status is not None and status < ERROR:
        raise ProofError(f"{name}: that is an acceptance, and no rejection: {text}")
    if status is not None and status >= BROKEN:
        raise ProofError(f"{name}: that is a failure of the service, and no rejection: {text}")
    if is_exception and isinstance(answer, TimeoutError):
        raise ProofError(f"{name}: nobody answered, which is no rejection: {text}")
    return text


def _unwrapped(given: object) -> object:
    """Return the exception within pytest's ``ExceptionInfo`` if there is one, else the argument."""
    value = getattr(given, "value", None) if type(given).__name__ == "ExceptionInfo" else None
    return value if isinstance(value, BaseException) else given


def _status(answer: object) -> int | None:
    """Return the HTTP status of an answer; None if it has none."""
    if isinstance(answer, bool) or answer is None:
        return None
    if isinstance(answer, int | str):
        return _as_status(answer)
    statuses = (_as_status(_get(answer, name)) for name in ("status_code", "status", "code"))
    return next((status for status in statuses if status is not None), None)


def _get(answer: object, name: str) -> object:
    return answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)


def _as_status(value: object) -> int | None:
    if isinstance(value, str):
        match = _LEADING_STATUS.match(value)
        value = int(match[1]) if match else None
    if isinstance(value, int) and not isinstance(value, bool) and OK // 2 <= value < END:
        return int(value)
    return None


def _answer_text(name: str, answer: object, status: int | None, redact: Redact) -> str:
    """Return the text of an answer. Truth does not tell an empty one: a ``requests`` response with 401 is falsy."""
    if isinstance(answer, str):
        text = answer.strip()
    elif status is not None:
        return f"HTTP {status}" if isinstance(answer, int) else f"{type(answer).__name__} {status}"
    elif isinstance(answer, Mapping | list | tuple) and answer:
        text = str(answer)
    elif isinstance(answer, bytes):
        text = answer.decode("utf-8", "replace").strip()
    else:
        text = "" if isinstance(answer, Mapping | list | tuple) or _has_no_text(answer) else str(answer).strip()
    if not text:
        raise ProofError(f"{name} says nothing: give the response, the exception, or its text")
    return one_line(redact(text), LIMIT)


def _has_no_text(answer: object) -> bool:
    kind = type(answer)
    plain = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__
    return answer is None or isinstance(answer, bool | int | float) or plain


def _exception_text(error: BaseException, redact: Redact) -> str:
    message = str(error).strip()
    name = type(error).__name__
    return one_line(redact(f"{name}: {message}" if message else name), LIMIT)
