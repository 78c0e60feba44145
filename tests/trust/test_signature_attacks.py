"""What somebody does who has the store, and not the key: each attack on signatures, and which command shows it.

``verify`` exits 3 where something does not fit. Where everything fits, and only no trusted key has signed it, the
evidence falls to L1, and a gate that asks for L2 exits 1.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import IdentityLevel
from pytest_readiness.facts.envelope import Envelope, parse_envelope, run_statement, sealed_envelope
from pytest_readiness.facts.ledger.line import LineChain, canonical
from pytest_readiness.facts.run import Run, planned_digest
from pytest_readiness.store.integrity.index import envelope_row, evidence_of_line, run_row
from pytest_readiness.store.sqlite import schema
from pytest_readiness.store.sqlite.queries import INSERT_ENVELOPE, INSERT_EVIDENCE, INSERT_LINE, INSERT_RUN
from tests.project import Project
from tests.reviewed_project import ANA, BEN, approve
from tests.signing.keyring import database, recorded, resigned, signing_as, statement_of, store_of, trusting

pytestmark = pytest.mark.slow


@pytest.fixture
def signed(project: Project) -> tuple[Project, str]:
    """A project whose gate asks for L2, with a run that CI signed; and the id of that run."""
    run_id = recorded(trusting(project))
    assert project.cli("verify").exit_code == 0
    assert gate(project) == 0
    assert levels(project) == {"L2"}
    return project, run_id


def gate(project: Project) -> int:
    """Exit code of the gate for UC-001, review aside."""
    return project.cli("gate", "UC-001", "--on", "evidence").exit_code


def levels(project: Project) -> set[str | None]:
    """Levels of the requirements of UC-001."""
    (use_case,) = project.report("UC-001")["use_cases"]
    return {needed["level"] for item in use_case["items"] for needed in item["requirements"]}


def edit(project: Project, *statements: str | tuple[str, Any]) -> None:
    """Edit the store as somebody who has the file: triggers and references out of the way, and put back."""
    with closing(sqlite3.connect(database(project))) as plain:
        kept = {name: text for kind, name, text in plain.execute(schema.SCHEMA_QUERY) if kind == "trigger"}
        for name in kept:
            plain.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            plain.execute(*((statement,) if isinstance(statement, str) else statement))
        for text in kept.values():
            plain.execute(text)
        plain.commit()


def rewritten(run: Run, keep: Any = lambda line: True, change: Any = lambda line: line.body) -> Run:
    """The run with other lines, every digest computed again: what anyone can do who has no key."""
    chain = LineChain(run.id)
    lines: list[Any] = []
    for line in run.lines:
        if keep(line):
            body = {**change(line)}
            if line.kind == "sealed":
                body |= {"count": len(lines), "planned": planned_digest(lines)}
            lines.append(chain.next(line.kind, body))
    return Run(tuple(lines))


def replaced(project: Project, made: Run) -> None:
    """Put a run in the place of the one with its id, with an index that fits it."""
    found = [piece for line in made.lines for piece in evidence_of_line(line, made.register)]
    with closing(sqlite3.connect(database(project))) as plain:
        slots = dict(plain.execute("SELECT key, id FROM slot"))
    edit(
        project,
        *((f"DELETE FROM {table} WHERE {key} = ?", (made.id,)) for table, key in (("run", "id"), ("line", "run_id"), ("evidence", "run_id"))),
        *((INSERT_LINE, (made.id, line.seq, line.text, line.digest)) for line in made.lines),
        *((INSERT_EVIDENCE, (*row, slots[slot.key])) for _, row, slot in found),
        (INSERT_RUN, run_row(made, len(made.lines), len(found))),
        ("UPDATE leaf SET digest = ? WHERE id = ?", (made.lines[-1].digest, made.id)),
        "DELETE FROM slot WHERE id NOT IN (SELECT slot_id FROM evidence)",
    )  # fmt: skip


def swapped(project: Project, old: Envelope, new: Envelope) -> None:
    """Put a statement in the place of another."""
    edit(project, ("DELETE FROM envelope WHERE id = ?", (old.id,)), (INSERT_ENVELOPE, envelope_row(new)))


def the_run(project: Project, run_id: str) -> Run:
    """A run of the store."""
    found: Run = store_of(project, lambda store: store.run(run_id))
    return found


def with_another_actor(line: Any) -> dict[str, Any]:
    """What a line says, with another actor."""
    return {**line.body, "actor": "somebody@example.com"} if line.kind == "run" else line.body


def assert_falls(project: Project, verify: int, message: str = "") -> None:
    """The evidence is no longer L2, the gate is closed, and verify says so with this exit code."""
    done = project.cli("verify")
    assert done.exit_code == verify, done.output
    assert message in done.output, done.output
    assert levels(project) == {"L1"}
    assert gate(project) == 1


def test_a_whole_run_that_is_computed_anew(signed: tuple[Project, str]) -> None:
    """Chain, seal and index fit, and the signature is of another seal: verify 3, and L1."""
    project, run_id = signed
    replaced(project, rewritten(the_run(project, run_id), change=with_another_actor))
    assert_falls(project, 3, f"run {run_id}: it was changed after it was signed")


def test_a_run_that_is_cut_short_and_sealed_anew(signed: tuple[Project, str]) -> None:
    """A truncated run with a seal that fits it has no signature: verify 3, and what is left is L1."""
    project, run_id = signed
    whole = the_run(project, run_id)
    last = max(line.seq for line in whole.lines if line.kind == "finished")
    replaced(project, rewritten(whole, keep=lambda line: line.seq != last))
    done = project.cli("verify")
    assert done.exit_code == 3
    assert "it was changed after it was signed" in done.output
    assert levels(project) == {"L1", None}
    assert gate(project) == 1


def test_one_line_in_the_middle_of_a_signed_run(signed: tuple[Project, str]) -> None:
    """An edit that the lines beside it hide is seen, as every line up to a signed seal is looked at: verify 3, L1."""
    project, run_id = signed
    run = the_run(project, run_id)
    first = run.lines[0]
    made = rewritten(run, change=lambda line: {**line.body, "notes": ["fine"]} if line.seq == first.seq else line.body)
    for line in made.lines[first.seq : first.seq + 2]:
        edit(project, ("UPDATE line SET text = ?, digest = ? WHERE seq = ?", (line.text, line.digest, line.seq)))
    done = project.cli("verify")
    assert done.exit_code == 3
    assert "does not follow the line before it" in done.output
    assert levels(project) == {"L1"}
    assert gate(project) == 1


def test_a_run_that_is_signed_with_another_key(signed: tuple[Project, str]) -> None:
    """Computed anew and signed with a key that nobody trusts: everything fits, and it is L1 with a note."""
    project, run_id = signed
    made = rewritten(the_run(project, run_id), change=with_another_actor)
    old = statement_of(project, run_id)
    replaced(project, made)
    swapped(project, old, resigned(project, run_statement(made), "eve"))
    assert_falls(project, 0, "is not by a trusted key ([keys]): it does not count")


def test_another_key_under_the_id_of_the_trusted_one(signed: tuple[Project, str]) -> None:
    """A key id decides nothing: what says it is by CI's key and is not valid: something was changed is named, verify 3."""
    project, run_id = signed
    old = statement_of(project, run_id)
    swapped(project, old, resigned(project, old.payload, "eve", keyid=old.signatures[0].keyid))
    assert_falls(project, 3, "says that it is by the key 'ci', but is not valid: something was changed")


