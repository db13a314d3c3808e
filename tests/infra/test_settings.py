"""Settings a stack is not built with, each refused by name, with its value and what to do."""

import json
import warnings
from typing import Any

import pytest
from stack import (
    Refused,
    parse,
    require_account,
    require_direct,
    require_edge_keys,
    require_files,
    require_pooled,
)

from tests.infra.cloud import EDGE_KEY, SECRETS, settings

with warnings.catch_warnings():
    # The provider's library warns of its own old names as it is imported.
    warnings.filterwarnings("ignore", r"\S+ has been deprecated in favor of", DeprecationWarning)
    from components.data_lake import DataLakeArgs
    from components.graphql_endpoint import GraphqlEndpointArgs
    from components.place import Place
    from components.schedules import Close, require_expression
    from components.work_queue import WorkQueueArgs
    from components.worker import WorkerArgs

PLACE = Place(stack="dev", account_id="123456789012", region="eu-west-1", log_retention_days=30)
POOLED, DIRECT = SECRETS["databaseUrl"], SECRETS["migrationUrl"]


def values(**changes: Any) -> dict[str, Any]:
    plain = {key: value for key, value in settings("prod").items() if ":" not in key}
    return {"stack": "prod", "region": "ap-southeast-2"} | plain | changes


def refusal(**changes: Any) -> str:
    with pytest.raises(Refused) as refused:
        parse(values(**changes))
    _, *sentences = str(refused.value).splitlines()
    assert len(sentences) == 1
    return sentences[0]


def test_what_is_asked_of_an_operator_is_enough():
    made = parse(values())

    assert (made.stack, made.rate_limit_period_seconds, made.monthly_budget_usd) == ("prod", 60, 50)
    assert made.client_origin == "https://app.prod.example.com"


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown environment": ({"stack": "prd"}, ["'prd'", "dev, staging and prod"]),
    "upper-case environment": ({"stack": "Prod"}, ["'Prod'", "dev, staging and prod"]),
    "region without the services": ({"region": "us-gov-west-1"}, ["aws:region", "us-gov-west-1"]),
    "account id too short": ({"awsAccountId": "1234"}, ["awsAccountId", "'1234'"]),
    "timeout over Lambda's": (
        {"backtest": {"memoryMb": 3008, "timeoutSeconds": 901}},
        ["backtest.timeoutSeconds", "901", "900", "--path"],
    ),
    "timeout over the gateway's": (
        {"query": {"timeoutSeconds": 30}},
        ["query.timeoutSeconds", "30", "29"],
    ),
    "memory under Lambda's": (
        {"sweeper": {"memoryMb": 64, "timeoutSeconds": 55}},
        ["sweeper.memoryMb", "64", "128"],
    ),
    "memory over Lambda's": (
        {"query": {"memoryMb": 10_241}},
        ["query.memoryMb", "10241", "10240"],
    ),
    "concurrency of one on a mapping": (
        {"ingest": {"memoryMb": 512, "timeoutSeconds": 300, "maximumConcurrency": 1}},
        ["ingest.maximumConcurrency", "1", "2"],
    ),
    "misspelt size": ({"query": {"memory": 512}}, ["query.memory", "512", "not permitted"]),
    "log retention 0": ({"logRetentionDays": "0"}, ["logRetentionDays", "1, 3, 5"]),
    "log retention CloudWatch has not": ({"logRetentionDays": "31"}, ["logRetentionDays", "30"]),
    "rate limit period": (
        {"rateLimitPeriodSeconds": "30"},
        ["rateLimitPeriodSeconds", "30", "10 or 60"],
    ),
    "any origin": ({"clientDomain": "*"}, ["clientDomain", "'*'"]),
    "domain with a scheme": ({"apiDomain": "https://api.example.com"}, ["apiDomain", "https://"]),
    "issuer without TLS": ({"tokenIssuer": "http://login.example.com"}, ["tokenIssuer", "http:"]),
    "keys without TLS": ({"jwksUrl": "http://login.example.com/keys"}, ["jwksUrl", "http:"]),
    "audience with spaces": ({"tokenAudience": "a b"}, ["tokenAudience", "'a b'"]),
    "image by tag": (
        {"workerImage": "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/worker:latest"},
        ["workerImage", "worker:latest"],
    ),
    "image of another region": (
        {"workerImage": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/w@sha256:{'0' * 64}"},
        ["workerImage", "us-east-1", "ap-southeast-2"],
    ),
    "one host for two": (
        {"originDomain": "api.prod.example.com"},
        ["apiDomain", "originDomain", "api.prod.example.com"],
    ),
    "budget of nothing": ({"monthlyBudgetUsd": "0"}, ["monthlyBudgetUsd", "'0'", "1"]),
    "no address to alert": ({"alertEmail": "operator"}, ["alertEmail", "'operator'"]),
    "runbook nowhere": ({"runbookUrl": "runbook.md"}, ["runbookUrl", "'runbook.md'"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_setting_is_refused(case: str):
    changes, words = REFUSED[case]

    sentence = refusal(**changes)

    assert [word for word in words if word not in sentence] == []


DEMANDED = [
    "alertEmail",
    "apiDomain",
    "awsAccountId",
    "clientDomain",
    "clientId",
    "cloudflareAccountId",
    "cloudflareZoneId",
    "jwksUrl",
    "monthlyBudgetUsd",
    "originDomain",
    "runbookUrl",
    "tokenAudience",
    "tokenIssuer",
]


def test_missing_settings_are_all_named_at_once():
    with pytest.raises(Refused) as refused:
        parse({"stack": "dev", "region": "ap-southeast-2"})

    _, *sentences = str(refused.value).splitlines()
    named = sorted(sentence.split(":")[1].split()[0] for sentence in sentences)
    assert named == DEMANDED
    assert all("`pulumi config set " in sentence for sentence in sentences)


def test_other_account_is_refused():
    require_account("123456789012", "123456789012")
    with pytest.raises(Refused, match=r"awsAccountId was 123456789012.*belong to 999999999999"):
        require_account("123456789012", "999999999999")


@pytest.mark.parametrize(
    ("key", "value"), [("queryZip", "../dist/no.zip"), ("edgeScript", "../dist/no.js")]
)
def test_artefact_that_is_not_built_is_refused(key: str, value: str):
    require_files(parse(values()))
    with pytest.raises(Refused, match=rf"{key} was '{value}'.*make package"):
        require_files(parse(values(**{key: value})))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///prod.db", "scheme 'sqlite', expected postgresql"),
        ("mysql://u:hunter2@x-pooler.example.com/db?sslmode=require", "scheme 'mysql'"),
        (POOLED.replace("?sslmode=require", ""), "append [?]sslmode=require"),
        (POOLED.replace("=require", "=disable"), "append [?]sslmode=require"),
        (DIRECT, "host without a pooler"),
    ],
)
def test_address_of_functions_is_refused_without_being_told(url: str, words: str):
    assert require_pooled("databaseUrl", POOLED) == POOLED
    with pytest.raises(Refused, match=f"databaseUrl.*{words}") as refused:
        require_pooled("databaseUrl", url)
    assert "hunter2" not in str(refused.value)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [(POOLED, "pooler's host"), (DIRECT.replace("require", "prefer"), "sslmode=require")],
)
def test_address_of_migrations_is_refused_without_being_told(url: str, words: str):
    assert require_direct("migrationUrl", DIRECT) == DIRECT
    with pytest.raises(Refused, match=f"migrationUrl.*{words}") as refused:
        require_direct("migrationUrl", url)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        '{"previous": null}',
        '{"current": {"id": "k1", "key": "c2hvcnQ="}}',
        '{"current": {"id": "k1", "key": "not base64!"}}',
        json.dumps({"current": {"id": "", "key": EDGE_KEY}}),
        json.dumps({"current": {"id": "k1", "key": EDGE_KEY}, "next": None}),
    ],
)
def test_keys_of_the_edge_are_refused_without_being_told(text: str):
    assert require_edge_keys("edgeKeys", SECRETS["edgeKeys"]) == SECRETS["edgeKeys"]
    with pytest.raises(Refused, match=r"edgeKeys is not .*openssl rand -base64 32") as refused:
        require_edge_keys("edgeKeys", text)
    assert "hunter2" not in str(refused.value)
    assert EDGE_KEY not in str(refused.value)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(30 17 * * MON-FRI *)",
        "cron(30 17 ? * ? *)",
        "cron(30 25 ? * MON-FRI *)",
        "cron(61 17 ? * MON-FRI *)",
        "cron(30 17 ? * MON-FRI)",
        "30 17 * * 1-5",
        "rate(0 minutes)",
        "",
    ],
)
def test_schedule_is_refused(expression: str):
    with pytest.raises(ValueError, match="the schedule was"):
        require_expression(expression)


