"""Which tests are gone: a pattern may retire these, and no test that still runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Set as AbstractSet
from pathlib import Path

from ..pipeline.judging import Judged, Place
from ..verdict.later_runs import LaterRuns, is_case_beside


def gone(place: Place, judged: Judged, tests: Collection[str]) -> list[str]:
    """Return which of these tests a later run did not have any more, in each environment in which they ever ran.

    That a run had others is enough for a case of a parametrised test whose other cases it ran. It may have been about
    other files or other tests: any other test is gone only once the work tree has no test of its name in its file.
    What a run deselected is not gone, and a run that was asked for single tests of a file says nothing of the others.

    Raises:
        StorageError, IntegrityError: what the runs had planned cannot be read.
    """
    facts = judged.facts
    instead = LaterRuns(facts.evidence, facts.origins, asks_plans=True).instead(tests)
    planned = _planned(place, {later.run_id for ones in instead.values() for later in ones})
    return [
        test
        for test, ones in instead.items()
        if not any((later.run_id, test) in planned for later in ones)
        and (all(is_case_beside(test, later.test_id) for later in ones) or not _is_there(place.settings.folder, test))
    ]


def _planned(place: Place, runs: AbstractSet[str]) -> set[tuple[str, str]]:
    """Return each run, and each test that it collected, deselected or not."""
    store = place.store()
    try:
        left = place.sources(store).runs_left
        plans = {id_: left[id_].planned for id_ in runs if id_ in left}
        if store is not None:
            plans |= store.plans(runs - plans.keys())
        return {(run, test.test_id) for run, tests in plans.items() for test in tests}
    finally:
        if store is not None:
            store.close()


def _is_there(folder: Path, test_id: str) -> bool:
    """Return whether the work tree may still have a test: by the name of its function in its file, if it can tell."""
    file, _, rest = test_id.partition("::")
    if file.startswith("//"):  # in a checkout that lies elsewhere
        return True
    function = re.escape(rest.partition("[")[0].rpartition("::")[2])
    try:
        text = (folder / file).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return re.search(rf"(?<!\w){function}(?!\w)", text) is not None
