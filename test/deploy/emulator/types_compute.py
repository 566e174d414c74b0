"""Functions, schedules, queues and containers."""

import io
import json
import zipfile

import settings
from moto.sqs.models import Queue

from api_call import call, client
from resource import Created, by_call, recorded, resource


def install():
    # The name that queues have on AWS leads nowhere here.
    Queue.physical_resource_id = property(lambda queue: f"{settings.URL}/{queue.account_id}/{queue.name}")
    resource("AWS::Lambda::Function", _create_function, "FunctionName")
    resource(
        "AWS::Lambda::LayerVersion",
        by_call(
            "lambda",
            "publish_layer_version",
            lambda made: made["LayerVersionArn"],
            prepare=lambda properties, context: {"LayerName": context.logical_id, **properties},
        ),
    )
    resource(
        "AWS::Lambda::EventInvokeConfig",
        by_call(
            "lambda",
            "put_function_event_invoke_config",
            lambda made: made["FunctionArn"],
            prepare=lambda properties, _: {key: value for key, value in properties.items() if key != "Qualifier"},
        ),
    )
    resource(
        "AWS::Scheduler::Schedule",
        by_call(
            "scheduler",
            "create_schedule",
            lambda made: made["ScheduleArn"].rsplit("/", 1)[1],
            lambda made: {"Arn": made["ScheduleArn"]},
            lambda properties, context: {"Name": context.name[:64], **properties},
        ),
        "Name",
    )
    resource(
        "AWS::Scheduler::ScheduleGroup",
        by_call(
            "scheduler",
            "create_schedule_group",
            lambda made: made["ScheduleGroupArn"].rsplit("/", 1)[1],
            lambda made: {"Arn": made["ScheduleGroupArn"]},
            lambda properties, context: {"Name": context.name[:64], **properties},
        ),
        "Name",
    )
    resource("AWS::SQS::QueuePolicy", _create_queue_policy)
    resource("AWS::SNS::TopicPolicy", _create_topic_policy)
    resource(
        "AWS::SNS::Subscription",
        by_call("sns", "subscribe", lambda made: made["SubscriptionArn"]),
    )
    # moto goes by such a policy but not by its conditions, and the CDK's bucket wants TLS.
    resource("AWS::S3::BucketPolicy", recorded())
    resource(
        "AWS::ECS::TaskDefinition",
        by_call("ecs", "register_task_definition", lambda made: made["taskDefinition"]["taskDefinitionArn"],
                lambda made: {"TaskDefinitionArn": made["taskDefinition"]["taskDefinitionArn"]},
                lambda properties, context: {"Family": context.name, **properties}),
    )
    resource(
        "AWS::ECS::Service",
        by_call(
            "ecs",
            "create_service",
            lambda made: made["service"]["serviceArn"],
            lambda made: {"Name": made["service"]["serviceName"], "ServiceArn": made["service"]["serviceArn"]},
            lambda properties, context: {"ServiceName": context.name, **properties},
        ),
        "ServiceName",
    )
    resource("AWS::ApplicationAutoScaling::ScalableTarget", _create_scalable_target)
    resource("AWS::ApplicationAutoScaling::ScalingPolicy", _create_scaling_policy)


def _create_function(properties, context):
    code = properties["Code"]
    if "ZipFile" in code:
        code = {"ZipFile": _zipped(code["ZipFile"])}
    given = {"FunctionName": context.name[:64], **properties, "Code": code}
    made = call("lambda", "create_function", given, context.region)
    if "ReservedConcurrentExecutions" in properties:
        client("lambda", context.region).put_function_concurrency(
            FunctionName=made["FunctionName"],
            ReservedConcurrentExecutions=int(properties["ReservedConcurrentExecutions"]),
        )
    return Created(made["FunctionName"], {"Arn": made["FunctionArn"]})


def _zipped(source):
    """Templates have the text of such a function."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("index.js", source)
    return archive.getvalue()


def _create_queue_policy(properties, context):
    attributes = {"Policy": json.dumps(properties["PolicyDocument"])}
    for url in properties["Queues"]:
        client("sqs", context.region).set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return Created(context.name)


def _create_topic_policy(properties, context):
    for topic in properties["Topics"]:
        client("sns", context.region).set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(properties["PolicyDocument"])
        )
    return Created(context.name)


def _create_scalable_target(properties, context):
    call("application-autoscaling", "register_scalable_target", properties, context.region)
    identity = "|".join(properties[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
    return Created(identity, {"Id": identity})


def _create_scaling_policy(properties, context):
    given = dict(properties)
    if "ScalingTargetId" in given:
        keys = ("ResourceId", "ScalableDimension", "ServiceNamespace")
        given |= dict(zip(keys, given["ScalingTargetId"].split("|"), strict=True))
    made = call("application-autoscaling", "put_scaling_policy", {"PolicyName": context.name, **given}, context.region)
    return Created(made["PolicyARN"], {"Arn": made["PolicyARN"]})
