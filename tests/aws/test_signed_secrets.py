"""Secrets without the SDK: signed as it signs, and no read waits for another."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from api.adapters.aws import TRIES, Aws
from api.adapters.aws_secrets import AwsSecrets
from api.adapters.aws_signature import Signer
from api.adapters.signed_secrets import HEADERS
from api.errors import NotFound, ServerError, Unavailable
from api.settings import Settings
from api.wiring import App
from tests.aws.relay import answering, losing_the_reply, times, truncating

WHO = Signer("secretsmanager", "eu-west-1", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY")
TEMPORARY = Signer(
    "secretsmanager", "us-east-1", "ASIAEXAMPLE", "s/e+c=", "IQoJb3JpZ2luX2VjEXAMPLE=="
)
QUEUE = Signer("sqs", "ap-southeast-2", "AKIDEXAMPLE", "secret")


@pytest.mark.parametrize("signer", [WHO, TEMPORARY, QUEUE])
@pytest.mark.parametrize("host", ["secretsmanager.eu-west-1.amazonaws.com", "127.0.0.1:4566"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (HEADERS, b'{"SecretId": "parakeet/dev/database"}'),
        (HEADERS, '{"SecretId": "größe"}'.encode()),
        ({**HEADERS, "x-amz-extra": "  two   words "}, b""),
    ],
)
def test_signs_as_the_sdk_does(signer, host, headers, body):
    theirs = AWSRequest("POST", f"https://{host}/", dict(headers), body)
    known = Credentials(signer.key_id, signer.secret, signer.token)
    SigV4Auth(known, signer.service, signer.region).add_auth(theirs)
    at = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    ours = signer.sign_post(host, headers, body, at)

    assert ours.pop("host") == host
    assert ours == {name.lower(): value for name, value in theirs.headers.items()}


def test_who_asks_is_what_the_environment_says():
    key = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    lambdas = {**key, "AWS_REGION": "r", "AWS_DEFAULT_REGION": "r", "AWS_SESSION_TOKEN": "t"}

    assert Signer.of("s", lambdas) == Signer("s", "r", "a", "b", "t")
    assert Signer.of("s", {**key, "AWS_REGION": "r", "AWS_SESSION_TOKEN": ""}) == (
        Signer("s", "r", "a", "b", None)
    )
    for lacking in lambdas.keys() - {"AWS_SESSION_TOKEN"}:
        rest = {name: value for name, value in lambdas.items() if name != lacking}
        assert (Signer.of("s", rest) is None) is (lacking in key)
    assert Signer.of("s", key) is None


def test_no_secret_shows_when_who_asks_is_printed():
    assert "s/e+c=" not in repr(TEMPORARY)
    assert "IQoJ" not in repr(TEMPORARY)


@pytest.fixture
def relay(relay, aws_at):
    """The relay, with the SDK of this process pointed at it."""
    aws_at(relay.url)
    return relay


@pytest.fixture
async def secrets(relay):
    aws = Aws()
    yield AwsSecrets(aws)
    await aws.close()


@pytest.fixture
async def name(account):
    made = f"parakeet/test/{uuid4()}"
    await account.secrets.create_secret(Name=made, SecretString="first")
    return made


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr("api.adapters.signed_secrets.random.random", lambda: 0.0)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    "spoil", [answering(500), answering(400, "ThrottlingException"), truncating, losing_the_reply]
)
async def test_a_passing_fault_is_tried_again(secrets, name, relay, spoil):
    with relay.spoiling(lambda _: True, times(TRIES - 1, spoil)):
        assert await secrets.read(name) == "first"

    assert len(relay.seen) == TRIES


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (answering(503, "ServiceUnavailable"), r"AWS is busy \(ServiceUnavailable\)"),
        (answering(400, "ThrottlingException"), r"AWS is busy \(ThrottlingException\)"),
        (losing_the_reply, r"AWS did not answer \(RemoteDisconnected\)"),
        (truncating, r"AWS did not answer \(IncompleteRead\)"),
    ],
)
async def test_a_lasting_fault_is_unavailable(secrets, name, relay, spoil, message):
    with relay.spoiling(lambda _: True, spoil), pytest.raises(Unavailable, match=message):
        await secrets.read(name)

    assert len(relay.seen) == TRIES


@pytest.mark.usefixtures("no_pauses")
async def test_nobody_there_is_unavailable(secrets, aws_at):
    aws_at("http://127.0.0.1:1")

    with pytest.raises(Unavailable, match=r"AWS did not answer \(ConnectionRefusedError\)"):
        await secrets.read("any")


async def test_a_fault_of_ours_is_told_once_and_by_its_code(secrets, name, relay):
    with (
        relay.spoiling(lambda _: True, answering(400, "InvalidRequestException")),
        pytest.raises(ServerError, match=r"AWS refused \(InvalidRequestException\)"),
    ):
        await secrets.read(name)
    with pytest.raises(NotFound, match="it was not found"):
        await secrets.read("nowhere")

    assert len(relay.seen) == 2


@pytest.fixture
async def deployed(relay, aws_at, account):
    aws_at(relay.url)
    names = {}
    for kind in ("edge", "database"):
        names[kind] = f"parakeet/test/{uuid4()}"
        await account.secrets.create_secret(Name=names[kind], SecretString=kind)
    settings = Settings(
        _env_file=None, environment="test", secrets="aws",
        database_secret=names["database"], edge_secret=names["edge"],
    )  # fmt: skip
    app = App(settings)
    yield app
    await app.close()


def about(name):
    return lambda call: name.encode() in call.body


async def test_both_secrets_of_a_first_request_are_read_at_once(deployed, relay):
    asked = asyncio.Event()

    async def edge_last(_, forward):
        await asked.wait()
        return await forward()

    async def telling(_, forward):
        asked.set()
        return await forward()

    settings = deployed.settings
    with (
        relay.spoiling(about(settings.edge_secret), edge_last),
        relay.spoiling(about(settings.database_secret), telling),
    ):
        async with asyncio.timeout(40.0):
            edge = await deployed.secrets.read(settings.edge_secret)
        database = await deployed.secrets.read(settings.database_secret)

    assert (edge, database) == ("edge", "database")
    assert len(relay.seen) == 2


async def test_who_needs_one_secret_reads_one(deployed, relay):
    await deployed.secrets.read(deployed.settings.database_secret)

    assert len(relay.seen) == 1


async def test_what_could_not_be_read_ahead_is_read_when_it_is_needed(deployed, relay):
    settings = deployed.settings
    refusing = times(1, answering(400, "AccessDeniedException"))
    with relay.spoiling(about(settings.database_secret), refusing):
        assert await deployed.secrets.read(settings.edge_secret) == "edge"
        assert await deployed.secrets.read(settings.database_secret) == "database"

    assert len(relay.seen) == 3


async def test_credentials_kept_elsewhere_are_the_sdks_to_find(
    relay, name, aws_at, monkeypatch, tmp_path
):
    aws_at(relay.url)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    kept = tmp_path / "credentials"
    kept.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(kept))
    aws = Aws()

    assert await AwsSecrets(aws).read(name) == "first"
    await aws.close()

    assert "Credential=a/" in relay.seen[0].headers["authorization"]
