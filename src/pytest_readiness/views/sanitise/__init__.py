r"""Sanitisers, one for each output format: text from tests, trackers and configs is hostile input.

Each is a pure function of any text: control characters, lone surrogates, bidirectional and invisible characters, any
length. Invisible characters become visible escapes (``\x1b``, ``\u202e``), so that nothing is lost. A text that is cut
off ends with an ellipsis. A text goes through the sanitiser of its format once, as the last step.

This package has the sanitiser of the terminal, which each command needs. The other formats have a module each.
"""

from .terminal import LIMIT, break_commands, sanitise, sanitise_lines

__all__ = ["LIMIT", "break_commands", "sanitise", "sanitise_lines"]
