"""The topic every alarm speaks to, and who listens."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.place import Place

SPEAKERS = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]


@dataclass(frozen=True, kw_only=True)
class AlertsArgs:
    place: Place
    email: str


class Alerts(pulumi.ComponentResource):
    """An encrypted topic that only the alarms and budgets of this account may publish to.

    The key is the stack's own: CloudWatch cannot publish through AWS's key for SNS, and its
    alarms would stay silent without a word.
    """

    topic_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Alerts", name, None, opts)
        child, tags = pulumi.ResourceOptions(parent=self), args.place.tags("alerts")
        key = aws.kms.Key(
            name,
            description=f"Alarms of {args.place.name('*')}",
            enable_key_rotation=True,
            policy=json.dumps(_key_policy(args.place)),
            tags=tags,
            opts=child,
        )
        topic = aws.sns.Topic(
            name, name=args.place.name(name), kms_master_key_id=key.arn, tags=tags, opts=child
        )
        aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=topic.arn.apply(lambda arn: json.dumps(_topic_policy(arn, args.place))),
            opts=child,
        )
        aws.sns.TopicSubscription(
            name, topic=topic.arn, protocol="email", endpoint=args.email, opts=child
        )
        self.topic_arn = topic.arn
        self.register_outputs({"topicArn": self.topic_arn})


def _ours(place: Place) -> dict[str, object]:
    return {"StringEquals": {"aws:SourceAccount": place.account_id}}


def _key_policy(place: Place) -> dict[str, object]:
    """In a key's policy `*` is that key; the account's own policies decide who administers it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{place.account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": SPEAKERS},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": "*",
                "Condition": _ours(place),
            },
        ],
    }


def _topic_policy(topic_arn: str, place: Place) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": SPEAKERS},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": _ours(place),
            }
        ],
    }
