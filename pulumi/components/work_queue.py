"""A queue of work, its dead letters, and the alarms of both."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alarms import Alerting, Watch, alarm
from components.place import Place

VISIBILITY_FACTOR = 6  # of the consumer's timeout: AWS's advice for event source mappings
LONGEST_VISIBILITY_SECONDS = 43_200
MOST_RECEIVES = 1_000
RETENTION_SECONDS = 4 * 86_400
DEAD_LETTER_RETENTION_SECONDS = 14 * 86_400


@dataclass(frozen=True, kw_only=True)
class WorkQueueArgs:
    place: Place
    alerting: Alerting
    timeout_seconds: int  # of the consuming function; visibility is six times this
    oldest_message_seconds: int  # a message that waits longer wakes somebody
    max_receive_count: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.max_receive_count <= MOST_RECEIVES:
            raise ValueError(
                f"max_receive_count was {self.max_receive_count}, expected 1 to {MOST_RECEIVES};"
                " 5 gives a message a fair number of chances"
            )
        if not 0 < self.visibility_seconds <= LONGEST_VISIBILITY_SECONDS:
            raise ValueError(
                f"timeout_seconds was {self.timeout_seconds}, expected 1 to"
                f" {LONGEST_VISIBILITY_SECONDS // VISIBILITY_FACTOR}: a message stays hidden for"
                f" {VISIBILITY_FACTOR} times as long, and SQS hides none for over 12 hours"
            )

    @property
    def visibility_seconds(self) -> int:
        return VISIBILITY_FACTOR * self.timeout_seconds


class WorkQueue(pulumi.ComponentResource):
    """SQS queue whose message moves to the dead letters after its last chance, and alarms."""

    name: pulumi.Output[str]
    url: pulumi.Output[str]
    arn: pulumi.Output[str]
    dead_letters_arn: pulumi.Output[str]
    dead_letters_url: pulumi.Output[str]

    def __init__(
        self, name: str, args: WorkQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:WorkQueue", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._tags = args.place.tags("work-queue")
        dead_letters = aws.sqs.Queue(
            f"{name}-dead-letters",
            name=args.place.name(f"{name}-dead-letters"),
            message_retention_seconds=DEAD_LETTER_RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            tags=self._tags,
            opts=self._child,
        )
        queue = self._queue(name, dead_letters)
        aws.sqs.RedriveAllowPolicy(
            name,
            queue_url=dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
            ),
            opts=self._child,
        )
        self._watch(name, queue, dead_letters)
        self.name, self.url, self.arn = queue.name, queue.url, queue.arn
        self.dead_letters_arn, self.dead_letters_url = dead_letters.arn, dead_letters.url
        self.register_outputs(
            {
                "name": self.name,
                "url": self.url,
                "arn": self.arn,
                "deadLettersArn": self.dead_letters_arn,
                "deadLettersUrl": self.dead_letters_url,
            }
        )

    def _queue(self, name: str, dead_letters: aws.sqs.Queue) -> aws.sqs.Queue:
        redrive = {
            "deadLetterTargetArn": dead_letters.arn,
            "maxReceiveCount": self._args.max_receive_count,
        }
        return aws.sqs.Queue(
            name,
            name=self._args.place.name(name),
            visibility_timeout_seconds=self._args.visibility_seconds,
            message_retention_seconds=RETENTION_SECONDS,
            receive_wait_time_seconds=20,
            sqs_managed_sse_enabled=True,
            redrive_policy=pulumi.Output.json_dumps(redrive),
            tags=self._tags,
            opts=self._child,
        )

    def _watch(self, name: str, queue: aws.sqs.Queue, dead_letters: aws.sqs.Queue) -> None:
        self._alarm(
            f"{name}-dead-letters",
            Watch(
                what=f"A message of the {name} queue used up its receives.",
                runbook="dead-letters",
                namespace="AWS/SQS",
                metric="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": dead_letters.name},
                statistic="Maximum",
                bound=1,
            ),
        )
        self._alarm(
            f"{name}-oldest-message",
            Watch(
                what=f"A message of the {name} queue has waited too long.",
                runbook="oldest-message",
                namespace="AWS/SQS",
                metric="ApproximateAgeOfOldestMessage",
                dimensions={"QueueName": queue.name},
                statistic="Maximum",
                bound=self._args.oldest_message_seconds,
                periods=5,
            ),
        )

    def _alarm(self, name: str, watch: Watch) -> None:
        args = self._args
        alarm(args.place.name(name), watch, args.alerting, self._tags, self._child)
