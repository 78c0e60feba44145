"""Results of the hooks of plugins, each checked before it is used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..claims.catalogue import PROOFS
from ..errors import ConfigError, one_line
from ..facts.subject import parse_subjects
from ..third_party import call_hook, class_name, describe_exception, is_failure, plain_text, safe_repr

if TYPE_CHECKING:  # loaded with a plugin, and most projects have none
    import pluggy

    from ..facts.proofs.values import ProofCheck


def own_proofs(*managers: pluggy.PluginManager) -> dict[str, ProofCheck]:
    """Return the proof kinds of plugins, by name.

    Raises:
        ConfigError: a plugin returns something else, or a kind that exists already. The message has the plugin's name
            and the place that names it.
    """
    kinds: dict[str, tuple[str, ProofCheck]] = {}
    for plugin, kind, check in _defined_kinds(managers):
        if not isinstance(kind, str) or not callable(check):
            pair = f"{safe_repr(kind)}: {safe_repr(check)}"
            raise ConfigError(f"{plugin}: {_RETURN_RULE}, and its dict holds {one_line(pair, 200)}")
        name = plain_text(kind)
        defined = f"{plugin} brings a proof '{one_line(name, 100)}'"
        if name in PROOFS:
            raise ConfigError(f"{defined}, which is a built-in one: give it another name")
        first, other = kinds.setdefault(name, (plugin, check))
        if other is not check:
            raise ConfigError(f"{defined}, and so does {first}: give one of them another name")
    return {name: check for name, (_, check) in kinds.items()}


_RETURN_RULE = "pytest_readiness_proofs must return a dict of names and functions"


def _defined_kinds(managers: Sequence[pluggy.PluginManager]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the plugin, the name and the function of each proof kind."""
    for manager in managers:
        for hook in manager.hook.pytest_readiness_proofs.get_hookimpls():
            plugin = _plugin_text(manager, hook)
            try:
                kinds: Any = call_hook(hook)
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(f"{plugin}: pytest_readiness_proofs failed: {describe_exception(error)}") from None
            try:
                pairs = [] if kinds is None else list(dict(kinds).items())
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(
                    f"{plugin}: {_RETURN_RULE}, and returned a value of the kind {class_name(kinds)}"
                ) from None
            yield from ((plugin, name, check) for name, check in pairs)


def _plugin_text(manager: pluggy.PluginManager, hook: pluggy.HookImpl) -> str:
    """Return a text with the plugin's name, after the place that names it."""
    named_at = getattr(manager, "named_at", {}).get(hook.plugin_name, "")
    return f"{named_at}the plugin '{one_line(hook.plugin_name, 200)}'"


CONTEXT = {
    "provider_mode": "provider-mode", "tenant_id": "tenant", "project_id": "project", "release": "release",
    "subject": "subject",
}  # fmt: skip
"""Keys that ``pytest_readiness_context`` may return, with the option that each stands for."""


def own_context(config: Any, *managers: pluggy.PluginManager) -> dict[str, str]:
    """Return the context that plugins give a run, by option.

    Args:
        config: pytest's config.
        managers: the managers of the plugins.

    Raises:
        ConfigError: a plugin fails, returns something else, or contradicts another one.
    """
    values: dict[str, tuple[str, str]] = {}
    for manager in managers:
        for hook in manager.hook.pytest_readiness_context.get_hookimpls():
            plugin = f"{_plugin_text(manager, hook)}: pytest_readiness_context"
            try:
                with redirect_stdout(sys.stderr):
                    given: Any = call_hook(hook, config=config)
                    pairs = [] if given is None else list(dict(given).items())
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(f"{plugin} failed: {describe_exception(error)}") from None
            for key, value in pairs:
                option, text = _context_value(plugin, key, value)
                first, other = values.setdefault(option, (plugin, text))
                if other != text:
                    raise ConfigError(f"{plugin} and {first} give different values for '{key}'")
    return {option: text for option, (_, text) in values.items()}


def _context_value(plugin: str, key: Any, value: Any) -> tuple[str, str]:
    """Return the option that a key stands for, and its value as text.

    Raises:
        ConfigError: there is no such key, or it has another kind of value.
    """
    if not isinstance(key, str) or key not in CONTEXT:
        reason = (
            "whoever runs the tests names it" if key in ("environment", "actor") else f"keys are {', '.join(CONTEXT)}"
        )
        raise ConfigError(f"{plugin} cannot give {safe_repr(key)}: {reason}")
    if key == "subject" and not isinstance(value, str):
        texts = [f"{name}={digest}" for name, digest in value.items()] if isinstance(value, Mapping) else value
        if not isinstance(texts, list | tuple) or not texts or not all(isinstance(text, str) for text in texts):
            raise ConfigError(f"{plugin} gives a subject of the kind {class_name(value)}: digests are texts")
        value = " ".join(map(plain_text, texts))
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{plugin} must give a text for '{key}', not {one_line(safe_repr(value), 100)}")
    text = plain_text(value)
    if key == "subject":
        parse_subjects(text, plugin)
    return CONTEXT[key], text


def own_redactors(*managers: pluggy.PluginManager) -> list[Callable[[str], object]]:
    """Return the redactors of plugins, in the order in which they are applied."""
    return [
        _OwnRedactor(_plugin_text(manager, hook), hook)
        for manager in managers
        for hook in reversed(manager.hook.pytest_readiness_redact.get_hookimpls())
    ]


class _OwnRedactor(Struct, frozen=True):
    """A plugin's redactor, with a text for messages."""

    by: str
    """The plugin's name, after the place that names it."""
    hook: pluggy.HookImpl

    def __call__(self, text: str) -> object:
        return call_hook(self.hook, text=text)


def render_own(managers: Sequence[pluggy.PluginManager], document: Mapping[str, Any], name: str) -> str | None:
    """Return the report in a plugin's format; None: no plugin has it.

    Args:
        managers: the managers of the plugins.
        document: the document of the JSON report.
        name: the name of the format.

    Raises:
        ConfigError: the plugin fails, or returns something else than a text.
    """
    for manager in managers:
        for hook in reversed(manager.hook.pytest_readiness_render.get_hookimpls()):
            plugin = f"{_plugin_text(manager, hook)}: pytest_readiness_render"
            try:
                with redirect_stdout(sys.stderr):
                    text: Any = call_hook(hook, report=deepcopy(document), format=name)
            except BaseException as error:
                if not is_failure(error):
                    raise
                raise ConfigError(f"{plugin} failed: {describe_exception(error)}") from None
            if isinstance(text, str):
                return plain_text(text)
            if text is not None:
                raise ConfigError(f"{plugin} must return a text or None, not a value of the kind {class_name(text)}")
    return None
