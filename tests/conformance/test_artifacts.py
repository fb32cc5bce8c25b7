"""Artifacts with the real mlflow client, over a folder and over a real S3 server, and what the wire must refuse."""

import dataclasses
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse

import pytest
import requests

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
PROXY = "/api/2.0/mlflow-artifacts"


@dataclasses.dataclass
class S3:
    endpoint: str
    env: dict


@pytest.fixture(scope="module")
def s3():
    """A real S3 server with the bucket "maru"."""
    script = subprocess.Popen([sys.executable, REPO / "tests/servers/versitygw"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    endpoint, access, secret, _ = script.stdout.readline().split()
    yield S3(endpoint, {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret,
                        "AWS_REGION": "us-east-1"})
    script.stdin.close()
    script.wait(20)


@pytest.fixture(scope="module")
def s3_server(s3, tmp_path_factory):
    from tests.conftest import start_maru

    server = start_maru(tmp_path_factory.mktemp("maru-s3"), "--artifact-root", "s3://maru/artifacts", env=s3.env)
    yield server
    assert server.stop() == 0, server.log.read_text(errors="replace")


@pytest.fixture(params=["folder", "s3"])
def server(request):
    """The same server over each kind of store."""
    return request.getfixturevalue("maru_server" if request.param == "folder" else "s3_server")


@pytest.fixture
def proxy(server, monkeypatch):
    """The client's own view of the proxy, below a folder that no other test uses."""
    import mlflow
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

    mlflow.set_tracking_uri(server.url)
    return MlflowArtifactsRepository(f"mlflow-artifacts:/t{time.time_ns()}", tracking_uri=server.url)


@pytest.fixture
def run(server):
    import mlflow

    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    with mlflow.start_run() as active:
        yield active


def names(infos):
    return sorted((i.path, i.is_dir, i.file_size) for i in infos)


# --- The proxy -----------------------------------------------------------------------------------------------------


def test_client_uploads_lists_downloads_and_deletes(proxy, tmp_path):
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a b+ü.txt").write_text("hello")
    (tmp_path / "in/empty").write_bytes(b"")
    (tmp_path / "in/sub/weights.bin").write_bytes(os.urandom(3_000_000))
    proxy.log_artifacts(str(tmp_path / "in"), "model")
    proxy.log_artifact(str(tmp_path / "in/a b+ü.txt"))

    assert names(proxy.list_artifacts()) == [("a b+ü.txt", False, 5), ("model", True, None)]
    assert names(proxy.list_artifacts("model")) == [
        ("model/a b+ü.txt", False, 5), ("model/empty", False, 0), ("model/sub", True, None)]
    assert proxy.list_artifacts("model/empty") == []
    assert proxy.list_artifacts("nothing/here") == []

    out = pathlib.Path(proxy.download_artifacts("model", str(tmp_path)))
    for path in ("a b+ü.txt", "empty", "sub/weights.bin"):
        assert (out / path).read_bytes() == (tmp_path / "in" / path).read_bytes()

    proxy.delete_artifacts("model/sub")
    assert names(proxy.list_artifacts("model")) == [("model/a b+ü.txt", False, 5), ("model/empty", False, 0)]
    proxy.delete_artifacts()
    assert proxy.list_artifacts() == []


def test_download_tells_type_and_never_opens_in_the_browser(server):
    url = f"{server.url}{PROXY}/artifacts/types/page.html"
    assert requests.put(url, data=b"<script>alert(1)</script>").json() == {}
    answer = requests.get(url)
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_ranges(server):
    url = f"{server.url}{PROXY}/artifacts/ranges/digits"
    requests.put(url, data=b"0123456789").raise_for_status()
    for header, status, body, content_range in [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=50-60", 416, b"", "bytes */10"),
        ("bytes=oops", 200, b"0123456789", None),
    ]:
        answer = requests.get(url, headers={"Range": header})
        assert (answer.status_code, answer.content) == (status, body), header
        assert answer.headers.get("Content-Range") == content_range, header
    head = requests.head(url)
    assert head.status_code == 200 and head.headers["Content-Length"] == "10" and head.content == b""


def test_chunked_upload_of_unknown_length(server):
    url = f"{server.url}{PROXY}/artifacts/chunked/file"
    pieces = [os.urandom(100_000) for _ in range(50)]
    requests.put(url, data=iter(pieces)).raise_for_status()
    assert requests.get(url).content == b"".join(pieces)


# Sent raw: clients would tidy these up.
ESCAPES = [
    "../x", "a/../../x", "..", "%2e%2e/x", "%2E%2E%2Fx", "a/%2e%2e/%2e%2e/x", "%252e%252e/x", "%25252e%25252e/x", "..%2fx",
    "/etc/passwd", "%2fetc/passwd", "a//b", "a/./b", "a\\..\\b", "a%5c..%5cb", "%5c%5chost%5cshare", "a%00b", "a%2500.txt",
    "a%0ab", "a%23b", "file:%2f%2f%2fetc/passwd", "C:%5cx", "C:/x", "%c0%ae%c0%ae/x", "%ff", ".maru-staging/x",
    "workspaces/other/x", "workspaces",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_escapes_are_refused_in_mlflows_words(server, path):
    target = urllib.parse.urlsplit(server.url)
    body = json.dumps({"path": "f", "num_parts": 1, "upload_id": "u", "parts": [{"part_number": 1, "etag": "e"}]})
    for verb, route in [("GET", "artifacts"), ("PUT", "artifacts"), ("DELETE", "artifacts"), ("GET", "presigned"),
                        ("POST", "mpu/create"), ("POST", "mpu/complete"), ("POST", "mpu/abort")]:
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=20)
        connection.putrequest(verb, f"{PROXY}/{route}/{path}", skip_accept_encoding=True)
        data = body.encode() if verb == "POST" else b"data" if verb == "PUT" else b""
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 501:  # a folder has no URLs: nothing was looked at
            assert json.loads(text)["error_code"] == "NOT_IMPLEMENTED"
            continue
        assert answer.status == 400, (verb, route, answer.status, text)
        error = json.loads(text)
        assert error["error_code"] == "INVALID_PARAMETER_VALUE", (verb, error)
        assert error["message"] and "/tmp" not in error["message"]
    listed = requests.get(f"{server.url}{PROXY}/artifacts?path={path}")
    assert listed.status_code == 400, listed.text
    assert listed.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_missing_and_folder_are_told_apart(server):
    requests.put(f"{server.url}{PROXY}/artifacts/told/apart/file", data=b"x").raise_for_status()
    missing = requests.get(f"{server.url}{PROXY}/artifacts/told/nothing")
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    folder = requests.get(f"{server.url}{PROXY}/artifacts/told/apart")
    assert (folder.status_code, folder.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_upload_that_is_cut_off_leaves_nothing(server):
    target = urllib.parse.urlsplit(server.url)
    for sent in (b"", b"x" * 1000, b"x" * 20_000_000):
        with socket.create_connection((target.hostname, target.port)) as client:
            client.sendall(f"PUT {PROXY}/artifacts/cut/off HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n".encode())
            client.sendall(sent)
    for _ in range(100):
        if staged(server) == []:
            break
        time.sleep(0.05)
    assert staged(server) == []
    assert requests.get(f"{server.url}{PROXY}/artifacts?path=cut").json()["files"] == []
    assert requests.get(f"{server.url}{PROXY}/artifacts/cut/off").status_code == 404


def staged(server):
    """What a folder store has begun and not finished."""
    return [p for folder in server.data.rglob(".maru-staging") for p in folder.iterdir()]


def test_interrupted_replacement_keeps_the_old_file(server):
    url = f"{server.url}{PROXY}/artifacts/kept/file"
    requests.put(url, data=b"old").raise_for_status()
    target = urllib.parse.urlsplit(server.url)
    with socket.create_connection((target.hostname, target.port)) as client:
        client.sendall(f"PUT {PROXY}/artifacts/kept/file HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nnew".encode())
    time.sleep(0.2)
    assert requests.get(url).content == b"old"


# --- Multipart and presigned ---------------------------------------------------------------------------------------


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(5 * 1024 * 1024))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(3 * 1024 * 1024))


def test_multipart_client_works_on_both_stores(proxy, small_parts, tmp_path):
    """On S3 the parts go straight to the store; on a folder the client is told and sends one stream."""
    content = os.urandom(12_000_000)
    (tmp_path / "large.bin").write_bytes(content)
    proxy.log_artifact(str(tmp_path / "large.bin"), "deep/folder")
    assert names(proxy.list_artifacts("deep/folder")) == [("deep/folder/large.bin", False, len(content))]
    (tmp_path / "out").mkdir()
    out = proxy.download_artifacts("deep/folder/large.bin", str(tmp_path / "out"))
    assert pathlib.Path(out).read_bytes() == content


def test_multipart_goes_past_the_server_on_s3(s3_server, s3, small_parts, tmp_path):
    created = requests.post(f"{s3_server.url}{PROXY}/mpu/create/direct", json={"path": "/any/where/big", "num_parts": 2}).json()
    assert created["upload_id"] and [c["part_number"] for c in created["credentials"]] == [1, 2]
    parts = []
    for credential, data in zip(created["credentials"], (b"a" * 5 * 1024 * 1024, b"end")):
        assert credential["url"].startswith(s3.endpoint)
        answer = requests.put(credential["url"], data=data)
        answer.raise_for_status()
        parts.append({"part_number": credential["part_number"], "etag": answer.headers["ETag"]})
    done = requests.post(f"{s3_server.url}{PROXY}/mpu/complete/direct",
                         json={"path": "big", "upload_id": created["upload_id"], "parts": parts})
    assert done.json() == {}, done.text
    link = requests.get(f"{s3_server.url}{PROXY}/presigned/direct/big").json()
    assert link["file_size"] == 5 * 1024 * 1024 + 3 and link["url"].startswith(s3.endpoint)
    assert requests.get(link["url"], headers={"Range": "bytes=-3"}).content == b"end"


def test_aborted_multipart_leaves_nothing(s3_server):
    created = requests.post(f"{s3_server.url}{PROXY}/mpu/create/aborted", json={"path": "f", "num_parts": 1}).json()
    requests.put(created["credentials"][0]["url"], data=b"part").raise_for_status()
    request = {"path": "f", "upload_id": created["upload_id"]}
    assert requests.post(f"{s3_server.url}{PROXY}/mpu/abort/aborted", json=request).json() == {}
    assert requests.get(f"{s3_server.url}{PROXY}/artifacts?path=aborted").json()["files"] == []


def test_multipart_on_a_folder_says_so(maru_server):
    answer = requests.post(f"{maru_server.url}{PROXY}/mpu/create/x", json={"path": "f", "num_parts": 1})
    assert answer.status_code == 501
    assert answer.json() == {"error_code": "NOT_IMPLEMENTED",
                             "message": "Multipart upload is not supported for the current artifact repository"}
    assert requests.get(f"{maru_server.url}{PROXY}/presigned/x").status_code == 501


# --- Faults --------------------------------------------------------------------------------------------------------


def test_wrong_secret_and_absent_s3_are_told_in_mlflows_words(s3, maru_factory, tmp_path):
    wrong = maru_factory(tmp_path / "wrong", "--artifact-root", "s3://maru/x", env={**s3.env, "AWS_SECRET_ACCESS_KEY": "no"})
    answer = requests.put(f"{wrong.url}{PROXY}/artifacts/a", data=b"x")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        env = {**s3.env, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{unused.getsockname()[1]}"}
        away = maru_factory(tmp_path / "away", "--artifact-root", "s3://maru/x", env=env)
        answer = requests.put(f"{away.url}{PROXY}/artifacts/a", data=b"x")
    assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")


# --- Runs, logged models and model versions ------------------------------------------------------------------------


def test_everything_a_run_can_log(server, run, tmp_path):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import mlflow
    import numpy as np
    import pandas as pd

    (tmp_path / "notes.txt").write_text("a note")
    (tmp_path / "tree/deep").mkdir(parents=True)
    (tmp_path / "tree/deep/leaf").write_text("leaf")
    mlflow.log_artifact(tmp_path / "notes.txt")
    mlflow.log_artifact(tmp_path / "notes.txt", "copies")
    mlflow.log_artifacts(tmp_path / "tree", "tree")
    mlflow.log_dict({"a": [1, 2]}, "config.json")
    mlflow.log_dict({"a": 1}, "config.yaml")
    mlflow.log_text("text", "dir/text.md")
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3])
    mlflow.log_figure(figure, "figure.png")
    mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "image.png")
    mlflow.log_table(pd.DataFrame({"x": [1, 2]}), "table.json")

    client = mlflow.MlflowClient()
    run_id = run.info.run_id
    listed = [i.path for i in client.list_artifacts(run_id)]
    assert listed == ["config.json", "config.yaml", "copies", "dir", "figure.png", "image.png", "notes.txt", "table.json", "tree"]
    assert [i.path for i in client.list_artifacts(run_id, "tree/deep")] == ["tree/deep/leaf"]
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/dir/text.md") == "text"
    assert mlflow.artifacts.load_image(f"{run.info.artifact_uri}/image.png").size == (8, 8)
    assert mlflow.load_table("table.json", run_ids=[run_id])["x"].tolist() == [1, 2]
    out = pathlib.Path(client.download_artifacts(run_id, "", str(tmp_path)))
    assert (out / "tree/deep/leaf").read_text() == "leaf"

    answer = requests.get(f"{server.url}/api/2.0/mlflow/artifacts/list", params={"run_id": run_id, "path": "copies"}).json()
    assert answer == {"root_uri": run.info.artifact_uri,
                      "files": [{"path": "copies/notes.txt", "is_dir": False, "file_size": 6}]}
    page = requests.get(f"{server.url}/get-artifact", params={"run_uuid": run_id, "path": "dir/text.md"})
    assert page.text == "text" and page.headers["Content-Type"] == "text/plain"


