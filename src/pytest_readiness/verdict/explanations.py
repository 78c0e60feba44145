"""Explanations: sentences that say why a requirement has its state, and what would complete it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ..claims.catalogue import RECORDED_PROOFS, REPLAY_MODES, Requirement
from ..claims.claim import WRONG_MARK
from ..errors import count, one_line
from ..facts.evidence import Evidence, Result
from ..facts.subject import Subjects, subjects_text
from ..facts.suite_failure import ABSENT, RequiredCases
from ..late_pattern import late_pattern
from .coverage import Place

LIMIT = 200
"""Most characters of a text by a test or a person within a sentence."""


def first_line(text: str) -> str:
    """Return the first line of a text that is not blank, on one line and capped."""
    if text.isprintable() and len(text) <= LIMIT:
        return text.strip()
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    shown = one_line(first, LIMIT)
    return shown if len(shown) <= LIMIT else f"{shown[: LIMIT - 1]}…"


_EXPECTATIONS = {Result.XFAILED: " (an expected failure)", Result.XPASSED: " (a failure was expected)"}


def execution_text(evidence: Evidence) -> str:
    """Return ``test PASSED in staging with BYOK at TIME``, which is its timestamp, the end, as beside each piece."""
    ended = _outcome_text(evidence.result, evidence.environment, evidence.provider_mode)
    return f"{first_line(evidence.test_id)} {ended} at {evidence.timestamp}"


@lru_cache(maxsize=1024)
def _outcome_text(result: Result, environment: str | None, provider_mode: str | None) -> str:
    """Return result and place as text; cached, as many executions share them."""
    verb = f"was {result.value}" if result is Result.INTERRUPTED else f"{result.value}{_EXPECTATIONS.get(result, '')}"
    return f"{verb}{_place_text(environment, provider_mode)}"


def _place_text(environment: str | None, provider_mode: str | None) -> str:
    place = f" in {first_line(environment)}" if environment else ""
    return f"{place} with {first_line(provider_mode)}" if provider_mode else place


def other_subjects_text(recorded: Subjects, judged: Subjects, verb: str = "recorded") -> str:
    """Return ``recorded for api sha256:9f86d081884c..., judged is api sha256:60303ae22b99...``."""
    of = f"{verb} for {subjects_text(recorded) or 'no subject'}"
    return f"{of}, judged is {subjects_text(judged)}" if judged else f"{of}, and no subject is judged"


def execution_message(evidence: Evidence) -> str:
    """Return the execution as text, with the first line of its message."""
    return (
        f"{execution_text(evidence)}: {first_line(evidence.message)}"
        if evidence.message.strip()
        else execution_text(evidence)
    )


def place_of(requirement: Requirement) -> str:
    """Return the place of a requirement, such as `` in staging with provider mode BYOK``."""
    place = f" in {requirement.environment}" if requirement.environment else " in a real environment"
    if requirement.provider_mode:
        return f"{place} with provider mode {requirement.provider_mode}"
    return f"{place} with a stated provider mode" if requirement.any_provider_mode else place


def marker_text(requirement: Requirement) -> str:
    """Return the marker that claims the requirement."""
    item = requirement.item if requirement.item.isdecimal() else f'"{requirement.item}"'
    part = f', part="{requirement.part}"' if requirement.part else ""
    return f'@evidence("{requirement.use_case}", item={item}{part})'


def replay_mode(evidence: Evidence) -> str | None:
    """Return FULL or TRACE_ONLY as the replay states it; None if it states neither. TRACE_ONLY wins over FULL."""
    details = [
        value for proof in evidence.proofs if proof.kind == "replay" for key, value in proof.details if key == "mode"
    ]
    stated = {mode for mode in (*details, evidence.replay_mode) if mode in REPLAY_MODES}
    return min(stated, key=REPLAY_MODES[::-1].index, default=None)


def why_bad(requirement: Requirement, failure: Evidence, others: int, elsewhere: Place | None = None) -> str:
    """Return why a requirement is FAILING or INTERRUPTED. ``elsewhere``: the place it counts in, if not its run's."""
    early = cut_short(elsewhere)
    if (
        elsewhere is None
        and failure.provider_mode is None
        and (requirement.provider_mode or requirement.any_provider_mode)
    ):
        early = ", before it stated a provider mode"
    elif elsewhere is None and requirement.part and failure.parts and requirement.part not in failure.parts:
        early = f", before it reached {requirement.part}"
    message = f": {first_line(failure.message)}" if failure.message.strip() else ""
    more = f" (and {others} more)" if others else ""
    return f"{execution_text(failure)}{early}{message}{more}"


def cut_short(elsewhere: Place | None) -> str:
    """Return that an execution ended before it stated its place, and counts elsewhere; empty if that is not so."""
    return "" if elsewhere is None else f", before it stated where it ran, and so counts{_place_text(*elsewhere)}"


def why_missing(requirement: Requirement, newest: Evidence | None, elsewhere: Evidence | None = None) -> str:
    """Return why nothing satisfies a requirement.

    Args:
        requirement: the requirement.
        newest: the newest execution about it, if there is one.
        elsewhere: a pass for its item in another place, if there is one.
    """
    if newest is None:
        return f"no test has run for it{place_of(requirement) if elsewhere is not None else ''}"
    if newest.result is not Result.PASSED:
        return execution_message(newest)
    if newest.method == ABSENT or not newest.real:
        return f"{execution_text(newest)}, which does not count"
    if newest.provider_mode is None and (requirement.provider_mode or requirement.any_provider_mode):
        return f"{execution_text(newest)}, but states no provider mode"
    if requirement.proof == "replay" and replay_mode(newest) is None:
        return f"{execution_text(newest)}, but does not state whether the replay was FULL or TRACE_ONLY"
    return f"{execution_text(newest)}, in a run that is not sealed"


