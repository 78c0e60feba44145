"""Makes a history smaller, as long as the product and the model still differ about it; and tells one in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from .words import Decide, Edit, Execution, History, Merge, Policy, Run, Step, Tamper

Differs = Callable[[History], bool]
TRIES = 600


def shrunk(history: History, differs: Differs) -> History:
    """Return the smallest history found that still differs: greedily, one thing after the other is taken away."""
    tries = TRIES
    progress = True
    while progress and tries > 0:
        progress = False
        for smaller in _smaller(history):
            tries -= 1
            if tries <= 0:
                break
            if differs(smaller):
                history, progress = smaller, True
                break
    return history


def _smaller(history: History) -> Iterator[History]:
    for number, step in enumerate(history.steps):
        gone = {step.event.name} if isinstance(step.event, Run) else set()
        rest = (
            one for at, one in enumerate(history.steps)
            if at != number and not (isinstance(one.event, Merge) and one.event.run in gone)
        )  # fmt: skip
        yield replace(history, steps=tuple(rest))
    for number, step in enumerate(history.steps):
        if isinstance(step.event, Run):
            for event in _smaller_run(step.event):
                steps = (*history.steps[:number], Step(step.at, event), *history.steps[number + 1 :])
                yield replace(history, steps=steps)
    for key, value in vars(Policy()).items():
        if key != "reviewers" and getattr(history.config.policy, key) != value and not _edits(history):
            policy = replace(history.config.policy, **{key: value})
            yield replace(history, config=replace(history.config, policy=policy))
    if history.patterns:
        yield replace(history, patterns=())


def _edits(history: History) -> bool:
    return any(isinstance(step.event, Edit | Tamper) for step in history.steps)


def _smaller_run(run: Run) -> Iterator[Run]:
    for number, one in enumerate(run.executions):
        others = (*run.executions[:number], *run.executions[number + 1 :])
        if others or run.group:
            yield replace(run, executions=others)
        for execution in _smaller_execution(one):
            yield replace(run, executions=(*run.executions[:number], execution, *run.executions[number + 1 :]))
    plain = {"group": None, "ci": None, "deselected": (), "unreached": (), "home": "store", "lag": 0, "mode": None}
    for name, value in plain.items():
        if getattr(run, name) != value and (run.executions or name != "group") and run.home != "bundle":
            yield replace(run, **{name: value})


def _smaller_execution(one: Execution) -> Iterator[Execution]:
    if len(one.attempts) > 1:
        yield replace(one, attempts=one.attempts[1:])
    if len(one.claims) > 1:
        for number in range(len(one.claims)):
            yield replace(one, claims=(*one.claims[:number], *one.claims[number + 1 :]))
    last = one.attempts[-1]
    for number in range(len(last.says)):
        fewer = replace(last, says=(*last.says[:number], *last.says[number + 1 :]))
        yield replace(one, attempts=(*one.attempts[:-1], fewer))


def in_words(history: History) -> str:
    """Return a history as text that a person can read: only what is not as usual is told."""
    lines = [f"project: {_told(history.config)}"]
    for number, step in enumerate(history.steps):
        lines.append(f"{number:3} {_moment(step.at)}  {_event(step.event)}")
    asked = f"of {', '.join(history.patterns)}" if history.patterns else "of the whole register"
    release = f" for release {history.release}" if history.release else ""
    return "\n".join([*lines, f"    {_moment(history.judged_at)}  the gate {asked}{release}"])


def _moment(second: int) -> str:
    day, rest = divmod(second, 86_400)
    return f"day {day:3} {rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def _event(event: Any) -> str:
    match event:
        case Run():
            head = _told(replace(event, executions=()), "name")
            told = "".join(f"\n{'':25}{_told(one)}" for one in event.executions)
            return f"run {event.name} {head}{told}"
        case Edit():
            return f"edit ({event.why}): {_told(event.config)}"
        case Decide():
            return f"{event.kind} {event.target} by {event.by} {_told(event, 'kind', 'target', 'by')}"
    return _told(event)


def _told(value: Any, *known: str) -> str:
    """Return a value, without what is empty or as it is by default."""
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_told, value)) + ")"
    if not is_dataclass(value):
        return repr(value)
    named = [
        f"{field.name}={_told(getattr(value, field.name))}" for field in fields(value)
        if field.name not in known and getattr(value, field.name) != field.default and getattr(value, field.name) != ()
    ]  # fmt: skip
    return f"{type(value).__name__}({', '.join(named)})"
