"""Preview of decisions: refusals, acknowledgements and changes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import UseCase
from pytest_readiness.errors import ConfigError
from pytest_readiness.facts.decision import Decision, IdentityLevel
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.people import People
from pytest_readiness.verdict.policy import Policy
from pytest_readiness.verdict.review.authority import may_decide
from pytest_readiness.verdict.review.preview import (
    changes_since,
    expand_acknowledged,
    refusal_reason,
    review_refusal_reason,
)
from tests.verdict.judging import CATALOGUE, FAILED, UC, complete, days_ago, ran
from tests.verdict.people import (
    CI,
    LEAD,
    ORIGINS,
    REVIEWED,
    approval,
    blocker,
    judge_all,
    judged,
    known_facts,
    rejection,
    retirement,
    unblock,
    waiver,
)

OLD = complete(days=2)
BUT_ONE = [execution for execution in OLD if execution.item != "4"]
ASSERTED = [*BUT_ONE, ran(days=2)]
MIXED = [
    *(execution for execution in ASSERTED if execution.item != "7"),
    ran(item="7", days=2, attempts=2, test="drill"),
]
MINE = {"run": RunOrigin(actor=LEAD)}


class TestPeople:
    """Names of one person."""

    @pytest.mark.parametrize(
        ("item", "other", "same"),
        [
            ("a", "A ", True),
            ("a", "laptop", True),
            ("LAPTOP", "ci-a", True),
            ("a", "b", False),
            ("b", "laptop", False),
            ("stranger", "a", False),
            ("\uff41", "a", True),
            ("a", "\u200ba\u2060", True),
            ("a\u00a0 x", "A x", True),
            ("A.B <a>", "ci-a", True),
            ("<a>", "\u200bA", True),
            ("a <b>", "a", False),
            ("a <b>", "ci-b", True),
            ("a <>", "a", False),
        ],
    )
    def test_same(self, item, other, same):
        """Names that are joined are one person's, in any spelling that looks the same; others are not."""
        people = People.from_aliases({"a": ["laptop", "ci-a"], "b": ["ci-b"]})
        assert people.is_same_person(item, other) is people.is_same_person(other, item) is same

    def test_shared_names_join(self):
        """People who share a name are one: two spellings must not make four eyes."""
        people = People.from_aliases({"a": ["shared"], "b": ["shared"], "c": ["b"]})
        assert len({people.person(name) for name in ("a", "b", "c", "shared")}) == 1
        assert People.from_aliases({}).is_same_person("a", "b") is False

    @settings(deadline=None)
    @given(st.text(max_size=8), st.sampled_from(("", "\u200b", "\ufeff", " ", "\u2060 ", "\ufe0f", "\u034f")))
    def test_what_is_not_seen_makes_no_other_name(self, name, unseen):
        """A name with something unseen around it, in capitals, or before an address of its own, is the same name."""
        nobody = People()
        person = nobody.person(name)
        assert nobody.person(person) == person
        assert nobody.person(f"{unseen}{name}{unseen}") == person
        if person and not {"<", ">"} & set(unicodedata.normalize("NFKC", name)):
            assert nobody.is_same_person(f"Somebody Else <{name}>", name)
            assert nobody.is_same_person(unicodedata.normalize("NFKC", name.casefold()), name)


@pytest.mark.parametrize(
    ("by", "known_by", "policy", "recorders", "expected"),
    [
        (LEAD, IdentityLevel.DECLARED, REVIEWED, (), None),
        (LEAD, IdentityLevel.DECLARED, REVIEWED, (CI, ""), None),
        (LEAD, IdentityLevel.DECLARED, Policy(), (), "no reviewers are listed"),
        ("stranger", IdentityLevel.SIGNED, REVIEWED, (), "not a listed reviewer"),
        (LEAD, IdentityLevel.GIT, replace(REVIEWED, identity="ci"), (), "identity"),
        (LEAD, IdentityLevel.DECLARED, REVIEWED, (CI, LEAD.upper()), "recorded"),
    ],
)
def test_may_decide(by, known_by, policy, recorders, expected):
    """A listed reviewer who is known well enough and recorded nothing concerned may decide; else one sentence says why."""
    wrong = may_decide(by, known_by, policy, recorders)
    assert wrong is None if expected is None else expected in wrong


def refused(decision: Decision, evidence=OLD, decisions=(), policy=REVIEWED, origins=ORIGINS, **more):
    """Return why a decision is refused."""
    result = judge_all(evidence, decisions, policy, origins=origins)
    return refusal_reason(decision, result, policy, known_facts(evidence, decisions, origins=origins), **more)


