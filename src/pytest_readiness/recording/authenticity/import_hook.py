"""Modules that are to be known as soon as they are loaded: a test may import a library, use it and put it back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Finder:
    """Stands before the other finders, finds nothing itself, and has a module that is wanted tell of its arrival."""

    def __init__(self, wanted: Collection[str], tell: Callable[[str], None]) -> None:
        self.wanted = frozenset(wanted)
        self.tell = tell

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that the others find, with a loader that tells; None for what is not wanted."""
        if name not in self.wanted:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, self.tell)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """The loader of a module that is wanted; once it is loaded, everything is as it would have been."""

    def __init__(self, loader: Any, tell: Callable[[str], None]) -> None:
        self._loader = loader
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as its own loader does."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Load the module, and tell of it."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        with suppress(Exception):
            self._tell(module.__name__)


def on_import(wanted: Collection[str], tell: Callable[[str], None]) -> None:
    """Have ``tell`` called with the name of each of these modules when it has been loaded from now on.

    No module may be wanted twice: each who waits for it would ask the other for it.
    """
    for finder in sys.meta_path:
        is_ours = type(finder).__name__ == _Finder.__name__ and type(finder).__module__ == __name__
        if is_ours and getattr(finder, "wanted", None) == frozenset(wanted):
            return
    sys.meta_path.insert(0, _Finder(wanted, tell))
