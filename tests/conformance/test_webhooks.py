"""Webhooks through the real MLflow client, with a real receiver that checks every signature."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
import uuid

import mlflow
import pytest
from mlflow.entities.webhook import WebhookStatus
from mlflow.exceptions import MlflowException

SECRET = "a secret of the two of us"


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what it is sent. `fail` many requests are answered with 503 first."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"
        self.received = []
        self.fail = 0
        self.arrived = threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def wait_for(self, count, timeout=15):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= count, timeout), self.received
            return list(self.received)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.arrived:
            failing = self.server.fail > 0
            self.server.fail -= failing
            self.server.received.append((dict(self.headers), body))
            self.server.arrived.notify_all()
        self.send_response(503 if failing else 200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"seen")

    def log_message(self, *_):
        pass


def envelope(received, secret=SECRET):
    """The body of one request, whose signature must be right."""
    headers, body = received
    if secret:
        signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.".encode() + body
        digest = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        assert headers["X-MLflow-Signature"] == f"v1,{digest}"
        assert abs(int(headers["X-MLflow-Timestamp"]) - time.time()) < 60
    else:
        assert "X-MLflow-Signature" not in headers
    return json.loads(body)


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def maru_server(tmp_path_factory):
    from conftest import start_maru

    server = start_maru(tmp_path_factory.mktemp("maru"), "--webhook-http", "--webhook-private-networks")
    yield server
    assert server.stop() == 0


@pytest.fixture
def name():
    return f"model-{uuid.uuid4().hex[:8]}"


def test_a_webhook_lives_and_dies(mlflow_client, receiver):
    made = mlflow_client.create_webhook(
        "ci", receiver.url, ["registered_model.created", "model_version_alias.created"], description="why", secret=SECRET
    )
    assert (made.name, made.url, made.description, made.status) == ("ci", receiver.url, "why", WebhookStatus.ACTIVE)
    assert [str(e) for e in made.events] == ["registered_model.created", "model_version_alias.created"]
    assert made.creation_timestamp == made.last_updated_timestamp > 1_600_000_000_000
    assert made.secret is None, "a secret never comes out again"
    assert mlflow_client.get_webhook(made.webhook_id).events == made.events

    changed = mlflow_client.update_webhook(made.webhook_id, name="cd", status="DISABLED", events=["prompt.created"])
    assert (changed.name, changed.status, changed.description) == ("cd", WebhookStatus.DISABLED, "why")
    assert [str(e) for e in mlflow_client.get_webhook(made.webhook_id).events] == ["prompt.created"]
    assert mlflow_client.update_webhook(made.webhook_id, description="").description is None

    mlflow_client.delete_webhook(made.webhook_id)
    for call in (mlflow_client.get_webhook, mlflow_client.delete_webhook, mlflow_client.test_webhook):
        with pytest.raises(MlflowException, match="not found") as raised:
            call(made.webhook_id)
        assert raised.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_lists_in_pages(mlflow_client, receiver):
    made = {mlflow_client.create_webhook(f"w{i}", receiver.url, ["prompt.created"]).webhook_id for i in range(5)}
    seen, token = [], None
    while True:
        page = mlflow_client.list_webhooks(max_results=2, page_token=token)
        seen += [w.webhook_id for w in page]
        token = page.token
        if not token:
            break
    assert made <= set(seen) and len(seen) == len(set(seen))
    for webhook_id in made:
        mlflow_client.delete_webhook(webhook_id)
    assert not made & {w.webhook_id for w in mlflow_client.list_webhooks()}


@pytest.mark.parametrize(
    "change, words",
    [
        ({"name": "not a name"}, "is invalid"),
        ({"url": "ftp://127.0.0.1/"}, "scheme"),
        ({"url": "https://"}, "Webhook URL|scheme"),
    ],
)
def test_refuses_what_will_not_do(mlflow_client, receiver, change, words):
    with pytest.raises(MlflowException, match=words) as raised:
        mlflow_client.create_webhook(**{"name": "ok", "url": receiver.url, "events": ["prompt.created"], **change})
    assert raised.value.error_code == "INVALID_PARAMETER_VALUE"


def test_an_impossible_event_is_refused(maru_server, receiver):
    reply = maru_server.post(
        "/api/2.0/mlflow/webhooks",
        {"name": "ok", "url": receiver.url, "events": [{"entity": "REGISTERED_MODEL", "action": "DELETED"}]},
    )
    assert (reply.status_code, reply.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "Invalid action 'deleted' for entity 'registered_model'" in reply.json()["message"]


def test_private_networks_are_closed_unless_opened(maru_factory, tmp_path):
    server = maru_factory(tmp_path)
    for url in ("http://127.0.0.1/", "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data"):
        reply = server.post(
            "/api/2.0/mlflow/webhooks",
            {"name": "ok", "url": url, "events": [{"entity": "PROMPT", "action": "CREATED"}]},
        )
        assert reply.status_code == 400, url


def test_tries_one_out(mlflow_client, receiver):
    webhook = mlflow_client.create_webhook("try", receiver.url, ["model_version.created"], secret=SECRET)
    result = mlflow_client.test_webhook(webhook.webhook_id)
    assert (result.success, result.response_status, result.response_body) == (True, 200, "seen")
    assert envelope(receiver.wait_for(1)[0])["entity"] == "model_version"
    receiver.fail = 1
    assert not mlflow_client.test_webhook(webhook.webhook_id, "prompt_tag.set").success
    assert envelope(receiver.wait_for(2)[1])["data"].keys() == {"name", "key", "value"}
    mlflow_client.update_webhook(webhook.webhook_id, url="http://127.0.0.1:1/")
    result = mlflow_client.test_webhook(webhook.webhook_id)
    assert not result.success and result.error_message and result.response_status is None
    mlflow_client.delete_webhook(webhook.webhook_id)


def test_tells_of_the_registry(mlflow_client, receiver, name):
    """Every event of a registered model, in order, with MLflow's payloads."""
    webhook = mlflow_client.create_webhook(
        "all", receiver.url,
        ["registered_model.created", "model_version.created", "model_version_tag.set", "model_version_tag.deleted",
         "model_version_alias.created", "model_version_alias.deleted"],
        secret=SECRET,
    )
    mlflow_client.create_registered_model(name, tags={"team": "growth"}, description="who leaves")
    mlflow_client.create_model_version(name, "s3://bucket/model", tags={"k": "v"}, description="first")
    mlflow_client.set_model_version_tag(name, "1", "reviewed", "yes")
    mlflow_client.delete_model_version_tag(name, "1", "reviewed")
    mlflow_client.set_registered_model_alias(name, "champion", "1")
    mlflow_client.delete_registered_model_alias(name, "champion")
    told = [envelope(r) for r in receiver.wait_for(6)]
    assert [(t["entity"], t["action"], t["data"]) for t in told] == [
        ("registered_model", "created", {"name": name, "tags": {"team": "growth"}, "description": "who leaves"}),
        ("model_version", "created", {"name": name, "version": "1", "source": "s3://bucket/model", "run_id": None,
                                      "tags": {"k": "v"}, "description": "first"}),
        ("model_version_tag", "set", {"name": name, "version": "1", "key": "reviewed", "value": "yes"}),
        ("model_version_tag", "deleted", {"name": name, "version": "1", "key": "reviewed"}),
        ("model_version_alias", "created", {"name": name, "alias": "champion", "version": "1"}),
        ("model_version_alias", "deleted", {"name": name, "alias": "champion"}),
    ]
    mlflow_client.delete_webhook(webhook.webhook_id)


