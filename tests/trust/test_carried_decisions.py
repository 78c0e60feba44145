"""Decisions from bundles: their identity is only declared, unless a signature proves it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from pytest_readiness.facts.decision import Decision, IdentityLevel, Review, ReviewMeaning
from pytest_readiness.facts.envelope import decision_statement
from pytest_readiness.store.address import open_store
from pytest_readiness.store.bundle.writing import BundleContents, write_bundle
from pytest_readiness.store.protocol import Store
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, REVIEW, TESTS, approve, record, repository, status
from tests.signing.keyring import database, resigned, store_of, trusting

pytestmark = pytest.mark.slow

READY = ("READY_FOR_GO_LIVE", None)
WAITING = ("IN_PROGRESS", "AWAITING_REVIEW")


def asking(identity: str) -> str:
    """The table of the config that asks for this much."""
    return f'{REVIEW}identity = "{identity}"\n'


@pytest.fixture
def project_(project: Project) -> Project:
    """A project whose store holds evidence, and an approval that its config then took for declared."""
    project.configured(CONFIG + REVIEW).tests(TESTS)
    record(project)
    return project


def carried(project: Project, changed: Callable[[Decision], Decision], signer: str | None = None) -> list[str]:
    """Approve UC-001 elsewhere, and put into a bundle what the approval was changed to; return its id.

    Elsewhere is a copy of the store, so that the approval rests on the same evidence.
    """
    before, config = database(project).read_bytes(), (project.path / "readiness.toml").read_text()
    project.configured(re.sub('identity = ".*"', "", config))
    approve(project)
    project.configured(config)

    def made(store: Store) -> tuple[list[Decision], BundleContents]:
        decisions = [changed(one) for one in store.decisions("default")]
        snapshots = [found for one in decisions if (found := store.snapshot(one.requirements_digest)) is not None]
        envelopes = [resigned(project, decision_statement(one), signer) for one in decisions if signer is not None]
        return decisions, BundleContents((), decisions, snapshots, envelopes=lambda _: envelopes)

    decisions, contents = store_of(project, made)
    database(project).write_bytes(before)

    def no_artifact(_: str) -> None:
        raise FileNotFoundError

    write_bundle(project.path / "words.zip", contents, no_artifact)  # type: ignore[arg-type]
    return [one.id for one in decisions]


def known_by(levels: IdentityLevel) -> Callable[[Decision], Decision]:
    """A decision that says this of itself."""
    return lambda one: replace(one, known_by=levels)


@pytest.mark.parametrize("identity", ["git", "ci"])
@pytest.mark.parametrize("output", [IdentityLevel.GIT, IdentityLevel.CI, IdentityLevel.SIGNED])
def test_what_a_bundle_says_of_who_decided_opens_no_gate(
    project_: Project, identity: str, output: IdentityLevel
) -> None:
    """Where more than a name is asked for, an approval that was carried here is a name; merge says so."""
    project_.configured(CONFIG + asking(identity))
    (name,) = carried(project_, known_by(output))
    done = project_.cli("merge", "words.zip")
    assert (done.exit_code, done.stdout) == (
        0,
        "words.zip: 0 runs, 1 decision, 0 verdicts, 0 artifacts new; 0 records already stored\n",
    )
    message = "words.zip: who made 1 decision is only self-declared here: no trusted key signed it"
    assert done.stderr.splitlines() == [f"readiness: {message}"]
    assert status(project_) == WAITING
    gate = project_.cli("gate", "UC-001")
    assert gate.exit_code == 1
    assert project_.cli("verify").exit_code == 0
    assert f"(identity: self-declared; {name})" in " ".join(project_.cli("history", "UC-001").stdout.split())


def test_a_name_is_enough_where_a_name_is_asked_for(project_: Project) -> None:
    """The way between two machines of one team stays open."""
    carried(project_, known_by(IdentityLevel.CI))
    assert project_.cli("merge", "words.zip").exit_code == 0
    assert status(project_) == READY


@pytest.mark.parametrize(("signer", "expected"), [("ana", READY), ("ben", WAITING), ("ci", WAITING), ("eve", WAITING)])
def test_what_the_person_s_key_signed_is_known_wherever_it_goes(
    project: Project, signer: str, expected: tuple[str, str | None]
) -> None:
    """A signature by the trusted key of who decided counts; one by another's, without the role, or of nobody does not."""
    trusting(project, more="", review='identity = "signed"\n')
    record(project)
    carried(project, known_by(IdentityLevel.DECLARED), signer)
    assert project.cli("merge", "words.zip").exit_code == 0
    assert status(project) == expected


def decided_here(project: Project) -> None:
    """Approve as the one whom git knows here."""
    repository(project, ANA)
    project.configured(CONFIG + asking("git"))
    approve(project)
    assert status(project) == READY


def test_what_was_decided_here_stays_known_when_it_comes_back(project_: Project) -> None:
    """A bundle that brings our own decision again takes nothing away; merging twice, and carrying it on, gives nothing."""
    decided_here(project_)
    assert project_.cli("bundle", "-o", "all.zip").exit_code == 0
    for _ in range(2):
        assert project_.cli("merge", "all.zip").exit_code == 0
        assert status(project_) == READY
    database(project_).unlink()
    for _ in range(2):
        assert project_.cli("merge", "all.zip").exit_code == 0
        assert status(project_) == WAITING
    assert project_.cli("bundle", "-o", "again.zip").exit_code == 0
    database(project_).unlink()
    assert project_.cli("merge", "again.zip").exit_code == 0
    assert status(project_) == WAITING
    store = open_store(f"sqlite:///{database(project_)}", project_.path, create=False)
    assert store is not None
    (stored,) = store.decisions("default")
    assert '"known_by":"git"' in stored.text  # as it was told, so that its id and its signatures go on to fit
    store.close()


def test_a_retirement_that_was_carried_is_no_more_than_a_review(project_: Project) -> None:
    """Whatever makes things better asks for the identity that the config asks for: the failure stands."""
    project_.tests(TESTS.replace('"up") == "up"', '"up") == "down"'))
    record(project_)
    repository(project_, ANA)
    output = ("--reason", "x", "--by", ANA)
    before = database(project_).read_bytes()
    assert project_.cli("retire", "test_it.py::test_provider", *output).exit_code == 0
    assert project_.cli("bundle", "-o", "words.zip").exit_code == 0
    database(project_).write_bytes(before)
    project_.configured(CONFIG + asking("git"))
    assert project_.cli("merge", "words.zip").exit_code == 0
    assert project_.states("UC-001")["UC-001/1"] == "FAILING"


def test_both_orders_end_alike(project_: Project) -> None:
    """Decided here and then merged, or merged and then decided here: it is known here who decided."""
    decided_here(project_)

    def word(store: Store) -> Decision:
        return store.decisions("default")[0]

    made = store_of(project_, word)
    assert isinstance(made, Review)
    assert (made.meaning, made.known_by) == (ReviewMeaning.APPROVED_FOR_GO_LIVE, IdentityLevel.GIT)
    assert project_.cli("bundle", "-o", "all.zip").exit_code == 0
    database(project_).unlink()
    assert project_.cli("merge", "all.zip").exit_code == 0
    store = open_store(f"sqlite:///{database(project_)}", project_.path, create=False)
    assert store is not None
    assert [one.known_by for one in store.register_decisions("default").decisions] == [IdentityLevel.DECLARED]
    assert store.decide([made]) == []
    assert [one.known_by for one in store.register_decisions("default").decisions] == [IdentityLevel.GIT]
    store.close()
    assert status(project_) == READY
