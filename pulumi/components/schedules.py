"""What happens by the clock: the exchanges' closes, and the sweeper's minute."""

import json
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pulumi
import pulumi_aws as aws

from components.function import Function
from components.permissions import Grant, policy, trust
from components.place import Place
from components.work_queue import WorkQueue

SCHEDULER = "scheduler.amazonaws.com"
# EventBridge puts the instant it meant in the place of this word, also on a retry.
TIME = "<aws.scheduler.scheduled-time>"
FIELD = r"(\?|\*|[A-Z0-9,\-/*#L]+)"
CRON = re.compile(rf"^cron\(([0-5]?\d) ([01]?\d|2[0-3]) {FIELD} {FIELD} {FIELD} {FIELD}\)$")
RATE = re.compile(r"^rate\(1 (minute|hour|day)\)$")


def require_expression(expression: str) -> None:
    """Refuse what EventBridge would refuse only while the stack is half made."""
    if RATE.match(expression):
        return
    found = CRON.match(expression)
    if found is None:
        raise ValueError(
            f"the schedule was {expression!r}, expected six fields such as"
            " cron(30 17 ? * MON-FRI *)"
        )
    day_of_month, day_of_week = found[3], found[5]
    if [day_of_month, day_of_week].count("?") != 1:
        raise ValueError(
            f"the schedule was {expression!r}: exactly one of day-of-month and day-of-week must"
            " be ?"
        )


@dataclass(frozen=True, kw_only=True)
class Close:
    """The moment an exchange's day is over, by the exchange's own clock."""

    expression: str
    timezone: str

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)
        require_expression(self.expression)


CLOSES = {
    "asx-close": Close(expression="cron(30 17 ? * MON-FRI *)", timezone="Australia/Sydney"),
    "us-close": Close(expression="cron(0 18 ? * MON-FRI *)", timezone="America/New_York"),
}
EVERY_MINUTE = "rate(1 minute)"


@dataclass(frozen=True, kw_only=True)
class SchedulesArgs:
    place: Place
    ingests: WorkQueue
    sweeper: Function


class Schedules(pulumi.ComponentResource):
    """A group of schedules, each of which may do one thing to one target."""

    group: pulumi.Output[str]

    def __init__(
        self, name: str, args: SchedulesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Schedules", name, None, opts)
        self._place, self._child = args.place, pulumi.ResourceOptions(parent=self)
        self._tags = args.place.tags("schedules")
        group = aws.scheduler.ScheduleGroup(
            name, name=f"parakeet-{args.place.stack}", tags=self._tags, opts=self._child
        )
        for key, close in CLOSES.items():
            self._close(key, close, group, args.ingests)
        self._sweep(group, args.sweeper)
        self.group = group.name
        self.register_outputs({"group": self.group})

    def _close(
        self, key: str, close: Close, group: aws.scheduler.ScheduleGroup, queue: WorkQueue
    ) -> None:
        """Send the ingest queue a message; what cannot be sent lies with its dead letters."""
        sends = Grant(actions=("sqs:SendMessage",), resources=(queue.arn, queue.dead_letters_arn))
        body = {"schemaVersion": 1, "schedule": key, "time": TIME}
        aws.scheduler.Schedule(
            key,
            name=key,
            group_name=group.name,
            schedule_expression=close.expression,
            schedule_expression_timezone=close.timezone,
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": queue.arn,
                "role_arn": self._role(key, sends),
                "input": json.dumps(body),
                "retry_policy": {
                    "maximum_event_age_in_seconds": 3_600,
                    "maximum_retry_attempts": 10,
                },
                "dead_letter_config": {"arn": queue.dead_letters_arn},
            },
            opts=self._child,
        )

    def _sweep(self, group: aws.scheduler.ScheduleGroup, sweeper: Function) -> None:
        """Invoke the sweeper; a missed minute is not made up for, the next one does its work."""
        invokes = Grant(actions=("lambda:InvokeFunction",), resources=(sweeper.alias_arn,))
        aws.scheduler.Schedule(
            "sweep",
            name="sweep",
            group_name=group.name,
            schedule_expression=EVERY_MINUTE,
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": sweeper.alias_arn,
                "role_arn": self._role("sweep", invokes),
                "input": json.dumps({"time": TIME}),
                "retry_policy": {
                    "maximum_event_age_in_seconds": 60,
                    "maximum_retry_attempts": 0,
                },
            },
            opts=self._child,
        )

    def _role(self, key: str, grant: Grant) -> pulumi.Output[str]:
        ours = {
            "StringEquals": {
                "aws:SourceAccount": self._place.account_id,
                "aws:SourceArn": self._place.arn(
                    "scheduler", f"schedule-group/parakeet-{self._place.stack}"
                ),
            }
        }
        role = aws.iam.Role(
            f"{key}-schedule",
            name=self._place.name(f"{key}-schedule"),
            assume_role_policy=trust(SCHEDULER, ours),
            permissions_boundary=self._place.boundary,
            tags=self._tags,
            opts=self._child,
        )
        permissions = aws.iam.RolePolicy(
            f"{key}-schedule",
            name=key,
            role=role.name,
            policy=policy((grant,)),
            opts=self._child,
        )
        # The scheduler asks for the target's permission as it is created.
        return pulumi.Output.all(role.arn, permissions.id).apply(lambda made: str(made[0]))
