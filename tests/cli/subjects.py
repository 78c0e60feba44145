"""Digests of what ships, and what is recorded and judged for them."""

from __future__ import annotations

import json
from typing import Any

from pytest_readiness.store.address import open_store
from tests.project import Project

OLD, NEW, WEB = (f"sha256:{digit * 64}" for digit in "abc")
REQUIRED = '[gate]\nsubject = "required"\n'
RELEASE = f'[releases."2.0"]\nsubjects = {{ api = "{OLD}", web = "{WEB}" }}\n'


def heads(project: Project) -> list[dict[str, Any]]:
    """The first line of each stored run, oldest first."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return [run.head for summary in store.runs()[::-1] if (run := store.run(summary.id)) is not None]
    finally:
        store.close()


def gate(project: Project, *args: str, expected: int) -> str:
    """What the gate says of UC-001, on evidence unless a review is asked for."""
    on = [] if "--on" in args else ["--on", "evidence"]
    result = project.cli("gate", "UC-001", *on, *args)
    assert result.exit_code == expected, result.output
    return " ".join(result.output.split())


def rule(project: Project, *args: str) -> dict[str, Any]:
    """The rule about subjects in the gate's JSON."""
    document = json.loads(project.cli("gate", "UC-001", "--json", *args).stdout)
    (found,) = [rule for rule in document["verdict"]["rules"] if rule["rule"] == "subject"]
    return dict(found)
