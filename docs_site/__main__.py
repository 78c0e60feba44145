"""The command that builds the site: `python -m docs_site --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .navigation import NavigationError
from .site import BuildError, build, build_version
from .staging import ROOT, LinkError


def main() -> None:
    """Build the site of the docs."""
    parser = argparse.ArgumentParser(prog="python -m docs_site", description=main.__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "site", metavar="FOLDER", help="where it goes (site)")
    parser.add_argument("--version", help="build it as this version, such as 0.2, beside those that FOLDER has already")
    arguments = parser.parse_args()
    try:
        if arguments.version:
            build_version(arguments.into, arguments.version)
        else:
            build(arguments.into)
    except (BuildError, NavigationError, LinkError) as error:
        sys.exit(str(error))


main()
