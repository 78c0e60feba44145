"""Print the lowest versions that pyproject.toml declares, as constraints for pip: each ``>=`` becomes ``==``."""

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = {path.name for path in ROOT.joinpath("packages").iterdir()}  # installed from here, in the version that is here

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("extras", nargs="*", metavar="EXTRA", help="extras whose requirements are printed too")
extras = parser.parse_args().extras
project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
declared = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
for requirement in declared:
    bound = re.match(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?\s*>=\s*([0-9][0-9a-z.]*)", requirement)
    if bound is None:
        sys.exit(f"pyproject.toml: '{requirement}' has no lower bound")
    if bound[1] not in OURS:
        sys.stdout.write(f"{bound[1]}=={bound[2]}\n")
