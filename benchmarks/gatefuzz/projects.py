"""Invented projects: what they require, and tests that could show all of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from .words import Attempt, Claim, Config, Execution, Item, Policy, Say, UseCase

FILE = "test_shop.py"
REVIEWERS = ("rev@x.org", "qa@x.org", "lead@x.org")
RECORDERS = ("ci@x.org", "dev@x.org", "rev@x.org", "rev-on-ci")


@dataclass(frozen=True)
class Test:
    """A test of a project: what it claims, and how it says where it runs."""

    id: str
    claims: tuple[Claim, ...]
    style: str
    """``run``: as the session says; ``scope``: it says so itself; ``marks``: its marks name every environment."""
    proves: bool = True


def chance(random: Random, share: float) -> bool:
    return random.random() < share


def invent_config(random: Random, *, folder: bool, small: bool) -> Config:
    """Return a project's config; ``small``: of few requirements, and mostly of what evidence alone makes ready."""
    environments = [("staging", True)]
    environments += [("prod", True)] if chance(random, 0.45 if small else 0.6) else []
    environments += [("dev", False)] if chance(random, 0.4 if small else 0.7) else []
    modes = (("BYOK", True), ("MANAGED", chance(random, 0.85))) if chance(random, 0.15 if small else 0.4) else ()
    last = random.choice((1, 1, 1, 2) if small else (1, 1, 2, 2, 3))
    items = tuple(_item(random, str(number), modes=bool(modes)) for number in range(1, last + 1))
    last = random.choice((1, 1, 1, 2) if small else (1, 1, 2))
    rows = tuple(_row(random, f"UC-{number}", items, environments) for number in range(1, last + 1))
    usual = random.choice([name for name, real in modes if real]) if modes and chance(random, 0.3) else None
    policy = replace(_policy(random), on="evidence", required=1) if small and chance(random, 0.5) else _policy(random)
    return Config(tuple(environments), modes, items, rows, policy, usual, "decisions" if folder else "store")


def _item(random: Random, key: str, *, modes: bool) -> Item:
    age = random.choice((30, 60, 90, 90, None))
    kinds = ["plain", "plain", "trace", "trace", "handshake", "parts", "drill", "replay"]
    kinds += ["credential", "credential", "credential"] if modes else ["credential"]
    kind = random.choice(kinds)
    scope = random.choice(((), ("environment",), ("environment",)))
    if kind == "credential":
        scope = random.choice((("provider_mode",), ("provider_mode",), ("environment", "provider_mode")))
    if kind == "parts":
        return Item(key, random.choice(((), scope)), "part", ("rotation", "revocation"), age)
    return Item(key, scope, "none" if kind == "plain" else kind, (), age)


def _row(random: Random, name: str, items: tuple[Item, ...], environments: list[tuple[str, bool]]) -> UseCase:
    drills = (
        random.choice(((), ("timeout",), ("timeout", "failover"))) if any(i.proof == "drill" for i in items) else ()
    )
    real = tuple(name for name, is_real in environments if is_real)
    only = (random.choice(real),) if chance(random, 0.15) else None
    absent = (random.choice(items).key,) if len(items) > 1 and chance(random, 0.08) else ()
    return UseCase(name, only, None, drills, absent, "YELLOW" if chance(random, 0.08) else "GREEN")


def _policy(random: Random) -> Policy:
    leniency = ("refuse", "acknowledge", "acknowledge", "accept")
    return Policy(
        on="evidence" if chance(random, 0.25) else "review",
        asserted=random.choice(leniency), flaky=random.choice(leniency),
        waivers=random.choice(("refuse", "accept")),
        release="required" if chance(random, 0.05) else "ignore",
        level="L0" if chance(random, 0.08) else "L1",
        clock="ignore" if chance(random, 0.08) else "refuse",
        deselected="refuse" if chance(random, 0.2) else "accept",
        architecture="GREEN" if chance(random, 0.2) else "ignore",
        required=2 if chance(random, 0.12) else 1,
        separate=not chance(random, 0.1),
        reviewers=REVIEWERS,
        people=(("rev@x.org", ("rev-on-ci",)),) if chance(random, 0.3) else (),
    )  # fmt: skip


