"""Calls of the hook ``pytest_readiness_simulation``, which returns why a test was a simulation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ...third_party import call_hook, describe_exception, is_failure, plain_text, safe_repr

_HOOK = "the hook pytest_readiness_simulation"
_LIMIT = 120
"""Maximum length of an exception's description, in characters."""


class HookAnswer(NamedTuple):
    """A reason that a hook returned for a test."""

    reason: str
    understood: bool = True
    """False: the hook failed, or returned a wrong type, so that its answer is unknown."""


def ask_hooks(item: Any, additional: Sequence[Any] = ()) -> Iterable[HookAnswer]:
    """Return the answers of the hooks around a test; a failure of a hook is an answer too.

    Args:
        item: the test.
        additional: implementations of plugins that pytest does not know.
    """
    # Looking up the test's own hooks would cost more than all other checks.
    is_implemented = additional or item.config.hook.pytest_readiness_simulation.get_hookimpls()
    return _ask(item, additional) if is_implemented else ()


def _ask(item: Any, additional: Sequence[Any]) -> Iterator[HookAnswer]:
    for hook in _hooks_for(item, additional):
        try:
            answers = _answers(call_hook(hook, item=item))
        except BaseException as error:
            if not is_failure(error):
                raise
            answers = [HookAnswer(f"{_HOOK} failed: {describe_exception(error, _LIMIT)}", understood=False)]
        yield from answers


def _hooks_for(item: Any, additional: Sequence[Any]) -> list[Any]:
    """Return the implementations to call, each once, even if pytest and the config name the same plugin."""
    hooks = list(reversed(item.ihook.pytest_readiness_simulation.get_hookimpls()))
    plugins = [hook.plugin for hook in hooks]
    return [*hooks, *(hook for hook in additional if not any(hook.plugin is plugin for plugin in plugins))]


def _answers(result: object) -> list[HookAnswer]:
    """Return a hook's result as answers; a value of a wrong type is one that is not understood."""
    if result is None:
        return []
    if isinstance(result, Sequence) and not isinstance(result, str | bytes | bytearray):
        return [_answer(value) for value in result]
    return [_answer(result)]


def _answer(value: object) -> HookAnswer:
    if not isinstance(value, str):
        return HookAnswer(f"{_HOOK} returned {safe_repr(value)}, which is no text", understood=False)
    if not (text := plain_text(value).strip()):
        return HookAnswer(f"{_HOOK} returned an empty text", understood=False)
    return HookAnswer(text)
