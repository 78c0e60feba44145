"""Templates of ``init``: a config with every item and setting explained, and a new tracker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..claims.builtin_items import BUILTIN_ITEMS
from ..claims.catalogue import Item
from ..settings.toml_text import BARE_KEY

_PROOFS = {
    "none": "a pass in a real environment is enough",
    "part": "each part needs the proof of its name: record_evidence.rotation(...), .revocation(...)",
    "credential": "shown by record_evidence.credential(mode=..., secret=..., request_id=...)",
    "handshake": "shown by record_evidence.handshake(endpoint=..., peer=...)",
    "attestation": "shown by record_evidence.attestation(statement, stored_at=..., read_back=...)",
    "trace": "shown by record_evidence.trace(events, again=...)",
    "replay": "shown by record_evidence.replay(mode=..., recorded=..., replayed=...)",
    "drill": "shown by record_evidence.drill(name, fault=..., detected=..., recovered=..., audit=...)",
}

_HEAD = """\
# Definition of production readiness. `readiness check` reports problems in this file and the tracker.
# Workflow: marker -> evidence -> requirement complete -> review -> gate.
# Lines that begin with # and no space are examples: remove the # to use them.

# The tracker lists the use cases and the evidence that each needs. Only `readiness sync` changes it.
tracker = {tracker}
{skip}# Name of the register, in which evidence counts. Use the product's name if several products share one store.
register = "default"
# Append-only store of evidence, and the folder of its logs and files. Paths are relative to this file.
store = "sqlite:///.readiness/evidence.db"
artifacts = ".readiness/artifacts"

# Evidence counts only from an environment with real = true. All other evidence is stored and shown as a rehearsal.
# Name the environment when you run the tests: pytest --readiness-environment=staging
#[environments.staging]
#real = true
#endpoints = ["*.staging.example.com:443", "10.20.0.0/16"]
#[environments.dev]
#real = false

# Provider modes: whose key is used with the provider. Items with this scope need evidence for each mode.
#[provider_modes]
#BYOK = "customer's own key"
#MANAGED = {{ title = "our key", real = true }}
"""

_ITEMS_HEAD = """\
# The evidence items that each use case needs. A marker gives the item's number or name:
#   @evidence({example}, item={number})
# scope: "once", "environment", "provider_mode", or a list of both. proof: required for a pass to be COMPLETE; without
# it a pass is ASSERTED, and a review must acknowledge it. max_age_days: a pass expires (STALE) after this; omit: never.
# connection = "seen": a pass counts only if the test connected to one of its environment's endpoints.
"""

_TAIL = """\
# Claims of tests without our marker: by their node ids, or by marks that they have. {{1}} is what the first * matched.
#[claims]
#"tests/keys/**::test_*" = {claim}
#[claims.marks]
#"jira(*)" = {claim}

# Settings of one use case. Default of `environments` and `provider_modes`: each one with real = true.
#[use_cases.{key}]
#owner = "team@example.com"
#drills = ["provider-timeout", "database-failover"]
{not_applicable}
# Reviewers whose approval makes a use case READY_FOR_GO_LIVE; an empty list: nobody can approve.
# separate = true: who recorded the evidence cannot review it; "started_by": nor can who started the CI job.
[review]
reviewers = [{reviewers}]{such_as}
required = 1
separate = true
identity = "declared"  # least identity accepted: declared, git, ci or signed
subject = "same"       # or "any": an approval also counts for digests that it was not given for
# Other names of the same person:
#[people."release-manager@example.com"]
#also = ["rm-on-ci"]

# Digests of what ships, by release: `gate --release 2.0` judges by these.
#[releases."2.0"]
#subjects = {{ api = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }}
# Images that others ship, which `readiness deployed` leaves out.
#[deployed]
#ignore = ["*/istio/*"]

# Policy of the gate.
[gate]
on = "review"              # or "evidence": no review required
asserted = "acknowledge"   # a pass without its proof: refuse, acknowledge (in the review) or accept
flaky = "acknowledge"      # a pass after a failed attempt: refuse, acknowledge or accept
waivers = "refuse"         # or "accept"
release = "ignore"         # or "required": only evidence for the judged release counts
clean_commit = false       # true: evidence with uncommitted changes does not count
architecture = "ignore"    # or the required architecture status, such as "GREEN"
clock = "refuse"           # or "ignore": evidence counts although clocks disagree
deselected = "accept"      # or "refuse": each deselected test must run later
subject = "ignore"         # or "required": only evidence and reviews for the judged digests count
enforce = true             # false: the gate says what it would refuse, and exits 0
checkpoint = "ignore"      # or "required": the gate needs a checkpoint that is kept elsewhere
level = "L1"               # finalized; or "L2": also signed with a key of [keys]; "L3": also a provider's receipt
"""

_TRACKER = """\
# Production readiness tracker

