"""Put a stack's new versions into service: the steps of a deployment that Pulumi leaves out.

`password`       prints the password with which docker, as AWS, enters the account's registry.
`image STACK`    prints the image that the stack's workers run.
`migrate STACK`  runs the newest migrations, through the version that `pulumi up` published.
`shift STACK`    moves each alias to its newest version; fails when CodeDeploy moved it back.
"""

import base64
import json
import sys
import time
from typing import Any

import boto3
from botocore.config import Config

ALIAS = "live"
# Workers before the query function: a new worker reads old messages, an old one may not read new.
ORDER = ("migrate", "sweeper", "ingest", "backtest", "query")
LONGEST_SHIFT_SECONDS = 1_800
SETTLED = {"Succeeded", "Failed", "Stopped"}
# A migration may take as long as its function; a second invocation would meet the first's locks.
PATIENT = Config(read_timeout=910, retries={"total_max_attempts": 1})


def newest(functions: Any, name: str) -> str:
    """Return the highest published version."""
    pages = functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions = (entry["Version"] for page in pages for entry in page["Versions"])
    return str(max(int(version) for version in versions if version != "$LATEST"))


def password() -> str:
    granted = boto3.client("ecr").get_authorization_token()["authorizationData"][0]
    return base64.b64decode(granted["authorizationToken"]).decode().removeprefix("AWS:")


def image(functions: Any, stack: str) -> str:
    """Return the image, by digest, that serves jobs now."""
    found = functions.get_function(FunctionName=f"parakeet-{stack}-backtest", Qualifier=ALIAS)
    return str(found["Code"]["ImageUri"])


def migrate(functions: Any, stack: str) -> str:
    """Return the database's revision. Exits when the function failed."""
    name = f"parakeet-{stack}-migrate"
    version = newest(functions, name)
    answer = functions.invoke(FunctionName=name, Qualifier=version, Payload=b"{}")
    told = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer or not isinstance(told, dict) or "revision" not in told:
        sys.exit(f"{name} version {version} did not migrate: {json.dumps(told)[:2000]}")
    return str(told["revision"])


def app_spec(name: str, current: str, target: str) -> str:
    properties = {
        "Name": name,
        "Alias": ALIAS,
        "CurrentVersion": current,
        "TargetVersion": target,
    }
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return json.dumps({"version": 0.0, "Resources": [{"function": resource}]})


def shift(functions: Any, deploy: Any, stack: str, pause_seconds: float = 5.0) -> list[str]:
    """Return a line per function. Exits at the first one that does not arrive."""
    lines = []
    for name in (f"parakeet-{stack}-{function}" for function in ORDER):
        current = functions.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"]
        target = newest(functions, name)
        if current == target:
            lines.append(f"{name}: version {target} already serves")
            continue
        content = {"content": app_spec(name, current, target)}
        started = deploy.create_deployment(
            applicationName=name,
            deploymentGroupName=name,
            revision={"revisionType": "AppSpecContent", "appSpecContent": content},
        )
        wait(deploy, name, started["deploymentId"], pause_seconds)
        lines.append(f"{name}: version {target} serves, {current} before")
    return lines


def wait(deploy: Any, name: str, deployment: str, pause_seconds: float) -> None:
    deadline = time.monotonic() + LONGEST_SHIFT_SECONDS
    while time.monotonic() < deadline:
        found = deploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        if found["status"] == "Succeeded":
            return
        if found["status"] in SETTLED:
            why = found.get("errorInformation", {})
            sys.exit(f"{name}: deployment {deployment} {found['status']}: {json.dumps(why)}")
        time.sleep(pause_seconds)
    sys.exit(f"{name}: deployment {deployment} did not settle in {LONGEST_SHIFT_SECONDS} s")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["password"]:
            lines = [password()]
        case ["image", stack]:
            lines = [image(boto3.client("lambda"), stack)]
        case ["migrate", stack]:
            revision = migrate(boto3.client("lambda", config=PATIENT), stack)
            lines = [f"the database is at revision {revision}"]
        case ["shift", stack]:
            lines = shift(boto3.client("lambda"), boto3.client("codedeploy"), stack)
        case _:
            sys.exit(__doc__)
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
