"""Runs a program of resource steps with boto3 and prints the requests and the result of each step.

    python peer.py ENDPOINT_URL STEPS.json

One JSON line per step: {"requests": [...], "result": ...} or {"requests": [...], "error": "..."}.
"""

import base64
import datetime
import json
import sys

import boto3
import jmespath
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
        if on is not None and isinstance(on, ServiceResource) and on.meta.service_name == "dynamodb":
            plain_values(on.meta.client)
        name = step.get("name")
        params = self.filled(step.get("params", {}))
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
        if kind == "client_wait":
            on.meta.client.get_waiter(name).wait(WaiterConfig={"Delay": 0, "MaxAttempts": step["attempts"]}, **params)
            return None
        raise NotImplementedError(kind)


def plain_values(client):
    """Disables the conversion of attribute values by boto3's DynamoDB resource, which is another layer."""
    events = client.meta.events
    for event, unique_id in (
        ("provide-client-params.dynamodb", "dynamodb-create-params-copy"),
        ("before-parameter-build.dynamodb", "dynamodb-condition-expression"),
        ("before-parameter-build.dynamodb", "dynamodb-attr-value-input"),
        ("after-call.dynamodb", "dynamodb-attr-value-output"),
    ):
        events.unregister(event, unique_id=unique_id)


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
        except (ValueError, AttributeError) as error:
            line["error"] = "resource"
            line["message"] = str(error)
        line["requests"] = program.requests
        print(json.dumps(line), flush=True)


main(*sys.argv[1:])
