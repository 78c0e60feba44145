"""Report as Markdown for a comment, a job summary or a wiki page, within its size."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from ...verdict.cells import cell_of
from ...verdict.owners import owner_of
from ...verdict.readiness import State
from ...verdict.tracker_drift import drift_remedy, has_drift
from ..change_lines import MOST_CHANGES, ChangeGroup, cause_text, change_groups, worst_first
from ..findings import findings
from ..headline import compared_headline
from ..matrix import item_titles, legend_of, matrix_rows
from ..next_actions import by_person, task_text
from ..report import Report
from ..rule_words import checked_rules, checked_text
from ..sanitise.markdown import markdown_head, markdown_row, to_markdown
from ..skips import SKIPPED_SINCE, all_skips_since
from ..text_format import count, done_text, name_list, phase_text

COMMENT_LIMIT = 65_536
"""GitHub takes at most this many characters in a comment. Bytes are counted here, of which there are no fewer."""
_SYNC = re.compile("( `readiness sync(?: --take-back)?` ?)")
_ALL_CHANGES = "the JSON report has all"
_ALL = "`readiness report --format html -o readiness.html` writes the whole report"


class _Section(Struct, frozen=True):
    """A part of the report: a heading, and a table or a list."""

    title: str
    rows: Sequence[str]
    """Lines of the table or the list, each with its line end."""
    head: str = ""
    """The first two lines of the table; empty: it is a list."""
    foot: str = ""
    """Paragraph after the rows."""
    pointer: str = _ALL
    """Where the omitted rows are."""
    more: int = 0
    """Number of rows that are left out whatever the room is."""

    @property
    def heading(self) -> str:
        """What precedes the rows."""
        return f"\n### {self.title}\n\n{self.head}"

    def ending(self, omitted: int) -> str:
        """Return what follows the rows, with the number of omitted ones."""
        omitted += self.more
        more = f"\n{count(omitted, 'more row')}: {self.pointer}.\n" if omitted else ""
        return f"{more}{self.foot}"


def render(report: Report) -> Iterator[str]:
    """Yield the report within the size of a comment: verdict, changes, what blocks, who must act, matrix, rules."""
    yield from render_within(report, COMMENT_LIMIT)


def render_within(report: Report, limit: int) -> Iterator[str]:
    """Yield the report in at most ``limit`` bytes. Tables that do not fit end with the number of omitted rows.

    Each text is one line without markup, links, mentions and HTML, whatever it contains.

    Args:
        report: the report.
        limit: number of bytes. A section of which not even the heading fits is left out. The verdict is always there:
            it takes up to 8,192 bytes, as each sign of a hostile text takes several.
    """
    first = _first(report)
    yield first
    sections = [section for section in _sections(report) if section.rows or section.foot]
    room = limit - _size(first)
    while (fixed := sum(map(_fixed_size, sections))) > room and sections:
        sections.remove(max(sections, key=_fixed_size))
    room -= fixed
    sizes = [sum(map(_size, section.rows)) for section in sections]
    for number, section in enumerate(sections):
        # Later sections together keep half of the room, if they need it.
        share = room - min(sum(sizes[number + 1 :]), max(room, 0) // 2)
        rows = _fitting(section.rows, share)
        room -= sum(map(_size, rows))
        yield section.heading
        yield from rows
        yield section.ending(len(section.rows) - len(rows))


def _size(text: str) -> int:
    return len(text.encode())


def _fixed_size(section: _Section) -> int:
    return _size(section.heading) + _size(section.ending(len(section.rows)))


def _fitting(rows: Sequence[str], room: int) -> Sequence[str]:
    """Return the first rows that fit."""
    for number, row in enumerate(rows):
        room -= _size(row)
        if room < 0:
            return rows[:number]
    return rows


def _row(cells: Iterable[str]) -> str:
    return f"{markdown_row(cells)}\n"


def _table_head(*names: str) -> str:
    return f"{markdown_head(names)}\n"


def _first(report: Report) -> str:
    """Return the verdict, and what it is about."""
    context = report.context
    about = f"register {context.register} at {context.generated_at}{context.version_text}, on {report.verdict.on}"
    sign = State.COMPLETE.sign if report.verdict.passes else State.FAILING.sign
    headline = to_markdown(compared_headline(report), 600)
    return f"## {sign} {headline}\n\n{to_markdown(about, 400)}\n"


def _sections(report: Report) -> Iterator[_Section]:
    problems = [f"- {to_markdown(problem, 1000)}\n" for problem in report.context.problems]
    yield _Section("Problems", problems, pointer="`readiness verify` names them all")
    yield _changes(report)
    yield _blocking(report)
    yield _actions(report)
    yield _matrix(report)
    yield _rules(report)
    notes = [*(f"relaxed setting: {setting}" for setting in report.verdict.weaker), *report.context.notes]
    notes += [f"{SKIPPED_SINCE}{text}" for text in all_skips_since(report.readiness.use_cases)]
    yield _Section("Notes", [f"- {to_markdown(note, 1000)}\n" for note in notes], pointer="`readiness report` has all")


def _changes(report: Report) -> _Section:
    changes, since = report.changes, report.context.compared_with
    # What got worse is why somebody reads a comparison: each has a line of its own.
    worse = [ChangeGroup(change.subject, (change,)) for change in worst_first(changes) if since and change.is_worse]
    groups = [*worse, *change_groups(change for change in changes if not (since and change.is_worse))]
    shown = groups[: max(MOST_CHANGES, len(worse))]
    tests = _tests_of({group.changes[0].evidence for group in worse}, report)
    rows = [_row((group.subject, *group.changes[0].words, _because(group, tests))) for group in shown]
    title = f"What changed since {to_markdown(since, 200)}" if since else "What changed"
    if since and not changes:
        return _Section(title, (), foot="Nothing changed.\n")
    head = _table_head("What", "Before", "Now", "Because")
    return _Section(title, rows, head, pointer=_ALL_CHANGES, more=len(groups) - len(shown))


def _because(group: ChangeGroup, tests: Mapping[str, str]) -> str:
    """Return the cause of a change, with its test and evidence if the test is among those that are given."""
    change = group.changes[0]
    return cause_text(change, tests) if change.evidence in tests else change.because


def _tests_of(evidence: Collection[str | None], report: Report) -> dict[str, str]:
    """Return the tests of pieces of evidence, by their ids."""
    return {
        piece.id: piece.test_id
        for use_case in report.readiness.use_cases
        for needed in use_case.requirements
        for piece in needed.evidence
        if piece.id in evidence
    }


def _blocking(report: Report) -> _Section:
    owners = {use_case.use_case.id: owner_of(use_case) for use_case in report.readiness.use_cases}
    rows = []
    for finding in findings(report):
        if finding.blocks and finding.use_case:
            # The sentence begins with the subject, which has a column of its own here.
            text = finding.text.removeprefix(f"{finding.subject} ")
            rows.append(_row((finding.subject, text, owners.get(finding.use_case, ""))))
    pointer = "`readiness why UC` shows all of a use case"
    return _Section("What blocks", rows, _table_head("Requirement", "Why", "Owner"), pointer=pointer)


def _actions(report: Report) -> _Section:
    rows = [_row((who, task.action, task_text(task))) for who, tasks in by_person(report.actions) for task in tasks]
    head = _table_head("Who", "Action", "What")
    return _Section("Who must act", rows, head, pointer="`readiness next` shows all")


def _matrix(report: Report) -> _Section:
    use_cases = report.readiness.use_cases
    keys = list(item_titles(use_cases))
    rows = []
    matrix = matrix_rows(use_cases, verbosity=0)
    for row in matrix:
        use_case = row.first
        signs = {item.item.key: cell_of(item).sign for item in use_case.items}
        items = (signs.get(key, "") for key in keys)
        about = (use_case.use_case.architecture_status, owner_of(use_case))
        rows.append(_row((row.names, row.status, phase_text(use_case), *items, done_text(use_case), *about)))
    legend = ", ".join(f"{cell.sign} {words}" for cell, words in legend_of(matrix))
    drift = [use_case.use_case.id for use_case in use_cases if has_drift(use_case)]
    foot = f"\n{to_markdown(legend)}\n" if legend else ""
    if len(matrix) < len(use_cases):
        foot += "\nIdentical rows are grouped.\n"
    if drift:
        remedy = drift_remedy(use_cases, has_store=report.context.store is not None)
        text = f"The tracker's status is out of date for {name_list(drift)}: {remedy}."
        parts = _SYNC.split(text)  # text and commands by turns
        foot += f"\n{''.join(part if i % 2 else to_markdown(part, 600) for i, part in enumerate(parts))}\n"
    head = _table_head("UC", "Status", "Phase", *keys, "Done", "Architecture", "Owner")
    return _Section(count(len(use_cases), "use case").capitalize(), rows, head, foot, "`readiness report -v` shows all")


def _rules(report: Report) -> _Section:
    rows = [
        _row((rule.rule, "passed" if rule.passed else "failed", checked_text(rule), rule.detail))
        for rule in checked_rules(report.verdict)
    ]
    head = _table_head("Rule", "Result", "Checked", "Detail")
    return _Section("Rules of the gate", rows, head, pointer="`readiness gate` shows all")
