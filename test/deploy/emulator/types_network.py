"""Networks beyond what moto makes from templates."""

from api_call import call, client
from resource import Created, by_call, resource


def install():
    resource("AWS::EC2::SecurityGroupEgress", _create_egress)
    resource("AWS::EC2::SecurityGroupIngress", _create_ingress)
    resource("AWS::ServiceDiscovery::PrivateDnsNamespace", _create_namespace)
    resource(
        "AWS::ServiceDiscovery::Service",
        by_call(
            "servicediscovery",
            "create_service",
            lambda made: made["Service"]["Id"],
            lambda made: {"Id": made["Service"]["Id"], "Arn": made["Service"]["Arn"], "Name": made["Service"]["Name"]},
        ),
    )
    resource("AWS::WAFv2::WebACL", _create_acl, "Name")
    resource(
        "AWS::WAFv2::WebACLAssociation",
        by_call("wafv2", "associate_web_acl", lambda _: "association"),
    )
    resource(
        "AWS::WAFv2::LoggingConfiguration",
        by_call("wafv2", "put_logging_configuration", lambda made: made["LoggingConfiguration"]["ResourceArn"],
                prepare=lambda properties, _: {"LoggingConfiguration": properties}),
    )


def _rule(properties):
    permission = {"IpProtocol": str(properties["IpProtocol"])}
    permission |= {key: int(properties[key]) for key in ("FromPort", "ToPort") if key in properties}
    told = {"Description": properties["Description"]} if "Description" in properties else {}
    group = properties.get("SourceSecurityGroupId", properties.get("DestinationSecurityGroupId"))
    prefix = properties.get("DestinationPrefixListId", properties.get("SourcePrefixListId"))
    if group is not None:
        permission["UserIdGroupPairs"] = [{"GroupId": group, **told}]
    elif prefix is not None:
        permission["PrefixListIds"] = [{"PrefixListId": prefix, **told}]
    else:
        permission["IpRanges"] = [{"CidrIp": properties["CidrIp"], **told}]
    return {"GroupId": properties["GroupId"], "IpPermissions": [permission]}


def _create_egress(properties, context):
    client("ec2", context.region).authorize_security_group_egress(**_rule(properties))
    return Created(context.name)


def _create_ingress(properties, context):
    client("ec2", context.region).authorize_security_group_ingress(**_rule(properties))
    return Created(context.name)


def _create_namespace(properties, context):
    call("servicediscovery", "create_private_dns_namespace", properties, context.region)
    namespaces = client("servicediscovery", context.region).list_namespaces()["Namespaces"]
    made = next(namespace for namespace in reversed(namespaces) if namespace["Name"] == properties["Name"])
    return Created(made["Id"], {"Id": made["Id"], "Arn": made["Arn"]})


def _create_acl(properties, context):
    made = call("wafv2", "create_web_acl", {"Name": context.name, **properties}, context.region)["Summary"]
    return Created(f"{made['Name']}|{made['Id']}|REGIONAL", {"Arn": made["ARN"], "Id": made["Id"]})
