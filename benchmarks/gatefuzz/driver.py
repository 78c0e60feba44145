"""The product, driven through a history: real sessions, real files, the real command, the real gate."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from .machine import EPOCH, MACHINE, new_folder
from .session import Sessions
from .words import Config, Decide, Edit, Event, History, Merge, Recover, Run, Tamper

from pytest_readiness.cli import main as command  # isort: skip
from pytest_readiness.pipeline.evaluate_project import EvaluationRequest, evaluate_project, find_project  # isort: skip
from pytest_readiness.store.address import open_store  # isort: skip
from pytest_readiness.views.document import to_document  # isort: skip

TRACKER = "PROD_READINESS_TRACKER.md"


class Driver:
    """Replays histories, one after the other, each in a folder of its own."""

    def __init__(self) -> None:
        self.home = new_folder()
        self.sessions = Sessions(self.home)
        self.number = 0
        self.empty = self._empty_store()

    def _empty_store(self) -> Path:
        """An empty store, to be copied: making one takes longer than most histories."""
        root = self.home / "empty"
        root.mkdir()
        path = root / "evidence.db"
        store = open_store(f"sqlite:///{path}", root, create=True)
        assert store is not None
        store.close()
        return path

    def close(self) -> None:
        """Remove what is left."""
        os.chdir("/")
        shutil.rmtree(self.home, ignore_errors=True)

    def replay(self, history: History) -> tuple[dict[str, Any], list[bool]]:
        """Return what the product's gate says at the end of a history, and which of its events it refused."""
        self.number += 1
        root = self.home / f"h{self.number}"
        told = Replay(self.sessions, root, history, self.empty)
        try:
            refusals = [told.take(step.event, step.at) for step in history.steps]
            return told.judge() | {"said": told.saids}, refusals
        finally:
            MACHINE.git = False
            os.chdir(self.home)
            shutil.rmtree(root, ignore_errors=True)


