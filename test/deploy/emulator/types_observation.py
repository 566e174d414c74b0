"""Metrics, rules, alarms and what is made of logs."""

import json

import settings
from api_call import call, client
from resource import Created, by_call, recorded, resource


def install():
    resource("AWS::APS::Workspace", _create_workspace)
    resource(
        "AWS::APS::RuleGroupsNamespace",
        by_call(
            "amp",
            "create_rule_groups_namespace",
            lambda made: made["arn"],
            lambda made: {"Arn": made["arn"]},
            lambda properties, _: {
                **properties,
                "WorkspaceId": properties["Workspace"].rsplit("/", 1)[1],
                "Data": properties["Data"].encode(),
            },
        ),
    )
    resource("AWS::CloudWatch::Alarm", _create_alarm, "AlarmName")
    resource("AWS::CloudWatch::Dashboard", _create_dashboard, "DashboardName")
    resource("AWS::Logs::MetricFilter", _create_metric_filter)


def _create_workspace(properties, context):
    made = call("amp", "create_workspace", properties, context.region)
    # Logging, limits and alerts have no API in moto.
    recorded()(properties, context)
    workspace = made["workspaceId"]
    return Created(
        made["arn"],
        {
            "Arn": made["arn"],
            "WorkspaceId": workspace,
            "PrometheusEndpoint": f"{settings.PROMETHEUS_URL}/workspaces/{workspace}/",
        },
    )


def _create_alarm(properties, context):
    given = {"AlarmName": context.name, **properties}
    call("cloudwatch", "put_metric_alarm", given, context.region)
    found = client("cloudwatch", context.region).describe_alarms(AlarmNames=[given["AlarmName"]])["MetricAlarms"]
    return Created(given["AlarmName"], {"Arn": found[0]["AlarmArn"]})


def _create_dashboard(properties, context):
    given = {"DashboardName": context.name, **properties}
    json.loads(given["DashboardBody"])
    call("cloudwatch", "put_dashboard", given, context.region)
    return Created(given["DashboardName"])


def _create_metric_filter(properties, context):
    given = {"FilterName": context.name, **properties}
    call("logs", "put_metric_filter", given, context.region)
    return Created(given["FilterName"])