def test_page_uploads_to_a_run(server, run):
    upload = f"{server.url}/ajax-api/2.0/mlflow/upload-artifact"
    answer = requests.post(upload, params={"run_uuid": run.info.run_id, "path": "from/page.txt"}, data=b"typed")
    assert answer.status_code == 200
    got = requests.get(f"{server.url}/get-artifact", params={"run_id": run.info.run_id, "path": "from/page.txt"})
    assert got.content == b"typed"
    for params, data, message in [
        ({"path": "x"}, b"x", "run_uuid"),
        ({"run_uuid": run.info.run_id}, b"x", "path"),
        ({"run_uuid": run.info.run_id, "path": "x"}, b"", "data"),
        ({"run_uuid": run.info.run_id, "path": "../x"}, b"x", "Invalid path"),
        ({"run_uuid": run.info.run_id, "path": "x"}, b"x" * (10 * 1024 * 1024 + 1), "too large"),
    ]:
        answer = requests.post(upload, params=params, data=data)
        assert answer.status_code == 400 and message in answer.json()["message"], answer.text


def test_escapes_from_a_run_are_refused(server, run):
    for path in ("../x", "%2e%2e/x", "/etc/passwd", "a\\b", "a\0b", "%252e%252e/x"):
        for url, params in [
            ("/get-artifact", {"run_id": run.info.run_id, "path": path}),
            ("/api/2.0/mlflow/artifacts/list", {"run_id": run.info.run_id, "path": path}),
        ]:
            answer = requests.get(server.url + url, params=params)
            assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), (url, path)


