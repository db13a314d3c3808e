"""A stack built under mocks, in moto when an endpoint is named, once per set of arguments."""

import atexit
import base64
import functools
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
REGION = "ap-southeast-2"
ACCOUNT = "123456789012"  # moto's
FUNCTIONS = ("query", "backtest", "ingest", "sweeper", "migrate")
# Recognisable wherever they should not be.
CANARY = "canary-b3f1"
EDGE_KEY = base64.b64encode(f"{CANARY}-edge-key-of-thirty-two-bytes".encode()).decode()
SECRETS = {
    "databaseUrl": f"postgresql://parakeet_api:{CANARY}-api@ep-x-pooler.example.com/db?sslmode=require",
    "workerUrl": f"postgresql://parakeet_worker:{CANARY}-worker@ep-x-pooler.example.com/db?sslmode=require",
    "migrationUrl": f"postgresql://owner:{CANARY}-owner@ep-x.example.com/db?sslmode=require",
    "tiingoKey": f"{CANARY}-tiingo",
    "edgeKeys": json.dumps({"current": {"id": "k1", "key": EDGE_KEY}, "previous": None}),
}


class Refused(Exception):
    """The program would not build this stack."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Resource:
    type: str
    name: str
    inputs: dict[str, Any]
    id: str | None
    arn: str | None
    parent: str
    urn: str = ""
    custom: bool = True
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuiltStack:
    """What one run of the program made."""

    name: str
    resources: tuple[Resource, ...]
    outputs: dict[str, Any]
    components: dict[str, Any]
    lacking: tuple[str, ...]
    endpoint: str | None = None
    config: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == kind]

    def one(self, kind: str, name: str) -> Resource:
        (found,) = [resource for resource in self.of(kind) if resource.name == name]
        return found

    def environment(self, function: str) -> dict[str, str]:
        made = self.one("aws:lambda/function:Function", function)
        return dict(made.inputs["environment"]["variables"])

    def role(self, function: str) -> Resource:
        """Return the function's role: `.id` is its name, `.arn` its ARN."""
        return self.one("aws:iam/role:Role", function)

    def policy(self, function: str) -> dict[str, Any]:
        made = self.one("aws:iam/rolePolicy:RolePolicy", function)
        return dict(json.loads(made.inputs["policy"]))


def settings(name: str) -> dict[str, str]:
    """Return what the stack's committed file says and `pulumi config set` would have added."""
    host = f"{name}.example.com"
    committed = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"]
    as_text = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in committed.items()
    }
    return as_text | {
        "awsAccountId": ACCOUNT,
        "apiDomain": f"api.{host}",
        "originDomain": f"origin.{host}",
        "clientDomain": f"app.{host}",
        "cloudflareAccountId": "a" * 32,
        "cloudflareZoneId": "b" * 32,
        "tokenIssuer": "https://login.example.com/",
        "tokenAudience": "parakeet",
        "jwksUrl": "https://login.example.com/.well-known/jwks.json",
        "clientId": "parakeet-web",
        "alertEmail": "operator@example.com",
        "monthlyBudgetUsd": "50",
        "runbookUrl": "https://docs.example.com/runbook",
        "workerImage": (
            f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/parakeet-{name}-worker@sha256:{'c' * 64}"
        ),
        "queryZip": str(_artefacts() / "query.zip"),
        "edgeScript": str(_artefacts() / "edge.js"),
    }


@functools.cache
def _artefacts() -> Path:
    """Return a folder with stand-ins for what `make package` builds; the stack only names them."""
    folder = Path(tempfile.mkdtemp(prefix="parakeet-artefacts-"))
    atexit.register(shutil.rmtree, folder)
    with zipfile.ZipFile(folder / "query.zip", "w") as archive:
        archive.writestr("README", "stands in for the query function")
    (folder / "edge.js").write_text("export default {};\n")
    return folder


def build(
    name: str,
    endpoint: str | None = None,
    config: Mapping[str, str | None] | None = None,
    secrets: Mapping[str, str | None] | None = None,
) -> BuiltStack:
    """Run the program for stack `name`; `config` and `secrets` change it, None removes a key.

    With an endpoint each AWS resource is made there and known by its real id and ARN. Raises
    Refused with the program's words. The same arguments build once in a process.
    """
    return _built(name, endpoint, _frozen(config), _frozen(secrets))


def _frozen(changes: Mapping[str, str | None] | None) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted((changes or {}).items()))


@functools.cache
def _built(
    name: str,
    endpoint: str | None,
    config: tuple[tuple[str, str | None], ...],
    secrets: tuple[tuple[str, str | None], ...],
) -> BuiltStack:
    plain = _changed(settings(name), config)
    request = {
        "stack": name,
        "endpoint": endpoint,
        "config": plain,
        "secrets": _changed(SECRETS, secrets),
    }
    made = _run(request)
    return BuiltStack(
        name=name,
        resources=tuple(_resource(record) for record in made["resources"]),
        outputs=made["outputs"],
        components=made["components"],
        lacking=tuple(made["lacking"]),
        endpoint=endpoint,
        config=plain,
    )


def _changed(
    values: Mapping[str, str], changes: tuple[tuple[str, str | None], ...]
) -> dict[str, str]:
    changed: dict[str, str | None] = {**values, **dict(changes)}
    return {
        key if ":" in key else f"potential-parakeet:{key}": value
        for key, value in changed.items()
        if value is not None
    }


def _resource(record: dict[str, Any]) -> Resource:
    lists = {key: tuple(record[key]) for key in ("ignore_changes", "secrets")}
    return Resource(**(record | lists))


def _run(request: dict[str, Any]) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.infra.program"],
        input=json.dumps(request),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    if ended.returncode:
        raise RuntimeError(f"the program ended with {ended.returncode}:\n{ended.stderr}")
    made = json.loads(ended.stdout)
    if refused := made.get("refused"):
        raise Refused(refused["kind"], refused["message"])
    return dict(made)
