"""Fields whose values are compared with others, and are therefore not redacted like other texts.

A mark in such a value could make two values equal, or make it differ from the same value elsewhere. A recorder is
compared with a reviewer, a release and subjects with the evaluated ones, a commit with git's history, and the ids of CI
and of run groups with each other. Names from the config, CI or git are public. A name from an option is refused if it
holds a secret, before anything is recorded (``given_names``).
"""

from __future__ import annotations

from .known_secrets import KnownSecrets

EXEMPT_FIELDS = frozenset(
    {
        "actor_known_by",
        "at",
        "beside",
        "claim_environment",
        "claim_provider_mode",
        "commit",
        "environment",
        "environment_by",
        "finished_at",
        "imported",
        "item",
        "kind",
        "method",
        "nonce",
        "not_real_because",
        "parts",
        "provider_mode",
        "provider_mode_by",
        "register",
        "replay_mode",
        "requirements",
        "result",
        "sha256",
        "started_at",
        "subjects",
        "unread",
        "usual_provider_mode",
        "use_case",
    }
)
"""Fields with values of this tool, of the catalogue or of git, which are not redacted. A password that equals the name
of an environment must not make its evidence unreadable, and reveals nothing there."""
CORE_FIELDS = frozenset({"actor", "ci", "group", "release", "started_by"})
"""Fields with names from other sources, which are compared: neither known secrets nor plugins change them. A token is
replaced by its fingerprint, so that two names stay different."""
UNCOMPARED_SUBFIELDS = frozenset({"url"})
"""Subfields of these that are only shown."""
PROOF_NAME_DETAILS = frozenset({"mode", "name"})
"""Details of a proof that may be a declared name."""

NO_SECRETS = KnownSecrets()
"""No known secrets, to search for tokens only."""


def nothing_is_public(_: str) -> bool:
    """Return False: the config declares no such name."""
    return False
