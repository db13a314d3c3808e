from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from api.settings import Settings

ROOT = Path(__file__).parents[2]
QUEUES = "https://sqs.ap-southeast-2.amazonaws.com/123456789012"
DEPLOYED = {
    "PARAKEET_ENVIRONMENT": "prod",
    "PARAKEET_QUEUE": "sqs",
    "PARAKEET_QUEUE_URL": f"{QUEUES}/parakeet-prod-backtest",
    "PARAKEET_INGEST_QUEUE_URL": f"{QUEUES}/parakeet-prod-ingest",
    "PARAKEET_STORE": "s3",
    "PARAKEET_BUCKET": "parakeet-prod-lake-123456789012",
    "PARAKEET_SECRETS": "aws",
    "PARAKEET_DATABASE_SECRET": "parakeet/prod/database",
    "PARAKEET_EDGE_SECRET": "parakeet/prod/edge",
    "PARAKEET_TOKEN_ISSUER": "https://login.example.com/",
    "PARAKEET_TOKEN_AUDIENCE": "https://api.example.com",
    "PARAKEET_JWKS_URL": "https://login.example.com/.well-known/jwks.json",
}


def told(refused: pytest.ExceptionInfo[ValidationError]) -> list[str]:
    """The sentences of a refusal."""
    messages = [error["msg"].removeprefix("Value error, ") for error in refused.value.errors()]
    return [sentence for message in messages for sentence in message.split("; ")]


def environment_name(name: str, field: FieldInfo) -> str:
    return str(field.validation_alias or f"PARAKEET_{name.upper()}")


def example() -> str:
    """What .env.example has to say: each setting, its meaning, its default."""
    entries = []
    for name, field in Settings.model_fields.items():
        value = "" if field.default is None else field.default
        entries.append(f"# {field.description}\n{environment_name(name, field)}={value}\n")
    return "\n".join(entries)


def test_example_names_every_setting_with_its_default():
    written = (ROOT / ".env.example").read_text()

    assert written == example()


