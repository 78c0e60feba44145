"""Subjects: their form, and the rule by which evidence counts for a set of judged ones."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import ConfigError
from pytest_readiness.facts.run_conditions import conditions_of
from pytest_readiness.facts.subject import (
    DEFAULT_NAME,
    Subjects,
    counts_for,
    covers,
    parse_subjects,
    plain_subjects,
    read_listed,
    read_subjects,
    subjects_text,
)
from pytest_readiness.settings.subject_form import is_digest, is_subject_name

DIGESTS = tuple(f"sha256:{digit * 64}" for digit in "abc")
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/:@+%~-]{0,12}", fullmatch=True)
DIGEST = st.from_regex(r"[0-9a-f]{64}", fullmatch=True).map("sha256:".__add__)
ANY = st.dictionaries(NAMES, DIGEST, max_size=5)
FEW = st.dictionaries(st.sampled_from(["api", "web", "db"]), st.sampled_from(DIGESTS), max_size=3)
"""Few names and digests, so that two sets often share some."""


@given(ANY.filter(bool), st.sampled_from([" ", ",", ", ", "\n", "\t "]), st.booleans())
def test_what_is_written_is_read(subjects: Subjects, separator: str, upper: bool) -> None:
    """Any separator, in one text or several, in both cases of the digits, in the order of the names."""
    digits = {name: digest.removeprefix("sha256:") for name, digest in subjects.items()}
    texts = [f"{name}=sha256:{value.upper() if upper else value}" for name, value in digits.items()]
    assert parse_subjects(separator.join(texts), "x") == parse_subjects(texts, "x") == dict(sorted(subjects.items()))
    assert list(parse_subjects(texts, "x")) == sorted(subjects)


@given(ANY)
def test_what_is_kept_is_read(subjects: Subjects) -> None:
    """From the first line of a run and from a report."""
    assert dict(conditions_of({"subjects": dict(subjects)}, None).subject_pairs) == subjects
    assert read_listed(plain_subjects(subjects)) == subjects


@given(st.text(max_size=90))
def test_any_other_text_is_an_error_with_the_form(text: str) -> None:
    """One line that names the option and the form; or each piece is a name with a digest."""
    problem, subjects = "", {}
    try:
        subjects = parse_subjects(text, "--subject")
    except ConfigError as error:
        problem = str(error)
    assert bool(subjects) is not bool(problem)
    assert not problem or "--subject takes [NAME=]sha256:HEX" in problem
    assert "\n" not in problem
    assert all(is_subject_name(name) and is_digest(digest) for name, digest in subjects.items())


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()), st.dictionaries(st.text(), st.text())))
def test_damaged_subjects_are_none(plain: object) -> None:
    """What a line holds instead never raises; a single wrong entry takes all."""
    assert read_subjects(plain) == {} or all(map(is_digest, read_subjects(plain).values()))
    assert read_subjects({"api": DIGESTS[0], "web": plain}) == {}


def test_a_subject_without_a_name() -> None:
    """It is the default one, and the same as if that name was given."""
    assert parse_subjects(DIGESTS[0], "x") == parse_subjects(f"default={DIGESTS[0]}", "x") == {DEFAULT_NAME: DIGESTS[0]}


@pytest.mark.parametrize("plain", [[{"name": "a"}], [{"name": "a", "digest": "b"}], "x", [1], 3])
def test_a_report_with_other_subjects_is_refused(plain: object) -> None:
    """It is no list of names with digests; a name that stands twice is none either."""
    with pytest.raises((ValueError, TypeError, LookupError)):
        read_listed(plain)
    with pytest.raises(ValueError, match="a subject is not a name with a digest"):
        read_listed([{"name": "a", "digest": digest} for digest in DIGESTS])


@given(FEW, FEW)
def test_the_counting_rule(recorded: Subjects, judged: Subjects) -> None:
    """At least one name in common, and the same digest for each name in common: nothing else counts."""
    pairs = [(recorded[name], judged[name]) for name in ("api", "web", "db") if name in recorded and name in judged]
    assert counts_for(recorded, judged) is (len(pairs) > 0 and all(left == right for left, right in pairs))


@given(FEW, FEW)
def test_the_rule_is_one_of_both_sides(recorded: Subjects, judged: Subjects) -> None:
    """It is symmetric; whatever counts has a digest in common; nothing is for none, and none for anything."""
    assert counts_for(recorded, judged) is counts_for(judged, recorded)
    if counts_for(recorded, judged):
        assert {*recorded.items()} & {*judged.items()}
    assert not counts_for({}, judged)
    assert not counts_for(recorded, {})
    assert counts_for(recorded, recorded) is bool(recorded)


@given(FEW, FEW, st.sampled_from(["api", "web", "db"]), st.sampled_from(DIGESTS))
def test_naming_more_never_makes_a_mismatch_count(recorded: Subjects, judged: Subjects, name: str, digest: str) -> None:
    """What does not count because a digest differs does not count if more names are judged, or recorded."""
    shared = recorded.keys() & judged.keys()
    if any(recorded[key] != judged[key] for key in shared):
        assert not counts_for(recorded, {name: digest, **judged})
        assert not counts_for({name: digest, **recorded}, judged)


@given(FEW, FEW)
def test_what_covers_counts(signed: Subjects, judged: Subjects) -> None:
    """A review of each judged digest is for it by the rule of evidence too; one of a part does not cover the whole."""
    if covers(signed, judged):
        assert counts_for(signed, judged)
        assert judged.items() <= signed.items()
    assert covers(judged, judged) is bool(judged)
    assert not covers(signed, {**signed, "other": DIGESTS[0]})


def test_a_text_shortens_digests() -> None:
    """Twelve digits of each."""
    assert (
        subjects_text({"api": DIGESTS[0], "web": DIGESTS[1]})
        == "api sha256:aaaaaaaaaaaa..., web sha256:bbbbbbbbbbbb..."
    )
