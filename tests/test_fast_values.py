"""Frozen values are as a frozen dataclass makes them, however they are made."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from dataclasses import FrozenInstanceError, field
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.fast_values import dataclass, fast_constructor


class Said(NamedTuple):
    """What is said of a class."""

    slots: bool
    kw_only: bool


def _body() -> dict[str, Any]:
    """Return fields of every kind that ours have."""
    return {
        "__annotations__": {"name": "str", "many": "list", "aside": "int", "hidden": "str", "count": "int"},
        "__module__": __name__,
        "many": field(default_factory=list),
        "aside": field(default=7, compare=False),
        "hidden": field(default="", repr=False, metadata={"told": False}),
        "count": field(default=3, init=False),
    }


def _both(said: Said) -> tuple[type[Any], type[Any]]:
    """Return the same class as the standard library and as we make it."""
    how = {"frozen": True, **said._asdict()}
    return (
        dataclasses.dataclass(**how)(type("Value", (), _body())),
        dataclass(**how)(type("Value", (), _body())),
    )


def _outcome(act: Any) -> tuple[str, str]:
    try:
        return "came", repr(act())
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)


said = st.builds(Said, st.booleans(), st.booleans())
given_fields = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=3),
        "many": st.just((1,)),
        "aside": st.integers(0, 2),
        "hidden": st.sampled_from(("", "x")),
        "count": st.just(4),
        "other": st.just(0),
    },
)


@given(said, st.lists(st.text(max_size=2), max_size=2), given_fields, given_fields)
def test_a_frozen_class_is_what_a_frozen_dataclass_is(
    how: Said, placed: list[str], named: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Calls, wrong ones too, comparison, hash, text, fields, copies and changes are those of the standard library."""
    theirs, ours = _both(how)
    assert _outcome(lambda: ours(*placed, **named)) == _outcome(lambda: theirs(*placed, **named))
    assert ours.__match_args__ == theirs.__match_args__
    assert dataclasses.fields(ours)[0].name == "name"
    try:
        mine, other = (kind(*placed, **{**named, "many": (1,)}) for kind in (ours, theirs))
    except TypeError:
        return
    assert _outcome(lambda: dataclasses.replace(mine, **changed)) == _outcome(
        lambda: dataclasses.replace(other, **changed)
    )
    again = ours(*placed, **{**named, "many": (1,)})
    moved = dataclasses.replace(mine, aside=9)
    assert (mine == again, mine == moved, mine == other, mine != 3) == (True, True, False, True)
    assert hash(mine) == hash(again) == hash(moved)
    assert hash(mine) != hash(dataclasses.replace(mine, name=mine.name + "."))
    assert copy.copy(mine) == mine
    assert dataclasses.asdict(mine) == dataclasses.asdict(other)


@pytest.mark.parametrize("slots", [True, False])
def test_a_frozen_value_cannot_be_changed(slots: bool) -> None:
    """Setting and deleting a field, or anything else, raises."""
    _, ours = _both(Said(slots=slots, kw_only=False))
    value = ours("a")
    for name in ("name", "unheard_of"):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, "b")
        with pytest.raises(FrozenInstanceError):
            delattr(value, name)
    assert value.name == "a"


@pytest.mark.parametrize("slots", [True, False])
def test_a_frozen_value_can_be_pickled(slots: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes back as it was."""
    _, ours = _both(Said(slots=slots, kw_only=False))
    monkeypatch.setattr(sys.modules[__name__], "Value", ours, raising=False)
    value = ours("a", many=[1], hidden="x")
    back = pickle.loads(pickle.dumps(value))
    assert (back, back.many, back.hidden, back.aside) == (value, [1], "x", 7)


def test_a_default_is_made_anew_for_each_value() -> None:
    """No two values share what a factory made."""
    _, ours = _both(Said(slots=True, kw_only=False))
    assert ours("a").many is not ours("a").many


def test_a_class_keeps_what_it_says_itself_and_hands_on_its_fields() -> None:
    """A method of its own is not replaced; a class derived from it has its fields first."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Base:
        name: str

        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Derived(Base):
        count: int = 0

    assert repr(Base(name="a")) == "own"
    assert repr(Derived(name="a")).endswith("Derived(name='a', count=0)")
    assert Derived(name="a") != Base(name="a")
    assert [each.name for each in dataclasses.fields(Derived)] == ["name", "count"]


def test_what_a_maker_makes_is_a_value_of_the_class() -> None:
    """Equal to what the class makes, with its defaults, and frozen."""

    @dataclass(frozen=True, slots=True)
    class Value:
        name: str
        count: int = 2

    make = fast_constructor(Value)
    assert (make("a"), make("a", 3), make(name="b")) == (Value("a"), Value("a", 3), Value("b"))
    assert type(make("a")) is Value
    with pytest.raises(FrozenInstanceError):
        make("a").count = 1
    with pytest.raises(TypeError):
        make()
