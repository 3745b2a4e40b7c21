"""What botocore sends and reads: the peer of the differential test.

Reads one job a line on standard input and answers each with one line on standard output, both JSON:

    -> {"service": "sqs", "region": "us-east-1", "operation": "SendMessage", "params": {..},
        "response": {"status": 200, "headers": [["content-type", "application/json"]], "body": BLOB}}
    <- {"requests": [{"method": .., "url": .., "headers": [[name, value]], "body": BLOB}], OUTCOME}
    -> {"names": ["ListQueues"]}
    <- {"snake": ["list_queues"]}

OUTCOME is "output": what was parsed, or "error": {"class": .., "response": ..} for a service's error, or "failure":
{"class": .., "message": .., "paths": [..]} for anything else, where paths are those of the parameters that were refused.

What JSON cannot say stands as an object with one key that begins with a NUL: a blob {"\\0blob": base64}, a moment
{"\\0time": microseconds since 1970}, a float {"\\0float": "NaN"}, an event stream {"\\0events": [..]}.

Nothing is sent: a handler takes each request and answers with the job's response. The clock stands, and every UUID is
the same one.
"""

import base64
import datetime
import io
import json
import math
import sys
import time
import types
import uuid

import botocore
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.session
import botocore.signers
import botocore.tokens
import botocore.utils
import botocore.validate
from botocore.eventstream import EventStream
from botocore.response import StreamingBody

# The same as in tests/differential/exchange.rs.
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)
UUID = uuid.UUID('5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a')
ACCESS_KEY, SECRET_KEY, TOKEN = 'AKIDEXAMPLE', 'secret', 'token'
ACCOUNT = '123456789012'
# What an operation that asks for endpoints is answered with when it is not the one of the job.
ENDPOINTS = b'{"Endpoints":[{"Address":"discovered.example.com","CachePeriodInMinutes":60}]}'

# How many requests one call may make, those for endpoints not counted.
MOST_REQUESTS = 5

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


def stop_time():
    def now(remove_tzinfo=True):
        return NOW if remove_tzinfo else NOW.replace(tzinfo=datetime.timezone.utc)

    for module in list(sys.modules.values()):
        if module.__name__.startswith('botocore') and hasattr(module, 'get_current_datetime'):
            module.get_current_datetime = now
    # The oldest signature has a clock of its own.
    seconds = (NOW - datetime.datetime(1970, 1, 1)).total_seconds()
    botocore.auth.time = types.SimpleNamespace(
        gmtime=lambda: time.gmtime(seconds), strftime=time.strftime, time=lambda: seconds
    )
    uuid.uuid4 = lambda: UUID


# Tagged values


def untag(entries):
    if len(entries) == 1:
        ((name, value),) = entries.items()
        if name == '\0blob':
            return base64.b64decode(value)
        if name == '\0time':
            return EPOCH + datetime.timedelta(microseconds=value)
        if name == '\0float':
            return float(value)
    return entries


def tag(value):
    """The form of a value that json does not know."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=datetime.timezone.utc)
        return {'\0time': (value - EPOCH) // MICROSECOND}
    if isinstance(value, (bytes, bytearray)):
        return {'\0blob': base64.b64encode(value).decode('ascii')}
    if isinstance(value, StreamingBody):
        return tag(value.read())
    if isinstance(value, EventStream):
        return {'\0events': events(value)}
    # A slip of botocore's: it shows as a difference.
    return {'\0other': repr(value)}


def events(stream):
    found = []
    try:
        for event in stream:
            found.append(event)
    except botocore.exceptions.EventStreamError as error:
        found.append({'\0error': error.response.get('Error', {})})
    return found


def tag_floats(value):
    """A copy whose special floats are tagged."""
    if isinstance(value, float) and not math.isfinite(value):
        return {'\0float': repr(value)}
    if isinstance(value, dict):
        return {name: tag_floats(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [tag_floats(item) for item in value]
    if isinstance(value, EventStream):
        return {'\0events': tag_floats(events(value))}
    return value


def to_line(answer):
    try:
        return json.dumps(answer, default=tag, allow_nan=False)
    except ValueError as error:
        # Not every ValueError is about floats.
        if 'JSON compliant' not in str(error):
            raise
        return json.dumps(tag_floats(answer), default=tag)


# The exchange


class Raw(io.BytesIO):
    """What botocore reads a response's body from."""

    def stream(self, **_):
        chunk = self.read()
        if chunk:
            yield chunk


