"""Entry point of ``python -m pytest_readiness``, the same as the command ``readiness``."""

from __future__ import annotations

from .cli import main

if __name__ == "__main__":
    main()
