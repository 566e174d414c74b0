"""Calls of AWS APIs for tests, of services that the project has no client of: a line of JSON each, both ways."""

import base64
import datetime
import json
import sys

import boto3

clients = {}


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.read().decode()


for line in sys.stdin:
    service, operation, parameters = json.loads(line)
    try:
        clients.setdefault(service, None)
        client = clients[service] or boto3.client(service)
        clients[service] = client
        answer = getattr(client, operation)(**parameters)
        answer.pop("ResponseMetadata", None)
        told = {"answer": answer}
    except Exception as error:
        told = {"error": f"{service} {operation}: {error!r}"}
    print(json.dumps(told, default=plain), flush=True)
