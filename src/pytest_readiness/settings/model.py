"""The config as frozen values: every key of ``readiness.toml``, its default, and what it may say."""

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

StatusWord = Literal["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE"]
WordKey = Literal["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE", "skip"]
ColumnKey = Literal["uc", "status", "architecture_status", "title", "owner", "last_updated", "notes", "prefix"]

DEFAULT_REGISTER: Final = "default"
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b|b|bytes)?\s*", re.IGNORECASE)
_POWER = {"k": 1, "m": 2, "g": 3, "t": 4}


def _as_bytes(value: Any) -> Any:
    """``1 GiB`` is 2**30 bytes, ``1 GB`` 10**9; a number is bytes."""
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
        raise ValueError("must be words, of which '*' alone would be any")
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
    """Context that every run has unless it says otherwise. Never the environment: that is said by who runs."""

    provider_mode: Name | None = None
    tenant_id: Text | None = None
    project_id: Text | None = None


class EnvironmentSettings(_Table):
    """A declared environment."""

    real: StrictBool = False
    """Whether evidence from it counts; an environment that does not say so is not real."""
    endpoints: tuple[Annotated[Text, AfterValidator(_endpoint)], ...] = ()
    """Hosts and networks that belong to it: what its tests connect to is compared with them."""


class ProviderModeSettings(_Table):
    """A declared provider mode."""

    title: str = ""
    real: StrictBool = True


class ItemSettings(_Table):
    """The whole meaning of one item: what is not said here is not asked for."""

    title: str = ""
    """Empty: the tracker's text."""
    scope: Annotated[tuple[Literal["environment", "provider_mode"], ...], BeforeValidator(_as_scope)] = ()
    """Empty: once."""
    parts: tuple[Name, ...] = ()
    proof: Text = "none"
    max_age_days: Annotated[StrictInt, Field(ge=1)] | None = None
    """None: a pass never turns stale."""
    connection: Literal["none", "seen"] = "none"
    """``seen``: a pass counts only where a connection to an endpoint of its environment was seen."""
    name: Name | None = None
    """Short name that ``item=`` in a marker may also say."""


class UseCaseSettings(_Table):
    """What adds to the tracker's row of a use case, or is the row where there is no tracker."""

    title: str = ""
    owner: str = ""
    architecture_status: str = ""
    environments: tuple[Name, ...] | None = None
    """None: each declared real one."""
    provider_modes: tuple[Name, ...] | None = None
    drills: tuple[Name, ...] = ()
    not_applicable: Mapping[str, Text] = {}
    """Item, or the end of a requirement's id such as ``6/rotation``, and the reason."""


class ReviewSettings(_Table):
    """Whose sign-off counts."""

    reviewers: tuple[Text, ...] = ()
    """Empty: nobody's."""
    required: Annotated[StrictInt, Field(ge=1)] = 1
    separate: StrictBool | Literal["started_by"] = True
    """Who recorded the evidence cannot decide on it; ``started_by``: nor who started the job that recorded it."""
    identity: Literal["declared", "git", "ci", "signed"] = "declared"


class PersonSettings(_Table):
    """The other names that one person goes by."""

    also: tuple[Text, ...] = ()


class KeySettings(_Table):
    """A public key that is trusted, and with what."""

    public: Text
    """Path of the PEM file."""
    roles: Annotated[tuple[Literal["runs", "reviews", "checkpoints"], ...], Field(min_length=1)]
    """What it may sign: the seals of runs, decisions of a person, heads of the store."""
    person: Text | None = None
    """Whose decisions it signs."""


class GateSettings(_Table):
    """What eligible means."""

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
    # The key is called ``register``; pydantic warns that this hides ABCMeta.register, which nobody calls on settings.
    filterwarnings("ignore", message='Field name "register"', category=UserWarning)

    class Settings(_Table):
        """The config that is in force. ``tracker`` is resolved; other paths are relative to ``folder``."""

        tracker: Path | None = None
        register: Name = DEFAULT_REGISTER
        store: Text = "sqlite:///.readiness/evidence.db"
        artifacts: Text = ".readiness/artifacts"
        decisions: Text = "store"
        plugins: tuple[Text, ...] = ()
        artifact_limit: Annotated[int, BeforeValidator(_as_bytes)] = 1024**3
        """Bytes."""
        junit_limit: Annotated[int, BeforeValidator(_as_bytes)] = 256 * 1024**2
        """Bytes of a file of JUnit XML."""
        context: ContextSettings = ContextSettings()
        environments: Mapping[Name, EnvironmentSettings] = {}
        provider_modes: Mapping[Name, Annotated[ProviderModeSettings, BeforeValidator(_as_mode)]] = {}
        items: Mapping[Name, ItemSettings] = {}
        use_cases: Mapping[str, UseCaseSettings] = {}
        tracker_columns: Mapping[ColumnKey, Header] = {}
        """Our name of a column, and its header: for ids a number (from 1), for statuses a header by environment."""
        statuses: Mapping[WordKey, Words] = {}
        """Our word, and the tracker's; and the words that leave a row out."""
        tracker_skip: tuple[Text, ...] = ()
        """Headings of the tracker (glob) under which no table is a part of the register."""
        review: ReviewSettings = ReviewSettings()
        people: Mapping[Text, PersonSettings] = {}
        keys: Mapping[Name, KeySettings] = {}
        gate: GateSettings = GateSettings()

        path: Path | None = None
        """The file that was read; None: there is no config. Not a key of the file."""
        folder: Path
        """What relative paths are relative to. Not a key of the file."""


LOCATION_FIELDS: Final = frozenset({"path", "folder"})
"""Fields that say where the settings come from."""
