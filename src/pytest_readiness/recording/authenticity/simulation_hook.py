"""Who implements ``pytest_readiness_simulation`` is asked why a test was a simulation: code that is not ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ...third_party import call_hook, describe_exception, is_failure, plain_text, safe_repr

_HOOK = "the hook pytest_readiness_simulation"
_LIMIT = 120
"""Characters of what is told of something that was raised."""


class HookAnswer(NamedTuple):
    """What a hook says of a test."""

    reason: str
    understood: bool = True
    """Else it failed, or returned what it must not: nobody knows what it would have said."""


def ask_hooks(item: Any, beside: Sequence[Any] = ()) -> Iterator[HookAnswer]:
    """Yield what the hooks around a test say; one that fails is an answer, and nothing else is lost.

    Args:
        item: the test.
        beside: implementations of plugins that pytest does not know.
    """
    for hook in _around(item, beside):
        try:
            found = _texts(call_hook(hook, item=item))
        except BaseException as error:
            if not is_failure(error):
                raise
            found = [HookAnswer(f"{_HOOK} failed: {describe_exception(error, _LIMIT)}", understood=False)]
        yield from found


def _around(item: Any, beside: Sequence[Any]) -> list[Any]:
    """Return the implementations to ask, each once, also where pytest and the config name the same plugin."""
    if not item.config.hook.pytest_readiness_simulation.get_hookimpls():
        return list(beside)  # asking for those around the test costs more than everything else that is looked at
    found = list(reversed(item.ihook.pytest_readiness_simulation.get_hookimpls()))
    known = [hook.plugin for hook in found]
    return [*found, *(hook for hook in beside if not any(hook.plugin is one for one in known))]


def _texts(given: object) -> list[HookAnswer]:
    """Return what a hook gave; whatever is no text, and does not say that there is none, is told as well."""
    if given is None:
        return []
    if isinstance(given, Sequence) and not isinstance(given, str | bytes | bytearray):
        return [_text(one) for one in given]
    return [_text(given)]


def _text(given: object) -> HookAnswer:
    if not isinstance(given, str):
        return HookAnswer(f"{_HOOK} returned {safe_repr(given)}, which is no text", understood=False)
    if not (text := plain_text(given).strip()):
        return HookAnswer(f"{_HOOK} returned an empty text", understood=False)
    return HookAnswer(text)
