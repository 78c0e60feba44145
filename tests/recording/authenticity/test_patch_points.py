"""Patch points: values that pass through to the original, and values that replace it."""

from __future__ import annotations

import functools
import socket
import sys
import time
import types
import urllib.request
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from pytest_readiness.recording.authenticity import mock_detection
from pytest_readiness.recording.authenticity.patch_points import (
    FAKES,
    TRUSTED,
    PatchPoints,
    ReplacedPoint,
    replaced_kind,
)


def made_in(package: str, **names: Any) -> Callable[..., Any]:
    """Return a function of a module in this package."""
    namespace: dict[str, Any] = {"__name__": f"{package}.patching", **names}
    exec("def urlopen(*args, **kwargs):\n    return None\n", namespace)
    function: Callable[..., Any] = namespace["urlopen"]
    return function


def replaced_with(monkeypatch: pytest.MonkeyPatch, value: object) -> list[ReplacedPoint]:
    """Return the replaced points after ``urllib.request.urlopen`` is set to a value."""
    points = PatchPoints()
    assert points.find_replaced() == []
    monkeypatch.setattr(urllib.request, "urlopen", value)
    return points.find_replaced()


@pytest.mark.parametrize("package", sorted(TRUSTED))
def test_what_is_known_to_go_through_replaces_nothing(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Tracing tools, other event loops and guards are no replacements."""
    assert replaced_with(monkeypatch, made_in(package)) == []


@pytest.mark.parametrize("package", sorted(FAKES))
def test_a_known_library_is_not_believed_to_go_through(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """A function of a known mock library is a replacement, even if it names the original as wrapped."""
    fake = functools.wraps(urllib.request.urlopen)(made_in(package))
    [replaced] = replaced_with(monkeypatch, fake)
    assert (replaced.package, replaced.kind, replaced.point) == (package, "the network", "urllib.request.urlopen")


@pytest.mark.parametrize(
    "fake",
    [mock.Mock(), mock.MagicMock(), mock.create_autospec(urllib.request.urlopen), made_in("app"), print, 3, object()],
    ids=["Mock", "MagicMock", "autospec", "function", "builtin", "number", "object"],
)
def test_anything_else_is_a_replacement(monkeypatch: pytest.MonkeyPatch, fake: object) -> None:
    """A mock, an autospec, another package's function or a value of another type is a replacement."""
    [replaced] = replaced_with(monkeypatch, fake)
    assert replaced.point == "urllib.request.urlopen"


def test_a_wrapper_of_a_wrapper_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of wrappers down to the original passes through; a circle of wrappers does not."""
    outer = functools.wraps(functools.wraps(urllib.request.urlopen)(made_in("app")))(made_in("app"))
    assert replaced_with(monkeypatch, outer) == []
    circle = made_in("app")
    circle.__wrapped__ = circle  # type: ignore[attr-defined]
    assert len(replaced_with(monkeypatch, circle)) == 1


def test_a_reloaded_module_has_new_patch_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions of a reloaded library are its own, and replaced ones are detected."""
    points = PatchPoints()
    for _ in range(2):
        grpc = types.ModuleType("grpc")
        exec("def insecure_channel():\n    pass\n", grpc.__dict__)
        monkeypatch.setitem(sys.modules, "grpc", grpc)
        monkeypatch.setitem(sys.modules, f"another_{id(grpc)}", grpc)  # a real library loads others too
        assert points.find_replaced() == []
        vars(grpc)["insecure_channel"] = made_in("app")
        assert [replaced.point for replaced in points.find_replaced()] == ["grpc.insecure_channel"]


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
    """The kind follows from the original; if that is a mock itself, from the target."""
    assert replaced_kind(target, name, original) == kind


def test_a_clock_that_no_patch_point_reports_is_compared_with_the_file_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of Python's clocks may be replaced at a lower level; a file's time is the system's."""
    clock = mock_detection._Clock()
    assert not clock.is_wrong()
    other = types.SimpleNamespace(time_ns=lambda: time.time_ns() + 10**13, monotonic_ns=time.monotonic_ns)
    monkeypatch.setattr(mock_detection, "time", other)
    assert clock.is_wrong()
    assert mock_detection._Clock().is_wrong()
    monkeypatch.undo()
    assert not clock.is_wrong()


def test_a_name_that_its_owner_only_inherits_is_watched() -> None:
    """A method that a class inherits is no attribute of it until a test sets one there."""
    points = PatchPoints()
    assert points.find_replaced() == []
    assert "connect" not in vars(socket.socket)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", made_in("app"), raising=False)
        assert [replaced.point for replaced in points.find_replaced()] == ["socket.socket.connect"]
    assert points.find_replaced() == []


def test_a_name_that_is_deleted_is_watched_when_it_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deleted function replaces nothing, and a value in its place does."""
    points = PatchPoints()
    assert points.find_replaced() == []
    monkeypatch.delattr(urllib.request, "urlopen")
    assert points.find_replaced() == []
    monkeypatch.setattr(urllib.request, "urlopen", made_in("app"), raising=False)
    assert [replaced.point for replaced in points.find_replaced()] == ["urllib.request.urlopen"]
