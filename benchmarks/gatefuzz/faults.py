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
    "journal.joined_executions:ExecutionJoiner.join",
    "if self._written and (written := self._written.get(test_id)) is not None:",
    "if (written := None) is not None:",
)
"""What was told of a test is not told again with what comes under its id later."""
FAULTS: dict[str, Fault] = {
    "A1-mark-is-believed": Fault(
        "a mark's environment and provider mode are taken for the place of the run",
        signs.marked_elsewhere,
        (
            Edit(
                "recording.claim_resolution:resolve_claim",
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
        (Edit("verdict.review.invalidation:_never_signed", "if requirement.state is not State.WAIVED:", "if False:"),),
    ),
    "A9-four-eyes-once": Fault(
        "a reviewer who records everything anew after signing keeps a current review",
        signs.approved_before(Run),
        (
            Edit(
                "verdict.review.standing:_standing",
                "recorders_now(facts.required, review.basis, origins, facts.policy)",
                "__import__('pytest_readiness.verdict.review.pins', fromlist=['_']).recorders_of("
                "review.basis, origins, facts.policy)",
            ),
        ),
    ),
    "A15-removed-with-its-blocker": Fault(
        "a row goes with its failing requirement and its open blocker, and nobody says a word",
        signs.edited("row"),
        (
            Edit(
                "pipeline.evaluate_project:evaluate_with_facts",
                "        if readiness.removed:\n",
                "        readiness = replace(readiness, removed=())\n        if readiness.removed:\n",
            ),
        ),
    ),
    "A17-policy-weakened": Fault(
        "a policy that is weaker than when it was signed does not make a review suspect",
        signs.approved_before(Edited),
        (
            Edit(
                "verdict.review.invalidation:_weaker_terms",
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
                "verdict.review.invalidation:adverse_to",
                "        return horizon.hides(",
                "        return execution.started_at > pinned.earliest(scopes, review.seen_until)\n"
                "        return horizon.hides(",
            ),
        ),
    ),
    "1a-newest-hides": Fault(
        "of several items with one id in a session the newest decides",
        signs.namesakes,
        (ALONE, Edit("journal.joined_executions:ExecutionJoiner.planned", "ids = [", "return\n    ids = [")),
    ),
    "1b-whole-protocol-again": Fault(
        "a plugin runs the whole protocol again, and the last execution hides those before",
        signs.ran("flaky"),
        (
            ALONE,
            Edit(
                "recording.report_writer:LocalReportWriter._write_ended",
                "if restarts and ended == nodeid and",
                "if False and",
            ),
        ),
    ),
    "1c-dist-each": Fault(
        "of the workers that each run everything the last one decides",
        signs.ran("each"),
        (
            ALONE,
            Edit(
                "recording.controller_report_writer:ControllerReportWriter.pytest_xdist_setupnodes",
                '== "each"',
                '== "none"',
            ),
        ),
    ),
    "1d-crash-is-forgotten": Fault(
        "a test whose worker crashed, and that ran again in another, has not failed before",
        signs.crashed,
        (
            Edit(
                "journal.run_log:RunLog.crashed",
                "        if again:\n            self.joiner.run_again(body)",
                "        if again:\n            self.joiner.attempted(body['attempts'][-1] | {'test': 'none'})",
            ),
        ),
    ),
    "1e-last-of-equals": Fault(
        "of several items with one id the last one's result is taken, and not the worst",
        lambda *given: signs.namesakes(*given) or signs.ran("each", "flaky")(*given),
        (Edit("journal.joined_executions:join_executions", "worst = max(bodies, key=severity)", "worst = bodies[-1]"),),
    ),
    "A3-decision-edited": Fault(
        "a committed decision whose file was edited and not committed vanishes without a word",
        signs.tampered,
        (
            Edit(
                "store.decision_files.committed_files:FolderReader._compare",
                "    as_added =",
                "    for name in differing:\n        del self.folder.files[name]\n    return\n    as_added =",
            ),
            Edit(
                "store.decision_files.committed_files:FolderReader.read",
                "history.touches.keys() - folder.files.keys()",
                "set()",
            ),
        ),
        only="git",
    ),
    "A4-folder-moved": Fault(
        "who moves the folder of the decisions is the author of all of them",
        signs.tampered,
        (
            Edit(
                "store.decision_files.committed_files:FolderReader._attribute",
                "history.first_authors(added, self.is_same_person)",
                "[added[0].author]",
            ),
        ),
        only="git",
    ),
    "A5-narrower-rerun": Fault(
        "a part of a group that comes again stands for another part",
        signs.grouped,
        (
            Edit(
                "verdict.run_groups:Generation.arrived",
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
                "pipeline.load_inputs:parts_of",
                "sealed = {id_: run for id_, run in sources.journal_runs.items() if run.seal is not None}",
                "sealed = {}",
            ),
        ),
    ),
    "A7-flaky-hides-asserted": Fault(
        "of a pass after a failed attempt nobody asks whether it has its proof",
        signs.tried_again,
        (
            Edit(
                "verdict.readiness:policy_states_of",
                "return (state, State.ASSERTED) if unproven and state is State.FLAKY else _ALONE[state]",
                "return _ALONE[state]",
            ),
        ),
    ),
    "A10-let-go-elsewhere": Fault(
        "a group that is incomplete in one environment is let go by the same tests in another",
        signs.grouped,
        (Edit("verdict.run_groups:_held_use_cases", "held_in <= since", "bool(since)"),),
    ),
    "A11-group-id-used-again": Fault(
        "an id that is used again the next day counts yesterday's parts",
        signs.grouped_twice,
        (
            Edit("verdict.run_groups:generations", "setdefault(part.pipeline, [])", "setdefault(None, [])"),
            Edit("verdict.run_groups:_windows", "<= WINDOW", "<= 1000 * WINDOW"),
        ),
    ),
    "A16-no-longer-real": Fault(
        "an environment that is no longer real still completes items of scope once",
        signs.edited("unreal"),
        (
            Edit(
                "verdict.coverage:RealPlaces.counts",
                "if not evidence.real or evidence.environment not in self.environments:",
                "if not evidence.real:",
            ),
        ),
    ),
    "A2-failure-before-scope": Fault(
        "a failure before scope() counts only where its run said that it took place",
        signs.failed_unplaced,
        (
            Edit(
                "verdict.requirement.execution_ledger:ExecutionLedger._other_places_for",
                "if not self.has_broken or",
                "if True or",
            ),
        ),
    ),
    "A2-retry-covers-elsewhere": Fault(
        "an attempt that ended before its test said where it runs is made good everywhere by a retry in its place",
        lambda *given: signs.tried_again(*given) or signs.crashed(*given),
        (Edit("journal.earlier_attempts:merge_earlier_attempts", "if remaining is not claim and", "if False and"),),
    ),
}
