"""How a command answers: it returns its exit code. Whatever else ends it is no answer, and never a yes."""

from __future__ import annotations

from typing import Any

import click

from ..errors import UnansweredError


class ExitCodeCommand(click.Command):
    """A command that returns its exit code when it has answered."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take in what is asked for. An option that takes one value is given once: of two, one would go unseen.

        Raises:
            UsageError: it is given again, or click says what else is wrong.
        """
        *_, order = self.make_parser(ctx).parse_args(list(args))
        for option in order:
            once = isinstance(option, click.Option) and not (option.multiple or option.count or option.is_flag)
            if once and order.count(option) > 1:
                raise click.UsageError(f"'{option.opts[-1]}' is given twice, and takes one value", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Run it, and return its exit code.

        Raises:
            UnansweredError: it ended otherwise, so that nobody knows whether it did what was asked for.
        """
        code: Any = None
        try:
            code = super().invoke(ctx)
        except click.exceptions.Exit as end:
            code = end.exit_code or None  # a command may leave with a no, and says yes at its end only
        if type(code) is not int:
            raise UnansweredError(f"'{ctx.info_name}' ended before it had answered")
        return code


def keep_until_exit(*values: object) -> None:
    """Keep values until the process ends: freeing a verdict bit by bit takes a hundredth of a gate (``cli._leave``)."""
    click.get_current_context().meta.setdefault(__name__, []).append(values)
