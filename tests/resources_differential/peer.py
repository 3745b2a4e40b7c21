"""Runs a program of resource steps with boto3 and prints the requests and the result of each step.

    python peer.py ENDPOINT_URL STEPS.json

One JSON line per step: {"requests": [...], "result": ...} or {"requests": [...], "error": "..."}.
"""

import base64
import datetime
import decimal
import json
import sys

import boto3
import jmespath
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from boto3.exceptions import DynamoDBNeedsKeyConditionError
from boto3.resources.base import ServiceResource
from botocore.exceptions import ClientError, PaginationError, ParamValidationError, WaiterError


class Program:
    def __init__(self, endpoint_url):
        self.endpoint_url = endpoint_url
        self.session = boto3.Session(
            aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret", region_name="us-east-1"
        )
        self.session.events.register("before-send", self.record)
        self.requests = []
        self.values = {}

    def record(self, request, **kwargs):
        body = request.body
        if body is None:
            body = b""
        elif isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, (bytes, bytearray)):
            position = body.tell()
            body.seek(0)
            body = body.read()
            request.body.seek(position)
        headers = {}
        for name, value in request.headers.items():
            headers[name.lower()] = value.decode() if isinstance(value, bytes) else value
        self.requests.append(
            {
                "method": request.method,
                "url": request.url,
                "headers": headers,
                "body": base64.b64encode(body).decode(),
            }
        )

    def filled(self, value):
        """Replaces "$name", "$name.identifier" and "$name:jmespath" with their values."""
        if isinstance(value, dict):
            return {key: self.filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        if ":" in value:
            name, path = value[1:].split(":", 1)
            return jmespath.search(path, self.values[name])
        if "." in value:
            name, identifier = value[1:].split(".", 1)
            return getattr(self.values[name], identifier)
        return self.values[value[1:]]

    def run(self, step):
        kind = step["do"]
        on = self.values.get(step.get("on"))
        name = step.get("name")
        params = self.filled(step.get("params", {}))
        if isinstance(on, ServiceResource) and on.meta.service_name == "dynamodb":
            params = native(params)
        if kind == "service":
            return self.session.resource(name, endpoint_url=self.endpoint_url)
        if kind == "get":
            return getattr(on, name)(*self.filled(step.get("ids", [])))
        if kind == "pick":
            return on[step["at"]]
        if kind == "action":
            return getattr(on, name)(**params)
        if kind in ("attribute", "reference"):
            return getattr(on, name)
        if kind == "load":
            return on.load()
        if kind == "data":
            return on.meta.data
        if kind == "print":
            return repr(on)
        if kind == "equal":
            return on == self.values[step["other"]]
        if kind == "subresources":
            return on.get_available_subresources()
        if kind == "wait":
            return getattr(on, name)(**params)
        if kind in ("collection", "pages", "batch"):
            collection = getattr(on, name).all()
            for narrower in step.get("filters", []):
                collection = collection.filter(**self.filled(narrower))
            if "page_size" in step:
                collection = collection.page_size(step["page_size"])
            if "limit" in step:
                collection = collection.limit(step["limit"])
            if kind == "collection":
                return list(collection)
            if kind == "pages":
                return list(collection.pages())
            return getattr(collection, step["action"])(**params)
        if kind in ("paginate", "search"):
            config = {}
            for key, option in (("max_items", "MaxItems"), ("page_size", "PageSize"), ("start", "StartingToken")):
                if key in step:
                    config[option] = self.filled(step[key])
            pages = on.meta.client.get_paginator(name).paginate(PaginationConfig=config, **params)
            if kind == "search":
                return list(pages.search(step["expression"]))
            return pages.build_full_result()
        if kind == "call":
            return getattr(on.meta.client, name)(**params)
        if kind == "batch_write":
            with on.batch_writer(overwrite_by_pkeys=step.get("overwrite_by")) as batch:
                for write in step["writes"]:
                    if "put" in write:
                        batch.put_item(Item=native(write["put"]))
                    else:
                        batch.delete_item(Key=native(write["delete"]))
            return None
        if kind == "to_attribute":
            return sorted_sets(to_json(TypeSerializer().serialize(native(step["value"]))))
        if kind == "from_attribute":
            return TypeDeserializer().deserialize(step["value"])
        if kind == "client_wait":
            on.meta.client.get_waiter(name).wait(WaiterConfig={"Delay": 0, "MaxAttempts": step["attempts"]}, **params)
            return None
        raise NotImplementedError(kind)


def native(value):
    """Converts the JSON form of a native value or a condition to that of boto3, which has no floats."""
    if isinstance(value, float):
        return decimal.Decimal(repr(value))
    if isinstance(value, list):
        return [native(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, content),) = value.items()
        if key == "$set":
            return {native(each) for each in content}
        if key == "$number":
            return decimal.Decimal(content)
        if key == "$binary":
            return Binary(base64.b64decode(content))
        if key == "$attr":
            return Attr(content)
        if key == "$key":
            return Key(content)
        if key == "$size":
            return Attr(content).size()
        if key == "$condition":
            return condition(*content)
    return {key: native(each) for key, each in value.items()}


def sorted_sets(value):
    if isinstance(value, list):
        return [sorted_sets(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: sorted(each, key=json.dumps) if key in ("SS", "NS", "BS") else sorted_sets(each)
        for key, each in value.items()
    }


def condition(method, *operands):
    operands = [native(operand) for operand in operands]
    if method == "and":
        return operands[0] & operands[1]
    if method == "or":
        return operands[0] | operands[1]
    if method == "not":
        return ~operands[0]
    return getattr(operands[0], method)(*operands[1:])


def to_json(value):
    """Converts a value to JSON; resources as printed."""
    if isinstance(value, ServiceResource):
        return repr(value)
    if isinstance(value, dict):
        return {key: to_json(each) for key, each in value.items() if key != "ResponseMetadata"}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    if isinstance(value, datetime.datetime):
        return {"time": value.timestamp()}
    if isinstance(value, decimal.Decimal):
        text = str(value)
        if text.lstrip("-").isdigit():
            # Larger integers are texts, as in inia.
            return int(text) if -(2**63) <= int(text) < 2**64 else str(int(text))
        is_exact = decimal.Decimal(repr(float(value))) == value
        return float(value) if is_exact else {"$number": text}
    if isinstance(value, (set, frozenset)):
        return {"$set": sorted((to_json(each) for each in value), key=json.dumps)}
    if isinstance(value, Binary):
        return {"$binary": base64.b64encode(value.value).decode()}
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return value.read().decode()
    return value


def main(endpoint_url, path):
    program = Program(endpoint_url)
    with open(path) as file:
        steps = json.load(file)
    for step in steps:
        program.requests = []
        line = {}
        try:
            result = program.run(step)
            if "as" in step:
                program.values[step["as"]] = result
            line["result"] = to_json(result)
        except ClientError as error:
            line["error"] = error.response["Error"]["Code"]
        except WaiterError:
            line["error"] = "waiter"
        except PaginationError:
            line["error"] = "pagination"
        except ParamValidationError as error:
            line["error"] = "validation"
            line["message"] = str(error)
        except (TypeError, decimal.DecimalException, DynamoDBNeedsKeyConditionError, KeyError) as error:
            line["error"] = "validation"
            line["message"] = repr(error)
        except (ValueError, AttributeError) as error:
            line["error"] = "resource"
            line["message"] = str(error)
        line["requests"] = program.requests
        print(json.dumps(line), flush=True)


main(*sys.argv[1:])
