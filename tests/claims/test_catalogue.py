"""The requirements that are derived from use cases, items and scopes."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from pytest_readiness.claims.builtin_items import BUILTIN_ITEMS
from pytest_readiness.claims.catalogue import Catalogue, Environment, Item, ProviderMode, UseCase
from pytest_readiness.claims.claim import Claim
from pytest_readiness.errors import ClaimError

STAGING, PROD, DEV = Environment("staging", real=True), Environment("prod", real=True), Environment("dev", real=False)


def build_catalogue(*use_cases, environments=(STAGING, PROD, DEV), modes=(), items=BUILTIN_ITEMS):
    """Return a catalogue of these use cases (or one, UC-1) in which staging and prod are real."""
    return Catalogue(
        "payments",
        {row.id: row for row in use_cases or (UseCase("UC-1"),)},
        {item.key: item for item in items},
        {environment.name: environment for environment in environments},
        {mode.name: mode for mode in modes},
    )


def ids(catalogue, name="UC-1"):
    """Return the ids of the requirements, without the use case."""
    return [requirement.id.removeprefix(f"{name}/") for requirement in catalogue.requirements(name)]


def test_each_declared_real_environment_and_mode_is_required():
    """An item with a scope is required in each real environment and mode, never in one that is not real."""
    modes = (ProviderMode("BYOK"), ProviderMode("FAKE", real=False))
    assert ids(build_catalogue(modes=modes)) == [
        *("1/BYOK", "2/staging", "2/prod", "3/staging", "3/prod", "4", "5", "6/rotation", "6/revocation", "7")
    ]


def test_where_nothing_is_declared_there_are_eight_requirements():
    """Without environments and modes each scoped item is one requirement that asks for a declaration."""
    requirements = build_catalogue(environments=()).requirements("UC-1")
    assert len(requirements) == 8
    assert [req.item for req in requirements if req.undeclared_environment] == ["2", "3"]
    assert [req.item for req in requirements if req.any_provider_mode] == ["1"]


def test_a_use_case_says_where_it_must_hold_and_which_drills_it_needs():
    """Environments, modes and drills of a use case replace the declared ones."""
    row = UseCase("UC-1", environments=("prod",), provider_modes=("BYOK",), drills=("timeout", "failover"))
    catalogue = build_catalogue(row, modes=(ProviderMode("BYOK"), ProviderMode("MANAGED")))
    assert ids(catalogue) == [
        "1/BYOK",
        "2/prod",
        "3/prod",
        "4",
        "5",
        "6/rotation",
        "6/revocation",
        "7/timeout",
        "7/failover",
    ]


def test_what_the_config_says_nothing_of_requires_what_it_would_say():
    """Use cases without settings of their own share their requirements, each under its own id."""
    declared = {"staging": Environment("staging", real=True), "prod": Environment("prod", real=True)}
    modes = {"BYOK": ProviderMode("BYOK"), "managed": ProviderMode("managed")}
    rows = {
        "UC-1": UseCase("UC-1"),
        "UC-2": UseCase("UC-2", environments=("staging", "prod"), provider_modes=("BYOK", "managed")),
    }
    catalogue = Catalogue("r", rows, {item.key: item for item in BUILTIN_ITEMS}, declared, modes)
    shared, own = catalogue.requirements("UC-1"), catalogue.requirements("UC-2")
    assert shared == tuple(replace(req, id=req.id.replace("UC-2", "UC-1"), use_case="UC-1") for req in own)
    assert len({req.id for req in shared}) == len(shared) > len(BUILTIN_ITEMS)


def test_an_item_scoped_by_both_multiplies():
    """An item scoped by environment and mode is required in each pair."""
    both = Item("8", "both", scope=("environment", "provider_mode"))
    catalogue = build_catalogue(items=(both,), modes=(ProviderMode("A"), ProviderMode("B")))
    assert ids(catalogue) == ["8/staging/A", "8/staging/B", "8/prod/A", "8/prod/B"]


def test_parts_are_shown_by_the_proof_of_their_name():
    """An item with the proof ``part`` requires a rotation for rotation and a revocation for revocation."""
    proofs = {req.part: req.proof for req in build_catalogue().requirements("UC-1") if req.item == "6"}
    assert proofs == {"rotation": "rotation", "revocation": "revocation"}


def test_not_applicable_covers_an_item_or_one_requirement():
    """A reason given for an item holds for all its requirements, one given for the end of an id for that one only."""
    row = UseCase("UC-1", not_applicable=(("2", "no connector"), ("6/rotation", "keys never change")))
    reasons = {req.id: req.not_applicable for req in build_catalogue(row).requirements("UC-1") if req.not_applicable}
    assert reasons == {
        "UC-1/2/staging": "no connector",
        "UC-1/2/prod": "no connector",
        "UC-1/6/rotation": "keys never change",
    }


def test_names_resolve_in_any_letter_case():
    """A claim gets the register's spelling of the use case and the number of an item given by name."""
    assert build_catalogue().resolve(Claim("uc-1", "TRACE")) == Claim("UC-1", "4")


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (Claim("UC-2", "4"), "no use case 'UC-2' (there is UC-1)"),
        (Claim("UC-1", "trce"), "no item 'trce' (did you mean 'trace'?)"),
        (Claim("UC-1", "99"), "no item '99' (items are 1, 2, 3, 4, 5, 6, 7)"),
        (Claim("UC-1", "2", environment="stagin"), "no environment 'stagin' (did you mean 'staging'?)"),
        (Claim("UC-1", "1", provider_mode="BYOC"), "no provider mode 'BYOC' (did you mean 'BYOK'?)"),
        (Claim("UC-1", "6", part="revoke"), "item 6 of UC-1 has no part 'revoke'"),
        (Claim("UC-1", "4", part="x"), "item 4 of UC-1 has no part 'x' (it has no parts)"),
    ],
)
def test_a_claim_for_what_does_not_exist_is_told(claim, message):
    """Each unknown name is an error with the nearest known name."""
    with pytest.raises(ClaimError) as raised:
        build_catalogue(modes=(ProviderMode("BYOK"),)).resolve(claim)
    assert message in str(raised.value)


