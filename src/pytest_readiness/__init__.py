"""Evidence from real test runs, readiness derived from it, and a gate that fails closed.

Public names are loaded when first used, so that importing this package costs nothing at pytest's start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .claims.marker import evidence as evidence
    from .errors import ProofError as ProofError, ReadinessError as ReadinessError

_HOMES = {
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
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
