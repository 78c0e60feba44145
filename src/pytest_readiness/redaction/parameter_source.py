"""What the code says of the list that the parameters of a test come from: a few digits that change when it is edited.

They are made of the code alone, as it stands in the files: of what the decorators say, and of what gives the names in
there their values. Blanks and comments do not matter, nor what the code makes of an environment. Asked only where a
place stands for a secret.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from importlib.util import resolve_name
from io import FileIO as _FileIO
from pathlib import Path
from typing import Any, NamedTuple

DIGITS = 4
"""Hex digits of a digest: enough to tell an edit, and too few to tell what a secret in the code was."""
_parse = ast.parse
_IMPORTS = ast.Import | ast.ImportFrom
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_NOT_SAID = frozenset({"ctx", "kind", "type_comment", "type_params", "type_ignores"})
"""Fields of a node that differ between Pythons, or say nothing that the others do not."""


_MOST_FILES = 8
"""Files whose trees are held at once."""
_UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, AttributeError, RecursionError, MemoryError, ImportError)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Source(NamedTuple):
    """A file of Python, and what gives the names in it their values."""

    path: Path
    body: list[ast.stmt]
    bindings: dict[str, list[ast.AST]]


class SourceFiles:
    """The files that tests stand in, as they are in this session."""

    def __init__(self) -> None:
        self._read: dict[str, _Source] = {}

    def edition(self, item: Any) -> str:
        """Return the digits for the parameters of a test; empty where no code says anything of them.

        ``item``: what pytest collected, with its parameters.
        """
        try:
            told = list(self._told(item))
        except _UNREADABLE:
            return ""
        return sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()[:DIGITS] if told else ""

    def _told(self, item: Any) -> Iterator[Any]:
        """Yield what gives a test its parameters: its marks and fixtures; where these say nothing, what else does."""
        found = [*self._by_marks(item), *self._by_fixtures(item)]
        yield from found or self._by_hooks(item)

    def _by_marks(self, item: Any) -> Iterator[Any]:
        """Of the decorators of a test and of its classes, and of the marks of its module."""
        classes = [found for one in getattr(item.cls, "__mro__", ()) if (found := self._class(one)) is not None]
        source, function = self._function(_as_written(item))
        if source is None or function is None:
            return
        said: list[tuple[_Source, ast.AST]] = [(source, one) for one in function.decorator_list]
        for where, node in classes:
            said += [(where, one) for one in (*node.decorator_list, *_bindings(node.body).get("pytestmark", ()))]
        said += [(source, one) for one in source.bindings.get("pytestmark", ())]
        inner = [node for _, node in classes]
        for where, one in said:
            whole = list(self._closure(where, [one], inner))
            if "parametrize" in repr(whole):
                yield whole

    def _by_fixtures(self, item: Any) -> Iterator[Any]:
        known = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 - pytest tells it nowhere else
        for name in item.callspec.params:
            for fixture in known.get(name, ())[-1:]:
                source, function = self._function(fixture.func)
                if source is not None and function is not None:
                    yield list(self._closure(source, function.decorator_list))

    def _by_hooks(self, item: Any) -> Iterator[Any]:
        """Of ``pytest_generate_tests``: in the module or class of the test, and in each ``conftest.py`` around it."""
        own = [getattr(one, "pytest_generate_tests", None) for one in (item.module, item.cls)]
        around = [impl.function for impl in item.ihook.pytest_generate_tests.get_hookimpls()]
        for hook in filter(None, [*own, *around]):
            source, function = self._function(hook)
            if source is not None and function is not None and (hook in own or source.path.name == "conftest.py"):
                yield list(self._closure(source, [function]))

    def _function(self, function: Any) -> tuple[_Source | None, _Function | None]:
        """Return the definition of a function, and where it stands."""
        code = getattr(inspect.unwrap(function), "__code__", None)
        source = None if code is None or _is_installed(code.co_filename) else self._source(code.co_filename)
        if source is None:
            return None, None
        nodes = (one for node in source.body for one in ast.walk(node) if isinstance(one, _Function))
        return source, next((one for one in nodes if _is_of(one, code)), None)

    def _class(self, cls: type) -> tuple[_Source, ast.ClassDef] | None:
        """Return the definition of a class of a module, and where it stands."""
        path = getattr(sys.modules.get(cls.__module__), "__file__", None)
        source = None if path is None or _is_installed(path) else self._source(path)
        if source is None:
            return None
        body, found = source.body, None
        for name in cls.__qualname__.split("."):
            found = next((one for one in body if isinstance(one, ast.ClassDef) and one.name == name), None)
            if found is None:
                return None
            body = found.body
        return None if found is None else (source, found)

    def _source(self, path: str) -> _Source | None:
        if not path.endswith(".py"):
            return None
        found = self._read.get(path)
        if found is None:
            if len(self._read) >= _MOST_FILES:
                self._read.clear()
            with _FileIO(path) as file:  # no test can have replaced it
                body = _parse(file.readall()).body
            found = self._read[path] = _Source(Path(path), body, _bindings(body))
        return found

    def _closure(
        self, source: _Source, nodes: Iterable[ast.AST], classes: Sequence[ast.ClassDef] = ()
    ) -> Iterator[Any]:
        """Yield what these nodes say, and then, each once, what gives the names in them their values."""
        inner = [_bindings(one.body) for one in classes]
        left: list[tuple[_Source, ast.AST]] = [(source, node) for node in nodes]
        seen: set[tuple[Path, str]] = set()
        for where, node in left:  # grows as it is read
            yield _spelled(node)
            if isinstance(node, _IMPORTS):
                left += self._imported(where, node, seen)
                continue
            for name in _names(node):
                if (where.path, name) not in seen:
                    seen.add((where.path, name))
                    known = [*inner, where.bindings] if where is source else [where.bindings]
                    left += [(where, one) for bound in known for one in bound.get(name, ())]

    def _imported(
        self, source: _Source, node: ast.Import | ast.ImportFrom, seen: set[tuple[Path, str]]
    ) -> Iterator[tuple[_Source, ast.AST]]:
        """Yield what is imported from a module that lies with the tests: of others, that it is imported is enough."""
        if isinstance(node, ast.Import):
            asked = [(alias.name, "*") for alias in node.names]
        else:
            package = _package_of(source) if node.level else None
            module = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            asked = [(module, alias.name) for alias in node.names]
        for module, wanted in asked:
            within = self._beside(source, f"{module}.{wanted}")  # a module of a package
            other, name = (within, "*") if within is not None else (self._beside(source, module), wanted)
            if other is not None and (other.path, name) not in seen:
                seen.add((other.path, name))
                given: Sequence[ast.AST] = other.body if name == "*" else other.bindings.get(name, ())
                yield from ((other, one) for one in given)

    def _beside(self, source: _Source, name: str) -> _Source | None:
        """Return an imported module that lies in the folder of a file, above it or below."""
        path = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(path, str) or _is_installed(path):
            return None
        here, there = source.path.parent, Path(path).parent
        return self._source(path) if here == there or there in here.parents or here in there.parents else None


def _as_written(item: Any) -> Any:
    """Return the function of a test: pytest's own may be another by the time it ran."""
    return getattr(item.parent.obj, item.originalname, None) or item.function


