"""Executions that were cut short before they stated their scope, or are not sealed."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.verdict.judging import ERROR, FAILED, IDLE, INTERRUPTED, UC, ran, requirement, states

PLACED = {"environment_by": "scope"}
MODE = {"provider_mode_by": "scope"}
NOWHERE = {"environment": None}


class TestEndedBeforeItSaidWhere:
    """An execution that ends badly before it names its scope counts where its test placed itself before."""

    @pytest.mark.parametrize("ran_in", [None, "dev", "staging"])
    def test_counts_where_the_test_placed_itself(self, ran_in):
        """A crash before ``scope()`` fails the environments that the test named before, and no other item."""
        passed = ran(item="2", environment="prod", days=2, **PLACED)
        judged = states([passed, ran(FAILED, item="2", environment=ran_in)])
        assert (judged["2/prod"], judged["3/prod"]) == ("FAILING", "MISSING")

    @pytest.mark.parametrize("ran_in", [None, "dev", "staging"])
    @pytest.mark.parametrize("open_scope", [True, False])
    def test_a_test_that_never_placed_itself_counts_nowhere_else(self, ran_in, open_scope):
        """What a run said of an older pass is no word of the test: a failure on a laptop does not close prod."""
        evidence = [ran(item="2", environment="prod", days=2)]
        failed = ran(FAILED, item="2", environment=ran_in, open_scope=open_scope)
        assert states([*evidence, failed])["2/prod"] == "ASSERTED"

    def test_what_it_says_later_does_not_count_back(self):
        """Only what the test had said by then: a scope that it was given afterwards says nothing of the crash."""
        passed, later = ran(item="2", environment="prod", days=3), ran(IDLE[0], item="2", environment="prod", **PLACED)
        assert states([passed, ran(FAILED, item="2", days=2, **NOWHERE), later])["2/prod"] == "ASSERTED"

    def test_in_the_place_that_it_named(self):
        """A failure after ``scope()`` counts there, and nowhere else."""
        passes = [ran(item="2", environment=name, days=2, **PLACED) for name in ("staging", "prod")]
        judged = states([*passes, ran(FAILED, item="2", **PLACED)])
        assert (judged["2/staging"], judged["2/prod"]) == ("FAILING", "ASSERTED")

    @pytest.mark.parametrize("placed", [IDLE[0], FAILED])
    def test_however_it_ended_when_it_placed_itself(self, placed):
        """A skipped, failed or simulated execution that named its environment tells where the test runs, too."""
        other = ran(item="2", environment="prod", test="other", days=3)
        there = ran(placed, item="2", environment="prod", days=2.5, real=False, simulated=True, **PLACED)
        assert states([other, there, ran(FAILED, item="2", days=2, **NOWHERE)])["2/prod"] == "FAILING"

    def test_a_simulated_failure_says_nothing(self):
        """With its network replaced a test tells nothing of any place."""
        passed = ran(item="2", environment="prod", days=2, **PLACED)
        assert states([passed, ran(FAILED, item="2", simulated=True, **NOWHERE)])["2/prod"] == "ASSERTED"

    @pytest.mark.parametrize("covered", [True, False])
    def test_counts_where_its_mark_names_and_it_ran(self, covered):
        """A mark for prod lets a failure elsewhere count there, once the test ran there; else nothing is taken back."""
        limit = {"claim_environment": "prod"}
        before = ran(
            item="2", environment="prod", days=2, test="tests/test_it.py::test_it" if covered else "b", **limit
        )
        judged = states([before, ran(FAILED, item="2", **NOWHERE, **limit)])
        assert judged["2/prod"] == ("FAILING" if covered else "ASSERTED")

    def test_a_mark_keeps_it_out_of_other_places(self):
        """A claim that is limited to prod does not count in staging, though the test placed itself there."""
        passes = [ran(item="2", environment=name, days=2, **PLACED) for name in ("staging", "prod")]
        judged = states([*passes, ran(FAILED, item="2", claim_environment="prod", **NOWHERE)])
        assert (judged["2/staging"], judged["2/prod"]) == ("ASSERTED", "FAILING")

    @pytest.mark.parametrize("later", [{}, {"result": FAILED}, {"environment_by": None}, {"parts": ("rotation",)}])
    def test_is_replaced_by_the_next_real_end_there(self, later):
        """The same test's next real execution that runs to its end there replaces it, whoever says where it ran."""
        evidence = [ran(item="2", environment="prod", days=3, **PLACED), ran(ERROR, item="2", days=2, **NOWHERE)]
        assert states(evidence)["2/prod"] == "FAILING"
        judged = states([*evidence, ran(**{"item": "2", "environment": "prod", **PLACED, **later})])
        assert judged["2/prod"] == ("FAILING" if later.get("result") else "ASSERTED")

    @pytest.mark.parametrize(
        "later",
        [
            *({"result": result} for result in IDLE),
            {"result": INTERRUPTED, "run_id": "open"},
            {"test": "another"},
            {"item": "3"},
            {"days": 2},
            {"days": -1},
            {"run_id": "open"},
            {"environment": "staging"},
            {"environment": "dev"},
            {"real": False},
        ],
    )
    def test_is_replaced_by_nothing_less(self, later):
        """Skips, other tests, items and places, rehearsals, the same moment, the future and open runs replace nothing."""
        evidence = [ran(item="2", environment="prod", days=3, **PLACED), ran(ERROR, item="2", days=2, **NOWHERE)]
        after = ran(**{"item": "2", "environment": "prod", **PLACED, **later})
        assert states([*evidence, after], open_runs={"open": ()})["2/prod"] in ("FAILING", "INTERRUPTED")

    def test_interrupted_counts_as_interrupted(self):
        """An interruption before ``scope()`` interrupts where the test placed itself before."""
        passes = [ran(item="2", environment=name, days=2, **PLACED) for name in ("staging", "prod")]
        judged = states([*passes, ran(INTERRUPTED, item="2", **NOWHERE)])
        assert (judged["2/staging"], judged["2/prod"]) == ("INTERRUPTED", "INTERRUPTED")

    @pytest.mark.parametrize("ran_with", [None, "MANAGED", "FAKE"])
    def test_a_mode_that_it_had_said_before(self, ran_with):
        """A failure that had not said its mode yet counts in the modes that the test said before, where it runs."""
        evidence = [
            ran(item="1", provider_mode="BYOK", days=3, provider_mode_by="credential"),
            ran(FAILED, item="1", days=2, provider_mode=ran_with),
        ]
        assert states(evidence)["1/BYOK"] == "FAILING"
        assert states([*evidence, ran(item="1", environment="dev", provider_mode="BYOK")])["1/BYOK"] == "FAILING"
        assert states([*evidence, ran(item="1", provider_mode="MANAGED")])["1/BYOK"] == "FAILING"
        assert states([*evidence, ran(item="1", provider_mode="BYOK")])["1/BYOK"] == "ASSERTED"

    def test_a_mode_says_nothing_of_the_environment(self):
        """A test that says its mode, and never its environment, does not close staging from a laptop."""
        passed = ran(item="1", provider_mode="BYOK", days=2, provider_mode_by="credential")
        assert states([passed, ran(FAILED, item="1", **NOWHERE)])["1/BYOK"] == "ASSERTED"

    def test_a_mode_that_the_run_had_is_not_guessed(self):
        """A failure in a run of no mode is of no mode, where the test never said one."""
        evidence = [ran(item="1", provider_mode="BYOK", days=2), ran(FAILED, item="1", open_scope=True)]
        assert states(evidence)["1/BYOK"] == "ASSERTED"

    def test_a_mode_said_at_last_replaces_what_had_said_none(self):
        """What failed before it said its mode is replaced where the test runs and says it."""
        failed = ran(FAILED, item="2", days=2)
        assert states([failed, ran(item="2", provider_mode="BYOK", **MODE)])["2/staging"] == "ASSERTED"
        assert states([failed, ran(item="2", provider_mode="BYOK")])["2/staging"] == "FAILING"

    def test_a_mode_that_was_proved_beside_another(self):
        """A failure between two credentials also counts in the mode that the test had shown with the first."""
        both = [
            ran(item="1", provider_mode=mode, days=2, provider_mode_by="credential", beside=other)
            for mode, other in (("BYOK", "MANAGED"), ("MANAGED", "BYOK"))
        ]
        failed = ran(FAILED, item="1", provider_mode="MANAGED", provider_mode_by="credential")
        assert states([*both, failed])["1/BYOK"] == "FAILING"
        alone = ran(FAILED, item="1", provider_mode="MANAGED", provider_mode_by="credential")
        apart = [replace(execution, id=f"apart.{number}.1", beside=None) for number, execution in enumerate(both)]
        assert states([*apart, alone])["1/BYOK"] == "ASSERTED"

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
