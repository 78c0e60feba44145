"""Evidence from real test runs, the readiness derived from it, and a gate that fails closed.

Public names are loaded when first used: pytest imports this package at its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .claims.marker import evidence as evidence
    from .errors import ProofError as ProofError, ReadinessError as ReadinessError

_MODULES = {
    "ProofError": "errors",
    "ReadinessError": "errors",
    "evidence": "claims.marker",
}

__all__ = ["ProofError", "ReadinessError", "__version__", "evidence"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-readiness")
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
