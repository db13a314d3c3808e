"""What the program says no to while it runs, and how what it made hangs together."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulator import aws_environment
from tests.infra.cloud import (
    CANARY,
    EDGE_KEY,
    ROOT,
    SECRETS,
    BuiltStack,
    Refused,
    build,
    settings,
)

PULUMI = ROOT / "pulumi"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 a type's name
SCRIPT = "cloudflare:index/workersScript:WorkersScript"
OUTPUTS = {
    "apiUrl",
    "backtestQueueName",
    "bucketName",
    "clientUrl",
    "dashboardUrl",
    "functionNames",
    "ingestQueueName",
    "originUrl",
    "pagesProject",
    "registryUrl",
}


def test_stack_says_what_the_next_steps_ask_for(stack: BuiltStack):
    name, host = stack.name, f"{stack.name}.example.com"
    region = "ap-southeast-2"

    assert set(stack.outputs) == OUTPUTS
    assert stack.outputs | {"functionNames": None} == {
        "apiUrl": f"https://api.{host}",
        "clientUrl": f"https://app.{host}",
        "originUrl": f"https://origin.{host}",
        "backtestQueueName": f"parakeet-{name}-backtest",
        "ingestQueueName": f"parakeet-{name}-ingest",
        "bucketName": f"parakeet-{name}-lake-123456789012",
        "pagesProject": f"parakeet-{name}-site",
        "registryUrl": f"123456789012.dkr.ecr.{region}.amazonaws.com/parakeet-{name}-worker",
        "dashboardUrl": (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboard/parakeet-{name}"
        ),
        "functionNames": None,
    }
    assert stack.outputs["functionNames"] == {
        function: f"parakeet-{name}-{function}"
        for function in ("query", "backtest", "ingest", "sweeper", "migrate")
    }


def test_without_an_image_there_is_only_its_registry():
    stack = build("dev", config={"workerImage": None, "queryZip": "no.zip"})

    kinds = {made.type for made in stack.resources if made.custom}
    assert kinds == {
        "aws:ecr/repository:Repository",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
    }
    assert set(stack.outputs) == {"registryUrl"}


REFUSED: dict[str, tuple[dict[str, str | None], dict[str, str | None], str]] = {
    "other account": ({"awsAccountId": "999999999999"}, {}, r"awsAccountId was 999999999999"),
    "missing setting": ({"apiDomain": None}, {}, r"apiDomain is not set.*pulumi config set"),
    "missing secret": ({}, {"migrationUrl": None}, r"migrationUrl is not set.*--secret"),
    "secret in plain text": (
        {"databaseUrl": SECRETS["databaseUrl"]},
        {"databaseUrl": None},
        r"databaseUrl is in plain text",
    ),
    "address past the pooler": (
        {},
        {"workerUrl": SECRETS["migrationUrl"]},
        r"workerUrl names a host without a pooler",
    ),
    "SQLite": ({}, {"databaseUrl": "sqlite:///x.db"}, r"databaseUrl has the scheme 'sqlite'"),
    "tiingo's key in plain text": (
        {"tiingoKey": "0123456789abcdef"},
        {"tiingoKey": None},
        r"tiingoKey is in plain text",
    ),
    "no key of tiingo's": ({}, {"tiingoKey": "a b"}, r"tiingoKey is not one word"),
    "short key": ({}, {"edgeKeys": '{"current": {"id": "a", "key": "eA=="}}'}, r"edgeKeys is not"),
    "no zip": ({"queryZip": "../dist/no.zip"}, {}, r"queryZip was '\.\./dist/no\.zip'"),
    "region": ({"aws:region": "us-gov-east-1"}, {}, r"aws:region was 'us-gov-east-1'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_program_refuses(case: str):
    config, secrets, words = REFUSED[case]

    with pytest.raises(Refused, match=words) as refused:
        build("dev", config=config, secrets=secrets)

    assert CANARY not in str(refused.value)


def test_unknown_environment_is_refused(tmp_path: Path):
    request = {"stack": "prd", "endpoint": None, "config": {}, "secrets": {}}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.infra.program"],
        input=json.dumps(request),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "'prd': only dev, staging and prod are known" in ended.stdout


def test_second_stack_of_one_name_is_refused_by_the_cloud(stack: BuiltStack):
    """Its names are taken: AWS refuses it before anything of the first is touched."""
    again = {"logRetentionDays": "60"}

    with pytest.raises(RuntimeError, match=r"AlreadyExists|already exists|AlreadyOwnedByYou"):
        build(stack.name, stack.endpoint, config=again)


def test_secrets_lie_only_where_they_are_encrypted(stack: BuiltStack):
    holders = {
        (made.type, made.name): made.secrets
        for made in stack.resources
        if CANARY in json.dumps(made.inputs) or EDGE_KEY in json.dumps(made.inputs)
    }

    assert holders == {
        (SECRET_VERSION, "database"): (".secretString",),
        (SECRET_VERSION, "worker"): (".secretString",),
        (SECRET_VERSION, "migration"): (".secretString",),
        (SECRET_VERSION, "edge"): (".secretString",),
        (SECRET_VERSION, "tiingo"): (".secretString",),
        (SCRIPT, "edge"): (".bindings[6].text",),
    }
    assert CANARY not in json.dumps([stack.outputs, stack.components])
    assert EDGE_KEY not in json.dumps([stack.outputs, stack.components])


def test_every_resource_belongs_to_a_component_that_says_what_it_made(stack: BuiltStack):
    root = {"", *(made.urn for made in stack.of("pulumi:pulumi:Stack"))}
    components = {made.urn for made in stack.resources if not made.custom} - root

    assert {
        made.name for made in stack.resources if made.custom and made.parent not in components
    } == set()
    assert {urn for urn in components if not stack.components.get(urn)} == set()


def test_only_production_is_protected_from_deletion(stack: BuiltStack):
    protected = {made.name for made in stack.resources if made.protect}

    assert protected == ({"lake"} if stack.name == "prod" else set())


def test_code_deploy_alone_moves_the_alias(stack: BuiltStack):
    aliases = stack.of("aws:lambda/alias:Alias")

    assert [set(alias.ignore_changes) for alias in aliases] == [
        {"functionVersion", "routingConfig"}
    ] * 5


def test_what_the_emulator_lacks_is_known(stack: BuiltStack, capsys: pytest.CaptureFixture[str]):
    with capsys.disabled():
        print(f"\n{stack.name}: asserted on inputs only:", *stack.lacking, sep="\n  ")  # noqa: T201

    always = ["BucketPolicy", "DeploymentGroup", "Function", "RedriveAllowPolicy"]
    in_production = ["ProvisionedConcurrencyConfig"] if stack.name == "prod" else []
    assert sorted(line.split(":")[0] for line in stack.lacking) == sorted(always + in_production)


def test_no_two_stacks_share_a_name():
    names = [
        {
            str(made.inputs["name"])
            for made in build(name).resources
            # A record's name is a host of the stack's domain.
            if "name" in made.inputs and made.type != "cloudflare:index/dnsRecord:DnsRecord"
        }
        for name in ("dev", "prod")
    ]

    # Aliases, schedules, the stage and inline policies are named within what carries the stack.
    within = {"live", "asx-close", "us-close", "sweep", "$default", "deploy"}
    functions = {"query", "backtest", "ingest", "sweeper", "migrate"}
    assert names[0] & names[1] - within - functions == set()


def test_folder_does_not_hide_the_library():
    assert not (PULUMI / "__init__.py").exists()
    found = {path.stem for path in PULUMI.glob("*.py")} | {
        path.name for path in PULUMI.iterdir() if path.is_dir()
    }
    assert found & set(sys.stdlib_module_names) == set()


def test_program_imports_nothing_of_ours():
    imported = {
        name.split(".")[0]
        for path in PULUMI.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _names(node)
    }

    assert imported & {"api", "models", "engine", "migrations", "tests"} == set()


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("package", ["pulumi", "pulumi-aws", "pulumi-cloudflare", "pulumi-policy"])
def test_provider_is_pinned(package: str):
    """A program's provider is the one its library names, and the lock names the library."""
    lock = (ROOT / "requirements-infra.lock").read_text()

    assert re.search(rf"^{package}==\d+\.\d+\.\d+ .*\\\n\s+--hash=sha256:", lock, re.MULTILINE)


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_preview_agrees_where_the_command_is_installed(name: str, tmp_path: Path, moto: str):
    command = shutil.which("pulumi")
    if command is None:
        pytest.skip("pulumi is not on the PATH: the stacks were built under mocks only")
    # A copy: the command writes its salt and the settings into the stack's file.
    shutil.copytree(PULUMI, tmp_path / "pulumi")
    for file in ("Pulumi.yaml", f"Pulumi.{name}.yaml"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    environment = os.environ | {
        **aws_environment(moto),
        "CLOUDFLARE_API_TOKEN": "x" * 40,
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
    }

    def run(*arguments: str) -> None:
        ended = subprocess.run(
            [command, *arguments, "--non-interactive"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    run("stack", "init", name)
    for key, value in settings(name).items():
        if ":" not in key:
            run("config", "set", key, value, "--stack", name)
    for key, value in SECRETS.items():
        run("config", "set", "--secret", key, value, "--stack", name)
    run("preview", "--stack", name, "--policy-pack", "pulumi/policy")
