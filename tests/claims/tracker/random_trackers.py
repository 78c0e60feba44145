"""Random trackers of all shapes, with their rows, changes of some rows, and the text after these changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from pytest_readiness.claims.tracker.writer import RowUpdate

STATUSES = ("NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE")
DATE = "2026-02-12"


@dataclass(frozen=True)
class Words:
    """The status words of a tracker, by status: in the config, in its cells, and as they are written."""

    config: dict[str, list[str]]
    read: dict[str, list[str]]
    written: dict[str, str]
    skipped: tuple[str, ...] = ()


WORDS = (
    Words({}, {status: [status, status.lower()] for status in STATUSES}, {status: status for status in STATUSES}),
    Words(
        {
            "NOT_STARTED": ["Draft", "Pending*", ""],
            "IN_PROGRESS": ["🟡"],
            "BLOCKED": ["⛔ Stuck*", "❌"],
            "READY_FOR_GO_LIVE": ["✅*"],
            "skip": ["N/A", "Deferred*"],
        },
        {
            "NOT_STARTED": ["Draft", "DRAFT", "Pending", "pending (Gate 1), 2026-09-28", ""],
            "IN_PROGRESS": ["🟡"],
            "BLOCKED": ["⛔ Stuck", "⛔ stuck: no key", "❌"],
            "READY_FOR_GO_LIVE": ["✅", "✅ Complete", "✅ done \\| signed"],
        },
        {"NOT_STARTED": "Draft", "IN_PROGRESS": "🟡", "BLOCKED": "❌", "READY_FOR_GO_LIVE": "✅"},
        ("N/A", "n/a", "Deferred to Q3"),
    ),
    Words(
        {"NOT_STARTED": ["todo"], "IN_PROGRESS": ["todo"], "BLOCKED": ["todo"], "READY_FOR_GO_LIVE": ["done"]},
        {"NOT_STARTED": ["todo", "Todo"], "READY_FOR_GO_LIVE": ["done"]},
        {"NOT_STARTED": "todo", "IN_PROGRESS": "todo", "BLOCKED": "todo", "READY_FOR_GO_LIVE": "done"},
        ("~~todo~~",),
    ),
)
BOXES = {"[ ]": "[x]", "☐": "☑"}
TICKED = {"[x]": "[ ]", "[X]": "[ ]", "☑": "☐"}
AROUND = ("{}", "`{}`", "**{}**", "*{}*", "[{}](a.md)", "<b>{}</b>", "{}[^1]", "{}<sup>1</sup>", "~~old~~ {}")
NAMES = (
    ("UC-{}", "UC-{}"),
    ("Support team {}", "support-team-{}"),
    ("**Pay** / refund {}", "pay-refund-{}"),
    ("`C{}`", "C{}"),
    ("[acme/shop#{}](a.md)", "acme-shop#{}"),
    ("备份 {}[^2]", "备份-{}"),
)
NOISE = ("", "x", "`a \\| b`", "ü ✓", "done", "BLOCKED", "[x]", "**y**", "2026-01-01", "~~z~~")
OTHERS = (
    "## Heading",
    "text | with a pipe",
    "<details><summary>More</summary>\n\ntext\n\n</details>",
    "```\n| UC-0 | done |\n- [ ] x\n```",
    "<!--\n| UC-0 | done |\n-->",
    "| Word | Means |\n|--|--|\n| one | two |",
)


@dataclass
class RandomTracker:
    """A random tracker, with the columns and words that it is read with."""

    columns: dict[str, object]
    words: Words
    lines: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    """The lines after the changes."""
    rows: list[tuple[str, str, int]] = field(default_factory=list)
    """(id, status, line)."""
    statuses_by_environment: dict[str, dict[str, str]] = field(default_factory=dict)
    """The status in each environment, by use case, if there is a column for each environment."""
    changes: dict[str, RowUpdate] = field(default_factory=dict)
    newline: str = "\n"
    mark: str = ""

    def text(self) -> str:
        """Return the text of the tracker."""
        return self.mark + self.newline.join(self.lines)

    def changed_text(self) -> str:
        """Return the text of the tracker after the changes."""
        return self.mark + self.newline.join(self.after)

    def add(self, before: str, after: str | None = None) -> None:
        """Add a line, and the line that replaces it after the changes (None: the same)."""
        self.lines.append(before)
        self.after.append(before if after is None else after)


def random_tracker(seed: int) -> RandomTracker:
    """Return the tracker of a seed."""
    random = Random(seed)
    build = random.choice((_tables, _tables, _by_environment, _boxes, _lists))
    tracker = build(random)
    if not tracker.rows:
        return random_tracker(seed + 1)
    tracker.newline, tracker.mark = random.choice(("\n", "\n", "\r\n")), random.choice(("", "", "\ufeff"))
    return tracker


def _new_status(random: Random, tracker: RandomTracker, name: str) -> str | None:
    if random.random() < 0.4:
        return None
    status = random.choice(STATUSES)
    tracker.changes[name] = RowUpdate(status, DATE)
    return status


def _named(random: Random, number: int) -> tuple[str, str]:
    text, name = random.choice(NAMES)
    return text.format(number), name.format(number)


def _other(random: Random, tracker: RandomTracker) -> None:
    for _ in range(random.randrange(3)):
        tracker.add("")
        for line in random.choice(OTHERS).split("\n"):
            tracker.add(line)
        tracker.add("")
    tracker.add("")


def _cells(random: Random, cells: list[str], outer: bool) -> str:
    padded = [f"{random.choice(('', ' ', '  '))}{cell}{random.choice(('', ' '))}" for cell in cells]
    line = "|".join(padded)
    return f"|{line}|" if outer or not cells[0].strip() or not cells[-1].strip() else line.strip()


def _table(random: Random, tracker: RandomTracker, headers: list[str], row, quote: str) -> None:
    order = random.sample(range(len(headers)), len(headers))
    outer = random.random() < 0.8
    tracker.add(quote + _cells(random, [headers[position] for position in order], outer=True))
    tracker.add(quote + "|" + "---|" * len(headers))
    for _ in range(random.randrange(1, 5)):
        if outer and random.random() < 0.15:  # A row without pipes around it may be prose, and is a problem.
            tracker.add(quote.rstrip())
        state = random.getstate()
        before, after = row()
        again = random.getstate()
        random.setstate(state)
        pads = random.randrange(2**30)
        random.setstate(again)
        old_line = _cells(Random(pads), [before[position] for position in order], outer)
        new_line = _cells(Random(pads), [after[position] for position in order], outer)
        tracker.add(quote + old_line, quote + new_line)


def _tables(random: Random) -> RandomTracker:
    """Return tables with a word for each status, in cells with markup around it."""
    words = random.choice(WORDS)
    tracker = RandomTracker({"uc": "Item", "status": "State", "last_updated": "Changed"}, words)
    dated, quote = random.random() < 0.5, random.choice(("", "", "> "))

    def row() -> tuple[list[str], list[str]]:
        text, name = _named(random, len(tracker.lines))
        noise = [random.choice(NOISE)]
        if words.skipped and random.random() < 0.15:
            cells = [text, random.choice(words.skipped), *(["2026-01-01"] if dated else []), *noise]
            if cells[1].startswith("~~"):
                cells[0] = f"~~{text.split('[^')[0]}~~"
            return cells, cells
        status = random.choice(list(words.read))
        word = random.choice(words.read[status])
        around = random.choice(AROUND) if word else "{}"
        old = "2026-01-01" if not dated else random.choice(("2026-01-01", "tbd", "2026-01-01T10:00:00Z"))
        tracker.rows.append((name, status, len(tracker.lines) + 1))
        new = _new_status(random, tracker, name)
        before = [text, around.format(word), *([old] if dated else []), *noise]
        after = list(before)
        if new and not word:  # An empty cell gets new padding, which another test covers.
            del tracker.changes[name]
        elif new:
            after[1] = around.format(words.written[new])
            after[2:3] = [DATE] if dated else after[2:3]
        return before, after

    for _ in range(random.randrange(1, 4)):
        _other(random, tracker)
        _table(random, tracker, ["Item", "State", *(["Changed"] if dated else []), "More"], row, quote)
    return tracker


def _by_environment(random: Random) -> RandomTracker:
    """Return tables with a status column for each environment; some of their cells may be empty."""
    words = random.choice(WORDS)
    headers = {"staging": "STG", "production": "Prod status"}
    tracker = RandomTracker({"uc": "Item", "status": headers, "last_updated": "Changed"}, words)
    dated, quote = random.random() < 0.5, random.choice(("", "", "> "))

    def row() -> tuple[list[str], list[str]]:
        text, name = _named(random, len(tracker.lines))
        before, after, changes = [text], [text], list[tuple[str, str]]()
        statuses: dict[str, str] = {}
        skipped = [word for word in words.skipped if not word.startswith("~~")]
        for environment in headers:
            if skipped and random.random() < 0.2:
                before.append(random.choice(skipped))
                after.append(before[-1])
                continue
            status = random.choice(list(words.read))
            word = random.choice(words.read[status])
            around = random.choice(AROUND) if word else "{}"
            new = random.choice(STATUSES) if word and random.random() < 0.6 else None
            statuses[environment] = status
            before.append(around.format(word))
            after.append(around.format(words.written[new]) if new else before[-1])
            changes += [(environment, new)] if new else []
        if statuses:  # Otherwise each cell skips the row.
            tracker.rows.append((name, "", len(tracker.lines) + 1))
            tracker.statuses_by_environment[name] = statuses
        if changes:
            tracker.changes[name] = RowUpdate("", DATE, tuple(changes))
        more = [random.choice(NOISE)]
        old = ["2026-01-01"] if dated else []
        return [*before, *old, *more], [*after, *([DATE] if dated and changes else old), *more]

    for _ in range(random.randrange(1, 4)):
        _other(random, tracker)
        _table(random, tracker, ["Item", *headers.values(), *(["Changed"] if dated else []), "More"], row, quote)
    return tracker


def _boxes(random: Random) -> RandomTracker:
    """Return tables with boxes, in a column of their own or before the text of the first cell."""
    inside = random.random() < 0.5
    tracker = RandomTracker({"uc": "Item", "status": "Item" if inside else "State"}, Words({}, {}, {}))

    def row() -> tuple[list[str], list[str]]:
        text, name = _named(random, len(tracker.lines))
        box = random.choice(("[ ]", "[x]", "[X]", "☐", "☑"))
        tracker.rows.append((name, "READY_FOR_GO_LIVE" if box in TICKED else "NOT_STARTED", len(tracker.lines) + 1))
        new = _new_status(random, tracker, name)
        turned = box if new is None else _turned(box, new)
        noise = random.choice(NOISE)
        if inside:
            return [f"{box} {text}", noise], [f"{turned} {text}", noise]
        around = random.choice(("{}", "**{}**", "{}[^3]"))
        return [text, around.format(box), noise], [text, around.format(turned), noise]

    for _ in range(random.randrange(1, 4)):
        _other(random, tracker)
        _table(
            random, tracker, ["Item", "More"] if inside else ["Item", "State", "More"], row, random.choice(("", "> "))
        )
    return tracker


def _turned(box: str, status: str) -> str:
    if status == "READY_FOR_GO_LIVE":
        return BOXES.get(box, box)
    return TICKED.get(box, box)


def _lists(random: Random) -> RandomTracker:
    """Return nested check lists."""
    tracker = RandomTracker({"status": "[ ]"}, Words({}, {}, {}))
    for _ in range(random.randrange(1, 4)):
        _other(random, tracker)
        tracker.add("A list:")
        tracker.add("")
        quote, indents = random.choice(("", "> ")), [0]
        for _ in range(random.randrange(1, 7)):
            text, name = _named(random, len(tracker.lines))
            if text.startswith("**Pay"):  # The bold start of an item is its name.
                name = f"Pay{len(tracker.lines)}"
                text = text.replace("Pay", name)
            box = random.choice(("[ ]", "[x]", "[X]", "☐", "☑"))
            tracker.rows.append((name, "READY_FOR_GO_LIVE" if box in TICKED else "NOT_STARTED", len(tracker.lines) + 1))
            new = _new_status(random, tracker, name)
            turned = box if new is None else _turned(box, new)
            head = f"{quote}{' ' * indents[-1]}- "
            owner = random.choice(("", " @ann", " @acme/team"))
            tracker.add(f"{head}{box} {text}{owner}", f"{head}{turned} {text}{owner}")
            if random.random() < 0.3:
                tracker.add(quote.rstrip())
            step = random.random()
            if step < 0.25:
                indents.append(indents[-1] + 2)
            elif step < 0.4 and len(indents) > 1:
                indents.pop()
    return tracker
