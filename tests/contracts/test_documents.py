"""What the documents promise exists."""

import re
from pathlib import Path

import pytest

from engine.strategies import STRATEGIES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [README, (ROOT / "CONTRIBUTING.md").read_text()]


def test_the_readme_lists_the_strategies_of_the_registry():
    section = README.partition("## Strategies")[2].partition("## ")[0]

    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(STRATEGIES)


COMMANDS = sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", "\n".join(PAGES), re.MULTILINE)))


@pytest.mark.parametrize("target", COMMANDS)
def test_every_make_target_named_exists(target):
    makefile = (ROOT / "Makefile").read_text()

    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("picture", re.findall(r"\(docs/pictures/([\w.-]+)\)", README))
def test_every_picture_shown_exists(picture):
    assert (ROOT / "docs/pictures" / picture).is_file()
