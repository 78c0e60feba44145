"""Report as GitLab's code quality JSON: an issue for each thing that is not complete."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ..findings import Finding, findings
from ..report import Report
from ..sanitise import sanitise
from .json_parts import array

_SEVERITIES = {
    "problem": "blocker",
    "failing": "blocker",
    "blocker": "blocker",
    "rejected": "blocker",
    "departed": "blocker",
    "interrupted": "critical",
    "flaky": "major",
    "suspect": "major",
    "missing": "minor",
    "rehearsed": "minor",
    "stale": "minor",
    "waived": "info",
    "asserted": "info",
}
LONGEST_DESCRIPTION = 1000


def render(report: Report) -> Iterator[str]:
    """Yield a JSON list of issues with ``description``, ``check_name``, ``fingerprint``, ``severity`` and ``location``.

    See https://docs.gitlab.com/ci/testing/code_quality/. An issue keeps its fingerprint while the same test or
    requirement has the same state, so that a merge request shows what it changed. Its place is the line of the test,
    else the row of the use case in the tracker, else the config.
    """
    fingerprints: dict[str, int] = {}
    yield from array(_issue(report, finding, fingerprints) for finding in findings(report))
    yield "\n"


def _issue(report: Report, finding: Finding, fingerprints: dict[str, int]) -> dict[str, object]:
    place = report.locations.of_finding(finding.test_id, finding.use_case)
    # Of a test only its id counts: which requirements show it changes with the tracker, not with the test.
    subject = finding.test_id if len(finding.requirements) > 1 else finding.subject
    about = "\n".join((report.context.register, finding.kind, subject or "", finding.test_id or ""))
    # Two blockers of one use case are two issues, whatever their words.
    number = fingerprints[about] = fingerprints.get(about, 0) + 1
    return {
        "description": sanitise(finding.text, LONGEST_DESCRIPTION),
        "check_name": f"readiness-{finding.kind}",
        "fingerprint": hashlib.sha256(f"{about}\n{number}".encode("utf-8", "backslashreplace")).hexdigest(),
        "severity": _SEVERITIES[finding.kind],
        "location": {"path": sanitise(place.path), "lines": {"begin": place.line or 1}},
    }