def test_tells_of_prompts(mlflow_client, receiver, name):
    webhook = mlflow_client.create_webhook(
        "prompts", receiver.url,
        ["prompt.created", "prompt_version.created", "prompt_tag.set", "prompt_alias.created"],
    )
    mlflow.genai.register_prompt(name=name, template="Hello {{name}}!", commit_message="first")
    mlflow_client.set_prompt_tag(name, "tone", "warm")
    mlflow_client.set_prompt_alias(name, "production", 1)
    told = [envelope(r, secret=None) for r in receiver.wait_for(5)]  # the client sets a tag of its own as well
    told = [(f"{t['entity']}.{t['action']}", t["data"]) for t in told]
    assert dict(told)["prompt.created"]["name"] == name
    assert dict(told)["prompt_version.created"]["template"] == "Hello {{name}}!"
    assert dict(told)["prompt_version.created"]["version"] == "1"
    assert ("prompt_tag.set", {"name": name, "key": "tone", "value": "warm"}) in told
    assert dict(told)["prompt_alias.created"] == {"name": name, "alias": "production", "version": "1"}
    mlflow_client.delete_webhook(webhook.webhook_id)


def test_disabled_ones_hear_nothing_and_failures_are_tried_again(mlflow_client, receiver, name):
    disabled = mlflow_client.create_webhook("off", receiver.url, ["registered_model.created"], status="DISABLED")
    active = mlflow_client.create_webhook("on", receiver.url, ["registered_model.created"])
    receiver.fail = 1
    mlflow_client.create_registered_model(name)
    first, second = receiver.wait_for(2)
    assert first[0]["X-MLflow-Delivery-Id"] == second[0]["X-MLflow-Delivery-Id"]
    time.sleep(0.3)
    assert len(receiver.received) == 2
    mlflow_client.delete_webhook(disabled.webhook_id)
    mlflow_client.delete_webhook(active.webhook_id)


def test_nothing_is_lost_over_kill(maru_factory, tmp_path, receiver):
    flags = ("--webhook-http", "--webhook-private-networks")
    server = maru_factory(tmp_path, *flags)
    made = server.post(
        "/api/2.0/mlflow/webhooks",
        {"name": "w", "url": receiver.url, "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]},
    )
    assert made.status_code == 200, made.text
    wanted = set()
    for round_ in range(5):
        for i in range(10):
            model = f"model-{round_}-{i}"
            assert server.post("/api/2.0/mlflow/registered-models/create", {"name": model}).status_code == 200
            wanted.add(model)
        server.kill()
        server = maru_factory(tmp_path, *flags)
    end = time.monotonic() + 20
    told = set()
    while time.monotonic() < end and told != wanted:
        time.sleep(0.1)
        told = {envelope(r, secret=None)["data"]["name"] for r in list(receiver.received)}
    assert told == wanted
