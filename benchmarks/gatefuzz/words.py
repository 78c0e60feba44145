"""What a history is made of: a project, runs, decisions and edits, as plain frozen values that know nothing of us."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 86_400
HOUR = 3_600


@dataclass(frozen=True)
class Item:
    """A required item."""

    key: str
    scope: tuple[str, ...] = ()
    proof: str = "none"
    parts: tuple[str, ...] = ()
    max_age: int | None = None


@dataclass(frozen=True)
class UseCase:
    """A row of the register, with what the config adds to it."""

    id: str
    environments: tuple[str, ...] | None = None
    modes: tuple[str, ...] | None = None
    drills: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    architecture: str = "GREEN"


@dataclass(frozen=True)
class Policy:
    """Tables ``[gate]`` and ``[review]``."""

    on: str = "review"
    asserted: str = "acknowledge"
    flaky: str = "acknowledge"
    waivers: str = "refuse"
    release: str = "ignore"
    level: str = "L1"
    clock: str = "refuse"
    deselected: str = "accept"
    architecture: str = "ignore"
    clean_commit: bool = False
    required: int = 1
    separate: bool | str = True
    reviewers: tuple[str, ...] = ()
    people: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Config:
    """A whole project, as config and tracker say it."""

    environments: tuple[tuple[str, bool], ...]
    modes: tuple[tuple[str, bool], ...]
    items: tuple[Item, ...]
    use_cases: tuple[UseCase, ...]
    policy: Policy
    usual_mode: str | None = None
    decisions: str = "store"


@dataclass(frozen=True)
class Claim:
    """What one mark says."""

    uc: str
    item: str
    environment: str | None = None
    mode: str | None = None
    part: str | None = None
    replay: str | None = None


@dataclass(frozen=True)
class Say:
    """What a test does with ``record_evidence``: ``scope``, or a proof of a kind with a value (mode, drill, replay)."""

    what: str
    environment: str | None = None
    mode: str | None = None
    part: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt of a test: what it says, and how it ends.

    ``passed``, ``failed``, ``setup`` and ``teardown`` (errors there), ``skipped``, ``xfailed``, ``xpassed``;
    ``crashed`` (its worker died, and the test is tried again).
    """

    end: str
    says: tuple[Say, ...] = ()


@dataclass(frozen=True)
class Execution:
    """One test item of a session."""

    test: str
    claims: tuple[Claim, ...]
    attempts: tuple[Attempt, ...]
    at: int = 0
    """Seconds after the start of its run."""
    fixture: bool = True
    """It uses ``record_evidence``."""


@dataclass(frozen=True)
class Left:
    """A test that a run collected and did not start: deselected, or never reached."""

    test: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Run:
    """One pytest session."""

    name: str
    executions: tuple[Execution, ...]
    environment: str | None = None
    mode: str | None = None
    group: tuple[str, int, int] | None = None
    """Id, part, number of parts."""
    ci: tuple[str, str] | None = None
    """CI run id and job."""
    actor: str = "dev@x.org"
    release: str | None = None
    deselected: tuple[Left, ...] = ()
    unreached: tuple[Left, ...] = ()
    ending: str = "sealed"
    """``sealed``; ``killed`` while its last execution ran."""
    home: str = "store"
    """``store``; ``journal``: sealed, and the store could not be written; ``bundle``: recorded elsewhere."""
    door: str = "fast"
    """``fast``; ``flaky``: as that runs again; ``pytest``: a whole session; ``xdist``, ``each``: as xdist tells it."""
    lag: int = 0
    """Seconds that its clock is behind (it started that much earlier than it is told in the history)."""


@dataclass(frozen=True)
class Merge:
    """The bundle of a run that was recorded elsewhere is merged."""

    run: str


@dataclass(frozen=True)
class Recover:
    """``readiness recover``."""


@dataclass(frozen=True)
class Edit:
    """The config or the tracker is changed (and committed, where there is git)."""

    config: Config
    why: str


@dataclass(frozen=True)
class Decide:
    """A person's word. ``kind``: approve, reject, block, unblock, waive, retire, retire-run."""

    kind: str
    by: str
    target: str
    """Use case, requirement, test or run."""
    acknowledge: bool = True
    requested_by: str = ""
    days: int = 30
    committed: str = ""
    """Where decisions are files: who commits it; empty: nobody."""


@dataclass(frozen=True)
class Tamper:
    """Something happens to the decision files: space, empty, link, delete, move, uncommitted move."""

    how: str
    kind: str
    """Of which kind of decision the first is meant; empty: all."""
    by: str = ""


Event = Run | Merge | Recover | Edit | Decide | Tamper


@dataclass(frozen=True)
class Step:
    """An event, and the second at which it begins."""

    at: int
    event: Event


@dataclass(frozen=True)
class History:
    """A project, what happens in it, and what is asked at the end."""

    config: Config
    steps: tuple[Step, ...]
    judged_at: int
    patterns: tuple[str, ...] = ()
    release: str | None = None
    git: bool = False
    seed: str = field(default="", compare=False)
