"""Writes cases.json: URLs presigned by botocore. Run with the pinned botocore: python make_cases.py > cases.json"""

import datetime
import json
import sys
import time
import types

import botocore.auth
import botocore.config
import botocore.session

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)
SECONDS = (NOW - datetime.datetime(1970, 1, 1)).total_seconds()


def stop_time():
    def now(remove_tzinfo=True):
        return NOW if remove_tzinfo else NOW.replace(tzinfo=datetime.timezone.utc)

    for module in list(sys.modules.values()):
        if module.__name__.startswith('botocore') and hasattr(module, 'get_current_datetime'):
            module.get_current_datetime = now
    botocore.auth.time = types.SimpleNamespace(
        gmtime=lambda: time.gmtime(SECONDS), strftime=time.strftime, time=lambda: SECONDS
    )


def s3(style, operation, params, **more):
    config = {'signature_version': 's3v4', 's3': {'addressing_style': style}}
    config.update(more.pop('config', {}))
    return {'service': 's3', 'region': 'eu-west-1', 'operation': operation, 'params': params, 'config': config, **more}


KEY = {'Bucket': 'photos', 'Key': 'a b/ä+c~(1)&=?.jpg'}
CASES = [
    s3('virtual', 'GetObject', KEY),
    s3('path', 'GetObject', KEY),
    s3('virtual', 'GetObject', KEY, region='us-east-1'),
    s3('virtual', 'GetObject', {**KEY, 'VersionId': 'v=1', 'ResponseContentDisposition': 'attachment; filename="x y"'}),
    s3('virtual', 'GetObject', {**KEY, 'Range': 'bytes=0-9', 'IfMatch': '"etag"'}),
    s3('virtual', 'GetObject', {**KEY, 'Bucket': 'with.dots'}),
    s3('virtual', 'GetObject', {**KEY, 'Bucket': 'Upper_Case'}),
    s3('virtual', 'GetObject', {**KEY, 'Bucket': 'arn:aws:s3:eu-west-1:123456789012:accesspoint/ap'}),
    s3('virtual', 'GetObject', KEY, config={'s3': {'addressing_style': 'virtual', 'use_dualstack_endpoint': True}}),
    s3('virtual', 'GetObject', KEY, config={'s3': {'addressing_style': 'virtual', 'use_accelerate_endpoint': True}}),
    s3('path', 'GetObject', KEY, endpoint_url='http://127.0.0.1:9000/base'),
    s3('virtual', 'GetObject', KEY, token='session/token+=', expires=604800),
    s3('virtual', 'HeadObject', KEY, expires=1),
    s3('virtual', 'PutObject', {**KEY, 'ContentType': 'image/jpeg', 'ACL': 'public-read', 'Metadata': {'who': 'me'}}),
    s3('virtual', 'PutObject', {**KEY, 'ChecksumSHA256': 'RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o='}),
    s3('virtual', 'UploadPart', {**KEY, 'PartNumber': 3, 'UploadId': 'id+/'}),
    s3('virtual', 'DeleteObject', KEY),
    s3('path', 'ListObjectsV2', {'Bucket': 'photos', 'Prefix': 'a/', 'Delimiter': '/'}),
    s3('virtual', 'ListObjectsV2', {'Bucket': 'photos', 'Prefix': 'a/', 'Delimiter': '/'}),
    s3('virtual', 'ListBuckets', {}),
    s3('virtual', 'GetObject', KEY, config={'signature_version': 's3'}),
    s3('path', 'GetObject', KEY, config={'signature_version': 's3'}, token='token'),
    s3('virtual', 'PutObject', {**KEY, 'ContentType': 'text/plain', 'ACL': 'private'}, config={'signature_version': 's3'}),
    s3('virtual', 'ListObjectsV2', {'Bucket': 'photos'}, config={'signature_version': 's3'}),
    {'service': 'sts', 'region': 'eu-west-1', 'operation': 'GetCallerIdentity', 'params': {}, 'method': 'GET'},
    {'service': 'sts', 'region': 'us-east-1', 'operation': 'GetCallerIdentity', 'params': {}, 'token': 'token', 'expires': 60},
    {'service': 'sts', 'region': 'eu-west-1', 'operation': 'AssumeRole', 'method': 'GET',
     'params': {'RoleArn': 'arn:aws:iam::123456789012:role/r', 'RoleSessionName': 'me', 'Tags': [{'Key': 'a b', 'Value': 'ä&='}]}},
    {'service': 'ec2', 'region': 'eu-west-1', 'operation': 'DescribeInstances', 'params': {'InstanceIds': ['i-1', 'i-2'], 'DryRun': True}, 'method': 'GET'},
    {'service': 'polly', 'region': 'eu-west-1', 'operation': 'SynthesizeSpeech', 'method': 'GET',
     'params': {'OutputFormat': 'mp3', 'Text': 'Grüße & co', 'VoiceId': 'Joanna', 'LexiconNames': ['a', 'b']}},
    {'service': 'lambda', 'region': 'eu-west-1', 'operation': 'GetFunction', 'params': {'FunctionName': 'f g', 'Qualifier': '1'}},
    {'service': 'rds', 'region': 'eu-west-1', 'operation': 'CopyDBSnapshot', 'method': 'GET',
     'params': {'SourceDBSnapshotIdentifier': 's', 'TargetDBSnapshotIdentifier': 't'}},
]


def snake(name):
    return botocore.xform_name(name)


def main():
    stop_time()
    made = []
    for case in CASES:
        session = botocore.session.Session()
        session.set_credentials('AKIDEXAMPLE', 'secret', case.get('token'))
        client = session.create_client(
            case['service'],
            region_name=case['region'],
            endpoint_url=case.get('endpoint_url'),
            config=botocore.config.Config(**case.get('config', {})),
        )
        url = client.generate_presigned_url(
            snake(case['operation']), case['params'], case.get('expires', 3600), case.get('method')
        )
        made.append({**case, 'url': url})
    json.dump(made, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