A use case can go live when tests in a real environment have provided all required evidence listed below, and a
reviewer has approved exactly that evidence. The readiness status is derived from the evidence. The architecture
status is informational.

## Status Legend

- `NOT_STARTED`: no evidence yet
- `IN_PROGRESS`: evidence or its review is incomplete
- `BLOCKED`: a test fails, a reviewer rejected it, or there is an open blocker
- `READY_FOR_GO_LIVE`: the evidence is complete and approved

## Use cases

These two rows are examples: replace them with your own.

| UC | Title | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |
| --- | --- | --- | --- | --- | --- | --- |
| UC-001 | Customer signs in | `GREEN` | `NOT_STARTED` | `tbd` | {today} | Example |
| UC-002 | Nightly invoice run | `AMBER` | `NOT_STARTED` | `tbd` | {today} | Example |

## Required Evidence

{items}

## Fields of a piece of evidence

| Field | Meaning |
| --- | --- |
| UC | use case that was tested |
| Tenant ID | tenant it ran for |
| Project ID | project it ran in |
| Environment | where it ran |
| Provider Mode | whose key was used |
| Validation Item | number of the required evidence |
| Command/Test ID | what was run |
| Result | how it ended |
| Timestamp (UTC) | when it ended |
| Artifact/Log Reference | logs and files of the run |
"""


def config_text(
    tracker: str,
    items: Iterable[Item],
    use_cases: Sequence[str],
    reviewers: Sequence[str],
    skip: Sequence[str] = (),
    layout: Sequence[str] = (),
) -> str:
    """Return a ``readiness.toml`` with every item written out.

    Args:
        tracker: path of the tracker, relative to the config.
        items: the items to write.
        use_cases: ids of the tracker's use cases; the first is used in examples.
        reviewers: ids of the reviewers.
        skip: headings of the tracker whose tables are not read.
        layout: lines of the tables that describe the tracker's layout.
    """
    item_list = tuple(items)
    skip_lines = f"# Headings of the tracker whose tables are not read.\ntracker_skip = {_list(skip)}\n"
    return "\n".join(
        [
            _HEAD.format(tracker=toml_text(tracker), skip=skip_lines if skip else ""),
            *([*layout, ""] if layout else ()),
            _ITEMS_HEAD.format(example=toml_text(use_cases[0]), number=_marker_number(item_list[0].key)),
            *(_item_text(item) for item in item_list),
            _TAIL.format(
                claim=toml_text(f"{use_cases[0]}/{item_list[0].key}"),
                key=_key(use_cases[0]),
                reviewers=", ".join(toml_text(name) for name in reviewers),
                such_as="" if reviewers else '  # such as "release-manager@example.com"',
                not_applicable=_not_applicable(item_list),
            ),
        ]
    )


def tracker_text(today: str) -> str:
    """Return a new tracker with two example rows and the seven built-in items; ``today`` is an ISO date."""
    return _TRACKER.format(today=today, items="\n".join(f"{item.key}. {item.title}" for item in BUILTIN_ITEMS))


def table_lines(columns: Mapping[str, Any], statuses: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the lines of ``[tracker_columns]`` and ``[statuses]`` by table name, without empty tables."""
    tables = {"tracker_columns": columns, "statuses": statuses}
    return {
        name: [f"{key} = {_value(value)}" for key, value in table.items()] for name, table in tables.items() if table
    }


def keys(names: Iterable[str]) -> list[str]:
    """Return names as TOML keys."""
    return [_key(name) for name in names]


def _value(value: Any) -> str:
    """Return a text, a number, a list or a table of texts as TOML. A list of one text becomes that text."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(name)} = {toml_text(text)}' for name, text in value.items())} }}"
    return toml_text(value[0]) if len(value) == 1 else _list(value)


def toml_text(text: str) -> str:
    """Return the text as a TOML basic string."""
    # JSON escapes everything that TOML requires, except DEL.
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
    return name if BARE_KEY.fullmatch(name) else toml_text(name)
