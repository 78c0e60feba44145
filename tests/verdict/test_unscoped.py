"""Executions that say too little to be taken at their word: cut short before they named their scope, or not sealed."""

from __future__ import annotations

import pytest

from tests.verdict.judging import ERROR, FAILED, IDLE, INTERRUPTED, UC, ran, requirement, states

UNSCOPED = {"environment": None, "open_scope": True}


class TestEndedBeforeItSaidWhere:
    """An execution that ends badly before it names its scope or part counts against all it could have covered."""

    def test_counts_against_every_environment(self):
        """A crash before ``scope()`` makes every environment of the item FAILING, and no other item."""
        passes = [ran(item="2", environment=name, days=2) for name in ("staging", "prod")]
        judged = states([*passes, ran(FAILED, item="2", **UNSCOPED)])
        assert (judged["2/staging"], judged["2/prod"], judged["3/prod"]) == ("FAILING", "FAILING", "MISSING")

    def test_without_a_way_to_say_where_it_is_a_rehearsal(self):
        """A test that could not have named another place is a rehearsal when its run names none."""
        evidence = [ran(item="2", days=2), ran(FAILED, item="2", environment=None)]
        assert states(evidence)["2/staging"] == "ASSERTED"

    @pytest.mark.parametrize("later", [{}, {"environment": "prod"}, {"environment": "dev"}, {"result": FAILED}])
    def test_is_replaced_by_the_next_end_wherever_that_ran(self, later):
        """The same test's next execution that runs to its end replaces it, in whatever place."""
        evidence = [ran(item="2", environment="prod", days=3), ran(ERROR, item="2", days=2, **UNSCOPED)]
        assert states(evidence)["2/prod"] == "FAILING"
        assert states([*evidence, ran(**{"item": "2", **later})])["2/prod"] == "ASSERTED"

    @pytest.mark.parametrize(
        "later",
        [
            *({"result": result} for result in IDLE),
            {"result": INTERRUPTED},
            {"test": "another"},
            {"item": "3"},
            {"days": 2},
            {"days": -1},
            {"run_id": "open"},
        ],
    )
    def test_is_replaced_by_nothing_less(self, later):
        """Skips, interruptions, other tests, other items, the same moment, the future and open runs replace nothing."""
        evidence = [ran(item="2", environment="prod", days=3), ran(ERROR, item="2", days=2, **UNSCOPED)]
        judged = states([*evidence, ran(**{"item": "2", **later})], open_runs={"open": ()})
        assert judged["2/prod"] == "FAILING"

    def test_interrupted_counts_as_interrupted(self):
        """An interruption before ``scope()`` interrupts every requirement it could have covered."""
        judged = states([ran(item="2", days=2), ran(INTERRUPTED, item="2", **UNSCOPED)])
        assert (judged["2/staging"], judged["2/prod"]) == ("INTERRUPTED", "INTERRUPTED")

    def test_no_provider_mode_counts_against_each(self):
        """A real failure that had not stated its mode yet counts against every mode, until a real one ends."""
        evidence = [
            ran(item="1", provider_mode="BYOK", days=3),
            ran(FAILED, item="1", days=2, open_scope=True),
        ]
        assert states(evidence)["1/BYOK"] == "FAILING"
        assert states([*evidence, ran(item="1", environment="dev")])["1/BYOK"] == "FAILING"
        assert states([*evidence, ran(item="1", provider_mode="MANAGED")])["1/BYOK"] == "ASSERTED"

    def test_a_mode_that_could_not_follow_is_not_guessed(self):
        """A failure of a test that can name no mode of its own is not of any mode."""
        evidence = [ran(item="1", provider_mode="BYOK", days=2), ran(FAILED, item="1")]
        assert states(evidence)["1/BYOK"] == "ASSERTED"

    def test_no_part_counts_against_each_part(self):
        """A failure before the first part is named counts against both, until the test ends with either."""
        evidence = [
            ran(item="6", parts=("rotation", "revocation"), days=3),
            ran(FAILED, item="6", days=2, open_scope=True),
        ]
        assert states(evidence)["6/rotation"] == states(evidence)["6/revocation"] == "FAILING"
        judged = states([*evidence, ran(item="6", parts=("rotation",))])
        assert (judged["6/rotation"], judged["6/revocation"]) == ("ASSERTED", "ASSERTED")

    @pytest.mark.parametrize("elsewhere", [{"environment": "prod"}, {"environment": "dev"}])
    def test_an_unnamed_part_is_not_mended_elsewhere(self, elsewhere):
        """A failure whose environment is known stands until the test ends there: one place does not hide another."""
        failed = ran(FAILED, item="6", days=2, open_scope=True)
        assert states([failed, ran(item="6", parts=("rotation",), **elsewhere)])["6/revocation"] == "FAILING"

    def test_a_part_it_could_never_name(self):
        """A failure of a test that names no parts is not cleared by narrowing the test's mark to one of them."""
        failed = ran(FAILED, item="6", days=2)
        assert states([failed, ran(item="6", parts=("rotation",))])["6/revocation"] == "FAILING"

    def test_a_part_it_did_not_come_to_again(self):
        """A failure between two parts also beats the same test's older pass of the part it did not come to."""
        both = ran(item="6", parts=("rotation", "revocation"), days=2)
        judged = states([both, ran(FAILED, item="6", parts=("rotation",), open_scope=True)])
        assert (judged["6/rotation"], judged["6/revocation"]) == ("FAILING", "FAILING")

    @pytest.mark.parametrize("other", [{"real": False}, {"open_scope": False}, {"environment": "prod"}, {"test": "b"}])
    def test_a_part_that_was_not_cut_short(self, other):
        """A rehearsal, a test that names no parts, another place and another test take no part away."""
        both = ran(item="6", parts=("rotation", "revocation"), days=2)
        failed = ran(**{"result": FAILED, "item": "6", "parts": ("rotation",), "open_scope": True, **other})
        assert states([both, failed])["6/revocation"] == "ASSERTED"

    def test_a_part_cut_short_and_then_an_end(self):
        """A failure between two parts is replaced for the part it did not come to by the test's next end."""
        both = ran(item="6", parts=("rotation", "revocation"), days=3)
        failed = ran(FAILED, item="6", parts=("rotation",), open_scope=True, days=2)
        assert states([both, failed, ran(item="6", parts=("rotation",))])["6/revocation"] == "ASSERTED"

    def test_a_part_it_named(self):
        """A failure that named its part is mended by that part only."""
        failed = ran(FAILED, item="6", parts=("rotation",), open_scope=True, days=2)
        assert states([failed, ran(item="6", parts=("revocation",))])["6/rotation"] == "FAILING"

    def test_a_part_in_another_mode(self):
        """A failure whose provider mode is known stands until the test ends with that mode."""
        failed = ran(FAILED, item="6", days=2, open_scope=True, provider_mode="BYOK")
        later = ran(item="6", parts=("rotation",), provider_mode="MANAGED")
        assert states([failed, later])["6/revocation"] == "FAILING"

    def test_a_part_it_never_showed(self):
        """A failure that names its part leaves the other part to the tests that show it."""
        other = ran(item="6", parts=("revocation",), test="other", days=2)
        judged = states([other, ran(FAILED, item="6", parts=("rotation",), open_scope=True)])
        assert (judged["6/rotation"], judged["6/revocation"]) == ("FAILING", "ASSERTED")


