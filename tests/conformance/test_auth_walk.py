"""With --auth, nobody gets past any route of any wire without enough of a role: walked over the table of routes itself."""

import base64
import json
import re
import socket
import subprocess

import pytest
import requests
from conftest import maru_binary, start_maru

PASSWORD = "correct horse battery"
LEVELS = {"public": 0, "viewer": 1, "editor": 2, "admin": 3}
# What a route does with a request that is let in is its own matter; what must not happen is that it is let in.
LOCKED_OUT = {401, 403}


@pytest.fixture(scope="module")
def routes():
    rows = json.loads(subprocess.run([maru_binary(), "routes", "--json"], check=True, capture_output=True).stdout)
    assert len(rows) > 50
    return rows


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = start_maru(tmp_path_factory.mktemp("auth"), "--auth")
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def admin(server):
    """A session that is logged in, after the one-time password was changed."""
    one_time = re.search(r"one-time password (\S+),", server.log.read_text())[1]
    session = requests.Session()
    session.headers["X-Maru-Request"] = "1"
    url = server.url + "/api/maru/v1/session"
    assert session.post(url, json={"username": "admin", "password": one_time}).status_code == 409
    assert requests.get(server.url + "/api/2.0/mlflow/users/current", auth=("admin", one_time)).status_code == 400
    answer = session.post(url, json={"username": "admin", "password": one_time, "new_password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert session.get(url).json()["user"] == "admin"
    return session


@pytest.fixture(scope="module")
def tokens(server, admin):
    """An API token per role, of users with just that role."""
    made = {}
    for role in ("viewer", "editor", "admin"):
        user = {"name": f"the-{role}", "password": PASSWORD, "roles": {"default": role}}
        assert admin.post(server.url + "/api/maru/v1/users", json=user).status_code == 200
        answer = admin.post(server.url + "/api/maru/v1/tokens", json={"user": user["name"], "name": "walk"})
        made[role] = answer.json()["secret"]
    return made


def ask(server, row, **headers):
    """Sends the row's request with an empty JSON body; the status, from a connection of its own."""
    path = re.sub(r"\{[^}]*\}", "x", row["path"])
    host, port = server.url.removeprefix("http://").split(":")
    lines = [f"{row['verb']} {path} HTTP/1.1", f"Host: {host}:{port}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["Content-Length: 2", "", "{}"]
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.recv(4096).split(b" ")[1])


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_nobody_without_a_proof(server, admin, routes):
    for row in routes:
        status = ask(server, row)
        if row["permission"] == "public":
            continue
        assert status == 401, row


def test_nobody_with_a_wrong_proof(server, admin, routes):
    for row in routes:
        if row["permission"] == "public":
            continue
        for proof in ("Bearer maru_wrong", "Bearer", basic("nobody", ""), "Basic ???", "Nonsense"):
            if proof.startswith("Basic b"):
                continue  # real passwords are tried, and slowed down, in another test
            assert ask(server, row, Authorization=proof) in (401, 429), (row, proof)
        assert ask(server, row, Cookie="maru_session=wrong") == 401, row


def test_nobody_with_too_small_a_role(server, tokens, routes):
    for role, token in tokens.items():
        for row in routes:
            if LEVELS[row["permission"]] > LEVELS[role]:
                assert ask(server, row, Authorization=f"Bearer {token}") == 403, (role, row)


def test_nobody_in_a_workspace_where_they_have_no_role(server, tokens, routes):
    for row in routes:
        if row["permission"] == "public":
            continue
        headers = {"Authorization": f"Bearer {tokens['admin']}", "X-MLFLOW-WORKSPACE": "elsewhere"}
        assert ask(server, row, **headers) in (403, 404), row


def test_no_change_by_cookie_from_another_site(server, admin, routes):
    cookie = f"maru_session={admin.cookies['maru_session']}"
    for row in routes:
        if row["permission"] == "public" or row["verb"] in ("GET", "HEAD"):
            continue
        assert ask(server, row, Cookie=cookie) == 403, row
        assert ask(server, row, Cookie=cookie, X_Maru_Request=1, Origin="http://evil.example") == 403, row


def test_those_with_the_role_get_in(server, tokens, routes):
    """The walk above would also pass on a server that lets nobody in."""
    for role, path in {
        "viewer": "/api/2.0/mlflow/experiments/get?experiment_id=0",
        "editor": "/api/2.0/mlflow/experiments/get?experiment_id=0",
    }.items():
        assert requests.get(server.url + path, headers={"Authorization": f"Bearer {tokens[role]}"}).status_code == 200
    answer = requests.post(
        server.url + "/api/2.0/mlflow/experiments/create",
        json={"name": "made by the editor"},
        headers={"Authorization": f"Bearer {tokens['editor']}"},
    )
    assert answer.status_code == 200, answer.text


def test_the_real_client_logs_in_as_it_always_does(server, tokens, monkeypatch):
    import mlflow
    from mlflow.server.auth.client import AuthServiceClient

    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "the-editor")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    client = mlflow.MlflowClient(server.url)
    experiment = client.create_experiment("by password")
    run = client.create_run(experiment)
    client.log_metric(run.info.run_id, "loss", 0.5)
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME")
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", tokens["viewer"])
    client = mlflow.MlflowClient(server.url)
    assert client.get_run(run.info.run_id).data.metrics == {"loss": 0.5}
    with pytest.raises(mlflow.exceptions.MlflowException, match="needs the role editor"):
        client.create_experiment("not by a viewer")
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")

    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    accounts = AuthServiceClient(server.url)
    user = accounts.create_user("by-mlflow", PASSWORD)
    assert (user.username, user.is_admin) == ("by-mlflow", False)
    accounts.update_user_admin("by-mlflow", True)
    assert accounts.get_user("by-mlflow").is_admin
    accounts.update_user_password("by-mlflow", PASSWORD + "!")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "by-mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD + "!")
    assert AuthServiceClient(server.url).get_user("by-mlflow").username == "by-mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    AuthServiceClient(server.url).delete_user("by-mlflow")
    with pytest.raises(mlflow.exceptions.MlflowException):
        AuthServiceClient(server.url).get_user("by-mlflow")


def test_guessing_is_slowed_down(server, admin):
    seen = set()
    for _ in range(12):
        seen.add(requests.get(server.url + "/metrics", auth=("the-viewer", "a wrong guess")).status_code)
    assert seen == {401, 429} or seen == {401, 503}, seen


def test_logging_out_ends_the_session(server, admin):
    session = requests.Session()
    session.headers["X-Maru-Request"] = "1"
    url = server.url + "/api/maru/v1/session"
    assert session.post(url, json={"username": "the-editor", "password": PASSWORD}).status_code == 200
    cookie = dict(session.cookies)
    assert session.get(url).status_code == 200
    assert session.delete(url).status_code == 200
    assert requests.get(url, cookies=cookie).status_code == 401
