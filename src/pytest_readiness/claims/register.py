"""The catalogue of a project, built and checked from the tracker's rows and the config."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..errors import ClaimError, ConfigError, Problem, location, suggestion
from ..settings import ClaimSettings, ItemSettings, Settings, UseCaseSettings, key_location, shared_names
from .builtin_items import BUILTIN_ITEMS, recognise_item
from .catalogue import PROOF_OF_PART, PROOFS, Catalogue, Environment, Item, ProviderMode, UseCase
from .tracker.row_ids import id_problems
from .tracker.tracker_content import Tracker

NO_CLAIMS = ClaimSettings()


def read_catalogue(
    settings: Settings,
    *,
    rows: Iterable[UseCase] = (),
    proofs: Collection[str] = (),
    tracker: Tracker | None = None,
) -> Catalogue:
    """Return the catalogue of a project.

    A required item that the tracker lists and the config does not is required as the tracker has it.

    Args:
        settings: The config in force.
        rows: Use cases from another source than the tracker and the config.
        proofs: Kinds of proof in addition to the built-in ones.
        tracker: The content of the tracker, which had no problem; None: it is read.

    Raises:
        ConfigError: the tracker cannot be read, or it contradicts the config; the message is the first problem.
    """
    if tracker is None:
        tracker = tracker_of(settings)
    catalogue = _build_catalogue(settings, tracker, rows)
    for problem in _find_problems(settings, catalogue, tracker, proofs):
        raise ConfigError(str(problem))
    return catalogue


def catalogue_problems(
    settings: Settings, *, rows: Iterable[UseCase] = (), proofs: Collection[str] = ()
) -> Iterator[Problem]:
    """Yield each problem of the tracker and of the config's entries for it."""
    yield from examine_catalogue(settings, rows=rows, proofs=proofs)[1]


def examine_catalogue(
    settings: Settings, *, rows: Iterable[UseCase] = (), proofs: Collection[str] = ()
) -> tuple[Catalogue | None, list[Problem]]:
    """Return the catalogue, even if incomplete (None: the tracker cannot be read), and each problem."""
    tracker, problems = _examine(settings)
    if settings.tracker is not None and tracker is None:
        return None, problems
    catalogue = _build_catalogue(settings, tracker, rows)
    problems += _find_problems(settings, catalogue, tracker, proofs)
    return catalogue, [*problems, *_unwritten_items(settings, tracker), *_unmatched_patterns(settings, tracker)]


def skipped_rows(settings: Settings) -> tuple[tuple[int, str], ...]:
    """Return (line, reason) of each row of the tracker that is no use case; empty: the tracker cannot be read."""
    tracker, _ = _examine(settings)
    return tracker.skipped_rows if tracker else ()


def tracker_of(settings: Settings) -> Tracker | None:
    """Return the content of the tracker; None: the config names no tracker.

    Raises:
        ConfigError: it cannot be read or has a problem.
    """
    tracker, problems = _examine(settings)
    if problems:
        raise ConfigError(str(problems[0]))
    return tracker


def _examine(settings: Settings) -> tuple[Tracker | None, list[Problem]]:
    if settings.tracker is None:
        return None, []
    from .tracker.reader import examine_tracker  # late: loads the parsers of trackers

    columns = {str(key): header for key, header in settings.tracker_columns.items()}
    statuses = {str(status): words for status, words in settings.statuses.items()}
    return examine_tracker(settings.tracker, columns, statuses, settings.tracker_skip)


def _build_catalogue(settings: Settings, tracker: Tracker | None, rows: Iterable[UseCase]) -> Catalogue:
    items = _items(settings, tracker)
    real = {name for name, environment in settings.environments.items() if environment.real}
    register = {row.id: _only_real(row, real) for row in [*(tracker.rows if tracker else ()), *rows]}
    if not register:
        register = {name: UseCase(id=name) for name in settings.use_cases}
    catalogue = Catalogue(settings.register, items=items)
    for name in register.keys() & settings.use_cases.keys():
        register[name] = _with_settings(register[name], settings.use_cases[name], catalogue)
    return Catalogue(
        register=settings.register,
        use_cases=register,
        items=items,
        environments={
            name: Environment(name, environment.real, environment.endpoints)
            for name, environment in settings.environments.items()
        },
        provider_modes={
            name: ProviderMode(name, mode.title, mode.real) for name, mode in settings.provider_modes.items()
        },
        open_world=settings.path is None and tracker is None and not register,
    )


def _only_real(row: UseCase, real: Collection[str]) -> UseCase:
    """Return a row without the statuses of environments that are not real: no status is derived for them."""
    declared = tuple([pair for pair in row.declared_in if pair[0] in real]) if row.declared_in else ()
    return row if declared == row.declared_in else replace(row, declared_in=declared)


