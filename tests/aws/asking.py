"""The query function, and what it tells a test of itself."""

import asyncio
import os

if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    from api.container import runner
    from api.lambdas import query


def handler(event, context):
    match event.get("tell"):
        case "loop":
            return {"loop": runner.run(loop()), "current": id(asyncio.get_event_loop())}
        case "within":
            body = {"statusCode": 200, "headers": {}, "body": "x" * event["size"]}
            return query.within_limit(body)
        case _:
            return query.handler(event, context)


async def loop() -> int:
    return id(asyncio.get_running_loop())
