"""What came of a decision: kept where, and what keeps it from counting yet; or refused, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click

from ..decisions.home import Kept
from ..errors import RefusedError, place as shown_place
from ..facts.decision import Blocker, Decision, Departure, Known, Retirement, Review, RunRetirement, Unblock, Waiver
from ..pipeline.judging import Place, Request, judge
from ..store.repository import is_ignored
from ..verdict.remedies import NAME_RELEASE
from ..views.gate import standing
from ..views.sanitise import sanitise


@contextmanager
def refusing(context: click.Context) -> Iterator[None]:
    """Tell each reason of a refusal on a line of its own, and exit with 1."""
    try:
        yield
    except RefusedError as error:
        for reason in error.reasons:
            click.echo(sanitise(f"readiness: refused: {' '.join(reason.split())}"), err=True)
        _stop(context, error)


def _stop(context: click.Context, error: RefusedError) -> NoReturn:
    context.exit(error.exit_code)


def tell(kept: Kept) -> None:
    """Say what was kept, and for a file what makes it count."""
    for note in kept.notes:
        click.echo(f"readiness: {sanitise(note, 2000)}", err=True)
    for decision in kept.decisions:
        click.echo(sanitise(f"{_said(decision)}, by {decision.by} (known by {decision.known_by}): {decision.id}"))
        if kept.signed and decision.known_by is not Known.SIGNED:
            told = f"it is signed, but with no key that is trusted with reviews of {decision.by} ([keys])"
            click.echo(sanitise(f"{told}: the signature counts for nothing"))
    if not kept.files:
        return
    for path in kept.files:
        click.echo(sanitise(f"written: {shown_place(path)}"))
    if is_ignored(kept.files[0]):
        click.echo("git ignores this folder, and what is not committed counts for nothing: take it out of .gitignore")
    click.echo("it counts once it is committed: commit it, and bring it in by a merge request")
    click.echo(sanitise(_who_counts(kept)))


def tell_standing(place: Place, use_cases: Sequence[str], release: str | None = None) -> None:
    """Say how use cases stand now; where a release has to be named, for which."""
    if use_cases:
        request = Request(tuple(use_cases), release=release)
        judged, about = request.judged_release, ""
        if place.policy.release == "required":
            about = f" (release {judged})" if judged else f"; {NAME_RELEASE}"
        for one in judge(place, request).readiness.use_cases:
            click.echo(sanitise(f"{one.use_case.id} now: {standing(one)}{about}"))


def _who_counts(kept: Kept) -> str:
    named = kept.decisions[0].by
    if kept.author is None:
        return f"who will have decided is the author of that commit: it should be {named}"
    if kept.author.casefold() == named.casefold():
        return f"who will have decided is the author of that commit: {kept.author}, as git is set up here"
    told = f"as git is set up here that is {kept.author}, and not {named}"
    return f"who will have decided is the author of that commit: {told}"


_DONE: dict[type[Decision], str] = {
    Blocker: "is blocked",
    Unblock: "is unblocked",
    Departure: "is retired: it left the register, and what it left open until now keeps no gate closed",
}


def _said(decision: Decision) -> str:
    match decision:
        case Review():
            named = f", acknowledging {', '.join(decision.acknowledged)}" if decision.acknowledged else ""
            release = f" for release {decision.release}" if decision.release else ""
            return f"{decision.use_case} {decision.meaning}{release}{named}"
        case Waiver():
            return f"{decision.requirement} is waived until {decision.until} for {decision.requested_by}"
        case Blocker() | Unblock() | Departure():
            return f"{decision.use_case} {_DONE[type(decision)]}"
        case Retirement():
            instead = f", replaced by {decision.replaced_by}" if decision.replaced_by else ""
            return f"{decision.test_id} is retired{instead}"
        case RunRetirement():
            return f"run {decision.run_id} is retired: what it had passed or planned is to be run again"
    return decision.KIND