def test_example_copied_to_env_changes_nothing(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(example())

    assert Settings() == Settings(_env_file=None)


@pytest.mark.parametrize(
    "url", ["postgresql://h/d", "postgres://h/d", "postgresql+asyncpg://u:p@h:5432/d"]
)
def test_takes_a_postgresql_address(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", url)

    settings = Settings(_env_file=None)

    assert settings.database_url.get_secret_value() == url
    assert url not in repr(settings)


def test_refuses_sqlite_url(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///trades.db")

    with pytest.raises(ValidationError, match=r"scheme 'sqlite'.*embedded PostgreSQL"):
        Settings(_env_file=None)


def test_refuses_a_heartbeat_slower_than_a_third_of_the_lease():
    with pytest.raises(ValidationError, match="at most a third"):
        Settings(_env_file=None, lease_seconds=9, heartbeat_seconds=4)


def test_refuses_a_grace_that_outlasts_the_soft_stop():
    with pytest.raises(ValidationError, match="expected less than soft_stop_seconds, 3"):
        Settings(_env_file=None, soft_stop_seconds=3, stop_grace_seconds=3)


@pytest.mark.parametrize("name", ["prd", "PROD", "production", "prod "])
def test_refuses_an_environment_it_does_not_know(monkeypatch, name):
    monkeypatch.setenv("PARAKEET_ENVIRONMENT", name)

    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)

    assert told(refused) == [
        f"PARAKEET_ENVIRONMENT was '{name}', expected one of local, test, dev, staging, prod"
    ]


@pytest.fixture
def deployed(monkeypatch) -> pytest.MonkeyPatch:
    """The environment of a function in production."""
    for variable, value in DEPLOYED.items():
        monkeypatch.setenv(variable, value)
    return monkeypatch


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_deployed_process_starts_on_all_it_demands(deployed, environment):
    deployed.setenv("PARAKEET_ENVIRONMENT", environment)

    settings = Settings(_env_file=None)

    assert (settings.environment, settings.queue, settings.store, settings.secrets) == (
        environment, "sqs", "s3", "aws",
    )  # fmt: skip


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
@pytest.mark.parametrize(
    ("variable", "because", "value"),
    [
        ("QUEUE_URL", "QUEUE is sqs", "the address of the backtest queue"),
        ("INGEST_QUEUE_URL", "QUEUE is sqs", "the address of the ingest queue"),
        ("BUCKET", "STORE is s3", "the name of the bucket"),
        (
            "DATABASE_SECRET",
            "SECRETS is aws",
            "the name of the secret with the database's address",
        ),
        (
            "EDGE_SECRET",
            "ENVIRONMENT is {}",
            "the name of the secret with the keys the edge signs with",
        ),
        (
            "TOKEN_ISSUER",
            "ENVIRONMENT is {}",
            "the issuer of the tokens, such as https://login.example.com/",
        ),
        ("TOKEN_AUDIENCE", "ENVIRONMENT is {}", "the audience the tokens must name"),
        ("JWKS_URL", "ENVIRONMENT is {}", "the address of the issuer's public keys"),
    ],
)
@pytest.mark.parametrize("unset", [True, False])
def test_a_deployed_process_refuses_to_start_without(
    deployed, environment, variable, because, value, unset
):
    deployed.setenv("PARAKEET_ENVIRONMENT", environment)
    deployed.setenv(f"PARAKEET_{variable}", "")
    if unset:
        deployed.delenv(f"PARAKEET_{variable}")

    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)

    why = f"PARAKEET_{because.format(environment)}"
    assert told(refused) == [f"PARAKEET_{variable} was not set, but {why}: set it to {value}"]


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "PARAKEET_QUEUE",
            "local",
            "PARAKEET_QUEUE was 'local', expected 'sqs' where PARAKEET_ENVIRONMENT is prod",
        ),
        (
            "PARAKEET_STORE",
            "local",
            "PARAKEET_STORE was 'local', expected 's3' where PARAKEET_ENVIRONMENT is prod",
        ),
        (
            "PARAKEET_SECRETS",
            "environment",
            "PARAKEET_SECRETS was 'environment', expected 'aws' where PARAKEET_ENVIRONMENT is prod",
        ),
        (
            "PARAKEET_TOKEN_ISSUER",
            "http://login.example.com/",
            "PARAKEET_TOKEN_ISSUER was 'http://login.example.com/', expected an https:// address",
        ),
        (
            "PARAKEET_JWKS_URL",
            "http://login.example.com/keys",
            "PARAKEET_JWKS_URL was 'http://login.example.com/keys', expected an https:// address",
        ),
        (
            "DATABASE_URL",
            "postgresql://u:canary@h/d",
            (
                "DATABASE_URL is set where PARAKEET_ENVIRONMENT is prod: remove it, store the"
                " address in Secrets Manager and name that secret in PARAKEET_DATABASE_SECRET"
            ),
        ),
    ],
)
def test_a_deployed_process_refuses_what_is_meant_for_one_machine(
    deployed, variable, value, sentence
):
    deployed.setenv(variable, value)

    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)

    assert told(refused) == [sentence]
    assert "canary" not in str(refused.value)


def test_a_deployed_process_names_all_it_lacks_at_once(monkeypatch):
    monkeypatch.setenv("PARAKEET_ENVIRONMENT", "prod")

    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)

    assert [sentence.split()[0] for sentence in told(refused)] == [
        "PARAKEET_QUEUE",
        "PARAKEET_STORE",
        "PARAKEET_SECRETS",
        "PARAKEET_EDGE_SECRET",
        "PARAKEET_TOKEN_ISSUER",
        "PARAKEET_TOKEN_AUDIENCE",
        "PARAKEET_JWKS_URL",
    ]


def test_a_local_process_may_use_one_adapter_of_aws(monkeypatch):
    monkeypatch.setenv("PARAKEET_STORE", "s3")
    monkeypatch.setenv("PARAKEET_BUCKET", "a-bucket")

    settings = Settings(_env_file=None)

    assert (settings.environment, settings.store, settings.queue) == ("local", "s3", "local")


@pytest.mark.parametrize("address", ["mysql://u:canary@h/d", "canary", "canary:5432/d"])
def test_a_refused_address_is_not_shown(monkeypatch, address):
    monkeypatch.setenv("DATABASE_URL", address)

    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)

    assert "canary" not in str(refused.value)


def test_a_child_rebuilds_the_same_settings(monkeypatch):
    monkeypatch.setenv("PARAKEET_LEASE_SECONDS", "99")
    settings = Settings(
        _env_file=None, database_url="postgresql://u:secret@h/d", lease_seconds=45, home="/x"
    )

    assert Settings(**settings.dump()) == settings
