"""The report for a terminal: what matters first, on one screen, never wider than the screen."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from msgspec.structs import replace

from pytest_readiness.claims.catalogue import Item
from pytest_readiness.verdict.readiness import ReviewSummary, RuleResult, State, Status, Verdict
from pytest_readiness.views.terminal import plain_lines, render_report, styled_lines
from tests.pages import ROOT

from . import values

pytestmark = pytest.mark.slow


def text(report, width=80, **options):
    """Return the rendered report as text."""
    return plain_lines(render_report(report, width, **options))


def shown(expected):
    """Return a dedented expectation without its outer line breaks."""
    return dedent(expected).strip("\n")


def test_an_untouched_register_of_32_at_80_columns():
    """Nothing recorded: verdict, one line of missing evidence, one row, legend, what is done, what next."""
    assert text(values.untouched()) == shown("""
        NOT ELIGIBLE: 0 of 32 ready, 32 not started
        register payments at 2026-02-12T18:29:00.000Z
        what fails: evidence incomplete

        missing evidence
          no test    items 1 to 7 of UC-001 to UC-032 (32 use cases)

        UC                Arch   Status            1 2 3 4 5 6 7  Done  Owner
        UC-001 to UC-032  GREEN  NOT_STARTED (32)  · · · · · · ·  0/8   unassigned
        identical rows are grouped; -v shows every use case
        · MISSING
        glossary: docs/reference/glossary.md of pytest-readiness
        0 of 256 requirements done

        readiness gate: closed; see readiness next, readiness why UC-001
    """)


def test_a_mixed_register_of_32_at_80_columns():
    """What fails comes first with its person, then other work, then what is missing by item; rows stand among ranges."""
    assert text(values.mixed()) == shown("""
        NOT ELIGIBLE: 1 of 32 ready, 1 blocked (1 failing), 1 in progress, 29 not
        started
        register payments at 2026-02-12T18:29:00.000Z
        run 20260212T182800Z-0a1b2c3d: 12 pieces of evidence recorded in
        sqlite:///.readiness/evidence.db
        what fails: evidence incomplete

        failures, blockers and rejections
          trace-team@example.com
            fix      UC-007/2/staging: test_handshake failed: mend it and run it again

        who must act
          trace-team@example.com
            rerun    UC-007/7: run test_drill again: it passed only when retried

        missing evidence
          no test    items 1, 4 to 6 of UC-002, UC-004 to UC-032 (30 use cases)
          no test    items 2, 7 of UC-002 to UC-006, UC-008 to UC-032 (30 use cases)
          no test    item 3 of UC-002 to UC-032 (31 use cases)
          no test    item 6/revocation of UC-003
          rehearsed  item 5 of UC-003
          unproven   item 1 of UC-003
                     unproven: record the proof in the test and run it

        UC                Arch   Status             1 2 3 4 5 6 7  Done  Phase
        UC-001            GREEN  READY_FOR_GO_LIVE  ✓ ✓ ✓ ✓ ✓ ✓ ✓  8/8
        UC-002            GREEN  NOT_STARTED        · · · · · · ·  0/8
        UC-003            GREEN  IN_PROGRESS        a · · ✓ r · ·  1/8   COLLECTING
        UC-004 to UC-006  GREEN  NOT_STARTED (3)    · · · · · · ·  0/8
        UC-007            GREEN  BLOCKED            · ✗ · · · · ~  0/8   failing
        UC-008 to UC-032  GREEN  NOT_STARTED (25)   · · · · · · ·  0/8
        identical rows are grouped; -v shows every use case
        ✓ COMPLETE  a ASSERTED  r REHEARSED  · MISSING  ~ FLAKY  ✗ FAILING
        glossary: docs/reference/glossary.md of pytest-readiness
        9 of 256 requirements done
        drift: tracker status is out of date for UC-003, UC-007: run `readiness sync`

        readiness gate: closed; see readiness next, readiness why UC-007
    """)


def test_two_use_cases_at_60_columns_in_ascii():
    """A narrow terminal without Unicode: ASCII letters for signs, long lines wrapped, the optional columns left out."""
    catalogue = values.catalogue(["UC-001", "UC-002"])
    failing = values.use_case(catalogue, "UC-002", {"2/staging": State.FAILING}, status=Status.BLOCKED)
    report = values.report(
        [values.use_case(catalogue, "UC-001"), failing],
        actions=[
            values.action("ops@example.com", "fix", "UC-002/2/staging", "test_handshake fails in staging: mend it")
        ],
        problems=("the store sqlite:///a.db cannot be written: disk full",),
    )
    assert text(report, 60, unicode=False) == shown("""
        NOT ELIGIBLE: 0 of 2 ready, 1 blocked (1 failing), 1 not
        started
        register payments at 2026-02-12T18:29:00.000Z
        problem: the store sqlite:///a.db cannot be written: disk
                 full
        what fails: evidence incomplete

        failures, blockers and rejections
          ops@example.com
            fix      UC-002/2/staging: test_handshake fails in
                     staging: mend it

        missing evidence
          no test    items 1, 3 to 7 of UC-001, UC-002 (2 use cases)
          no test    item 2 of UC-001

        UC      Arch   Status       1 2 3 4 5 6 7  Done  Phase
        UC-001  GREEN  NOT_STARTED  . . . . . . .  0/8
        UC-002  GREEN  BLOCKED      . X . . . . .  0/8   failing
        . MISSING  X FAILING
        glossary: docs/reference/glossary.md of pytest-readiness
        0 of 16 requirements done
        drift: tracker status is out of date for UC-002: run
               `readiness sync`

        readiness gate: closed; see readiness next,
                        readiness why UC-002
    """)


def test_an_eligible_register_says_so_first_and_last():
    """A ready use case: eligible, nobody must act, the gate is open."""
    catalogue = values.catalogue(["UC-001"], declared_status="READY_FOR_GO_LIVE")
    complete = {need.id.removeprefix("UC-001/"): State.COMPLETE for need in catalogue.requirements("UC-001")}
    use_case = values.use_case(
        catalogue, "UC-001", complete, status=Status.READY_FOR_GO_LIVE, review=ReviewSummary(approvals=1)
    )
    lines = text(values.report([use_case])).splitlines()
    assert lines[0] == "ELIGIBLE: 1 of 1 ready"
    assert lines[-1] == "readiness gate: open"
    assert "who must act" not in lines


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_untouched_register_fits_one_screen(width):
    """32 use cases take at most 45 lines, also where every use case is shown a row at 80 columns and more."""
    assert len(render_report(values.untouched(), width)) <= 45
    assert len([line for line in text(values.untouched(), width, verbosity=1).splitlines() if line[:3] == "UC-"]) == 32


def test_the_mixed_register_fits_one_screen():
    """A register in progress still fits 45 lines of 80 columns."""
    assert len(render_report(values.mixed(), 80)) <= 45


def test_a_register_in_which_every_row_fails_names_every_failure():
    """Of many failures each person has a list: all are named above the matrix of 32 rows, and none of them twice."""
    catalogue = values.catalogue(values.tracker_ids())
    signs = [State.COMPLETE, State.FAILING]
    use_cases = [
        values.use_case(
            catalogue, name, {str(1 + bit): signs[number >> bit & 1] for bit in range(5)}, status=Status.BLOCKED
        )
        for number, name in enumerate(values.tracker_ids())
    ]
    actions = [values.action(f"p{n % 6}@example.com", "fix", f"UC-{n:03}/{n % 5 + 1}") for n in range(1, 33)]
    lines = text(replace(values.report(use_cases), actions=tuple(actions))).splitlines()
    assert len([line for line in lines if line.startswith("UC-")]) == 32
    assert len(lines) <= 60
    assert lines[4:7] == [
        "failures, blockers and rejections",
        "  p1@example.com",
        "    fix      failing: UC-001/2, UC-007/3, UC-013/4, UC-019/5, UC-025/1, UC-031/2",
    ]
    above = "\n".join(lines[: lines.index("missing evidence")])
    assert [above.count(action.requirement) for action in actions] == [1] * 32


def test_quiet_is_the_verdict_alone():
    """Below 0 the verbosity leaves the one line that a script reads."""
    assert text(values.mixed(), 100, verbosity=-1) == (
        "NOT ELIGIBLE: 1 of 32 ready, 1 blocked (1 failing), 1 in progress, 29 not started"
    )


def test_verbose_shows_every_use_case_and_what_the_items_are():
    """Above 0 no row is folded into a range, and the items are spelled out."""
    output_lines = text(values.mixed(), verbosity=1).splitlines()
    assert [line.split()[0] for line in output_lines if line.startswith("UC-")] == values.tracker_ids()
    assert "7  Failure drills are executed and leave an audit trail" in output_lines


@pytest.mark.parametrize(("number", "rows"), [(8, 8), (9, 1)])
def test_few_untouched_use_cases_keep_their_rows(number, rows):
    """Up to eight untouched use cases are shown one by one; more become a range."""
    output_lines = text(values.untouched(number)).splitlines()
    assert len([line for line in output_lines if line.startswith("UC-")]) == rows


def test_only_neighbours_that_stand_alike_share_a_row():
    """Another architecture status, a gap in the numbers and a name without a number each end a range."""
    ids = [*values.tracker_ids(12), "UC-014", "checkout"]
    catalogue = values.catalogue(ids)
    use_cases = [
        values.use_case(catalogue, n, row={"architecture_status": "RED"} if n == "UC-005" else None) for n in ids
    ]
    rows = [line for line in text(values.report(use_cases)).splitlines() if line.startswith(("UC-", "checkout"))]
    assert [row.split("  ")[0] for row in rows] == [
        "UC-001 to UC-004",
        "UC-005",
        "UC-006 to UC-012",
        "UC-014",
        "checkout",
    ]


def test_a_long_id_costs_no_other_column():
    """An id too long for the terminal is cut, and status, signs and numbers are still there."""
    catalogue = values.catalogue(["checkout-and-payment-of-orders"])
    use_case = values.use_case(catalogue, "checkout-and-payment-of-orders", status=Status.READY_FOR_GO_LIVE)
    assert (
        "checkout-and-paymen…  READY_FOR_GO_LIVE  · · · · · · ·  0/8"
        in text(values.report([use_case]), 60).splitlines()
    )


def test_many_items_stand_closer():
    """Where a register has more items than fit with blanks between them, each still has its sign."""
    catalogue = values.catalogue(["UC-001"])
    catalogue = replace(catalogue, items={str(n): Item(str(n), f"item {n}") for n in range(1, 31)})
    use_case = values.use_case(catalogue, "UC-001", {"30": State.FAILING})
    rows = [line for line in text(values.report([use_case]), 60).splitlines() if line.startswith("UC")]
    assert rows[1] == f"UC-001  NOT_STARTED  {'·' * 29}✗  0/30"


def test_no_config_ends_with_the_advice_to_write_one():
    """Without a config the last line says what to run, at any width from 60 columns."""
    for width in (60, 80):
        last = text(values.untouched(configured=False, notes=("no config",)), width).splitlines()[-1]
        assert last == "readiness gate: closed; no config: run readiness init"


def test_what_went_wrong_is_told_before_who_must_act():
    """Problems, incomplete groups, open runs and notes stand near the top."""
    catalogue = values.catalogue(["UC-001"])
    use_case = values.use_case(catalogue, "UC-001", group_holds=(values.hold("ci-42"),), open_runs=("run-7",))
    output = text(values.report([use_case], problems=("disk full",), notes=("a note",))).split("who must act")[0]
    assert "problem: disk full" in output
    assert (
        "problem: run group ci-42 in staging, started at 2026-02-12T18:00:00.000Z: 1 of 2 parts arrived; it blocks UC-001"
        in " ".join(output.split())
    )
    assert "problem: run run-7 is open" in output
    assert "note: a note" in output


def test_a_closed_gate_without_a_failing_use_case_says_which_rule_failed():
    """An untrustworthy store closes the gate though every use case is ready, and the first line says why."""
    ready = values.use_case(values.catalogue(["UC-001"]), "UC-001", status=Status.READY_FOR_GO_LIVE)
    report = values.report([ready])
    rules = (RuleResult("store is intact", False, 3, "run X was changed"), RuleResult("scope", False, 0, "empty"))
    output_lines = text(replace(report, verdict=Verdict(False, "review", rules))).splitlines()
    assert output_lines[0] == "NOT ELIGIBLE: 1 of 1 ready; store is intact: run X was changed"
    assert "what fails: store is intact, nothing to check yet (scope)" in output_lines
    assert output_lines[-1] == "readiness gate: closed; readiness gate shows every rule"


def test_every_failed_rule_is_named_on_a_narrow_screen():
    """The last of many failed rules is not cut off: a meeting must see that nobody has reviewed anything."""
    wrong = {"evidence complete": 228, "asserted": 28, "nothing failing": 3, "nothing blocked": 2, "reviewed": 256}
    rules = tuple(RuleResult(rule, False, 256, "", number) for rule, number in wrong.items())
    reasons = text(replace(values.mixed(), verdict=Verdict(False, "review", rules))).partition("what fails: ")[2]
    assert " ".join(reasons.partition("\n\n")[0].split()) == (
        "evidence incomplete (228 of 256 requirements), unproven passes not accepted (28 of 256 requirements), "
        "failing (3 of 256 requirements), "
        "blocked or rejected (2 of 256 use cases), not reviewed (256 of 256 use cases)"
    )


def test_waivers_are_part_of_the_verdict():
    """Who reads only the first line still learns that something was waived."""
    catalogue = values.catalogue(["UC-001"])
    use_case = values.use_case(catalogue, "UC-001", {"4": State.WAIVED, "5": State.WAIVED}, status=Status.IN_PROGRESS)
    report = values.report([use_case])
    eligible = replace(report, verdict=Verdict(True, "review", report.verdict.rules))
    assert text(eligible).startswith("ELIGIBLE with 2 waivers: 1 of 1 ready")


def test_many_people_are_capped_with_what_is_left_out():
    """Of reruns and renewals four people with four tasks each are shown; the rest is a number and where to see it."""
    actions = [values.action(f"p{n}@example.com", "rerun", f"UC-{n:03}/4") for n in range(1, 8)]
    output = text(replace(values.untouched(), actions=tuple(actions)))
    assert "p4@example.com" in output
    assert "p5@example.com" not in output
    assert "3 more actions: readiness next shows all" in output
    assert "p7@example.com" in text(replace(values.untouched(), actions=tuple(actions)), verbosity=1)


def test_what_expires_soon_and_what_fits_nothing_is_told():
    """Evidence near its age, and evidence for no requirement in force, stand beside the matrix."""
    catalogue = values.catalogue(["UC-001"])
    use_case = values.use_case(catalogue, "UC-001", {"4": State.COMPLETE})
    items = tuple(
        replace(
            item, requirements=tuple(replace(need, expires_soon=item.item.key == "4") for need in item.requirements)
        )
        for item in use_case.items
    )
    report = values.report([replace(use_case, items=items)])
    report = replace(report, readiness=replace(report.readiness, other_evidence=(values.evidence(item="9"),)))
    assert "expires soon: UC-001/4 (2026-05-13T18:28:01.000Z)" in text(report)
    assert "1 piece of evidence matches no current requirement" in text(report)


def test_ascii_mode_is_ascii_and_keeps_the_words():
    """Without Unicode nothing else is printed, and each letter in the matrix stands in the legend with its word."""
    output = text(values.mixed(), unicode=False)
    assert output.isascii()
    assert "C COMPLETE  a ASSERTED  r REHEARSED  . MISSING  ~ FLAKY  X FAILING" in output


def test_the_legend_names_the_page_that_explains_each_state():
    """Who does not know a word of the report finds it in the glossary, which has each state."""
    (path,) = re.findall(r"glossary: (\S+) of pytest-readiness", text(values.mixed()))
    _, states = (ROOT / path).read_text(encoding="utf-8").split("## States of a requirement")
    assert [state for state in State if f"`{state}`" not in states.partition("##")[0]] == []


def test_styles_are_only_added():
    """The styled text without its ANSI codes is the plain text: colour says nothing that words do not."""
    lines = render_report(values.mixed(), 80)
    bare = styled_lines(lines)
    for code in ("\x1b[32m", "\x1b[31;1m", "\x1b[33m", "\x1b[2m", "\x1b[1m", "\x1b[0m"):
        assert code in bare
        bare = bare.replace(code, "")
    assert bare == plain_lines(lines)


@pytest.mark.parametrize("width", range(60, 121, 5))
def test_a_sign_of_the_legend_stays_with_its_words(width):
    """No line ends between a sign and what it stands for."""
    catalogue = values.catalogue(values.tracker_ids(9))
    states = list(State)
    use_cases = [
        values.use_case(catalogue, name, {"4": states[number], "1/BYOK": State.COMPLETE, "6/rotation": State.COMPLETE})
        for number, name in enumerate(catalogue.use_cases)
    ]
    lines = text(values.report(use_cases), width).splitlines()
    for label in ("✓ COMPLETE", "✗ FAILING", "◐ PARTLY DONE", "? INTERRUPTED", "r REHEARSED"):
        if label.split(" ", 1)[1] in " ".join(lines):
            assert any(label in line for line in lines), label


def test_what_is_cut_off_says_where_it_is_whole():
    """The way out of an action may be at its end: a narrow terminal names the command that shows it."""
    way_out = "run the test again, or if it was deleted, a reviewer retires it with its name and a reason"
    rerun = values.action(
        "ana@example.com", "rerun", "UC-001/4", f"{'it did not run in the newest run; ' * 4}{way_out}"
    )
    report = values.report([values.use_case(values.catalogue(["UC-001"]), "UC-001")], actions=[rerun])
    assert "cut off here: readiness next shows all" in text(report, 80)
    assert "readiness next shows all" not in text(
        replace(report, actions=(values.action("a", "rerun", "UC-001/4"),)), 80
    )
    fix = values.action("ana@example.com", "fix", "UC-001/4", rerun.text)
    assert "a reason" in text(replace(report, actions=(fix,)), 80)
