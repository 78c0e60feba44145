"""Digest of the code that lists the parameters of a test, which changes when the list is edited.

The digest depends on the code alone: on the decorators of a test, and on the definitions of the names in them. Blanks,
comments and values from the environment have no effect. It is computed only if a placeholder replaces a secret.
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
"""Number of hex digits: enough to detect an edit, and too few to reveal a secret in the code."""
_parse = ast.parse
_IMPORTS = ast.Import | ast.ImportFrom
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_IGNORED_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_params", "type_ignores"})
"""Fields of a node that differ between versions of Python, or repeat what other fields hold."""


_MAX_FILES = 8
"""Greatest number of files whose trees are in memory."""
_UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, AttributeError, RecursionError, MemoryError, ImportError)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Source(NamedTuple):
    """A file with Python code, and the statements that bind the names in it."""

    path: Path
    body: list[ast.stmt]
    bindings: dict[str, list[ast.AST]]


class SourceFiles:
    """The files of the tests in this session."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}

    def parameters_digest(self, item: Any) -> str:
        """Return the digits for the parameters of a test; empty if no code lists them.

        ``item``: the parametrised test as pytest collected it.
        """
        try:
            code = list(self._parameter_code(item))
        except _UNREADABLE:
            return ""
        return sha256(repr(code).encode("utf-8", "backslashreplace")).hexdigest()[:DIGITS] if code else ""

    def _parameter_code(self, item: Any) -> Iterator[Any]:
        """Yield the code of a test's parameters: of its marks and fixtures, or if there is none, of its hooks."""
        code = [*self._code_of_marks(item), *self._code_of_fixtures(item)]
        yield from code or self._code_of_hooks(item)

    def _code_of_marks(self, item: Any) -> Iterator[Any]:
        """Yield the code of the decorators of a test and its classes, and of the marks of its module."""
        classes = [
            definition for cls in getattr(item.cls, "__mro__", ()) if (definition := self._class(cls)) is not None
        ]
        source, function = self._function(_test_function(item))
        if source is None or function is None:
            return
        marks: list[tuple[_Source, ast.AST]] = [(source, mark) for mark in function.decorator_list]
        for file, node in classes:
            marks += [(file, mark) for mark in (*node.decorator_list, *_bindings(node.body).get("pytestmark", ()))]
        marks += [(source, mark) for mark in source.bindings.get("pytestmark", ())]
        inner = [node for _, node in classes]
        for file, mark in marks:
            code = list(self._closure(file, [mark], inner))
            if "parametrize" in repr(code):
                yield code

    def _code_of_fixtures(self, item: Any) -> Iterator[Any]:
        """Yield the code of the decorators of parametrised fixtures."""
        fixtures = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 - pytest has no public API for it
        for name in item.callspec.params:
            for fixture in fixtures.get(name, ())[-1:]:
                source, function = self._function(fixture.func)
                if source is not None and function is not None:
                    yield list(self._closure(source, function.decorator_list))

    def _code_of_hooks(self, item: Any) -> Iterator[Any]:
        """Yield the code of ``pytest_generate_tests`` in the module or class of a test, or in a ``conftest.py``."""
        own = [getattr(owner, "pytest_generate_tests", None) for owner in (item.module, item.cls)]
        around = [impl.function for impl in item.ihook.pytest_generate_tests.get_hookimpls()]
        for hook in filter(None, [*own, *around]):
            source, function = self._function(hook)
            if source is not None and function is not None and (hook in own or source.path.name == "conftest.py"):
                yield list(self._closure(source, [function]))

    def _function(self, function: Any) -> tuple[_Source | None, _Function | None]:
        """Return the file and the definition of a function."""
        code = getattr(inspect.unwrap(function), "__code__", None)
        source = None if code is None or _is_installed(code.co_filename) else self._source(code.co_filename)
        if source is None:
            return None, None
        nodes = (
            definition for node in source.body for definition in ast.walk(node) if isinstance(definition, _Function)
        )
        return source, next((definition for definition in nodes if _is_definition_of(definition, code)), None)

    def _class(self, cls: type) -> tuple[_Source, ast.ClassDef] | None:
        """Return the file and the definition of a class in a module."""
        path = getattr(sys.modules.get(cls.__module__), "__file__", None)
        source = None if path is None or _is_installed(path) else self._source(path)
        if source is None:
            return None
        body, definition = source.body, None
        for name in cls.__qualname__.split("."):
            definition = next((child for child in body if isinstance(child, ast.ClassDef) and child.name == name), None)
            if definition is None:
                return None
            body = definition.body
        return None if definition is None else (source, definition)

    def _source(self, path: str) -> _Source | None:
        if not path.endswith(".py"):
            return None
        source = self._sources.get(path)
        if source is None:
            if len(self._sources) >= _MAX_FILES:
                self._sources.clear()
            with _FileIO(path) as file:  # a test may have replaced ``open``, but not this
                body = _parse(file.readall()).body
            source = self._sources[path] = _Source(Path(path), body, _bindings(body))
        return source

    def _closure(
        self, source: _Source, nodes: Iterable[ast.AST], classes: Sequence[ast.ClassDef] = ()
    ) -> Iterator[Any]:
        """Yield these nodes in plain form, and then, each once, the definitions of the names in them."""
        inner = [_bindings(cls.body) for cls in classes]
        pending: list[tuple[_Source, ast.AST]] = [(source, node) for node in nodes]
        seen: set[tuple[Path, str]] = set()
        for file, node in pending:  # the list grows during the loop
            yield _to_plain(node)
            if isinstance(node, _IMPORTS):
                pending += self._imported_nodes(file, node, seen)
                continue
            for name in _names_in(node):
                if (file.path, name) not in seen:
                    seen.add((file.path, name))
                    scopes = [*inner, file.bindings] if file is source else [file.bindings]
                    pending += [(file, binding) for bindings in scopes for binding in bindings.get(name, ())]

    def _imported_nodes(
        self, source: _Source, node: ast.Import | ast.ImportFrom, seen: set[tuple[Path, str]]
    ) -> Iterator[tuple[_Source, ast.AST]]:
        """Yield the nodes that are imported from a module beside the tests; nothing for other modules."""
        if isinstance(node, ast.Import):
            imports = [(alias.name, "*") for alias in node.names]
        else:
            package = _package_of(source) if node.level else None
            module = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            imports = [(module, alias.name) for alias in node.names]
        for module, imported in imports:
            submodule = self._find_neighbour(source, f"{module}.{imported}")  # a module of a package
            other, name = (
                (submodule, "*") if submodule is not None else (self._find_neighbour(source, module), imported)
            )
            if other is not None and (other.path, name) not in seen:
                seen.add((other.path, name))
                statements: Sequence[ast.AST] = other.body if name == "*" else other.bindings.get(name, ())
                yield from ((other, statement) for statement in statements)

    def _find_neighbour(self, source: _Source, name: str) -> _Source | None:
        """Return an imported module in the folder of a file, above it or below."""
        path = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(path, str) or _is_installed(path):
            return None
        here, there = source.path.parent, Path(path).parent
        return self._source(path) if here == there or there in here.parents or here in there.parents else None


