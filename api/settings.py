"""All that may differ between two places the product runs in.

Nobody else reads the environment.
"""

from pathlib import Path
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# One person, one machine: without accounts every row belongs to this owner.
LOCAL_OWNER_ID = UUID("6f0f6a52-3d8c-5c0e-9f4b-1d2a7c3e5b10")

POSTGRESQL = ("postgresql://", "postgres://", "postgresql+asyncpg://")


class Settings(BaseSettings):
    """Read from ``PARAKEET_*`` in the environment, then from ``.env``; names carry units."""

    model_config = SettingsConfigDict(
        env_prefix="PARAKEET_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
    )

    environment: Literal["local", "test"] = Field(
        "local", description="Where this runs; anything else is refused."
    )
    home: Path = Field(
        Path(".parakeet"), description="Folder of the embedded database, the objects and the log."
    )
    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="postgresql:// address of a server of your own; empty: the embedded one.",
    )
    pool_size: int = Field(8, ge=1, le=100, description="Database connections a process keeps.")
    command_timeout_seconds: float = Field(
        2.0, gt=0, description="Longest database statement of a request."
    )
    worker_command_timeout_seconds: float = Field(
        60.0, gt=0, description="Longest database statement of a worker or of a migration."
    )
    queue: Literal["local"] = Field("local", description="Adapter that carries job messages.")
    store: Literal["local"] = Field("local", description="Adapter that keeps objects.")
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
    job_expires_seconds: float = Field(
        18_900.0, gt=0, description="A job still queued after so long fails as EXPIRED."
    )
    stop_grace_seconds: float = Field(
        3.0, gt=0, description="Time a computation has to notice that it was cancelled."
    )
    retry_base_seconds: float = Field(0.2, gt=0, description="First ceiling of a random back-off.")
    retry_cap_seconds: float = Field(20.0, gt=0, description="Last ceiling of a random back-off.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severity that is logged."
    )

    @field_validator("database_url", mode="after")
    @classmethod
    def only_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        """One dialect: another database would lose decimals, offsets and constraints."""
        if url is None or url.get_secret_value().startswith(POSTGRESQL):
            return url
        scheme = url.get_secret_value().partition(":")[0]
        raise ValueError(
            f"DATABASE_URL has the scheme {scheme!r}, only postgresql:// is supported; leave"
            " DATABASE_URL empty to use the embedded PostgreSQL"
        )

    @model_validator(mode="after")
    def heartbeat_fits_the_lease(self) -> Self:
        """Two beats may be missed before the lease runs out."""
        if self.heartbeat_seconds * 3 > self.lease_seconds:
            raise ValueError(
                f"heartbeat_seconds was {self.heartbeat_seconds:g}, expected at most a third of"
                f" lease_seconds, {self.lease_seconds:g}"
            )
        return self

    def dump(self) -> dict[str, Any]:
        """Return the settings as JSON values, secrets included, for a child process of ours."""
        url = self.database_url
        plain = {"database_url": None if url is None else url.get_secret_value()}
        return self.model_dump(mode="json", exclude={"database_url"}) | plain
