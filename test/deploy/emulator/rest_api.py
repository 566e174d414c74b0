"""REST APIs with the integrations of their OpenAPI document, which moto forgets on import."""

import json

from api_call import call, client
from resource import Created, resource, by_call

METHODS = {"get", "put", "post", "delete", "patch", "options", "head", "x-amazon-apigateway-any-method"}


def install():
    resource("AWS::ApiGateway::RestApi", _create_api, "Name")
    resource("AWS::ApiGateway::Deployment", by_call("apigateway", "create_deployment", lambda made: made["id"]))
    resource("AWS::ApiGateway::Stage", _create_stage, "StageName")
    resource("AWS::ApiGateway::Account", _create_account)


def _create_api(properties, context):
    api = client("apigateway", context.region)
    document = _document(properties, context.region)
    given = {"Name": context.name if document is None else document["info"]["title"], **properties}
    if isinstance(given.get("Policy"), dict):
        given["Policy"] = json.dumps(given["Policy"])
    made = call("apigateway", "create_rest_api", given, context.region)
    if document is not None:
        _import(api, made["id"], document)
    return Created(made["id"], {"RestApiId": made["id"], "RootResourceId": _resources(api, made["id"])["/"]})


def _document(properties, region):
    if "Body" in properties:
        return properties["Body"]
    location = properties.get("BodyS3Location")
    if location is None:
        return None
    found = client("s3", region).get_object(Bucket=location["Bucket"], Key=location["Key"])
    return json.loads(found["Body"].read())


def _import(api, api_id, document):
    if not str(document.get("openapi", "")).startswith("3.0"):
        raise ValueError(f"API Gateway takes OpenAPI 3.0, not {document.get('openapi')}")
    schemes = document.get("components", {}).get("securitySchemes", {})
    resources = _resources(api, api_id)
    for path, operations in document["paths"].items():
        resource_id = _resource(api, api_id, resources, path)
        for name in METHODS & operations.keys():
            operation = operations[name]
            integration = operation["x-amazon-apigateway-integration"]
            verb = "ANY" if name.startswith("x-") else name.upper()
            method = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
            needs_key = _authorization(operation.get("security", document.get("security", [])), schemes)
            api.put_method(**method, authorizationType=needs_key)
            extra = {key: integration[key] for key in ("passthroughBehavior", "timeoutInMillis") if key in integration}
            if "uri" in integration:
                extra |= {"uri": integration["uri"], "integrationHttpMethod": integration["httpMethod"]}
            api.put_integration(**method, type=integration["type"].upper(), **extra)
    for kind, response in document.get("x-amazon-apigateway-gateway-responses", {}).items():
        given = {key: response[key] for key in ("responseParameters", "responseTemplates") if key in response}
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        api.put_gateway_response(restApiId=api_id, responseType=kind, **given, **status)


def _authorization(security, schemes):
    names = [name for requirement in security for name in requirement]
    kinds = {schemes.get(name, {}).get("x-amazon-apigateway-authtype") for name in names}
    return "AWS_IAM" if "awsSigv4" in kinds else "NONE"


def _resources(api, api_id):
    items = api.get_resources(restApiId=api_id, limit=500)["items"]
    return {item["path"]: item["id"] for item in items}


def _resource(api, api_id, resources, path):
    """The id of a path; what is missing of it is made."""
    if path not in resources:
        parent, _, part = path.rpartition("/")
        parent_id = _resource(api, api_id, resources, parent or "/")
        resources[path] = api.create_resource(restApiId=api_id, parentId=parent_id, pathPart=part)["id"]
    return resources[path]


def _create_stage(properties, context):
    api = client("apigateway", context.region)
    made = call("apigateway", "create_stage", properties, context.region)
    address = {"restApiId": properties["RestApiId"], "stageName": made["stageName"]}
    log = properties.get("AccessLogSetting", {})
    settings = {f"/accessLogSettings/{key[0].lower()}{key[1:]}": value for key, value in log.items()}
    for setting in properties.get("MethodSettings", []):
        resource_path = setting.get("ResourcePath", "/*")
        path = "*" if resource_path == "/*" else resource_path.replace("/", "~1")
        path += f"/{setting.get('HttpMethod', '*')}"
        names = {
            "ThrottlingRateLimit": "throttling/rateLimit",
            "ThrottlingBurstLimit": "throttling/burstLimit",
            "LoggingLevel": "logging/loglevel",
            "DataTraceEnabled": "logging/dataTrace",
            "MetricsEnabled": "metrics/enabled",
        }
        settings |= {f"/{path}/{names[key]}": value for key, value in setting.items() if key in names}
    operations = [{"op": "replace", "path": path, "value": _text(value)} for path, value in settings.items()]
    if operations:
        api.update_stage(**address, patchOperations=operations)
    return Created(made["stageName"])


def _create_account(properties, context):
    role = properties["CloudWatchRoleArn"]
    client("apigateway", context.region).update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )
    return Created(context.name)


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)
