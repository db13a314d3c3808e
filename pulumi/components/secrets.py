"""What only some functions may know, in Secrets Manager."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.place import Place

RECOVERY_DAYS = 7
PRODUCTION_RECOVERY_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class SecretsArgs:
    place: Place
    values: Mapping[str, pulumi.Output[str]]  # secret outputs: their state is encrypted


class Secrets(pulumi.ComponentResource):
    """Secrets `parakeet/<stack>/<key>`; a deleted one can be had back for some days."""

    names: dict[str, pulumi.Output[str]]
    arns: dict[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Secrets", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        secrets = {key: self._secret(key, value, args.place) for key, value in args.values.items()}
        self.names = {key: secret.name for key, secret in secrets.items()}
        self.arns = {key: secret.arn for key, secret in secrets.items()}
        self.register_outputs({"names": self.names, "arns": self.arns})

    def _secret(
        self, key: str, value: pulumi.Output[str], place: Place
    ) -> aws.secretsmanager.Secret:
        days = PRODUCTION_RECOVERY_DAYS if place.production else RECOVERY_DAYS
        secret = aws.secretsmanager.Secret(
            key,
            name=f"parakeet/{place.stack}/{key}",
            recovery_window_in_days=days,
            tags=place.tags("secrets"),
            opts=self._child,
        )
        aws.secretsmanager.SecretVersion(
            key,
            secret_id=secret.id,
            secret_string=value,
            opts=self._child,
        )
        return secret
