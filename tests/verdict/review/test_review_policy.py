"""Policy of a review: a weaker policy makes it suspect, and a stricter one does not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace

from pytest_readiness.facts.run_conditions import RunConditions
from pytest_readiness.settings.model import GateSettings
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.policy import DEFAULTS, STRICTNESS, Policy
from tests.verdict.judging import CATALOGUE, UC, complete, ran
from tests.verdict.people import CI, REVIEWED, approval, judged

pytestmark = pytest.mark.slow

OLD = complete(days=2)
SUBJECTS = {"api": f"sha256:{'a' * 64}"}
CONDITIONS = RunConditions(subject_pairs=tuple(SUBJECTS.items()))
RELEASED = {"run": RunOrigin(actor=CI, release="1.4", dirty=False, conditions=CONDITIONS)}
VERSION = {"origins": RELEASED, "release": "1.4", "subjects": SUBJECTS}
VALUES = {**STRICTNESS, "architecture": ("ignore", "GREEN", "AMBER")}
KEYS = sorted(VALUES)
judging = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
policies = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in VALUES.items()})


def review(then: dict, now: dict, evidence=OLD, catalogues=(CATALOGUE, CATALOGUE)):
    """Return the review of what was signed under one policy and catalogue, as others judge it."""
    seen = judged(evidence, (), replace(REVIEWED, **then), catalogues[0], **VERSION)
    signed = approval(evidence, basis=seen.basis, release="1.4", subjects=tuple(SUBJECTS.items()))
    policy = replace(REVIEWED, **now)
    return judged(evidence, [signed], policy, catalogues[1], **VERSION).review


def weaker(key: str, then: object, now: object) -> bool:
    """Return whether a value is not known to be as strict as another, by the published order of the values."""
    if key == "architecture":
        return then not in (now, "ignore")
    return STRICTNESS[key].index(now) < STRICTNESS[key].index(then)


@judging
@given(policies, policies)
def test_exactly_a_weaker_policy_makes_suspect(then, now):
    """Whatever else becomes stricter: each setting that is weaker than it was is named, and none makes no doubt."""
    result = review(then, now)
    named = {key for key in KEYS if weaker(key, then[key], now[key])}
    assert (result.state == "SUSPECT") is bool(named)
    text = " ".join(result.why)
    shown = {"review_subject": "[review] subject"}
    assert sum(f"{shown.get(key, f'[gate] {key}')} was" in text for key in named) == min(len(named), 3)


@pytest.mark.parametrize("key", KEYS)
def test_each_setting_alone(key):
    """Each setting, from its default to each other value and back, is suspect in the one direction only."""
    for value in VALUES[key]:
        default = DEFAULTS[key]
        assert (review({}, {key: value}).state == "SUSPECT") is weaker(key, default, value)
        assert (review({key: value}, {}).state == "SUSPECT") is weaker(key, value, default)
        assert review({key: value}, {key: value}).state == "CURRENT"


def test_values_are_told_as_the_config_spells_them():
    """Values are shown as in the config: texts in quotes, and true or false."""
    assert (
        review({"clock": "refuse"}, {"clock": "ignore"})
        .why[0]
        .startswith('[gate] clock was "refuse" when it was signed, and is "ignore", which is weaker')
    )
    assert (
        review({"clean_commit": True}, {})
        .why[0]
        .startswith("[gate] clean_commit was true when it was signed, and is false, which is weaker")
    )


def test_every_setting_of_the_gate_has_an_order():
    """A setting that says what is enough is one that a review is signed under; its default is one of its values."""
    asked_of_one_gate = {"on", "enforce"}
    assert set(GateSettings.__struct_fields__) - asked_of_one_gate == set(STRICTNESS) - {"review_subject"}
    assert all(DEFAULTS[key] in STRICTNESS[key] for key in STRICTNESS)
    assert Policy().signed == ()


def with_item(key: str, **changes):
    """Return the register with one item changed."""
    return replace(CATALOGUE, items={**CATALOGUE.items, key: replace(CATALOGUE.items[key], **changes)})


@pytest.mark.parametrize(
    ("key", "then", "now", "expected"),
    [
        (
            "4",
            {"max_age_days": 30},
            {"max_age_days": 90},
            "was valid for 30 days when it was signed, and is valid for 90 days now",
        ),
        ("4", {"max_age_days": 30}, {"max_age_days": None}, "and is valid without limit now"),
        ("4", {"max_age_days": 90}, {"max_age_days": 30}, None),
        ("4", {"max_age_days": None}, {"max_age_days": 30}, None),
        ("4", {"proof": "trace"}, {"proof": "none"}, "asked for the trace proof when it was signed, and asks for no"),
        ("4", {"proof": "trace"}, {"proof": "replay"}, "asks for the replay proof now"),
        ("4", {"proof": "none"}, {"proof": "trace"}, None),
    ],
)
def test_age_and_proof(key, then, now, expected):
    """A longer max age or a missing proof is reported; a shorter age or a further proof is not."""
    evidence = [
        *(execution for execution in OLD if execution.item != "4"),
        ran(days=2, proofs=("trace", "replay"), replay_mode="FULL"),
    ]
    result = review({}, {}, evidence, (with_item(key, **then), with_item(key, **now)))
    assert result.state == ("SUSPECT" if expected else "CURRENT")
    assert expected is None or (expected in result.why[0] and f"{UC}/4" in result.why[0])


def test_what_was_signed_under_a_stricter_policy_is_still_known():
    """An asserted requirement that was acknowledged holds, once it is complete, though asserted is refused by now."""
    asserted = [*(execution for execution in OLD if execution.item != "4"), ran(days=2)]
    signed = approval(asserted, acknowledged=(f"{UC}/4",))
    refuses = replace(REVIEWED, asserted="refuse")
    meanwhile = judged(asserted, [signed], refuses)
    assert (meanwhile.phase, meanwhile.review.state) == ("COLLECTING", "CURRENT")
    assert judged([*asserted, ran(days=0.1, proofs=("trace",))], [signed], refuses).status == "READY_FOR_GO_LIVE"


def test_a_basis_that_names_no_definition_is_of_something_else():
    """A review that does not say what it was signed under is suspect where the digest is not the one in force."""
    signed = approval(OLD)
    bare = replace(signed, basis=replace(signed.basis, definition=""))
    assert judged(OLD, [bare]).review.state == "CURRENT"
    assert judged(OLD, [bare], replace(REVIEWED, level="L2")).review.state == "SUSPECT"