def _is_installed(path: str) -> bool:
    return "-packages" in path


def _package_of(source: _Source) -> str | None:
    path = str(source.path)
    modules = (one for one in list(sys.modules.values()) if getattr(one, "__file__", None) == path)
    return next((found for one in modules if (found := getattr(one, "__package__", None))), None)


def _bindings(body: Sequence[ast.stmt]) -> dict[str, list[ast.AST]]:
    """Return, by name, the statements of a module or a class that give it its value, or change that."""
    found: dict[str, list[ast.AST]] = {}
    for node in body:
        for name in dict.fromkeys(_bound(node)):
            found.setdefault(name, []).append(node)
    return found


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, _IMPORTS):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from _names(target)
    else:  # a call that may change what it is given, or a block that may do anything
        yield from _names(node)


def _names(node: ast.AST) -> Iterator[str]:
    yield from (one.id for one in ast.walk(node) if isinstance(one, ast.Name))


def _is_of(node: _Function, code: Any) -> bool:
    """A function's code begins with its first decorator."""
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return bool(node.name == code.co_name and first == code.co_firstlineno)


def _spelled(node: Any) -> Any:
    """Return what a node says, spelled alike by each Python."""
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if name not in _NOT_SAID)
        said = [(name, _spelled(value)) for name, value in fields if value is not None and value != []]
        return (type(node).__name__, *said)
    return [_spelled(one) for one in node] if isinstance(node, list) else node
