"""Pulumi's mocks, whose every new AWS resource really is created in a moto server.

``MAKERS`` maps Pulumi's type to a function from inputs to (id, state). What moto lacks, or what
it would do instead of us, is in ``LACKING`` with the reason; the caller prints it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pulumi

ACCOUNT = "123456789012"
Made = tuple[str, dict[str, Any]]
Inputs = Mapping[str, Any]
Maker = Callable[["Cloud", Inputs], Made]

MAKERS: dict[str, Maker] = {}
LACKING = {
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        "moto has no provisioned concurrency"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        "moto is spoken to without TLS, so the policy would refuse every call of the tests;"
        " a test of its own puts it"
    ),
}
# Made, but moto does not tell of all of it: that part is asserted on inputs too.
FORGETS = {
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": "moto takes the policy and forgets it",
    "aws:lambda/function:Function": "moto forgets where a function's logs go",
    "aws:codedeploy/deploymentGroup:DeploymentGroup": "moto forgets the alarms of a group",
}


def makes(kind: str) -> Callable[[Maker], Maker]:
    def register(maker: Maker) -> Maker:
        MAKERS[kind] = maker
        return maker

    return register


class Cloud(pulumi.runtime.Mocks):
    """Creates in moto when it has an endpoint, otherwise answers plausible ids and ARNs."""

    def __init__(self, endpoint: str | None, region: str) -> None:
        self.endpoint, self.region = endpoint, region
        self.lacking: list[str] = []
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 moto looks at no signature
            )
        return self._clients[service]

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":  # noqa: S105
            arn = f"arn:aws:iam::{ACCOUNT}:user/tester"
            return {"accountId": ACCOUNT, "arn": arn, "id": ACCOUNT, "userId": "tester"}
        raise AssertionError(f"the program called {args.token}")

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = _plain(args.inputs)
        if not args.custom:
            return f"{args.name}-component", inputs
        if self.endpoint is None or args.typ.startswith("cloudflare:"):
            return self._plausible(args.typ, args.name, inputs)
        if args.typ in FORGETS:
            self._tell(f"{args.typ.split(':')[-1]}: {FORGETS[args.typ]}")
        if args.typ in LACKING:
            self._tell(f"{args.typ.split(':')[-1]}: {LACKING[args.typ]}")
            return self._plausible(args.typ, args.name, inputs)
        made_id, state = MAKERS[args.typ](self, inputs)
        return made_id, inputs | state

    def _tell(self, line: str) -> None:
        if line not in self.lacking:
            self.lacking.append(line)

    def _plausible(self, kind: str, name: str, inputs: Inputs) -> Made:
        service = kind.split("/", maxsplit=1)[0].removeprefix("aws:")
        physical = inputs.get("name") or name
        proof = {"resourceRecordName": f"_proof.{physical}.", "resourceRecordValue": "_x.acm."}
        state = {
            "domainValidationOptions": [proof],
            "domainNameConfiguration": {"targetDomainName": f"target.{physical}"},
            "subdomain": f"{physical}.pages.dev",
            "executionArn": f"arn:aws:execute-api:{self.region}:{ACCOUNT}:{name}",
            "arn": f"arn:aws:{service}:{self.region}:{ACCOUNT}:{physical}",
            "name": physical,
            "url": f"https://{service}.{self.region}.amazonaws.com/{ACCOUNT}/{physical}",
            "version": "1",
        }
        return f"{name}-id", state | inputs


def _plain(value: Any) -> Any:
    """Open secrets and drop what was left out: boto refuses None."""
    if isinstance(value, pulumi.Output):
        raise TypeError("the monitor resolves outputs before it asks for a resource")
    if isinstance(value, dict):
        if "4dabf18193072939515e22adb298388d" in value:
            return _plain(value["value"])
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def pascal(value: Any) -> Any:
    """Return Pulumi's camelCase keys as AWS's: most APIs differ in the first letter only."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: pascal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [pascal(item) for item in value]
    return value


def tag_list(inputs: Inputs) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in inputs.get("tags", {}).items()]
