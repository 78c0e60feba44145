"""Invented histories: a project that could be ready, and what happens to it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from .edits import edited
from .invented import InventedRuns, uncrashed
from .projects import RECORDERS, REVIEWERS, chance
from .standing import requirements_of
from .words import DAY, HOUR, Attempt, Decide, Edit, History, Left, Merge, Recover, Run, Step, Tamper

GIT_SHARE = 0.04


def invent(seed: str, number: int, kind: str | None = None) -> History:
    """Return the history with this number; the same for the same seed.

    ``kind``: only of this kind: ``store`` or ``git``.
    """
    random = Random(f"{seed}/{number}")
    git = chance(random, GIT_SHARE) if kind is None else kind == "git"
    return Inventor(random, git=git).history(f"{seed}/{number}")


class Inventor(InventedRuns):
    """Invents one history, from its beginning on."""

    def history(self, seed: str) -> History:
        """Return the history: a base that is ready or nearly, then what goes wrong and what mends it, then the gate."""
        random, first = self.random, self.config
        if chance(random, 0.94):
            self._base()
            if first.policy.on == "review" or chance(random, 0.1):
                self._approve_all()
        for _ in range(random.choice((1, 1, 1, 2) if self.small else (0, 1, 1, 2, 2, 3, 4))):
            self._something()
        if chance(random, 0.15 if self.small else 0.35):
            self._run(self._passing())
        if self.elsewhere and chance(random, 0.6):
            self._merge()
        if chance(random, 0.2 if self.small else 0.4):
            self._approve_all()
        self._pass_time()
        names = [row.id for row in self.config.use_cases]
        patterns = ((random.choice(names),) if chance(random, 0.5) else ("UC-*",)) if chance(random, 0.15) else ()
        return History(first, tuple(self.steps), self.now, patterns, self.release, self.git, seed)

    def _base(self) -> None:
        """Everything is shown in every place that is asked about; now and then one thing is not."""
        random = self.random
        real = [name for name, is_real in self.config.environments if is_real]
        modes = [name for name, is_real in self.config.modes if is_real] or [None]
        missing = random.choice(self.tests) if chance(random, 0.12) else None
        group = ("nightly", random.choice((1, 2, 2, 3))) if chance(random, 0.2 if self.small else 0.3) else None
        self.group = group
        actor = self._recorder()
        for environment in real:
            for mode in modes:
                tests = [one for one in self.tests if one is not missing]
                self._shards(tests, environment, mode, group, actor)
        if missing is not None and chance(random, 0.7):
            for needed in self._requirements():
                if any((claim.uc, claim.item) == (needed.uc, needed.item) for claim in missing.claims):
                    self._decide("waive", needed.id)

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
        if run.door != "xdist":
            run = replace(run, executions=tuple(uncrashed(one) for one in run.executions))
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
        if self.group and chance(random, 0.6):  # the next generation of what was there already
            name, parts = self.group
            environment = random.choice([one for one, real in self.config.environments if real] or [None])
            self.now += random.choice((0, 13 * HOUR))
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
