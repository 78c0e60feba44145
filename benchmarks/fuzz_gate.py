"""Judges invented histories twice, by the product and by a second model of the rules, and compares.

python benchmarks/fuzz_gate.py                         # 100,000 histories; exit code 1 at the first difference
python benchmarks/fuzz_gate.py --seed 7 --only git     # another seed; only histories with decisions as files
python benchmarks/fuzz_gate.py --sharpness             # each known fault put back, until it is found
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
import traceback
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from gatefuzz import machine

BATCH = 50


def main() -> int:
    """Run, tell, and return the exit code."""
    options = _options()
    if options.list_faults:
        return _list_faults()
    if options.sharpness or options.fault:
        return _sharpness(options)
    begun = time.perf_counter()
    first, left, differences = options.number, options.histories, 0
    while left > 0 and (found := search(options.seed, left, options.jobs, options.only, first=first)) is not None:
        number, looked_at, told = found
        print(
            f"a difference in history {number} of seed {options.seed}, after {number - options.number + 1} histories:"
        )
        print(told, flush=True)
        differences, first, left = differences + 1, first + looked_at, left - looked_at
        if not options.all:
            return 1
    minutes = (time.perf_counter() - begun) / 60
    print(f"{options.histories} histories, {differences} differences, seed {options.seed}, {minutes:.1f} minutes")
    return 1 if differences else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=100_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=["store", "git"], help="only histories of this kind")
    parser.add_argument("--number", type=int, default=0, help="begin with this history")
    parser.add_argument("--all", action="store_true", help="go on after a difference, and show each")
    parser.add_argument("--fault", help="put this fault back (see gatefuzz/faults.py)")
    parser.add_argument("--sharpness", action="store_true", help="put each fault back, one after the other")
    parser.add_argument(
        "--list-faults", action="store_true", help="name each fault, and whether its edit fits the code"
    )
    return parser.parse_args()


def search(
    seed: str, histories: int, jobs: int, only: str | None = None, fault: str | None = None, first: int = 0,
    *, smaller: bool = True,
) -> tuple[int, int, str] | None:  # fmt: skip
    """Return the first difference that was found: its number, how many histories it took, and what it is.

    ``smaller``: search also for a smaller history that shows it.
    """
    last = first + histories
    todo = iter(range(first, last, BATCH))
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(fault,)) as pool:
        waiting = deque(
            pool.submit(_batch, seed, start, min(BATCH, last - start), only, smaller)
            for start, _ in zip(todo, range(jobs * 2), strict=False)
        )
        while waiting:  # in their order, so that what is found is the first
            number, told = waiting.popleft().result()
            if told:
                for other in waiting:
                    other.cancel()
                return number, number - first + 1, told
            if (start := next(todo, None)) is not None:
                waiting.append(pool.submit(_batch, seed, start, min(BATCH, last - start), only, smaller))
            if (number - first) % 5_000 < BATCH and number - first >= BATCH and not fault:
                print(f"{number - first} histories, no difference", flush=True)
    return None


_DRIVER = None
_SHOWS = None
"""Which histories can show the fault that was put back; None: there is none."""


def _begin(fault: str | None) -> None:
    """In each process: the machine first, then the product, then the fault."""
    global _DRIVER, _SHOWS  # noqa: PLW0603 - one for each process
    machine.install()
    import atexit

    from gatefuzz.driver import Driver
    from gatefuzz.faults import FAULTS, put_back

    if fault is not None:
        put_back(fault)
        _SHOWS = FAULTS[fault].shows
    _DRIVER = Driver()
    gc.collect()
    gc.freeze()  # what is loaded stays: nobody need look at it again and again
    gc.set_threshold(50_000, 20, 100)
    atexit.register(_DRIVER.close)


def _batch(seed: str, start: int, count: int, only: str | None, smaller: bool) -> tuple[int, str]:  # noqa: FBT001
    from gatefuzz.compare import differences
    from gatefuzz.histories import invent
    from gatefuzz.model import judged
    from gatefuzz.shrink import in_words, shrunk

    for number in range(start, start + count):
        history = invent(seed, number, only)
        if _SHOWS is not None and not _SHOWS(history, judged(history)[0]):
            continue
        try:
            found = differences(history, _DRIVER)
        except Exception:  # noqa: BLE001 - a crash is a difference too
            return number, f"{in_words(history)}\n\n{traceback.format_exc()}"
        if found and not smaller:
            return number, "\n".join([in_words(history), "", *found])
        if found:
            small = shrunk(history, lambda one: bool(_quietly(one)))
            told = [in_words(history), "", *found, "", "the same, made smaller:", in_words(small), ""]
            return number, "\n".join([*told, *_quietly(small)])
    return start, ""


def _quietly(history) -> list[str]:
    from gatefuzz.compare import differences

    try:
        return differences(history, _DRIVER)
    except Exception:  # noqa: BLE001 - what is left makes no sense: not smaller
        return []


def _sharpness(options: argparse.Namespace) -> int:
    from gatefuzz.faults import FAULTS

    names = [options.fault] if options.fault else list(FAULTS)
    missed = 0
    for name in names:
        found = search(
            options.seed, min(options.histories, 20_000), options.jobs, FAULTS[name].only, fault=name,
            first=options.number, smaller=not options.sharpness,
        )  # fmt: skip
        missed += found is None
        told = f"found after {found[1]} histories (history {found[0]})" if found else "NOT FOUND"
        print(f"{name:24} {told}: {FAULTS[name].told}", flush=True)
        if found and options.fault:
            print(found[2])
    return 1 if missed else 0


def _list_faults() -> int:
    machine.install()
    from gatefuzz.faults import FAULTS, put_back

    wrong = 0
    for name, fault in FAULTS.items():
        try:
            put_back(name)
            told = "fits"
        except (ValueError, AssertionError, AttributeError, KeyError, ImportError) as error:
            told, wrong = f"DOES NOT FIT: {error}", wrong + 1
        print(f"{name:32} {told}: {fault.told}")
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    raise SystemExit(main())
