"""Text that tests, trackers and configs may hold, and that must never reach a terminal or a CI log as it is."""

from __future__ import annotations

import re

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "two\nlines\r\nand\ttabs\x0b\x0c",
    "\x00nul",
    "\x7fdel",
    "quotes \" ' ` \\",
    "<script>alert(1)</script> | pipe",
    "lone \ud800 surrogate",
    "right \u202e to \u2066 left",
    "zero\u200bwidth\u200djoin\ufeff",
    "fill\u3164er\u2800 and selector\ufe0f",
    "line\u2028separator\u2029s\x85",
    "::error::forged",
    "  ::add-mask::x",
    "##[group]forged",
    "text ##[error]forged ###[x]",
    "##vso[task.complete result=Succeeded;]",
    "a" * 10_000,
    "中文宽" * 40,
    "emoji \U0001f600\U0001f468\u200d\U0001f469",
    "combining e\u0301 \u0301alone",
    "zalgo a" + "\u0301" * 50,
    "a::b" * 60,
    ":" * 200,
    "#" * 100 + "[x]",
    "",
    " ",
    # HTML and XML
    "</td></tr></table><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)' x='",
    '" autofocus onfocus="alert(1)',
    "`onmouseover=alert(1)`",
    "<!-- comment --> <![CDATA[ x ]]> <?php ?> <!DOCTYPE x>",
    "]]><testcase name='forged'/>",
    "&lt;b&gt; &amp; &#60; &nbsp; &unknown;",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %>",
    "\ufffe\uffff\U0001fffe noncharacters",
    # Markdown
    "| a | b |\n| --- | --- |\n| forged | row |",
    "[click](javascript:alert(1)) ![x](http://evil.example/pixel.png) [ref]: http://evil.example",
    "<http://evil.example> https://evil.example www.evil.example someone@evil.example mailto:a@b.example",
    "@octocat @org/team #1 GH-12 octo/repo#3 fixes #4",
    "`code` ``two`` *em* **strong** _em_ ~~gone~~ $x^2$ [^1] :tada:",
    "# heading",
    "1. list",
    "- list",
    "    code",
    "> quote",
    "---",
    "===",
    "```\nfence\n```",
    "\\| escaped \\` pipe",
    "trailing blanks  ",
    # spreadsheets
    '=HYPERLINK("http://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    ' "=1+1',
    "\uff1d1+1",
    "a;=1+1",
    'a",=1+1,"b',
    "a\n=1+1",
    # workflow commands
    "::set-output name=x::y",
    "\u00a0::error::after a blank that is none",
    "\t::stop-commands::token",
    "a\r::warning::after a carriage return",
    "%0A::error::decoded",
    "title,file=x::owned::",
    "##[add-mask]secret",
    # addresses
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    " https://example.com",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/x",
    "https:\\\\evil.example",
    "https://bank.example@evil.example/",
    'https://example.com/?q="><script>',
    "file:///etc/passwd",
    "https://",
    "https://[::1",
    "https://example.com:99999999/",
    "https://ex\u0430mple.com/",
)

RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\u3164\u2800\ud800-\udfff]"
)
"""What no output may hold; the newline between lines is ours."""


def dangers(text: str) -> list[str]:
    """Return what in a text of several lines a terminal or a CI server would execute."""
    lines = text.split("\n")
    commands = [line for line in lines if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]
    return RAW.findall(text) + commands
