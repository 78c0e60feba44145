"""Request for an evaluation: the options of a command or a session."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from ..errors import ConfigError, one_line
from ..facts.subject import NO_SUBJECTS, Subjects
from ..facts.timestamps import timestamp
from ..settings import Settings
from ..verdict.policy import Policy
from ..views.report import ReportedSession
from .checkpoint_files import named_checkpoints
from .evidence_register import RegisterKind
from .judged_version import NamedVersion, named_version

if TYPE_CHECKING:  # there is seldom a checkpoint
    from .checkpoints import StoredCheckpoint


class EvaluationRequest(Struct, frozen=True):
    """Options of an evaluation."""

    patterns: tuple[str, ...] = ()
    """Globs of use cases; empty means the whole register."""
    is_empty: bool = False
    """Evaluate no use case: a filter matched none."""
    at: str | None = None
    """The moment to evaluate with its facts and requirements, as ``facts.timestamps`` writes it; None means now."""
    on: str | None = None
    """``review`` or ``evidence``; None means the value of ``READINESS_GATE_ON``, else the config."""
    session: ReportedSession | None = None
    problems: tuple[str, ...] = ()
    """Problems while storing the evidence."""
    release: str | None = None
    """The release to evaluate; None means that of ``READINESS_RELEASE``, if any."""
    only_release: bool = False
    """Ignore what was made for another release, whatever the config says."""
    subjects: Subjects = NO_SUBJECTS
    """The digests to evaluate by, whatever the config says; empty means those that ``stated`` has."""
    stated: Subjects | None = None
    """The digests that are evaluated where the config asks for them; None means those of ``READINESS_SUBJECT``."""
    waivers: str | None = None
    """``accept`` or ``refuse``; None means the config."""
    no_regression: Mapping[str, Any] | None = None
    """An earlier JSON report. Nothing may be worse than in it. None means no comparison."""
    no_regression_name: str = ""
    """Its file, for messages."""
    checkpoints: tuple[Path, ...] = ()
    """Files with checkpoints to compare; empty means those of ``READINESS_CHECKPOINT``, if any."""
    to_sign: bool = True
    """Also find all failed runs, which the basis of a review names. What only answers need not know them."""
    stored_only: bool = False
    """Leave out runs in journals that are not stored yet."""
    with_register: bool = False
    """Also return every piece of evidence in scope, not only what decides."""

    @property
    def register_kind(self) -> RegisterKind:
        """The evidence that the report needs besides what decides."""
        if not self.with_register:
            return RegisterKind.NONE
        return RegisterKind.CURRENT if self.at is None else RegisterKind.PAST

    @property
    def report_scope(self) -> tuple[str, ...] | None:
        """What the report is limited to, sorted; None: it is about the whole register."""
        return tuple(sorted({*self.patterns})) if self.patterns or self.is_empty else None

    @property
    def judged_release(self) -> str | None:
        """The release to evaluate, if any."""
        return self.release or os.environ.get("READINESS_RELEASE") or None

    def named_version(self, settings: Settings) -> NamedVersion:
        """Return the release and the digests that this request, the variables and the config name.

        Raises:
            ConfigError: ``READINESS_SUBJECT`` has another form.
        """
        release, only = self.judged_release, self.only_release
        return named_version(settings, release, self.subjects, self.stated, only_release=only)

    @property
    def current_time(self) -> str:
        """The current time."""
        return timestamp()

    def named_checkpoints(self) -> list[StoredCheckpoint]:
        """Return the checkpoints to compare with the store.

        Raises:
            ConfigError: a checkpoint cannot be read.
        """
        if not (paths := self.checkpoints or named_checkpoints()):
            return []
        from .checkpoints import read_checkpoint  # late: most evaluations compare with none, and it loads signatures

        return list(map(read_checkpoint, paths))

    def requested_policy(self, policy: Policy) -> Policy:
        """Return the policy with the options of this request, but for what is judged (``named_version``)."""
        on = cast("Literal['review', 'evidence']", self.on or _gate_on_variable() or policy.on)
        waivers = cast("Literal['refuse', 'accept']", self.waivers or policy.waivers)
        return replace(policy, on=on, waivers=waivers, declared=policy)


ON = ("review", "evidence")


def _gate_on_variable() -> str | None:
    """Return the value of ``READINESS_GATE_ON``; None if it is unset or empty.

    Raises:
        ConfigError: the value is invalid.
    """
    value = os.environ.get("READINESS_GATE_ON")
    if value and value not in ON:
        raise ConfigError(f"READINESS_GATE_ON must be review or evidence, not '{one_line(value)}'")
    return value or None
