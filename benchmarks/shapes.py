"""Check of random trackers of all shapes: each is read, changed and read again.

    python benchmarks/shapes.py [COUNT] [FIRST]

It checks COUNT trackers (10,000) with the seeds from FIRST (0) on, and prints each failure with its seed.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.claims.tracker.random_trackers import random_tracker
from tests.claims.tracker.test_shape_properties import check_tracker

from pytest_readiness.errors import ReadinessError


def main(count: int = 10_000, first: int = 0) -> int:
    """Check this number of trackers, and return 1 if one fails."""
    failed, rows, written = [], 0, 0
    for seed in range(first, first + count):
        tracker = random_tracker(seed)
        rows, written = rows + len(tracker.rows), written + len(tracker.changes)
        try:
            check_tracker(seed)
        except (AssertionError, ReadinessError) as error:
            failed.append(seed)
            print(f"seed {seed}: {type(error).__name__} {error}\n{tracker.text()}\n")
    print(f"{count} trackers, {rows} rows read, {written} written: {len(failed)} failed {failed or ''}")
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
