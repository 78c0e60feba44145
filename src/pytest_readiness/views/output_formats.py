"""Output formats of the report by name, each a module that is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType

from msgspec import Struct

from .report import Report


class OutputFormat(Struct, frozen=True):
    """One output format."""

    module: str
    """Module in this room, with ``render(report: Report) -> Iterator[str]``: the text in pieces."""
    needs_register: bool = False
    """Whether it shows every piece of evidence in scope, and not only what decides."""
    is_signed: bool = False
    """Whether each piece is an in-toto statement in one line, which is signed where a key is set."""
    needs_page: bool = False
    """Whether it shows recorded lines, artifacts and the burn-up."""
    needs_basis: bool = False
    """Whether it shows what a review of each use case would be based on, with all its failed runs."""
    needs_locations: bool = False
    """Whether it shows the file and line of what keeps use cases from going live."""
    variants: tuple[tuple[str, str], ...] = ()
    """Modules for files with another suffix, such as ``.svg``."""

    @property
    def render(self) -> Renderer:
        """The function that yields the text of a report in pieces. Equal reports give equal bytes."""
        return self.renderer_for("")

    def renderer_for(self, suffix: str) -> Renderer:
        """Return ``render`` for a file with this suffix."""
        module = dict(self.variants).get(suffix.casefold(), self.module)
        renderer: Renderer = import_module(f"{__package__}.{module}").render
        return renderer

    def remarks(self, report: Report) -> Iterator[str]:
        """Yield what the format cannot say of a report, a line each, for standard error."""
        remarks: Callable[[Report], Iterator[str]] | None = getattr(self._loaded, "remarks", None)
        if remarks is not None:
            yield from remarks(report)

    @property
    def _loaded(self) -> ModuleType:
        return import_module(f"{__package__}.{self.module}")


Renderer = Callable[[Report], Iterator[str]]

FORMATS: Mapping[str, OutputFormat] = MappingProxyType(
    {
        "markdown": OutputFormat("formats.markdown"),
        "html": OutputFormat("page.render", needs_page=True),
        "json": OutputFormat("document", needs_basis=True),
        "junit": OutputFormat("formats.junit"),
        "csv": OutputFormat("formats.csv", needs_register=True),
        "badge": OutputFormat("formats.badge", variants=((".svg", "formats.badge_image"),)),
        "ctrf": OutputFormat("formats.ctrf"),
        "in-toto": OutputFormat("formats.in_toto", is_signed=True),
        "openmetrics": OutputFormat("formats.openmetrics"),
        "oscal": OutputFormat("formats.oscal"),
        "gitlab-codequality": OutputFormat("formats.gitlab_codequality", needs_locations=True),
    }
)
"""The formats by name, in the order in which help lists them; the terminal's is not among them."""