def test_time_zone_nobody_lives_in_is_refused():
    with pytest.raises(KeyError, match="Australia/Sidney"):
        Close(expression="cron(30 17 ? * MON-FRI *)", timezone="Australia/Sidney")


def queue(**changes: Any) -> WorkQueueArgs:
    given: dict[str, Any] = {"timeout_seconds": 900, "oldest_message_seconds": 60} | changes
    return WorkQueueArgs(place=PLACE, alerting=None, **given)


@pytest.mark.parametrize("receives", [0, 1_001])
def test_receive_count_is_refused(receives: int):
    with pytest.raises(ValueError, match=f"max_receive_count was {receives}, expected 1 to 1000"):
        queue(max_receive_count=receives)


@pytest.mark.parametrize("timeout_seconds", [0, 7_201])
def test_visibility_over_twelve_hours_is_refused(timeout_seconds: int):
    assert queue(timeout_seconds=7_200).visibility_seconds == 43_200
    with pytest.raises(ValueError, match=f"timeout_seconds was {timeout_seconds}, expected 1 to"):
        queue(timeout_seconds=timeout_seconds)


@pytest.mark.parametrize("batch_size", [0, 11])
def test_batch_size_is_refused(batch_size: int):
    with pytest.raises(ValueError, match=f"batch_size was {batch_size}, expected 1 to 10"):
        WorkerArgs(function=None, queue=None, batch_size=batch_size, maximum_concurrency=2)


@pytest.mark.parametrize("name", ["Parakeet-Lake", "pl", "parakeet_lake", "a" * 64])
def test_bucket_name_is_refused(name: str):
    DataLakeArgs(place=PLACE, bucket_name="a" * 63)
    with pytest.raises(ValueError, match=r"the bucket's name was .*3 to 63 lower-case"):
        DataLakeArgs(place=PLACE, bucket_name=name)


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "http://app.example.com", "app.example.com"]
)
def test_origin_is_refused(origin: str):
    given: dict[str, Any] = dict.fromkeys(("alerting", "function"))
    words = dict.fromkeys(("domain", "zone_id", "token_issuer", "token_audience"), "x")
    with pytest.raises(ValueError, match="name each origin exactly"):
        GraphqlEndpointArgs(place=PLACE, origins=(origin,), **given, **words)
