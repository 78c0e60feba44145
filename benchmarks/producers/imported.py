"""Imports reports with the command, as a user does, and tells what was recorded for each outcome."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .truth import OUTCOMES

ITEM = "1"
CONFIG = f"""
[environments.staging]
real = true
[items.{ITEM}]
title = "it holds"
scope = "once"
proof = "none"
"""
_WORST_FIRST = ("FAILED", "ERROR", "INTERRUPTED", "XPASSED", "XFAILED", "SKIPPED", "NOT_RUN", "PASSED")


@dataclass(frozen=True, slots=True)
class Imported:
    """What the command took from the reports of one producer."""

    results: dict[str, str]
    """By the word of each outcome of which anything was recorded: the worst result, or FLAKY."""
    said: tuple[str, ...]
    """What the command printed on standard error."""


def take_in(reports: Sequence[Path], folder: Path, also: Mapping[str, str]) -> Imported:
    """Record reports in a project of their own; a use case for each outcome. ``also``: patterns besides its word."""
    folder.mkdir(parents=True)
    use_cases = (f'[use_cases.{outcome.word}]\ntitle = "{outcome.title}"\n' for outcome in OUTCOMES)
    (folder / "readiness.toml").write_text(CONFIG + "".join(use_cases))
    patterns = [(f"*{outcome.word}*", outcome.word) for outcome in OUTCOMES]
    patterns += [(pattern, word) for word, pattern in also.items()]
    maps = [option for pattern, word in patterns for option in ("--map", f"{pattern}={word}/{ITEM}")]
    said = [
        line
        for report in reports
        for line in _readiness(folder, "record", "--junit", str(report), "--environment", "staging", *maps)[1]
    ]
    report = json.loads(_readiness(folder, "report", "--format", "json")[0])
    results = {one["id"]: result for one in report["use_cases"] if (result := _result(one))}
    return Imported(results, tuple(said))


def _result(use_case: dict[str, Any]) -> str | None:
    requirements = [requirement for item in use_case["items"] for requirement in item["requirements"]]
    if any(requirement["state"] == "FLAKY" for requirement in requirements):
        return "FLAKY"
    results = {piece["result"] for requirement in requirements for piece in requirement["evidence"]}
    return next((result for result in _WORST_FIRST if result in results), None)


def _readiness(folder: Path, *words: str) -> tuple[str, list[str]]:
    variables = {key: value for key, value in os.environ.items() if not key.startswith("READINESS_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest_readiness", *words],
        cwd=folder,
        env=variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout, done.stderr.splitlines()
