"""A pytest session's way through the pipeline: prepare to record, close the run, say what came of it."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluggy import PluginManager

from ..claims.catalogue import Catalogue
from ..errors import ConfigError, ReadinessError, count, one_line
from ..facts.conduct import conduct_of
from ..facts.run import Run
from ..foreign import is_failure, why
from ..frozen import dataclass, field
from ..journal.artifact import ArtifactFolder
from ..journal.context import Context
from ..journal.given import refuse_secrets, secrets_known_late
from ..journal.invocation import selected
from ..journal.keeper import Keeper, OwnKeeper, WorkersKeeper
from ..journal.naming import Names
from ..journal.nested import Living, around
from ..journal.proving import Means, new_nonce
from ..journal.recorder import Observer, Sender
from ..journal.redaction import Redactor
from .extensions import Plugins, kinds_where_asked, load_named
from .opening import close_run, open_run, plugins_trouble, redaction_trouble
from .place import Place, locate, select
from .selection import Selection, missing_only

if TYPE_CHECKING:  # judging and telling are heavy: loaded where a session is asked for them
    from ..views.pen import Line
    from ..views.report import Report

NOT_ELIGIBLE = 11
"""Exit code of a session whose gate is closed: 10 + the command's."""
NOT_KEPT = 13
"""Exit code of a session whose evidence could not be kept or is not intact."""
_RUN_GROUP = re.compile(r"(?P<id>.*\S.*):(?P<part>[0-9]{1,9})/(?P<parts>[0-9]{1,9})", re.ASCII | re.DOTALL)
NAMING = ("release", "actor")
"""Options with names that are compared, and so are written as they are."""
_CUT_SHORT = frozenset({2, 3, 4})
"""pytest's exit codes of a session that did not get to its tests or through them: it is no part that arrives."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the options, or their environment variables, say."""

    values: Mapping[str, str]
    """By the option's name without its prefix, such as ``gate-on``; only those that were given."""
    patterns: tuple[str, ...] = ()
    report: bool = False
    gate: bool = False
    plan: bool = False
    missing: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.values or self.patterns or self.report or self.gate or self.plan or self.missing)

    def get(self, name: str) -> str | None:
        """Return a value, or None."""
        return self.values.get(name)


@dataclass(frozen=True)
class Prepared:
    """Ready to record; nothing is written yet."""

    place: Place
    keeper: Keeper
    observer: Observer | None
    """None where xdist runs the tests in other processes."""
    selection: Selection
    living: Living
    """How a session within this one is told of it."""
    within: str | None = None
    """The journal of a living session around this one, which writes where this one would: it records nothing."""
    arrives: bool = False
    """It is a part of a run group, which is kept even where no evidence test runs in it."""
    given: Mapping[str, str] = field(default_factory=dict)
    """The names that its options give and that are compared, by how each is told."""


def prepare(  # noqa: PLR0913 - everything that pytest says of a session
    root: Path,
    options: Options,
    argv: Sequence[str],
    hooks: PluginManager,
    *,
    distributes: bool,
    called: Mapping[str, Any] | None = None,
    dry: bool = False,
    written: Sequence[str] = (),
) -> Prepared | None:
    """Return what a session needs to record, or None where there is neither a config nor an option.

    ``hooks``: pytest's own plugins, which may bring proof kinds too. ``called``: as ``journal.invocation`` tells it.
    ``written``: what pytest and other plugins write. ``dry``: the session runs no test, and records nothing.

    Raises:
        ReadinessError: the config, the tracker or an option cannot be used.
    """
    config, store, artifacts = options.get("config"), options.get("store"), options.get("artifacts")
    place = locate(root, config=config, store=store, artifacts=artifacts, hooks=(hooks,), kinds=kinds_where_asked)
    if not place.configured and not options.any:
        return None
    group = _group(options.get("run-group"))
    _check_paths(place, options)
    _check_checkpoints(options)
    selection, nonce, arrives = _selection(place, options), new_nonce(), group is not None
    conduct = selected(called or {}, options.patterns, missing=options.missing)
    more = {"group": group, "nonce": nonce, "conduct": conduct or None}
    opening = open_run(place, options.values, root, argv, more, written=written)
    given = _names(options, group)
    if given:
        refuse_secrets(given, opening.redactor, place.declares)
    journals, store = place.journals.resolve(), str(place.store_file.resolve())
    within = around(journals, store)
    opening.log.dry = dry = dry or within is not None
    living = Living(str(journals / opening.log.path.name), store, os.getpid())
    for_workers = {
        "catalogue": place.catalogue.to_plain(),
        "context": opening.context.to_plain(),
        "key": opening.key.hex(),
        "living": list(living),
        "artifacts": None if dry else str(place.artifacts),
        "artifact_limit": place.settings.artifact_limit,
        "nonce": nonce,
        "plugins": list(place.settings.plugins),
        "plugins_at": place.plugins.said,
        "folder": str(place.settings.folder),
        "prefix": f"{way}/" if (way := place.way_to(root)) else "",
        "selection": selection.to_plain(),
    }
    log, redactor = opening.log, opening.redactor
    if distributes:
        return Prepared(
            place, WorkersKeeper(log, redactor, for_workers), None, selection, living, within, arrives, given
        )
    observer = observer_of(for_workers, hooks, redactor=redactor)
    keeper = OwnKeeper(log, redactor, for_workers, observer)
    keeper.hooks = observer.hooks
    return Prepared(place, keeper, observer, selection, living, within, arrives, given)