class Report:
    """The paths of the last parameters that were refused."""

    def __init__(self):
        self.paths = []
        validate = botocore.validate.ParamValidator.validate

        def recording(validator, params, shape):
            errors = validate(validator, params, shape)
            self.paths = [self.path(*error) for error in errors._errors]
            return errors

        botocore.validate.ParamValidator.validate = recording

    @staticmethod
    def path(reason, name, details):
        name = name.removeprefix('.')
        member = details.get('required_name', details.get('unknown_param'))
        if member is None:
            return name
        return f'{name}.{member}' if name else member


class Tokens:
    """A bearer token for whoever asks."""

    def load_token(self, **_):
        return botocore.tokens.FrozenAuthToken('bearer-token')


class Peer:
    def __init__(self):
        self.report = Report()
        self.session = botocore.session.Session()
        self.session.set_credentials(ACCESS_KEY, SECRET_KEY, TOKEN, ACCOUNT)
        self.session.register_component('token_provider', Tokens())
        self.config = botocore.config.Config(retries={'total_max_attempts': 1, 'mode': 'standard'})
        self.loader = self.session.get_component('data_loader')
        self.session.create_client('sts', region_name='us-east-1', config=self.config)
        # What one service loads is forgotten with its client: all of it does not fit the memory.
        self.loaded = dict(self.loader._cache)
        self.client, self.of = None, None
        self.requests, self.job, self.tries = [], None, 0

    def answer(self, job):
        if 'names' in job:
            return {'snake': [botocore.xform_name(name) for name in job['names']]}
        self.requests, self.job, self.tries = [], job, 0
        self.report.paths = []
        outcome = self.call(job)
        return {'requests': self.requests, **outcome}

    def call(self, job):
        try:
            client = self.client_of(job['service'], job['region'])
            output = client._make_api_call(job['operation'], job['params'])
            strip(output)
            # Streams are read here, where their failures still count as the call's.
            for name, value in output.items():
                if isinstance(value, StreamingBody):
                    output[name] = value.read()
                elif isinstance(value, EventStream):
                    output[name] = {'\0events': events(value)}
            return {'output': output}
        except botocore.exceptions.ClientError as error:
            strip(error.response)
            return {'error': {'class': type(error).__name__, 'response': error.response}}
        except Exception as error:
            return {'failure': {'class': type(error).__name__, 'message': str(error)[:2000], 'paths': self.report.paths}}

    def client_of(self, service, region):
        if self.of != (service, region):
            self.client, self.of = None, None
            self.loader._cache = dict(self.loaded)
            self.client = self.session.create_client(service, region_name=region, config=self.config)
            self.client.meta.events.register('before-send', self.send)
            self.of = (service, region)
        return self.client

    def send(self, request, event_name, **_):
        # Some answers ask to try again, and the same one comes for ever.
        asks = event_name.endswith('.DescribeEndpoints') and self.job['operation'] != 'DescribeEndpoints'
        if self.tries >= MOST_REQUESTS and not asks:
            raise RuntimeError('too many requests')
        body = request.body
        if body is None:
            body = b''
        elif isinstance(body, str):
            body = body.encode('utf-8')
        elif hasattr(body, 'read'):
            body = body.read()
        self.requests.append(
            {
                'method': request.method,
                'url': request.url,
                'headers': [[name, text(value)] for name, value in request.headers.items()],
                'body': bytes(body),
            }
        )
        if asks:
            return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw(ENDPOINTS))
        self.tries += 1
        response = self.job['response']
        headers = botocore.awsrequest.HeadersDict()
        for name, value in response['headers']:
            headers[name] = value
        return botocore.awsrequest.AWSResponse(request.url, response['status'], headers, Raw(response['body']))


def text(value):
    return value.decode('utf-8') if isinstance(value, bytes) else str(value)


def strip(output):
    """Leaves of the metadata what is compared."""
    metadata = output.get('ResponseMetadata')
    if metadata is not None:
        for name in ('HTTPHeaders', 'RetryAttempts', 'MaxAttemptsReached'):
            metadata.pop(name, None)


def main():
    stop_time()
    peer = Peer()
    lines, answers = sys.stdin.buffer, sys.stdout.buffer
    for line in lines:
        answer = to_line(peer.answer(json.loads(line, object_hook=untag)))
        answers.write(answer.encode('ascii') + b'\n')
        answers.flush()


if __name__ == '__main__':
    main()
