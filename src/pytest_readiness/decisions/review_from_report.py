"""What a JSON report that was downloaded from CI says, put before whoever signs it: without the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, IntegrityError, RefusedError, location as shown_place
from ..facts.decision import Review
from ..facts.review_basis import ReviewBasis
from ..facts.timestamps import is_timestamp, timestamp
from ..pipeline.evaluate_project import Project, select_use_cases
from ..regular_files import regular_file
from ..verdict.inputs import Facts
from ..verdict.readiness import Phase, ReviewState, State, Status
from ..verdict.review.basis import RequirementBasis as Requirements
from ..verdict.review.invalidation import changed_requirements
from ..verdict.review.pins import requirement_terms
from ..views.decision_document import read_basis
from ..views.document import SCHEMA
from ..views.review_preview import ReviewPreview
from .identity import in_folder
from .reviews import AGAIN, ReviewSheet, to_acknowledge

BIGGEST = 1 << 28
"""Bytes of a report; a thousand use cases take a few million."""


def sheet_from_report(
    place: Project, path: Path, patterns: Sequence[str], *, suspect: bool = False, release: str | None = None
) -> ReviewSheet:
    """Return what is to be signed, as a report says.

    Args:
        place: whose register and requirements the report must be of.
        path: the report.
        patterns: use cases (ids or globs); none: all.
        suspect: only those whose review is suspect.
        release: the release that the report must be for; None: whatever it is for.

    Raises:
        ConfigError: decisions do not live in the repository, the file is no such report, or a pattern matches nothing.
        RefusedError: the report is of something else than the config here.
        IntegrityError: it contradicts itself, or says that the evidence is not intact.
    """
    if not in_folder(place):
        raise ConfigError('--from signs into the repository: say decisions = "decisions" (a folder) in the config')
    read = _Report(path, place)
    read.check(release)
    names = select_use_cases(place.catalogue, patterns) or tuple(place.catalogue.use_cases)
    rows = [read.use_case(name) for name in names]
    last = _last_reviews(place)
    wanted = [row for row in rows if not suspect or row["review"]["state"] == ReviewState.SUSPECT]
    ready = [row for row in wanted if not suspect or row["phase"] in AGAIN]
    return ReviewSheet(
        signings=tuple(read.signing(row, last.get(row["id"])) for row in ready),
        at=timestamp(),
        release=read.release,
        seen_at=read.generated_at,
        policy=place.policy,
        facts=Facts(),
        problems=read.problems,
        left_out=tuple(
            f"{row['id']} needs a review too, once it is mended: it is {row['status']}"
            for row in wanted
            if row not in ready
        ),
    )


def _last_reviews(place: Project) -> dict[str, Review]:
    home = place.decisions(None)
    decided = home.register_decisions(place.catalogue.register).decisions if home is not None else ()
    return {one.use_case: one for one in decided if isinstance(one, Review)}


class _Report:
    """A report that was read, and found to be one as far as it is needed here."""

    def __init__(self, path: Path, place: Project) -> None:
        self.where = shown_place(path)
        self.place = place
        self.asked = Requirements.build(place.catalogue, place.policy)
        document = self._read(path)
        try:
            self.generated_at = _text(document["generated_at"])
            context = document["context"]
            self.register = _text(context["register"])
            self.digest = _text(context["requirements_digest"])
            self.release = None if context["release"] is None else _text(context["release"])
            self.problems = tuple(_broken(document["verdict"]["rules"]))
            self.use_cases = {row["id"]: self._checked(row) for row in document["use_cases"]}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"{self.where}: this JSON report cannot be read: {_told(error)}") from None
        if len(self.use_cases) != len(document["use_cases"]):
            raise ConfigError(f"{self.where}: this JSON report names a use case twice")
        if not is_timestamp(self.generated_at):
            raise ConfigError(f"{self.where}: this JSON report does not say at which UTC moment it was generated")

    def _read(self, path: Path) -> Mapping[str, Any]:
        try:
            with regular_file(path) as file:
                data = file.read(BIGGEST + 1)
            document = json.loads(data) if len(data) <= BIGGEST else None
        except OSError as error:
            raise ConfigError(f"{self.where}: cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{self.where}: is no JSON: {error}") from None
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            told = "write one with `readiness report --format json` or `pytest --readiness-json=PATH`"
            raise ConfigError(f"{self.where}: is no JSON report ({SCHEMA}): {told}")
        return document

    def _checked(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a use case of which everything that is shown is of the right kind."""
        for key in ("id", "title"):
            _text(row[key])
        Status(row["status"])
        ReviewState(row["review"]["state"])
        if row["phase"] is not None:
            Phase(row["phase"])
        for item in row["items"]:
            for one in item["requirements"]:
                State(one["state"])
                _text(one["id"])
                _text(one["why"])
                for piece in one["evidence"]:
                    _text(piece["id"])
        for why in row["review"]["why"]:
            _text(why)
        read_basis(row)
        return row

    def check(self, release: str | None) -> None:
        """Refuse a report of something else than what is in force here.

        Raises:
            RefusedError: it is.
        """
        mine = self.place.catalogue.register
        if self.register != mine:
            raise RefusedError(f"{self.where} is of register '{self.register}', and the config here of '{mine}'")
        if self.digest != self.place.requirements.digest:
            told = "items, scopes, environments or policy differ: sign where the config is that of the report"
            raise RefusedError(
                f"{self.where} was made under requirements {self.digest}, and those of the config here are "
                f"{self.place.requirements.digest}: {told}"
            )
        if release is not None and release != self.release:
            made = f"release {self.release}" if self.release else "no release"
            raise RefusedError(f"{self.where} was made for {made}, and not for {release}")

    def use_case(self, name: str) -> Mapping[str, Any]:
        """Return a use case of the report.

        Raises:
            RefusedError: the report does not speak of it.
        """
        if name not in self.use_cases:
            raise RefusedError(f"{self.where} does not speak of {name}: make the report of the whole register")
        return self.use_cases[name]

    def signing(self, row: Mapping[str, Any], last: Review | None) -> ReviewPreview:
        """Return a use case as it is put before whoever signs it.

        Raises:
            IntegrityError: what would be signed is not what the report shows.
        """
        name, basis = row["id"], read_basis(row)
        needs = [one for item in row["items"] for one in item["requirements"]]
        shown = [(one["id"], one["state"]) for one in needs]
        if [(one.requirement, one.state) for one in basis.requirements] != shown or not _rests_on(basis, needs):
            raise IntegrityError(f"{self.where}: what is to be signed of {name} is not what the report shows of it")
        if not self._is_asked(name, basis):
            raise IntegrityError(f"{self.where}: what is to be signed of {name} is not what the config asks for")
        phase = f", {row['phase']}" if row["phase"] else ""
        return ReviewPreview(
            use_case=name,
            title=row["title"],
            standing=f"{row['status']}{phase} (as reported at {self.generated_at})",
            basis=basis,
            to_acknowledge=to_acknowledge(
                ((one.requirement, one.state, one.unproven) for one in basis.requirements), self.place.policy
            ),
            whys={one["id"]: one["why"] for one in needs if one["state"] != State.COMPLETE},
            last=last,
            changes=tuple(dict.fromkeys((*_suspicions(row), *_changes(last, basis)))) if last else (),
        )

    def _is_asked(self, name: str, basis: ReviewBasis) -> bool:
        """Whether a basis asks for exactly what the config here does."""
        needs = self.place.catalogue.requirements(name)
        definition = self.asked.definition(needs)
        rows = [(row.requirement, row.proof, row.max_age_days) for row in basis.requirements]
        said = basis.digest, basis.definition, basis.policy
        mine = self.asked.digest(definition, needs), definition, self.asked.policy
        return said == mine and rows == [(one.id, *requirement_terms(one)) for one in needs]


def _rests_on(basis: ReviewBasis, needs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether everything that the basis pins is evidence that the report shows for the same requirement."""
    for row, need in zip(basis.requirements, needs, strict=True):
        shown = {(one["id"], one["test_id"], one["started_at"]) for one in need["evidence"]}
        pinned = {(pin.evidence_id, pin.test_id, pin.started_at) for pin in row.pins}
        if not pinned <= shown or not all(is_timestamp(pin.started_at) for pin in row.pins):
            return False
    return True


def _suspicions(row: Mapping[str, Any]) -> Sequence[str]:
    return row["review"]["why"] if row["review"]["state"] == ReviewState.SUSPECT else ()


def _changes(last: Review, basis: ReviewBasis) -> Iterator[str]:
    """Yield what differs between what was signed and what is to be signed."""
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


def _broken(rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the report itself says it cannot be relied on for: nothing intact is signed out of such a one."""
    for rule in rules:
        if rule["rule"] == "evidence intact" and not rule["passed"] and rule["looked_at"]:
            yield f"the report says that evidence is not intact: {_text(rule['detail'])}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value


def _told(error: Exception) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)
