"""docs/operations/bootstrap.yaml, created in moto: who may deploy, and what he reaches."""

import boto3
import pytest

from tests.operations.bootstrap import TEMPLATE, read, statements

SUBJECT = "token.actions.githubusercontent.com:sub"


@pytest.fixture(scope="module")
def client(moto):
    def make(service):
        return boto3.client(
            service,
            endpoint_url=moto,
            region_name="ap-southeast-2",
            aws_access_key_id="nobody",
            aws_secret_access_key="nobody",  # noqa: S106 - moto asks for one
        )

    return make


def bootstrap(client, provider, stack, environment):
    """Create the CloudFormation stack; return its outputs."""
    given = {
        "Stack": stack,
        "Repository": "someone/parakeet",
        "Environment": environment,
        "Provider": provider,
    }
    name = f"parakeet-{stack}-bootstrap"
    parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]
    formation = client("cloudformation")
    formation.create_stack(StackName=name, TemplateBody=TEMPLATE, Parameters=parameters)
    (made,) = formation.describe_stacks(StackName=name)["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


@pytest.fixture(scope="module")
def outputs(client):
    # The emulator's CloudFormation knows no provider, so the account has one already.
    provider = client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )["OpenIDConnectProviderArn"]
    return {
        "dev": bootstrap(client, provider, "dev", "dev"),
        "prod": bootstrap(client, provider, "prod", "production"),
    }


def trusted(client, role):
    document = client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = document["Statement"]
    return statement["Condition"]["StringEquals"]


@pytest.fixture(scope="module")
def resources():
    return read(stack="prod", account="1", region="here")


def test_only_the_jobs_of_the_environment_may_deploy(client, outputs):
    for stack, environment in (("dev", "dev"), ("prod", "production")):
        assert trusted(client, f"github-parakeet-{stack}-deploy") == {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            SUBJECT: f"repo:someone/parakeet:environment:{environment}",
        }


def test_only_dev_is_previewed_and_the_preview_writes_nothing(client, outputs, resources):
    assert "PreviewRole" not in outputs["prod"]
    role = outputs["dev"]["PreviewRole"].rsplit("/", 1)[1]
    subject = "repo:someone/parakeet:environment:preview"
    assert trusted(client, role)[SUBJECT] == subject
    assert [statement["Action"] for statement in statements(resources["Preview"])] == [
        ["s3:ListBucket", "s3:GetObject"],
        "kms:Decrypt",
        "lambda:GetFunction",
    ]


def test_a_deployment_reaches_only_what_bears_its_stacks_name(resources):
    by_name = {statement["Sid"]: statement for statement in statements(resources["Deploy"])}
    named = by_name["NamedResources"]["Resource"]
    unnamed = [arn for arn in named if "parakeet-prod" not in arn and "parakeet/prod" not in arn]
    assert [arn.rsplit(":", 2)[1:] for arn in unnamed] == [["deploymentconfig", "*"]]
    assert not any("*" in action for action in by_name["UnnamedResources"]["Action"])
    assert [sid for sid, found in by_name.items() if "iam:PassRole" in found["Action"]] == [
        "FunctionRolesToTheirServices"
    ]


def test_the_state_is_private_versioned_and_survives_its_stack(outputs, resources):
    assert outputs["prod"]["Backend"].startswith("s3://parakeet-prod-state-")
    state = resources["State"]["Properties"]
    assert set(state["PublicAccessBlockConfiguration"].values()) == {True}
    assert state["VersioningConfiguration"] == {"Status": "Enabled"}
    for name in ("State", "Key", "GitHub"):
        assert resources[name]["DeletionPolicy"] == "Retain"
