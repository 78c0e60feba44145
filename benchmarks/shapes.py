"""Random trackers of all shapes, read, written into and read again: nothing is lost, nothing else is changed.

    python benchmarks/shapes.py [COUNT] [FIRST]

COUNT trackers (10,000), by the seeds from FIRST (0) on. What fails is printed with its seed.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.claims.tracker.drawn import drawn
from tests.claims.tracker.test_shape_properties import judge

from pytest_readiness.errors import ReadinessError


def main(count: int = 10_000, first: int = 0) -> int:
    """Judge so many trackers, and return 1 where one fails."""
    failed, rows, written = [], 0, 0
    for seed in range(first, first + count):
        one = drawn(seed)
        rows, written = rows + len(one.rows), written + len(one.changes)
        try:
            judge(seed)
        except (AssertionError, ReadinessError) as error:
            failed.append(seed)
            print(f"seed {seed}: {type(error).__name__} {error}\n{one.text()}\n")
    print(f"{count} trackers, {rows} rows read, {written} written: {len(failed)} failed {failed or ''}")
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
