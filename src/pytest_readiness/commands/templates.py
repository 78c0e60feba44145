"""What ``init`` writes: a config that says and teaches everything, and a tracker for a project that has none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..claims.builtin_items import BUILTIN_ITEMS
from ..claims.catalogue import Item

_BARE = re.compile(r"[A-Za-z0-9_-]+")

_PROOFS = {
    "none": "a pass in a real environment is enough",
    "part": "each part is shown by the proof of its name: record_evidence.rotation(...), .revocation(...)",
    "credential": "shown by record_evidence.credential(mode=..., secret=..., request_id=...)",
    "handshake": "shown by record_evidence.handshake(endpoint=..., peer=...)",
    "attestation": "shown by record_evidence.attestation(statement, stored_at=..., read_back=...)",
    "trace": "shown by record_evidence.trace(events, again=...)",
    "replay": "shown by record_evidence.replay(mode=..., recorded=..., replayed=...)",
    "drill": "shown by record_evidence.drill(name, fault=..., detected=..., recovered=..., audit=...)",
}

_HEAD = """\
# What production readiness means here. `readiness check` says whether this file and the tracker are sound.
# The way: marker -> evidence -> requirement complete -> review -> gate.
# Lines that begin with # and no space are examples: take the # away to use them.

# The register of use cases, and the list of what each needs. It is read, and not changed unless you ask for it.
tracker = {tracker}
{skip}# Name of the register. Nothing counts outside it: name it after the product where several share one store.
register = "default"
# Append-only store of evidence, and the folder of logs and files that belong to it. Relative to this file.
store = "sqlite:///.readiness/evidence.db"
artifacts = ".readiness/artifacts"

# Only evidence from an environment that is declared real counts; all other is kept and shown as a rehearsal.
# Who runs the tests says where they run: pytest --readiness-environment=staging
#[environments.staging]
#real = true
#endpoints = ["*.staging.example.com:443", "10.20.0.0/16"]
#[environments.dev]
#real = false

# Whose key is used with the provider. Each declared mode must be shown by the items with that scope.
#[provider_modes]
#BYOK = "customer's own key"
#MANAGED = {{ title = "our key", real = true }}
"""

_ITEMS_HEAD = """\
# The evidence that each use case needs, and what each item means. A marker names its number or its name:
#   @evidence({example}, item={number})
# scope: "once", "environment", "provider_mode", or both in a list. proof: what makes a pass COMPLETE; a pass without
# it is ASSERTED, to be acknowledged in the review. max_age_days: when a pass turns STALE; leave it out for never.
# connection = "seen": a pass counts only where the test was seen to connect to one of its environment's endpoints.
"""

_TAIL = """\
# What is special about one use case. Without `environments` it needs each declared real one; so do modes.
#[use_cases.{key}]
#owner = "team@example.com"
#drills = ["provider-timeout", "database-failover"]
{not_applicable}
# Whose sign-off makes a use case READY_FOR_GO_LIVE; an empty list means nobody's. separate: who recorded the evidence
# cannot review it; "started_by": nor who started the CI job that did.
[review]
reviewers = [{reviewers}]{such_as}
required = 1
separate = true
identity = "declared"  # least identity accepted: declared, git, ci or signed
# One person's other names:
#[people."release-manager@example.com"]
#also = ["rm-on-ci"]

# What the gate asks for.
[gate]
on = "review"              # or "evidence": complete evidence is enough
asserted = "acknowledge"   # a pass without its proof: refuse, acknowledge (in the review) or accept
flaky = "acknowledge"      # a pass after a failed attempt: the same
waivers = "refuse"         # or "accept"
release = "ignore"         # or "required": evidence made for the release that is judged
clean_commit = false       # true: no evidence from uncommitted changes
architecture = "ignore"    # or the status that must stand beside, such as "GREEN"
clock = "refuse"           # or "ignore": evidence of a run whose clocks disagree counts
deselected = "accept"      # or "refuse": no run may leave out a test that none ran later
checkpoint = "ignore"      # or "required": the gate opens only where it is given a checkpoint that was kept elsewhere
level = "L1"               # sealed; or "L2": signed with a key of [keys], "L3": and with a receipt of the provider
"""

_TRACKER = """\
# Production readiness tracker

A use case goes live when tests have shown, in a real environment, everything that is required below, and a reviewer
has signed exactly that. The readiness in this file is derived from that evidence. How finished the architecture is
stands beside it and decides nothing.

## Status Legend

