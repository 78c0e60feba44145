"""Says where the product and the model differ about a history."""

from __future__ import annotations

from typing import Any

from .driver import Driver
from .model import Judgement, judged
from .words import History


def differences(history: History, driver: Driver) -> list[str]:
    """Return a sentence for each thing that the product says otherwise than the model."""
    expected, refusals = judged(history)
    told, refused = driver.replay(history)
    found = [
        f"step {number}: {step.event} was {_word(theirs)} ({told['said'][number][-300:]}), and must be {_word(ours)}"
        for number, (step, ours, theirs) in enumerate(zip(history.steps, refusals, refused, strict=True))
        if ours != theirs
    ]
    found += _gate(expected, told)
    if expected.intact:
        found += _use_cases(expected, told)
    return found


def _word(refused: bool) -> str:  # noqa: FBT001
    return "refused" if refused else "taken"


def _gate(expected: Judgement, told: dict[str, Any]) -> list[str]:
    found = []
    if told["passes"] != expected.eligible:
        closed = [f"{one['rule']}: {one['detail']}" for one in told["verdict"]["rules"] if not one["passed"]]
        found.append(f"eligible is {told['passes']} ({closed}), and must be {expected.eligible} ({expected.reasons})")
    if bool(told["problems"]) == expected.intact:
        found.append(f"intact is {told['problems'] or True}, and must be {expected.intact}")
    return found


def _use_cases(expected: Judgement, told: dict[str, Any]) -> list[str]:
    found = []
    shown = {one["id"]: one for one in told["use_cases"]}
    for name, status, phase, review, states in expected.use_cases:
        one = shown.get(name)
        if one is None:
            found.append(f"{name} is not told")
            continue
        theirs = {
            needed["id"]: needed["state"]
            for item in one["items"] for needed in item["requirements"] if needed["state"] != "NOT_APPLICABLE"
        }  # fmt: skip
        for requirement, state in states:
            if theirs.get(requirement) != state:
                found.append(f"{requirement} is {theirs.get(requirement)}, and must be {state}")
        found += [f"{extra} is told, and not required" for extra in theirs.keys() - dict(states).keys()]
        if (one["status"], one["phase"] or "") != (status, phase):
            found.append(f"{name} is {one['status']} {one['phase']}, and must be {status} {phase}")
        if one["review"]["state"] != review:
            why = one["review"].get("why")
            found.append(f"the review of {name} is {one['review']['state']} {why}, and must be {review}")
    return found
