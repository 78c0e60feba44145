"""The model of the config: each key of ``readiness.toml`` with its default and its allowed values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from warnings import catch_warnings, filterwarnings

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from .endpoints import parse_endpoint

StatusName = Literal["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE"]
StatusKey = Literal["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE", "skip"]
ColumnKey = Literal["uc", "status", "architecture_status", "title", "owner", "last_updated", "notes", "prefix"]

DEFAULT_REGISTER: Final = "default"
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b|b|bytes)?\s*", re.IGNORECASE)
_POWER = {"k": 1, "m": 2, "g": 3, "t": 4}


def _as_bytes(value: Any) -> Any:
    """Return a size in bytes: ``1 GiB`` is 2**30 bytes, ``1 GB`` 10**9; a number is bytes."""
    is_size = isinstance(value, int | str) and not isinstance(value, bool)
    match = _SIZE.fullmatch(str(value)) if is_size else None
    if match is None:
        raise ValueError("must be a size such as '1 GiB', '500 MB' or a number of bytes")
    number, prefix, binary = match.groups()
    factor = (1024 if binary else 1000) ** _POWER[prefix.lower()] if prefix else 1
    size = int(float(number) * factor)
    if size < 1:
        raise ValueError("must be at least one byte")
    return size


def _as_scope(value: Any) -> Any:
    if value == "once":
        return ()
    return (value,) if isinstance(value, str) else value


def _as_mode(value: Any) -> Any:
    return {"title": value} if isinstance(value, str) else value


def _as_words(value: Any) -> Any:
    words = (value,) if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not words or not all(isinstance(word, str) for word in words):
        raise ValueError("must be a word or a list of words")
    stripped = tuple(word.strip() for word in words)
    if "*" in stripped:
        raise ValueError("must be words, and '*' alone would match any")
    return stripped


def _as_header(value: Any) -> Any:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    if isinstance(value, Mapping) and value:
        headers = {name: header.strip() for name, header in value.items() if isinstance(header, str) and header.strip()}
        if len(headers) == len(value):
            return headers
    raise ValueError(
        "must be a header; uc may be the number of its column, and status a table of environment and header"
    )


def _name(value: str) -> str:
    if not value or value != value.strip():
        raise ValueError("must be a name without space around it")
    if "/" in value:
        raise ValueError("must be a name without '/' (requirement ids read UC/item/scope)")
    if not value.isprintable():
        raise ValueError("must be a name without control characters")
    return value


def _endpoint(value: str) -> str:
    return parse_endpoint(value).text


Name = Annotated[str, AfterValidator(_name)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_words)]
Header = Annotated[str | int | Mapping[str, str], BeforeValidator(_as_header)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class ContextSettings(_Table):
    """The default context of each run. It never has the environment, which only a run can name."""

    provider_mode: Name | None = None
    tenant_id: Text | None = None
    project_id: Text | None = None


class EnvironmentSettings(_Table):
    """A declared environment."""

    real: StrictBool = False
    """Whether evidence from it counts."""
    endpoints: tuple[Annotated[Text, AfterValidator(_endpoint)], ...] = ()
    """Hosts and networks that belong to it. The connections of its tests are compared with them."""


class ProviderModeSettings(_Table):
    """A declared provider mode."""

    title: str = ""
    real: StrictBool = True


class ItemSettings(_Table):
    """The requirements of one item. A key that is missing requires nothing."""

    title: str = ""
    """Empty: the tracker's text."""
    scope: Annotated[tuple[Literal["environment", "provider_mode"], ...], BeforeValidator(_as_scope)] = ()
    """Empty: once."""
    parts: tuple[Name, ...] = ()
    proof: Text = "none"
    max_age_days: Annotated[StrictInt, Field(ge=1)] | None = None
    """None: a pass never turns stale."""
    connection: Literal["none", "seen"] = "none"
    """``seen``: a pass counts only if a connection to an endpoint of its environment was recorded."""
    name: Name | None = None
    """Short name that ``item=`` in a marker also accepts."""


