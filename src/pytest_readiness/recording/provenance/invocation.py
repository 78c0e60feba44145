"""What a session was called with, as far as it can change which tests run, how often, and what an assertion does.

Read from the options as pytest has them: those of the command line, of ``addopts`` and of ``PYTEST_ADDOPTS`` alike.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_TEXTS = {"keyword": "keyword", "markers": "markexpr"}
_NUMBERS = {"reruns": "reruns", "maxfail": "maxfail"}
_LISTS = {"deselect": "deselect", "ignore": "ignore"}
_SWITCHES = {"last_failed": "lf", "stepwise": "stepwise", "noconftest": "noconftest", "trace": "trace"}
"""What the record says, and the name under which pytest (or rerunfailures) keeps the option."""


def describe_invocation(option: Any, ini: Callable[[str], Any]) -> dict[str, Any]:
    """Return what is not as it usually is, as plain data; empty where nothing is said.

    Args:
        option: pytest's ``config.option``.
        ini: pytest's ``config.getini``; raises ValueError for a name that nobody declared.
    """
    said: dict[str, Any] = {"optimize": sys.flags.optimize}
    if (mode := getattr(option, "assertmode", "rewrite")) != "rewrite":
        said["assertions"] = str(mode)
    said |= {name: str(getattr(option, key, None) or "") for name, key in _TEXTS.items()}
    said |= {name: _number(getattr(option, key, None)) for name, key in _NUMBERS.items()}
    said |= {name: [str(one) for one in getattr(option, key, None) or ()] for name, key in _LISTS.items()}
    said |= {name: bool(getattr(option, key, None)) for name, key in _SWITCHES.items()}
    said["reruns"] = said["reruns"] or _reruns_of(ini)
    said["ids"] = sum("::" in str(one) for one in getattr(option, "file_or_dir", None) or ())
    plugins = [str(one) for one in getattr(option, "plugins", None) or ()]
    said["switched_off"] = [one.removeprefix("no:") for one in plugins if one.startswith("no:")]
    return {name: value for name, value in said.items() if value}


_FILES = ("xmlpath", "report_log", "htmlpath", "log_file", "ctrf", "json_report_file", "md_report", "allure_report_dir")
"""Under which name pytest and its plugins keep where they write."""
_COVERAGE = (".coverage", ".coverage.*")
_WITH_PYTEST_COV = ("coverage.xml", "coverage.json", "coverage.lcov", "htmlcov")


def written_paths(option: Any) -> list[str]:
    """Return the files and folders that a session writes beside ours; more than it does is no harm.

    ``option``: pytest's ``config.option``.
    """
    found = [getattr(option, name, None) for name in _FILES]
    reports = getattr(option, "cov_report", None)
    found += [*reports.values()] if isinstance(reports, Mapping) else []
    names = [os.environ.get("COVERAGE_FILE"), *_COVERAGE, *(_WITH_PYTEST_COV if reports else ())]
    given = [str(name) for name in (*found, *names) if isinstance(name, str | Path) and str(name)]
    return [os.path.abspath(os.path.expanduser(os.path.expandvars(name))) for name in given]  # as pytest does


def describe_selection(said: Mapping[str, Any], patterns: tuple[str, ...], *, missing: bool) -> dict[str, Any]:
    """Return what a session was called with, and which use cases it was told to be about."""
    own = {"use_cases": list(patterns), "missing": missing}
    return {**said, **{name: value for name, value in own.items() if value}}


def _reruns_of(ini: Callable[[str], Any]) -> int:
    """rerunfailures also takes the number from the ini file."""
    try:
        return _number(ini("reruns"))
    except (KeyError, ValueError):
        return 0


def _number(value: Any) -> int:
    try:
        return max(int(value or 0), 0)
    except (TypeError, ValueError):
        return 0
