"""Base class of the commands: a command returns its exit code, and any other end is a failure."""

from __future__ import annotations

from typing import Any

import click

from ..errors import UnansweredError


class ExitCodeCommand(click.Command):
    """A command that returns its exit code."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and refuse a single-value option that is given twice.

        Raises:
            UsageError: an option is given twice, or click finds another mistake.
        """
        if ctx.resilient_parsing:  # a shell completes what is not finished yet
            return super().parse_args(ctx, args)
        *_, order = self.make_parser(ctx).parse_args(list(args))
        for option in order:
            takes_one = isinstance(option, click.Option) and not (option.multiple or option.count or option.is_flag)
            if takes_one and order.count(option) > 1:
                raise click.UsageError(f"'{option.opts[-1]}' is given twice, and takes one value", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Run the command, and return its exit code.

        Raises:
            UnansweredError: it ended in another way, so its result is unknown.
        """
        code: Any = None
        try:
            code = super().invoke(ctx)
        except click.exceptions.Exit as end:
            code = end.exit_code or None  # a command may exit early with a failure, never with success
        if type(code) is not int:
            raise UnansweredError(f"'{ctx.info_name}' ended without a result")
        return code
