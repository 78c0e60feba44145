"""The model, fourth part: run groups (§5.8)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .decided import longest_age
from .recorded import ENDED, Piece
from .words import HOUR, Config, Run

WINDOW = 12 * HOUR
NOT_ENDED = ("INTERRUPTED", "NOT_RUN")


@dataclass(frozen=True)
class Part:
    """A run that is a part of a group, when it began, and its evidence."""

    run: Run
    at: int
    pieces: tuple[Piece, ...]
    config: Config

    @property
    def place(self) -> tuple[str | None, str | None]:
        """§5.8: "a group is counted per environment and provider mode"."""
        return self.run.environment, self.run.mode or self.config.usual_mode


Generation = list[Part]


def generations(parts: Sequence[Part]) -> list[tuple[tuple, list[Generation]]]:
    """§5.8: the generations of each group, oldest first: by CI run, or by starts within 12 hours of the first."""
    groups: dict[tuple, list[Part]] = {}
    for part in sorted(parts, key=lambda one: one.at):
        groups.setdefault((part.run.group[0], part.place), []).append(part)
    found = []
    for key, members in groups.items():
        made: list[Generation] = []
        for part in members:
            fitting = None
            for generation in made:
                first = generation[0]
                if part.run.ci or first.run.ci:
                    if part.run.ci and first.run.ci and part.run.ci[0] == first.run.ci[0]:
                        fitting = generation
                elif part.at <= first.at + WINDOW:
                    fitting = generation
            if fitting is None:
                made.append([part])
            else:
                fitting.append(part)
        found.append((key, made))
    return found


def is_complete(generation: Generation) -> bool:
    """§5.8: they agree on N, each of the N parts arrived, and every test that any of them planned has ended."""
    numbers = {part.run.group[2] for part in generation}
    if len(numbers) > 1 or {part.run.group[1] for part in generation} != set(range(1, max(numbers) + 1)):
        return False
    ended = {one.test for part in generation for one in part.pieces if one.result not in NOT_ENDED}
    return all(test in ended for part in generation for test, _ in planned(part))


def planned(part: Part) -> Iterator[tuple[str, tuple]]:
    """The tests that a part was to run, with their claims."""
    for one in (*part.run.executions, *part.run.unreached):
        yield one.test, one.claims


def told(part: Part) -> Iterator[tuple[str, tuple]]:
    """§5.8: "what its parts planned or deselected"."""
    yield from planned(part)
    for one in part.run.deselected:
        yield one.test, one.claims


def held(
    parts: Sequence[Part], pieces: Sequence[Piece], config: Config, now: int, retired: Collection[str]
) -> dict[str, str]:
    """§5.8: the use cases that incomplete generations keep closed, and by which group.

    ``retired``: tests that a listed reviewer retired.
    """
    found: dict[str, str] = {}
    for (name, _), made in generations(parts):
        for generation in made:
            began = generation[0].at
            age = longest_age(config)
            if is_complete(generation) or any(is_complete(one) and one[0].at > began for one in made):
                continue
            if age is not None and began < now - age:
                continue
            earlier = [one for one in made if is_complete(one) and one[0].at <= began]
            complete = [part for one in earlier for part in one if one[0].at == earlier[-1][0].at]
            places = _environments(generation) | (_environments(complete) if complete else set())
            for environment in places:
                if not dict(config.environments).get(environment, False):
                    continue
                if not complete:
                    found |= {row.id: name for row in config.use_cases}
                    continue
                claims = {
                    (test, claim.uc, claim.item) for part in generation for test, all_ in told(part) for claim in all_
                }
                claims |= {
                    (test, claim.uc, claim.item)
                    for part in complete for test, all_ in planned(part) for claim in all_
                }  # fmt: skip
                for test, use_case, item in claims:
                    let_go = test in retired or any(
                        (one.test, one.uc, one.item) == (test, use_case, item) and one.environment == environment
                        and one.real and one.result in ENDED and _after(one, generation)
                        for one in pieces
                    )  # fmt: skip
                    if not let_go:
                        found[use_case] = name
    return found


def _after(piece: Piece, generation: Generation) -> bool:
    """§5.8: after the generation began, in the provider mode that it is counted in."""
    mode = generation[0].place[1]
    mine = piece.run in {part.run.name for part in generation}
    return (mine or piece.start > generation[0].at) and mode in (None, piece.mode)


def _environments(generation: Generation) -> set[str]:
    """§5.8: it holds in its environment; where the run named none, in each in which its tests placed themselves."""
    stated = generation[0].run.environment
    if stated is not None:
        return {stated}
    return {one.environment for part in generation for one in part.pieces if one.environment is not None}
