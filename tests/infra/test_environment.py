"""What a function is told is what the API's settings ask for, neither less nor unknown."""

import json

import pytest

from api.settings import Settings
from tests.infra.cloud import CANARY, FUNCTIONS, BuiltStack

SDK = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
SECRETS = {"query": "database", "migrate": "migration"}


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(stack: BuiltStack, function: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for key in ("DATABASE_URL", "PARAKEET_ENVIRONMENT"):
        monkeypatch.delenv(key, raising=False)
    for key, value in stack.environment(function).items():
        monkeypatch.setenv(key, value)
    return Settings(_env_file=None)


def test_settings_are_those_of_the_stack(stack: BuiltStack, function: str, settings: Settings):
    queues = [stack.one("aws:sqs/queue:Queue", name).id for name in ("backtest", "ingest")]

    assert settings.environment == stack.name
    assert (settings.queue, settings.store, settings.secrets) == ("sqs", "s3", "aws")
    assert [settings.queue_url, settings.ingest_queue_url] == queues
    assert settings.bucket == f"parakeet-{stack.name}-lake-123456789012"
    assert settings.pool_size == 1
    assert settings.database_url is None
    assert settings.database_secret == f"parakeet/{stack.name}/{SECRETS.get(function, 'worker')}"
    assert settings.edge_secret == f"parakeet/{stack.name}/edge"
    assert settings.through_pooler == (function != "migrate")
    issued_by = (settings.token_issuer, settings.token_audience, settings.jwks_url)
    login = "https://login.example.com/"
    assert issued_by == (login, "parakeet", f"{login}.well-known/jwks.json")


def test_every_variable_is_a_setting(stack: BuiltStack, function: str):
    known = {f"PARAKEET_{name.upper()}" for name in Settings.model_fields}

    assert set(stack.environment(function)) - known - SDK == set()


def test_metrics_are_told_apart_by_function_and_stack(stack: BuiltStack, function: str):
    told = stack.environment(function)

    assert told["POWERTOOLS_SERVICE_NAME"] == f"parakeet-{stack.name}-{function}"
    assert told["POWERTOOLS_METRICS_NAMESPACE"] == "PotentialParakeet"


def test_no_secret_is_told(stack: BuiltStack, function: str):
    assert CANARY not in json.dumps(stack.environment(function))


def test_only_the_migrations_know_their_secret(stack: BuiltStack, function: str):
    told = stack.environment(function)

    expected = f"parakeet/{stack.name}/migration" if function == "migrate" else None
    assert told.get("PARAKEET_MIGRATION_SECRET") == expected
    assert ("PARAKEET_APP_ROLE" in told) == (function == "migrate")


def test_tiingos_key_is_named_to_who_asks_and_to_who_tells(stack: BuiltStack, function: str):
    told = stack.environment(function).get("PARAKEET_TIINGO_SECRET")

    named = function in ("query", "ingest")
    assert told == (f"parakeet/{stack.name}/tiingo" if named else None)


@pytest.mark.parametrize("worker", ["backtest", "ingest"])
def test_job_times_out_before_its_function_gives_it_back(stack: BuiltStack, worker: str):
    timeout = stack.one("aws:lambda/function:Function", worker).inputs["timeout"]
    told = stack.environment(worker)
    soft_stop = float(told["PARAKEET_SOFT_STOP_SECONDS"])

    assert float(told["PARAKEET_JOB_TIMEOUT_SECONDS"]) < timeout - soft_stop
    assert soft_stop == 20.0
