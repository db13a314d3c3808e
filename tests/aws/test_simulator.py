"""The simulator does what AWS documents, and what AWS may do and an emulator never does."""

import asyncio
from collections import Counter

import pytest

from tests.aws.simulator import EventSource, Mapping, Mischief, failed_items, sqs_event
from tests.lambda_runtime import FunctionError, FunctionTimeout
from tests.waiting import until

URL = "http://127.0.0.1:5000/123456789012/work"
IDS = ["a", "b"]


def items(*named):
    return {"batchItemFailures": [{"itemIdentifier": each} for each in named]}


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, items()])
def test_saying_nothing_is_success(answer):
    assert failed_items(answer, IDS) == set()


def test_named_messages_come_back_alone():
    assert failed_items(items("b"), IDS) == {"b"}
    assert failed_items(items("a", "b"), IDS) == {"a", "b"}


@pytest.mark.parametrize(
    "answer",
    [
        items(""),
        items(None),
        items("a", "unknown"),
        {"batchItemFailures": [{"itemIdentifer": "a"}]},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": "a"},
        "done",
        ["a"],
    ],
)
def test_nonsense_is_failure_of_all(answer):
    assert failed_items(answer, IDS) == {"a", "b"}


class Queue:
    """As much of SQS as the poller sees; what is not deleted comes again when `return_all` says."""

    def __init__(self, count):
        self.visible = [_message(str(n)) for n in range(count)]
        self.hidden: dict[str, dict] = {}

    async def receive_message(self, MaxNumberOfMessages, **_):  # noqa: N803 - boto3's names
        found, self.visible = self.visible[:MaxNumberOfMessages], self.visible[MaxNumberOfMessages:]
        self.hidden |= {each["MessageId"]: each for each in found}
        return {"Messages": found}

    async def delete_message(self, ReceiptHandle, **_):  # noqa: N803
        self.hidden.pop(ReceiptHandle, None)


def _message(name):
    return {"MessageId": name, "ReceiptHandle": name, "Body": f"body {name}", "Attributes": {}}


class Container:
    """A function that notes what it gets and answers what it is told to."""

    def __init__(self, answer=None):
        self.batches: list[list[str]] = []
        self.answer = answer or (lambda ids: items())
        self.killed = 0

    async def invoke(self, event, timeout_seconds):
        ids = [record["messageId"] for record in event["Records"]]
        self.batches.append(ids)
        await asyncio.sleep(0.01)
        return self.answer(ids)

    def kill(self):
        self.killed += 1

    @property
    def delivered(self):
        return Counter(name for batch in self.batches for name in batch)


async def deliver(queue, *containers, batch_size=1, **mischief):
    mapping = Mapping(queue_url=URL, batch_size=batch_size, maximum_concurrency=len(containers))
    source = EventSource(queue, mapping, containers, Mischief(**mischief))
    async with source.polling():
        await until(lambda: not queue.visible and source.idle)
    return source


async def test_every_message_comes_twice_and_never_twice_in_a_batch():
    container = Container()

    await deliver(Queue(30), container, batch_size=10)

    assert container.delivered == {str(n): 2 for n in range(30)}
    assert all(len(set(batch)) == len(batch) <= 10 for batch in container.batches)


async def test_the_order_is_the_seeds():
    async def order(seed):
        container = Container()
        await deliver(Queue(10), container, batch_size=10, seed=seed)
        return container.batches

    first = await order(1)

    assert await order(1) == first
    assert await order(2) != first
    assert first[0] != sorted(first[0])


async def test_no_more_invocations_at_once_than_the_mapping_allows():
    containers = [Container(), Container(), Container()]
    mapping = Mapping(queue_url=URL, maximum_concurrency=2)
    queue = Queue(20)
    source = EventSource(queue, mapping, containers, Mischief())

    async with source.polling():
        await until(lambda: not queue.visible and source.idle)

    assert [bool(each.batches) for each in containers] == [True, True, False]


async def test_what_succeeded_is_deleted_and_what_failed_is_not():
    queue = Queue(4)

    await deliver(queue, Container(lambda ids: items(*set(ids) & {"2"})), batch_size=10)

    assert list(queue.hidden) == ["2"]


@pytest.mark.parametrize("error", [FunctionError("E", "no"), FunctionTimeout("late")])
async def test_a_failed_invocation_deletes_nothing(error):
    def fail(_):
        raise error

    queue = Queue(3)

    source = await deliver(queue, Container(fail), batch_size=10)

    assert len(queue.hidden) == 3
    assert source.figures.failed == 6


async def test_deletes_are_lost_at_the_share_asked_for():
    queue = Queue(100)

    source = await deliver(queue, Container(), batch_size=10, copies=1, lost_deletes=0.3, seed=4)

    assert len(queue.hidden) == source.figures.deletes_lost
    assert 15 <= len(queue.hidden) <= 45


async def test_hosts_are_killed_at_the_share_asked_for():
    container = Container()

    await deliver(Queue(60), container, copies=1, killed=0.5, killed_within_seconds=0.0, seed=4)

    assert 15 <= container.killed <= 45


def test_the_event_is_lambdas():
    (record,) = sqs_event([_message("m") | {"Body": "é"}], URL)["Records"]

    assert record["eventSourceARN"] == "arn:aws:sqs:ap-southeast-2:123456789012:work"
    assert (record["messageId"], record["body"], record["eventSource"]) == ("m", "é", "aws:sqs")
    assert record["md5OfBody"] == "66ddcd97cfdeabb2f6fb8a999b4bc76f"
