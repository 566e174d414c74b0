"""Who called what: each function signs with a key of its own, so what it does can be held against what its role allows."""

import io
import json
import re
import threading
from urllib.parse import unquote

import settings

CALLS = settings.FOLDER / "calls.jsonl"
CREDENTIAL = re.compile(r"Credential=([\w-]+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request")
INVOCATION = re.compile(r"/functions/([^/]+)/invocations$")
RULES = re.compile(r"/workspaces/([^/]+)/rulegroupsnamespaces(?:/([^/]+))?$")
RULES_VERBS = {"POST": "Create", "PUT": "Put", "DELETE": "Delete", "GET": "Describe"}
_seen = set()
_writing = threading.Lock()


def recording(application):
    """Writes down each kind of call that a function makes: `{"caller","action","resource"}`, once."""

    def serve(environ, start_response):
        found = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if found is not None and found[1].startswith("proxywatch-"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            caller, region, service = found.groups()
            _write(caller, *_call(environ, service, region, body))
        return application(environ, start_response)

    return serve


def _write(caller, action, resource):
    with _writing:
        if (caller, action, resource) in _seen:
            return
        _seen.add((caller, action, resource))
        with CALLS.open("a") as file:
            file.write(json.dumps({"caller": caller, "action": action, "resource": resource}) + "\n")


def _call(environ, service, region, body):
    path = unquote(environ["PATH_INFO"])
    target = environ.get("HTTP_X_AMZ_TARGET")
    arn = f"arn:aws:{service}:{region}:{settings.ACCOUNT}"
    if target is not None:
        given = json.loads(body)
        resource = given.get("SecretId", given.get("KeyId"))
        if "QueueUrl" in given:
            resource = f"{arn}:{given['QueueUrl'].rsplit('/', 1)[1]}"
        return f"{service}:{target.rsplit('.', 1)[1]}", resource
    invocation = INVOCATION.search(path)
    if invocation is not None:
        name = invocation[1]
        return "lambda:InvokeFunction", name if name.startswith("arn:") else f"{arn}:function:{name}"
    rules = RULES.search(path)
    if rules is not None:
        name = rules[2] or json.loads(body)["name"]
        verb = RULES_VERBS[environ["REQUEST_METHOD"]]
        return f"aps:{verb}RuleGroupsNamespace", f"{arn}:rulegroupsnamespace/{rules[1]}/{name}"
    return f"{service}: {environ['REQUEST_METHOD']} {path}", None
