"""``readiness init``: the guess of a layout grows with the tracker, whatever shape it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.growth import assert_steady
from tests.project import Project

pytestmark = pytest.mark.slow

FEW = 150


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = ("Flow", "Status"), heading: str = "") -> str:
    """A Markdown table, under a heading if there is one."""
    lines = [header, ["---"] * len(header), *rows]
    above = f"\n## {heading}\n" if heading else ""
    return f"{above}\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def names(count: int, form: str = "c{}") -> list[str]:
    """So many names."""
    return [form.format(number) for number in range(count)]


ROW = ("F-1", "Done")
SHAPES: dict[str, tuple[str, Callable[[int], str]]] = {
    "rows": (".md", lambda n: table([(name, "Done") for name in names(n)])),
    "words": (".md", lambda n: table([(name, f"Blocked by {name}") for name in names(n)])),
    "unknown words": (".md", lambda n: table([(name, f"w{name}") for name in names(n)] + [ROW])),
    "totals": (".md", lambda n: table([*([("Total", "3")] * n), ROW])),
    "headings of groups": (".md", lambda n: table([("**G**", ""), ROW] * n)),
    "columns": (".md", lambda n: table([(*ROW, *names(n))], ("Flow", "Status", *names(n)))),
    "columns of words": (".md", lambda n: table([["Done"] * n], names(n))),
    "columns of boxes": (".md", lambda n: table([["[ ] a"] * n], names(n))),
    "columns of one name": (".md", lambda n: table([["Done"] * n], ["Status"] * n)),
    "tables": (".md", lambda n: "".join(table([(name, "Done")], heading=name) for name in names(n))),
    "tables of the same": (".md", lambda n: "".join(table([ROW], heading=name) for name in names(n))),
    "legends": (".md", lambda n: table([("Done", "it is")], ("Status", "Meaning")) * n + table([ROW] * 2)),
    "other tables": (".md", lambda n: table([("a", "b")], ("A", "B")) * n + table([ROW])),
    "headings": (".md", lambda n: "".join(f"## {name}\n" for name in names(n)) + table([ROW])),
    "boxes": (".md", lambda n: "".join(f"- [ ] {name}\n" for name in names(n))),
    "lists": (".md", lambda n: "".join(f"## {name}\n\n- [ ] {name}\n\n" for name in names(n))),
    "HTML": (".md", lambda n: "<table><tr><td>a</td></tr></table>\n\n" * n),
    "tabs": (".md", lambda n: "Flow\tStatus\n" + "".join(f"{name}\tDone\n" for name in names(n))),
    "CSV": (".csv", lambda n: "Flow,Status\n" + "".join(f"{name},Done\n" for name in names(n))),
    "columns of CSV": (".csv", lambda n: f"Flow,Status,{','.join(names(n))}\nF-1,Done,{','.join(names(n))}\n"),
    "columns of CSV without values": (".csv", lambda n: f"Flow,Status,{','.join(names(n))}\n" + "F-1,Done\n" * n),
    "YAML": (".yaml", lambda n: "".join(f"- flow: {name}\n  status: done\n" for name in names(n))),
    "keys": (".yaml", lambda n: "- flow: a\n  status: done\n" + "".join(f"  {name}: a\n" for name in names(n))),
    "lists of YAML": (".yaml", lambda n: "".join(f"{name}:\n- flow: a\n  status: done\n" for name in names(n))),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_guess_grows_with_the_tracker(project: Project, shape: str) -> None:
    """What a further row, column, word, table or list costs does not depend on how many there are."""
    suffix, text = SHAPES[shape]

    def act(count: int) -> Callable[[], None]:
        tracker = project.write(f"{count}{suffix}", text(count))

        def init() -> None:
            (project.path / "readiness.toml").unlink(missing_ok=True)
            result = project.cli("init", "--tracker", str(tracker))
            assert result.exit_code in (0, 2), result.output

        return init

    assert_steady(act, FEW)


def test_keys_that_each_entry_has_alone_are_no_columns(project: Project) -> None:
    """A list whose entries have ids as keys is no table with as many columns: that would be their square."""

    def act(count: int) -> Callable[[], None]:
        project.write(f"{count}.yaml", "".join(f"- F-{number}: a\n  status: done\n" for number in range(count)))
        return lambda: project.cli("init", "--tracker", f"{count}.yaml")

    assert_steady(act, 800)
