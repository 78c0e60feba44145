"""The catalogue of a project: the tracker's rows and the config's words about them, joined and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from ..errors import ClaimError, ConfigError, Problem, location, suggestion
from ..fast_values import dataclass
from ..settings import ItemSettings, Settings, UseCaseSettings, key_location, shared_names
from .builtin_items import BUILTIN_ITEMS, recognise_item
from .catalogue import PROOF_OF_PART, Catalogue, Environment, Item, ProviderMode, UseCase
from .tracker.reader import Tracker, examine_tracker
from .tracker.row_ids import name_faults

PROOFS = (
    "none",
    "part",
    "credential",
    "handshake",
    "attestation",
    "trace",
    "replay",
    "rotation",
    "revocation",
    "drill",
    "receipt",
)
"""Kinds of proof that an item may ask for; plugins add their own."""


_Extra = Iterable[UseCase]


def read_catalogue(settings: Settings, *, rows: _Extra = (), proofs: Collection[str] = ()) -> Catalogue:
    """Return everything that a marker may name, and what each use case requires.

    A required item that the tracker lists and the config does not is required as the tracker says it.

    Args:
        settings: The config in force.
        rows: Use cases from elsewhere than the tracker and the config.
        proofs: Kinds of proof beside the built-in ones.

    Raises:
        ConfigError: the tracker cannot be read, or it and the config do not fit; the message is the first problem.
    """
    tracker, found = _examined(settings)
    if found:
        raise ConfigError(str(found[0]))
    catalogue = _joined(settings, tracker, rows)
    for problem in _misfits(settings, catalogue, tracker, proofs):
        raise ConfigError(str(problem))
    return catalogue


def catalogue_problems(settings: Settings, *, rows: _Extra = (), proofs: Collection[str] = ()) -> Iterator[Problem]:
    """Yield everything that is wrong with the tracker and with what the config says about it."""
    yield from examine_catalogue(settings, rows=rows, proofs=proofs)[1]


def examine_catalogue(
    settings: Settings, *, rows: _Extra = (), proofs: Collection[str] = ()
) -> tuple[Catalogue | None, list[Problem]]:
    """Return the catalogue as far as it can be told (None: not at all), and everything that is wrong."""
    tracker, found = _examined(settings)
    if settings.tracker is not None and tracker is None:
        return None, found
    catalogue = _joined(settings, tracker, rows)
    misfits = _misfits(settings, catalogue, tracker, proofs)
    return catalogue, [*found, *misfits, *_unwritten_items(settings, tracker), *_idle_patterns(settings, tracker)]


def skipped_rows(settings: Settings) -> tuple[tuple[int, str], ...]:
    """Return (line, why) of each row of the tracker that is no use case, as far as it can be read."""
    tracker, _ = _examined(settings)
    return tracker.skipped_rows if tracker else ()


def tracker_of(settings: Settings) -> Tracker | None:
    """Return what the tracker says, or None where the config names none.

    Raises:
        ConfigError: it cannot be read or says something wrong.
    """
    tracker, found = _examined(settings)
    if found:
        raise ConfigError(str(found[0]))
    return tracker


def _examined(settings: Settings) -> tuple[Tracker | None, list[Problem]]:
    if settings.tracker is None:
        return None, []
    columns = {str(ours): theirs for ours, theirs in settings.tracker_columns.items()}
    statuses = {str(ours): theirs for ours, theirs in settings.statuses.items()}
    return examine_tracker(settings.tracker, columns, statuses, settings.tracker_skip)


def _joined(settings: Settings, tracker: Tracker | None, rows: _Extra) -> Catalogue:
    items = _items(settings, tracker)
    real = {name for name, one in settings.environments.items() if one.real}
    register = {row.id: _where_it_counts(row, real) for row in [*(tracker.rows if tracker else ()), *rows]}
    said = settings.use_cases
    if not register:
        register = {name: UseCase(id=name) for name in said}
    environments = {n: Environment(n, one.real, one.endpoints) for n, one in settings.environments.items()}
    modes = {n: ProviderMode(n, one.title, one.real) for n, one in settings.provider_modes.items()}
    known = Catalogue(settings.register, items=items)
    return Catalogue(
        register=settings.register,
        use_cases={n: _with(row, said[n], known) if n in said else row for n, row in register.items()},
        items=items,
        environments=environments,
        provider_modes=modes,
        open_world=settings.path is None and tracker is None and not register,
    )


def _where_it_counts(row: UseCase, real: Collection[str]) -> UseCase:
    """Return a row without what it says of environments that are not real: nothing that counts is derived there."""
    there = tuple([pair for pair in row.declared_in if pair[0] in real]) if row.declared_in else ()
    return row if there == row.declared_in else replace(row, declared_in=there)


def _with(row: UseCase, said: UseCaseSettings, known: Catalogue) -> UseCase:
    return replace(
        row,
        title=said.title or row.title,
        owner=said.owner or row.owner,
        architecture_status=said.architecture_status or row.architecture_status,
        environments=said.environments if said.environments is not None else row.environments,
        provider_modes=said.provider_modes if said.provider_modes is not None else row.provider_modes,
        drills=said.drills or row.drills,
        not_applicable=tuple((_by_key(part, known), reason) for part, reason in said.not_applicable.items())
        or row.not_applicable,
    )


def _by_key(part: str, known: Catalogue) -> str:
    """Return ``6/rotation`` for ``secrets/rotation``; what names no item stays as it is, to be told."""
    name, slash, rest = part.partition("/")
    try:
        return known.item(name).key + slash + rest
    except ClaimError:
        return part


def _items(settings: Settings, tracker: Tracker | None) -> dict[str, Item]:
    listed = {item.key: item for item in tracker.items} if tracker else {}
    if not settings.items:
        return _apart(listed or {item.key: item for item in BUILTIN_ITEMS}, ())
    said = {key: _item(key, one, listed.get(key)) for key, one in settings.items.items()}
    return _apart({**listed, **said}, [key for key, one in settings.items.items() if one.name])


def _item(key: str, said: ItemSettings, listed: Item | None) -> Item:
    title = said.title or (listed.title if listed else key)
    return Item(
        key=key,
        title=title,
        scope=said.scope,
        parts=said.parts,
        proof=said.proof,
        max_age_days=said.max_age_days,
        name=said.name or recognise_item(key, title).name,
        connection=said.connection,
    )


def _apart(items: Mapping[str, Item], named: Collection[str]) -> dict[str, Item]:
    """Take away the built-in names that two items would answer to; names that the config gives are judged instead."""
    spoken = Counter(item.name.lower() for item in items.values() if item.name)
    spoken.update(key.lower() for key in items)
    return {
        key: replace(item, name=None) if item.name and key not in named and spoken[item.name.lower()] > 1 else item
        for key, item in items.items()
    }


def _unwritten_items(settings: Settings, tracker: Tracker | None) -> Iterator[Problem]:
    """Where the config writes items out, each of the tracker's must be among them: its meaning is a person's to say."""
    for item in tracker.items if tracker and settings.items else ():
        if item.key not in settings.items:
            what = f"required evidence {item.key} of the tracker has no [items.{item.key}]: write down what it means"
            yield Problem(key_location(settings, "items"), what)


def _idle_patterns(settings: Settings, tracker: Tracker | None) -> Iterator[Problem]:
    """A heading that is misspelt leaves nothing out."""
    for pattern in tracker.unmatched_patterns if tracker else ():
        yield Problem(
            key_location(settings, "tracker_skip"), f"no heading of the tracker matches '{pattern}': correct it"
        )


def _misfits(
    settings: Settings, catalogue: Catalogue, tracker: Tracker | None, proofs: Collection[str]
) -> Iterator[Problem]:
    if not catalogue.use_cases and not catalogue.open_world:
        what = 'there is no use case: name a tracker (tracker = "...") or write [use_cases.ID]'
        yield Problem(location(settings.path) if settings.path else "", what)
    yield from _same_but_for_case(settings, catalogue)
    for name, said in settings.use_cases.items():
        at = _At(settings, ("use_cases", name))
        if name not in catalogue.use_cases:
            where = f" in {location(tracker.path)}" if tracker else ""
            yield at.problem(f"there is no use case '{name}'{where}{suggestion(name, catalogue.use_cases)}")
            continue
        yield from (at.problem(what) for what in name_faults(name))
        yield from _use_case_misfits(at, said, catalogue, name)
    yield from _item_misfits(settings, catalogue, (*PROOFS, *proofs))
    kinds = {
        "environment": catalogue.environments,
        "provider mode": catalogue.provider_modes,
        "part": {part for item in catalogue.items.values() for part in item.parts},
    }
    for name, one, other in shared_names(kinds):
        at = _At(settings, ("environments" if one == "environment" else "provider_modes", name))
        yield at.problem(f"'{name}' is the name of both a declared {one} and a {other}: rename one")


def _same_but_for_case(settings: Settings, catalogue: Catalogue) -> Iterator[Problem]:
    """Ids are looked up in any letter case: two that differ in nothing else could not be told apart."""
    seen: dict[str, str] = {}
    for name in catalogue.use_cases:
        first = seen.setdefault(name.casefold(), name)
        if first != name:
            where = key_location(settings, "use_cases", name)
            other = key_location(settings, "use_cases", first)
            what = f"use case '{name}' is '{first}' ({other}) in another letter case: remove or rename one"
            yield Problem(where, what)


@dataclass(frozen=True, slots=True)
class _At:
    """A key of the config, to which problems are pinned."""

    settings: Settings
    keys: tuple[str, ...]

    def problem(self, what: str, *keys: str) -> Problem:
        return Problem(key_location(self.settings, *self.keys, *keys), what)


def _use_case_misfits(at: _At, said: UseCaseSettings, catalogue: Catalogue, name: str) -> Iterator[Problem]:
    declared: tuple[tuple[str, str, tuple[str, ...] | None, Mapping[str, Environment | ProviderMode]], ...] = (
        ("environments", "environment", said.environments, catalogue.environments),
        ("provider_modes", "provider mode", said.provider_modes, catalogue.provider_modes),
    )
    for key, kind, listed, known in declared:
        if listed == ():
            yield at.problem(
                f"{name} lists no {kind}: name one, or leave {key} out to need each declared real one", key
            )
        for one in listed or ():
            if one not in known:
                yield at.problem(f"{name} needs {kind} '{one}', which is not declared{suggestion(one, known)}", key)
            elif not known[one].real:
                yield at.problem(f"{name} needs {kind} '{one}', which is not declared real: nothing there counts", key)
        yield from (at.problem(f"{name} lists {kind} '{one}' twice", key) for one in _twice(listed or ()))
    yield from (at.problem(f"{name} lists drill '{one}' twice", "drills") for one in _twice(said.drills))
    ends = {req.id.partition("/")[2] for req in catalogue.requirements(name)} if said.not_applicable else set()
    for part in said.not_applicable:
        end = _by_key(part, catalogue)
        if end not in ends and end not in catalogue.items:
            told = suggestion(end, {*ends, *catalogue.items})
            yield at.problem(f"{name} has no requirement or item '{part}'{told}", "not_applicable", part)


def _item_misfits(settings: Settings, catalogue: Catalogue, proofs: Collection[str]) -> Iterator[Problem]:
    answers = {key.lower(): key for key in catalogue.items}
    for key in settings.items:
        item, at = catalogue.items[key], _At(settings, ("items", key))
        if item.proof not in proofs:
            told = suggestion(item.proof, proofs) or f" (proofs are {', '.join(proofs)})"
            yield at.problem(f"item {key} asks for a proof '{item.proof}' that does not exist{told}", "proof")
        if item.proof == PROOF_OF_PART:
            if not item.parts:
                yield at.problem(f"item {key} asks for the proof of each part and has none: name its parts", "proof")
            for part in item.parts:
                if part not in proofs:
                    what = f"item {key} asks part '{part}' for the proof of its name, which does not exist"
                    yield at.problem(what + suggestion(part, proofs), "parts")
        yield from (at.problem(f"item {key} lists part '{one}' twice", "parts") for one in _twice(item.parts))
        if item.connection == "seen":
            yield from (at.problem(what, "connection") for what in _without_endpoints(item, catalogue))
        if item.name:
            other = answers.setdefault(item.name.lower(), key)
            if other != key:
                yield at.problem(f"'{item.name}' is the name of item {key} and of item {other}: rename one", "name")


def _without_endpoints(item: Item, catalogue: Catalogue) -> Iterator[str]:
    """A connection to an endpoint that nobody names can never be seen."""
    for name, environment in catalogue.environments.items():
        if environment.real and not environment.endpoints:
            yield f"item {item.key} asks for a connection, and environment '{name}' declares no endpoints: name them"


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
