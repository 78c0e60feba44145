"""Review sheet from a JSON report, such as one downloaded from CI, without the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, IntegrityError, RefusedError, location
from ..facts.decision import Review
from ..facts.review_basis import ReviewBasis
from ..facts.subject import read_listed
from ..facts.timestamps import is_timestamp, timestamp
from ..pipeline.evaluate_project import Project, select_use_cases
from ..regular_files import regular_file
from ..verdict.explanations import other_subjects_text
from ..verdict.inputs import Facts
from ..verdict.readiness import Phase, ReviewState, State, Status
from ..verdict.review.basis import RequirementBasis as Requirements
from ..verdict.review.invalidation import changed_requirements
from ..verdict.review.pins import requirement_terms
from ..verdict.snapshots import SCHEMA
from ..views.decision_document import read_basis, read_text
from ..views.review_preview import ReviewPreview
from .identity import in_folder
from .reviews import REVIEWABLE, ReviewedVersion, ReviewSheet, left_out_text, to_acknowledge

BIGGEST = 1 << 28
"""Maximum size of a report in bytes. A thousand use cases take a few million."""


def sheet_from_report(
    project: Project,
    path: Path,
    patterns: Sequence[str],
    *,
    suspect: bool = False,
    version: ReviewedVersion = ReviewedVersion(),  # noqa: B008 - frozen
) -> ReviewSheet:
    """Return the sheet of the use cases, from a JSON report.

    Args:
        project: the project, whose register and requirements the report must have.
        path: path of the report.
        patterns: ids or globs of use cases; none: all.
        suspect: only use cases whose review is suspect.
        version: the release and the digests that the report must be for; none named: any.

    Raises:
        ConfigError: decisions are not files, the file is not such a report, or a pattern matches nothing.
        RefusedError: the report has another register, other requirements, another release or other digests.
        IntegrityError: the report contradicts itself.
    """
    if not in_folder(project):
        raise ConfigError('--from needs decisions as files: set decisions = "decisions" (a folder) in the config')
    report = _Report(path, project)
    report.check(version)
    names = select_use_cases(project.catalogue, patterns) or tuple(project.catalogue.use_cases)
    rows = [report.use_case(name) for name in names]
    last = _last_reviews(project)
    wanted = [row for row in rows if not suspect or row["review"]["state"] == ReviewState.SUSPECT]
    ready = [row for row in wanted if not suspect or row["phase"] in REVIEWABLE]
    return ReviewSheet(
        signings=tuple(report.signing(row, last.get(row["id"])) for row in ready),
        at=timestamp(),
        release=report.release,
        subjects=report.subjects,
        seen_at=report.generated_at,
        policy=project.policy,
        facts=Facts(),
        problems=report.problems,
        left_out=tuple(left_out_text(row["id"], row["status"]) for row in wanted if row not in ready),
    )


def _last_reviews(project: Project) -> dict[str, Review]:
    folder = project.decisions(None)
    decisions = folder.register_decisions(project.catalogue.register).decisions if folder is not None else ()
    return {decision.use_case: decision for decision in decisions if isinstance(decision, Review)}


class _Report:
    """A JSON report whose fields that a review needs are valid."""

    def __init__(self, path: Path, project: Project) -> None:
        self.where = location(path)
        self.project = project
        self.required = Requirements.build(project.catalogue, project.policy)
        document = self._read(path)
        try:
            self.generated_at = read_text(document["generated_at"])
            context = document["context"]
            self.register = read_text(context["register"])
            self.digest = read_text(context["requirements_digest"])
            self.release = None if context["release"] is None else read_text(context["release"])
            self.subjects = read_listed(context.get("subjects", []))
            self.problems = tuple(_integrity_problems(document["verdict"]["rules"]))
            self.use_cases = {row["id"]: self._validated(row) for row in document["use_cases"]}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"{self.where}: this JSON report cannot be read: {_error_text(error)}") from None
        if len(self.use_cases) != len(document["use_cases"]):
            raise ConfigError(f"{self.where}: this JSON report names a use case twice")
        if not is_timestamp(self.generated_at):
            raise ConfigError(f"{self.where}: generated_at of this JSON report is not a UTC time")

    def _read(self, path: Path) -> Mapping[str, Any]:
        try:
            with regular_file(path) as file:
                data = file.read(BIGGEST + 1)
            document = json.loads(data) if len(data) <= BIGGEST else None
        except OSError as error:
            raise ConfigError(f"{self.where}: cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{self.where}: is not valid JSON: {error}") from None
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            hint = "create one with `readiness report --format json` or `pytest --readiness-json=PATH`"
            raise ConfigError(f"{self.where}: is not a JSON report ({SCHEMA}): {hint}")
        return document

    def _validated(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a use case of the report after a check of the types of its fields."""
        for key in ("id", "title"):
            read_text(row[key])
        Status(row["status"])
        ReviewState(row["review"]["state"])
        if row["phase"] is not None:
            Phase(row["phase"])
        for item in row["items"]:
            for requirement in item["requirements"]:
                State(requirement["state"])
                read_text(requirement["id"])
                read_text(requirement["why"])
                for piece in requirement["evidence"]:
                    read_text(piece["id"])
        for why in row["review"]["why"]:
            read_text(why)
        read_basis(row)
        return row

    def check(self, version: ReviewedVersion) -> None:
        """Refuse a report that does not belong to the config here.

        Raises:
            RefusedError: its register, requirements, release or digests are other ones.
        """
        release, subjects = version.release, version.named_subjects(self.project)
        register = self.project.catalogue.register
        if self.register != register:
            raise RefusedError(f"{self.where} is for register '{self.register}', but the config here for '{register}'")
        if self.digest != self.project.requirements.digest:
            hint = "items, scopes, environments or policy differ: sign with the config of the report"
            raise RefusedError(
                f"{self.where} was made with requirements {self.digest}, but those of the config here are "
                f"{self.project.requirements.digest}: {hint}"
            )
        if release is not None and release != self.release:
            reported = f"release {self.release}" if self.release else "no release"
            raise RefusedError(f"{self.where} was made for {reported}, not for {release}")
        if subjects and subjects != self.subjects:
            raise RefusedError(f"{self.where} was {other_subjects_text(self.subjects, subjects, 'made')}")

    def use_case(self, name: str) -> Mapping[str, Any]:
        """Return a use case of the report.

        Raises:
            RefusedError: the report does not contain it.
        """
        if name not in self.use_cases:
            raise RefusedError(f"{self.where} does not contain {name}: create the report of the whole register")
        return self.use_cases[name]

    def signing(self, row: Mapping[str, Any], last: Review | None) -> ReviewPreview:
        """Return a use case as it is shown to the reviewer.

        Raises:
            IntegrityError: the basis that would be signed differs from what the report shows.
        """
        name, basis = row["id"], read_basis(row)
        needs = [requirement for item in row["items"] for requirement in item["requirements"]]
        reported = [(need["id"], need["state"]) for need in needs]
        if [(pinned.requirement, pinned.state) for pinned in basis.requirements] != reported or not _is_shown(
            basis, needs
        ):
            raise IntegrityError(f"{self.where}: the review basis of {name} differs from what the report shows")
        if not self._is_required(name, basis):
            raise IntegrityError(f"{self.where}: the review basis of {name} differs from what the config requires")
        phase = f", {row['phase']}" if row["phase"] else ""
        return ReviewPreview(
            use_case=name,
            title=row["title"],
            standing=f"{row['status']}{phase} (as reported at {self.generated_at})",
            basis=basis,
            to_acknowledge=to_acknowledge(
                ((pinned.requirement, pinned.state, pinned.unproven) for pinned in basis.requirements),
                self.project.policy,
            ),
            whys={need["id"]: need["why"] for need in needs if need["state"] != State.COMPLETE},
            skipped={need["id"]: tuple(str(skip["text"]) for skip in need.get("skipped_since", ())) for need in needs},
            last=last,
            changes=tuple(dict.fromkeys((*_suspect_reasons(row), *_changes(last, basis)))) if last else (),
        )

    def _is_required(self, name: str, basis: ReviewBasis) -> bool:
        """Return whether a basis requires exactly what the config here requires."""
        needs = self.project.catalogue.requirements(name)
        definition = self.required.definition(needs)
        rows = [(row.requirement, row.proof, row.max_age_days) for row in basis.requirements]
        reported = basis.digest, basis.definition, basis.policy
        configured = self.required.digest(definition, needs), definition, self.required.policy
        return reported == configured and rows == [(need.id, *requirement_terms(need)) for need in needs]


