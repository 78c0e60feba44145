r"""Sanitisers, one for each output format: text from tests, trackers and configs is hostile input.

Each is a pure function of any text: control characters, lone surrogates, bidirectional and invisible characters, any
length. Invisible characters become visible escapes (``\x1b``, ``\u202e``), so that nothing is lost. A text that is cut
off ends with an ellipsis. A text goes through the sanitiser of its format once, as the last step.
"""

from .csv import csv_row, to_csv
from .github import annotation, to_command_data, to_command_property
from .html import to_href, to_html
from .junit import to_xml, to_xml_attribute
from .markdown import to_markdown
from .terminal import LIMIT, break_commands, sanitise, sanitise_lines

__all__ = [
    "LIMIT",
    "annotation",
    "break_commands",
    "csv_row",
    "sanitise",
    "sanitise_lines",
    "to_command_data",
    "to_command_property",
    "to_csv",
    "to_href",
    "to_html",
    "to_markdown",
    "to_xml",
    "to_xml_attribute",
]
