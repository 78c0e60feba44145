"""Seams: what may stand in one without replacing anything, and what is replaced whoever did it."""

from __future__ import annotations

import functools
import sys
import time
import types
import urllib.request
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from pytest_readiness.recording.authenticity import mock_detection
from pytest_readiness.recording.authenticity.patch_points import FAKES, TRUSTED, PatchPoints, ReplacedPoint, kind_of


def made_in(package: str, **names: Any) -> Callable[..., Any]:
    """A function that a module of this name made."""
    space: dict[str, Any] = {"__name__": f"{package}.patching", **names}
    exec("def urlopen(*given, **named):\n    return None\n", space)
    made: Callable[..., Any] = space["urlopen"]
    return made


def looked(monkeypatch: pytest.MonkeyPatch, value: object) -> list[ReplacedPoint]:
    """What is seen where ``urllib.request.urlopen`` is this."""
    seams = PatchPoints()
    assert seams.look() == []
    monkeypatch.setattr(urllib.request, "urlopen", value)
    return seams.look()


@pytest.mark.parametrize("package", sorted(TRUSTED))
def test_what_is_known_to_go_through_replaces_nothing(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Tracing tools, other event loops and guards may stand in a seam."""
    assert looked(monkeypatch, made_in(package)) == []


@pytest.mark.parametrize("package", sorted(FAKES))
def test_a_known_library_is_not_believed_to_go_through(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Whatever it says it wraps, and of which module it says it is."""
    fake = functools.wraps(urllib.request.urlopen)(made_in(package))
    [replaced] = looked(monkeypatch, fake)
    assert (replaced.package, replaced.kind, replaced.seam) == (package, "the network", "urllib.request.urlopen")


@pytest.mark.parametrize(
    "fake",
    [mock.Mock(), mock.MagicMock(), mock.create_autospec(urllib.request.urlopen), made_in("app"), print, 3, object()],
    ids=["Mock", "MagicMock", "autospec", "function", "builtin", "number", "object"],
)
def test_anything_else_is_a_replacement(monkeypatch: pytest.MonkeyPatch, fake: object) -> None:
    """A mock, also one that looks like the function, somebody's function, and what is none."""
    [replaced] = looked(monkeypatch, fake)
    assert replaced.seam == "urllib.request.urlopen"


def test_a_wrapper_of_a_wrapper_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names what it wraps, down to the function itself; round in a circle is no way through."""
    outer = functools.wraps(functools.wraps(urllib.request.urlopen)(made_in("app")))(made_in("app"))
    assert looked(monkeypatch, outer) == []
    circle = made_in("app")
    circle.__wrapped__ = circle  # type: ignore[attr-defined]
    assert len(looked(monkeypatch, circle)) == 1


def test_a_module_that_is_loaded_anew_has_new_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test runner may load a library a second time: its functions are its own, and replaced ones are seen."""
    seams = PatchPoints()
    for _ in range(2):
        grpc = types.ModuleType("grpc")
        exec("def insecure_channel():\n    pass\n", grpc.__dict__)
        monkeypatch.setitem(sys.modules, "grpc", grpc)
        monkeypatch.setitem(sys.modules, f"another_{id(grpc)}", grpc)  # as a real library, it brings others
        assert seams.look() == []
        vars(grpc)["insecure_channel"] = made_in("app")
        assert [one.seam for one in seams.look()] == ["grpc.insecure_channel"]


@pytest.mark.parametrize(
    ("target", "name", "original", "kind"),
    [
        (time, "time", time.time, "the clock"),
        (time, "sleep", time.sleep, None),
        (sys.modules[__name__], "now", time.time, "the clock"),
        (sys.modules[__name__], "time", time, "the clock"),
        (sys.modules[__name__], "opener", urllib.request.OpenerDirector(), "the network"),
        (sys.modules[__name__], "limit", 3, None),
        (sys.modules[__name__], "nothing", None, None),
        (urllib.request, "urlopen", mock.Mock(), "the network"),
        (time, "time", mock.Mock(), "the clock"),
        (sys, "argv", mock.Mock(), None),
    ],
)
def test_what_is_replaced_is_told_by_what_it_was(target: Any, name: str, original: Any, kind: str | None) -> None:
    """And where that was a replacement already, by its place."""
    assert kind_of(target, name, original) == kind


def test_a_clock_that_no_seam_tells_of_is_compared_with_the_file_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of Python's clocks may be replaced below: a file's time is the system's."""
    clock = mock_detection._Clock()
    assert not clock.is_wrong()
    other = types.SimpleNamespace(time_ns=lambda: time.time_ns() + 10**13, monotonic_ns=time.monotonic_ns)
    monkeypatch.setattr(mock_detection, "time", other)
    assert clock.is_wrong()
    assert mock_detection._Clock().is_wrong()
    monkeypatch.undo()
    assert not clock.is_wrong()
