"""Mutants: the program with one operator, constant, condition, loop or decorator changed, drawn by a seed."""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from cosmic_ray import plugins
from cosmic_ray.ast import Visitor, get_ast

from .rooms import PACKAGE, ROOMS


@cache
def source_of(file: str) -> str:
    """Return a file as it was when it was first asked for."""
    return (PACKAGE / file).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    room: str
    file: str
    line: int
    operator: str
    position: int
    """Number of the place among those where the operator applies."""

    def original(self) -> str:
        """Return the file as it is."""
        return source_of(self.file)

    def code(self) -> str:
        """Return the changed file."""
        operator = plugins.get_operator(self.operator)()
        tree = get_ast(self.original())
        _Change(operator, self.position).walk(tree)
        return str(tree.get_code())

    def difference(self) -> Iterator[str]:
        """Yield the lines in which it differs."""
        old, new = self.original().splitlines(), self.code().splitlines()
        for line in difflib.unified_diff(old, new, self.file, lineterm="", n=0):
            if not line.startswith(("---", "+++")):
                yield f"    {line}"


class _Change(Visitor):
    def __init__(self, operator: object, position: int) -> None:
        self.operator, self.left = operator, position

    def visit(self, node):
        places = list(self.operator.mutation_positions(node))
        if 0 <= self.left < len(places):
            node = self.operator.mutate(node, self.left)
        self.left -= len(places)
        return node


class _Nodes(Visitor):
    def __init__(self) -> None:
        self.found = []

    def visit(self, node):
        self.found.append(node)
        return node


def places_of(room: str, file: str) -> dict[tuple[object, ...], list[Mutant]]:
    """Return the changes of a file, by the place and the kind of change."""
    nodes, found = _Nodes(), {}
    nodes.walk(get_ast(source_of(file)))
    for name in plugins.operator_names():
        kind = name.rpartition("/")[2].partition("_")[0]
        if kind in ("VariableReplacer", "VariableInserter"):  # need names as arguments
            continue
        operator = plugins.get_operator(name)()
        starts = [start for node in nodes.found for start, _ in operator.mutation_positions(node)]
        for number, start in enumerate(starts):
            found.setdefault((file, start, kind), []).append(Mutant(room, file, start[0], name, number))
    return found


def meaning(code: str) -> str | None:
    """Return what a program does, without annotations and documentation; None: it is no program."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.dump(tree)


@cache
def meaning_of(file: str) -> str | None:
    """Return what a file does as it is."""
    return meaning(source_of(file))


def draw(rooms: Sequence[str], number: int, seed: int) -> list[Mutant]:
    """Draw mutants that differ in what they do, as many of each room as of any other, while there are any."""
    drawn: list[Mutant] = []
    for index, room in enumerate(rooms):
        chance = random.Random(f"{seed} {room}")
        places = {key: ones for file in ROOMS[room].files for key, ones in places_of(room, file).items()}
        order = sorted(places, key=str)
        chance.shuffle(order)
        wanted = number * (index + 1) // len(rooms) - number * index // len(rooms)
        for key in order:
            mutant = chance.choice(places[key])
            changed = meaning(mutant.code()) if wanted else None
            if changed is not None and changed != meaning_of(mutant.file):
                drawn.append(mutant)
                wanted -= 1
    return drawn
