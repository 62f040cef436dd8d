"""IAM for sessions of roles, in front of the emulator, which lets everybody do everything.

A request that is signed with the session of an assumed role passes if the role's inline policies allow its action on
each resource that it names, as IAM decides; whatever is not known here is denied. Other callers are let through. Of
conditions those on the leading keys of a table's items are held. A function is not really invoked: the event is kept.
"""

import fnmatch
import io
import json
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

ACCOUNT = "123456789012"
PARTITION = "aws"

# Events that functions have sent to other functions, by the name of the function.
invoked = []

S3_ACTIONS = {"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}


def enforce(app):
    """The WSGI application, behind the policies."""

    def guarded(environ, start_response):
        statements = statements_of(environ.get("HTTP_X_AMZ_SECURITY_TOKEN"))
        if statements is None:
            return app(environ, start_response)
        action, resources = subject_of(environ)
        keys = leading_keys(environ) if action.startswith("dynamodb:") else []
        if not resources or not all(is_allowed(statements, action, resource, keys) for resource in resources):
            return deny(action, start_response)
        if action == "lambda:InvokeFunction":
            invoked.append({"function": resources[0].split(":")[-1], "event": body_of(environ)})
            start_response("202 Accepted", [])
            return [b""]
        if action == "s3:GetObject" and is_missing(environ):
            # No role here may list a bucket, and S3 then keeps to itself what is not in it.
            return deny("s3:ListBucket", start_response)
        return app(environ, start_response)

    return guarded


def statements_of(session_token):
    """The statements of the role whose session this is; None for callers who are no role."""
    sessions = sts_backends[ACCOUNT][PARTITION].assumed_roles
    role = next((session.role_arn for session in sessions if session.session_token == session_token), None)
    if role is None:
        return None
    name = role.split("/")[-1]
    iam = iam_backends[ACCOUNT][PARTITION]
    documents = [iam.get_role_policy(name, policy)[1] for policy in iam.list_role_policies(name)]
    # Policies of templates are kept as what they were parsed to.
    parsed = [document if isinstance(document, dict) else json.loads(document) for document in documents]
    return [statement for document in parsed for statement in document["Statement"]]


def subject_of(environ):
    """What the request wants to do, as IAM spells it, and the ARNs of what with."""
    scope = environ["HTTP_AUTHORIZATION"].split("Credential=")[1].split(",")[0]
    _, _, region, service, _ = scope.split("/")
    here = f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}"
    method, path = environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"])
    operation = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1]
    if service == "s3":
        return f"s3:{S3_ACTIONS.get(method, method)}", [f"arn:{PARTITION}:s3:::{path.lstrip('/')}"]
    if service == "eks":
        _, clusters, name, *rest = path.split("/")
        is_description = (method, clusters, rest) == ("GET", "clusters", [])
        return ("eks:DescribeCluster" if is_description else f"eks:{method}"), [f"{here}:cluster/{name}"]
    if service == "lambda":
        _, _, _, name, *rest = path.split("/")
        is_invocation = (method, rest) == ("POST", ["invocations"])
        return ("lambda:InvokeFunction" if is_invocation else f"lambda:{method}"), [f"{here}:function:{name}"]
    return f"{service}:{operation}", names_in(service, here, body_of(environ))


def names_in(service, here, body):
    if service == "dynamodb":
        names = [body["TableName"]] if "TableName" in body else list(body["RequestItems"])
        return [f"{here}:table/{name}" for name in names]
    if service == "ssm":
        return [f"{here}:parameter/{body['Name'].lstrip('/')}"]
    if service == "secretsmanager":
        secret = body["SecretId"]
        # Secrets Manager ends ARNs with six characters of its own.
        return [secret if secret.startswith("arn:") else f"{here}:secret:{secret}-AbCdEf"]
    return []


def is_missing(environ):
    """Whether there is no object where the request looks for one; buckets are named in the path."""
    bucket, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
    known = s3_backends[ACCOUNT][PARTITION].buckets.get(bucket)
    return known is not None and key not in known.keys


def body_of(environ):
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return json.loads(content or "{}")


def leading_keys(environ):
    """The partition keys of the items that a request to DynamoDB names."""
    body = body_of(environ)
    asked = [key for table in body.get("RequestItems", {}).values() for key in table["Keys"]]
    items = [*asked, *(body[part] for part in ("Item", "Key") if part in body)]
    return [item["pk"]["S"] for item in items]


def is_allowed(statements, action, resource, keys):
    """Something allows it, and nothing denies it."""
    effects = {
        statement["Effect"]
        for statement in statements
        if action in statement["Action"]
        and any(fnmatch.fnmatchcase(resource, each) for each in statement["Resource"])
        and has_only(keys, statement.get("Condition", {}).get("ForAllValues:StringLike", {}))
    }
    return effects == {"Allow"}


def has_only(keys, condition):
    """Whether each key is like one of those that the condition allows, if it allows only some."""
    allowed = condition.get("dynamodb:LeadingKeys", ["*"])
    return all(any(fnmatch.fnmatchcase(key, each) for each in allowed) for key in keys)


def deny(action, start_response):
    service = action.split(":")[0]
    message = f"User is not authorized to perform: {action}"
    if service == "s3":
        body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        start_response("403 Forbidden", [("Content-Type", "application/xml")])
    else:
        body = json.dumps({"__type": "AccessDeniedException", "message": message})
        start_response("403 Forbidden", [("Content-Type", "application/x-amz-json-1.1")])
    return [body.encode()]
