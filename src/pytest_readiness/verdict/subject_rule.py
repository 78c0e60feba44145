"""The gate's rule about subjects: evidence is for the judged digests, and each of them is shown."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts.subject import counts_for, subjects_text
from .explanations import other_subjects_text
from .gate_input import GateInput, RuleFinding, name_list
from .inputs import UNKNOWN
from .readiness import State

NAME_SUBJECT = (
    "--subject NAME=sha256:... (--readiness-subject=NAME=sha256:... for pytest), READINESS_SUBJECT, or a release that "
    "[releases] gives subjects"
)
"""How a judged digest is named."""
RULE = "subject"


def subject_rule(inputs: GateInput) -> RuleFinding:
    """Return whether all deciding evidence is for the judged digests, and each of them is named by a pass that counts.

    It says which requirements have only evidence for others. Without a judged digest nothing is eligible.
    """
    judged = inputs.subjects
    all_ids = tuple(use_case.use_case.id for use_case in inputs.readiness.use_cases)
    if not judged:
        return RuleFinding(RULE, 0, (f"no subject was named: {NAME_SUBJECT}",), "", all_ids)
    runs = {evidence.run_id for evidence in inputs.evidence.values()} | inputs.use_cases_by_run.keys()
    named = {name for run in inputs.passed_runs for name in inputs.origins.get(run, UNKNOWN).subjects}
    unnamed = [subjects_text({name: digest}) for name, digest in judged.items() if name not in named]
    problems = [f"no pass that counts is for {text}" for text in unnamed]
    failing = list(all_ids) if unnamed else []
    for text, names, use_cases in other_versions(inputs):
        problems.append(f"{name_list(names)}: {text}")
        failing += use_cases
    ordered = tuple(dict.fromkeys(failing))
    return RuleFinding(RULE, len(runs), tuple(problems), f"what counts is for {subjects_text(judged)}", ordered)


def other_versions(inputs: GateInput) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield what the evidence of requirements was recorded for instead, with their ids and those of the use cases."""
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for use_case, requirement in inputs.required:
        if requirement.state is State.WAIVED:
            continue
        for evidence in requirement.deciding or requirement.evidence:
            recorded = inputs.origins.get(evidence.run_id, UNKNOWN).subjects
            if not counts_for(recorded, inputs.subjects):
                names, use_cases = groups.setdefault(other_subjects_text(recorded, inputs.subjects), ([], []))
                names.append(requirement.requirement.id)
                use_cases.append(use_case.use_case.id)
                break  # one piece says why
    for text in sorted(groups):
        yield text, *groups[text]
