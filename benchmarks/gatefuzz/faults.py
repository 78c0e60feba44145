"""Known faults, each as a small edit of today's code that puts it back: they show whether the search is sharp."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any

from . import signs
from .signs import Sign
from .words import Edit as Edited, Merge, Run


@dataclass(frozen=True)
class Edit:
    """In a function, a piece of text is replaced by another."""

    where: str
    """``module:function`` or ``module:Class.method``, below ``pytest_readiness``."""
    old: str
    new: str


@dataclass(frozen=True)
class Fault:
    """A fault that the gate once had."""

    told: str
    shows: Sign
    """Which histories can show it."""
    edits: tuple[Edit, ...]
    only: str | None = None
    """Of which kind histories have to be to show it."""


_SOURCES: dict[str, str] = {}


def put_back(name: str) -> None:
    """Put a fault back, in this process.

    Raises:
        ValueError: the code is another by now, so that the edit says nothing.
    """
    for edit in FAULTS[name].edits:
        _apply(edit)


def _apply(edit: Edit) -> None:
    module_name, _, path = edit.where.partition(":")
    module = import_module(f"pytest_readiness.{module_name}")
    function = _function(module, path)
    if edit.where not in _SOURCES:  # once its code is another, Python would look for its text elsewhere
        _SOURCES[edit.where] = textwrap.dedent(inspect.getsource(function))
    source = _SOURCES[edit.where]
    if source.count(edit.old) != 1:
        raise ValueError(f"{edit.where} has not once: {edit.old}")
    tree = ast.parse(source.replace(edit.old, edit.new))
    defined = tree.body[0]
    assert isinstance(defined, ast.FunctionDef)
    defined.decorator_list = []
    code = compile(
        ast.parse("from __future__ import annotations\n" + ast.unparse(tree)), inspect.getfile(function), "exec"
    )
    made: dict[str, Any] = {}
    exec(code, vars(module), made)
    changed = made[defined.name]
    function.__code__ = changed.__code__
    function.__kwdefaults__, function.__defaults__ = changed.__kwdefaults__, changed.__defaults__


def _function(module: Any, path: str) -> FunctionType:
    owner: Any = module
    *classes, name = path.split(".")
    for one in classes:
        owner = getattr(owner, one)
    found: Any = vars(owner)[name]
    for inner in ("fget", "func", "__func__", "__wrapped__"):
        found = getattr(found, inner, None) or found
    assert isinstance(found, FunctionType)
    return found


ALONE = Edit(
    "journal.joining:Ends.take",
    "if self._told and (told := self._told.get(test_id)) is not None:",
    "if (told := None) is not None:",
)
"""What was told of a test is not told again with what comes under its id later."""
FAULTS: dict[str, Fault] = {
    "A1-mark-is-believed": Fault(
        "a mark's environment and provider mode are taken for the place of the run",
        signs.marked_elsewhere,
        (
            Edit(
                "journal.placing:placed",
                "environment, mode = context.environment, "
                "proven or context.provider_mode or context.usual_provider_mode",
                "environment = context.environment or claim.environment\n"
                "    mode = proven or context.provider_mode or claim.provider_mode or context.usual_provider_mode",
            ),
        ),
    ),
    "A8-signed-while-waived": Fault(
        "a requirement that was WAIVED when it was signed becomes READY unseen",
        signs.decided("waive", "approve"),
        (Edit("verdict.suspicion:_never_seen", "if one.state is not State.WAIVED:", "if False:"),),
    ),
    "A9-four-eyes-once": Fault(
        "a reviewer who records everything anew after signing keeps a current review",
        signs.approved_before(Run),
        (
            Edit(
                "verdict.reviews:_standing",
                "recorders_now(seen.required, review.basis, origins, seen.policy)",
                "__import__('pytest_readiness.verdict.pinning', fromlist=['_']).recorders_of("
                "review.basis, origins, seen.policy)",
            ),
        ),
    ),
    "A15-removed-with-its-blocker": Fault(
        "a row goes with its failing requirement and its open blocker, and nobody says a word",
        signs.edited("row"),
        (
            Edit(
                "pipeline.judging:examine",
                "        if readiness.departed:\n",
                "        readiness = replace(readiness, departed=())\n        if readiness.departed:\n",
            ),
        ),
    ),
    "A17-policy-weakened": Fault(
        "a policy that is weaker than when it was signed does not make a review suspect",
        signs.approved_before(Edited),
        (
            Edit(
                "verdict.suspicion:_weaker",
                "in weaker_settings(signed.policy, now.policy):",
                "in [one for one in weaker_settings(signed.policy, now.policy) if one[0] in ('asserted', 'flaky')]:",
            ),
        ),
    ),
    "A12-late-failure": Fault(
        "a failure of a test that the review never pinned arrives after it, and does not make it suspect",
        signs.approved_before(Merge),
        (
            Edit(
                "verdict.suspicion:adverse_to",
                "        return horizon.hides(",
                "        return one.started_at > pinned.earliest(scopes, review.looked_at)\n"
                "        return horizon.hides(",
            ),
        ),
    ),
    "1a-newest-hides": Fault(
        "of several items with one id in a session the newest decides",
        signs.namesakes,
        (ALONE, Edit("journal.joining:Ends.planned", "ids = [", "return\n    ids = [")),
    ),
    "1b-whole-protocol-again": Fault(
        "a plugin runs the whole protocol again, and the last execution hides those before",
        signs.ran("flaky"),
        (ALONE, Edit("journal.keeper:OwnKeeper._tell_ended", "if nodeid == runs_again and", "if False and")),
    ),
    "1c-dist-each": Fault(
        "of the workers that each run everything the last one decides",
        signs.ran("each"),
        (ALONE, Edit("journal.keeper:WorkersKeeper.pytest_xdist_setupnodes", '== "each"', '== "none"')),
    ),
    "1d-crash-is-forgotten": Fault(
        "a test whose worker crashed, and that ran again in another, has not failed before",
        signs.crashed,
        (
            Edit(
                "journal.run_log:RunLog.crashed",
                "        if again:\n            self.ends.run_again(body)",
                "        if again:\n            self.ends.attempted(body['attempts'][-1] | {'test': 'none'})",
            ),
        ),
    ),
    "1e-last-of-equals": Fault(
        "of several items with one id the last one's result is taken, and not the worst",
        lambda *given: signs.namesakes(*given) or signs.ran("each", "flaky")(*given),
        (Edit("journal.joining:joined", "worst = max(bodies, key=badness)", "worst = bodies[-1]"),),
    ),
    "A3-decision-edited": Fault(
        "a committed decision whose file was edited and not committed vanishes without a word",
        signs.tampered,
        (
            Edit(
                "store.looking:Look._compare",
                "    as_added =",
                "    for name in differing:\n        del self.ground.files[name]\n    return\n    as_added =",
            ),
            Edit("store.looking:Look.at", "history.touches.keys() - ground.files.keys()", "set()"),
        ),
        only="git",
    ),
    "A4-folder-moved": Fault(
        "who moves the folder of the decisions is the author of all of them",
        signs.tampered,
        (Edit("store.looking:Look._attribute", "history.first(added, self.same)", "[added[0].author]"),),
        only="git",
    ),
    "A5-narrower-rerun": Fault(
        "a part of a group that comes again stands for another part",
        signs.grouped,
        (
            Edit(
                "verdict.groups:Generation.arrived",
                "numbers = {part.number for part in self.parts if part.run_id not in self.retired and part.collected}",
                "numbers = set(range(1, 1 + len(self.parts)))",
            ),
        ),
    ),
    "A6-group-in-a-journal": Fault(
        "the group of a run that lies sealed in a journal is not looked at",
        signs.grouped,
        (
            Edit(
                "pipeline.gathering:parts_of",
                "sealed = {id_: run for id_, run in sources.runs_left.items() if run.seal is not None}",
                "sealed = {}",
            ),
        ),
    ),
    "A7-flaky-hides-asserted": Fault(
        "of a pass after a failed attempt nobody asks whether it has its proof",
        signs.tried_again,
        (
            Edit(
                "verdict.readiness:asked_of",
                "return (state, State.ASSERTED) if unproven and state is State.FLAKY else _ALONE[state]",
                "return _ALONE[state]",
            ),
        ),
    ),
    "A10-let-go-elsewhere": Fault(
        "a group that is incomplete in one environment is let go by the same tests in another",
        signs.grouped,
        (Edit("verdict.groups:_held_by", "where <= since", "bool(since)"),),
    ),
    "A11-group-id-used-again": Fault(
        "an id that is used again the next day counts yesterday's parts",
        signs.grouped_twice,
        (
            Edit("verdict.groups:generations", "setdefault(part.pipeline, [])", "setdefault(None, [])"),
            Edit("verdict.groups:_windows", "<= WINDOW", "<= 1000 * WINDOW"),
        ),
    ),
    "A16-no-longer-real": Fault(
        "an environment that is no longer real still completes items of scope once",
        signs.edited("unreal"),
        (
            Edit(
                "verdict.coverage:Places.counts",
                "if not evidence.real or evidence.environment not in self.environments:",
                "if not evidence.real:",
            ),
        ),
    ),
    "A2-failure-before-scope": Fault(
        "a failure before scope() counts only where its run said that it took place",
        signs.failed_unplaced,
        (Edit("verdict.deciding:Ledger._elsewhere_for", "if not self.any_broken or", "if True or"),),
    ),
    "A2-retry-covers-elsewhere": Fault(
        "an attempt that ended before its test said where it runs is made good everywhere by a retry in its place",
        lambda *given: signs.tried_again(*given) or signs.crashed(*given),
        (Edit("journal.earlier:with_earlier", "if left is not claim and", "if False and"),),
    ),
}
