"""Import hook that reports when a watched module is loaded: a test may import, use and remove one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Finder:
    """First finder in ``sys.meta_path``: it wraps the loaders of watched modules, which other finders find."""

    def __init__(self, wanted: Collection[str], callback: Callable[[str], None]) -> None:
        self.wanted = frozenset(wanted)
        self.callback = callback

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that another finder finds, with a wrapped loader; None for other modules."""
        if name not in self.wanted:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, self.callback)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """Loader of a watched module; it restores the original loader before the module is executed."""

    def __init__(self, loader: Any, callback: Callable[[str], None]) -> None:
        self._loader = loader
        self._callback = callback

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module with the original loader."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module with the original loader, and call the callback."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        with suppress(Exception):
            self._callback(module.__name__)


def on_import(wanted: Collection[str], callback: Callable[[str], None]) -> None:
    """Call ``callback`` with the name of each of these modules after it is loaded, from now on.

    A module must not be in two calls: the two finders would ask each other for it.
    """
    for finder in sys.meta_path:
        is_own_finder = type(finder).__name__ == _Finder.__name__ and type(finder).__module__ == __name__
        if is_own_finder and getattr(finder, "wanted", None) == frozenset(wanted):
            return
    sys.meta_path.insert(0, _Finder(wanted, callback))
