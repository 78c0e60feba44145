"""Run writers of JUnit XML on suites of known truth, and import what they write. See benchmarks/README.md.

python benchmarks/try_producers.py [NAME...] [--folder kept] [--verbose]

Prints a table of producers and outcomes. Exit code 1 where a cell says PASSED of what did not pass, unless the file
cannot tell and the producer's entry says so; where a pass is lost; or where nothing could be tried.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from producers import of_debian, of_node, of_python
from producers.imported import take_in
from producers.producer import Producer
from producers.table import LEGEND, Tried, lines, untold, wrong
from producers.workshop import Skipped, run, set_up, version

PRODUCERS = (*of_python.PRODUCERS, *of_node.PRODUCERS, *of_debian.PRODUCERS)


def main() -> int:
    """Try what is asked for, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only producers whose name holds one of these")
    parser.add_argument("--folder", type=Path, help="keep what is installed here for the next time")
    parser.add_argument("--verbose", action="store_true", help="also print what producers and command print")
    options = parser.parse_args()
    chosen = [one for one in PRODUCERS if not options.names or any(name in one.key for name in options.names)]
    folder: Path = (options.folder or Path(tempfile.mkdtemp(prefix="producers-"))).resolve()
    try:
        tried, left_out = _all(chosen, folder, verbose=options.verbose)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(["", *lines(tried), "", LEGEND, "", *untold([one.producer for one in tried])]))
    print("\n".join(["", f"{len(tried)} of {len(chosen)} producers tried", *left_out]))
    faults = [fault for one in tried for fault in wrong(one)]
    print("\n".join(faults))
    return int(bool(faults) or not tried)


def _all(chosen: list[Producer], folder: Path, *, verbose: bool) -> tuple[list[Tried], list[str]]:
    tried: list[Tried] = []
    left_out: list[str] = []
    for producer in chosen:
        print(f"{producer.name} ...", file=sys.stderr, flush=True)
        try:
            tried.append(_one(producer, folder, verbose=verbose))
        except Skipped as reason:
            left_out.append(f"skipped: {producer.name}: {reason}")
    return tried, left_out


def _one(producer: Producer, folder: Path, *, verbose: bool) -> Tried:
    home = set_up(producer, folder)
    reports, printed = [], []
    for each in producer.runs:
        report, text = run(each, home)
        printed.append(text)
        if report is not None:
            reports.append(report)
    project = folder / "imported" / producer.key
    shutil.rmtree(project, ignore_errors=True)
    imported = take_in(reports, project, producer.also)
    if verbose:
        print("\n".join([*printed, *imported.said]))
    return Tried(producer, version(producer), imported.results)


if __name__ == "__main__":
    raise SystemExit(main())