ACCEPTS_WAIVERS = replace(REVIEWED, waivers="accept")
APPROVALS = {
    "everything complete": (OLD, {}, REVIEWED, None),
    "one missing": (BUT_ONE, {}, REVIEWED, f"{UC}/4 is MISSING"),
    "one failing": ([*OLD, ran(FAILED)], {}, REVIEWED, f"{UC}/4 is FAILING"),
    "a stranger": (OLD, {"by": "stranger"}, REVIEWED, "not a listed reviewer"),
    "asserted, not named": (ASSERTED, {}, REVIEWED, f"{UC}/4 (ASSERTED)"),
    "asserted, another named": (ASSERTED, {"acknowledged": (f"{UC}/5",)}, REVIEWED, f"{UC}/4 (ASSERTED)"),
    "asserted, named": (ASSERTED, {"acknowledged": (f"{UC}/4",)}, REVIEWED, None),
    "asserted, accepted": (ASSERTED, {}, replace(REVIEWED, asserted="accept"), None),
    "asserted, refused": (
        ASSERTED,
        {"acknowledged": (f"{UC}/4",)},
        replace(REVIEWED, asserted="refuse"),
        f"{UC}/4 is ASSERTED",
    ),
    "waived": (BUT_ONE, {"decisions": [waiver(days=1)]}, REVIEWED, f"{UC}/4 is WAIVED"),
    "waived, accepted": (BUT_ONE, {"decisions": [waiver(days=1)]}, ACCEPTS_WAIVERS, None),
}


class TestReview:
    """Refused reviews."""

    @pytest.mark.parametrize(("evidence", "more", "policy", "expected"), APPROVALS.values(), ids=APPROVALS)
    def test_approval(self, evidence, more, policy, expected):
        """An approval is refused while something is in no acceptable state, or not acknowledged; what, is named."""
        why = review_refusal_reason(approval(evidence, policy=policy, **more), policy, ORIGINS)
        assert why is None if expected is None else expected in why

    def test_self_review(self):
        """Who recorded any of the evidence cannot approve it, unless the policy says so, but can reject it."""
        review = approval(OLD)
        assert "recorded" in review_refusal_reason(review, REVIEWED, MINE)
        assert review_refusal_reason(review, replace(REVIEWED, separate=False), MINE) is None
        assert review_refusal_reason(rejection(), REVIEWED, MINE) is None
        assert "recorded" in refused(review, origins=MINE)

    def test_rejection(self):
        """A rejection needs a comment and a listed reviewer, and is possible whatever the evidence."""
        assert "comment" in review_refusal_reason(rejection(comment=" "), REVIEWED, {})
        assert "listed" in review_refusal_reason(rejection(by="stranger"), REVIEWED, {})
        assert refused(rejection(), []) is None

    def test_nothing_required(self):
        """A use case that requires nothing cannot be approved."""
        row = UseCase(UC, not_applicable=tuple((key, "no") for key in CATALOGUE.items))
        catalogue = replace(CATALOGUE, use_cases={UC: row})
        assert "requires nothing" in review_refusal_reason(approval([], catalogue=catalogue), REVIEWED, {})

    def test_a_state_that_nobody_knows(self):
        """A basis from elsewhere with a state that is none is refused."""
        basis = approval(OLD).basis
        odd = replace(basis, requirements=(replace(basis.requirements[0], state="FINE"), *basis.requirements[1:]))
        assert "is FINE" in review_refusal_reason(approval(OLD, basis=odd), REVIEWED, {})


OTHERS = {
    "a waiver": (waiver(days=0), BUT_ONE, None),
    "of nothing": (waiver("44", days=0), BUT_ONE, "there is no requirement"),
    "of what is complete": (waiver(days=0), OLD, "nothing to waive"),
    "of what can be acknowledged": (waiver(days=0), ASSERTED, "nothing to waive"),
    "too long": (waiver(days=0, until="2026-08-31"), BUT_ONE, "until 2026-08-30"),
    "as long as can be": (waiver(days=0, until="2026-08-30"), BUT_ONE, None),
    "already over": (waiver(days=0, until="2026-05-31"), BUT_ONE, "expired"),
    "without a reason": (waiver(days=0, reason=""), BUT_ONE, "reason"),
    "by who asked": (waiver(days=0, requested_by=LEAD), BUT_ONE, "cannot approve it too"),
    "a blocker": (blocker(0), OLD, None),
    "without why": (blocker(0, reason=" "), OLD, "needs a reason"),
    "of no use case": (blocker(0, use_case="UC-03"), OLD, "there is no use case"),
    "an end of nothing": (unblock(0), OLD, "no open blocker"),
    "a retirement": (retirement(OLD[0].test_id, 0), OLD, None),
    "of no test": (retirement("tests/test_it.py::test_its", 0), OLD, "did you mean"),
    "by a stranger": (retirement(OLD[0].test_id, 0, by="stranger"), OLD, "listed"),
    "for no reason": (replace(retirement(OLD[0].test_id, 0), reason=""), OLD, "needs a reason"),
}


