"""All that may differ between two places the product runs in.

Nobody else reads the environment.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# One person, one machine: without accounts every row belongs to this owner.
LOCAL_OWNER_ID = UUID("6f0f6a52-3d8c-5c0e-9f4b-1d2a7c3e5b10")

POSTGRESQL = ("postgresql://", "postgres://", "postgresql+asyncpg://")
DEPLOYED = ("dev", "staging", "prod")
# What a deployed process must be told, beside the adapters of AWS: nothing of it has a default.
DEMANDED = {
    "edge_secret": "the name of the secret with the keys the edge signs with",
    "token_issuer": "the issuer of the tokens, such as https://login.example.com/",
    "token_audience": "the audience the tokens must name",
    "jwks_url": "the address of the issuer's public keys",
}
HTTPS = ("token_issuer", "jwks_url")
# What each adapter of AWS cannot do without.
NEEDS = {
    ("queue", "sqs"): {
        "queue_url": "the address of the backtest queue",
        "ingest_queue_url": "the address of the ingest queue",
    },
    ("store", "s3"): {"bucket": "the name of the bucket"},
    ("secrets", "aws"): {"database_secret": "the name of the secret with the database's address"},
}


class Settings(BaseSettings):
    """Read from ``PARAKEET_*`` in the environment, then from ``.env``; names carry units."""

    model_config = SettingsConfigDict(
        env_prefix="PARAKEET_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        # An error shows what was read, and what was read may be a password.
        hide_input_in_errors=True,
    )

    environment: Literal["local", "test", "dev", "staging", "prod"] = Field(
        "local", description="Where this runs: local, test, dev, staging or prod."
    )
    home: Path = Field(
        Path(".parakeet"), description="Folder of the embedded database, the objects and the log."
    )
    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="postgresql:// address of a server of your own; empty: the embedded one.",
    )
    through_pooler: bool = Field(
        False, description="Whether the address is a transaction pooler's, such as Neon's."
    )
    pool_size: int = Field(8, ge=1, le=100, description="Database connections a process keeps.")
    command_timeout_seconds: float = Field(
        2.0, gt=0, description="Longest database statement of a request."
    )
    worker_command_timeout_seconds: float = Field(
        60.0, gt=0, description="Longest database statement of a worker or of a migration."
    )
    queue: Literal["local", "sqs"] = Field(
        "local", description="Adapter that carries job messages: local or sqs."
    )
    queue_url: str | None = Field(None, description="Address of the backtest queue in SQS.")
    ingest_queue_url: str | None = Field(None, description="Address of the ingest queue in SQS.")
    store: Literal["local", "s3"] = Field(
        "local", description="Adapter that keeps objects: local or s3."
    )
    bucket: str | None = Field(None, description="Name of the bucket in S3.")
    secrets: Literal["environment", "aws"] = Field(
        "environment", description="Adapter that knows secrets: environment or aws."
    )
    database_secret: str | None = Field(
        None, description="Name of the secret with the database's address, in Secrets Manager."
    )
    migration_secret: str | None = Field(
        None, description="Name of the secret with the address migrations use."
    )
    app_role: str | None = Field(
        None,
        description="Database roles whose timeouts a migration checks, separated by commas.",
    )
    edge_secret: str | None = Field(
        None, description="Name of the secret with the keys the edge signs requests with."
    )
    token_issuer: str | None = Field(None, description="Issuer a caller's token must come from.")
    token_audience: str | None = Field(None, description="Audience a caller's token must name.")
    jwks_url: str | None = Field(None, description="Address of the issuer's public keys.")
    owner_id: UUID = Field(LOCAL_OWNER_ID, description="Owner of every row in local mode.")
    jobs_per_day: int = Field(2_000, ge=1, description="Jobs an owner may submit in a day.")
    concurrent_jobs: int = Field(50, ge=1, description="Jobs an owner may have open at once.")
    lease_seconds: float = Field(
        30.0, gt=0, description="A job whose worker was silent for so long may be taken over."
    )
    heartbeat_seconds: float = Field(
        10.0, gt=0, description="Longest silence of a living worker; at most a third of the lease."
    )
    progress_seconds: float = Field(
        0.5, gt=0, description="Shortest time between two records of a job's progress."
    )
    sweep_seconds: float = Field(15.0, gt=0, description="Time between two sweeps.")
    sweep_objects_seconds: float = Field(
        3_600.0, gt=0, description="Time between two searches for objects no result points to."
    )
    unsent_after_seconds: float = Field(
        5.0, ge=0, description="A queued job without a message for so long is sent again."
    )
    resend_after_seconds: float = Field(
        900.0, gt=0, description="A queued job nobody took for so long after its message, too."
    )
    job_timeout_seconds: float = Field(
        900.0, gt=0, description="Longest computation of one attempt; longer ends in TIMEOUT."
    )
    # Three attempts, each of a worker's 900 s and a queue's visibility of 5,400 s.
    job_expires_seconds: float = Field(
        18_900.0, gt=0, description="A job still queued after so long fails as EXPIRED."
    )
    soft_stop_seconds: float = Field(
        20.0, gt=0, description="A worker in Lambda gives its job back so long before its end."
    )
    stop_grace_seconds: float = Field(
        3.0, gt=0, description="Time a computation has to notice that it was cancelled."
    )
    retry_base_seconds: float = Field(0.2, gt=0, description="First ceiling of a random back-off.")
    retry_cap_seconds: float = Field(20.0, gt=0, description="Last ceiling of a random back-off.")
    membership_url: str | None = Field(
        None,
        description="Address or path of a CSV file with the history of the S&P 500's members.",
    )
    tiingo_api_key: SecretStr | None = Field(
        None,
        validation_alias="TIINGO_API_KEY",
        description="Key of Tiingo for prices of US shares; empty: Yahoo is asked instead.",
    )
    tiingo_secret: str | None = Field(
        None, description="Name of the secret with Tiingo's key, in Secrets Manager."
    )
    tiingo_url: str = Field("https://api.tiingo.com", description="Address of Tiingo.")
    yahoo_url: str = Field(
        "https://query2.finance.yahoo.com", description="Address of Yahoo's charts."
    )
    ecb_url: str = Field(
        "https://www.ecb.europa.eu", description="Address of the European Central Bank's rates."
    )
    french_url: str = Field(
        "https://mba.tuck.dartmouth.edu", description="Address of Kenneth French's data library."
    )
    rba_url: str = Field(
        "https://www.rba.gov.au", description="Address of the Reserve Bank of Australia's tables."
    )
    fetch_concurrency: int = Field(
        32, ge=1, le=256, description="Requests open at once at one provider."
    )
    tiingo_requests_per_hour: int = Field(
        20_000, ge=1, description="Requests an hour that Tiingo allows."
    )
    yahoo_requests_per_hour: int = Field(
        20_000, ge=1, description="Requests an hour to Yahoo, which publishes no limit."
    )
    provider_timeout_seconds: float = Field(
        20.0, gt=0, description="Longest wait for one answer of a provider."
    )
    tiingo_delay_seconds: float = Field(
        0.0, ge=0, description="How long after a close Tiingo has its bar."
    )
    yahoo_delay_seconds: float = Field(
        0.0, ge=0, description="How long after a close Yahoo has its bar."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severity that is logged."
    )

    @field_validator("database_url", mode="after")
    @classmethod
    def only_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        """One dialect: another database would lose decimals, offsets and constraints."""
        if url is None or url.get_secret_value().startswith(POSTGRESQL):
            return url
        scheme, colon, _ = url.get_secret_value().partition("://")
        # Without one, all of it may be a password.
        found = f"the scheme {scheme!r}" if colon else "no scheme"
        raise ValueError(
            f"DATABASE_URL has {found}, only postgresql:// is supported; leave"
            " DATABASE_URL empty to use the embedded PostgreSQL"
        )

    @field_validator("environment", mode="before")
    @classmethod
    def only_known(cls, name: object) -> object:
        """Refuse a misspelt environment, which must not pass for a local one."""
        known = ("local", "test", *DEPLOYED)
        if name in known:
            return name
        raise ValueError(f"PARAKEET_ENVIRONMENT was {name!r}, expected one of {', '.join(known)}")

    @model_validator(mode="after")
    def fails_closed(self) -> Self:
        """Refuse to start on less than the place demands, naming all of it at once."""
        problems = [*self._lacking_for_adapters()]
        if self.environment in DEPLOYED:
            problems += [*self._local_adapters(), *self._lacking_when_deployed()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _lacking_for_adapters(self) -> Iterator[str]:
        for (port, adapter), needs in NEEDS.items():
            if getattr(self, port) == adapter:
                because = f"PARAKEET_{port.upper()} is {adapter}"
                yield from self._lacking(needs, because)

    def _local_adapters(self) -> Iterator[str]:
        for port, adapter in NEEDS:
            if (found := getattr(self, port)) != adapter:
                yield (
                    f"PARAKEET_{port.upper()} was {found!r}, expected {adapter!r} where"
                    f" PARAKEET_ENVIRONMENT is {self.environment}"
                )

    def _lacking_when_deployed(self) -> Iterator[str]:
        where = f"PARAKEET_ENVIRONMENT is {self.environment}"
        yield from self._lacking(DEMANDED, where)
        for name in HTTPS:
            value = getattr(self, name)
            if value is not None and not value.startswith("https://"):
                yield f"PARAKEET_{name.upper()} was {value!r}, expected an https:// address"
        if self.database_url is not None:
            yield (
                f"DATABASE_URL is set where {where}: remove it, store the address in Secrets"
                " Manager and name that secret in PARAKEET_DATABASE_SECRET"
            )
        if self.tiingo_api_key is not None:
            yield (
                f"TIINGO_API_KEY is set where {where}: remove it, store the key in Secrets"
                " Manager and name that secret in PARAKEET_TIINGO_SECRET"
            )

    def _lacking(self, needs: Mapping[str, str], because: str) -> Iterator[str]:
        for name, meaning in needs.items():
            if getattr(self, name) is None:
                yield f"PARAKEET_{name.upper()} was not set, but {because}: set it to {meaning}"

    @model_validator(mode="after")
    def heartbeat_fits_the_lease(self) -> Self:
        """Two beats may be missed before the lease runs out."""
        if self.heartbeat_seconds * 3 > self.lease_seconds:
            raise ValueError(
                f"heartbeat_seconds was {self.heartbeat_seconds:g}, expected at most a third of"
                f" lease_seconds, {self.lease_seconds:g}"
            )
        return self

    @model_validator(mode="after")
    def grace_fits_the_soft_stop(self) -> Self:
        """Leave time to give a job back: who waits longer is killed before that."""
        if self.stop_grace_seconds >= self.soft_stop_seconds:
            raise ValueError(
                f"stop_grace_seconds was {self.stop_grace_seconds:g}, expected less than"
                f" soft_stop_seconds, {self.soft_stop_seconds:g}"
            )
        return self

    def dump(self) -> dict[str, Any]:
        """Return the settings as JSON values, secrets included, for a child process of ours."""
        secrets = {"database_url": self.database_url, "tiingo_api_key": self.tiingo_api_key}
        plain = {
            name: None if value is None else value.get_secret_value()
            for name, value in secrets.items()
        }
        return self.model_dump(mode="json", exclude=set(secrets)) | plain
