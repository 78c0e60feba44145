"""Pages README.md and index.html of a bundle, for people: decisions, use cases and runs.

Both show the same sections. They are derived from the other members of the bundle, and equal contents give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..facts.decision import (
    Blocker,
    Decision,
    Departure,
    Retirement,
    Review,
    ReviewMeaning,
    RunRetirement,
    Unblock,
    Waiver,
)
from ..facts.subject import subjects_text
from ..store.protocol import RunSummary
from ..verdict.readiness import UseCaseReadiness
from .headline import headline_sentence
from .report import Report
from .sanitise.html import to_html
from .sanitise.markdown import markdown_head, markdown_row, to_markdown_words
from .text_format import commit_text, completion_text, count, done_text, identity

_COMMANDS = (
    "python -I verify_bundle.py BUNDLE --key ci=ci-public.pem --checkpoint last-month.txt",
    "readiness merge BUNDLE",
)
_HOW_TO_VERIFY = (
    (
        "Get verify_bundle.py from your own source of the package pytest-readiness, not from the sender of this bundle."
        " It needs only Python 3.11 or newer. Get the public keys and an earlier checkpoint over a separate channel."
    ),
    (
        "The last line says fits (exit code 0), unsigned (1) or does not fit (3). Merging into an empty store also"
        " derives the report and the pages again."
    ),
)
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "th,td{border:1px solid #888;padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class BundleOverview(Struct, frozen=True):
    """Contents of a bundle that its pages show."""

    report: Mapping[str, Any]
    """The JSON report of the bundle, as plain data of this version."""
    headline: str
    """The verdict with its counts, as in every output."""
    done: Mapping[str, str]
    """How many requirements of each use case are done, as in every output, by its id."""
    decisions: Sequence[Decision]
    runs: Sequence[RunSummary]
    statements: Mapping[str, int]
    """Number of signed statements by the id of their run or decision."""


def overview_of(
    report: Report,
    document: Mapping[str, Any],
    decisions: Sequence[Decision],
    runs: Sequence[RunSummary],
    statements: Mapping[str, int],
) -> BundleOverview:
    """Return the contents that the pages show.

    Args:
        report: the report, from which the numbers come that every output has.
        document: the same report as the bundle has it.
        decisions: all decisions of the bundle.
        runs: all its runs.
        statements: the number of signed statements by the id of their run or decision.
    """
    done = {use_case.use_case.id: _done(use_case) for use_case in report.readiness.use_cases}
    return BundleOverview(document, headline_sentence(report), done, decisions, runs, statements)


def _done(use_case: UseCaseReadiness) -> str:
    explained = f" ({completion_text(use_case)})" if use_case.accepted or use_case.waived else ""
    return f"{done_text(use_case)}{explained}"


class _Section(Struct, frozen=True):
    """A title with texts, a table and commands, none of them sanitised yet."""

    title: str
    texts: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    commands: tuple[str, ...] = ()


def render_readme(overview: BundleOverview) -> str:
    """Return the overview as Markdown."""
    return "\n".join(_markdown(_sections(overview)))


def render_index(overview: BundleOverview) -> str:
    """Return the overview as a page of HTML, without scripts and without anything that is loaded."""
    return "\n".join(_html(_sections(overview)))


def _markdown(sections: Sequence[_Section]) -> Iterator[str]:
    for number, section in enumerate(sections):
        yield f"{'##' if number else '#'} {to_markdown_words(section.title)}"
        yield ""
        for text in section.texts:
            yield from (to_markdown_words(text), "")
        if section.rows:
            yield markdown_head(section.header, to_markdown_words)
            yield from (markdown_row(row, to_markdown_words) for row in section.rows)
            yield ""
        for command in section.commands:
            yield from (f"    {command}", "")


def _html(sections: Sequence[_Section]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{to_html(sections[0].title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    for number, section in enumerate(sections):
        level = "h2" if number else "h1"
        yield f"<{level}>{to_html(section.title)}</{level}>"
        yield from (f"<p>{to_html(text)}</p>" for text in section.texts)
        if section.rows:
            yield "<table>\n<thead><tr>" + "".join(f'<th scope="col">{to_html(cell)}</th>' for cell in section.header)
            yield "</tr></thead>\n<tbody>"
            for row in section.rows:
                yield "<tr>" + "".join(f"<td>{to_html(cell)}</td>" for cell in row) + "</tr>"
            yield "</tbody>\n</table>"
        yield from (f"<pre>{to_html(command)}</pre>" for command in section.commands)
    yield "</body>\n</html>\n"


def _sections(overview: BundleOverview) -> list[_Section]:
    context = overview.report["context"]
    release = f" for release {context['release']}" if context["release"] else ""
    release += f" of {_subjects(context['subjects'])}" if context.get("subjects") else ""
    summary = f"At {overview.report['generated_at']}{release}: {overview.headline}."
    derived = (
        f"{context['derived_by']} derived this page from the other members of the bundle. It is not evidence: the"
        " evidence is in runs, decisions and artifacts. verify_bundle.py does not verify this page; readiness merge"
        " derives it again, and refuses a bundle in which it differs."
    )
    return [
        _Section(f"Evidence of register {context['register']}", (summary, derived)),
        _decided(overview),
        _use_cases(overview),
        _runs(overview),
        _Section(
            "How to verify it",
            _HOW_TO_VERIFY,
            commands=_COMMANDS,
        ),
    ]


def _decided(overview: BundleOverview) -> _Section:
    decisions = sorted(overview.decisions, key=lambda decision: (decision.at, decision.id))
    rows = tuple(
        (
            decision.at,
            _what(decision),
            decision.by,
            identity(decision.known_by).removeprefix("identity: "),
            _signed(overview, decision.id),
            _reason(decision),
            decision.id,
        )
        for decision in decisions
    )
    about = "The identity is the one that the decision itself states. Only a signature of a trusted key shows it."
    header = ("when (UTC)", "what", "by", "identity", "signed statements", "reason", "decision")
    return _Section("Who decided what", (about,) if rows else ("Nothing was decided.",), header, rows)


def _subjects(listed: Sequence[Mapping[str, str]]) -> str:
    return subjects_text({entry["name"]: entry["digest"] for entry in listed})


def _what(decision: Decision) -> str:
    match decision:
        case Review():
            verb = "rejected" if decision.meaning is ReviewMeaning.REJECTED else "approved for go-live"
            release = f" (release {decision.release})" if decision.release else ""
            subjects = f" ({subjects_text(dict(decision.subjects))})" if decision.subjects else ""
            what = f"{decision.use_case} {verb}{release}{subjects}"
        case Waiver():
            what = f"{decision.requirement} waived until {decision.until}, requested by {decision.requested_by}"
        case Blocker():
            what = f"{decision.use_case} blocked"
        case Unblock():
            what = f"{decision.use_case} unblocked"
        case Retirement():
            replaced = f", replaced by {decision.replaced_by}" if decision.replaced_by else ""
            what = f"test {decision.test_id} retired{replaced}"
        case Departure():
            what = f"use case {decision.use_case}, which left the register, released"
        case RunRetirement():
            what = f"run {decision.run_id} set aside"
        case _:
            what = decision.KIND
    return what


def _reason(decision: Decision) -> str:
    return decision.comment if isinstance(decision, Review) else str(getattr(decision, "reason", ""))


def _signed(overview: BundleOverview, id_: str) -> str:
    return str(overview.statements.get(id_, 0) or "none")


def _use_cases(overview: BundleOverview) -> _Section:
    rows = tuple(
        (
            use_case["id"],
            f"{use_case['status']}, {use_case['phase']}" if use_case["phase"] else use_case["status"],
            overview.done[use_case["id"]],
            " by ".join(filter(None, (use_case["review"]["state"], ", ".join(use_case["review"]["by"])))),
            _on_what(use_case),
        )
        for use_case in overview.report["use_cases"]
    )
    header = ("use case", "status", "requirements done", "review", "runs with its evidence")
    return _Section("Use cases", () if rows else ("The report has no use cases.",), header, rows)


def _on_what(use_case: Mapping[str, Any]) -> str:
    """Return the runs with the evidence that decides, or that is the newest."""
    pieces = [
        piece["id"]
        for item in use_case["items"]
        for requirement in item["requirements"]
        for piece in requirement["evidence"]
    ]
    runs = sorted({id_.partition(".")[0] for id_ in pieces})
    return f"{count(len(pieces), 'piece')} of evidence in {', '.join(runs)}" if runs else "none"


def _runs(overview: BundleOverview) -> _Section:
    deciding = {run["id"] for run in overview.report["runs"]}
    rows = tuple(
        (
            run.id,
            run.started_at,
            run.actor,
            commit_text(run.commit or "unknown", run.dirty),
            str(run.evidence_count),
            "yes" if run.id in deciding else "no",
            _signed(overview, run.id),
        )
        for run in sorted(overview.runs, key=lambda run: run.id)
    )
    header = (
        "run",
        "started (UTC)",
        "recorded by",
        "commit",
        "pieces of evidence",
        "its evidence decides",
        "signed statements",
    )
    return _Section("Runs", () if rows else ("The bundle has no runs.",), header, rows)