class Replay:
    """One history as it happens."""

    def __init__(self, sessions: Sessions, root: Path, history: History, empty: Path) -> None:
        self.sessions = sessions
        self.empty = empty
        self.history = history
        self.config = history.config
        self.here, self.there = root / "here", root / "there"
        self.here.mkdir(parents=True)
        self.runs: dict[str, Path] = {}
        self.loose: set[str] = set()
        """Names of the files of decisions that nobody commits."""
        self.said = ""
        self.saids: list[str] = []
        """What the command said of each event."""
        MACHINE.git = history.git
        MACHINE.set(0)
        os.chdir(self.here)
        self._furnish(self.here)
        if history.git:
            self._git("init", "-q", "-b", "main")
            self._commit("dev@x.org", 0)

    def _furnish(self, root: Path) -> None:
        write_config(root, self.config)
        (root / ".readiness").mkdir()
        (root / ".readiness" / ".gitignore").write_text("*\n", encoding="utf-8")
        shutil.copyfile(self.empty, root / ".readiness" / "evidence.db")

    # -- events

    def take(self, event: Event, at: int) -> bool:
        """Let an event happen; return whether the product refused it."""
        MACHINE.set(at)
        self.said = ""
        refused = self._happens(event, at)
        self.saids.append(self.said)
        return refused

    def _happens(self, event: Event, at: int) -> bool:
        match event:
            case Run():
                self._record(event, at)
            case Merge():
                self._command("merge", str(self.runs[event.run]))
            case Recover():
                self._command("recover")
            case Edit():
                self.config = event.config
                write_config(self.here, self.config)
                self._commit("dev@x.org", at)
            case Tamper():
                self._tamper(event, at)
            case Decide():
                return self._decide(event, at)
        return False

    def _record(self, run: Run, at: int) -> None:
        root, started = self.here, at - run.lag
        options = {
            "environment": run.environment, "provider-mode": run.mode, "release": run.release,
            "actor": None if run.ci else run.actor,
        }  # fmt: skip
        if run.group:
            options["run-group"] = "{}:{}/{}".format(*run.group)
        if run.home == "bundle":
            root = self.there / run.name
            root.mkdir(parents=True)
            self._furnish(root)
            self.runs[run.name] = options["bundle"] = root / "run.zip"  # type: ignore[assignment]
        if run.home == "journal":
            options["store"] = "sqlite:////dev/null/none.db"
        environ = {}
        if run.ci:
            environ = {
                "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": run.ci[0], "GITHUB_JOB": run.ci[1],
                "GITHUB_ACTOR": run.actor, "GITHUB_REPOSITORY": "acme/shop",
            }  # fmt: skip
        os.environ.update(environ)
        os.chdir(root)
        try:
            given = {name: str(value) for name, value in options.items() if value is not None}
            self.sessions.run(run, started, root, given)
        finally:
            os.chdir(self.here)
            for name in environ:
                del os.environ[name]

    def _decide(self, event: Decide, at: int) -> bool:
        before = self._decisions()
        refused = self._asked(event, at)
        if not refused:
            self.loose |= set() if event.committed else self._decisions() - before
            if event.committed:
                self._commit(event.committed, at)
        return refused

    def _decisions(self) -> set[str]:
        return {path.name for path in (self.here / self.config.decisions).glob("*.json")}

    def _asked(self, event: Decide, at: int) -> bool:
        by, reason = ("--by", event.by), ("--reason", "as agreed")
        match event.kind:
            case "approve" | "reject":
                named = ["--acknowledge", "asserted", "--acknowledge", "flaky"] if event.acknowledge else []
                how = ["--approve", *named] if event.kind == "approve" else ["--reject", "--comment", "no"]
                release = ["--release", self.history.release] if self.history.release else []
                code = self._command("review", event.target, *how, *release, *by)
            case "block" | "unblock":
                code = self._command(event.kind, event.target, *reason, *by)
            case "waive":
                day = datetime.fromtimestamp(EPOCH + at, UTC).date() + timedelta(days=event.days)
                asker = event.requested_by or event.by
                until = ("--until", day.isoformat(), "--requested-by", asker)
                code = self._command("waive", event.target, *reason, *by, *until)
            case "retire":
                code = self._command("retire", event.target, *reason, *by)
            case _:
                raise AssertionError(event.kind)
        return code != 0

    def _command(self, *words: str) -> int:
        """Run the command in this process, as the shell would; its exit code."""
        out = io.StringIO()
        try:
            with redirect_stdout(out), redirect_stderr(out):
                command(list(words))
        except SystemExit as stopped:
            self.said = out.getvalue()
            return stopped.code if isinstance(stopped.code, int) else 1
        self.said = out.getvalue()
        return 0

    # -- the end

    def judge(self) -> dict[str, Any]:
        """Return the JSON report of the gate: the pipeline that ``readiness gate`` and ``--readiness-gate`` call."""
        MACHINE.set(self.history.judged_at)
        request = EvaluationRequest(self.history.patterns, release=self.history.release)
        report = evaluate_project(find_project(self.here), request)
        told: dict[str, Any] = to_document(report)
        told["passes"] = report.verdict.passes
        told["problems"] = list(map(str, report.context.problems))
        return told

    # -- git

    def _git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.here), *words], check=True, capture_output=True)

    def _commit(self, author: str, at: int) -> None:
        if self.history.git:
            self._git("add", "-A", "--", ".", *(f":(exclude,glob)**/{name}" for name in sorted(self.loose)))
            when = f"{EPOCH + at} +0000"
            os.environ |= {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
            who = ("-c", f"user.email={author}", "-c", f"user.name={author}")
            self._git(*who, "commit", "-q", "--allow-empty", "-m", "x")

    def _tamper(self, event: Tamper, at: int) -> None:
        folder = self.here / self.config.decisions
        if event.how == "move":
            if folder.is_dir():
                folder.rename(self.here / "governance")  # the commit takes in what git would have moved
            self.config = replaced(self.config, decisions="governance")
            write_config(self.here, self.config)
            self._commit(event.by, at)
            return
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            text = path.read_text()
            if event.kind and not any(f'"kind":"{word}"' in text for word in _WORDS[event.kind]):
                continue
            if event.kind in ("approve", "reject") and ("REJECTED" in text) != (event.kind == "reject"):
                continue
            _spoil(path, event.how)


_WORDS = {
    "block": ("blocker",),
    "approve": ("review",),
    "reject": ("review",),
    "retire": ("retirement", "departure"),  # of a test, and of a use case that left the register
}
"""What the file of a decision says it is, by what is asked for."""


def _spoil(path: Path, how: str) -> None:
    if how == "space":
        path.write_text(path.read_text() + " ")
    elif how == "empty":
        path.write_text("")
    elif how == "braces":
        path.write_text("{}\n")
    elif how == "link":
        path.unlink()
        path.symlink_to("/dev/null")
    elif how == "delete":
        path.unlink()


def replaced(config: Config, **named: Any) -> Config:
    from dataclasses import replace

    return replace(config, **named)


def write_config(root: Path, config: Config) -> None:
    """Write a project's config and tracker."""
    (root / "readiness.toml").write_text(toml_of(config), encoding="utf-8")
    rows = "".join(f"| {row.id} | {row.architecture} | NOT_STARTED |\n" for row in config.use_cases)
    head = "| UC | Architecture Status | Prod Readiness Status |\n| --- | --- | --- |\n"
    (root / TRACKER).write_text(f"# Tracker\n\n{head}{rows}", encoding="utf-8")


def toml_of(config: Config) -> str:
    """Return the text of ``readiness.toml``."""
    lines = [f'tracker = "{TRACKER}"', f'decisions = "{config.decisions}"']
    if config.usual_mode:
        lines += ["[context]", f'provider_mode = "{config.usual_mode}"']
    for name, real in config.environments:
        lines += [f"[environments.{name}]", f"real = {_toml(real)}"]
    for name, real in config.modes:
        lines += [f"[provider_modes.{name}]", f"real = {_toml(real)}"]
    for item in config.items:
        lines += [f"[items.{item.key}]", f'title = "what {item.key} asks"']
        lines += [f"scope = {_toml(item.scope or 'once')}", f'proof = "{item.proof}"', f"parts = {_toml(item.parts)}"]
        lines += [f"max_age_days = {item.max_age}"] if item.max_age is not None else []
    for row in config.use_cases:
        lines += _row(row)
    return "\n".join([*lines, *_policy(config.policy)]) + "\n"


def _row(row: Any) -> list[str]:
    said = {"environments": row.environments, "provider_modes": row.modes, "drills": row.drills or None}
    lines = [f"{name} = {_toml(value)}" for name, value in said.items() if value is not None]
    if row.not_applicable:
        lines.append("not_applicable = { " + ", ".join(f'"{key}" = "none of it"' for key in row.not_applicable) + " }")
    return [f"[use_cases.{row.id}]", *lines] if lines else []


def _policy(policy: Any) -> list[str]:
    gate = (
        "on",
        "asserted",
        "flaky",
        "waivers",
        "release",
        "level",
        "clock",
        "deselected",
        "architecture",
        "clean_commit",
    )
    lines = ["[gate]", *(f"{name} = {_toml(getattr(policy, name))}" for name in gate)]
    lines += ["[review]", f"reviewers = {_toml(policy.reviewers)}"]
    lines += [f"required = {policy.required}", f"separate = {_toml(policy.separate)}"]
    for name, also in policy.people:
        lines += [f'[people."{name}"]', f"also = {_toml(also)}"]
    return lines


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    return f'"{value}"'
