"""Queues of the emulator between two tests."""

from typing import Any

SETTABLE = ("VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy", "RedriveAllowPolicy")


async def empty(sqs: Any, url: str) -> None:
    """Leave no message, not even one that was received: a purge is allowed once a minute only."""
    answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    kept = {name: answer["Attributes"][name] for name in SETTABLE if name in answer["Attributes"]}
    await sqs.delete_queue(QueueUrl=url)
    await sqs.create_queue(QueueName=url.rpartition("/")[2], Attributes=kept)