def _selection(place: Place, options: Options) -> Selection:
    """What is missing is judged once, before anything is recorded: each xdist worker must select the same tests."""
    if options.missing:
        return missing_only(place, options.patterns, options.get("release"))
    select(place.catalogue, options.patterns)
    return Selection(options.patterns)


def selection_of(given: Mapping[str, Any]) -> Selection:
    """Return the selection that plain data describes, in a worker."""
    return Selection.from_plain(given["selection"])


def observer_of(given: Mapping[str, Any], hooks: PluginManager, *, redactor: Redactor | None = None) -> Observer:
    """Return the observer that plain data describes; without a redactor it is a worker's."""

    @cache
    def plugins() -> Plugins:
        return load_named(given["plugins"], Path(given["folder"]), given["plugins_at"], [hooks])

    make, artifacts = Observer if redactor else Sender, given["artifacts"]
    redactor = redactor or Redactor(bytes.fromhex(given["key"]), own=lambda: plugins().redactors())
    catalogue = Catalogue.from_plain(given["catalogue"])
    redactor.is_public = catalogue.declares
    observer = make(
        catalogue,
        Context.from_plain(given["context"]),
        redactor,
        ArtifactFolder(None if artifacts is None else Path(artifacts), given["artifact_limit"]),
        names=Names(given, redactor),
        means=Means(given["nonce"], lambda: plugins().kinds, lambda: plugins().simulations()),
    )
    observer.hooks = hooks
    return observer


