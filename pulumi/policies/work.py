"""Queues and functions: nothing lost, nothing for ever, and a way back from a bad version."""

import re
from collections.abc import Iterator

from policies.seen import UNKNOWN, Resources, Seen, Violation, listed, of, refers, violation

QUEUE = "aws:sqs/queue:Queue"
FUNCTION = "aws:lambda/function:Function"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
DEAD_LETTERS = "-dead-letters"
RECEIVES = 5
VISIBILITY_FACTOR = 6
LARGEST_BATCH = 10
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
ROLLBACKS = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"}


def dead_letters_for_every_queue(resources: Resources) -> Iterator[Violation]:
    """Put a message aside after five receives, in a queue that takes no other's."""
    queues = of(resources, QUEUE)
    allowed = of(resources, ALLOW)
    for queue in queues:
        if str(queue.get("name")).endswith(DEAD_LETTERS):
            if not any(refers(allow, "queueUrl", queue) for allow in allowed):
                yield violation(queue, "takes the dead letters of any queue")
        elif not queue.is_unknown("redrivePolicy"):
            yield from _redrive(queue, {found.get("arn") for found in queues})


def _redrive(queue: Seen, arns: set[object]) -> Iterator[Violation]:
    redrive = queue.document("redrivePolicy")
    target = redrive.get("deadLetterTargetArn")
    if target not in arns or not str(target).endswith(DEAD_LETTERS):
        yield violation(queue, "has no dead-letter queue")
    if redrive.get("maxReceiveCount") != RECEIVES:
        found = redrive.get("maxReceiveCount")
        yield violation(queue, f"maxReceiveCount is {found}, expected {RECEIVES}")


def standard_queues(resources: Resources) -> Iterator[Violation]:
    """Use no FIFO queue: one poisonous message would hold up its whole group."""
    for queue in of(resources, QUEUE):
        if queue.get("fifoQueue") or str(queue.get("name")).endswith(".fifo"):
            yield violation(queue, "is FIFO, where a batch of a group waits for its first message")


def visible_after_six_timeouts(resources: Resources) -> Iterator[Violation]:
    """Hide a message six times as long as its function may take."""
    for mapping, queue, function in _sources(resources):
        least = VISIBILITY_FACTOR * int(function.get("timeout") or 3)
        found = int(queue.get("visibilityTimeoutSeconds") or 30)
        if found < least:
            yield violation(mapping, f"visibility is {found} s, expected {least} s or more")


def _sources(resources: Resources) -> Iterator[tuple[Seen, Seen, Seen]]:
    for mapping in of(resources, MAPPING):
        for queue in of(resources, QUEUE):
            if mapping.get("eventSourceArn") != queue.get("arn"):
                continue
            for function in of(resources, FUNCTION):
                if f":function:{function.get('name')}:" in f"{mapping.get('functionName')}:":
                    yield mapping, queue, function


def partial_batches(resources: Resources) -> Iterator[Violation]:
    """Report failures message by message, from small batches with bounded concurrency."""
    for mapping in of(resources, MAPPING):
        if "ReportBatchItemFailures" not in listed(mapping.get("functionResponseTypes")):
            yield violation(mapping, "one failure would bring the whole batch back")
        if not (mapping.get("scalingConfig") or {}).get("maximumConcurrency"):
            yield violation(mapping, "its concurrency has no bound")
        if not 1 <= (mapping.get("batchSize") or 0) <= LARGEST_BATCH:
            yield violation(mapping, f"its batch size is {mapping.get('batchSize')}")
        if mapping.get("functionName") != UNKNOWN and not str(mapping.get("functionName")).endswith(
            ":live"
        ):
            yield violation(mapping, "calls past the alias live")


def functions_as_agreed(resources: Resources) -> Iterator[Violation]:
    """Run on arm64, traced, published, and images by digest."""
    for function in of(resources, FUNCTION):
        if listed(function.get("architectures")) != ["arm64"]:
            yield violation(function, "does not run on arm64")
        if (function.get("tracingConfig") or {}).get("mode") != "Active":
            yield violation(function, "is not traced")
        if not function.get("publish"):
            yield violation(function, "publishes no versions to go back to")
        image = function.get("imageUri")
        if image not in (None, UNKNOWN) and not DIGEST.search(image):
            yield violation(function, f"runs {image}, which may change: name its digest")


def canary_for_every_function(resources: Resources) -> Iterator[Violation]:
    """Shift traffic by CodeDeploy, which goes back on a failure or an alarm."""
    groups = of(resources, "aws:codedeploy/deploymentGroup:DeploymentGroup")
    for function in of(resources, FUNCTION):
        own = [group for group in groups if group.get("appName") == function.get("name")]
        if not any(_rolls_back(group) for group in own):
            yield violation(function, "no deployment group rolls it back on its alarms")
        if not _alias_left_alone(resources, function):
            yield violation(function, "has no alias live")


def _rolls_back(group: Seen) -> bool:
    rollback = group.get("autoRollbackConfiguration") or {}
    alarms = group.get("alarmConfiguration") or {}
    events = set(listed(rollback.get("events")))
    armed = bool(alarms.get("enabled") and listed(alarms.get("alarms")))
    return bool(rollback.get("enabled") and events >= ROLLBACKS and armed)


def _alias_left_alone(resources: Resources, function: Seen) -> bool:
    return any(
        alias.get("name") == "live" and refers(alias, "functionName", function)
        for alias in of(resources, "aws:lambda/alias:Alias")
    )


def schedules_by_the_exchanges_clock(resources: Resources) -> Iterator[Violation]:
    """Name a cron schedule's time zone, bound its retries, keep what could not be delivered."""
    for schedule in of(resources, "aws:scheduler/schedule:Schedule"):
        target = schedule.get("target")
        is_cron = str(schedule.get("scheduleExpression")).startswith("cron(")
        if is_cron and not schedule.get("scheduleExpressionTimezone"):
            yield violation(schedule, "its hour is UTC's, which moves against the exchange's")
        if is_cron and not (target.get("deadLetterConfig") or {}).get("arn"):
            yield violation(schedule, "what it could not deliver is lost")
        if not target.get("retryPolicy"):
            yield violation(schedule, "is retried for a day")
