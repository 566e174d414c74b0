"""Functions that run: moto runs them in Docker, or not at all."""

import base64
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

from moto.awslambda.models import LambdaFunction, lambda_backends

import settings
from api_call import client
from environment import Environment, Exited, TimedOut, search_path, unpack

# Environments of one function at once; AWS would start as many as there are events.
MOST_ENVIRONMENTS = 4
# Asynchronous events that wait for one function.
MOST_WAITING = 1_000
_lock = threading.Lock()


def install():
    LambdaFunction.invoke = _invoke


class Running:
    """A deployed function with its environments."""

    def __init__(self, function):
        self.function = function
        backend = lambda_backends[function.account_id][function.region]
        layers = [backend.layers_versions_by_arn(layer["Arn"]).code_bytes for layer in function.layers]
        self.root = unpack(function.function_name, function.code_bytes, layers)
        limit = min(MOST_ENVIRONMENTS, int(function.reserved_concurrency or MOST_ENVIRONMENTS))
        self.slots = threading.BoundedSemaphore(limit)
        self.waiting = threading.BoundedSemaphore(MOST_WAITING)
        self.background = ThreadPoolExecutor(max_workers=limit)
        self.idle = []

    def invoke(self, event, request_id):
        """What Lambda answers: the payload, and whether it is an error."""
        function = self.function
        context = {
            "awsRequestId": request_id,
            "functionName": function.function_name,
            "functionVersion": "$LATEST",
            "invokedFunctionArn": function.function_arn,
            "memoryLimitInMB": str(function.memory_size),
            "logGroupName": f"/aws/lambda/{function.function_name}",
            "logStreamName": request_id,
        }
        with self.slots:
            environment = self.idle.pop() if self.idle else Environment(self.root, self._variables())
            try:
                answer, printed = environment.invoke(event, context, float(function.timeout))
                self.idle.append(environment)
            except (TimedOut, Exited) as error:
                reason, printed = error.args
                message = f"RequestId: {request_id} Error: {reason}"
                answer = {"error": {"errorType": f"Sandbox.{type(error).__name__}", "errorMessage": message}}
        failed = "error" in answer
        if failed:
            printed.append(f"{request_id} ERROR {json.dumps(answer['error'])}")
        if printed:
            function.logs_backend.ensure_log_group(function.logs_group_name)
            function.save_logs("\n".join(printed))
        return json.dumps(answer["error"] if failed else answer["result"]), failed, "\n".join(printed)

    def invoke_later(self, event):
        """In the order of the calls, as far as environments are free."""
        if not self.waiting.acquire(blocking=False):
            raise RuntimeError(f"{MOST_WAITING} events wait for {self.function.function_name} already")
        self.background.submit(self._run_event, event)

    def _run_event(self, event):
        try:
            request_id = str(uuid.uuid4())
            for attempt in range(1 + self._retries()):
                payload, failed, _ = self.invoke(event, request_id)
                if not failed:
                    return
            self._send_failure(event, request_id, attempt + 1, payload)
        except Exception as error:
            print(f"asynchronous event of {self.function.function_name}: {error!r}", flush=True)
        finally:
            self.waiting.release()

    def _invoke_config(self):
        configured = [config.response() for config in self.function.event_invoke_config]
        return configured[0] if configured else {}

    def _retries(self):
        return int(self._invoke_config().get("MaximumRetryAttempts", 2))

    def _send_failure(self, event, request_id, attempts, payload):
        queue = self._invoke_config().get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if queue is None:
            return
        record = {
            "version": "1.0",
            "requestContext": {
                "requestId": request_id,
                "functionArn": self.function.function_arn,
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": json.loads(payload),
        }
        sqs = client("sqs", self.function.region)
        url = sqs.get_queue_url(QueueName=queue.rsplit(":", 1)[1])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(record))

    def _variables(self):
        function = self.function
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            "NODE_PATH": search_path(self.root),
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(self.root / "task"),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            # Who calls is seen by the key: one for each function.
            "AWS_ACCESS_KEY_ID": function.function_name,
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_SESSION_TOKEN": "emulated",
            "AWS_ENDPOINT_URL": settings.URL,
            **{name: str(value) for name, value in (function.environment_vars or {}).items()},
        }


def running(function):
    with _lock:
        if not hasattr(function, "_running"):
            function._running = Running(function)
        return function._running


def _invoke(self, body, request_headers, response_headers):
    """Takes the place of moto's own."""
    event = json.loads(body) if body else {}
    if request_headers.get("x-amz-invocation-type", "RequestResponse") == "Event":
        running(self).invoke_later(event)
        return ""
    payload, failed, printed = running(self).invoke(event, str(uuid.uuid4()))
    if failed:
        response_headers["x-amz-function-error"] = "Unhandled"
    response_headers["x-amz-log-result"] = base64.b64encode(printed.encode()[-4096:]).decode()
    return payload.encode()