class TestOthers:
    """Waivers, blockers, their ends and retirements."""

    @pytest.mark.parametrize(("decision", "evidence", "expected"), OTHERS.values(), ids=OTHERS)
    def test_refused(self, decision, evidence, expected):
        """What concerns nothing, gives no reason, lasts too long or comes from the wrong person is refused; else not."""
        why = refused(decision, evidence)
        assert why is None if expected is None else expected in why

    def test_recorders(self):
        """Waive, unblock and retire are refused to who recorded the evidence concerned, now or in what is replaced."""
        failing = [*BUT_ONE, ran(FAILED)]
        cases = [
            (waiver(days=0), failing, ()),
            (unblock(0), OLD, [blocker()]),
            (retirement(OLD[0].test_id, 0), OLD, ()),
        ]
        for decision, evidence, decisions in cases:
            assert refused(decision, evidence, decisions) is None
            assert "recorded" in refused(decision, evidence, decisions, origins=MINE)
            assert "recorded" in refused(decision, evidence, decisions, recorders=[LEAD])
            assert refused(decision, evidence, decisions, recorders=[CI]) is None

    def test_twice(self):
        """A retired test is not retired again, unless the first retirement is void."""
        test = OLD[0].test_id
        assert "already" in refused(retirement(test, 0), OLD, [retirement(test)])
        assert refused(retirement(test, 0), OLD, [retirement(test, by="stranger")]) is None

    def test_what_nobody_knows(self):
        """A decision of no known kind is refused."""
        assert refused(Decision(register="payments", at=days_ago(0), by=LEAD))


class TestAcknowledged:
    """Names given to ``--acknowledge``."""

    ALL = (f"{UC}/4", f"{UC}/7")

    @pytest.mark.parametrize(
        ("names", "ids"),
        [
            ((), ()),
            ((f"{UC}/4",), ALL[:1]),
            (("drill",), ALL[1:]),
            (("asserted",), ALL[:1]),
            (("FLAKY",), ()),  # it lacks its proof as well
            (("FLAKY", "Asserted"), ALL),
            (("flaky", "asserted", f"{UC}/4"), ALL),
        ],
    )
    def test_expands(self, names, ids):
        """A requirement, a test and the two states expand to the requirements that are asserted or flaky, in order."""
        assert expand_acknowledged(names, judged(MIXED)) == ids
        assert expand_acknowledged(names, judged(MIXED).basis) == ids

    @pytest.mark.parametrize(
        ("name", "expected"),
        [(f"{UC}/04", f"did you mean '{UC}/4'"), ("asertd", "did you mean 'asserted'"), (f"{UC}/5", "is COMPLETE")],
    )
    def test_unknown(self, name, expected):
        """An unknown name is an error that names the nearest; what is complete needs no acknowledgement."""
        with pytest.raises(ConfigError, match=expected):
            expand_acknowledged([name], judged(MIXED))

    def test_states_that_nothing_has(self):
        """``asserted`` and ``flaky`` expand to nothing where nothing is."""
        assert expand_acknowledged(["asserted", "flaky"], judged(OLD)) == ()

    def test_several_use_cases(self):
        """Names may be of any of the use cases that are signed at once."""
        other = judged([replace(execution, uc="UC-004") for execution in ASSERTED], catalogue=OTHER)
        assert expand_acknowledged(["asserted"], judged(MIXED), other) == (f"{UC}/4", "UC-004/4")


OTHER = replace(CATALOGUE, use_cases={"UC-004": replace(CATALOGUE.use_cases[UC], id="UC-004")})


class TestChanges:
    """Changes since a review."""

    def changes(self, *evidence, adverse=(), decisions=(), **more):
        """Return what changed since everything was approved."""
        review = approval(OLD)
        every = [*OLD, *evidence]
        result = judged(every, [review, *decisions], adverse=adverse, **more)
        return changes_since(review, result, known_facts(every, adverse=adverse))

    def test_nothing(self):
        """Nothing is reported if the same would be signed again."""
        assert self.changes() == []

    def test_newer_evidence(self):
        """Newer passes are reported for the requirements that they count for, and for no other."""
        (text,) = self.changes(ran(days=0.1, proofs=("trace",)))
        assert f"{UC}/4 has newer evidence" in text

    def test_states(self):
        """A requirement in another state is reported with both states, and the failure."""
        text = self.changes(ran(FAILED, days=0.1))
        assert f"{UC}/4 was COMPLETE and is FAILING" in text[0]
        assert "FAILED" in text[1]

    def test_hidden_failures(self):
        """A failure that a newer pass replaces is reported."""
        hidden = ran(FAILED, days=0.2)
        text = self.changes(ran(days=0.1, proofs=("trace",)), adverse=[hidden])
        assert any("FAILED" in sentence for sentence in text)

    def test_requirements(self):
        """Added and removed requirements are reported."""
        row = replace(CATALOGUE.use_cases[UC], environments=("staging",))
        assert self.changes(catalogue=replace(CATALOGUE, use_cases={UC: row})) == [
            f"no longer required: {UC}/2/prod, {UC}/3/prod"
        ]

    def test_retirements(self):
        """A later retirement is reported with its reason."""
        test = OLD[0].test_id
        assert any("retired" in decision for decision in self.changes(decisions=[retirement(test)]))
