"""Where the worker image is pushed, and stays what it was."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.place import Place

KEPT_IMAGES = 20
UNTAGGED_KEPT_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    place: Place


class Registry(pulumi.ComponentResource):
    """A repository whose tags never move and whose images are scanned as they arrive."""

    url: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("parakeet:index:Registry", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            name,
            name=args.place.name("worker"),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "AES256"}],
            tags=args.place.tags("registry"),
            opts=child,
        )
        aws.ecr.LifecyclePolicy(
            name, repository=repository.name, policy=json.dumps(_lifecycle()), opts=child
        )
        aws.ecr.RepositoryPolicy(
            name, repository=repository.name, policy=json.dumps(_pulls(args.place)), opts=child
        )
        self.url, self.arn = repository.repository_url, repository.arn
        self.register_outputs({"url": self.url, "arn": self.arn})


def _lifecycle() -> dict[str, object]:
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_KEPT_DAYS,
    }
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES}
    return {
        "rules": [
            {"rulePriority": priority, "selection": selection, "action": {"type": "expire"}}
            for priority, selection in ((1, untagged), (2, newest))
        ]
    }


def _pulls(place: Place) -> dict[str, object]:
    """Lambda fetches the image again when it warms a container, long after the deployment."""
    functions = place.arn("lambda", f"function:{place.name('*')}")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LambdaPulls",
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                "Condition": {"StringLike": {"aws:SourceArn": functions}},
            }
        ],
    }
