"""Missing evidence by item: how it is missing, where, and both ways out of an unproven pass."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from wcwidth import wcswidth

from pytest_readiness.facts.evidence import Result
from pytest_readiness.verdict.actions import OR_ACKNOWLEDGE
from pytest_readiness.verdict.readiness import State
from pytest_readiness.views.evidence_gaps import missing_by_item, write_missing
from pytest_readiness.views.line_writer import LineWriter, plain_lines

from . import values
from .hostile import HOSTILE, dangers


def gaps(*use_cases):
    """Return kind, items and use cases of each group."""
    return [(kind, " ".join(keys), " ".join(names)) for kind, keys, names in missing_by_item(use_cases)]


def every(catalogue, name, **states):
    """Return the states of all requirements: COMPLETE, except item ``_4`` and the like."""
    tails = [need.id.removeprefix(f"{name}/") for need in catalogue.requirements(name)]
    return {tail: states.get(f"_{tail.partition('/')[0]}", State.COMPLETE) for tail in tails}


def test_each_way_of_missing_is_a_line_of_its_own():
    """No test, not counted, not run, skipped, rehearsed and unproven; items with the same use cases share a line."""
    catalogue = values.catalogue(values.tracker_ids(8))
    kinds = {
        "UC-001": every(catalogue, "UC-001", _4=State.MISSING, _5=State.MISSING),
        "UC-002": every(catalogue, "UC-002", _4=State.MISSING, _5=State.MISSING),
        "UC-003": every(catalogue, "UC-003", _4=State.MISSING),
        "UC-004": every(catalogue, "UC-004", _4=State.MISSING),
        "UC-005": every(catalogue, "UC-005", _4=State.MISSING),
        "UC-006": every(catalogue, "UC-006", _7=State.REHEARSED),
        "UC-007": every(catalogue, "UC-007", _7=State.ASSERTED),
        "UC-008": every(catalogue, "UC-008", _7=State.FAILING),
    }
    results = {"UC-003": Result.SKIPPED, "UC-004": Result.NOT_RUN, "UC-005": Result.PASSED}
    use_cases = [
        values.use_case(
            catalogue, name, states, found=(values.evidence(uc=name, result=results[name]),) if name in results else ()
        )
        for name, states in kinds.items()
    ]
    assert gaps(*use_cases) == [
        ("no test", "4 5", "UC-001 UC-002"),
        ("uncounted", "4", "UC-005"),
        ("not run", "4", "UC-004"),
        ("skipped", "4", "UC-003"),
        ("rehearsed", "7", "UC-006"),
        ("unproven", "7", "UC-007"),
    ]


def test_a_part_that_is_missing_is_named():
    """Of an item that is partly done only the missing scope is listed."""
    catalogue = values.catalogue(["UC-001"])
    states = every(catalogue, "UC-001") | {"6/revocation": State.MISSING}
    assert gaps(values.use_case(catalogue, "UC-001", states)) == [("no test", "6/revocation", "UC-001")]


def test_what_ran_elsewhere_has_a_test():
    """A test that ran in one environment was not run in the other: nobody has to write it. Another part has none."""
    catalogue = values.catalogue(["UC-001"])
    states = every(catalogue, "UC-001") | {"6/revocation": State.MISSING}
    piece = (values.evidence(uc="UC-001", item="6"),)

    def gaps_of(piece=piece, **places):
        use_case = values.use_case(catalogue, "UC-001", states)
        items = []
        for item in use_case.items:
            needs = [
                replace(
                    need,
                    requirement=replace(need.requirement, **places) if item.item.key == "6" else need.requirement,
                    evidence=piece if need.requirement.part == "rotation" else (),
                )
                for need in item.requirements
            ]
            items.append(replace(item, requirements=tuple(needs)))
        return gaps(replace(use_case, items=tuple(items)))

    assert gaps_of() == [("no test", "6/revocation", "UC-001")]
    assert gaps_of(part=None) == [("not run", "6/revocation", "UC-001")]
    for only in ({"claim_environment": "prod"}, {"claim_provider_mode": "MANAGED"}):
        limited = (replace(piece[0], **only),)  # it can never be evidence here
        assert gaps_of(limited, part=None) == [("no test", "6/revocation", "UC-001")]


def test_what_a_review_accepted_is_not_missing():
    """An unproven pass that is acknowledged is done; one that is not says both ways out, if a review may accept it."""
    catalogue = values.catalogue(["UC-001"])
    use_case = values.use_case(catalogue, "UC-001", every(catalogue, "UC-001", _4=State.ASSERTED))
    assert gaps(replace(use_case, accepted=("UC-001/4",))) == []
    writer = LineWriter(100)
    ways = [
        values.action("ana", "prove", "UC-001/4", f"record the trace proof in t and run it{ending}")
        for ending in (OR_ACKNOWLEDGE, "")
    ]
    for actions, ending in (([ways[0]], OR_ACKNOWLEDGE), ([ways[1]], ""), (ways, ""), ([], "")):
        lines = plain_lines(write_missing([use_case], actions, writer)).splitlines()
        assert lines[2:] == [
            "  unproven   item 4 of UC-001",
            f"             unproven: record the proof in the test and run it{ending}",
        ]


def test_many_lines_are_counted():
    """A report shows ten lines, and how many more there are; with verbosity all."""
    catalogue = values.catalogue([f"UC-{number:03}" for number in range(1, 60, 2)])
    kinds, tails = (State.MISSING, State.REHEARSED, State.ASSERTED), ("1/BYOK", "2/staging", "3/staging", "4", "5")
    use_cases = [
        values.use_case(catalogue, name, {tail: kinds[number // 3**place % 3] for place, tail in enumerate(tails)})
        for number, name in enumerate(catalogue.use_cases)
    ]
    groups = list(missing_by_item(use_cases))
    assert len(groups) > 11
    brief = plain_lines(write_missing(use_cases, (), LineWriter(100))).splitlines()
    assert sum(line.startswith(("  no test", "  rehearsed", "  unproven")) for line in brief) == 10
    assert f"  {len(groups) - 10} more lines: -v shows all" in brief
    every_line = plain_lines(write_missing(use_cases, (), LineWriter(120), verbosity=1)).splitlines()
    assert sum(line.startswith(("  no test", "  rehearsed", "  unproven")) for line in every_line) == len(groups)


@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_names_are_harmless_and_fit(bad):
    """No id of a use case gets to the terminal raw or beyond its width."""
    catalogue = values.catalogue([bad, f"{bad}2"])
    use_cases = [values.use_case(catalogue, name, {"4": State.ASSERTED}) for name in catalogue.use_cases]
    output = plain_lines(write_missing(use_cases, (), LineWriter(60)))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
