"""Writes posts.json: presigned POSTs of botocore. Run with the pinned botocore: python make_posts.py > posts.json"""

import base64
import datetime
import json
import sys

import botocore.auth
import botocore.config
import botocore.session

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)


def stop_time():
    def now(remove_tzinfo=True):
        return NOW if remove_tzinfo else NOW.replace(tzinfo=datetime.timezone.utc)

    for module in list(sys.modules.values()):
        if module.__name__.startswith('botocore') and hasattr(module, 'get_current_datetime'):
            module.get_current_datetime = now


VIRTUAL = {'signature_version': 's3v4', 's3': {'addressing_style': 'virtual'}}
PATH = {'signature_version': 's3v4', 's3': {'addressing_style': 'path'}}
CASES = [
    {'bucket': 'photos', 'key': 'a b/ä"c.jpg', 'config': VIRTUAL},
    {'bucket': 'photos', 'key': 'up/${filename}', 'config': VIRTUAL},
    {'bucket': 'photos', 'key': 'k', 'config': PATH, 'token': 'session/token+='},
    {'bucket': 'with.dots', 'key': 'k', 'config': VIRTUAL, 'expires': 60},
    {'bucket': 'photos', 'key': 'k', 'config': PATH, 'endpoint_url': 'http://127.0.0.1:9000/base'},
    {'bucket': 'photos', 'key': 'k', 'config': {'signature_version': 's3', 's3': {'addressing_style': 'path'}}},
    {
        'bucket': 'photos',
        'key': 'k',
        'config': VIRTUAL,
        'fields': {'acl': 'public-read', 'Content-Type': 'image/jpeg'},
        'conditions': [
            {'acl': 'public-read'},
            ['starts-with', '$Content-Type', 'image/'],
            ['content-length-range', 1, 1048576],
        ],
    },
]


def main():
    stop_time()
    made = []
    for case in CASES:
        session = botocore.session.Session()
        session.set_credentials('AKIDEXAMPLE', 'secret', case.get('token'))
        client = session.create_client(
            's3',
            region_name='eu-west-1',
            endpoint_url=case.get('endpoint_url'),
            config=botocore.config.Config(**case['config']),
        )
        post = client.generate_presigned_post(
            case['bucket'],
            case['key'],
            Fields=case.get('fields'),
            Conditions=case.get('conditions'),
            ExpiresIn=case.get('expires', 3600),
        )
        policy = json.loads(base64.b64decode(post['fields']['policy']))
        made.append({**case, 'url': post['url'], 'made': post['fields'], 'policy': policy})
    json.dump(made, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
