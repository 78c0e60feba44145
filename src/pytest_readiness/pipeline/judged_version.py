"""The release and the digests to judge, from options, variables and the config."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..errors import ConfigError, one_line
from ..facts.subject import NO_SUBJECTS, Subjects, parse_subjects
from ..settings import Settings
from ..verdict.inputs import JudgedVersion
from ..verdict.policy import Policy

VARIABLE = "READINESS_SUBJECT"


class NamedVersion(Struct, frozen=True):
    """A named release and named digests. The policy, or an option, says whether they are what is judged."""

    release: str | None = None
    subjects: Subjects = NO_SUBJECTS
    """Digests that were named by themselves, by name."""
    of_release: Subjects = NO_SUBJECTS
    """Digests that the config gives the release, by name: they judge in the place of its name."""
    only_subjects: bool = False
    """Judge by the digests whatever the config says."""
    only_release: bool = False
    """Judge by the release whatever the config says."""

    def judging_policy(self, policy: Policy) -> Policy:
        """Return the policy with what the options ask for, and with the digests of the release for its name."""
        by_release = self.only_release or policy.release != "ignore"
        by_subjects = self.only_subjects or policy.subject != "ignore" or (by_release and bool(self.of_release))
        return replace(
            policy,
            release="required" if by_release and not self.of_release else "ignore",
            subject="required" if by_subjects else "ignore",
        )

    def judged(self, policy: Policy) -> JudgedVersion:
        """Return what is judged by a policy of ``judging_policy``.

        Raises:
            ConfigError: the release has another digest in the config than a named one.
        """
        if policy.subject == "ignore":
            return JudgedVersion(self.release)
        for name, declared in self.of_release.items():
            if (beside := self.subjects.get(name, declared)) != declared:
                release = f"release {one_line(self.release or '', 60)} has {name}={declared} in the config"
                raise ConfigError(f"{release}, and {name}={beside} is named beside it: they must agree")
        return JudgedVersion(self.release, dict(sorted({**self.subjects, **self.of_release}.items())))


def named_version(
    settings: Settings,
    release: str | None,
    subjects: Subjects,
    stated: Subjects | None,
    *,
    only_release: bool,
) -> NamedVersion:
    """Return the release and the digests that options, variables and the config name.

    Args:
        settings: the config, with the digests of its releases.
        release: the release of an option or a variable.
        subjects: the digests of an option that asks to judge by them.
        stated: the digests that a session records; None: those of the variable.
        only_release: the release was given by an option that asks to judge by it.

    Raises:
        ConfigError: the variable has another form.
    """
    declared = settings.releases.get(release or "")
    of_release = declared.subjects if declared is not None else NO_SUBJECTS
    named = subjects
    if not named and not (only_release and of_release):  # an option goes before the variable
        named = stated_subjects(os.environ) if stated is None else stated
    return NamedVersion(release, named, of_release, only_subjects=bool(subjects), only_release=only_release)


def stated_subjects(environ: Mapping[str, str]) -> Subjects:
    """Return the digests in the variable ``READINESS_SUBJECT``.

    Raises:
        ConfigError: it has another form.
    """
    text = environ.get(VARIABLE, "")
    return parse_subjects(text, VARIABLE) if text.strip() else NO_SUBJECTS
