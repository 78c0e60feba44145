"""OSCAL assessment results: a finding for each requirement, an observation for its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from ...facts.evidence import Evidence
from ...facts.timestamps import is_timestamp
from ...verdict.counts import count_verdict
from ...verdict.readiness import RequirementReadiness, UseCaseReadiness
from ..content_digest import content_digest
from ..json_text import to_json_line
from ..outcomes import Outcome, UniqueNames, outcomes, reason
from ..report import Report
from ..sanitise.markdown import to_markdown
from ..sanitise.terminal import sanitise, visible
from .json_parts import array, members

OSCAL_VERSION = "1.1.2"
NAMESPACE = "urn:pytest-readiness:oscal"
"""Namespace of our properties, and of the UUIDs."""
_NO_TOKEN = re.compile(r"[^A-Za-z0-9._-]", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 ,;:./?%()'=+-]|(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))*", re.ASCII)
"""Text in which Markdown finds no sign with a meaning."""
_LONGEST = 100_000
"""Length in characters at which the value of a property is cut off: readers tell things apart by it."""
_EXAMINED = frozenset({"examined", "imported"})
"""Methods of evidence that a person examined, or that another tool reported."""
_REASONS = {Outcome.MET: "pass", Outcome.ACCEPTED: "pass", Outcome.FAILED: "fail"}


class _Entry(Struct, frozen=True):
    """One requirement with the id that the document gives it."""

    use_case: UseCaseReadiness
    requirement: RequirementReadiness
    outcome: Outcome
    target: str


def render(report: Report) -> Iterator[str]:
    """Yield the report as OSCAL assessment results (1.1.2, JSON), a finding in a piece.

    A requirement is an objective; its finding is ``satisfied`` if it is COMPLETE, or a review or the policy accepts it.
    An objective that is not applicable is excluded, with its reason. UUIDs are derived from the content.
    """
    names = UniqueNames()
    entries = [
        _Entry(use_case, requirement, outcome, names.add(_token(requirement.requirement.id)))
        for use_case, requirement, outcome in outcomes(report)
    ]
    required = [entry for entry in entries if entry.outcome is not Outcome.NOT_REQUIRED]
    observed = [entry for entry in required if entry.requirement.deciding]
    base = uuid5(uuid5(NAMESPACE_URL, NAMESPACE), content_digest(report))
    head = (("uuid", _uuid(base, "document")), ("metadata", _metadata(report)), ("import-ap", {"href": _plan(base)}))
    yield f'{{\n"assessment-results":{{\n{members(head)},\n"results":[\n{{\n{members(_result(report, base))},\n'
    yield f'"reviewed-controls":{to_json_line(_reviewed(entries))}'
    if observed:
        yield ',\n"observations":'
        yield from array(_observation(entry, report, base) for entry in observed)
    if required:
        yield ',\n"findings":'
        yield from array(_finding(entry, base) for entry in required)
    yield f'\n}}\n],\n"back-matter":{to_json_line(_back_matter(report, base))}\n}}\n}}\n'


def _uuid(base: UUID, *parts: str) -> str:
    return str(uuid5(base, "\n".join(part.encode("utf-8", "backslashreplace").decode() for part in parts)))


def _plan(base: UUID) -> str:
    return f"#{_uuid(base, 'requirements')}"


def _token(name: str) -> str:
    """Return an id as an OSCAL token, which has no slash and begins with a letter or an underscore."""
    token = _NO_TOKEN.sub("_", name)
    return token if token[:1].isalpha() or token.startswith("_") else f"_{token}"


def _prose(text: str) -> str:
    """Return a text as one line of OSCAL's markup, which is Markdown; it may not be empty.

    Most ids and sentences contain no sign with a meaning there. They stay as they are, for readers of the JSON.
    """
    if _PLAIN.fullmatch(text) and "//" not in text:
        return visible(text).strip()
    return to_markdown(text).strip() or "-"


def _properties(values: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    """Return the field ``props`` with the properties that have a value; no field if none has one."""
    clean = [(name, sanitise(value, _LONGEST).strip()) for name, value in values if value]
    properties = [{"name": name, "ns": NAMESPACE, "value": value} for name, value in clean if value]
    return {"props": properties} if properties else {}


def _metadata(report: Report) -> dict[str, Any]:
    moment = report.context.generated_at
    title = _prose(f"Production readiness of {report.readiness.register}")
    return {"title": title, "last-modified": moment, "version": moment, "oscal-version": OSCAL_VERSION}


def _result(report: Report, base: UUID) -> Iterator[tuple[str, Any]]:
    readiness, verdict, moment = report.readiness, report.verdict, report.context.generated_at
    counts = count_verdict(readiness, verdict)
    yield "uuid", _uuid(base, "result")
    yield "title", "Readiness for go-live"
    eligible = "eligible" if verdict.eligible else "not eligible"
    yield "description", _prose(f"{eligible}: {counts.ready} of {counts.use_cases} use cases are ready")
    yield "start", moment
    yield "end", moment
    yield from _properties(
        (
            ("register", readiness.register),
            ("eligible", str(verdict.eligible).lower()),
            ("eligible-on", verdict.on),
            ("enforced", None if verdict.enforced else "false"),
            ("use-cases-ready", str(counts.ready)),
            ("use-cases-not-ready", str(counts.use_cases - counts.ready)),
            ("requirements", str(counts.requirements)),
            ("release", report.context.release),
            ("subjects", " ".join(f"{name}={digest}" for name, digest in report.context.subjects.items()) or None),
        )
    ).items()


def _reviewed(entries: Iterable[_Entry]) -> dict[str, Any]:
    """Return the objectives that were assessed, and those that are not applicable."""
    everything = list(entries)
    excluded = [entry for entry in everything if entry.outcome is Outcome.NOT_REQUIRED]
    included = [entry for entry in everything if entry.outcome is not Outcome.NOT_REQUIRED]
    selection: dict[str, Any] = {"include-objectives": _ids(included)} if included else {"include-all": {}}
    if excluded:
        selection["exclude-objectives"] = _ids(excluded)
        reasons = (f"{entry.requirement.requirement.id}: {entry.requirement.why}" for entry in excluded)
        selection["remarks"] = _prose("; ".join(reasons))
    return {"control-selections": [{"include-all": {}}], "control-objective-selections": [selection]}


def _ids(entries: Iterable[_Entry]) -> list[dict[str, str]]:
    return [{"objective-id": entry.target} for entry in entries]


def _observation(entry: _Entry, report: Report, base: UUID) -> dict[str, Any]:
    requirement = entry.requirement
    moments = [piece.timestamp for piece in requirement.deciding if is_timestamp(piece.timestamp)]
    observation: dict[str, Any] = {
        "uuid": _uuid(base, "observation", entry.target),
        "title": _prose(f"Evidence for {requirement.requirement.id}"),
        "description": _prose(requirement.why),
        **_properties([("evidence-level", requirement.level)]),
        "methods": sorted({"EXAMINE" if piece.method in _EXAMINED else "TEST" for piece in requirement.deciding}),
        "types": ["control-objective"],
        "relevant-evidence": [_evidence(piece) for piece in requirement.deciding],
        "collected": max(moments, default=report.context.generated_at),
    }
    if is_timestamp(requirement.expires_at):
        observation["expires"] = requirement.expires_at
    return observation


def _evidence(piece: Evidence) -> dict[str, Any]:
    plain: dict[str, Any] = {"description": _prose(f"{piece.test_id}: {piece.result.value}")}
    scope = (
        ("evidence", piece.id),
        ("run", piece.run_id),
        ("environment", piece.environment),
        ("provider-mode", piece.provider_mode),
    )
    plain |= _properties(scope)
    if piece.reference_texts:
        plain["remarks"] = _prose("; ".join(piece.reference_texts))
    return plain


def _finding(entry: _Entry, base: UUID) -> dict[str, Any]:
    use_case, requirement, outcome = entry.use_case, entry.requirement, entry.outcome
    needed = requirement.requirement
    state = "satisfied" if outcome.passes else "not-satisfied"
    finding: dict[str, Any] = {
        "uuid": _uuid(base, "finding", entry.target),
        "title": _prose(needed.id),
        "description": _prose(reason(use_case, requirement, outcome)),
        **_properties(
            (
                ("requirement", needed.id),
                ("use-case", use_case.use_case.id),
                ("use-case-status", use_case.status.value),
                ("item", needed.item),
                ("environment", needed.environment),
                ("provider-mode", needed.provider_mode),
                ("part", needed.part),
                ("state", requirement.state.value),
                ("owner", use_case.use_case.owner),
            )
        ),
        "target": {
            "type": "objective-id",
            "target-id": entry.target,
            "status": {"state": state, "reason": _REASONS.get(outcome, "other")},
        },
    }
    if requirement.deciding:
        finding["related-observations"] = [{"observation-uuid": _uuid(base, "observation", entry.target)}]
    if requirement.completes_it:
        finding["remarks"] = _prose(requirement.completes_it)
    return finding


def _back_matter(report: Report, base: UUID) -> dict[str, Any]:
    """Return the resource that stands for the assessment plan: the requirements in force."""
    resource = {
        "uuid": _uuid(base, "requirements"),
        "title": "Requirements in force",
        "description": _prose(f"The use cases and required evidence of register {report.readiness.register}"),
        **_properties([("requirements-digest", report.context.requirements_digest)]),
    }
    return {"resources": [resource]}
