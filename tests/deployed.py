"""What a deployed query function is told and asked, for those who start one in a process."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aioboto3

from tests.api.edge import EDGE_KEYS, sign
from tests.api.tokens import AUDIENCE, ISSUER, Issuer
from tests.aws.gateway import http_event
from tests.emulator import REGION, aws_environment
from tests.infra.inside.tls import serving_keys


@asynccontextmanager
async def deployment(
    database_url: str, issuer: Issuer, *, emulator: str, folder: Path
) -> AsyncIterator[dict[str, str]]:
    """Keep both secrets in the emulator and the issuer's keys near; yield the environment."""
    place = f"parakeet/{uuid4()}"
    secrets = {f"{place}/database": database_url, f"{place}/edge": json.dumps(EDGE_KEYS)}
    session = aioboto3.Session("testing", "testing", region_name=REGION)
    async with session.client("secretsmanager", endpoint_url=emulator) as client:
        for name, value in secrets.items():
            await client.create_secret(Name=name, SecretString=value)
    async with serving_keys(issuer, folder) as trusted:
        yield aws_environment(emulator) | trusted | _settings(place)


def _settings(place: str) -> dict[str, str]:
    told = {
        "ENVIRONMENT": "dev",
        "QUEUE": "sqs",
        "QUEUE_URL": "https://sqs.example.com/backtest",
        "INGEST_QUEUE_URL": "https://sqs.example.com/ingest",
        "STORE": "s3",
        "BUCKET": "lake",
        "SECRETS": "aws",
        "DATABASE_SECRET": f"{place}/database",
        "EDGE_SECRET": f"{place}/edge",
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
    }
    return {f"PARAKEET_{name}": value for name, value in told.items()}


def signed_event(query: str, issuer: Issuer) -> dict[str, Any]:
    """Return what the gateway passes on of a question of somebody who is signed in."""
    body = json.dumps({"query": query})
    token = issuer.token({"claims": {"scope": "api:explore"}})
    headers = {"authorization": f"Bearer {token}", **sign(body=body.encode())}
    return http_event("/graphql", body, headers=headers)