OPEN = {"open_runs": {"open": {UC}}}


class TestOpenRun:
    """Evidence of a run that is not sealed."""

    @pytest.mark.parametrize(("result", "state"), [(FAILED, "FAILING"), (INTERRUPTED, "INTERRUPTED")])
    def test_failures_count(self, result, state):
        """A failure or an interruption counts although its run is open, and rests on recorded evidence only."""
        judged = requirement("4", [ran(days=2), ran(result, run_id="open")], **OPEN)
        assert (judged.state, judged.level) == (state, "L0")

    def test_passes_do_not(self):
        """A pass in an open run satisfies nothing and hides no older failure."""
        open_pass = ran(run_id="open", proofs=("trace",))
        assert requirement("4", [open_pass], **OPEN).state == "MISSING"
        assert "not sealed" in requirement("4", [open_pass], **OPEN).why
        assert requirement("4", [ran(FAILED, days=2), open_pass], **OPEN).state == "FAILING"

    def test_rehearsals_do_not(self):
        """A rehearsal that passes in an open run is no rehearsal yet."""
        assert requirement("4", [ran(run_id="open", environment="dev")], **OPEN).state == "MISSING"

    def test_an_older_pass_stands(self):
        """What was shown in a sealed run stands while another run passes."""
        judged = requirement("4", [ran(days=2), ran(run_id="open", proofs=("trace",))], **OPEN)
        assert (judged.state, judged.level) == ("ASSERTED", "L1")
