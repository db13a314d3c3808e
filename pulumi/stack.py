"""The settings of a stack: typed, and refused in words before anything is made."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

import pulumi
from pydantic import (
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

NAMESPACE = "potential-parakeet"
KEY_BYTES = 32
POSTGRESQL = ("postgresql", "postgres")
SECRETS = {
    "databaseUrl": "the API role's address at the pooler",
    "workerUrl": "the workers' role's address at the pooler",
    "migrationUrl": "the owner's address, not through the pooler",
    "tiingoKey": "Tiingo's key; optional: without it Yahoo is asked for US shares",
    "edgeKeys": 'the signing keys: {"current": {"id", "key"}, "previous": null}',
}


def number(value: object) -> object:
    """Read a number that `pulumi config set` wrote as text; leave the rest to the type."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


# Where Lambda on arm64, EventBridge Scheduler and CodeDeploy are known to exist.
Region = Literal[
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "us-east-1",
    "us-east-2",
    "us-west-2",
]
# The values CloudWatch accepts; 0 would mean for ever.
Retention = Annotated[
    Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827],
    BeforeValidator(number),
]
# The only periods Cloudflare's rate limits know.
Period = Annotated[Literal[10, 60], BeforeValidator(number)]
DOMAIN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
IMAGE = r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9/_-]+@sha256:[0-9a-f]{64}$"

Domain = Annotated[str, StringConstraints(pattern=DOMAIN, max_length=253)]
Address = Annotated[str, StringConstraints(pattern=r"^https://[^\s/]+\S*$")]
CloudflareId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Memory = Annotated[int, Field(ge=128, le=10_240)]
Seconds = Annotated[int, Field(ge=1, le=900)]
Concurrency = Annotated[int, Field(ge=1, le=1_000)]


class Refused(Exception):
    """The stack's settings cannot be deployed; the message says which, why and what to do."""


class Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True
    )


class FunctionSize(Model):
    memory_mb: Memory
    timeout_seconds: Seconds
    reserved_concurrency: Concurrency | None = None


class QuerySize(FunctionSize):
    memory_mb: Memory = 1_024
    timeout_seconds: Annotated[int, Field(ge=1, le=29)] = 20  # the gateway waits 30 s at most
    provisioned_concurrency: Concurrency | None = None


class WorkerSize(FunctionSize):
    maximum_concurrency: Annotated[int, Field(ge=2, le=1_000)] = 10


class StackSettings(Model):
    """Everything that may differ between two stacks, secrets aside."""

    stack: Literal["dev", "staging", "prod"]
    region: Region
    aws_account_id: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    api_domain: Domain = Field(description="the host people call")
    origin_domain: Domain = Field(description="the host the edge calls: the API Gateway's")
    client_domain: Domain = Field(description="the host of the pages")
    cloudflare_account_id: CloudflareId
    cloudflare_zone_id: CloudflareId
    token_issuer: Address
    token_audience: Annotated[str, StringConstraints(min_length=1, pattern=r"^\S+$")]
    jwks_url: Address
    client_id: Annotated[str, StringConstraints(min_length=1, pattern=r"^\S+$")] = Field(
        description="the identity provider's public client for the pages"
    )
    client_scope: Annotated[str, StringConstraints(pattern=r"^\S+( \S+)*$")] | None = Field(
        None, description="the scopes the pages ask the identity provider for, separated by blanks"
    )
    alert_email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    monthly_budget_usd: Annotated[int, Field(ge=1, le=100_000)]
    runbook_url: Address = Field(description="the page that says what to do on each alarm")
    log_retention_days: Retention = 30
    subject_rate_limit: Annotated[int, Field(ge=1, le=100_000)] = 300
    address_rate_limit: Annotated[int, Field(ge=1, le=100_000)] = 60
    rate_limit_period_seconds: Period = 60
    worker_image: Annotated[str, StringConstraints(pattern=IMAGE)] | None = Field(
        None, description="the pushed image by digest; unset, only its registry is made"
    )
    query_zip: str = "../dist/query-arm64.zip"
    edge_script: str = "../dist/edge/index.js"
    query: QuerySize = QuerySize()
    backtest: WorkerSize = WorkerSize(memory_mb=3_008, timeout_seconds=900)
    ingest: WorkerSize = WorkerSize(memory_mb=2_048, timeout_seconds=300, maximum_concurrency=2)
    sweeper: FunctionSize = FunctionSize(memory_mb=512, timeout_seconds=55)
    migrate: FunctionSize = FunctionSize(memory_mb=512, timeout_seconds=300)

    @property
    def client_origin(self) -> str:
        return f"https://{self.client_domain}"

    @model_validator(mode="after")
    def three_hosts(self) -> Self:
        hosts = [self.api_domain, self.origin_domain, self.client_domain]
        if len(set(hosts)) < len(hosts):
            raise ValueError(
                f"apiDomain, originDomain and clientDomain were {', '.join(hosts)}: one host"
                " cannot be two things; give each its own name"
            )
        return self

    @model_validator(mode="after")
    def image_of_this_region(self) -> Self:
        if self.worker_image and f".ecr.{self.region}." not in self.worker_image:
            raise ValueError(
                f"workerImage was {self.worker_image}: Lambda pulls only from its own region,"
                f" {self.region}; push the image to this stack's registry"
            )
        return self


def parse(values: Mapping[str, Any]) -> StackSettings:
    """Return the settings; raises Refused with a sentence per setting that is wrong."""
    try:
        return StackSettings.model_validate(values)
    except ValidationError as e:
        sentences = "\n".join(f"- {_sentence(error)}" for error in e.errors())
        raise Refused(f"the stack's settings are refused:\n{sentences}") from None