def test_the_trusted_key_under_another_id(signed: tuple[Project, str]) -> None:
    """A key id decides nothing: the bytes are CI's, and so it counts."""
    project, run_id = signed
    old = statement_of(project, run_id)
    swapped(project, old, resigned(project, old.payload, "ci", keyid="0" * 64))
    assert project.cli("verify").exit_code == 0
    assert levels(project) == {"L2"}
    assert gate(project) == 0


def test_a_signature_that_is_moved_to_another_run(signed: tuple[Project, str]) -> None:
    """What is signed names the run: the index has another, verify 3, and the other run stays L1."""
    project, _ = signed
    other = recorded(project, None)
    edit(project, ("UPDATE envelope SET subject = ?", (other,)))
    done = project.cli("verify")
    assert done.exit_code == 3
    assert "column subject: the index has" in done.output
    assert project.cli("gate", "UC-001", "--on", "evidence").exit_code == 3


def test_a_statement_that_is_edited_to_name_another_run(signed: tuple[Project, str]) -> None:
    """Edited to be about another run, its signature does not fit: verify 3, and L1."""
    project, run_id = signed
    other = recorded(project, None)
    old = statement_of(project, run_id)
    plain = json.loads(old.payload)
    seal = the_run(project, other).seal
    assert seal is not None
    plain["subject"] = [{"name": other, "digest": {"sha256": seal.digest}}]
    swapped(project, old, with_payload(old, canonical(plain).encode()))
    assert_falls(project, 3, "is not valid: something was changed")


