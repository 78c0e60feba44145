"""The site of the docs: `python -m docs_site` stages the Markdown of the repository and has Zensical build it."""
