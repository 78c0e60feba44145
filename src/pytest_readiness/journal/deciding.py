"""What decides is never redacted into something else: two values would be one, or differ from the same one elsewhere.

Who recorded is compared with who decides, a release with the one that is judged, a commit with git's history, and the
ids of CI and of run groups with each other. What the config, CI or git calls something is public; what a person names
by an option is refused where it holds a secret, before anything is recorded (``given``).
"""

from __future__ import annotations

from .known import KnownValues

OURS = frozenset(
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
        "unread",
        "usual_provider_mode",
        "use_case",
    }
)
"""Fields that hold words of ours, of the catalogue or of git: a password that is called like an environment must not
make its evidence unreadable, and says nothing there."""
DECIDING = frozenset({"actor", "ci", "group", "release", "started_by"})
"""Fields with names from elsewhere, which are compared: neither known values nor plugins change them. A token, which is
known by its shape, leaves its fingerprint there, so that two stay two."""
TOLD = frozenset({"url"})
"""Among these, what is only told."""
OF_A_PROOF = frozenset({"mode", "name"})
"""Details of a proof that may say a name of the config's."""

NOTHING_KNOWN = KnownValues()
"""Of whoever looks for tokens alone."""


def nothing_is_public(_: str) -> bool:
    """Return that the config declares no such name."""
    return False