def test_an_open_world_refuses_nothing():
    """Without config and tracker every use case, item and part that a marker names exists."""
    claim = Claim("anything", "new", part="x")
    assert Catalogue("default", open_world=True).resolve(claim) == claim


@pytest.mark.parametrize(
    ("environment", "mode", "message"),
    [
        ("staging", "BYOK", None),
        ("staging", None, None),
        ("dev", "BYOK", "environment 'dev' is not declared real"),
        (None, None, "the run states no environment"),
        ("staging", "FAKE", "provider mode 'FAKE' is not declared real"),
        ("staging", "OTHER", "provider mode 'OTHER' is not declared real"),
    ],
)
def test_only_what_is_declared_real_is_real(environment, mode, message):
    """Evidence is real in a declared real environment and mode, and otherwise a rehearsal with its reason."""
    catalogue = build_catalogue(modes=(ProviderMode("BYOK"), ProviderMode("FAKE", real=False)))
    because = catalogue.not_real_because(environment, mode)
    assert because is None if message is None else message in because


def test_where_no_real_environment_is_declared_nothing_is_real():
    """Without a declared real environment the reason names the key to declare one."""
    assert "[environments.NAME]" in build_catalogue(environments=(DEV,)).not_real_because("dev", None)


def test_plain_data_and_back():
    """A catalogue that travels to a worker as JSON comes back equal."""
    row = UseCase("UC-1", environments=("prod",), drills=("a",), not_applicable=(("6", "why"),))
    catalogue = build_catalogue(row, modes=(ProviderMode("BYOK"),))
    assert Catalogue.from_plain(json.loads(json.dumps(catalogue.to_plain()))) == catalogue
