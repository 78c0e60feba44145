"""Invented histories: a project that could be ready, and what happens to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from .edits import edited
from .projects import RECORDERS, REVIEWERS, Test, chance, invent_config, invent_tests, script
from .standing import requirements_of
from .words import (
    DAY,
    HOUR,
    Attempt,
    Claim,
    Decide,
    Edit,
    Event,
    Execution,
    History,
    Left,
    Merge,
    Recover,
    Run,
    Step,
    Tamper,
)

ENDS = ("failed", "failed", "setup", "teardown", "skipped", "xfailed", "xpassed")
GIT_SHARE = 0.04


def invent(seed: str, number: int, kind: str | None = None) -> History:
    """Return the history with this number; the same for the same seed.

    ``kind``: only of this kind: ``store`` or ``git``.
    """
    random = Random(f"{seed}/{number}")
    git = chance(random, GIT_SHARE) if kind is None else kind == "git"
    return Inventor(random, git=git).history(f"{seed}/{number}")


def _uncrashed(one: Execution) -> Execution:
    """Only a worker of xdist crashes, and its test runs again."""
    attempts = tuple(replace(each, end="failed") if each.end == "crashed" else each for each in one.attempts)
    return replace(one, attempts=attempts)


class Inventor:
    """Invents one history, from its beginning on."""

    def __init__(self, random: Random, *, git: bool) -> None:
        self.random = random
        self.git = git
        self.config = invent_config(random, folder=git)
        self.tests = invent_tests(random, self.config)
        self.steps: list[Step] = []
        self.now = random.choice((1, 5, 20)) * DAY
        self.number = 0
        self.elsewhere: list[str] = []
        self.left: set[str] = set()
        self.retired: set[str] = set()
        self.release = "2.0" if self.config.policy.release == "required" and chance(random, 0.9) else None

    def history(self, seed: str) -> History:
        """Return the history: a base that is ready or nearly, then what goes wrong and what mends it, then the gate."""
        random, first = self.random, self.config
        if chance(random, 0.94):
            self._base()
            self._approve_all()
        for _ in range(random.choice((0, 1, 1, 2, 2, 3, 4))):
            self._something()
        if chance(random, 0.35):
            self._run(self._passing())
        if self.elsewhere and chance(random, 0.6):
            self._merge()
        if chance(random, 0.4):
            self._approve_all()
        self._pass_time()
        names = [row.id for row in self.config.use_cases]
        patterns = ((random.choice(names),) if chance(random, 0.5) else ("UC-*",)) if chance(random, 0.15) else ()
        return History(first, tuple(self.steps), self.now, patterns, self.release, self.git, seed)

    # -- time and steps

    def _pass_time(self) -> None:
        step = self.random.choice((120, 120, 600, 600, HOUR, 3 * HOUR, 7 * HOUR, DAY, DAY, 3 * DAY, 29 * DAY))
        if self.random.random() < 0.97 and step > 3 * DAY:
            step = HOUR
        self.now += step

    def _add(self, event: Event) -> None:
        self._pass_time()
        self.steps.append(Step(self.now, event))

    # -- runs

    def _base(self) -> None:
        """Everything is shown in every place that is asked about; now and then one thing is not."""
        random = self.random
        real = [name for name, is_real in self.config.environments if is_real]
        modes = [name for name, is_real in self.config.modes if is_real] or [None]
        missing = random.choice(self.tests) if chance(random, 0.12) else None
        group = ("nightly", random.choice((1, 2, 2, 3))) if chance(random, 0.3) else None
        actor = self._recorder()
        for environment in real:
            for mode in modes:
                tests = [one for one in self.tests if one is not missing]
                self._shards(tests, environment, mode, group, actor)
        if missing is not None and chance(random, 0.7):
            for needed in self._requirements():
                if any((claim.uc, claim.item) == (needed.uc, needed.item) for claim in missing.claims):
                    self._decide("waive", needed.id)

    def _shards(
        self,
        tests: Iterable[Test],
        environment: str | None,
        mode: str | None,
        group: tuple[str, int] | None,
        actor: tuple,
    ) -> None:
        """Run tests in as many sessions as a group has parts."""
        parts = group[1] if group else 1
        dealt = list(tests)
        if actor[0]:
            actor = ((f"{1000 + self.number}", actor[0][1]), actor[1])
        for part in range(1, parts + 1):
            mine = dealt[part - 1 :: parts]
            executions = [self._passes(one, environment, mode, at) for at, one in enumerate(mine)]
            if executions or group:
                told = (group[0], part, parts) if group else None
                self._run(self._session(executions, environment, mode, told, actor))

    def _recorder(self) -> tuple[tuple[str, str] | None, str]:
        """Who records: a job of CI, or a person."""
        random = self.random
        if chance(random, 0.4):
            return (f"{1000 + self.number}", random.choice(("tests", "nightly"))), random.choice(RECORDERS)
        return None, random.choice(RECORDERS[:2]) if chance(random, 0.8) else random.choice(RECORDERS)

    def _claims(self, test: Test) -> tuple[Claim, ...]:
        rows = {row.id for row in self.config.use_cases}
        known = {name for name, _ in self.config.environments}
        items = {item.key for item in self.config.items}
        return tuple(
            one for one in test.claims
            if one.uc in rows and one.item in items and (one.environment is None or one.environment in known)
        )  # fmt: skip

    def _passes(self, test: Test, environment: str | None, mode: str | None, at: int) -> Execution:
        says = script(self.random, self.config, test, environment, mode)
        attempts: tuple[Attempt, ...] = (Attempt("passed", says),)
        if chance(self.random, 0.06):
            attempts = (Attempt(self.random.choice(("failed", "setup"))), *attempts)
        return Execution(test.id, self._claims(test), attempts, at)

    def _session(
        self, executions: Iterable[Execution], environment: str | None, mode: str | None,
        group: tuple[str, int, int] | None = None, actor: tuple | None = None,
    ) -> Run:  # fmt: skip
        self.number += 1
        ci, who = actor or self._recorder()
        release = self.random.choice(("2.0", "2.0", "2.0", "1.0", None)) if self.release else None
        mine = tuple(one for one in executions if one.claims)
        door = self._door(mine)
        if door == "pytest":  # one moment for all of it: the clock stands still meanwhile
            mine = tuple(replace(one, at=0) for one in mine)
        if door == "each":
            mine = tuple(each for one in mine for each in self._twice(one))
        return Run(f"r{self.number}", mine, environment, mode, group, ci, who, release, door=door)

    def _door(self, executions: tuple[Execution, ...]) -> str:
        """How it is run: alone, with a plugin that runs tests again its own way, or as xdist does."""
        if not executions:
            return "fast"
        names = [one.test for one in executions]
        if len(set(names)) < len(names):
            return self.random.choices(("fast", "xdist"), (9, 1))[0]
        return self.random.choices(("fast", "flaky", "xdist", "each", "pytest"), (80, 8, 8, 2.5, 1.5))[0]

    def _twice(self, one: Execution) -> list[Execution]:
        """Under ``--dist=each`` a test runs in each worker, and need not end there alike."""
        last = one.attempts[-1]
        other = replace(last, end=self.random.choice(("passed", "passed", last.end, "failed")))
        pair = [one, replace(one, attempts=(other,))]
        pair = pair if chance(self.random, 0.5) else pair[::-1]
        return [pair[0], replace(pair[1], at=one.at + 1)]

    def _run(self, run: Run) -> None:
        if run.door not in ("xdist", "each"):
            run = replace(run, executions=tuple(_uncrashed(one) for one in run.executions))
        if not run.executions and not run.group:
            return
        self._add(run)
        if run.home == "bundle":
            self.elsewhere.append(run.name)

    def _place(self) -> tuple[str | None, str | None]:
        random = self.random
        environment = random.choice([None, *(name for name, _ in self.config.environments)])
        mode = random.choice([None, *(name for name, _ in self.config.modes)]) if self.config.modes else None
        return environment, mode

    def _passing(self) -> Run:
        """A session in which everything passes, somewhere."""
        environment, mode = self._place()
        real = [name for name, is_real in self.config.environments if is_real]
        if real and chance(self.random, 0.7):
            environment = self.random.choice(real)
        tests = [one for one in self.tests if chance(self.random, 0.85)]
        target = self._target(environment, mode)
        return self._session([self._passes(one, *target, at) for at, one in enumerate(tests)], environment, mode)

    def _target(self, environment: str | None, mode: str | None) -> tuple[str | None, str | None]:
        """Where tests of style ``scope`` say that they run: where the session does, or elsewhere."""
        if chance(self.random, 0.6):
            return environment, mode
        return self._place()

    def _mixed(self) -> Run:
        """A session in which something does not pass."""
        random = self.random
        environment, mode = self._place()
        target = self._target(environment, mode)
        tests = random.sample(self.tests, random.randint(1, len(self.tests)))
        worst = random.randrange(len(tests))
        executions = []
        for at, test in enumerate(tests):
            if at == worst or chance(random, 0.2):
                executions += self._odd(test, target, at)
            else:
                executions.append(self._passes(test, *target, at))
        return self._session(executions, environment, mode)

    def _odd(self, test: Test, target: tuple[str | None, str | None], at: int) -> list[Execution]:
        """An execution that does not simply pass, or several with one id."""
        random, claims = self.random, self._claims(test)
        says = script(random, self.config, test, *target, parts=random.choice(("all", "one")))
        how = random.choice(("end", "end", "end", "one", "flaky", "copies", "bare"))
        if how == "end":
            end = random.choice(ENDS)
            said = says if chance(random, 0.4) else says[: random.randint(0, len(says))] if chance(random, 0.4) else ()
            return [Execution(test.id, claims, (Attempt(end, said),), at)]
        if how == "one":
            return [Execution(test.id, claims, (Attempt("passed", says),), at)]
        if how == "flaky":
            bad = Attempt(random.choice(("failed", "failed", "setup", "teardown", "crashed")))
            last = random.choice((Attempt("passed", says), Attempt("passed", says), Attempt("failed")))
            return [Execution(test.id, claims, (bad, last), at)]
        if how == "bare":
            scopes = tuple(say for say in says if say.what == "scope")
            return [Execution(test.id, claims, (Attempt("passed", scopes),), at)]
        ends = random.choice((("failed", "passed"), ("passed", "failed"), ("passed", "skipped"), ("passed", "passed")))
        # One after the other: of two at one moment the worse would win in any case.
        return [Execution(test.id, claims, (Attempt(end, says),), at + later) for later, end in enumerate(ends)]

    # -- what happens

    def _something(self) -> None:
        random = self.random
        happening = random.choices(
            (self._ordinary, self._killed, self._late, self._grouped, self._decision, self._edited, self._folder),
            (30, 6, 14, 18, 20, 18, 40 if self.git else 0),
        )[0]
        happening()

    def _ordinary(self) -> None:
        run = self._mixed() if chance(self.random, 0.7) else self._passing()
        if chance(self.random, 0.12) and run.door != "pytest":
            run = replace(run, home="journal")
        if chance(self.random, 0.1) and self.config.policy.deselected != "refuse":
            out = [one for one in self.tests if one.id not in {each.test for each in run.executions}]
            run = replace(run, deselected=tuple(Left(one.id, self._claims(one)) for one in out if self._claims(one)))
        self._run(run)

    def _killed(self) -> None:
        run = replace(self._mixed(), door="fast")
        rest = [one for one in self.tests if one.id not in {each.test for each in run.executions}]
        unreached = tuple(Left(one.id, self._claims(one)) for one in rest if self._claims(one))
        if not run.executions:
            return
        if chance(self.random, 0.3):
            self._run(replace(run, unreached=unreached))
            return
        last = replace(run.executions[-1], attempts=(Attempt("passed"),))  # it is killed while it runs
        others = tuple(one for one in run.executions[:-1] if one.test != last.test)
        self._run(replace(run, executions=(*others, last), ending="killed", unreached=unreached))
        if chance(self.random, 0.6):
            self._add(Recover())

    def _late(self) -> None:
        """A run that was recorded elsewhere, earlier or at the very time of another, and comes in later."""
        random = self.random
        run = replace(self._mixed() if chance(random, 0.7) else self._passing(), home="bundle")
        if not run.executions:
            return
        if run.door not in ("xdist", "each"):
            run = replace(run, executions=tuple(_uncrashed(one) for one in run.executions))
        self._pass_time()
        lag = random.choice((0, HOUR, 2 * DAY))
        earlier = [step for step in self.steps if isinstance(step.event, Run)]
        if earlier and chance(random, 0.4):
            lag = max(self.now - random.choice(earlier).at + random.choice((0, 1, -1)), 0)
        lag = min(lag, self.now)
        while lag and self._passes_twice(run, self.now - lag):
            lag = max(lag - 7, 0)
        self.steps.append(Step(self.now, replace(run, lag=lag)))
        self.elsewhere.append(run.name)
        if chance(random, 0.4):
            self._approve_all()
        if chance(random, 0.8):
            self._merge()

    def _passes_twice(self, run: Run, at: int) -> bool:
        """Whether a test would pass twice at the same moment: of two such passes no rule says which is the newer."""
        mine = {(one.test, at + one.at) for one in run.executions if one.attempts[-1].end == "passed"}
        return any(
            (one.test, step.at - step.event.lag + one.at) in mine and one.attempts[-1].end == "passed"
            for step in self.steps if isinstance(step.event, Run) for one in step.event.executions
        )  # fmt: skip

    def _merge(self) -> None:
        name = self.elsewhere.pop(self.random.randrange(len(self.elsewhere)))
        self._add(Merge(name))

    def _grouped(self) -> None:
        """A group of which parts are missing, come again narrower, come elsewhere, or come on another day."""
        random = self.random
        environment, mode = self._place()
        name, parts = random.choice(("nightly", "nightly", "other")), random.choice((1, 2, 2, 3))
        actor = self._recorder()
        dealt, absent = [one for one in self.tests if self._claims(one)], False
        for part in range(1, parts + 1):
            if chance(random, 0.25):
                absent = True
                continue
            mine = dealt[part - 1 :: parts]
            run = self._session(
                [self._passes(one, environment, mode, at) for at, one in enumerate(mine)],
                environment, mode, (name, part, parts), actor,
            )  # fmt: skip
            if chance(random, 0.15):
                run = replace(run, home="journal")
            if chance(random, 0.15) and len(run.executions) > 1 and run.door == "fast":
                left = tuple(Left(one.test, one.claims) for one in run.executions[1:])
                how = "unreached" if self.config.policy.deselected == "refuse" or chance(random, 0.6) else "deselected"
                run = replace(run, executions=run.executions[:1], **{how: left})
            self._run(run)
            if chance(random, 0.25) and run.executions and run.door == "fast":  # again, and narrower where it can be
                self.number += 1
                again = replace(run, name=f"r{self.number}", executions=run.executions[:1], deselected=(), unreached=())
                self._run(again)
        others = [name for name, is_real in self.config.environments if is_real and name != environment]
        if absent and others and chance(random, 0.5):  # all of it runs somewhere else
            there = random.choice(others)
            self._run(self._session([self._passes(one, there, mode, at) for at, one in enumerate(dealt)], there, mode))

    # -- decisions

    def _requirements(self) -> list:
        return [needed for row in self.config.use_cases for needed in requirements_of(self.config, row)]

    def _approve_all(self) -> None:
        many = self.config.policy.required
        for row in self.config.use_cases:
            for by in self.random.sample(REVIEWERS, many if chance(self.random, 0.9) else 1):
                self._decide("approve", row.id, by)

    def _decision(self) -> None:
        random = self.random
        kind = random.choice(("block", "unblock", "reject", "approve", "waive", "retire"))
        if kind == "waive":
            needed = self._requirements()
            if needed:
                self._decide(kind, random.choice(needed).id)
        elif kind == "retire":
            self._retire()
        else:
            name = random.choice([row.id for row in self.config.use_cases])
            self._decide(kind, name)
            if kind in ("block", "reject") and chance(random, 0.3):
                self._decide("unblock" if kind == "block" else "approve", name)

    def _retire(self) -> None:
        ran = {one.test for step in self.steps if isinstance(step.event, Run) for one in step.event.executions}
        names = sorted((ran | self.left) - self.retired)
        if names:
            name = self.random.choice(names)
            self.retired.add(name)
            self._decide("retire", name)

    def _decide(self, kind: str, target: str, by: str | None = None) -> None:
        random = self.random
        by = by or random.choice(REVIEWERS if chance(random, 0.9) else RECORDERS)
        committed = ""
        if self.git and self.config.decisions != "store":
            committed = by if chance(random, 0.85) else random.choice(("", "dev@x.org", *REVIEWERS))
        asker = random.choice((*RECORDERS, by)) if kind == "waive" else ""
        days = random.choice((1, 30, 90)) if kind == "waive" else 0
        self._add(Decide(kind, by, target, not chance(random, 0.08), asker, days, committed))

    # -- edits

    def _edited(self) -> None:
        random, config = self.random, self.config
        how = random.choice(("row", "row", "unreal", "real", "policy", "policy", "policy", "item", "home"))
        made = edited(random, config, how, git=self.git)
        if made is None or made == config:
            return
        self.left |= {row.id for row in config.use_cases} - {row.id for row in made.use_cases}
        self._add(Edit(made, how))
        self.config = made

    def _folder(self) -> None:
        """Something happens to the files of the decisions."""
        if self.config.decisions == "store":
            return
        random = self.random
        if chance(random, 0.5):
            name = random.choice([row.id for row in self.config.use_cases])
            self._decide(random.choice(("block", "reject")), name)
        if chance(random, 0.35) and self.config.decisions == "decisions":
            self._add(Tamper("move", "", random.choice((*REVIEWERS, "dev@x.org"))))
            self.config = replace(self.config, decisions="governance")
        else:
            how = random.choice(("space", "empty", "braces", "link", "delete"))
            self._add(Tamper(how, random.choice(("block", "reject", "approve", "retire", ""))))
