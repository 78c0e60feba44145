"""The built site, and Chromium to look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.views.conftest import browser  # noqa: F401 - a fixture


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The built site."""
    pytest.importorskip("zensical", reason="the site's generator is not installed (nox -s docs)")
    pytest.importorskip("mkdocstrings_handlers.python", reason="mkdocstrings is not installed (nox -s docs)")
    from docs_site.site import build  # the generator is there

    folder = tmp_path_factory.mktemp("docs") / "site"
    build(folder)
    return folder
