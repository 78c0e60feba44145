"""Whatever object stands in a mark: a wrong mark fails its own test in one line, and nothing of the session breaks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from pytest_readiness.claims.marker import claims_of
from tests.project import Project

pytestmark = pytest.mark.slow

HOSTILE = """
class Odd(Exception): pass

def odd(*_args, **_more): raise Odd("asked")

class OddMeta(type):
    __eq__ = __hash__ = __bool__ = odd
    __name__ = property(odd)

METHODS = "__eq__ __ne__ __str__ __repr__ __hash__ __bool__ __len__ __iter__ __getitem__ __format__ strip bit_length".split()
BODY = dict.fromkeys(METHODS, odd)

class Thing: pass
Hostile = type("Hostile", (), {**BODY, "__class__": property(odd)})
Text = type("Text", (str,), BODY)
Number = type("Number", (int,), BODY)
Several = type("Several", (list,), BODY)
Pair = type("Pair", (tuple,), BODY)
Meta = OddMeta("Meta", (), {})
"""
WRONG = ("Hostile()", "Meta()", "Thing()", "{}", "1.5", "b'x'", "Hostile", "[Hostile()]", "Pair([Hostile()])")
VALUES = (*WRONG, "10**5000", "-10**5000", "[10**5000]", "Number(3)", "Text('UC-001')", "Text('')", "''", "True", "None",
          "Several([1, Hostile()])", "Several([])", "'\\ud800'", "chr(0)", "object", "lambda: 1")  # fmt: skip
FIELDS = ("item", "environment", "provider_mode", "part", "replay_mode")


def namespace() -> dict[str, object]:
    """The objects of the tests, by their names."""
    made: dict[str, object] = {}
    exec(HOSTILE, made)  # the same text stands in the test file of the session
    return made


@given(
    st.lists(st.sampled_from(("'UC-001'", *VALUES)), max_size=2),
    st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(VALUES)),
)
@settings(max_examples=150)
def test_any_mark_is_right_or_told(use_cases: list[str], fields: dict[str, str]) -> None:
    """Claims hold texts, and every problem is a sentence: nothing of an object is asked for anything."""
    there = namespace()
    args = tuple(eval(source, there) for source in use_cases)
    arguments = {name: eval(source, there) for name, source in {"item": "1", **fields}.items()}
    claims, problems = claims_of([pytest.Mark("evidence", args, arguments, _ispytest=True)], None)
    assert bool(claims) != bool(problems)
    assert all(type(text) is str for claim in claims for text in claim.to_plain().values())
    assert all(type(problem) is str for problem in problems)


def test_a_session_with_hostile_marks(project: Project) -> None:
    """Each wrong mark fails its test in one line that names it; the evidence of the others is kept."""
    source = HOSTILE + '\n@evidence("UC-001", item=1)\ndef test_right(): pass\n'
    for number, value in enumerate(("10**5000", *WRONG)):
        source += f'\n@evidence("UC-001", item={value})\ndef test_item_{number}(): pass\n'
    for number, value in enumerate(WRONG):
        source += f"\n@evidence({value}, item=1)\ndef test_use_case_{number}(): pass\n"
        for field in FIELDS[1:]:
            source += f'\n@evidence("UC-001", item=1, {field}={value})\ndef test_{field}_{number}(): pass\n'
    project.configured().tests(source)
    result = project.run_apart("--tb=short")
    wrong = len(WRONG) * 6 + 1
    result.assert_outcomes(passed=1, errors=wrong)
    assert result.ret == 1
    shown = result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in shown
    assert "Odd" not in shown.replace("OddMeta", "")
    assert "no item has a number as large as that" in shown
    messages = [
        line for line in shown.splitlines() if line.startswith("ERROR test_it.py::test_") and " - Failed: " in line
    ]
    assert len(messages) == wrong
    assert project.states()["UC-001/1"] == "FAILING"
    assert "PASSED" in [piece["result"] for piece in project.evidence() if piece["test_id"].endswith("test_right")]


def test_subclasses_say_what_they_are(project: Project) -> None:
    """A member of an enumeration of texts or numbers is the text or the number."""
    project.configured().tests("""
        import enum
        class UC(str, enum.Enum): ONE = "UC-001"
        class N(enum.IntEnum): TWO = 2
        class S(str, enum.Enum): ONE = "1"

        @evidence(UC.ONE, item=[N.TWO, S.ONE])
        def test_a(): pass
    """)
    assert project.run().ret == 0
    assert {name for name, state in project.states("UC-001").items() if state == "COMPLETE"} >= {"UC-001/1"}
    assert project.states("UC-001")["UC-001/2"] != "MISSING"
