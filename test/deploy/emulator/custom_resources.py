"""Custom resources that are really made: their function is invoked, and what it sends to the ResponseURL counts."""

import json
import queue
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from moto.awslambda.models import lambda_backends
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import ValidationError

from functions import running
from sdk_calls import make_call
from resource import Context, recorded

# An hour on AWS; nothing of ours may take longer than this here.
LONGEST_WAIT_S = 300
# Names of stores that were made here: nobody answers there, so a function that works with them cannot be waited for.
MADE_HERE = ".amazonaws.com:"
_answers = {}


class _Receiver(BaseHTTPRequestHandler):
    def do_PUT(self):
        answers = _answers.get(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if answers is not None:
            answers.put(body)
        self.send_response(200 if answers is not None else 403)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def install():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"

    def create(cls, resource_name, cloudformation_json, account_id, region_name, LogicalId, StackId, ResourceType, **_):
        properties = cloudformation_json["Properties"]
        made = cls(region_name, str(uuid.uuid4()), LogicalId, resource_name)
        if ResourceType == "Custom::ProxywatchDeploy" and MADE_HERE in properties["settings"]["DCDB_URL"]:
            recorded()(properties, Context(resource_name, LogicalId, ResourceType, StackId, region_name, account_id))
            made.set_data({})
        elif ResourceType == "Custom::AWS":
            made.set_data(make_call(properties, region_name))
        else:
            context = Context(resource_name, LogicalId, ResourceType, StackId, region_name, account_id)
            answer = _ask(address, made.request_id, properties, context)
            made.resource_name = answer["PhysicalResourceId"]
            made.set_data(answer.get("Data") or {})
        return made

    CustomModel.create_from_cloudformation_json = classmethod(create)
    CustomModel.get_cfn_attribute = _attribute


def _ask(address, request_id, properties, context):
    path = f"/{uuid.uuid4()}"
    answers = _answers[path] = queue.SimpleQueue()
    event = {
        "RequestType": "Create",
        "ServiceToken": properties["ServiceToken"],
        "ResponseURL": address + path,
        "StackId": context.stack_id,
        "RequestId": request_id,
        "LogicalResourceId": context.logical_id,
        "ResourceType": context.type,
        # CloudFormation makes texts of all values.
        "ResourceProperties": _texts(properties),
    }
    try:
        function = lambda_backends[context.account][context.region].get_function(properties["ServiceToken"])
        payload, failed, printed = running(function).invoke(event, str(uuid.uuid4()))
        if failed:
            raise ValidationError(message=f"{function.function_name} failed: {payload} {printed}")
        answer = json.loads(answers.get(timeout=LONGEST_WAIT_S))
    except queue.Empty as error:
        raise ValidationError(message=f"no answer within {LONGEST_WAIT_S} s") from error
    finally:
        del _answers[path]
    if answer["Status"] != "SUCCESS":
        reason = answer.get("Reason")
        raise ValidationError(message=f"Received response status [FAILED] from custom resource. Message returned: {reason}")
    return answer


def _attribute(self, name):
    if name not in self.data:
        raise ValidationError(message=f"{self.logical_id} has no attribute {name}")
    return self.data[name]


def _texts(value):
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
