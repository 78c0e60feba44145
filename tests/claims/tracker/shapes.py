"""Trackers of the shapes that people write, with the rows of each."""

from __future__ import annotations

from dataclasses import dataclass

ALL_BUT_READY = "NOT_STARTED"
READY = "READY_FOR_GO_LIVE"


@dataclass(frozen=True)
class Shape:
    """A tracker, the config that it is read with, and its rows."""

    text: str
    rows: tuple[tuple[str, str], ...]
    """(id, the first status that its word means)."""
    after: dict[str, str]
    """The texts that change if each status becomes NOT_STARTED, with their replacements."""
    columns: str = ""
    statuses: str = ""
    top: str = ""
    skipped_lines: tuple[int, ...] = ()
    """Lines of the rows that are no use cases."""

    @property
    def words(self) -> str:
        """Return the tables of the config."""
        columns = f"[tracker_columns]\n{self.columns}\n" if self.columns else ""
        return columns + (f"[statuses]\n{self.statuses}\n" if self.statuses else "")


SHAPES = {
    "1 a table per section, emoji alone, no ids": Shape(
        "# Launch list\n\n## Security\n\n| Check | State | Who |\n|---|:-:|---|\n"
        "| Secrets are kept in a vault | ✅ | ann |\n| Admin / root access is logged | ❌ | |\n\n"
        "## Operations\n\n| Check | State | Who |\n|---|:-:|---|\n| On-call rota | 🟡 | ben |\n"
        "| Backups are restored (monthly) | \u26a0\ufe0f | ben |\n",
        (
            ("secrets-are-kept-in-a-vault", READY),
            ("admin-root-access-is-logged", "NOT_STARTED"),
            ("on-call-rota", "IN_PROGRESS"),
            ("backups-are-restored-monthly", "BLOCKED"),
        ),
        {"| ✅ |": "| ❌ |", "| 🟡 |": "| ❌ |", "| \u26a0\ufe0f |": "| ❌ |"},
        columns='status = "State"',
        statuses='READY_FOR_GO_LIVE = "✅"\nNOT_STARTED = "❌"\nIN_PROGRESS = "🟡"\nBLOCKED = "\u26a0"',
    ),
    "2 a sign-off matrix": Shape(
        "| Team | Sign-off | Date |\n| :--- | :--- | :--- |\n| Support team | ⬜ Pending | |\n"
        "| Legal | **✅ Complete** | 2026-03-01 |\n| Data / Privacy | 🚧 Started | |\n",
        (("support-team", "NOT_STARTED"), ("Legal", READY), ("data-privacy", "IN_PROGRESS")),
        {"**✅ Complete**": "**⬜ Pending**", "🚧 Started": "⬜ Pending"},
        columns='uc = "Team"\nstatus = "Sign-off"',
        statuses='NOT_STARTED = "⬜ Pending"\nBLOCKED = "⬜ Pending"\nIN_PROGRESS = "🚧*"\nREADY_FOR_GO_LIVE = "✅*"',
    ),
    "3 a check list, nested": Shape(
        "# Before launch\n\n- [x] TLS everywhere\n- [ ] Monitoring\n  - [X] **Dashboards**: one for each service\n"
        "    and one for all\n  - [ ] Alerts go to a person\n- Data\n  1. [x] Backups\n\n  2. [ ] Restore drill\n",
        (
            ("tls-everywhere", READY),
            ("Monitoring", "NOT_STARTED"),
            ("Dashboards", READY),
            ("alerts-go-to-a-person", "NOT_STARTED"),
            ("Backups", READY),
            ("restore-drill", "NOT_STARTED"),
        ),
        {"[x]": "[ ]", "[X]": "[ ]"},
        columns='status = "[ ]"',
    ),
    "4 a box in the first cell": Shape(
        "| Item | Owner | Status |\n|---|---|---|\n| [ ] Rate limits are set | ann | |\n| [x] `Load test` passed | ben | |\n"
        "| ☑ Runbook | ben | |\n",
        (("rate-limits-are-set", "NOT_STARTED"), ("load-test-passed", READY), ("Runbook", READY)),
        {"[x]": "[ ]", "☑": "☐"},
        columns='uc = "Item"\nstatus = "Status"',
    ),
    "4 a box in the only cell": Shape(
        "| Item | Owner |\n|---|---|\n| [ ] Rate limits are set | ann |\n| [x] [Load test](a.md) passed | ben |\n",
        (("rate-limits-are-set", "NOT_STARTED"), ("load-test-passed", READY)),
        {"[x]": "[ ]"},
        columns='uc = "Item"\nstatus = "Item"',
    ),
    "5 numbered rows in another language": Shape(
        "| 序号 | 项目 | 状态 |\n|---|---|---|\n| 1 | 数据备份 | ✅ 就绪 |\n| 2 | 监控 告警 | ❌ 未开始 |\n",
        (("GO-1", READY), ("GO-2", "NOT_STARTED")),
        {"✅ 就绪": "❌ 未开始"},
        columns='uc = "序号"\ntitle = "项目"\nstatus = "状态"\nprefix = "GO-"',
        statuses='READY_FOR_GO_LIVE = "✅ 就绪"\nNOT_STARTED = "❌ 未开始"',
    ),
    "6 linked ids": Shape(
        "UC ID | Name | Status\n--- | --- | ---\n[UC-01](uc/01.md) | Sign in | Done\n[UC-02](uc/02.md) | Pay | Draft\n"
        "[UC-03](uc/03.md) | Refund | Pending\n",
        (("UC-01", READY), ("UC-02", "NOT_STARTED"), ("UC-03", "NOT_STARTED")),
        {"| Done": "| Draft"},
        columns='uc = "UC ID"\nstatus = "Status"',
        statuses='NOT_STARTED = ["Draft", "Pending"]\nREADY_FOR_GO_LIVE = "Done"',
    ),
    "7 two tables and a legend": Shape(
        "## Legend\n\n| Status | Meaning |\n|---|---|\n| 🔴 Not Started | nobody works on it |\n| 🟢 Done | it is done |\n\n"
        "## Core\n\n| ID | Issue | Status |\n|---|---|---|\n| C-1 | Login | 🟢 Done |\n| C-2 | Roles | Deferred to Q3 |\n\n"
        "## Edge\n\n| ID | Issue | Status |\n|---|---|---|\n| E-1 | Cache | 🔴 Not Started |\n| E-2 | CDN | N/A |\n"
        "| Total | | 4 |\n",
        (("C-1", READY), ("E-1", "NOT_STARTED")),
        {"| Login | 🟢 Done": "| Login | 🔴 Not Started"},
        columns='uc = "ID"\ntitle = "Issue"\nstatus = "Status"',
        statuses='NOT_STARTED = "🔴 Not Started"\nREADY_FOR_GO_LIVE = "🟢 Done"\nskip = ["Deferred*", "N/A", "Total"]',
        skipped_lines=(13, 20, 21),
    ),
    "9 a traceability matrix": Shape(
        "| Req | Test | Result |\n|---|---|---|\n| R-1.1 | `test_login` | Pass ✅ |\n| R-1.2 | `test_pay` | Fail ❌ |\n"
        "| R-2 | | Not Run ⬜ |\n",
        (("R-1.1", READY), ("R-1.2", "BLOCKED"), ("R-2", "NOT_STARTED")),
        {"Pass ✅": "Not Run ⬜", "Fail ❌": "Not Run ⬜"},
        columns='uc = "Req"\nstatus = "Result"',
        statuses='READY_FOR_GO_LIVE = "Pass*"\nBLOCKED = "Fail*"\nNOT_STARTED = ["Not Run ⬜", "Not Run*"]',
    ),
    "10 item, owner and a box": Shape(
        "| Item | Owner | Done |\n|:--|:--|:-:|\n| Cost alerts / budgets | fin | ☐ |\n| Feature flags off | ann | ☑ |\n"
        "| **Payments** | | |\n| PCI scan | sec | [x] |\n",
        (("cost-alerts-budgets", "NOT_STARTED"), ("feature-flags-off", READY), ("pci-scan", READY)),
        {"☑": "☐", "[x]": "[ ]"},
        columns='status = "Done"',
        statuses='skip = ""',
        skipped_lines=(5,),
    ),
    "11 a table per domain": Shape(
        "## Billing\n\n| UC | Prod Readiness Status |\n|--|--|\n| UC-1 | IN_PROGRESS |\n\n"
        "## Search\n\n| UC | Prod Readiness Status |\n|--|--|\n| UC-2 | BLOCKED |\n\n| UC-3 | NOT_STARTED |\n",
        (("UC-1", "IN_PROGRESS"), ("UC-2", "BLOCKED"), ("UC-3", "NOT_STARTED")),
        {"IN_PROGRESS": "NOT_STARTED", "BLOCKED": "NOT_STARTED"},
    ),
    "12 a status board with struck rows": Shape(
        "| Flow | Board |\n|---|---|\n| Sign-up flow[^1] | **Approved (Gate 1), 2026-09-28** |\n"
        "| ~~Fax import~~ | ~~Approved (Gate 1), 2026-01-02~~ |\n| Export<sup>2</sup> | ~~Draft~~ In review |\n"
        "| Import | Draft[^1] |\n\n[^1]: beta\n",
        (("sign-up-flow", READY), ("Export", "IN_PROGRESS"), ("Import", "NOT_STARTED")),
        {"**Approved (Gate 1), 2026-09-28**": "**Draft**", "In review": "Draft"},
        columns='status = "Board"',
        statuses='READY_FOR_GO_LIVE = "Approved*"\nIN_PROGRESS = "In review"\nNOT_STARTED = "Draft"',
        skipped_lines=(4,),
    ),
    "13 a list of issues": Shape(
        "* [ ] #12 Retry of payments @ann\n* [x] acme/shop#18 Receipts (@ben)\n"
        "* [ ] https://github.com/acme/shop/issues/19 Refunds\n* [x] UC-7: Invoices @acme/billing\n",
        (("#12", "NOT_STARTED"), ("acme-shop#18", READY), ("acme-shop#19", "NOT_STARTED"), ("UC-7", READY)),
        {"[x]": "[ ]"},
        columns='status = "[ ]"',
    ),
    "15 a score table": Shape(
        "| Category | Score | Status |\n|---|---|---|\n| Code quality | 9/10 | ✅ Excellent |\n| Docs | 6/10 | ⚠️ Needs work |\n"
        "| **Overall** | **8/10** | ✅ Ready |\n",
        (("code-quality", READY), ("Docs", "IN_PROGRESS")),
        {"✅ Excellent": "NOT_STARTED", "⚠️ Needs work": "NOT_STARTED"},
        columns='status = "Status"',
        statuses='READY_FOR_GO_LIVE = "✅*"\nIN_PROGRESS = "⚠️*"\nskip = ["Overall"]',
        skipped_lines=(5,),
    ),
}

BY_ENVIRONMENT = Shape(
    "| Flow | STG | PROD | Owner |\n|---|:-:|:-:|---|\n| Sign in | ✅ | ✅ | ann |\n| Pay / refund | ❌ | **✅** | ben |\n"
    "| Export | | 🚧 wip | |\n",
    (),
    {
        "| ✅ | ✅ |": "| ❌ | ❌ |",
        "| **✅** |": "| **❌** |",
        "| | 🚧 wip |": "| ❌ | ❌ |",
    },
    columns='uc = "Flow"\nstatus = { staging = "STG", production = "PROD" }',
    statuses='READY_FOR_GO_LIVE = "✅"\nIN_PROGRESS = "🚧*"\nNOT_STARTED = "❌"\nBLOCKED = "❌"',
)
"""14: a column for each environment."""