class UseCaseSettings(_Table):
    """Additions to the tracker's row of a use case, or the whole row if there is no tracker."""

    title: str = ""
    owner: str = ""
    architecture_status: str = ""
    environments: tuple[Name, ...] | None = None
    """None: each declared real one."""
    provider_modes: tuple[Name, ...] | None = None
    drills: tuple[Name, ...] = ()
    not_applicable: Mapping[str, Text] = {}
    """Reason by item, or by the end of a requirement id such as ``6/rotation``."""


class ReviewSettings(_Table):
    """The rules for reviews: the reviewers, and how many approvals a use case needs."""

    reviewers: tuple[Text, ...] = ()
    """Empty: no sign-off counts."""
    required: Annotated[StrictInt, Field(ge=1)] = 1
    separate: StrictBool | Literal["started_by"] = True
    """Exclude the recorder of evidence from decisions on it; ``started_by``: also the person who started the CI job."""
    identity: Literal["declared", "git", "ci", "signed"] = "declared"


class PersonSettings(_Table):
    """The other names of one person."""

    also: tuple[Text, ...] = ()


class KeySettings(_Table):
    """A trusted public key and its roles."""

    public: Text
    """Path of the PEM file."""
    roles: Annotated[tuple[Literal["runs", "reviews", "checkpoints"], ...], Field(min_length=1)]
    """The things it may sign: the seals of runs, decisions of a person, checkpoints of the store."""
    person: Text | None = None
    """The person whose decisions it signs."""


class GateSettings(_Table):
    """The rules of the gate."""

    on: Literal["review", "evidence"] = "review"
    asserted: Literal["refuse", "acknowledge", "accept"] = "acknowledge"
    flaky: Literal["refuse", "acknowledge", "accept"] = "acknowledge"
    waivers: Literal["refuse", "accept"] = "refuse"
    release: Literal["ignore", "required"] = "ignore"
    clean_commit: StrictBool = False
    architecture: Text = "ignore"
    clock: Literal["refuse", "ignore"] = "refuse"
    deselected: Literal["accept", "refuse"] = "accept"
    level: Literal["L0", "L1", "L2", "L3"] = "L1"
    checkpoint: Literal["ignore", "required"] = "ignore"


with catch_warnings():
    # Pydantic warns that the field ``register`` hides ABCMeta.register, which is never called on settings.
    filterwarnings("ignore", message='Field name "register"', category=UserWarning)

    class Settings(_Table):
        """The config in force. ``tracker`` is an absolute path; other paths are relative to ``folder``."""

        tracker: Path | None = None
        register: Name = DEFAULT_REGISTER
        store: Text = "sqlite:///.readiness/evidence.db"
        artifacts: Text = ".readiness/artifacts"
        decisions: Text = "store"
        plugins: tuple[Text, ...] = ()
        artifact_limit: Annotated[int, BeforeValidator(_as_bytes)] = 1024**3
        """Maximum size of an artifact, in bytes."""
        junit_limit: Annotated[int, BeforeValidator(_as_bytes)] = 256 * 1024**2
        """Maximum size of a JUnit XML file, in bytes."""
        context: ContextSettings = ContextSettings()
        environments: Mapping[Name, EnvironmentSettings] = {}
        provider_modes: Mapping[Name, Annotated[ProviderModeSettings, BeforeValidator(_as_mode)]] = {}
        items: Mapping[Name, ItemSettings] = {}
        use_cases: Mapping[str, UseCaseSettings] = {}
        tracker_columns: Mapping[ColumnKey, Header] = {}
        """Headers by column key; for ids a number (from 1) is allowed, for statuses a header by environment."""
        statuses: Mapping[StatusKey, Words] = {}
        """The tracker's words by status; and the words that skip a row."""
        tracker_skip: tuple[Text, ...] = ()
        """Headings of the tracker (glob) under which no table is a part of the register."""
        review: ReviewSettings = ReviewSettings()
        people: Mapping[Text, PersonSettings] = {}
        keys: Mapping[Name, KeySettings] = {}
        gate: GateSettings = GateSettings()

        path: Path | None = None
        """The config file; None: there is none. This is no key of the file."""
        folder: Path
        """The folder of relative paths. This is no key of the file."""


LOCATION_FIELDS: Final = frozenset({"path", "folder"})
"""Fields with the location of the settings."""
