"""Invocation of a session: the options that change which tests run, how often, and the assertions.

They are read from pytest's parsed options: command line, ``addopts`` and ``PYTEST_ADDOPTS``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .relative_path import relative_path

_TEXTS = {"keyword": "keyword", "markers": "markexpr"}
_NUMBERS = {"reruns": "reruns", "maxfail": "maxfail"}
_LISTS = {"deselect": "deselect", "ignore": "ignore", "ignore_glob": "ignore_glob"}
_SWITCHES = {"last_failed": "lf", "stepwise": "stepwise", "noconftest": "noconftest", "trace": "trace"}
"""Key in the record, and name of the option in pytest or rerunfailures."""


def describe_invocation(config: Any) -> dict[str, Any]:
    """Return the options that differ from their defaults, and the collected paths, as plain data; without empty values.

    ``config``: pytest's.
    """
    option = config.option
    values: dict[str, Any] = {"optimize": sys.flags.optimize}
    if (mode := getattr(option, "assertmode", "rewrite")) != "rewrite":
        values["assertions"] = str(mode)
    values |= {key: str(getattr(option, name, None) or "") for key, name in _TEXTS.items()}
    values |= {key: _number(getattr(option, name, None)) for key, name in _NUMBERS.items()}
    values |= {key: [str(value) for value in getattr(option, name, None) or ()] for key, name in _LISTS.items()}
    values |= {key: bool(getattr(option, name, None)) for key, name in _SWITCHES.items()}
    values["reruns"] = values["reruns"] or _reruns_of(config.getini)
    values["ids"] = sum("::" in str(path) for path in getattr(option, "file_or_dir", None) or ())
    plugins = [str(plugin) for plugin in getattr(option, "plugins", None) or ()]
    values["switched_off"] = [plugin.removeprefix("no:") for plugin in plugins if plugin.startswith("no:")]
    values["paths"] = _collected_paths(config)
    return {key: value for key, value in values.items() if value}


def _collected_paths(config: Any) -> list[str]:
    """Return absolute paths of what the session was to collect; none if those of ``testpaths``, which are all tests."""
    if getattr(getattr(config, "args_source", None), "name", "") == "TESTPATHS":
        return []
    base = str(config.invocation_params.dir)
    return [os.path.normpath(os.path.join(base, str(path).partition("::")[0])) for path in config.args]


_FILES = {
    "xmlpath": "--junitxml",
    "report_log": "--report-log",
    "htmlpath": "--html",
    "log_file": "--log-file",
    "ctrf": "--ctrf",
    "json_report_file": "--json-report-file",
    "md_report": "--md-report",
    "allure_report_dir": "--alluredir",
}
"""Options of pytest and its plugins that are output paths, by their names in ``config.option``."""
_NO_PATHS = {"keyword", "markexpr"}
"""Options whose texts may look like paths."""
_COVERAGE = (".coverage", ".coverage.*")
_WITH_PYTEST_COV = ("coverage.xml", "coverage.json", "coverage.lcov", "htmlcov")


def written_paths(option: Any) -> list[str]:
    """Return absolute paths of files and folders that pytest and its plugins write; paths too many are harmless.

    ``option``: pytest's ``config.option``.
    """
    outputs = [getattr(option, name, None) for name in _FILES]
    reports = getattr(option, "cov_report", None)
    outputs += [*reports.values()] if isinstance(reports, Mapping) else []
    coverage = [os.environ.get("COVERAGE_FILE"), *_COVERAGE, *(_WITH_PYTEST_COV if reports else ())]
    paths = [str(path) for path in (*outputs, *coverage) if isinstance(path, str | Path) and str(path)]
    return [_absolute(path) for path in paths]


def named_paths(option: Any) -> dict[str, str]:
    """Return absolute paths that options of pytest and its plugins name, and the option of each.

    An option of a plugin that is not known here counts, too, if its value looks like a path.

    ``option``: pytest's ``config.option``.
    """
    paths: dict[str, str] = {}
    for name, value in vars(option).items():
        if name in _NO_PATHS or name.startswith("readiness_"):
            continue
        values = value.values() if isinstance(value, Mapping) else [getattr(value, "name", value)]  # or an open file
        for path in values:
            if isinstance(path, str | Path) and str(path) and (name in _FILES or _looks_like_a_path(str(path))):
                paths[_absolute(str(path))] = _FILES.get(name, f"--{name.replace('_', '-')}")
    return paths


def _looks_like_a_path(text: str) -> bool:
    return "." in text or os.sep in text


def _absolute(path: str) -> str:
    return os.path.abspath(os.path.expanduser(os.path.expandvars(path)))  # as pytest does


def is_about_files(option: Any) -> bool:
    """Return whether a session is about single files or tests. ``option``: pytest's ``config.option``."""
    names = map(str, getattr(option, "file_or_dir", None) or ())
    return bool(getattr(option, "lf", False)) or any("::" in name or name.endswith(".py") for name in names)


def describe_selection(
    invocation: Mapping[str, Any], patterns: tuple[str, ...], folder: Path, *, missing: bool
) -> dict[str, Any]:
    """Return the invocation with the selected use cases, and its paths relative to the config's folder.

    It has no paths if they contain that folder, so that the session collects everything.
    """
    paths, base = [Path(path) for path in invocation.get("paths", ())], folder.resolve()
    everything = any(base.is_relative_to(path.resolve()) for path in paths)
    own = {
        "paths": [] if everything else [relative_path(path, folder) for path in paths],
        "use_cases": list(patterns),
        "missing": missing,
    }
    return {key: value for key, value in {**invocation, **own}.items() if value}


def _reruns_of(ini: Callable[[str], Any]) -> int:
    """Return the number of reruns in the ini file, which rerunfailures reads too."""
    try:
        return _number(ini("reruns"))
    except (KeyError, ValueError):
        return 0


def _number(value: Any) -> int:
    try:
        return max(int(value or 0), 0)
    except (TypeError, ValueError):
        return 0