def _is_shown(basis: ReviewBasis, needs: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the report shows all evidence that the basis pins, for the same requirement."""
    for row, need in zip(basis.requirements, needs, strict=True):
        shown = {(piece["id"], piece["test_id"], piece["started_at"]) for piece in need["evidence"]}
        pinned = {(pin.evidence_id, pin.test_id, pin.started_at) for pin in row.pins}
        if not pinned <= shown or not all(is_timestamp(pin.started_at) for pin in row.pins):
            return False
    return True


def _suspect_reasons(row: Mapping[str, Any]) -> Sequence[str]:
    return row["review"]["why"] if row["review"]["state"] == ReviewState.SUSPECT else ()


def _changes(last: Review, basis: ReviewBasis) -> Iterator[str]:
    """Yield a sentence for each difference between the last review and the new basis."""
    yield from changed_requirements(last.basis, basis)
    signed = {row.requirement: row for row in last.basis.requirements}
    for row in basis.requirements:
        old = signed.get(row.requirement)
        if old is None:
            continue
        if old.state != row.state:
            yield f"{row.requirement} was {old.state} and is {row.state}"
        newer = {pin.evidence_id for pin in row.pins} - {pin.evidence_id for pin in old.pins}
        if newer:
            yield f"{row.requirement} has newer evidence: {min(newer)}" + (" and more" if len(newer) > 1 else "")


def _integrity_problems(rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the integrity problems that the report itself names. An approval of such a report is refused."""
    for rule in rules:
        if rule["rule"] == "evidence intact" and not rule["passed"] and rule["looked_at"]:
            yield f"according to the report, evidence is not intact: {read_text(rule['detail'])}"


def _error_text(error: Exception) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)
