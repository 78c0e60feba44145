"""What the page costs: its size, CPU time, memory, and the time until a browser can use it. See benchmarks/README.md.

python benchmarks/page.py [--rounds 3] [--folder KEPT] [--use-cases 1000] [--suites 20]

Each suite is one run with a test for every use case: 20 suites and 1,000 use cases are 20,000 pieces of evidence.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from gate import CONFIG, DAY, ROW, SUITES, TRACKER, claim, test_lines

from pytest_readiness.facts.ledger.line import LineChain
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.facts.timestamps import timestamp
from pytest_readiness.pipeline.project import Project, find_project

GOALS = {"CPU s": 1.5, "MB above the report": 120, "file kB": 1000, "interactive s": 1.0}
FAILING = 50
"""Every so many use cases one has a test that fails."""
GENERATE = """
import gc, json, resource, sys, time
from pathlib import Path
from pytest_readiness.pipeline.evaluate_project import EvaluationRequest, evaluate_project
from pytest_readiness.pipeline.project import find_project

def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000

gc.set_threshold(5_000_000)
request = EvaluationRequest()
project = find_project(Path.cwd())
report = evaluate_project(project, request)
before_peak, before = peak(), time.process_time()
from pytest_readiness.pipeline.page_contents import with_page
from pytest_readiness.pipeline.output_files import write_report
from pytest_readiness.views.output_formats import FORMATS
from pytest_readiness.views.page_material import shown_evidence
write_report(Path("page.html"), FORMATS["html"].render(with_page(project, report, request)))
print(json.dumps({"CPU s": time.process_time() - before, "MB above the report": peak() - before_peak,
    "MB in all": peak(), "pieces": len(shown_evidence(report.readiness))}))
"""
"""Makes the page after the report in the same process, so that only the page is counted."""


def make(folder: Path, use_cases: int, suites: int) -> None:
    """Write a project whose store has the evidence of so many suites."""
    folder.mkdir(exist_ok=True)
    (folder / "readiness.toml").write_text(CONFIG)
    rows = "".join(ROW.format(number=number, team=number % 7) for number in range(1, use_cases + 1))
    (folder / "PROD_READINESS_TRACKER.md").write_text(TRACKER.lstrip() + rows)
    place = find_project(folder)
    with closing(place.store(create=True)) as store:
        for number in range(suites):
            made = make_run(place, number, use_cases)
            store.save([made], [place.requirements], made_here=[made.id])


def make_run(place: Project, number: int, use_cases: int) -> Run:
    """Return the run of one suite; each test of it is another one than those of the other suites."""
    started = time.time() - DAY / 2 - number * 1800
    suite, at = SUITES[number % len(SUITES)], timestamp(started)
    chain = LineChain(f"{at[:19].replace('-', '').replace(':', '')}Z-{number:08x}")
    head: dict[str, Any] = {
        "actor": "ada",
        "context": {"environment": "production", "provider_mode": "BYOK"},
        "git": {"commit": hashlib.sha1(b"%d" % number).hexdigest(), "dirty": False},
        "register": place.catalogue.register,
        "requirements": place.requirements.digest,
        "started_at": at,
    }
    lines = [chain.next("run", head)]
    tests = [(use_case, test_of(suite, number, use_case)) for use_case in range(1, use_cases + 1)]
    planned = [{"claims": [claim(suite, use_case)], "records": True, "test": test} for use_case, test in tests]
    lines.append(chain.next("planned", {"tests": planned}))
    for count, (use_case, test) in enumerate(tests):
        failed = number == 0 and use_case % FAILING == 0
        lines += test_lines(chain, suite, use_case, test, started + count * 0.0517, failed=failed)
    last = {"count": chain.seq, "exit_status": 0, "finished_at": timestamp(started + 600), "recovered": False}
    lines.append(chain.next("sealed", {**last, "planned": planned_digest(lines)}))
    return Run(tuple(lines))


def test_of(suite: dict[str, Any], number: int, use_case: int) -> str:
    return f"tests/acceptance/test_{suite['proof']}.py::test_case_{number // len(SUITES)}[UC-{use_case:04}-production]"


def generate(folder: Path) -> dict[str, float]:
    """Make the page in a process of its own, and return what that took."""
    done = subprocess.run([sys.executable, "-c", GENERATE], cwd=folder, capture_output=True, text=True, check=True)
    return {**json.loads(done.stdout), "file kB": (folder / "page.html").stat().st_size / 1000}


def load(page_file: Path) -> dict[str, float]:
    """Open the page in Chromium, and return the seconds until it can be used, a keystroke, a cell, and all verified."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        meter = page.context.new_cdp_session(page)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(page_file.as_uri(), wait_until="commit")
        page.wait_for_selector("html[data-ready]", state="attached")
        metrics = {each["name"]: each["value"] for each in meter.send("Performance.getMetrics")["metrics"]}
        interactive = page.evaluate("performance.getEntriesByName('interactive')[0].startTime") / 1000
        key = page.evaluate(
            """() => { const field = document.querySelector('#filter [name=q]'); field.value = 'uc-00';
            const start = performance.now(); field.dispatchEvent(new Event('input', {bubbles: true}));
            document.body.offsetHeight; return performance.now() - start; }"""
        )
        page.wait_for_selector("html[data-verified]", state="attached", timeout=120_000)
        verified = page.evaluate("performance.now()") / 1000
        said = page.text_content("#verification")
        nodes = page.evaluate("document.querySelectorAll('*').length")
        browser.close()
    if not said.startswith("Verified"):
        sys.exit(f"not verified: {said}")
    busy = metrics["TaskDuration"]
    return {
        "interactive s": interactive,
        "of it CPU s": busy,
        "keystroke ms": key,
        "verified s": verified,
        "nodes": nodes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--use-cases", type=int, default=1000)
    parser.add_argument("--suites", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not (folder / "readiness.toml").exists():
            make(folder, options.use_cases, options.suites)
        rounds = [generate(folder) | load(folder / "page.html") for _ in range(options.rounds)]
    print(f"Python {platform.python_version()}, least of {options.rounds} rounds")
    for name in rounds[0]:
        goal = f"  (goal: under {GOALS[name]:g})" if name in GOALS else ""
        print(f"{name:24}{min(one[name] for one in rounds):10.2f}{goal}")


if __name__ == "__main__":
    main()
