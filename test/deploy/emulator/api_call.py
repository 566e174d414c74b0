"""Calls of the emulator's own APIs, made from what stands in a template."""

import functools

import boto3
from botocore.config import Config

import settings


@functools.cache
def client(service, region):
    return boto3.client(
        service,
        endpoint_url=settings.URL,
        region_name=region,
        aws_access_key_id="cloudformation",
        aws_secret_access_key="cloudformation",
        # What fails here fails again.
        config=Config(retries={"total_max_attempts": 1}),
    )


def call(service, operation, properties, region):
    """Calls an operation with the properties of a resource; what the operation has no parameter for is left out."""
    api = client(service, region)
    shape = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[operation]).input_shape
    return getattr(api, operation)(**shaped(shape, properties))


def shaped(shape, value):
    """A value of a template in the form that a parameter of an API wants: names match whatever their case."""
    kind = shape.type_name
    if kind == "structure":
        members = {name.lower(): name for name in shape.members}
        known = ((members[key.lower()], item) for key, item in value.items() if key.lower() in members)
        return {name: shaped(shape.members[name], item) for name, item in known}
    if kind == "list":
        items = value if isinstance(value, list) else [value]
        return [shaped(shape.member, item) for item in items]
    if kind == "map":
        # Templates write tags as a list of pairs everywhere.
        pairs = {tag["Key"]: tag["Value"] for tag in value} if isinstance(value, list) else value
        return {key: shaped(shape.value, item) for key, item in pairs.items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value
