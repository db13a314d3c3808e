"""What docs/operations tells a reader to type exists."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import typer
from graphql import build_schema, parse, validate
from pydantic.alias_generators import to_camel
from stack import SECRETS, FunctionSize, QuerySize, StackSettings, WorkerSize

from api.cli import app
from api.settings import Settings
from tests.infra.cloud import build

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "operations").glob("*.md"))
README = ROOT / "README.md"
OTHER_KEYS = {"aws:region", "cloudflare:apiToken"}


def matches(pattern, pages=PAGES):
    """Every match of the pattern, with the page it is on."""
    return [(page.name, found) for page in pages for found in re.findall(pattern, page.read_text())]


def blocks(page):
    return re.findall(r"^```bash\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def stack_keys():
    return {to_camel(name) for name in StackSettings.model_fields} | SECRETS.keys()


def test_every_block_is_shell():
    checked = 0
    for page in PAGES:
        for block in blocks(page):
            done = subprocess.run(
                ["bash", "-n"], input=block, text=True, capture_output=True, check=False
            )
            assert done.returncode == 0, f"{page.name}: {done.stderr}"
            checked += 1
    assert checked > 20


def test_every_make_target_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[0].split())
    named = matches(r"(?:^|[`(])make ([a-z-]+)", [*PAGES, README])
    assert {target for _, target in named} - targets == set()


def test_every_parakeet_command_and_option_exists():
    commands = typer.main.get_command(app).commands
    for page, (name, options) in matches(r"parakeet (worker|redrive|migrate|backtest)\b([^`\n]*)"):
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", options)) <= known, page
    assert {found[0] for _, found in matches(r"parakeet (worker|redrive)\b( --queue)")} == {
        "worker",
        "redrive",
    }


def test_every_script_exists_and_can_be_run():
    for page, name in matches(r"\.ci/([a-z.]+)", [*PAGES, README]):
        script = ROOT / ".ci" / name.rstrip(".")
        assert script.is_file(), page
        assert script.suffix == ".py" or script.stat().st_mode & 0o111, name
    told = (ROOT / ".ci" / "release.py").read_text()
    for _, command in matches(r"release\.py ([a-z]+)"):
        assert f'case ["{command}"' in told, command


def test_every_setting_of_a_stack_exists():
    smoke = set(re.findall(r"smoke:[a-zA-Z]+", (ROOT / ".ci" / "smoke").read_text()))
    known = stack_keys() | OTHER_KEYS | smoke
    options = r"(?: --(?:secret|path|stack \S+))*"
    named = matches(rf"pulumi config (?:set|get){options} ([a-zA-Z:]+)")
    assert len(named) > 40
    assert {key for _, key in named} - known == set()


def test_every_part_of_a_setting_exists():
    sizes = {"query": QuerySize, "backtest": WorkerSize, "ingest": WorkerSize}
    for page, (name, part) in matches(r"`(query|backtest|ingest)\.([a-zA-Z]+)`"):
        assert part in map(to_camel, sizes[name].model_fields), page
    parts = {
        to_camel(name) for size in (FunctionSize, *sizes.values()) for name in size.model_fields
    }
    bare = r"`(memoryMb|maximumConcurrency|reservedConcurrency|provisionedConcurrency)`"
    assert {part for _, part in matches(bare)} <= parts


def test_a_reader_of_deploy_sets_all_that_a_stack_demands():
    text = (ROOT / "docs" / "operations" / "deploy.md").read_text()
    told = set(re.findall(r"pulumi config set(?: --secret)? ([a-zA-Z]+)", text))
    demanded = {
        to_camel(name) for name, field in StackSettings.model_fields.items() if field.is_required()
    }
    assert (demanded - {"stack", "region"}) | SECRETS.keys() <= told
    secret = set(re.findall(r"pulumi config set --secret ([a-zA-Z]+)", text))
    assert secret >= SECRETS.keys()


def test_every_output_of_a_stack_exists():
    outputs = build("dev").outputs.keys()
    named = matches(
        r"(?:pulumi stack output|\boutput)(?: --stack \"?\$?\w+\"?)? ([a-z]\w*[A-Z]\w*)"
    )
    assert named
    assert {name for _, name in named} - outputs == set()


def test_every_variable_exists():
    known = {f"PARAKEET_{name.upper()}" for name in Settings.model_fields}
    assert {name for _, name in matches(r"PARAKEET_[A-Z_]+")} - known == set()


def test_every_document_is_valid():
    schema = build_schema((ROOT / "client" / "schema.graphql").read_text())
    named = matches(r"--json '(\{.*?\})' \|")
    documents = [json.loads(body)["query"] for _, body in named]
    documents += [found for _, found in matches(r'\{query: "(query .*?)", variables')]
    assert len(documents) == 2
    for document in documents:
        assert validate(schema, parse(document)) == []


def anchors(page):
    """GitHub's anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, README], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([\w-]+))?\)", page.read_text()):
        found = page.parent / target if target else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), anchor
