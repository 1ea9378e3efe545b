"""The README's Python is run, block by block, in a folder of its own."""

import re
from pathlib import Path

import pytest

from conftest import REPOSITORY

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_there_are_as_many_blocks_as_are_run() -> None:
    assert len(BLOCKS) == README.count("```python") == 5


@pytest.mark.parametrize("number", range(5))
def test_a_block_of_the_readme_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies").symlink_to(REPOSITORY / "policies")
    exec(compile(BLOCKS[number], f"README.md, block {number}", "exec"), {"__name__": "readme"})


@pytest.mark.parametrize("page", ["README.md", "SEED.md"])
def test_links_lead_somewhere(page: str) -> None:
    here = Path(__file__).parents[1] / page
    links = re.findall(r"\]\(([^)]+)\)", here.read_text(encoding="utf-8"))
    assert len(links) >= 4
    for link in links:
        path, _, anchor = link.partition("#")
        target = (here.parent / path).resolve() if path else here
        assert target.is_file(), link
        headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in slugs, link
