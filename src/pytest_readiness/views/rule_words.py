"""Failed rules of the gate in words, with how many of the things that each checked it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ..verdict.readiness import RuleResult, Verdict

_FAILED: Mapping[str, str] = MappingProxyType(
    {
        "tracker and config": "no config",
        "use cases in scope": "no use case in scope",
        "requirements in scope": "nothing required",
        "left the register": "left the register with something open",
        "evidence complete": "evidence incomplete",
        "asserted": "unproven passes not accepted",
        "flaky": "flaky passes not accepted",
        "waivers": "waivers refused",
        "nothing failing": "failing",
        "nothing blocked": "blocked or rejected",
        "runs sealed": "runs not finalized",
        "groups complete": "run groups incomplete",
        "evidence intact": "evidence not intact",
        "evidence level": "evidence level too low",
        "clock": "clocks disagree",
        "deselected": "tests deselected",
        "reviewed": "not reviewed",
        "architecture": "architecture status",
        "release": "not for the release",
        "subject": "not for the judged subjects",
        "clean commit": "not from a clean commit",
        "checkpoint": "checkpoint does not fit",
        "no regression": "worse than before",
    }
)
"""What it means that a rule failed. Rules of a later version are shown by their names."""
_CHECKED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "requirements in scope",
                "evidence complete",
                "asserted",
                "flaky",
                "waivers",
                "nothing failing",
                "evidence level",
            ),
            ("requirement", "requirements"),
        ),
        **dict.fromkeys(
            (
                "use cases in scope",
                "left the register",
                "nothing blocked",
                "groups complete",
                "deselected",
                "reviewed",
                "architecture",
            ),
            ("use case", "use cases"),
        ),
        **dict.fromkeys(("runs sealed", "clock", "release", "subject", "clean commit"), ("run", "runs")),
        "evidence intact": ("piece of evidence", "pieces of evidence"),
        "no regression": ("state", "states"),
    }
)
"""What a rule checks, one and several. Another rule has only a number."""
_WRONG: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "requirements in scope": ("use case", "use cases"),
        "groups complete": ("run group", "run groups"),
        "evidence intact": ("problem", "problems"),
        "deselected": ("test", "tests"),
        "subject": ("problem", "problems"),
        "checkpoint": ("problem", "problems"),
    }
)
"""What is counted if a rule fails, where it is something else than it checks."""
_SHOWN_BY_ITEM = "evidence complete"
"""The rule whose details a report shows by item."""
_COMPARED = "no regression"
"""The rule that also fails if nothing is worse, but the earlier report does not speak of everything in scope."""


def checked_rules(verdict: Verdict) -> tuple[RuleResult, ...]:
    """Return the rules in the order of the gate, then the comparison with an earlier report if there was one."""
    return (*verdict.rules, *((verdict.regression,) if verdict.regression is not None else ()))


def failed_rules(verdict: Verdict) -> list[RuleResult]:
    """Return those of the checked rules that failed."""
    return [rule for rule in checked_rules(verdict) if not rule.passed]


def has_nothing_to_check(rule: RuleResult) -> bool:
    """Return whether a rule failed only because there was nothing that it could check."""
    return not rule.passed and not rule.looked_at and not rule.wrong


def failures_text(rules: Iterable[RuleResult]) -> str:
    """Return failed rules as text: ``evidence incomplete (276 of 288), failing (3 of 288)``.

    Rules without anything to check come last, counted if there are several: the gate lists each as ``empty``. If only
    one rule failed, its detail follows.
    """
    failed = list(rules)
    texts = [_failure(rule) for rule in failed if not has_nothing_to_check(rule)]
    idle = [rule.rule for rule in failed if has_nothing_to_check(rule)]
    if idle:
        texts.append(f"nothing to check yet ({idle[0]})" if len(idle) == 1 else f"{len(idle)} rules empty")
    shows_detail = len(failed) == 1 and not idle and failed[0].rule != _SHOWN_BY_ITEM
    return ", ".join(texts) + (f": {failed[0].detail}" if shows_detail and failed[0].detail else "")


def _failure(rule: RuleResult) -> str:
    words = _FAILED.get(rule.rule, rule.rule)
    if rule.rule == _COMPARED and not rule.wrong:
        return "not compared"
    if not rule.wrong or rule.looked_at <= 1:
        return words
    return f"{words} ({_wrong_text(rule)})"


def _wrong_text(rule: RuleResult) -> str:
    """Return how many of the checked things are not as the rule asks: ``31 of 40 requirements``."""
    if rule.rule in _WRONG or rule.wrong > rule.looked_at:
        return _counted(rule.wrong, _WRONG.get(rule.rule, ("", "")))
    return f"{rule.wrong} of {_counted(rule.looked_at, _CHECKED.get(rule.rule, ('', '')))}"


def _counted(number: int, nouns: tuple[str, str]) -> str:
    return f"{number} {nouns[number != 1]}".rstrip()


def checked_text(rule: RuleResult) -> str:
    """Return how many of the checked things are as the rule asks: ``9 of 9 requirements``; empty: it checked nothing.

    Of a failed rule it is how many are not: ``2 of 9 requirements fail``.
    """
    if not rule.looked_at:
        return ""
    counted = _counted(rule.looked_at, _CHECKED.get(rule.rule, ("", "")))
    if rule.passed:
        return f"{rule.looked_at} of {counted}"
    if not rule.wrong:
        return f"{counted} checked"
    if rule.rule in _WRONG:
        return _wrong_text(rule)
    return f"{_wrong_text(rule)} {'fails' if rule.wrong == 1 else 'fail'}"