def with_payload(old: Envelope, payload: bytes) -> Envelope:
    """The envelope with another payload, and its old signatures."""
    return sealed_envelope(payload, old.signatures)


def test_an_edited_payload(signed: tuple[Project, str]) -> None:
    """A statement whose words were changed, about the same seal, does not fit its signature: verify 3, and L1."""
    project, run_id = signed
    old = statement_of(project, run_id)
    plain = json.loads(old.payload)
    plain["predicate"]["release"] = "9.9"
    swapped(project, old, with_payload(old, canonical(plain).encode()))
    assert_falls(project, 3, "is not valid: something was changed")


def test_another_payload_type(signed: tuple[Project, str]) -> None:
    """An envelope of another type is none of ours, whoever signed it: verify 3, and the gate too."""
    project, run_id = signed
    old = statement_of(project, run_id)
    text = old.text.replace("vnd.in-toto+json", "vnd.other+json")
    edit(project, ("UPDATE envelope SET text = ?", (text,)))
    done = project.cli("verify")
    assert done.exit_code == 3
    assert "its payload type is not application/vnd.in-toto+json" in done.output
    assert gate(project) == 3


def test_a_key_without_the_role(signed: tuple[Project, str]) -> None:
    """A reviewer's key signs no runs: everything fits, and it is L1 with a note."""
    project, run_id = signed
    old = statement_of(project, run_id)
    swapped(project, old, resigned(project, old.payload, "ana"))
    assert_falls(project, 0, "is by the key 'ana', which may not sign runs: it does not count")


def test_a_signature_that_is_deleted(signed: tuple[Project, str]) -> None:
    """Without its signature a run is sealed, and no more: L1."""
    project, _ = signed
    edit(project, "DELETE FROM envelope")
    assert_falls(project, 0)


def test_a_signed_run_that_is_deleted_without_its_signature(signed: tuple[Project, str]) -> None:
    """The signature that is left says that there was a run: verify 3."""
    project, run_id = signed
    edit(project, "DELETE FROM run", "DELETE FROM line", "DELETE FROM evidence", "DELETE FROM slot", "DELETE FROM leaf")
    done = project.cli("verify")
    assert done.exit_code == 3
    assert f"run {run_id}: it was signed, but is not in the store: it was deleted" in done.output
    assert gate(project) == 1


def test_a_signed_run_that_is_deleted_with_its_signature(signed: tuple[Project, str]) -> None:
    """Signatures do not show that one is missing (a checkpoint does): the older run decides again, and is L2."""
    project, _ = signed
    project.monkeypatch.setenv("PROVIDER", "down")
    newer = recorded(project)
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    edit(
        project,
        *((f"DELETE FROM {table} WHERE {key} = ?", (newer,)) for table, key in (
            ("run", "id"), ("line", "run_id"), ("evidence", "run_id"), ("envelope", "subject"), ("leaf", "id"),
        )),
        "DELETE FROM slot WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE slot_id = slot.id)",
    )  # fmt: skip
    assert project.cli("verify").exit_code == 0
    assert levels(project) == {"L2"}


