"""Stores and secrets."""

import json
import secrets

from moto.kafka.models import FakeKafkaCluster

from api_call import call, client
from resource import Created, by_call, recorded, resource


def install():
    FakeKafkaCluster._generate_arn = _cluster_arn
    resource("AWS::KMS::Key", _create_key)
    resource("AWS::SecretsManager::Secret", _create_secret, "Name")
    resource("AWS::RDS::DBClusterParameterGroup", _create_parameter_group, "DBClusterParameterGroupName")
    resource("AWS::RDS::DBCluster", _create_cluster, "DBClusterIdentifier")
    resource(
        "AWS::RDS::DBInstance",
        by_call(
            "rds",
            "create_db_instance",
            lambda made: made["DBInstance"]["DBInstanceIdentifier"],
            lambda made: {"DBInstanceArn": made["DBInstance"]["DBInstanceArn"]},
            lambda properties, context: {"DBInstanceIdentifier": context.name[:63].lower(), **properties},
        ),
        "DBInstanceIdentifier",
    )
    # moto has serverless clusters of neither service that answer at an address.
    resource(
        "AWS::ElastiCache::ServerlessCache",
        recorded(
            lambda properties, _: properties["ServerlessCacheName"],
            lambda properties, context: {
                "Endpoint.Address": f"{properties['ServerlessCacheName']}-x1y2z3.serverless.euc1.cache.amazonaws.com",
                "Endpoint.Port": "6379",
            },
        ),
    )
    resource(
        "AWS::MSK::ServerlessCluster",
        by_call(
            "kafka",
            "create_cluster_v2",
            lambda made: made["ClusterArn"],
            lambda made: {"Arn": made["ClusterArn"]},
            lambda properties, _: {"ClusterName": properties["ClusterName"], "Serverless": properties},
        ),
    )


def _cluster_arn(self):
    """As MSK writes them; moto leaves the name out."""
    return f"arn:aws:kafka:{self.region_name}:{self.account_id}:cluster/{self.cluster_name}/{self.cluster_id}"


def _create_key(properties, context):
    api = client("kms", context.region)
    given = {
        **properties,
        "Policy": json.dumps(properties["KeyPolicy"]),
        "Tags": [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])],
    }
    made = call("kms", "create_key", given, context.region)["KeyMetadata"]
    if properties.get("EnableKeyRotation"):
        api.enable_key_rotation(KeyId=made["KeyId"])
    return Created(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


def _create_secret(properties, context):
    generate = properties.pop("GenerateSecretString", None)
    if generate is not None:
        key = generate.get("GenerateStringKey")
        password = secrets.token_hex(16)
        template = json.loads(generate.get("SecretStringTemplate", "{}"))
        properties["SecretString"] = password if key is None else json.dumps({**template, key: password})
    made = call("secretsmanager", "create_secret", {"Name": context.name, **properties}, context.region)
    return Created(made["ARN"], {"Id": made["ARN"]})


def _create_parameter_group(properties, context):
    name = properties.get("DBClusterParameterGroupName", context.name.lower())
    given = {**properties, "DBClusterParameterGroupName": name, "DBParameterGroupFamily": properties["Family"]}
    call("rds", "create_db_cluster_parameter_group", given, context.region)
    client("rds", context.region).modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=name,
        Parameters=[
            {"ParameterName": key, "ParameterValue": str(value), "ApplyMethod": "immediate"}
            for key, value in properties["Parameters"].items()
        ],
    )
    return Created(name)


def _create_cluster(properties, context):
    given = {"DBClusterIdentifier": context.name[:63].lower(), **properties}
    # moto wants it even where RDS keeps the password by itself.
    if given.get("ManageMasterUserPassword"):
        given["MasterUserPassword"] = secrets.token_hex(16)
    made = call("rds", "create_db_cluster", given, context.region)["DBCluster"]
    secret = made.get("MasterUserSecret")
    return Created(
        made["DBClusterIdentifier"],
        {
            "Endpoint.Address": made["Endpoint"],
            "Endpoint.Port": str(made["Port"]),
            "ReadEndpoint.Address": made["ReaderEndpoint"],
            "DBClusterArn": made["DBClusterArn"],
            "DBClusterResourceId": made["DbClusterResourceId"],
            **({} if secret is None else {"MasterUserSecret.SecretArn": secret["SecretArn"]}),
        },
    )
