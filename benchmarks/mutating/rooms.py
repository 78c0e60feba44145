"""What decides, by rooms: the files that are changed, and the tests that are to notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "pytest_readiness"


@dataclass(frozen=True)
class Room:
    """What is changed, and the tests that are to notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "evaluation": Room(
        (
            "verdict/evaluation.py", "verdict/coverage.py", "verdict/status.py", "verdict/readiness.py",
            "verdict/removed_use_cases.py", "verdict/requirement/state.py", "verdict/requirement/execution_ledger.py",
            "verdict/requirement/interrupted_scope.py", "verdict/requirement/later_runs.py",
            "journal/joined_executions.py",
        ),
        (
            "tests/verdict", "tests/facts/test_evidence.py", "tests/journal/test_joined_executions.py",
            "tests/plugin/test_marker.py", "tests/plugin/test_missing.py", "tests/plugin/test_never_better.py",
            "tests/plugin/test_one_id.py", "tests/plugin/test_outcomes.py", "tests/plugin/test_places.py",
            "tests/cli/test_flaky_without_proof.py", "tests/cli/test_left_the_register.py", "tests/cli/test_next.py",
            "tests/cli/test_report.py", "tests/cli/test_retire.py", "tests/cli/test_why.py",
        ),
    ),
    "gate": Room(
        (
            "verdict/gate.py", "verdict/regression.py", "verdict/requirement/skipped_tests.py",
            "verdict/requirement/levels.py", "verdict/requirement/retired_runs.py",
            "pipeline/evaluate_project.py", "pipeline/retired_runs.py",
        ),
        (
            "tests/verdict", "tests/pipeline", "tests/signing/test_signing.py", "tests/trust/test_store_attacks.py",
            "tests/cli/test_gate.py",
            "tests/cli/test_gate_options.py", "tests/cli/test_left_the_register.py", "tests/cli/test_retire_run.py",
            "tests/cli/test_review_suspect.py", "tests/cli/test_tampering.py",
        ),
    ),
    "groups": Room(
        ("verdict/run_groups.py", "facts/run_group.py"),
        (
            "tests/verdict", "tests/facts/test_run.py", "tests/plugin/test_groups.py", "tests/cli/test_gate.py",
            "tests/cli/test_retire_run.py",
        ),
    ),
    "reviews": Room(
        (
            "verdict/policy.py", "verdict/people.py", "verdict/review/standing.py", "verdict/review/invalidation.py",
            "verdict/review/basis.py", "verdict/review/pins.py", "verdict/review/decision_index.py",
            "verdict/review/authority.py", "verdict/review/waivers.py",
            "pipeline/unseen_failures.py",
        ),
        (
            "tests/verdict", "tests/pipeline", "tests/cli/test_block.py", "tests/cli/test_clocks.py",
            "tests/cli/test_four_eyes.py", "tests/cli/test_left_the_register.py", "tests/cli/test_retire.py",
            "tests/cli/test_retire_run.py", "tests/cli/test_review.py", "tests/cli/test_review_suspect.py",
            "tests/cli/test_review_unseen.py", "tests/cli/test_waive.py",
        ),
    ),
    "chain": Room(
        ("store/integrity/chain.py", "store/integrity/salvage.py", "facts/ledger/line.py"),
        (
            "tests/facts/ledger/test_line.py", "tests/facts/test_run.py", "tests/claims/test_shared_marks.py",
            "tests/store/integrity/test_chain.py", "tests/store/integrity/test_salvage.py",
            "tests/store/integrity/test_index.py",
            "tests/store/sqlite/test_audit.py", "tests/journal/test_recovery.py", "tests/journal/test_writer.py",
            "tests/signing/test_keys.py", "tests/cli/test_retire_run.py", "tests/cli/test_tampering.py",
        ),
    ),
    "decision files": Room(
        (
            "store/decision_files/folder.py", "store/decision_files/git_history.py",
            "store/decision_files/committed_files.py", "store/decision_files/other_homes.py",
            "store/decision_files/git_repository.py",
        ),
        (
            "tests/store/decision_files/test_folder.py", "tests/store/decision_files/test_folder_in_git.py",
            "tests/signing/test_signing.py",
            "tests/cli/test_block.py", "tests/cli/test_clocks.py",
            "tests/cli/test_decision_files.py", "tests/cli/test_decision_homes.py",
            "tests/cli/test_four_eyes.py", "tests/cli/test_review.py",
            "tests/cli/test_verify.py",
        ),
    ),
}  # fmt: skip


ALL = ("tests/test_values.py",)
"""Tests of every room, which look at the program as it is loaded."""


def files_of(tests: tuple[str, ...]) -> list[str]:
    """Return the test files that a room names."""
    found = []
    for test in (*tests, *ALL):
        path = ROOT / test
        if not path.exists():
            raise SystemExit(f"mutants: {test} is no longer there: see benchmarks/mutating/rooms.py")
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return list(dict.fromkeys(one.relative_to(ROOT).as_posix() for one in found))
