"""Every example on a page of `docs/` gives what the page says."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (REPOSITORY / "docs").rglob("*.md") if ">>>" in path.read_text(encoding="utf-8"))
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.spark
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_examples_of_a_page_give_what_it_says(spark, page: Path) -> None:
    # A fence closes an example for the reader; for doctest it would be expected output.
    text = "\n".join("" if line.startswith("```") else line for line in page.read_text(encoding="utf-8").splitlines())
    examples = doctest.DocTestParser().get_doctest(text, {"spark": spark}, page.stem, str(page), 0)
    assert examples.examples
    told: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(examples, out=told.append)
    assert not told, "".join(told)
