"""The seven built-in evidence items, and the recognition of a tracker's item as one of them.

A tracker's item gets a built-in meaning only if its text is about the same thing; any other item is plain.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from .catalogue import ENVIRONMENT, PROOF_OF_PART, PROVIDER_MODE, Item

BUILTIN_ITEMS = (
    Item(
        key="1",
        name="credential",
        title="The provider accepts the credentials, for each provider mode in use",
        scope=(PROVIDER_MODE,),
        proof="credential",
        max_age_days=30,
    ),
    Item(
        key="2",
        name="handshake",
        title="The connector completes its handshake in each target environment",
        scope=(ENVIRONMENT,),
        proof="handshake",
        max_age_days=30,
    ),
    Item(
        key="3",
        name="attestation",
        title="The installed SDK is attested, and the attestation reads back from a persistent store",
        scope=(ENVIRONMENT,),
        proof="attestation",
        max_age_days=90,
    ),
    Item(
        key="4",
        name="trace",
        title="A real run leaves a deterministic trace",
        proof="trace",
        max_age_days=90,
    ),
    Item(
        key="5",
        name="replay",
        title="A recorded run replays, and says whether FULL or TRACE_ONLY",
        proof="replay",
        max_age_days=90,
    ),
    Item(
        key="6",
        name="secrets",
        title="Secrets can be rotated, and a revoked one is refused",
        parts=("rotation", "revocation"),
        proof=PROOF_OF_PART,
        max_age_days=90,
    ),
    Item(
        key="7",
        name="drill",
        title="Failure drills are executed and leave an audit trail",
        proof="drill",
        max_age_days=180,
    ),
)

_PATTERNS = {
    "credential": r"credential",
    "handshake": r"handshake",
    "attestation": r"attest",
    "trace": r"\btrace\b.*\bcapture|\bcapture.*\btrace\b|deterministic\b.*\btrace|\bleaves?\b.*\btrace\b",
    "replay": r"\breplay",
    "secrets": r"rotat.*(revo[ck]|refus)|revo[ck].*rotat",
    "drill": r"\bdrill",
}


def recognise_item(key: str, text: str) -> Item:
    """Return the item of a tracker, with a built-in meaning if its text matches exactly one, else plain."""
    matches = [item for item in BUILTIN_ITEMS if item.name and re.search(_PATTERNS[item.name], text, re.IGNORECASE)]
    if len(matches) != 1:
        return Item(key=key, title=text)
    return replace(matches[0], key=key, title=text)
