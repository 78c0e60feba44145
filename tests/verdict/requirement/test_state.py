"""States of a requirement: the cases that reach each state, and the nearest that do not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import Environment, UseCase
from pytest_readiness.facts.evidence import Proof
from tests.verdict.judging import (
    CATALOGUE,
    ERROR,
    FAILED,
    IDLE,
    INTERRUPTED,
    UC,
    days_ago,
    ran,
    requirement,
)

DAY = 1 / 86400000  # a millisecond, in days

TABLE = {
    # COMPLETE and ASSERTED
    "a pass with its proof": ("4", [ran(proofs=("trace",))], "COMPLETE"),
    "a pass with another proof": ("4", [ran(proofs=("handshake",))], "ASSERTED"),
    "a pass without proof": ("4", [ran()], "ASSERTED"),
    "a pass where no proof is asked": ("plain", [ran(item="plain")], "COMPLETE"),
    "a pass of another item": ("plain", [ran(item="4")], "MISSING"),
    "a command with its proof": ("4", [ran(proofs=("trace",), method="command")], "COMPLETE"),
    "examined, with its proof": ("4", [ran(proofs=("trace",), method="examined")], "ASSERTED"),
    "imported, where no proof is asked": ("plain", [ran(item="plain", method="imported")], "ASSERTED"),
    "one of two tests carries the proof": ("4", [ran(proofs=("trace",)), ran(test="b")], "COMPLETE"),
    "only a stale pass carries the proof": ("4", [ran(proofs=("trace",), days=91), ran(test="b")], "ASSERTED"),
    "a newer bare pass of the test that carried it": ("4", [ran(proofs=("trace",), days=2), ran()], "ASSERTED"),
    # scopes
    "the other environment": ("2/prod", [ran(item="2", proofs=("handshake",))], "MISSING"),
    "its environment": ("2/staging", [ran(item="2", proofs=("handshake",))], "COMPLETE"),
    "a claim limited to elsewhere": ("4", [ran(proofs=("trace",), claim_environment="prod")], "MISSING"),
    "its provider mode": ("1/BYOK", [ran(item="1", provider_mode="BYOK")], "ASSERTED"),
    "another provider mode": ("1/BYOK", [ran(item="1", provider_mode="MANAGED")], "MISSING"),
    "no provider mode": ("1/BYOK", [ran(item="1")], "MISSING"),
    "one part is not the other": ("6/revocation", [ran(item="6", parts=("rotation",))], "MISSING"),
    "no part named is all parts": ("6/revocation", [ran(item="6")], "ASSERTED"),
    "the proof of the other part": ("6/revocation", [ran(item="6", proofs=("rotation",))], "ASSERTED"),
    "another register": ("4", [ran(register="other")], "MISSING"),
    # FAILING
    "a failure": ("4", [ran(FAILED)], "FAILING"),
    "an error in teardown": ("4", [ran(ERROR)], "FAILING"),
    "a failure newer than a pass": ("4", [ran(days=2), ran(FAILED)], "FAILING"),
    "a failure older than a pass": ("4", [ran(FAILED, days=2), ran()], "ASSERTED"),
    "a failure and a pass of one moment": ("4", [ran(), ran(FAILED)], "FAILING"),
    "another test's failure, older": ("4", [ran(FAILED, days=2, test="b"), ran()], "FAILING"),
    "a failure in another real environment": ("4", [ran(FAILED, days=2, environment="prod"), ran()], "FAILING"),
    "a failure in another provider mode": ("4", [ran(FAILED, days=2, provider_mode="BYOK"), ran()], "FAILING"),
    "a failure that only rehearsed": ("4", [ran(), ran(FAILED, days=0, environment="dev")], "ASSERTED"),
    "a failure that rehearsed and could say so": (
        "4",
        [ran(days=2), ran(FAILED, environment="dev", open_scope=True)],
        "ASSERTED",
    ),
    "a failure long ago": ("4", [ran(FAILED, days=900)], "FAILING"),
    "a failure that starts after this moment": ("4", [ran(), ran(FAILED, days=-1)], "FAILING"),
    "a failure beside an interruption": ("4", [ran(INTERRUPTED), ran(FAILED, test="b")], "FAILING"),
    # INTERRUPTED
    "an interruption": ("4", [ran(INTERRUPTED)], "INTERRUPTED"),
    "an interruption after a pass": ("4", [ran(days=2), ran(INTERRUPTED)], "INTERRUPTED"),
    "an interruption after a failure": ("4", [ran(FAILED, days=2), ran(INTERRUPTED)], "INTERRUPTED"),
    "an interruption before a pass": ("4", [ran(INTERRUPTED, days=2), ran()], "ASSERTED"),
    "an interruption after now hides no failure": ("4", [ran(FAILED), ran(INTERRUPTED, days=-1)], "FAILING"),
    # FLAKY
    "a pass at the second attempt": ("4", [ran(proofs=("trace",), attempts=2)], "FLAKY"),
    "one flaky test of two": ("4", [ran(proofs=("trace",)), ran(test="b", attempts=2)], "FLAKY"),
    "flaky, then a clean pass": ("4", [ran(attempts=2, days=2), ran()], "ASSERTED"),
    "a failure after two attempts": ("4", [ran(FAILED, attempts=2)], "FAILING"),
    # STALE
    "as old as it may be": ("4", [ran(proofs=("trace",), days=90)], "COMPLETE"),
    "a millisecond older": ("4", [ran(proofs=("trace",), days=90 + DAY)], "STALE"),
    "stale and flaky": ("4", [ran(attempts=2, days=91)], "STALE"),
    "an item that never turns stale": ("plain", [ran(item="plain", days=5000)], "COMPLETE"),
    # REHEARSED
    "a pass in an unreal environment": ("4", [ran(environment="dev")], "REHEARSED"),
    "a pass with the network replaced": ("4", [ran(real=False)], "REHEARSED"),
    "a failure in an unreal environment": ("4", [ran(FAILED, environment="dev")], "REHEARSED"),
    "a rehearsal of an item of another place": ("2/prod", [ran(item="2", environment="dev")], "REHEARSED"),
    "a mocked run in another real place": ("2/prod", [ran(item="2", real=False)], "MISSING"),
    "a rehearsal in an unreal mode": ("1/BYOK", [ran(item="1", provider_mode="FAKE")], "REHEARSED"),
    "a rehearsal limited to another place": (
        "2/prod",
        [ran(item="2", environment="dev", claim_environment="staging")],
        "MISSING",
    ),
    "a mocked run in another real mode": ("1/BYOK", [ran(item="1", provider_mode="MANAGED", real=False)], "MISSING"),
    "a claim limited to another mode": ("4", [ran(claim_provider_mode="BYOK", provider_mode="MANAGED")], "MISSING"),
    "a rehearsal of a claim that names a mode": (
        "4",
        [ran(claim_provider_mode="BYOK", provider_mode="FAKE")],
        "REHEARSED",
    ),
    "a rehearsal of a claim of another mode": (
        "1/BYOK",
        [ran(item="1", claim_provider_mode="MANAGED", provider_mode="FAKE")],
        "MISSING",
    ),
    "a rehearsal and a real pass": ("4", [ran(), ran(environment="dev", days=0)], "ASSERTED"),
    # MISSING
    "nothing": ("4", [], "MISSING"),
    "a pass that starts after this moment": ("4", [ran(days=-1)], "MISSING"),
    "a pass after this moment hides no failure": ("4", [ran(FAILED), ran(days=-1)], "FAILING"),
    # replay
    "a replay that states no mode": ("5", [ran(item="5", proofs=("replay",))], "MISSING"),
    "a replay of a mode of its own": ("5", [ran(item="5", proofs=("replay",), replay_mode="PARTLY")], "MISSING"),
    "a replay that is FULL": ("5", [ran(item="5", proofs=("replay",), replay_mode="FULL")], "COMPLETE"),
    "a replay whose proof says TRACE_ONLY": (
        "5",
        [replace(ran(item="5"), proofs=(Proof("replay", (("mode", "TRACE_ONLY"),)),))],
        "COMPLETE",
    ),
    "a modeless replay after a full one": (
        "5",
        [ran(item="5", proofs=("replay",), replay_mode="FULL", days=2), ran(item="5", proofs=("replay",))],
        "MISSING",
    ),
    "a modeless replay beside a rehearsal": ("5", [ran(item="5"), ran(item="5", environment="dev")], "MISSING"),
    "a modeless replay after a failed one": ("5", [ran(FAILED, item="5", days=2), ran(item="5")], "MISSING"),
}


@pytest.mark.parametrize(("tail", "evidence", "state"), TABLE.values(), ids=TABLE)
def test_state(tail, evidence, state):
    """Each state is reached as the rules say, and not by near misses."""
    judged = requirement(tail, evidence)
    assert judged.state == state
    assert bool(judged.completes_it) is (state != "COMPLETE")
    assert "\n" not in judged.why
    assert judged.why


@pytest.mark.parametrize("result", IDLE)
def test_idle_alone_is_missing(result):
    """What was skipped, expected to fail or never started satisfies nothing, and the sentence says so."""
    judged = requirement("4", [ran(result, message="no license\nfor it")])
    assert judged.state == "MISSING"
    expected = {"XFAILED": " (an expected failure)", "XPASSED": " (a failure was expected)"}.get(result, "")
    assert f"{result}{expected} in staging" in judged.why
    assert judged.why.endswith(": no license")


class TestDeclaring:
    """Requirements whose places are not declared."""

    def test_no_real_environment(self):
        """With no real environment an item of scope environment is MISSING and says what to declare."""
        catalogue = replace(CATALOGUE, environments={}, use_cases={UC: UseCase(UC)})
        judged = requirement("2", [ran(item="2")], catalogue)
        assert judged.state == "MISSING"
        assert "[environments.NAME] real = true" in judged.completes_it

    def test_a_use_case_of_no_environment(self):
        """A use case that lists no environment is told to list them, for others have some."""
        catalogue = replace(CATALOGUE, use_cases={UC: UseCase(UC, environments=())})
        judged = requirement("2", [ran(item="2")], catalogue)
        assert (judged.state, judged.completes_it) == ("MISSING", f"list the environments of {UC} in the config")

    def test_any_provider_mode(self):
        """Where no mode is declared any stated mode satisfies, and none stated does not."""
        catalogue = replace(CATALOGUE, provider_modes={}, use_cases={UC: UseCase(UC)})
        assert requirement("1", [ran(item="1", provider_mode="own", real=True)], catalogue).state == "ASSERTED"
        judged = requirement("1", [ran(item="1")], catalogue)
        assert judged.state == "MISSING"
        assert "states no provider mode" in judged.why

    def test_not_applicable(self):
        """A requirement that the config excepts is NOT_APPLICABLE with its reason, even where its test fails."""
        row = replace(CATALOGUE.use_cases[UC], not_applicable=(("6/rotation", "holds no secrets"),))
        catalogue = replace(CATALOGUE, use_cases={UC: row})
        judged = requirement("6/rotation", [ran(FAILED, item="6")], catalogue)
        assert (judged.state, judged.why, judged.completes_it) == ("NOT_APPLICABLE", "holds no secrets", "")
        assert requirement("6/revocation", [ran(FAILED, item="6")], catalogue).state == "FAILING"

    def test_a_new_environment_is_missing(self):
        """Declaring another environment asks for evidence from there."""
        environments = {**CATALOGUE.environments, "eu": Environment("eu", real=True)}
        catalogue = replace(CATALOGUE, environments=environments, use_cases={UC: UseCase(UC)})
        assert requirement("2/eu", [ran(item="2")], catalogue).state == "MISSING"


class TestFreshness:
    """Expiry of passes."""

    def test_expires_at(self):
        """A pass expires its maximum age after its start, and reports that from three quarters of it on."""
        judged = requirement("4", [ran(days=10, proofs=("trace",))])
        assert (judged.expires_at, judged.expires_soon) == (days_ago(10 - 90), False)
        assert requirement("4", [ran(days=67.5)]).expires_soon is True
        assert requirement("4", [ran(days=67.5 - DAY)]).expires_soon is False

    def test_stale_is_over_and_not_soon(self):
        """A stale pass has expired: its moment is past, and it is not expiring any more."""
        judged = requirement("4", [ran(days=91)])
        assert (judged.expires_at, judged.expires_soon) == (days_ago(1), False)

    def test_rests_on_the_pass_with_the_proof(self):
        """A COMPLETE requirement expires with the pass that carries the proof, not with a newer bare one."""
        judged = requirement("4", [ran(days=80, proofs=("trace",)), ran(test="b")])
        assert (judged.expires_at, judged.expires_soon) == (days_ago(80 - 90), True)

    def test_a_maximum_age_past_the_calendar(self):
        """A maximum age that ends after the calendar does is no age at all."""
        item = replace(CATALOGUE.items["plain"], max_age_days=10**7)
        catalogue = replace(CATALOGUE, items={**CATALOGUE.items, "plain": item})
        judged = requirement("plain", [ran(item="plain")], catalogue)
        assert (judged.state, judged.expires_at) == ("COMPLETE", None)


class TestShown:
    """Evidence that a requirement shows."""

    def test_the_deciding_one_of_each_test_and_place(self):
        """Of each test, environment and provider mode the execution that decides is shown, within a run by test and place."""
        old, new = ran(FAILED, days=3), ran(days=1)
        prod, other = ran(environment="prod", days=2), ran(test="b", days=0)
        assert requirement("4", [old, new, prod, other]).evidence == (other, prod, new)

    def test_rehearsals_beside_what_decides(self):
        """A place where nothing counts is shown beside the one that decides, older or not."""
        real, rehearsed = ran(), ran(environment="dev", days=2)
        assert requirement("4", [real, rehearsed]).evidence == (real, rehearsed)

    def test_where_none_counts_the_newest(self):
        """A test of which nothing counts is shown by its newest execution, whatever came of it."""
        rehearsed, skipped = ran(environment="dev", days=2), ran(IDLE[0], environment="dev")
        assert requirement("4", [rehearsed, skipped]).evidence == (skipped,)
        assert requirement("4", [rehearsed, skipped]).state == "REHEARSED"

    def test_a_replaced_crash_is_not_shown(self):
        """A crash before ``scope()`` is shown while it counts, and not once the test ran to its end."""
        before = ran(item="2", days=3, environment_by="scope")
        crash, end = ran(ERROR, item="2", days=2, environment=None), ran(item="2", environment_by="scope")
        assert requirement("2/staging", [before, crash]).evidence == (crash,)
        assert requirement("2/staging", [before, crash, end]).evidence == (end,)


TRACE = "the trace proof (record_evidence.trace)"


class TestSentences:
    """Texts of explanations."""

    def test_failing(self):
        """A failure names test, place, time and the first line of its message, and where to mend it."""
        judged = requirement("2/staging", [ran(FAILED, item="2", message="\n  refused\nsecond line")])
        assert judged.why == f"tests/test_it.py::test_it FAILED in staging at {days_ago(1)}: refused"
        assert judged.completes_it == "make tests/test_it.py::test_it pass in staging"

    @pytest.mark.parametrize(
        ("tail", "evidence", "why", "completes_it"),
        [
            ("4", ran(proofs=("trace",)), " with the trace proof", ""),
            ("4", ran(), " without the trace proof", f"record {TRACE} in T and run it in a real environment"),
            ("plain", ran(item="plain"), "", ""),
            ("4", ran(method="examined"), ", but was only examined", f"run a test tagged M, recording {TRACE}"),
            (
                "plain",
                ran(item="plain", method="imported"),
                ", but was only imported",
                "run a test tagged M",
            ),
            (
                "4",
                ran(attempts=3, proofs=("trace",)),
                " only at attempt 3",
                "make T pass in a real environment at its first attempt",
            ),
            (
                "4",
                ran(attempts=3),
                " only at attempt 3, without the trace proof",
                f"make T pass in a real environment at its first attempt, recording {TRACE}",
            ),
        ],
    )
    def test_passing(self, tail, evidence, why, completes_it):
        """What passed says whether its proof is there, and what would complete it."""
        judged = requirement(tail, [evidence])
        marker = f'@evidence("{UC}", item=4)' if tail == "4" else f'@evidence("{UC}", item="plain")'
        assert judged.why == f"tests/test_it.py::test_it PASSED in staging at {days_ago(1)}{why}"
        text = completes_it.replace("T and", f"{evidence.test_id} and").replace("T pass", f"{evidence.test_id} pass")
        assert judged.completes_it == text.replace("tagged M", f"tagged {marker} in a real environment")

    def test_a_proof_that_the_next_pass_must_record_is_asked_for_and_no_other(self):
        """A rehearsal, a stale pass and a skip are asked for the proof that they lack; what recorded it is not."""
        for evidence in (ran(environment="dev"), ran(days=100), ran(IDLE[0])):
            assert requirement("4", [evidence]).completes_it.endswith(f", recording {TRACE}"), evidence
        for evidence in (ran(environment="dev", proofs=("trace",)), ran(days=100, proofs=("trace",))):
            assert "proof" not in requirement("4", [evidence]).completes_it, evidence
        assert requirement("6/rotation", []).completes_it.endswith("the rotation proof (record_evidence.rotation)")
        assert "proof" not in requirement("plain", []).completes_it

    def test_stale_names_the_pass_that_is_too_old(self):
        """A requirement that is stale names the pass that it rests on, and not an older one that was flaky too."""
        clean, flaky = ran(days=100, test="t::a", proofs=("trace",)), ran(days=120, test="t::b", attempts=2)
        judged = requirement("4", [flaky, clean])
        assert (judged.state.value, clean.started_at in judged.why) == ("STALE", True)
        assert "t::b" not in judged.why
        assert "t::b" not in judged.completes_it

    @pytest.mark.parametrize(
        ("tail", "evidence", "early"),
        [
            ("4", ran(FAILED), ""),
            ("1/BYOK", ran(FAILED, item="1", provider_mode="BYOK"), ""),
            ("6/rotation", ran(FAILED, item="6", parts=("rotation",)), ""),
        ],
    )
    def test_cut_short(self, tail, evidence, early):
        """A failure says what it had not named yet where that is why it counts, and only there."""
        assert requirement(tail, [evidence]).why.endswith(f"{evidence.started_at}{early}")

    def test_cut_short_elsewhere(self):
        """A failure that counts in another place than that of its run says so, and where to mend it."""
        before = ran(item="1", days=2, provider_mode="BYOK", environment_by="scope", provider_mode_by="credential")
        judged = requirement("1/BYOK", [before, ran(FAILED, item="1", environment="dev")])
        text = ", before it stated where it ran, and so counts in staging with BYOK"
        assert judged.why == f"tests/test_it.py::test_it FAILED in dev at {days_ago(1)}{text}"
        retired = "a reviewer retires it: `readiness retire tests/test_it.py::test_it --reason ...`"
        assert judged.completes_it == (
            "make tests/test_it.py::test_it pass in staging with provider mode BYOK; "
            f"if it never runs in staging with BYOK again, {retired}"
        )

    def test_cut_short_between_parts(self):
        """A failure that took an older pass of a part away says that it did not come to that part."""
        both = ran(item="6", parts=("rotation", "revocation"), days=2)
        failed = ran(FAILED, item="6", parts=("rotation",), open_scope=True)
        assert requirement("6/revocation", [both, failed]).why.endswith(", before it reached revocation")
        assert "before" not in requirement("6/rotation", [both, failed]).why

    def test_several_failures(self):
        """Of several failures the newest is told and the others are counted."""
        judged = requirement("4", [ran(FAILED, days=2), ran(FAILED, test="b"), ran(INTERRUPTED, test="c", days=0)])
        assert judged.why == f"b FAILED in staging at {days_ago(1)} (and 1 more)"

    def test_a_replay_without_a_mode(self):
        """A replay that passed is told to state its mode; one that was skipped is told to pass."""
        judged = requirement("5", [ran(item="5", test="t")])
        assert judged.why.endswith("does not state whether the replay was FULL or TRACE_ONLY")
        assert judged.completes_it == (
            'record the replay proof (record_evidence.replay) in t, or set replay_mode="FULL" or "TRACE_ONLY" in its mark,'
            " and run it again"
        )
        skipped = requirement("5", [ran(IDLE[0], item="5", test="t")])
        recording = "recording the replay proof (record_evidence.replay)"
        assert skipped.completes_it == f"make t pass in a real environment, {recording}"
        stated = requirement("5", [ran(item="5", test="t", replay_mode="FULL", run_id="open")], open_runs={"open": ()})
        assert stated.why.endswith("in a run that is not sealed")
        assert stated.completes_it == f"make t pass in a real environment, {recording}"

    def test_nothing_is_real(self):
        """Where no environment is real each item says to declare one, and then to run where that helps."""
        catalogue = replace(CATALOGUE, environments={}, use_cases={UC: UseCase(UC)})
        declare = "declare a real environment ([environments.NAME] real = true in the config)"
        assert requirement("2", [], catalogue).completes_it == declare
        assert requirement("4", [], catalogue).completes_it == f"{declare}, then run its test there"

    @pytest.mark.parametrize("length", [199, 200, 201])
    def test_texts_are_cut_at_their_limit(self, length):
        """A message of up to 200 characters is told whole, a longer one is cut there."""
        text = requirement("4", [ran(FAILED, message="x" * length)]).why.rpartition(": ")[2]
        assert text == ("x" * length if length <= 200 else "x" * 199 + "…")

    def test_missing(self):
        """Where nothing ran, the marker to write and the place to run it are named."""
        text = f'run a test tagged @evidence("{UC}", item=4) in a real environment, recording {TRACE}'
        assert requirement("4", []).completes_it == text
        assert "in a real environment with provider mode BYOK" in requirement("1/BYOK", []).completes_it
        assert f'@evidence("{UC}", item=6, part="rotation")' in requirement("6/rotation", []).completes_it
        assert 'item="plain"' in requirement("plain", []).completes_it

    def test_rehearsed_says_why_it_is_not_real(self):
        """A rehearsal is told with the reason why it does not count."""
        assert "environment 'dev' is not declared real" in requirement("4", [ran(environment="dev")]).why

    @pytest.mark.parametrize(("attempts", "days"), [(1, 1), (2, 1), (1, 91)])
    def test_trace_only_is_said_everywhere(self, attempts, days):
        """A replay that is TRACE_ONLY says so whatever its state is."""
        evidence = ran(item="5", replay_mode="TRACE_ONLY", proofs=("replay",), attempts=attempts, days=days)
        assert "TRACE_ONLY" in requirement("5", [evidence]).why
        assert "TRACE_ONLY" not in requirement("5", [replace(evidence, replay_mode="FULL")]).why
        assert "TRACE_ONLY" not in requirement("4", [replace(evidence, item="4")]).why

    def test_trace_only_is_not_outvoted(self):
        """Where mark and proof state different modes, the lesser one is told."""
        evidence = replace(ran(item="5", replay_mode="FULL"), proofs=(Proof("replay", (("mode", "TRACE_ONLY"),)),))
        assert "TRACE_ONLY" in requirement("5", [evidence]).why

    @pytest.mark.parametrize("older", [[], [ran(FAILED)], [ran(proofs=("trace",))]])
    def test_a_pass_from_the_future_is_told(self, older):
        """A pass that starts after this moment does not count, and the sentence says so."""
        assert "starts after this moment" in requirement("4", [*older, ran(days=-1)]).why

    def test_hostile_texts_stay_on_one_line(self):
        """Control characters and long texts of a test neither break the line nor flood it."""
        judged = requirement("4", [ran(FAILED, message="\x1b[31m" + "x\u202e" * 5000, test="t" * 5000)])
        assert judged.why.isprintable()
        assert len(judged.why) < 600