def invent_tests(random: Random, config: Config) -> tuple[Test, ...]:
    """Return tests that could show everything that a project requires."""
    pairs = [
        (row.id, item.key) for row in config.use_cases for item in config.items if item.key not in row.not_applicable
    ]
    tests = []
    while pairs:
        mine = [pairs.pop() for _ in range(min(len(pairs), random.choice((1, 1, 2))))]
        style = random.choice(("run", "run", "run", "scope", "scope", "marks"))
        tests.append(_test(random, config, f"{FILE}::test_{len(tests)}", mine, style))
        if chance(random, 0.2):  # another test of the same requirement, with or without its proof
            twin = _test(random, config, f"{FILE}::test_{len(tests)}", mine[:1], random.choice(("run", "scope")))
            tests.append(replace(twin, proves=chance(random, 0.5)))
    return tuple(tests)


def _test(random: Random, config: Config, name: str, pairs: list[tuple[str, str]], style: str) -> Test:
    claims = []
    for use_case, item in pairs:
        replay = "FULL" if proof_of(config, item) == "replay" and chance(random, 0.4) else None
        plain = Claim(use_case, item, replay=replay)
        if style == "marks":
            real = [name for name, is_real in config.environments if is_real]
            modes = [name for name, _ in config.modes] if proof_of(config, item) == "credential" else []
            if modes and chance(random, 0.6):
                claims += [replace(plain, mode=one) for one in modes]
            else:
                claims += [replace(plain, environment=one) for one in real]
        else:
            claims.append(plain)
    return Test(name, tuple(claims), style, proves=not chance(random, 0.08))


def proof_of(config: Config, item: str) -> str:
    return next((one.proof for one in config.items if one.key == item), "none")


def drills_of(config: Config, test: Test) -> list[str]:
    """The drills that the use cases of a test name, or a name of its own where they name none."""
    rows = [row for row in config.use_cases if any(claim.uc == row.id for claim in test.claims)]
    named = [set(row.drills) for row in rows if row.drills]
    return sorted(set.intersection(*named)) if named else ["anything"]


def script(
    random: Random, config: Config, test: Test, environment: str | None, mode: str | None, *, parts: str = "all"
) -> tuple[Say, ...]:
    """Return what a test says that runs in this environment and mode, and shows all that it can show."""
    says: list[Say] = []
    proofs = {proof_of(config, claim.item) for claim in test.claims}
    if test.style == "scope" and (environment or mode):
        says.append(Say("scope", environment, mode))
    if not test.proves:
        return tuple(says)
    if "credential" in proofs:
        limits = {claim.mode for claim in test.claims if proof_of(config, claim.item) == "credential"}
        proven = mode or random.choice([name for name, _ in config.modes] or ["BYOK"])
        if None in limits or proven in limits:
            says.append(Say("credential", value=proven))
            others = [name for name, _ in config.modes if name != proven]
            if others and test.style != "scope" and chance(random, 0.1) and (None in limits or others[0] in limits):
                says.append(Say("credential", value=others[0]))
    says += [Say(kind) for kind in ("trace", "handshake") if kind in proofs]
    if "replay" in proofs:
        marked = {claim.replay for claim in test.claims if proof_of(config, claim.item) == "replay"}
        says.append(Say("replay", value="FULL" if marked != {None} else random.choice(("FULL", "TRACE_ONLY"))))
    if "part" in proofs:
        named = ("rotation", "revocation") if parts == "all" else (random.choice(("rotation", "revocation")),)
        says += [Say(kind) for kind in named]
    if "drill" in proofs:
        drills = drills_of(config, test)
        says += [Say("drill", value=name) for name in (drills if parts == "all" else drills[:1])]
    return tuple(says)


def execution(test: Test, attempts: tuple[Attempt, ...], at: int, claims: tuple[Claim, ...]) -> Execution:
    return Execution(test.id, claims, attempts, at, fixture=True)
