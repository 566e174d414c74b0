"""AwsCustomResource of the CDK: a call of an API for each resource, made here with boto3 and not by its function."""

import json
import re

from api_call import client, shaped

# Calls that moto has no answer to.
ANSWERS = {
    ("kafka", "get_bootstrap_brokers"): {
        "BootstrapBrokerStringSaslIam": "boot.kafka-serverless.eu-central-1.amazonaws.com:9098",
    },
}


def make_call(properties, region):
    """What the call on creation answers, by paths such as `Cluster.Arn`."""
    call = properties["Create"]
    call = json.loads(call) if isinstance(call, str) else call
    service = re.sub(r"^(@aws-sdk/client-)", "", call["service"]).lower()
    operation = re.sub(r"(?<!^)(?=[A-Z])", "_", re.sub(r"Command$", "", call["action"])).lower()
    answer = ANSWERS.get((service, operation))
    if answer is None:
        api = client(service, region)
        shape = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[operation]).input_shape
        try:
            answer = getattr(api, operation)(**shaped(shape, call.get("parameters", {})))
        except api.exceptions.ClientError as error:
            ignored = call.get("ignoreErrorCodesMatching")
            if ignored is None or not re.search(ignored, error.response["Error"]["Code"]):
                raise
            answer = {}
        answer.pop("ResponseMetadata", None)
    return dict(_flat(answer, ()))


def _flat(value, path):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield ".".join(path), value
        return
    for key, item in items:
        yield from _flat(item, (*path, str(key)))