def test_a_key_that_is_trusted_no_more(signed: tuple[Project, str]) -> None:
    """Without its key in the config a run is L1, whatever it was when it was signed."""
    project, _ = signed
    project.configured((project.path / "readiness.toml").read_text().replace('"keys/ci.pem"', '"keys/eve.pem"'))
    assert_falls(project, 0, "is not by a trusted key")


# -- decisions -----------------------------------------------------------------------------------------------------

SIGNED_ONLY = 'identity = "signed"\n'


def known_by(project: Project) -> list[tuple[str, str]]:
    """Who reviewed UC-001, and how that is known."""
    (use_case,) = project.report("UC-001")["use_cases"]
    return [(one["by"], one["known_by"]) for one in use_case["review"]["reviews"]]


@pytest.fixture
def asking(project: Project) -> Project:
    """A project where only signed reviews count, with evidence that CI signed."""
    recorded(trusting(project, review=SIGNED_ONLY))
    return project


def decision_id(project: Project) -> str:
    """The id of the newest decision."""
    return str(store_of(project, lambda store: store.decisions()[-1].id))


def test_a_name_that_is_only_given(asking: Project) -> None:
    """Without a signature a review is refused where only signed ones count."""
    assert "is only declared" in approve(asking, by=ANA, expected=1).output


def test_a_reviewer_who_signs_with_a_key_of_somebody_else(asking: Project) -> None:
    """Ana's name under Ben's key is refused, and so is Ana's name under the key of CI."""
    for name in ("ben", "ci", "eve"):
        signing_as(asking, name)
        assert "is only declared" in approve(asking, by=ANA, expected=1).output


def test_a_decision_that_says_itself_that_it_is_signed(asking: Project) -> None:
    """A text that claims a signature, and has none, is declared: the review does not count."""
    file = database(asking)
    before = file.read_bytes()
    signing_as(asking, "ana")
    approve(asking, by=ANA)
    assert known_by(asking) == [(ANA, "signed")]
    assert asking.cli("gate", "UC-001").exit_code == 0
    kept = store_of(asking, lambda store: store.decisions()[-1])
    file.write_bytes(before)
    store_of(asking, lambda store: store.decide([replace(kept, by=BEN, known_by=IdentityLevel.SIGNED)]))
    assert known_by(asking) == []
    assert asking.cli("verify").exit_code == 0
    assert asking.cli("gate", "UC-001").exit_code == 1


def test_a_signed_review_with_its_signature_swapped(asking: Project) -> None:
    """A review whose signature is somebody else's counts for nothing: verify has a note, the gate is closed."""
    signing_as(asking, "ana")
    approve(asking, by=ANA)
    assert asking.cli("gate", "UC-001").exit_code == 0
    old = statement_of(asking, decision_id(asking))
    swapped(asking, old, resigned(asking, old.payload, "ben"))
    done = asking.cli("verify")
    assert done.exit_code == 0
    assert f"is by the key of {BEN}, and not of {ANA}: it does not count" in done.output
    assert asking.cli("gate", "UC-001").exit_code == 1


def test_a_signature_of_one_review_under_another(asking: Project) -> None:
    """A signature does not travel from one decision to the next: verify 3, and the gate is closed."""
    signing_as(asking, "ana")
    approve(asking, "UC-001", by=ANA)
    old = statement_of(asking, decision_id(asking))
    plain = json.loads(old.payload)
    plain["predicate"]["by"] = BEN
    swapped(asking, old, with_payload(old, canonical(plain).encode()))
    done = asking.cli("verify")
    assert done.exit_code == 3
    assert "is not valid: something was changed" in done.output
    assert asking.cli("gate", "UC-001").exit_code == 1


def test_what_attacks_need_is_parsed_as_it_was_signed(signed: tuple[Project, str]) -> None:
    """The bytes that are read are the bytes that were signed."""
    project, run_id = signed
    found = statement_of(project, run_id)
    assert parse_envelope(found.text) == found
    assert found.payload == run_statement(the_run(project, run_id))
