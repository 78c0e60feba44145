"""Output formats of the report by name, each a module that is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from msgspec import Struct

from .report import Report


class OutputFormat(Struct, frozen=True):
    """One output format."""

    module: str
    """Module in this room, with ``render(report: Report) -> Iterator[str]``: the text in pieces."""
    needs_register: bool = False
    """Whether it shows every piece of evidence in scope, and not only what decides."""

    @property
    def render(self) -> Callable[[Report], Iterator[str]]:
        """The function that yields the text of a report in pieces. Equal reports give equal bytes."""
        renderer: Callable[[Report], Iterator[str]] = import_module(f"{__package__}.{self.module}").render
        return renderer


FORMATS: Mapping[str, OutputFormat] = MappingProxyType(
    {"json": OutputFormat("document"), "csv": OutputFormat("formats.csv", needs_register=True)}
)
"""The formats by name, in the order in which help lists them; the terminal's is not among them."""
