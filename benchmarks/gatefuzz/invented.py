"""Invented runs of a project: who runs which tests where, and how they end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from .projects import RECORDERS, Test, chance, invent_config, invent_tests, script
from .words import DAY, HOUR, Attempt, Claim, Event, Execution, Run, Step

ENDS = ("failed", "failed", "setup", "teardown", "skipped", "xfailed", "xpassed")
SMALL_SHARE = 0.75
"""Of the histories: few requirements, and one or two things that happen. They show most, in half the time."""


def uncrashed(one: Execution) -> Execution:
    """Only a worker of xdist crashes, and its test runs again; not where each worker runs everything."""
    attempts = tuple(replace(each, end="failed") if each.end == "crashed" else each for each in one.attempts)
    return replace(one, attempts=attempts)


class InventedRuns:
    """A project, what has happened in it so far, and runs that could come next."""

    def __init__(self, random: Random, *, git: bool) -> None:
        self.random = random
        self.git = git
        self.small = chance(random, SMALL_SHARE)
        self.config = invent_config(random, folder=git, small=self.small)
        self.tests = invent_tests(random, self.config)
        self.steps: list[Step] = []
        self.now = random.choice((1, 5, 20)) * DAY
        self.number = 0
        self.elsewhere: list[str] = []
        self.group: tuple[str, int] | None = None
        """Id and parts of the group that the first runs were."""
        self.left: set[str] = set()
        self.retired: set[str] = set()
        self.release = "2.0" if self.config.policy.release == "required" and chance(random, 0.9) else None

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
        if run.door != "xdist":
            run = replace(run, executions=tuple(uncrashed(one) for one in run.executions))
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
            where = script(random, self.config, test, *self._place(), parts=random.choice(("all", "one")))
            said = where if chance(random, 0.4) else ()
            bad = Attempt(random.choice(("failed", "failed", "setup", "teardown", "crashed")), said)
            passed = Attempt("passed", says)
            last = random.choice((passed, passed, passed, Attempt("failed"), Attempt("skipped")))
            return [Execution(test.id, claims, (bad, last), at)]
        if how == "bare":
            scopes = tuple(say for say in says if say.what == "scope")
            return [Execution(test.id, claims, (Attempt("passed", scopes),), at)]
        ends = random.choice((("failed", "passed"), ("passed", "failed"), ("passed", "skipped"), ("passed", "passed")))
        # One after the other: of two at one moment the worse would win in any case.
        return [Execution(test.id, claims, (Attempt(end, says),), at + later) for later, end in enumerate(ends)]