def completes_missing(requirement: Requirement, newest: Evidence | None, *, real_declared: bool) -> str:
    """Return what would complete a requirement that nothing satisfies."""
    if requirement.undeclared_environment and real_declared:
        return f"list the environments of {requirement.use_case} in the config"
    if not real_declared:
        next_step = "" if requirement.undeclared_environment else ", then run its test there"
        return f"declare a real environment ([environments.NAME] real = true in the config){next_step}"
    if newest is None:
        return f"run a test tagged {marker_text(requirement)}{place_of(requirement)}{recording(requirement)}"
    if newest.real and newest.result is Result.PASSED and requirement.proof == "replay" and not replay_mode(newest):
        # A rule of [claims] has no place for the mode, but every test can record the proof.
        test = first_line(newest.test_id)
        mark = 'set replay_mode="FULL" or "TRACE_ONLY" in its mark'
        return f"record {proof_text(requirement)} in {test}, or {mark}, and run it again"
    return f"make {first_line(newest.test_id)} pass{place_of(requirement)}{recording(requirement, newest)}"


def completes_elsewhere(requirement: Requirement, passed: Evidence) -> str:
    """Return that a test which passed in another place must run in that of the requirement."""
    return f"run {first_line(passed.test_id)}{place_of(requirement)}{recording(requirement, passed)}"


def proof_text(requirement: Requirement) -> str:
    """Return the proof that a requirement asks for, and how a test records it."""
    return "a proof" if requirement.proof == "none" else _method_text(requirement.proof)


def recording_text(kind: str) -> str:
    """Return that a test records a proof of this kind."""
    return f"recording {_method_text(kind)}"


def _method_text(kind: str) -> str:
    """Return the proof and the method of the fixture that records it."""
    method = kind if kind in RECORDED_PROOFS else f'prove("{kind}")'
    return f"the {kind} proof (record_evidence.{method})"


def recording(requirement: Requirement, execution: Evidence | None = None) -> str:
    """Return, as the end of a sentence, that a pass must record the proof of the requirement.

    Empty if it asks for none, or if the execution, whose test is to run again, recorded it.
    """
    kind, part = requirement.proof, requirement.part
    if kind == "none" or (execution is not None and any(proof.shows(kind, part) for proof in execution.proofs)):
        return ""
    return f", {recording_text(kind)}"


_RECORDING = late_pattern(r", recording the (.+) proof \(record_evidence\.\S+\)")


def proof_to_record(text: str) -> str:
    """Return the kind of proof that a sentence about what completes a requirement asks for; empty: none."""
    match = _RECORDING.search(text)
    return match[1] if match else ""


def completes_bad(requirement: Requirement, failure: Evidence, others: int = 0, elsewhere: Place | None = None) -> str:
    """Return how to fix a failed or interrupted execution, in its own place or in the place where it counts.

    ``others``: the number of other tests that failed for the requirement.
    """
    if failure.required_cases is not None:
        cases = _cases_text(failure.required_cases)
        return f"import a report in which {cases} end and {first_line(failure.test_id)} does not occur, or retire it"
    verb = "run" if failure.result is Result.INTERRUPTED else "make"
    end = ("to their end" if others else "to its end") if failure.result is Result.INTERRUPTED else "pass"
    environment, mode = elsewhere or (failure.environment, failure.provider_mode)
    place = f" in {first_line(environment)}" if environment else place_of(requirement)
    with_mode = f" with provider mode {first_line(mode)}" if environment and mode else ""
    if has_wrong_mark(failure):
        test = first_line(failure.test_id)
        return f"correct the mark of {test}, or the rule that claims for it, and run it again{place}{with_mode}"
    more = f" and {count(others, 'other test')}" if others else ""
    return f"{verb} {first_line(failure.test_id)}{more} {end}{place}{with_mode}"


def has_wrong_mark(failure: Evidence) -> bool:
    """Return whether a test failed because its evidence mark, or the rule that claims for it, is wrong."""
    return failure.result is Result.ERROR and f"\n{WRONG_MARK}" in failure.message


def _cases_text(required_cases: RequiredCases) -> str:
    """Return the cases that a report must contain, as text."""
    cases = len(required_cases.ran) + len(required_cases.others)
    if not required_cases.failure.names:
        return f"the {count(cases, 'case')} of this one"
    of = f"the {required_cases.failure.scope.value} {first_line(required_cases.failure.names[-1])}"
    return f"the {count(cases, 'case')} of {of}" if cases else f"cases of {of}"


def not_real_now(evidence: Evidence) -> str:
    """Return why evidence that was real when it was recorded is no longer real."""
    if evidence.provider_mode is not None:
        place = f"environment '{evidence.environment}' or provider mode '{evidence.provider_mode}'"
    else:
        place = f"environment '{evidence.environment}'"
    return f"{place} is no longer declared real"


def future_note(future: tuple[Evidence, ...]) -> str:
    """Return the note that a pass starts after the moment being judged, or an empty text."""
    return f"; {execution_text(future[0])} starts after this moment and does not count" if future else ""


def excluded_note(reasons: Iterable[str]) -> str:
    """Return the note that executions ran but do not count, or an empty text."""
    sentences = list(dict.fromkeys(reasons))
    more = f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""
    return f"; {sentences[0]}{more}" if sentences else ""
