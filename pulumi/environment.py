"""What every function is told: names of the API's settings, values of this stack."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from components.place import Place

METRICS = "PotentialParakeet"
SOFT_STOP_SECONDS = 20
# A job that ends of itself must do so before the soft stop gives it to another attempt.
JOB_MARGIN_SECONDS = 2 * SOFT_STOP_SECONDS
# Each function reads the database as its own role.
DATABASE_SECRETS = {
    "query": "database",
    "backtest": "worker",
    "ingest": "worker",
    "sweeper": "worker",
    "migrate": "migration",
}

COMPUTING = ("backtest", "ingest")
# Who asks Tiingo, and who says whether it can be asked; only the former may read the key.
TOLD_OF_TIINGO = ("query", "ingest")


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the functions share."""

    place: Place
    backtest_queue_url: pulumi.Input[str]
    ingest_queue_url: pulumi.Input[str]
    bucket: pulumi.Input[str]
    secret_names: Mapping[str, pulumi.Input[str]]
    token_issuer: str
    token_audience: str
    jwks_url: str


def environment(
    function: str, around: Surroundings, *, timeout_seconds: int
) -> dict[str, pulumi.Input[str]]:
    """Return the variables of one function; secrets by name only."""
    variables: dict[str, pulumi.Input[str]] = {
        "PARAKEET_ENVIRONMENT": around.place.stack,
        "PARAKEET_QUEUE": "sqs",
        "PARAKEET_QUEUE_URL": around.backtest_queue_url,
        "PARAKEET_INGEST_QUEUE_URL": around.ingest_queue_url,
        "PARAKEET_STORE": "s3",
        "PARAKEET_BUCKET": around.bucket,
        "PARAKEET_SECRETS": "aws",
        "PARAKEET_DATABASE_SECRET": around.secret_names[DATABASE_SECRETS[function]],
        "PARAKEET_EDGE_SECRET": around.secret_names["edge"],
        "PARAKEET_THROUGH_POOLER": "false" if function == "migrate" else "true",
        "PARAKEET_POOL_SIZE": "1",
        "PARAKEET_TOKEN_ISSUER": around.token_issuer,
        "PARAKEET_TOKEN_AUDIENCE": around.token_audience,
        "PARAKEET_JWKS_URL": around.jwks_url,
        "PARAKEET_SOFT_STOP_SECONDS": str(SOFT_STOP_SECONDS),
        "POWERTOOLS_SERVICE_NAME": around.place.name(function),
        "POWERTOOLS_METRICS_NAMESPACE": METRICS,
    }
    if function in COMPUTING:
        variables["PARAKEET_JOB_TIMEOUT_SECONDS"] = str(timeout_seconds - JOB_MARGIN_SECONDS)
    if function in TOLD_OF_TIINGO and "tiingo" in around.secret_names:
        variables["PARAKEET_TIINGO_SECRET"] = around.secret_names["tiingo"]
    if function == "migrate":
        variables["PARAKEET_MIGRATION_SECRET"] = around.secret_names["migration"]
        variables["PARAKEET_APP_ROLE"] = "parakeet_api,parakeet_worker"
    return variables
