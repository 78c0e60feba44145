"""Random trackers of all shapes: the text, what it says, and the text that says something else of some rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from pytest_readiness.claims.tracker.writer import RowUpdate

STATUSES = ("NOT_STARTED", "IN_PROGRESS", "BLOCKED", "READY_FOR_GO_LIVE")
DATE = "2026-02-12"


@dataclass(frozen=True)
class Words:
    """Words of a tracker: what the config says, what is read, and what is written."""

    said: dict[str, list[str]]
    read: dict[str, list[str]]
    written: dict[str, str]
    skipped: tuple[str, ...] = ()


WORDS = (
    Words({}, {one: [one, one.lower()] for one in STATUSES}, {one: one for one in STATUSES}),
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
class Drawn:
    """A tracker, with the words that it is read with."""

    columns: dict[str, object]
    words: Words
    lines: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    """The lines once the changes are made."""
    rows: list[tuple[str, str, int]] = field(default_factory=list)
    """(id, status, line)."""
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    """The status in each environment, by use case, where there is a column for each environment."""
    changes: dict[str, RowUpdate] = field(default_factory=dict)
    newline: str = "\n"
    mark: str = ""

    def text(self) -> str:
        """The tracker."""
        return self.mark + self.newline.join(self.lines)

    def mended(self) -> str:
        """The tracker that says what the changes want."""
        return self.mark + self.newline.join(self.after)

    def add(self, before: str, after: str | None = None) -> None:
        """Add a line."""
        self.lines.append(before)
        self.after.append(before if after is None else after)


def drawn(seed: int) -> Drawn:
    """Return the tracker of a seed."""
    random = Random(seed)
    maker = random.choice((_tables, _tables, _by_environment, _boxes, _lists))
    found = maker(random)
    if not found.rows:
        return drawn(seed + 1)
    found.newline, found.mark = random.choice(("\n", "\n", "\r\n")), random.choice(("", "", "\ufeff"))
    return found


def _new_status(random: Random, found: Drawn, name: str) -> str | None:
    if random.random() < 0.4:
        return None
    status = random.choice(STATUSES)
    found.changes[name] = RowUpdate(status, DATE)
    return status


def _named(random: Random, number: int) -> tuple[str, str]:
    text, name = random.choice(NAMES)
    return text.format(number), name.format(number)


def _other(random: Random, found: Drawn) -> None:
    for _ in range(random.randrange(3)):
        found.add("")
        for line in random.choice(OTHERS).split("\n"):
            found.add(line)
        found.add("")
    found.add("")


def _cells(random: Random, cells: list[str], outer: bool) -> str:
    padded = [f"{random.choice(('', ' ', '  '))}{cell}{random.choice(('', ' '))}" for cell in cells]
    line = "|".join(padded)
    return f"|{line}|" if outer or not cells[0].strip() or not cells[-1].strip() else line.strip()


def _table(random: Random, found: Drawn, headers: list[str], row, quote: str) -> None:
    order = random.sample(range(len(headers)), len(headers))
    outer = random.random() < 0.8
    found.add(quote + _cells(random, [headers[at] for at in order], outer=True))
    found.add(quote + "|" + "---|" * len(headers))
    for _ in range(random.randrange(1, 5)):
        if outer and random.random() < 0.15:  # without pipes around it, such a row may be prose, and is told
            found.add(quote.rstrip())
        state = random.getstate()
        before, after = row()
        again = random.getstate()
        random.setstate(state)
        pads = random.randrange(2**30)
        random.setstate(again)
        left = _cells(Random(pads), [before[at] for at in order], outer)
        right = _cells(Random(pads), [after[at] for at in order], outer)
        found.add(quote + left, quote + right)


def _tables(random: Random) -> Drawn:
    """Tables with a word for each status, in cells with something around it."""
    words = random.choice(WORDS)
    found = Drawn({"uc": "Item", "status": "State", "last_updated": "Changed"}, words)
    dated, quote = random.random() < 0.5, random.choice(("", "", "> "))

    def row() -> tuple[list[str], list[str]]:
        text, name = _named(random, len(found.lines))
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
        found.rows.append((name, status, len(found.lines) + 1))
        new = _new_status(random, found, name)
        before = [text, around.format(word), *([old] if dated else []), *noise]
        after = list(before)
        if new and not word:  # an empty cell gets blanks of its own: another test has these
            del found.changes[name]
        elif new:
            after[1] = around.format(words.written[new])
            after[2:3] = [DATE] if dated else after[2:3]
        return before, after

    for _ in range(random.randrange(1, 4)):
        _other(random, found)
        _table(random, found, ["Item", "State", *(["Changed"] if dated else []), "More"], row, quote)
    return found


def _by_environment(random: Random) -> Drawn:
    """Tables with a column for the status in each environment, some of whose cells may be empty."""
    words = random.choice(WORDS)
    headers = {"staging": "STG", "production": "Prod status"}
    found = Drawn({"uc": "Item", "status": headers, "last_updated": "Changed"}, words)
    dated, quote = random.random() < 0.5, random.choice(("", "", "> "))

    def row() -> tuple[list[str], list[str]]:
        text, name = _named(random, len(found.lines))
        before, after, wanted = [text], [text], list[tuple[str, str]]()
        said: dict[str, str] = {}
        skipped = [word for word in words.skipped if not word.startswith("~~")]
        for place in headers:
            if skipped and random.random() < 0.2:
                before.append(random.choice(skipped))
                after.append(before[-1])
                continue
            status = random.choice(list(words.read))
            word = random.choice(words.read[status])
            around = random.choice(AROUND) if word else "{}"
            new = random.choice(STATUSES) if word and random.random() < 0.6 else None
            said[place] = status
            before.append(around.format(word))
            after.append(around.format(words.written[new]) if new else before[-1])
            wanted += [(place, new)] if new else []
        if said:  # else each cell leaves the row out
            found.rows.append((name, "", len(found.lines) + 1))
            found.places[name] = said
        if wanted:
            found.changes[name] = RowUpdate("", DATE, tuple(wanted))
        more = [random.choice(NOISE)]
        old = ["2026-01-01"] if dated else []
        return [*before, *old, *more], [*after, *([DATE] if dated and wanted else old), *more]

    for _ in range(random.randrange(1, 4)):
        _other(random, found)
        _table(random, found, ["Item", *headers.values(), *(["Changed"] if dated else []), "More"], row, quote)
    return found


def _boxes(random: Random) -> Drawn:
    """Tables with a box: in a column of its own, or before the text of the first cell."""
    inside = random.random() < 0.5
    found = Drawn({"uc": "Item", "status": "Item" if inside else "State"}, Words({}, {}, {}))

    def row() -> tuple[list[str], list[str]]:
        text, name = _named(random, len(found.lines))
        box = random.choice(("[ ]", "[x]", "[X]", "☐", "☑"))
        found.rows.append((name, "READY_FOR_GO_LIVE" if box in TICKED else "NOT_STARTED", len(found.lines) + 1))
        new = _new_status(random, found, name)
        turned = box if new is None else _turned(box, new)
        noise = random.choice(NOISE)
        if inside:
            return [f"{box} {text}", noise], [f"{turned} {text}", noise]
        around = random.choice(("{}", "**{}**", "{}[^3]"))
        return [text, around.format(box), noise], [text, around.format(turned), noise]

    for _ in range(random.randrange(1, 4)):
        _other(random, found)
        _table(random, found, ["Item", "More"] if inside else ["Item", "State", "More"], row, random.choice(("", "> ")))
    return found


def _turned(box: str, status: str) -> str:
    if status == "READY_FOR_GO_LIVE":
        return BOXES.get(box, box)
    return TICKED.get(box, box)


def _lists(random: Random) -> Drawn:
    """Check lists, one within another, of bullets and numbers."""
    found = Drawn({"status": "[ ]"}, Words({}, {}, {}))
    for _ in range(random.randrange(1, 4)):
        _other(random, found)
        found.add("A list:")
        found.add("")
        quote, indents = random.choice(("", "> ")), [0]
        for _ in range(random.randrange(1, 7)):
            text, name = _named(random, len(found.lines))
            if text.startswith("**Pay"):  # an item is called what it begins with in bold
                name = f"Pay{len(found.lines)}"
                text = text.replace("Pay", name)
            box = random.choice(("[ ]", "[x]", "[X]", "☐", "☑"))
            found.rows.append((name, "READY_FOR_GO_LIVE" if box in TICKED else "NOT_STARTED", len(found.lines) + 1))
            new = _new_status(random, found, name)
            turned = box if new is None else _turned(box, new)
            head = f"{quote}{' ' * indents[-1]}- "
            owner = random.choice(("", " @ann", " @acme/team"))
            found.add(f"{head}{box} {text}{owner}", f"{head}{turned} {text}{owner}")
            if random.random() < 0.3:
                found.add(quote.rstrip())
            step = random.random()
            if step < 0.25:
                indents.append(indents[-1] + 2)
            elif step < 0.4 and len(indents) > 1:
                indents.pop()
    return found
