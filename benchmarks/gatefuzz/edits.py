"""Edits of a config and its tracker, as people make them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from .projects import chance
from .words import Config


def edited(random: Random, config: Config, how: str, *, git: bool) -> Config | None:
    """Return the config after an edit of a kind; None: there is nothing to edit so."""
    if how == "home" and not git:
        return None
    kinds = {"row": _row, "unreal": _unreal, "real": _real, "policy": _policy, "item": _item, "home": _home}
    return kinds[how](random, config)


def _row(random: Random, config: Config) -> Config | None:
    if len(config.use_cases) < 2:
        return None
    gone = random.choice(config.use_cases)
    return replace(config, use_cases=tuple(row for row in config.use_cases if row is not gone))


def _unreal(random: Random, config: Config) -> Config:
    name = random.choice([name for name, _ in config.environments])
    changed = tuple((one, real and one != name) for one, real in config.environments)
    rows = tuple(replace(row, environments=None) if row.environments == (name,) else row for row in config.use_cases)
    return replace(config, environments=changed, use_cases=rows)


def _real(random: Random, config: Config) -> Config:
    name = random.choice([name for name, _ in config.environments])
    return replace(config, environments=tuple((one, real or one == name) for one, real in config.environments))


def _policy(random: Random, config: Config) -> Config:
    key, values = random.choice((
        ("asserted", ("refuse", "acknowledge", "accept")), ("flaky", ("refuse", "acknowledge", "accept")),
        ("waivers", ("refuse", "accept")), ("level", ("L0", "L1")), ("clock", ("refuse", "ignore")),
        ("deselected", ("accept", "accept")), ("architecture", ("ignore", "GREEN")), ("on", ("review", "evidence")),
        ("required", (1, 2)),
    ))  # fmt: skip
    return replace(config, policy=replace(config.policy, **{key: random.choice(values)}))


def _item(random: Random, config: Config) -> Config:
    item = random.choice(config.items)
    changed = replace(item, max_age=random.choice((30, 60, 90, None)))
    if item.proof in ("trace", "handshake") and chance(random, 0.4):
        changed = replace(item, proof="none")
    return replace(config, items=tuple(changed if one is item else one for one in config.items))


def _home(_: Random, config: Config) -> Config:
    return replace(config, decisions="store" if config.decisions != "store" else "decisions")
