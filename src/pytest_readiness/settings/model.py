"""The model of the config: each key of ``readiness.toml`` with its default and its allowed values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Struct

from . import value_rules
from .value_rules import OtherKeys, Rule, Shorthand

StatusName = Literal["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE"]
StatusKey = Literal["NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE", "skip"]
ColumnKey = Literal["uc", "status", "architecture_status", "title", "owner", "last_updated", "notes", "prefix"]

Leniency = Literal["refuse", "acknowledge", "accept"]
Level = Literal["L0", "L1", "L2", "L3"]

DEFAULT_REGISTER: Final = "default"

Name = Annotated[str, Rule(value_rules.name)]
Text = Annotated[str, Rule(value_rules.text)]
Endpoint = Annotated[str, Rule(value_rules.endpoint)]
AtLeastOne = Annotated[int, Rule(value_rules.at_least_one)]
Size = Annotated[int, Rule(value_rules.size_in_bytes)]
Words = Annotated[tuple[str, ...], Rule(value_rules.words)]
Header = Annotated[str | int | Mapping[str, str], Rule(value_rules.header)]
Targets = Annotated[tuple[Text, ...], Shorthand(value_rules.targets)]
SubjectName = Annotated[str, Rule(value_rules.subject_name)]
Digest = Annotated[str, Rule(value_rules.subject_digest)]
Separation = Annotated[bool | Literal["started_by"], Rule(value_rules.separation)]


class ContextSettings(Struct, frozen=True, kw_only=True):
    """The default context of each run. It never has the environment, which only a run can name."""

    provider_mode: Name | None = None
    tenant_id: Text | None = None
    project_id: Text | None = None


class EnvironmentSettings(Struct, frozen=True, kw_only=True):
    """A declared environment."""

    real: bool = False
    """Whether evidence from it counts."""
    endpoints: tuple[Endpoint, ...] = ()
    """Hosts and networks that belong to it. The connections of its tests are compared with them."""


class ProviderModeSettings(Struct, frozen=True, kw_only=True):
    """A declared provider mode."""

    title: str = ""
    real: bool = True


class ItemSettings(Struct, frozen=True, kw_only=True):
    """The requirements of one item. A key that is missing requires nothing."""

    title: str = ""
    """Empty: the tracker's text."""
    scope: Annotated[tuple[Literal["environment", "provider_mode"], ...], Shorthand(value_rules.scope)] = ()
    """Empty: once."""
    parts: tuple[Name, ...] = ()
    proof: Text = "none"
    max_age_days: AtLeastOne | None = None
    """None: a pass never turns stale."""
    connection: Literal["none", "seen"] = "none"
    """``seen``: a pass counts only if a connection to an endpoint of its environment was recorded."""
    name: Name | None = None
    """Short name that ``item=`` in a marker also accepts."""


class UseCaseSettings(Struct, frozen=True, kw_only=True):
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


class ReviewSettings(Struct, frozen=True, kw_only=True):
    """The rules for reviews: the reviewers, and how many approvals a use case needs."""

    reviewers: tuple[Text, ...] = ()
    """Empty: no sign-off counts."""
    required: AtLeastOne = 1
    separate: Separation = True
    """Exclude the recorder of evidence from decisions on it; ``started_by``: also the person who started the CI job."""
    identity: Literal["declared", "git", "ci", "signed"] = "declared"
    subject: Literal["same", "any"] = "same"
    """``same``: an approval counts only for the digests that it was given for; ``any``: also for others."""


class PersonSettings(Struct, frozen=True, kw_only=True):
    """The other names of one person."""

    also: tuple[Text, ...] = ()


class KeySettings(Struct, frozen=True, kw_only=True):
    """A trusted public key and its roles."""

    public: Text
    """Path of the PEM file."""
    roles: Annotated[tuple[Literal["runs", "reviews", "checkpoints"], ...], Shorthand(value_rules.not_empty)]
    """The things it may sign: the seals of runs, decisions of a person, checkpoints of the store."""
    person: Text | None = None
    """The person whose decisions it signs."""


class GateSettings(Struct, frozen=True, kw_only=True):
    """The rules of the gate."""

    on: Literal["review", "evidence"] = "review"
    asserted: Leniency = "acknowledge"
    flaky: Leniency = "acknowledge"
    waivers: Literal["refuse", "accept"] = "refuse"
    release: Literal["ignore", "required"] = "ignore"
    clean_commit: bool = False
    architecture: Text = "ignore"
    clock: Literal["refuse", "ignore"] = "refuse"
    deselected: Literal["accept", "refuse"] = "accept"
    level: Level = "L1"
    checkpoint: Literal["ignore", "required"] = "ignore"
    subject: Literal["ignore", "required"] = "ignore"
    """``required``: only evidence and reviews for the judged digests count."""
    enforce: bool = True
    """False: the gate says what it would refuse, and exits with 0."""


class ClaimSettings(Struct, frozen=True, kw_only=True):
    """The rules that claim requirements for tests without a mark of ours."""

    marks: Mapping[Text, Targets] = {}
    """Targets by pattern on marks, such as ``jira(PAY-*)``."""
    tests: Annotated[Mapping[Text, Targets], OtherKeys()] = {}
    """Targets by glob on node ids: every other key of the table."""


class ReleaseSettings(Struct, frozen=True, kw_only=True):
    """A release: a name for a set of subjects."""

    subjects: Annotated[Mapping[SubjectName, Digest], Shorthand(value_rules.subjects)]
    """Digests (``sha256:...``) by name."""


class DeployedSettings(Struct, frozen=True, kw_only=True):
    """The rules of ``readiness deployed``."""

    ignore: tuple[Text, ...] = ()
    """Images (globs) that others ship."""


class Settings(Struct, frozen=True, kw_only=True):
    """The config in force. ``tracker`` is an absolute path; other paths are relative to ``folder``."""

    tracker: Path | None = None
    register: Name = DEFAULT_REGISTER
    store: Text = "sqlite:///.readiness/evidence.db"
    artifacts: Text = ".readiness/artifacts"
    decisions: Text = "store"
    plugins: tuple[Text, ...] = ()
    artifact_limit: Size = 1024**3
    """Maximum size of an artifact, in bytes."""
    junit_limit: Size = 256 * 1024**2
    """Maximum size of a JUnit XML file, in bytes."""
    context: ContextSettings = ContextSettings()
    environments: Mapping[Name, EnvironmentSettings] = {}
    provider_modes: Mapping[Name, Annotated[ProviderModeSettings, Shorthand(value_rules.provider_mode)]] = {}
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
    claims: ClaimSettings = ClaimSettings()
    releases: Mapping[Text, ReleaseSettings] = {}
    deployed: DeployedSettings = DeployedSettings()

    path: Path | None = None
    """The config file; None: there is none. This is no key of the file."""
    folder: Path
    """The folder of relative paths. This is no key of the file."""


LOCATION_FIELDS: Final = frozenset({"path", "folder"})
"""Fields with the location of the settings."""