def _with_settings(row: UseCase, settings: UseCaseSettings, catalogue: Catalogue) -> UseCase:
    return replace(
        row,
        title=settings.title or row.title,
        owner=settings.owner or row.owner,
        architecture_status=settings.architecture_status or row.architecture_status,
        environments=settings.environments if settings.environments is not None else row.environments,
        provider_modes=settings.provider_modes if settings.provider_modes is not None else row.provider_modes,
        drills=settings.drills or row.drills,
        not_applicable=tuple(
            (_with_item_key(part, catalogue), reason) for part, reason in settings.not_applicable.items()
        )
        or row.not_applicable,
    )


def _with_item_key(part: str, catalogue: Catalogue) -> str:
    """Return ``6/rotation`` for ``secrets/rotation``; a text that names no item is returned as it is."""
    name, slash, rest = part.partition("/")
    try:
        return catalogue.item(name).key + slash + rest
    except ClaimError:
        return part


def _items(settings: Settings, tracker: Tracker | None) -> dict[str, Item]:
    listed = {item.key: item for item in tracker.items} if tracker else {}
    if not settings.items:
        return _with_unique_names(listed or {item.key: item for item in BUILTIN_ITEMS}, ())
    configured = {key: _item(key, item, listed.get(key)) for key, item in settings.items.items()}
    named = [key for key, item in settings.items.items() if item.name]
    return _with_unique_names({**listed, **configured}, named)


def _item(key: str, settings: ItemSettings, listed: Item | None) -> Item:
    title = settings.title or (listed.title if listed else key)
    return Item(
        key=key,
        title=title,
        scope=settings.scope,
        parts=settings.parts,
        proof=settings.proof,
        max_age_days=settings.max_age_days,
        name=settings.name or recognise_item(key, title).name,
        connection=settings.connection,
    )


def _with_unique_names(items: Mapping[str, Item], named: Collection[str]) -> dict[str, Item]:
    """Return the items without the built-in names that two of them have.

    Args:
        items: By key.
        named: Keys of the items that the config names. They keep their names, and duplicates are problems.
    """
    counts = Counter(item.name.lower() for item in items.values() if item.name)
    counts.update(key.lower() for key in items)
    return {
        key: replace(item, name=None) if item.name and key not in named and counts[item.name.lower()] > 1 else item
        for key, item in items.items()
    }


def _unwritten_items(settings: Settings, tracker: Tracker | None) -> Iterator[Problem]:
    """Yield the tracker's items that are missing in a config that writes items out: a person must define them."""
    for item in tracker.items if tracker and settings.items else ():
        if item.key not in settings.items:
            message = f"required evidence {item.key} of the tracker has no [items.{item.key}]: write down what it means"
            yield Problem(key_location(settings, "items"), message)


def _unmatched_patterns(settings: Settings, tracker: Tracker | None) -> Iterator[Problem]:
    """Yield the patterns of ``tracker_skip`` that match no heading, such as a misspelt one."""
    for pattern in tracker.unmatched_patterns if tracker else ():
        message = f"no heading of the tracker matches '{pattern}': correct it"
        yield Problem(key_location(settings, "tracker_skip"), message)


def _find_problems(
    settings: Settings, catalogue: Catalogue, tracker: Tracker | None, proofs: Collection[str]
) -> Iterator[Problem]:
    if not catalogue.use_cases and not catalogue.open_world:
        message = 'there is no use case: name a tracker (tracker = "...") or write [use_cases.ID]'
        yield Problem(location(settings.path) if settings.path else "", message)
    yield from _letter_case_duplicates(settings, catalogue)
    for name, use_case in settings.use_cases.items():
        key = _ConfigKey(settings, ("use_cases", name))
        if name not in catalogue.use_cases:
            source = f" in {location(tracker.path)}" if tracker else ""
            yield key.problem(f"there is no use case '{name}'{source}{suggestion(name, catalogue.use_cases)}")
            continue
        yield from (key.problem(message) for message in id_problems(name))
        yield from _use_case_problems(key, use_case, catalogue, name)
    yield from _item_problems(settings, catalogue, (*PROOFS, *proofs))
    kinds = {
        "environment": catalogue.environments,
        "provider mode": catalogue.provider_modes,
        "part": {part for item in catalogue.items.values() for part in item.parts},
    }
    for name, kind, other_kind in shared_names(kinds):
        key = _ConfigKey(settings, ("environments" if kind == "environment" else "provider_modes", name))
        yield key.problem(f"'{name}' is the name of both a declared {kind} and a {other_kind}: rename one")
    if settings.claims != NO_CLAIMS:
        from .claim_rules import rule_problems  # late: few configs have rules

        yield from rule_problems(settings, catalogue)


