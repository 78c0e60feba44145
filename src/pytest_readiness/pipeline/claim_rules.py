"""Rules for claims in a session: as plain data for its workers, and before it has begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..claims.catalogue import Catalogue
from ..errors import ConfigError
from ..recording.provenance.relative_path import relative_path
from ..recording.test_ids import NodeIds
from ..redaction.redactor import Redactor
from ..settings import Settings, find_config, load_settings

if TYPE_CHECKING:
    from ..claims.claim_rules import ClaimRules


def plain_rules(settings: Settings) -> list[Any]:
    """Return the rules of a config as plain data for xdist workers; mostly empty."""
    if not (settings.claims.tests or settings.claims.marks):
        return []
    from ..claims.claim_rules import rules_of  # late: few configs have rules

    return [rule.to_plain() for rule in rules_of(settings)]


def rules_from_plain(plain: Sequence[Any], catalogue: Catalogue | None, names: NodeIds) -> ClaimRules | None:
    """Return the rules that match the tests of a session; None: there are none."""
    if not plain:
        return None
    from ..claims.claim_rules import ClaimRule, ClaimRules

    return ClaimRules(map(ClaimRule.from_plain, plain), catalogue, names.written_name)


def rule_matcher(root: Path) -> Callable[[Any], bool] | None:
    """Return whether a test is evidence by a rule of the nearest config, for a session that has not begun.

    Args:
        root: pytest's rootdir.

    Returns:
        A function of a test; None: the config has no rules. If the config is invalid, every test is evidence.
    """
    path = find_config(root)
    if path is None:
        return None
    try:
        settings = load_settings(path)
        folder = relative_path(root, settings.folder)
        place = {"prefix": f"{folder}/" if folder else "", "folder": str(settings.folder)}
        rules = rules_from_plain(plain_rules(settings), None, NodeIds(place, Redactor(b"unused")))
    except (ConfigError, ValueError):
        return lambda _: True  # the session begins, and reports the problem
    return None if rules is None else rules.matches
