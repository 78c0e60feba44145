"""Libraries of this package in whose place a test module or a conftest put a stub."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

from ..errors import ConfigError
from ..third_party import describe_exception

LIBRARIES = frozenset(
    {
        "ahocorasick_rs",
        "click",
        "cryptography",
        "jinja2",
        "markdown_it",
        "markupsafe",
        "msgspec",
        "pluggy",
        "securesystemslib",
        "sqlite_utils",
        "wcwidth",
        "yaml",
    }
)


def describe_replaced() -> str | None:
    """Return what is wrong and what to do, in one line; None: each library is itself, as far as it is loaded.

    For an error that is not understood otherwise: a stub of a library that is not used does no harm.
    """
    modules = [(name, module) for name, module in list(sys.modules.items()) if name.partition(".")[0] in LIBRARIES]
    names = sorted(name.partition(".")[0] for name, module in modules if not _is_real(name, module))
    if not names:
        return None
    name = names[0]
    return (
        f"sys.modules has no real '{name}', which pytest-readiness needs: a conftest or a test module put something"
        f" else there. Do that in a test or a fixture: monkeypatch.setitem(sys.modules, '{name}', ...)"
    )


@contextmanager
def needed_libraries() -> Iterator[None]:
    """Run a block that imports libraries.

    Raises:
        ConfigError: an import failed, and a library is replaced.
    """
    try:
        yield
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        if message := describe_replaced():
            raise ConfigError(f"{message} ({describe_exception(error)})") from None
        raise


def _is_real(name: str, module: object) -> bool:
    """Return whether a module was imported from somewhere, and not made by hand."""
    if not issubclass(type(module), ModuleType):  # not isinstance, which a mock may answer with yes
        return False
    return "." in name or isinstance(getattr(module, "__spec__", None), ModuleSpec)
