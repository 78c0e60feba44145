"""Tests for the redactors of plugins, which run after the built-in redaction."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_readiness.redaction.redactor import HOOK_FAILED, Redactor

KEY = b"k" * 32
KNOWN = "S3cret/Va+lue=ü"


def test_plugins_redact_what_ours_left() -> None:
    """The redactor of a plugin gets each text after the built-in redaction, and may leave it unchanged."""
    seen: list[str] = []

    def of_plugin(text: str) -> str | None:
        seen.append(text)
        return text.replace("customer-7", "[customer]") if "customer-7" in text else None

    redactor = Redactor(KEY, {}, find_plugins=lambda: [of_plugin])
    redactor.register(KNOWN)
    assert redactor.text(f"{KNOWN} of customer-7") == "[REDACTED:registered] of [customer]"
    assert b"".join(redactor.stream([b"\xffcustomer-7"])) == b"\xff[customer]"
    first, second = redactor.name("test_a[customer-7]"), redactor.name("test_a[[customer]]")
    assert first.startswith("test_a[[customer]][REDACTED:")
    assert first != second
    assert redactor.name(first) == first
    assert not any(KNOWN in text for text in seen)


@pytest.mark.parametrize("fails", [lambda text: 1 / 0, lambda text: 7])
def test_what_a_plugin_fails_over_is_replaced(fails: Any) -> None:
    """If a plugin fails, the text is replaced, names stay different, and the failure is stored once."""
    redactor = Redactor(KEY, {}, find_plugins=lambda: [fails])
    assert (redactor.text("a"), redactor.text("")) == (HOOK_FAILED, "")
    assert b"".join(redactor.stream([b"a"])) == HOOK_FAILED.encode()
    assert redactor.name("t.py::test_a[1]") != redactor.name("t.py::test_a[2]")
    assert redactor.name("t.py::test_a[1]").startswith("t.py::test_a[REDACTED:")
    assert redactor.plugins.failure is not None
    assert redactor.take_counts() == [("hook-failed", 4)]


def test_a_plugin_that_cannot_be_asked_costs_no_evidence() -> None:
    """If plugins cannot be loaded, every text is replaced, and nothing is raised."""
    calls: list[int] = []

    def unloadable() -> list[Any]:
        calls.append(1)
        raise RuntimeError("no such module")

    redactor = Redactor(KEY, {}, find_plugins=unloadable)
    assert redactor.plain({"message": "a", "result": "PASSED"}) == {"message": HOOK_FAILED, "result": "PASSED"}
    assert redactor.text("b") == HOOK_FAILED
    assert "RuntimeError: no such module" in str(redactor.plugins.load_failure)
    assert calls == [1]