- `NOT_STARTED`: there is no evidence
- `IN_PROGRESS`: evidence or its review is incomplete
- `BLOCKED`: a test fails, a reviewer said no, or somebody reported an obstacle
- `READY_FOR_GO_LIVE`: the evidence is complete and reviewed

## Use cases

These two rows are examples: replace them with your own.

| UC | Title | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- | --- |
| UC-001 | Customer signs in | `GREEN` | `NOT_STARTED` | `tbd` | {today} | Example |
| UC-002 | Nightly invoice run | `AMBER` | `NOT_STARTED` | `tbd` | {today} | Example |

## Required Evidence

{items}

## What a piece of evidence says

| Field | Meaning |
| --- | --- |
| UC | the use case that was exercised |
| Tenant ID | the tenant it ran for |
| Project ID | the project it ran in |
| Environment | where it ran |
| Provider Mode | whose key was used |
| Validation Item | number of the required evidence |
| Command/Test ID | what was run |
| Result | how it ended |
| Timestamp (UTC) | when it ended |
| Artifact/Log Reference | what it left behind |
"""


def config_text(
    tracker: str,
    items: Iterable[Item],
    use_cases: Sequence[str],
    reviewers: Sequence[str],
    skip: Sequence[str] = (),
    words: Sequence[str] = (),
) -> str:
    """Return a ``readiness.toml`` with every item written out.

    Args:
        tracker: a path relative to it.
        items: to be written out.
        use_cases: of the tracker; the first is an example.
        reviewers: who may sign off.
        skip: headings of the tracker under which nothing is read.
        words: lines of tables that say what the tracker's words mean.
    """
    written = tuple(items)
    left_out = f"# Headings of it under which no table is a part of the register.\ntracker_skip = {_list(skip)}\n"
    return "\n".join(
        [
            _HEAD.format(tracker=toml_text(tracker), skip=left_out if skip else ""),
            *([*words, ""] if words else ()),
            _ITEMS_HEAD.format(example=toml_text(use_cases[0]), number=_marker_number(written[0].key)),
            *(_item_text(item) for item in written),
            _TAIL.format(
                key=_key(use_cases[0]),
                reviewers=", ".join(toml_text(name) for name in reviewers),
                such_as="" if reviewers else '  # such as "release-manager@example.com"',
                not_applicable=_not_applicable(written),
            ),
        ]
    )


def tracker_text(today: str) -> str:
    """Return a new tracker with two example rows and the seven required items; ``today`` is a date."""
    return _TRACKER.format(today=today, items="\n".join(f"{item.key}. {item.title}" for item in BUILTIN_ITEMS))


def word_lines(columns: Mapping[str, Any], statuses: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the lines of ``[tracker_columns]`` and ``[statuses]``, by the name of the table; none for an empty one."""
    tables = {"tracker_columns": columns, "statuses": statuses}
    return {name: [f"{key} = {_value(said)}" for key, said in table.items()] for name, table in tables.items() if table}


def keys(names: Iterable[str]) -> list[str]:
    """Return names as keys of TOML."""
    return [_key(name) for name in names]


def _value(said: Any) -> str:
    """Return a text, a number, a list or a table of texts as TOML; a list of one as its one text."""
    if isinstance(said, int):
        return str(said)
    if isinstance(said, str):
        return toml_text(said)
    if isinstance(said, Mapping):
        return f"{{ {', '.join(f'{_key(name)} = {toml_text(text)}' for name, text in said.items())} }}"
    return toml_text(said[0]) if len(said) == 1 else _list(said)


def toml_text(text: str) -> str:
    """Return the text as a TOML basic string."""
    # JSON escapes what TOML wants escaped, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _item_text(item: Item) -> str:
    return "\n".join([f"[items.{_key(item.key)}]", *_item_lines(item), ""])


def _item_lines(item: Item) -> Iterator[str]:
    yield f"title = {toml_text(item.title)}"
    if item.name:
        yield f"name = {toml_text(item.name)}"
    yield f"scope = {_list(item.scope) if len(item.scope) > 1 else toml_text(item.scope[0] if item.scope else 'once')}"
    yield f"parts = {_list(item.parts)}"
    yield f"proof = {toml_text(item.proof)}  # {_PROOFS[item.proof]}"
    yield f"max_age_days = {item.max_age_days}" if item.max_age_days else "#max_age_days = 90"


def _not_applicable(items: Sequence[Item]) -> str:
    return f'#not_applicable = {{ {_key(items[-1].key)} = "why it does not apply" }}\n'


def _marker_number(key: str) -> str:
    return key if key.isdigit() else toml_text(key)


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(toml_text(name) for name in names)}]"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else toml_text(name)
