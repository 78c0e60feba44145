"""Helpers for git repositories with decision files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pytest_readiness.facts.decision import Decision
from pytest_readiness.store.decision_files.folder import DecisionFolder

ANA, BEN = "ada@example.com", "ben@example.com"
"""Ana is who a decision of these tests names, unless it says otherwise."""


class Repository:
    """A git repository with fixed identities and times, and a folder of decisions somewhere in it."""

    def __init__(self, root: Path, within: str = "decisions") -> None:
        self.root = root
        self.path = root / within
        self.folder = DecisionFolder(self.path, root)

    def git(self, *arguments: str, by: str = ANA, day: int = 12) -> str:
        """Run git as somebody, on a day of February."""
        who = {f"GIT_{role}_{what}": by for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        times = {f"GIT_{role}_DATE": f"2026-02-{day:02d}T18:00:00Z" for role in ("AUTHOR", "COMMITTER")}
        away = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.root)}
        command = ["git", "-c", "init.defaultBranch=main", "-C", str(self.root), *arguments]
        done = subprocess.run(command, env={**os.environ, **who, **times, **away}, capture_output=True, check=True)
        return done.stdout.decode()

    def commit(self, by: str = ANA) -> None:
        """Commit everything as it is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x", by=by)

    def file(self, decision: Decision) -> Path:
        """Where a decision is."""
        return self.path / f"{decision.id}.json"

    @property
    def counting(self) -> dict[str, str]:
        """Id of each decision that counts, and who decided."""
        return {decision.id: decision.by for decision in self.folder.decisions("payments")}

    @property
    def problems(self) -> list[str]:
        """What is wrong."""
        return [problem.what for problem in self.folder.register_decisions("payments").problems]

    @property
    def notes(self) -> list[str]:
        """What does not count yet."""
        return [note.what for note in self.folder.register_decisions("payments").notes]
