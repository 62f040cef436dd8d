"""AWS on the loopback interface: moto's server with IAM in front of it, and questions answered through boto3.

Commands come as lines of JSON on standard input and are answered in the same way, in order; the first line out says
where the server listens. It ends when its input does, so it never outlives whoever started it.
"""

import json
import sys
from ast import literal_eval
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from threading import Thread

import boto3
import strictness
from moto.eks.models import eks_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from permissions import ACCOUNT, enforce, invoked
from werkzeug.serving import make_server


class QuietHandler(MotoRequestHandler):
    """Without a line for every request."""

    def log(self, *_):
        pass


def serve():
    """Starts the server on a free port; gives its URL."""
    app = enforce(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def place_cluster(region, name, endpoint, ca):
    """Gives an EKS cluster the address and CA (PEM) of a real one; moto makes them up."""
    cluster = eks_backends[ACCOUNT][region].clusters[name]
    cluster.endpoint = endpoint
    cluster.certificate_authority = {"data": b64encode(ca.encode()).decode()}


@cache
def client(url, service):
    """Of a service: making one takes longer than most of its calls."""
    return boto3.client(service, endpoint_url=url)


def call(url, service, operation, arguments):
    """Asks an AWS service something, as somebody who may do everything. Bodies come in base64."""
    answer = getattr(client(url, service), operation)(**arguments)
    if hasattr(answer.get("Body"), "read"):
        answer["Body"] = b64encode(answer["Body"].read()).decode()
    if isinstance(answer.get("PolicyDocument"), str):
        # moto gives the policies of templates as Python spells them.
        answer["PolicyDocument"] = literal_eval(answer["PolicyDocument"])
    return answer


def take_invoked():
    """What functions have sent to other functions since the last time."""
    taken = [*invoked]
    invoked.clear()
    return taken


def handle(url, command):
    if "invoked" in command:
        return take_invoked()
    return place_cluster(**command["place"]) if "place" in command else call(url, **command["call"])


def plain(value):
    """What JSON does not know: boto3's mappings, and instants."""
    return dict(value) if isinstance(value, Mapping) else str(value)


def main():
    strictness.apply()
    url = serve()
    print(json.dumps({"value": url}), flush=True)
    for line in sys.stdin:
        try:
            answer = {"value": handle(url, json.loads(line))}
        except Exception as error:  # whatever it is, the test wants to read it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=plain), flush=True)


main()
