"""Deployments of moto that fail as those of AWS do: it leaves out what it does not know, and we would not see it."""

from moto.cloudformation import models, parsing
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.exceptions import ValidationError

# Types of which nothing comes on AWS either.
WITHOUT_EFFECT = {"AWS::CDK::Metadata"}


def install():
    parsing.resource_class_from_type = _class_of
    parsing.ResourceMap.__getitem__ = _with_dependencies(parsing.ResourceMap.__getitem__)
    parsing.parse_and_create_resource = _naming_resource(parsing.parse_and_create_resource)
    models.Stack.create_resources = _failing_as_stack(models.Stack.create_resources)
    models.CloudFormationBackend.create_stack = _create_stack
    parsing.logger.warning = _refuse
    for remembered in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        remembered.cache_clear()


def _class_of(kind):
    if kind in WITHOUT_EFFECT:
        return None
    if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
        return CustomModel
    known = parsing.get_model_map().get(kind)
    if known is None:
        raise ValidationError(message=f"the emulator does not know the type {kind}: add it in test/deploy/emulator")
    return known


def _refuse(message, *values):
    raise ValidationError(message=str(message) % values if values else str(message))


def _with_dependencies(get):
    """moto makes a resource when it is first asked for, which may be before those that it depends on."""

    def get_item(self, key):
        if key not in self._parsed_resources:
            depends = self._resource_json_map.get(key, {}).get("DependsOn", [])
            for dependency in [depends] if isinstance(depends, str) else depends:
                self[dependency]
        return get(self, key)

    return get_item


def _naming_resource(create):
    def create_named(logical_id, resource_json, resources_map, account_id, region_name):
        try:
            return create(logical_id, resource_json, resources_map, account_id, region_name)
        except Failed:
            raise
        except Exception as error:
            raise Failed(logical_id, resource_json["Type"], getattr(error, "message", None) or repr(error)) from error

    return create_named


class Failed(Exception):
    """The first resource of a stack that could not be made."""

    def __init__(self, logical_id, kind, reason):
        super().__init__(f"{logical_id} ({kind}): {reason}")
        self.logical_id, self.kind, self.reason = logical_id, kind, reason


def _failing_as_stack(create_resources):
    """A stack that fails stays, and tells why in its events."""

    def create(self):
        try:
            create_resources(self)
            # moto would look at outputs when somebody asks for them.
            list(self.output_map.values())
        except Exception as error:
            kind = "AWS::CloudFormation::Stack"
            failed = error if isinstance(error, Failed) else Failed(self.name, kind, repr(error))
            print(f"stack {self.name}: {failed}", flush=True)
            self.events.append(
                models.Event(
                    stack_id=self.stack_id,
                    stack_name=self.name,
                    logical_resource_id=failed.logical_id,
                    physical_resource_id="",
                    resource_type=failed.kind,
                    resource_status="CREATE_FAILED",
                    resource_status_reason=failed.reason,
                    resource_properties=None,
                )
            )
            self.status = "ROLLBACK_COMPLETE"
            # Who looks at the stack would have moto make the rest of it.
            made = self.resource_map._parsed_resources
            self.resource_map._resource_json_map = {
                key: value for key, value in self.resource_map._resource_json_map.items() if key in made
            }
            self.output_map = parsing.OutputMap(self.resource_map, {}, self.stack_id)
            self._add_stack_event("ROLLBACK_COMPLETE", f"the emulator leaves what was made: {failed}")

    return create


def _create_stack(self, name, template, parameters, **rest):
    """As moto's, but resources come before exports: moto would fail in the middle, with no stack to tell of."""
    if name in [stack.name for stack in self.stacks.values() if stack.status != "DELETE_COMPLETE"]:
        raise models.AlreadyExistsException(f"Stack {name} already exists")
    stack = models.Stack(
        stack_id=models.generate_stack_id(name, self.region_name, self.account_id),
        name=name,
        template=template,
        parameters=parameters,
        account_id=self.account_id,
        region_name=self.region_name,
        cross_stack_resources=self.exports,
        **rest,
    )
    self.stacks[stack.stack_id] = stack
    stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
    stack.create_resources()
    if stack.status == "CREATE_COMPLETE":
        self._validate_export_uniqueness(stack)
        for export in stack.exports:
            self.exports[export.name] = export
    return stack
