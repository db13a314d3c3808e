"""A function that lives from a queue."""

from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.function import Function, FunctionArgs
from components.permissions import Grant
from components.work_queue import WorkQueue

LARGEST_BATCH = 10
# What Lambda's poller does on behalf of the function.
POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@dataclass(frozen=True, kw_only=True)
class WorkerArgs:
    function: FunctionArgs
    queue: WorkQueue
    batch_size: int
    maximum_concurrency: int

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= LARGEST_BATCH:
            raise ValueError(
                f"batch_size was {self.batch_size}, expected 1 to {LARGEST_BATCH}: a larger batch"
                " needs a window to wait in, and here a message starts at once"
            )


class Worker(pulumi.ComponentResource):
    """Takes batches from the queue and gives back what it could not do, message by message."""

    function: Function

    def __init__(
        self, name: str, args: WorkerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Worker", name, None, opts)
        polls = Grant(actions=POLLING, resources=(args.queue.arn,))
        self.function = Function(
            name,
            replace(args.function, grants=(*args.function.grants, polls)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        mapping = aws.lambda_.EventSourceMapping(
            name,
            event_source_arn=args.queue.arn,
            function_name=self.function.alias_arn,
            batch_size=args.batch_size,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": args.maximum_concurrency},
            tags=args.function.place.tags(name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"functionName": self.function.name, "mappingId": mapping.id})