def _sentence(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if key == "stack":
        return f"the stack's name was {error['input']!r}: only dev, staging and prod are known"
    if key == "region":
        return f"aws:region was {error['input']!r}: {error['msg']}; `pulumi config set aws:region`"
    if not key:
        return str(error["msg"]).removeprefix("Value error, ")
    remedy = f"`pulumi config set {'--path ' if '.' in key else ''}{key} <value>`"
    if error["type"] == "missing":
        return f"{NAMESPACE}:{key} is not set{_meaning(key)}: {remedy}"
    return f"{NAMESPACE}:{key} was {error['input']!r}: {error['msg']}; {remedy}"


def _meaning(key: str) -> str:
    for name, field in StackSettings.model_fields.items():
        if to_camel(name) == key and field.description:
            return f" ({field.description})"
    return ""


def read() -> StackSettings:
    """Read and check what `pulumi config set` wrote for this stack."""
    config = pulumi.Config(NAMESPACE)
    values: dict[str, Any] = {"stack": pulumi.get_stack()}
    values["region"] = pulumi.Config("aws").get("region")
    for name, field in StackSettings.model_fields.items():
        key = to_camel(name)
        sized = isinstance(field.default, FunctionSize)
        value = config.get_object(key) if sized else config.get(key)
        if value is not None:
            values[key] = value
    return parse(values)


def require_account(expected: str, found: str) -> None:
    """Refuse to deploy with credentials of another account than the stack's."""
    if expected != found:
        raise Refused(
            f"{NAMESPACE}:awsAccountId was {expected}, but the credentials belong to {found}:"
            " sign in to the stack's account, or choose another stack"
        )


def artefact(path: str) -> Path:
    return Path(__file__).parent / path


def require_files(settings: StackSettings) -> None:
    """Refuse artefacts that are not there; relative to the folder Pulumi runs the program in."""
    for key, path in {"queryZip": settings.query_zip, "edgeScript": settings.edge_script}.items():
        if not artefact(path).is_file():
            raise Refused(f"{NAMESPACE}:{key} was {path!r}, where no file is: run `make package`")


class EdgeKey(Model):
    id: Annotated[str, StringConstraints(min_length=1)]
    key: Base64Bytes

    @model_validator(mode="after")
    def long_enough(self) -> Self:
        if len(self.key) < KEY_BYTES:
            raise ValueError("the key is short")
        return self


class EdgeKeys(Model):
    current: EdgeKey
    previous: EdgeKey | None = None


Check = Callable[[str, str], str]


def secret(key: str, check: Check) -> pulumi.Output[str]:
    """Return the secret as a secret output that is refused when `check` refuses its value."""
    if not pulumi.Config(NAMESPACE).get(key):
        raise Refused(
            f"{NAMESPACE}:{key} is not set ({SECRETS[key]}):"
            f" `pulumi config set --secret {key} <value>`"
        )
    if not pulumi.runtime.is_config_secret(f"{NAMESPACE}:{key}"):
        raise Refused(
            f"{NAMESPACE}:{key} is in plain text, readable by all who read the repository:"
            f" change it where it came from, then `pulumi config set --secret {key} <value>`"
        )
    value = pulumi.Config(NAMESPACE).require_secret(key)
    return value.apply(lambda plain: check(key, plain))


def optional_secret(key: str, check: Check) -> pulumi.Output[str] | None:
    """Return the secret as `secret` does; None where it was not set."""
    return secret(key, check) if pulumi.Config(NAMESPACE).get(key) else None


def require_token(key: str, text: str) -> str:
    """Check a provider's key: one word, which is no secret's name and no address."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,128}", text):
        raise Refused(f"{NAMESPACE}:{key} is not one word of 8 to 128 letters and digits")
    return text


def require_pooled(key: str, url: str) -> str:
    """Check a function's address: many short connections, so through the pooler."""
    _require_postgresql(key, url)
    if "-pooler." not in (urlsplit(url).hostname or ""):
        raise Refused(
            f"{NAMESPACE}:{key} names a host without a pooler: each container connects, so use"
            " Neon's address whose host contains -pooler"
        )
    return url


def require_direct(key: str, url: str) -> str:
    """Check the migrations' address: they lock and set what a pooled session would lose."""
    _require_postgresql(key, url)
    if "-pooler." in (urlsplit(url).hostname or ""):
        raise Refused(
            f"{NAMESPACE}:{key} names a pooler's host: migrations hold session locks, so use"
            " Neon's address whose host does not contain -pooler"
        )
    return url


def require_edge_keys(key: str, text: str) -> str:
    """Check the keys the edge signs with and the origin knows: one now, one it used to be."""
    try:
        EdgeKeys.model_validate_json(text)
    except ValidationError:
        raise Refused(
            f'{NAMESPACE}:{key} is not {{"current": {{"id", "key"}}, "previous": null or the same'
            f"}} with keys of {KEY_BYTES} bytes or more in base64: make one with"
            " `openssl rand -base64 32`"
        ) from None
    return text


def _require_postgresql(key: str, url: str) -> None:
    """Check what all addresses share; the value is a secret, so no sentence repeats it."""
    parts = urlsplit(url)
    if parts.scheme not in POSTGRESQL:
        raise Refused(f"{NAMESPACE}:{key} has the scheme {parts.scheme!r}, expected postgresql://")
    if parse_qs(parts.query).get("sslmode") not in (["require"], ["verify-full"]):
        raise Refused(
            f"{NAMESPACE}:{key} does not demand encryption: append ?sslmode=require to it"
        )