def _test_function(item: Any) -> Any:
    """Return the function of a test as written: pytest may have replaced it since."""
    return getattr(item.parent.obj, item.originalname, None) or item.function


def _is_installed(path: str) -> bool:
    return "-packages" in path


def _package_of(source: _Source) -> str | None:
    path = str(source.path)
    modules = (module for module in list(sys.modules.values()) if getattr(module, "__file__", None) == path)
    return next((package for module in modules if (package := getattr(module, "__package__", None))), None)


def _bindings(body: Sequence[ast.stmt]) -> dict[str, list[ast.AST]]:
    """Return, by name, the statements of a module or a class that bind it or change its value."""
    bindings: dict[str, list[ast.AST]] = {}
    for node in body:
        for name in dict.fromkeys(_bound_names(node)):
            bindings.setdefault(name, []).append(node)
    return bindings


def _bound_names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, _IMPORTS):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from _names_in(target)
    else:  # a call may change its arguments, and a block may do anything
        yield from _names_in(node)


def _names_in(node: ast.AST) -> Iterator[str]:
    yield from (child.id for child in ast.walk(node) if isinstance(child, ast.Name))


def _is_definition_of(node: _Function, code: Any) -> bool:
    """Return whether a definition belongs to a code object. The code of a function begins at its first decorator."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return bool(node.name == code.co_name and first == code.co_firstlineno)


def _to_plain(node: Any) -> Any:
    """Return a node in plain form, which is the same in each version of Python."""
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if name not in _IGNORED_FIELDS)
        values = [(name, _to_plain(value)) for name, value in fields if value is not None and value != []]
        return (type(node).__name__, *values)
    return [_to_plain(child) for child in node] if isinstance(node, list) else node
