"""Print the lowest versions that pyproject.toml declares, as constraints for pip: each ``>=`` becomes ``==``."""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = sys.argv[1:]
declared = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
for requirement in declared:
    bound = re.match(r"([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?\s*>=\s*([0-9][0-9a-z.]*)", requirement)
    if bound is None:
        sys.exit(f"pyproject.toml: '{requirement}' has no lower bound")
    sys.stdout.write(f"{bound[1]}=={bound[2]}\n")
