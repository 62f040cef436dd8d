"""What AWS does otherwise than the emulator, where a deployment could rest on the difference."""

import re

from moto.cloudformation import parsing
from moto.cloudformation.parsing import ResourceMap
from moto.ssm.exceptions import ValidationException
from moto.ssm.models import SimpleSystemManagerBackend


def apply():
    """From now on the emulator is as strict as AWS."""
    refuse_references_in_parameters()
    know_retention_except_on_create()
    drop_items_without_value()


def refuse_references_in_parameters():
    """SSM takes no value with braces in pairs: they stand for a reference to another parameter."""
    put = SimpleSystemManagerBackend.put_parameter

    def put_checked(self, name, description, value, *args, **kwargs):
        if re.search(r"\{\{.*\}\}", value):
            raise ValidationException('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')
        return put(self, name, description, value, *args, **kwargs)

    SimpleSystemManagerBackend.put_parameter = put_checked


def know_retention_except_on_create():
    """RetainExceptOnCreate is Retain when a stack is deleted."""
    delete = ResourceMap.delete

    def delete_others(self):
        for resource in self._resource_json_map.values():
            if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
                resource["DeletionPolicy"] = "Retain"
        return delete(self)

    ResourceMap.delete = delete_others


def drop_items_without_value():
    """An item of a list that is AWS::NoValue is no item; moto knows that of properties only."""
    clean = parsing.clean_json

    def clean_items(resource_json, resources_map):
        cleaned = clean(resource_json, resources_map)
        return [item for item in cleaned if item is not None] if isinstance(resource_json, list) else cleaned

    parsing.clean_json = clean_items
