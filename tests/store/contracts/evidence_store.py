"""Contract of a store of evidence: runs come back as they were stored, and every question is answered by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pytest_readiness.errors import IntegrityError
from pytest_readiness.facts.evidence import Artifact, Evidence, Result, by_number
from pytest_readiness.facts.run import RunState
from pytest_readiness.facts.run_group import GroupPart
from pytest_readiness.store.protocol import EvidenceStore
from tests.store.runs import (
    claim,
    finished,
    moment,
    naive_newest,
    not_run,
    planned,
    run,
    run_id,
    slot_row,
    snapshot,
    statement,
    texts,
    waiver,
)

from .opened_store import OpenedStore

NUMBERS = count(1000)
"""Runs of the property test share a store: their ids must differ."""

PLACES = st.fixed_dictionaries(
    {"use_case": st.sampled_from(["UC-001", "UC-002"]), "item": st.sampled_from(["1", "2"])},
    optional={
        "environment": st.sampled_from(["", "staging"]),
        "provider_mode": st.sampled_from(["", "BYOK"]),
        "claim_environment": st.just("staging"),
        "parts": st.sampled_from([["a"], ["a", "b"], ["b", "a"]]),
        "not_real_because": st.just("no real environment"),
    },
)
EXECUTIONS = st.builds(
    lambda test, claims, result, at: finished(test, *claims, result=result, at=at),
    st.sampled_from(["test_a", "test_b"]),
    st.lists(PLACES, min_size=1, max_size=3),
    st.sampled_from([result.value for result in Result if result is not Result.NOT_RUN]),
    st.integers(0, 3),
)
BODIES = st.lists(EXECUTIONS | st.builds(lambda at: not_run("test_a", "test_b", at=at), st.integers(0, 3)), max_size=4)


SAID = claim(environment_by="scope", provider_mode_by="scope")
"""A claim whose test said where it ran: what ended badly is in the slot of what passed."""


def when(pieces: Iterable[Evidence]) -> list[int]:
    """The seconds at which these executions started."""
    seconds = {moment(second): second for second in range(60)}
    return [seconds[piece.started_at] for piece in pieces]


class EvidenceStoreContract(OpenedStore):
    """The promises of ``EvidenceStore``."""

    def test_keeps_a_run_and_gives_back_the_same_lines(self, store: EvidenceStore) -> None:
        """What comes out is, text by text, what went in."""
        stored = run(1, planned("test_a"), finished("test_a"))
        assert store.save([stored]) == [stored.id]
        stored_run = store.run(stored.id)
        assert stored_run is not None
        assert texts(stored_run) == texts(stored)

    def test_lines_come_back_by_their_numbers(self, store: EvidenceStore) -> None:
        """Named lines of a run come in their order; a number or a run that is not there gives none."""
        stored = run(1, planned("test_a"), finished("test_a"))
        store.save([stored])
        first, _, third, *_ = texts(stored)
        assert store.lines(stored.id, [2, 0, 99]) == [(0, first), (2, third)]
        assert store.lines("20260101T000000Z-00000000", [0]) == []

    def test_keeps_texts_that_databases_stumble_over(self, store: EvidenceStore) -> None:
        """NUL, quotes, emoji, line ends and lone surrogates come back as they were written."""
        odd = "a\0b'\"\u2028\n\U0001f600\ud800"
        stored = run(1, finished(odd, claim(odd, environment=odd), message=odd))
        store.save([stored])
        (piece,) = store.newest("payments")
        assert [piece] == list(stored.evidence())
        assert piece.uc.encode() == odd.encode("utf-8", "backslashreplace")
        assert list(store.verify()) == []

    def test_keeping_twice_is_harmless(self, store: EvidenceStore) -> None:
        """A run that is there with the same seal is skipped, within a call as between calls."""
        stored = run(1, finished())
        assert store.save([stored, stored]) == [stored.id]
        assert store.save([stored, run(2)]) == [run_id(2)]
        assert len(list(store.history("payments", "UC-001"))) == 1

    def test_another_run_with_a_known_id_is_refused(self, store: EvidenceStore) -> None:
        """The same id with another seal is a conflict, and nothing of that call is kept."""
        store.save([run(1, finished())])
        with pytest.raises(IntegrityError, match=f"another run with the id {run_id(1)}"):
            store.save([run(2), run(1, finished(result="FAILED"))])
        assert [summary.id for summary in store.runs()] == [run_id(1)]

    @pytest.mark.parametrize(
        ("stored", "expected"),
        [
            (run(2, finished(), sealed=False), "not sealed"),
            (run(2, finished(), seal={"count": 7}), "names 7 lines"),
            (run(2, finished(), seal={"planned": "0" * 64}), "planned tests differ"),
            (run(2, {"kind": "finished", "test": "test_a"}), "cannot be read as 'finished'"),
            (run(2, finished("test_a", claim(item=4))), "item has a wrong type"),
            (run(2, finished("test_a", started_at="12.02.2026")), "UTC moments"),
            (run(2, group={"id": "g", "parts": 2**60}), "group_parts has a wrong type"),
        ],
    )
    def test_an_unsound_run_is_refused_whole(self, store: EvidenceStore, stored: Any, expected: str) -> None:
        """A run that is open, torn or not readable is not taken in, nor is what came with it."""
        with pytest.raises(IntegrityError, match=expected):
            store.save([run(1), stored])
        assert store.runs() == []

    def test_says_of_each_run_what_its_lines_say(self, store: EvidenceStore) -> None:
        """The summary has the fields of the first line and of the seal; newest start first."""
        head = {"git": {"commit": "c0ffee", "dirty": True}, "release": "1.2", "group": {"id": "g", "parts": 3}}
        store.save([run(1, finished(), at=1, seal={"recovered": True}, **head), run(2, at=2)])
        newer, older = store.runs("payments")
        assert (newer.id, newer.state, newer.commit, newer.dirty) == (run_id(2), RunState.SEALED, None, None)
        assert (older.commit, older.dirty, older.release) == ("c0ffee", True, "1.2")
        assert (older.group_id, older.group_parts, older.actor, older.evidence_count) == ("g", 3, "ada", 1)
        assert (older.state, older.started_at, older.finished_at) == (RunState.INTERRUPTED, moment(1), moment(1))

    def test_registers_do_not_see_each_other(self, store: EvidenceStore) -> None:
        """Nothing of one register shows in an answer about another."""
        store.save([run(1, finished(), register="payments"), run(2, finished("test_b"), register="billing")])
        assert [piece.test_id for piece in store.newest("billing")] == ["test_b"]
        assert [piece.test_id for piece in store.history("billing", "UC-001")] == ["test_b"]
        assert [summary.id for summary in store.runs("billing")] == [run_id(2)]
        assert len(store.runs()) == 2
        assert store.use_cases("nowhere") == []

    def test_newest_can_be_asked_for_some_use_cases(self, store: EvidenceStore) -> None:
        """Only the named use cases are answered for, and none where none is named."""
        store.save([run(1, finished("test_a", *[claim(f"UC-{number:03d}") for number in range(5)]))])
        assert [piece.uc for piece in store.newest("payments", ["UC-003", "UC-001", "UC-9"])] == ["UC-001", "UC-003"]
        assert store.newest("payments", []) == []
        assert len(store.newest("payments")) == 5

    def test_an_old_pass_that_arrives_late_does_not_hide_a_failure(self, store: EvidenceStore) -> None:
        """Newest means newest start, not newest upload."""
        store.save([run(1, finished("test_a", SAID, result="FAILED", at=9))])
        store.save([run(2, finished("test_a", SAID, result="PASSED", at=3))])
        assert [piece.result for piece in store.newest("payments")] == [Result.FAILED]

    def test_of_equal_starts_the_worse_result_counts(self, store: EvidenceStore) -> None:
        """Two executions that start together: the failure is the newest, whichever comes last."""
        store.save([run(1, finished("test_a", SAID, result="FAILED")), run(2, finished("test_a", SAID))])
        assert [piece.result for piece in store.newest("payments")] == [Result.FAILED]

    def test_until_is_inclusive(self, store: EvidenceStore) -> None:
        """What starts at the moment asked for counts, what starts later does not."""
        store.save([run(1, finished("test_a", SAID, at=1), finished("test_a", SAID, at=2, result="FAILED"))])
        assert [piece.result for piece in store.newest("payments", until=moment(2))] == [Result.FAILED]
        assert [piece.result for piece in store.newest("payments", until=moment(1))] == [Result.PASSED]
        assert store.newest("payments", until=moment(0)) == []

    def test_claims_of_one_test_with_other_limits_are_both_told(self, store: EvidenceStore) -> None:
        """Two claims for one item, each limited to an environment, do not hide each other."""
        both = [claim(environment="staging", claim_environment=name) for name in ("prod", "staging")]
        store.save([run(1, finished("test_a", *both))])
        assert {piece.claim_environment for piece in store.newest("payments")} == {"prod", "staging"}

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data(), bodies=st.lists(BODIES, min_size=1, max_size=5), until=st.integers(-1, 4))
    def test_newest_is_what_the_plain_rule_says(
        self, store: EvidenceStore, data: st.DataObject, bodies: list[Any], until: int
    ) -> None:
        """Whatever the runs hold and in whichever order they arrive, the answer is that of the rule told in Python."""
        register = f"register {next(NUMBERS)}"
        runs = [run(next(NUMBERS), *lines, register=register) for lines in bodies]
        for value in data.draw(st.permutations(runs)):
            store.save([value])
        last = moment(until) if until >= 0 else None
        newest = store.newest(register, until=last)
        assert {slot_row(piece).key: piece for piece in newest} == naive_newest(runs, register, last or "9")
        assert len({slot_row(piece).key for piece in newest}) == len(newest)
        assert list(store.check(newest)) == []

    def test_history_is_complete_and_newest_first(self, store: EvidenceStore) -> None:
        """Every execution of a use case is told once, or of one item where that is asked for."""
        store.save([run(n, finished("test_a", claim(item="1"), claim(item="2"), at=n)) for n in (2, 3, 1)])
        history = list(store.history("payments", "UC-001"))
        assert [piece.started_at for piece in history] == [moment(n) for n in (3, 3, 2, 2, 1, 1)]
        assert [piece.item for piece in store.history("payments", "UC-001", "2")] == ["2"] * 3
        assert list(store.history("payments", "UC-002")) == []

    def test_everything_recorded_is_streamed_newest_first(self, store: EvidenceStore) -> None:
        """Every piece of every use case comes once, by its end and then by its id; of some use cases where asked for."""
        runs = [
            run(n, finished("test_a", claim(), claim("UC-002"), at=at), not_run("test_b", at=at))
            for n, at in ((2, 5), (3, 1), (1, 5))
        ]
        store.save([*runs, run(4, finished(), register="other")])
        pieces = [piece for stored in runs for piece in stored.evidence()]
        expected = sorted(pieces, key=lambda piece: (piece.timestamp, by_number(piece)), reverse=True)
        assert list(store.recorded("payments")) == expected
        assert list(store.recorded("payments", ["UC-002"])) == [piece for piece in expected if piece.uc == "UC-002"]
        assert list(store.recorded("payments", [])) == list(store.recorded("nowhere")) == []
        store.exclude_runs([run_id(2)])
        assert {piece.run_id for piece in store.recorded("payments")} == {run_id(1), run_id(3)}

    def test_the_newest_is_streamed_in_the_order_of_its_records(self, store: EvidenceStore) -> None:
        """It is the same evidence that is returned at once: of all use cases or of some, and without excluded runs."""
        executions = [finished("test_a", claim(), claim("UC-002"), at=at) for at in (5, 1, 3)]
        store.save([run(n, execution, not_run("test_b", at=n)) for n, execution in enumerate(executions, 1)])
        store.save([run(4, *(finished(f"test_{n}") for n in range(1201))), run(5, finished(), register="other")])
        for excluded in ([], [run_id(1)]):
            store.exclude_runs(excluded)
            for use_cases in (None, ["UC-002"], []):
                newest = sorted(store.newest("payments", use_cases), key=by_number)
                assert list(store.each_newest("payments", use_cases)) == newest
        assert list(store.each_newest("nowhere")) == []

    def test_everything_recorded_comes_over_many_batches(self, store: EvidenceStore) -> None:
        """A long run is read in pieces, and a reader that stops in the middle holds no lock."""
        stored = run(1, *(finished(f"test_{n}", at=n % 60) for n in range(1201)))
        store.save([stored])
        stream = store.recorded("payments")
        assert next(stream).test_id == "test_1199"
        assert store.save([run(2)]) == [run_id(2)]
        assert len({piece.id for piece in stream}) == 1200

    def test_finds_evidence_by_its_id(self, store: EvidenceStore) -> None:
        """An id leads to the same evidence as the run does; an id of nothing leads to None."""
        stored = run(1, not_run("test_a", "test_b"), finished())
        store.save([stored])
        pieces = list(stored.evidence())
        assert [store.evidence(piece.id) for piece in pieces] == pieces
        absent = [
            "",
            "x",
            f"{stored.id}.1.9",
            f"{stored.id}.99.1",
            f"{stored.id}.1.{'9' * 30}",
            "other.1.1",
            "\ud800.1.1",
        ]
        assert [store.evidence(name) for name in absent] == [None] * len(absent)

    def test_lists_use_cases_and_artifacts(self, store: EvidenceStore) -> None:
        """Use cases come sorted, and each artifact with every piece of evidence that names it."""
        stored = Artifact("log", "text/plain", 3, "a" * 64)
        plain = {"name": "log", "media_type": "text/plain", "size": 3, "sha256": "a" * 64}
        store.save([run(1, finished("test_a", claim("UC-2"), claim("UC-1"), artifacts=[plain]), finished("test_b"))])
        assert store.use_cases("payments") == ["UC-001", "UC-1", "UC-2"]
        assert list(store.artifacts("payments")) == [(f"{run_id(1)}.1.1", stored), (f"{run_id(1)}.1.2", stored)]
        assert list(store.artifacts("billing")) == []

    def test_keeps_requirements_by_their_digest(self, store: EvidenceStore) -> None:
        """A snapshot comes back under its digest, and one with another's digest is refused."""
        stored = snapshot()
        store.save([run(1, requirements=stored.digest)], [stored, stored])
        store.save([], [stored])
        assert store.snapshot(stored.digest) == stored
        assert store.snapshot("sha256:other") is None
        with pytest.raises(IntegrityError, match="do not match their digest"):
            store.save([run(2)], [type(stored)('{"catalogue":1}', stored.digest)])
        assert store.run(run_id(2)) is None

    def test_everything_is_there_after_opening_again(
        self, store: EvidenceStore, opened: Callable[[], EvidenceStore]
    ) -> None:
        """What was kept outlives the store that kept it."""
        store.save([run(1, finished())])
        store.close()
        again = opened()
        assert [piece.test_id for piece in again.newest("payments")] == ["test_a.py::test_a"]
        assert list(again.verify()) == []

    def test_a_half_read_history_does_not_keep_others_from_writing(
        self, store: EvidenceStore, opened: Callable[[], EvidenceStore]
    ) -> None:
        """A reader that stops in the middle holds no lock."""
        store.save([run(1, finished(), finished("test_b"))])
        history = store.history("payments", "UC-001")
        next(history)
        assert opened().save([run(2)]) == [run_id(2)]
        assert len(list(history)) == 1

    def test_a_sound_store_has_no_problems(self, store: EvidenceStore) -> None:
        """Neither verify nor check finds anything in a store that nobody touched."""
        stored = snapshot()
        store.save([run(1, planned("test_a"), finished(), not_run("test_b"), requirements=stored.digest)], [stored])
        assert list(store.verify()) == []
        assert list(store.check(store.newest("payments"))) == []
        assert [list(store.spot_check(number)) for number in (1, 2, 50)] == [[], [], []]

    def test_a_sample_is_spread_over_the_store(self, store: EvidenceStore) -> None:
        """Its artifacts are of runs all over the store, as many as were asked for; one of more pieces has all of them."""
        assert list(store.spot_check(3)) == []  # an empty store
        for number in range(1, 13):
            artifact = {"sha256": f"{number:064x}", "size": 1, "name": "log", "media_type": "text/plain"}
            store.save([run(number, finished(artifacts=[artifact]))])
        sampled: dict[int, list[int]] = {}
        for size in (1, 4, 12, 100):
            artifacts: list[Artifact] = []
            assert list(store.spot_check(size, lambda _, artifact, to=artifacts: to.append(artifact))) == []
            sampled[size] = sorted(int(artifact.sha256, 16) for artifact in artifacts)
        assert [len(numbers) for numbers in sampled.values()] == [1, 4, 12, 12]
        assert {later - number for number, later in pairwise(sampled[4])} == {3}

    def test_check_refuses_evidence_that_is_not_in_the_store(self, store: EvidenceStore) -> None:
        """Evidence of a run that was never kept, and evidence that differs from what was kept, are named."""
        store.save([run(1, finished())])
        unknown = list(run(2, finished()).evidence())
        changed = list(run(1, finished(message="another")).evidence())
        assert [str(problem) for problem in store.check(unknown)] == [f"run {run_id(2)}: is not in the store"]
        (problem,) = store.check(changed)
        assert (problem.where, "that was read" in problem.what) == (f"run {run_id(1)}, line 1", True)

    def test_requirements_that_are_missing_are_named(self, store: EvidenceStore) -> None:
        """A run whose requirements are not in the store cannot be judged later, and verify says so."""
        store.save([run(1, requirements=snapshot().digest)])
        (problem,) = store.verify()
        assert problem.where == f"requirements {snapshot().digest}"

    def test_seals_are_told_of_runs_that_are_whole(self, store: EvidenceStore) -> None:
        """The digest of the seal of each run that is asked for and there."""
        stored = [run(1, finished(), planned("test_a")), run(2)]
        store.save(stored)
        assert store.seals([run_id(2), run_id(1), "x", "\ud800"]) == {each.id: each.lines[-1].digest for each in stored}
        assert store.seals([]) == {}

    @pytest.mark.parametrize(
        ("about", "expected"),
        [
            (run(3), "is not in the store"),
            (waiver(), "is not in the store"),
            (run(1, finished(result="FAILED")), "changed after it was signed"),
        ],
    )
    def test_a_statement_about_something_else_is_refused(self, store: EvidenceStore, about: Any, expected: str) -> None:
        """What is not there, or is there with another seal, takes no signature; nothing of that call is kept."""
        store.save([run(1, finished())])
        with pytest.raises(IntegrityError, match=expected):
            store.save([run(2)], envelopes=[statement(about)])
        assert [summary.id for summary in store.runs()] == [run_id(1)]

    def test_failures_are_all_after_the_moment(self, store: EvidenceStore) -> None:
        """Every failure of a use case is told, the newest first, though a later execution passed; none at the moment."""
        lines = [finished(result=result, at=at) for at, result in enumerate(["ERROR", "FAILED", "FAILED", "PASSED"])]
        store.save([run(1, *lines), run(2, finished("test_b", claim("UC-002"), result="FAILED", at=9))])

        def failed(since: dict[str, int]) -> list[str]:
            failures = store.failures("payments", {name: moment(at) for name, at in since.items()})
            for each in failures:
                (piece,) = store.evidence_by_ids("payments", [each.evidence_id])
                assert (piece.uc, piece.run_id, piece.started_at) == (each.use_case, each.run_id, each.started_at)
            return [each.started_at for each in failures]

        assert failed({"UC-001": 0}) == [moment(2), moment(1)]
        assert failed({"UC-001": 2}) == failed({}) == failed({"UC-003": 0}) == []
        assert failed({"UC-001": 1, "UC-002": 0}) == [moment(9), moment(2)]
        assert len(store.failures("payments", {"UC-001": ""})) == 3
        assert store.failures("billing", {"UC-001": ""}) == []

    def test_failures_tell_slots_apart(self, store: EvidenceStore) -> None:
        """Failures of one test in one place share a slot, in another place or of another test they do not."""
        staging, prod = claim(environment="staging"), claim(environment="prod")
        lines = [finished("a", staging, result="FAILED", at=at) for at in (1, 2)]
        lines += [finished("a", prod, result="FAILED", at=3), finished("b", prod, result="FAILED", at=4)]
        store.save([run(1, *lines)])
        slots = [each.slot for each in store.failures("payments", {"UC-001": ""})]
        assert slots[3] == slots[2]
        assert len({*slots}) == 3

    def test_pieces_are_in_the_order_that_is_asked_for(self, store: EvidenceStore) -> None:
        """Each id is answered in its place; one that is not there, or none, is an error and not left out."""
        store.save([run(1, not_run("test_a"), finished())])
        ids = [f"{run_id(1)}.2.1", f"{run_id(1)}.1.1"]
        assert [each.id for each in store.evidence_by_ids("payments", ids)] == ids
        assert store.evidence_by_ids("payments", []) == []
        for absent in (f"{run_id(1)}.1.9", f"{run_id(2)}.1.1", "x"):
            with pytest.raises(IntegrityError):
                store.evidence_by_ids("payments", [absent])

    @pytest.mark.parametrize(
        ("later", "adverse"),
        [
            ([], [5]),
            ([("PASSED", {})], []),
            ([("FAILED", {})], [5]),
            ([("SKIPPED", {}), ("PASSED", {})], []),
            ([("XPASSED", {})], [5]),
            ([("INTERRUPTED", {}), ("PASSED", {})], []),
            ([("INTERRUPTED", {}), ("FAILED", {})], [5, 6]),
            ([("INTERRUPTED", {})], [5, 6]),
            ([("SKIPPED", {}), ("FAILED", {}), ("PASSED", {})], [5]),
            ([("PASSED", {"parts": ["rotation"]})], []),
            ([("PASSED", {"environment": "prod"})], [5]),
            ([("PASSED", {"item": "2"})], [5]),
            ([("PASSED", {"not_real_because": "a rehearsal"})], [5]),
        ],
    )
    def test_an_interruption_is_adverse_unless_the_next_execution_passed(
        self, store: EvidenceStore, later: list[tuple[str, Any]], adverse: list[int]
    ) -> None:
        """The next that runs to its end is asked: of the same test, item and environment, whatever its parts, and real."""
        here = {"environment": "staging", "environment_by": "scope", "provider_mode_by": "scope"}
        lines = [finished("test_a", claim(**here), result="INTERRUPTED", at=5)]
        lines += [
            finished("test_a", claim(**{**here, **place}), result=result, at=at)
            for at, (result, place) in enumerate(later, 6)
        ]
        store.save([run(1, *lines)])
        assert sorted(when(store.interruptions("payments", {"UC-001": moment(4)}))) == adverse
        assert when(store.interruptions("payments", {"UC-001": moment(4)}, until=moment(5))) == [5]

    @pytest.mark.parametrize("where", [{"not_real_because": "it did not say"}, {"environment": "staging"}])
    def test_an_interruption_before_the_scope_was_known_is_always_told(
        self, store: EvidenceStore, where: dict[str, Any]
    ) -> None:
        """A test that was killed before it said where it runs may count in places that only who judges knows."""
        store.save([run(1, finished("test_a", claim(**where), result="INTERRUPTED", at=5))])
        store.save([run(2, finished("test_a", claim(environment="staging"), at=6))])
        assert when(store.interruptions("payments", {"UC-001": moment(4)})) == [5]

    def test_what_a_test_says_of_its_place_is_not_hidden(self, store: EvidenceStore) -> None:
        """Who placed an execution is part of its slot, and a failure before that has one of its own."""
        values, unsaid = claim(environment="prod", environment_by="scope"), claim(environment="prod")
        lines = [finished("test_a", values, at=1), finished("test_a", unsaid, result="FAILED", at=2)]
        store.save([run(1, *lines, finished("test_a", unsaid, at=3), finished("test_a", unsaid, result="ERROR", at=4))])
        assert sorted(when(store.newest("payments"))) == [1, 3, 4]

    def test_the_oldest_that_tells_a_place(self, store: EvidenceStore) -> None:
        """Of each slot of these tests the oldest: of those that named their place, or ran for real."""
        values = claim(environment="prod", environment_by="scope", not_real_because="a rehearsal")
        lines = [finished("test_a", values, at=at) for at in (2, 1, 3)]
        lines += [finished("test_a", claim(environment="prod"), at=at) for at in (5, 4)]
        lines += [finished("test_a", claim(not_real_because="a rehearsal"), at=0), finished("test_b", values, at=0)]
        store.save([run(1, *lines)])
        assert sorted(when(store.oldest("payments", {("UC-001", "1", "test_a")}))) == [1, 4]
        assert store.oldest("payments", {("UC-001", "2", "test_a"), ("UC-9", "1", "test_a")}) == []
        assert store.oldest("other", {("UC-001", "1", "test_a")}) == store.oldest("payments", []) == []

    def test_says_which_evidence_is_missing(self, store: EvidenceStore) -> None:
        """Of any texts, those that are no id of kept evidence."""
        store.save([run(1, not_run("test_a"), finished())])
        there = [f"{run_id(1)}.1.1", f"{run_id(1)}.1.2", f"{run_id(1)}.2.1"]
        absent = {"", "x", f"{run_id(1)}.1.3", f"{run_id(2)}.1.1", "\ud800.1.1", f"{run_id(1)}.1.{'9' * 30}"}
        assert store.missing([*there, *absent, *there]) == absent
        assert store.missing(there) == store.missing([]) == set()

    def test_summaries_are_told_by_id(self, store: EvidenceStore) -> None:
        """The same summary as among all runs, and nothing for an id that is none."""
        store.save([run(1), run(2, register="billing"), run(3)])
        everything = {summary.id: summary for summary in store.runs()}
        assert store.summaries([run_id(2), run_id(3), "x", "\ud800"]) == {
            run_id(number): everything[run_id(number)] for number in (2, 3)
        }

    def test_how_runs_were_conducted_is_told_by_id(self, store: EvidenceStore) -> None:
        """What the first line and the seal of each say, and nothing for an id that is none."""
        at = {"clock": {"python": 5000, "file": 1000}}
        store.save([run(1, finished(), **at), run(2, seal={"plan": {"tests": 3, "deselected": 1}}), run(3)])
        conditions = store.run_conditions([run_id(1), run_id(2), "x"])
        assert set(conditions) == {run_id(1), run_id(2)}
        assert (conditions[run_id(1)].skew_ms, conditions[run_id(1)].deselected_text) == (4000, None)
        assert (conditions[run_id(2)].skew_ms, conditions[run_id(2)].deselected_text) == (None, "1 of 3 evidence tests")

    def test_what_runs_had_planned_is_told_by_id(self, store: EvidenceStore) -> None:
        """Every test of every line of the plan, in order; a text that speaks of one is none."""
        more = planned("test_c")
        more["tests"][0]["deselected"] = True
        store.save([run(1, planned("test_a", "test_b"), finished(message='"kind":"planned"'), more), run(2), run(3)])
        plans = store.plans([run_id(1), run_id(2), "x"])
        expected = {id_: [(each.test_id, each.selected) for each in tests] for id_, tests in plans.items()}
        assert expected == {run_id(1): [("test_a", True), ("test_b", True), ("test_c", False)], run_id(2): []}

    def test_runs_of_groups_are_told(self, store: EvidenceStore) -> None:
        """Each run of a group with what it says of that, all runs of a group that has a run since the moment."""
        place = {"context": {"environment": "prod", "usual_provider_mode": "BYOK"}, "ci": {"provider": "x", "run": "7"}}
        old, new = {"group": {"id": "old", "part": 1, "parts": 2}}, {"group": {"id": "new", "part": 3, "parts": 4}}
        store.save([run(1, **old), run(2, finished(), at=1, **new, **place), run(3, at=2, **new), run(4, at=2)])
        store.save([run(6, register="billing", **new)])
        expected = [
            GroupPart(run_id(2), "new", 3, 4, moment(1), "prod", "BYOK", "x/7"),
            GroupPart(run_id(3), "new", 3, 4, moment(2)),
        ]
        assert store.group_parts("payments", moment(2)) == expected
        assert [part.run_id for part in store.group_parts("payments")] == [run_id(1), run_id(2), run_id(3)]
        assert [part.run_id for part in store.group_parts("billing")] == [run_id(6)]

    def test_a_part_says_whether_it_is_whole(self, store: EvidenceStore) -> None:
        """Not where a test was interrupted or never ran, and not where something could not be collected."""
        group = {"group": {"id": "g", "part": 1, "parts": 2}}
        bad = [finished(result="FAILED"), finished("b", result="INTERRUPTED"), not_run("c")]
        store.save([run(number, body, **group) for number, body in enumerate(bad)])
        store.save([run(3, seal={"uncollected": 2}, **group)])
        parts = [(part.all_finished, part.collected) for part in store.group_parts("payments")]
        assert parts == [(True, True), (False, True), (False, True), (True, False)]

    @pytest.mark.parametrize(
        "group", [{"id": "g", "part": "x", "parts": 2}, {"id": 4, "part": 1, "parts": 2}, {"id": "g"}]
    )
    def test_a_group_that_cannot_be_read_is_refused(self, store: EvidenceStore, group: Any) -> None:
        """A run that cannot say which part of what it is would close every gate."""
        with pytest.raises(IntegrityError):
            store.save([run(1, group=group)])
        assert store.runs() == []