def _letter_case_duplicates(settings: Settings, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield the config's ids that differ only in letter case, which a lookup ignores; the reader names a tracker's."""
    ids: dict[str, str] = {}
    for name in catalogue.use_cases:
        first = ids.setdefault(name.casefold(), name)
        if first != name and name in settings.use_cases:
            other = key_location(settings, "use_cases", first)
            message = f"use case '{name}' is '{first}' ({other}) in another letter case: remove or rename one"
            yield Problem(key_location(settings, "use_cases", name), message)


class _ConfigKey(Struct, frozen=True):
    """A key of the config that problems refer to."""

    settings: Settings
    keys: tuple[str, ...]

    def problem(self, message: str, *keys: str) -> Problem:
        return Problem(key_location(self.settings, *self.keys, *keys), message)


def _use_case_problems(
    config_key: _ConfigKey, use_case: UseCaseSettings, catalogue: Catalogue, name: str
) -> Iterator[Problem]:
    scopes: tuple[tuple[str, str, tuple[str, ...] | None, Mapping[str, Environment | ProviderMode]], ...] = (
        ("environments", "environment", use_case.environments, catalogue.environments),
        ("provider_modes", "provider mode", use_case.provider_modes, catalogue.provider_modes),
    )
    for key, kind, listed, declared in scopes:
        if listed == ():
            message = f"{name} lists no {kind}: name one, or leave {key} out to need each declared real one"
            yield config_key.problem(message, key)
        for scope in listed or ():
            if scope not in declared:
                message = f"{name} needs {kind} '{scope}', which is not declared{suggestion(scope, declared)}"
                yield config_key.problem(message, key)
            elif not declared[scope].real:
                message = f"{name} needs {kind} '{scope}', which is not declared real: nothing there counts"
                yield config_key.problem(message, key)
        for scope in _duplicates(listed or ()):
            yield config_key.problem(f"{name} lists {kind} '{scope}' twice", key)
    for drill in _duplicates(use_case.drills):
        yield config_key.problem(f"{name} lists drill '{drill}' twice", "drills")
    requirements = catalogue.requirements(name) if use_case.not_applicable else ()
    ends = {requirement.id.partition("/")[2] for requirement in requirements}
    for part in use_case.not_applicable:
        end = _with_item_key(part, catalogue)
        if end not in ends and end not in catalogue.items:
            hint = suggestion(end, {*ends, *catalogue.items})
            yield config_key.problem(f"{name} has no requirement or item '{part}'{hint}", "not_applicable", part)


def _item_problems(settings: Settings, catalogue: Catalogue, proofs: Collection[str]) -> Iterator[Problem]:
    keys_by_name = {key.lower(): key for key in catalogue.items}
    for key in settings.items:
        item, config_key = catalogue.items[key], _ConfigKey(settings, ("items", key))
        yield from _proof_problems(item, config_key, proofs)
        for part in _duplicates(item.parts):
            yield config_key.problem(f"item {key} lists part '{part}' twice", "parts")
        if item.connection == "seen":
            yield from (config_key.problem(message, "connection") for message in _missing_endpoints(item, catalogue))
        if item.name:
            other = keys_by_name.setdefault(item.name.lower(), key)
            if other != key:
                message = f"'{item.name}' is the name of item {key} and of item {other}: rename one"
                yield config_key.problem(message, "name")


def _proof_problems(item: Item, config_key: _ConfigKey, proofs: Collection[str]) -> Iterator[Problem]:
    if item.proof not in proofs:
        hint = suggestion(item.proof, proofs) or f" (proofs are {', '.join(proofs)})"
        yield config_key.problem(f"item {item.key} asks for a proof '{item.proof}' that does not exist{hint}", "proof")
    if item.proof == PROOF_OF_PART:
        if not item.parts:
            message = f"item {item.key} asks for the proof of each part and has none: name its parts"
            yield config_key.problem(message, "proof")
        for part in item.parts:
            if part not in proofs:
                message = f"item {item.key} asks part '{part}' for the proof of its name, which does not exist"
                yield config_key.problem(message + suggestion(part, proofs), "parts")


def _missing_endpoints(item: Item, catalogue: Catalogue) -> Iterator[str]:
    """Yield a message for each real environment without endpoints: no connection to it can be recognised."""
    for name, environment in catalogue.environments.items():
        if environment.real and not environment.endpoints:
            yield f"item {item.key} asks for a connection, and environment '{name}' declares no endpoints: name them"


def _duplicates(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
