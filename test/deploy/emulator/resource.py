"""Types of resources that moto has no model of, or one that forgets too much."""

import json
import threading
from dataclasses import dataclass, field

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

import settings
from api_call import call

RECORDED = settings.FOLDER / "recorded.jsonl"
_writing = threading.Lock()
# moto finds models among the subclasses that are alive.
_models = []


@dataclass(frozen=True)
class Created:
    """What `Ref` gives, and what `Fn::GetAtt` does."""

    id: str
    attributes: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """Where a resource is made. `name` is for resources whose template gives none."""

    name: str
    logical_id: str
    type: str
    stack_id: str
    region: str
    account: str


def resource(kind, create, name_property=""):
    """Has resources of this type made by `create(properties, context) -> Created`; attributes that it does not give fail."""

    class Resource(CloudFormationModel):
        __module__ = "moto.proxywatch.models"

        def __init__(self, created):
            self.created = created

        @property
        def physical_resource_id(self):
            return self.created.id

        @staticmethod
        def cloudformation_type():
            return kind

        @staticmethod
        def cloudformation_name_type():
            return name_property

        @classmethod
        def has_cfn_attr(cls, attr):
            return True

        def is_created(self):
            return True

        def get_cfn_attribute(self, name):
            if name not in self.created.attributes:
                raise parsing.ValidationError(message=f"{kind} has no attribute {name} in the emulator")
            return self.created.attributes[name]

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name, cloudformation_json, account_id, region_name, LogicalId, StackId, ResourceType, **_
        ):
            context = Context(resource_name, LogicalId, ResourceType, StackId, region_name, account_id)
            return cls(create(dict(cloudformation_json.get("Properties", {})), context))

        @classmethod
        def update_from_cloudformation_json(cls, original_resource, *_, **__):
            raise parsing.ValidationError(message=f"the emulator cannot update {kind}")

        @classmethod
        def delete_from_cloudformation_json(cls, *_, **__):
            return None

    _models.append(Resource)


def by_call(service, operation, identity, attributes=lambda answer: {}, prepare=lambda properties, context: properties):
    """Makes a resource with one call of an API, so that it can be read back through the same API."""

    def create(properties, context):
        answer = call(service, operation, prepare(properties, context), context.region)
        return Created(identity(answer), attributes(answer))

    return create


def recorded(identity=lambda properties, context: context.name, attributes=lambda properties, context: {}):
    """Only writes the resource down, for types that moto has no API of: what was asked for is all that can be read back."""

    def create(properties, context):
        entry = {"type": context.type, "logicalId": context.logical_id, "stackId": context.stack_id}
        entry["properties"] = properties
        with _writing, RECORDED.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        return Created(identity(properties, context), attributes(properties, context))

    return create