def test_unknown_run_is_not_found(server):
    for url in ("/get-artifact", "/api/2.0/mlflow/artifacts/list"):
        answer = requests.get(server.url + url, params={"run_id": "0" * 32, "path": "x"})
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_client_cannot_name_the_servers_files_as_artifacts(server):
    import mlflow

    client = mlflow.MlflowClient(server.url)
    experiment = client.create_experiment(f"outside-{time.time_ns()}", artifact_location="file:///etc")
    run = client.create_run(experiment)
    for url in ("/get-artifact", "/api/2.0/mlflow/artifacts/list"):
        answer = requests.get(server.url + url, params={"run_id": run.info.run_id, "path": "hostname"})
        assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED"), answer.text


def test_logged_model_and_its_version(server, run):
    import mlflow
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0], [1]], [0, 1])
    info = mlflow.sklearn.log_model(model, name="model", registered_model_name=f"m{time.time_ns()}")
    base = f"{server.url}/api/2.0/mlflow/logged-models/{info.model_id}/artifacts/directories"
    listed = requests.get(base).json()
    assert "MLmodel" in [f["path"] for f in listed["files"]]
    got = requests.get(f"{server.url}/ajax-api/2.0/mlflow/logged-models/{info.model_id}/artifacts/files",
                       params={"artifact_file_path": "MLmodel"})
    assert b"sklearn" in got.content
    version = mlflow.MlflowClient().search_model_versions(f"run_id = '{run.info.run_id}'")[0]
    got = requests.get(f"{server.url}/model-versions/get-artifact",
                       params={"name": version.name, "version": version.version, "path": "MLmodel"})
    assert b"sklearn" in got.content
    assert mlflow.sklearn.load_model(info.model_uri).predict([[1]]) == [1]
    assert mlflow.pyfunc.load_model(f"models:/{version.name}/{version.version}").predict([[0]]) == [0]