def _names(options: Options, group: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the names that the options give and that are compared, by how each is told; mostly none."""
    said = {name: value for name in NAMING if (value := options.get(name)) is not None}
    said |= {"run-group": group["id"]} if group is not None else {}
    return {f"--readiness-{name} (or READINESS_{name.replace('-', '_').upper()})": said[name] for name in said}


def _group(given: str | None) -> dict[str, Any] | None:
    """``ID:K/N``; the id may itself contain colons."""
    if given is None:
        return None
    found = _RUN_GROUP.fullmatch(given)
    told = f"--readiness-run-group takes ID:K/N, such as nightly:2/4, not '{one_line(given)}'"
    if found is None:
        raise ConfigError(f"{told}: K says which of the N parts this session is")
    part, parts = int(found["part"]), int(found["parts"])
    if not 1 <= part <= parts:
        raise ConfigError(f"{told}: K is a number from 1 to N")
    return {"id": found["id"], "part": part, "parts": parts}


def _check_paths(place: Place, options: Options) -> None:
    """A report that cannot be written is a mistake that can be known before a test runs."""
    if (on := options.get("gate-on")) not in (None, "review", "evidence"):
        raise ConfigError(f"--readiness-gate-on is review or evidence, not '{one_line(str(on))}'")
    if named := {name: Path(path) for name in ("json", "bundle") if (path := options.get(name)) is not None}:
        from .targets import check_targets  # only where something is to be written

        check_targets(place, named)


def _check_checkpoints(options: Options) -> None:
    """Nor is one that cannot be read found out only when the tests have run."""
    if "READINESS_CHECKPOINT" in os.environ and (options.report or options.gate or options.get("json")):
        from .checkpoints import asked  # brings what judges

        asked()


@dataclass
class Outcome:
    """What came of a session."""

    run_id: str | None = None
    recorded: int = 0
    uncollected: str | None = None
    """What could not be collected, so that its tests did not run."""
    report: Report | None = None
    problems: list[str] = field(default_factory=list)
    """What went wrong, a line each."""
    notes: list[str] = field(default_factory=list)
    """What whoever runs should know, a line each; the evidence is kept."""
    exit_code: int = 0
    """For a session that pytest itself would end with 0."""


def close(prepared: Prepared, options: Options, exit_status: int) -> Outcome:
    """Seal the run, keep it, judge, and write what is asked for. Nothing is raised: it is told."""
    outcome = Outcome()
    with _uncollected():
        _close(prepared, options, exit_status, outcome)
        prepared.keeper.log.forget()
    if prepared.within is not None:
        told = f"nothing is recorded: this session runs within a test of another, which writes {prepared.within}"
        outcome.notes.append(told)
        outcome.exit_code = NOT_KEPT if options.gate else 0
    elif outcome.problems:
        outcome.exit_code = NOT_KEPT
    elif options.gate and not (outcome.report and outcome.report.verdict.eligible):
        outcome.exit_code = NOT_ELIGIBLE
    return outcome


@contextmanager
def _uncollected() -> Iterator[None]:
    """Run the block without garbage collection: it makes many values and no cycles, in a process full of others."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _close(prepared: Prepared, options: Options, exit_status: int, outcome: Outcome) -> None:
    try:
        sealed = _keep(prepared, outcome, exit_status, whole=bool(options.get("bundle")))
        if path := options.get("bundle"):
            _bundle(prepared.place, sealed, Path(path), outcome)
        if options.gate and (trouble := prepared.place.trouble) and not outcome.problems:
            outcome.problems.append(trouble)  # as ``readiness gate`` does, also where no test asked for the plugin
        if options.report or options.gate or options.get("json"):
            _judge(prepared.place, options, outcome)
    except (ReadinessError, OSError) as error:
        outcome.problems.append(str(error))
    except BaseException as error:  # a defect of ours must close the gate, not hide the tests' results
        if not is_failure(error):
            raise
        outcome.problems.append(f"a defect in pytest-readiness: {why(error)}")


def _keep(prepared: Prepared, outcome: Outcome, exit_status: int, *, whole: bool) -> Run | None:
    keeper = prepared.keeper
    keeper.settle()
    if keeper.log.uncollected or keeper.log.unread_marks or (prepared.arrives and exit_status not in _CUT_SHORT):
        keeper.log.arrive()
    sealed, problems = close_run(prepared.place, keeper.log, exit_status, whole=whole)
    outcome.problems += [*problems, *plugins_trouble(keeper.redactor)]
    outcome.notes += [*redaction_trouble(keeper.redactor), *keeper.notes()]
    if prepared.given:
        outcome.notes += secrets_known_late(prepared.given, keeper.redactor, prepared.place.declares)
    if sealed is not None:
        outcome.run_id, outcome.recorded = sealed.id, keeper.log.recorded
        outcome.uncollected = conduct_of(sealed.head, sealed.seal.body if sealed.seal else None).unrecorded_remark
    return sealed


def _bundle(place: Place, sealed: Run | None, path: Path, outcome: Outcome) -> None:
    """Also where the store could not take the run: then this is how it gets there."""
    from .carrying import bundle_session  # brings the archives of the standard library, which few sessions need

    try:
        missing = bundle_session(place, sealed, path).missing
    except ReadinessError as error:
        outcome.problems.append(str(error))
    else:
        outcome.problems += [f"{path}: the artifact {sha256} is not in it: it is gone" for sha256 in missing]


def _judge(place: Place, options: Options, outcome: Outcome) -> None:
    from ..views.document import to_json
    from ..views.report import Session
    from .judging import Request, judge, write_report

    session = Session(outcome.run_id, outcome.recorded) if outcome.run_id else None
    request = Request(
        options.patterns,
        on=options.get("gate-on"),
        session=session,
        problems=tuple(outcome.problems),
        release=options.get("release"),
        to_sign=bool(options.get("json")),
    )
    outcome.report = judge(place, request)
    outcome.problems += [text for text in outcome.report.context.problems if text not in outcome.problems]
    if path := options.get("json"):
        write_report(Path(path), to_json(outcome.report))


def told(outcome: Outcome, options: Options, place: Place, *, width: int, verbosity: int) -> list[Line]:
    """Return the lines for the end of the session; none where nothing was recorded and nothing is asked for."""
    unicode = prints_unicode()
    lines: list[Line] = []
    if outcome.report is not None and (options.report or options.gate):
        from ..views.gate import render_failed, render_verdict
        from ..views.terminal import render

        if options.report or verbosity < 0:
            lines += render(outcome.report, width, verbosity=verbosity, unicode=unicode)
        if verbosity < 0:
            lines += _problem_lines(outcome)
            lines += render_failed(outcome.report, width, unicode=unicode) if options.gate else []
        elif options.gate:
            lines += [(), *render_verdict(outcome.report, width, unicode=unicode)] if lines else []
            lines = lines or render_verdict(outcome.report, width, unicode=unicode)
        return lines if verbosity < 0 else lines + _note_lines(outcome)
    if outcome.run_id is not None:
        lines.append(((f"{count(outcome.recorded, 'piece')} of evidence recorded as run {outcome.run_id}", ""),))
        lines += [((outcome.uncollected, "warn"),)] if outcome.uncollected else []
    lines += _problem_lines(outcome)
    if lines and not place.configured:
        from ..views.sanitise import sanitise

        told = f"no config in {place.settings.folder} or above"
        lines.append(((sanitise(f"{told}: run 'readiness init', or name one: --readiness-config=PATH", 600), "warn"),))
    return lines


def _problem_lines(outcome: Outcome) -> list[Line]:
    from ..views.sanitise import sanitise

    return [*(((sanitise(problem, 2000), "bad"),) for problem in outcome.problems), *_note_lines(outcome)]


def _note_lines(outcome: Outcome) -> list[Line]:
    from ..views.sanitise import sanitise

    return [((sanitise(note, 600), "warn"),) for note in outcome.notes]


def prints_unicode() -> bool:
    """Return whether what pytest prints to can show the signs of the matrix."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    try:
        "✓·✗–…".encode(encoding)  # noqa: RUF001 - the signs of the matrix
    except (UnicodeEncodeError, LookupError):
        return False
    return True
