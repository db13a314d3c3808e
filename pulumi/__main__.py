"""One stack: which components there are, and what each is given of the others."""

import pulumi
import pulumi_aws as aws
import stack
from components.place import Place
from components.registry import Registry, RegistryArgs
from deployment import deploy

settings = stack.read()
stack.require_account(settings.aws_account_id, aws.get_caller_identity().account_id)
place = Place(
    stack=settings.stack,
    account_id=settings.aws_account_id,
    region=settings.region,
    log_retention_days=settings.log_retention_days,
)
registry = Registry("registry", RegistryArgs(place=place))
pulumi.export("registryUrl", registry.url)
# The first time there is no image to run yet: this is where it is pushed to.
if settings.worker_image is not None:
    deploy(settings, place)
