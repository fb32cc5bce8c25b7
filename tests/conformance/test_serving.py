"""Deployed models, asked by the clients that people use: mlflow logs and registers them, tritonclient and requests ask."""

import concurrent.futures
import os
import pathlib
import signal
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
import requests
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from conftest import start_maru

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


class Registry:
    """A server with models of the irises in its registry:
    `plain`, a scikit-learn model with a signature of columns; `tree`, ONNX with versions 1 and 2 that differ, 3 that is no
    model; `zipmap`, ONNX whose probabilities are maps."""

    def __init__(self, server):
        import mlflow
        from skl2onnx import to_onnx
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression
        from sklearn.tree import DecisionTreeClassifier

        self.server, self.url = server, server.url
        mlflow.set_tracking_uri(self.url)
        mlflow.set_registry_uri(self.url)
        self.client = mlflow.MlflowClient(self.url, self.url)
        x, self.y = load_iris(return_X_y=True)
        self.x = x.astype(np.float32)
        self.frame = pd.DataFrame(x, columns=COLUMNS)
        self.plain = LogisticRegression(max_iter=500).fit(self.frame, self.y)
        self.trees = [DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x, self.y) for depth in (1, 4)]
        with mlflow.start_run():
            signature = mlflow.models.infer_signature(self.frame, self.plain.predict(self.frame))
            mlflow.sklearn.log_model(self.plain, name="plain", signature=signature, registered_model_name="plain")
            for tree in self.trees:
                mlflow.onnx.log_model(to_onnx(tree, self.x[:1], options={"zipmap": False}), name="tree", registered_model_name="tree")
            mlflow.onnx.log_model(to_onnx(LogisticRegression(max_iter=500).fit(x, self.y), self.x[:1]), name="zipmap",
                                  registered_model_name="zipmap")
            broken = pathlib.Path(mlflow.artifacts.download_artifacts("models:/tree/1"))
            (broken / "model.onnx").write_bytes(b"these are not the bytes of a model")
            mlflow.log_artifacts(str(broken), "broken")
            run = mlflow.active_run().info
            self.client.create_model_version("tree", f"{run.artifact_uri}/broken", run.run_id)

    def alias(self, model, version):
        self.client.set_registered_model_alias(model, "champion", str(version))

    def endpoint(self, name):
        return requests.get(f"{self.url}/api/maru/v1/endpoints/{name}", timeout=30).json()

    def deploy(self, name, uri, **settings):
        reply = requests.post(f"{self.url}/api/maru/v1/endpoints", json={"name": name, "model_uri": uri, "settings": settings}, timeout=60)
        assert reply.status_code == 200, reply.text
        self.until(name, lambda e: e["status"] == "ready")

    def until(self, name, condition, timeout=180):
        end = time.monotonic() + timeout
        while not condition(self.endpoint(name)):
            assert time.monotonic() < end, self.endpoint(name)
            assert self.endpoint(name)["status"] != "failed", self.endpoint(name)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    server = start_maru(tmp_path_factory.mktemp("serving"), "--python", sys.executable)
    try:
        registry = Registry(server)
        registry.alias("tree", 1)
        registry.deploy("tree", "models:/tree@champion")
        registry.deploy("plain", "models:/plain/1")
        registry.deploy("zipmap", "models:/zipmap/1")
        yield registry
    finally:
        status = server.stop(timeout=60)
    assert status == 0, server.log.read_text(errors="replace")


@pytest.fixture
def client(registry):
    client = triton.InferenceServerClient(registry.url.removeprefix("http://"), concurrency=4)
    yield client
    client.close()


def tensor(name, array, datatype, binary=True):
    result = triton.InferInput(name, array.shape, datatype)
    result.set_data_from_numpy(array, binary_data=binary)
    return result


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
def test_triton_client_gets_what_the_model_says(registry, client, binary):
    wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("label", "probabilities")]
    answer = client.infer("tree", [tensor("X", registry.x, "FP32", binary)], outputs=wanted, request_id="q-1")
    assert np.array_equal(answer.as_numpy("label"), registry.trees[0].predict(registry.x))
    assert np.allclose(answer.as_numpy("probabilities"), registry.trees[0].predict_proba(registry.x), atol=1e-6)
    response = answer.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("q-1", "tree", "1")


def test_triton_client_sees_server_and_models(registry, client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.get_server_metadata()["name"] == "maru"
    assert client.is_model_ready("tree") and client.is_model_ready("tree", "1") and not client.is_model_ready("nobody")
    metadata = client.get_model_metadata("tree")
    assert metadata["inputs"] == [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}]
    assert client.get_model_config("tree")["input"] == [{"name": "X", "data_type": "TYPE_FP32", "dims": [-1, 4]}]
    assert {m["name"]: m["state"] for m in client.get_model_repository_index()} == {"plain": "READY", "tree": "READY", "zipmap": "READY"}
    before = client.get_inference_statistics("tree")["model_stats"][0]["inference_count"]
    client.infer("tree", [tensor("X", registry.x[:1], "FP32")])
    assert client.get_inference_statistics("tree")["model_stats"][0]["inference_count"] == before + 1


def test_compressed_requests_and_answers(registry, client):
    answer = client.infer("tree", [tensor("X", registry.x, "FP32")], request_compression_algorithm="gzip",
                          response_compression_algorithm="gzip")
    assert np.array_equal(answer.as_numpy("label"), registry.trees[0].predict(registry.x))


def test_classification(registry, client):
    answer = client.infer("tree", [tensor("X", registry.x[:2], "FP32")], outputs=[triton.InferRequestedOutput("probabilities", class_count=1)])
    best = registry.trees[0].predict_proba(registry.x[:2]).argmax(axis=1)
    assert [int(text.decode().split(":")[1]) for text in answer.as_numpy("probabilities").reshape(-1)] == list(best)


def test_maps_of_scores_are_a_tensor(registry, client):
    answer = client.infer("zipmap", [tensor("X", registry.x[:7], "FP32")])
    assert answer.as_numpy("output_probability").shape == (7, 3)
    assert np.allclose(answer.as_numpy("output_probability").sum(axis=1), 1, atol=1e-5)


def test_columns_of_a_pyfunc_model_are_tensors(registry, client):
    inputs = [tensor(name, registry.frame[name].to_numpy()[::30], "FP64") for name in COLUMNS]
    answer = client.infer("plain", inputs)
    assert np.array_equal(answer.as_numpy("predictions"), registry.plain.predict(registry.frame[::30]))
    with pytest.raises(InferenceServerException, match="it takes " + ", ".join(COLUMNS)):
        client.infer("plain", [tensor("rows", registry.x[::30], "FP32")])


@pytest.mark.parametrize(
    "change, status, words",
    [
        (lambda i: i.update(name="Y"), 400, "no input"),
        (lambda i: i.update(datatype="FP64"), 400, "FP32"),
        (lambda i: i.update(datatype="FP8"), 400, "no datatype"),
        (lambda i: i.update(shape=[1, 3], data=[1, 2, 3]), 400, "shape [1,3]"),
        (lambda i: i.update(shape=[2, 4]), 400, "the shape asks for 8"),
        (lambda i: i.update(shape=[-1, 4]), 400, "negative"),
        (lambda i: i.update(shape=[536870912, 4]), 400, "more than the request has bytes"),
        (lambda i: i.update(data=["a", "b", "c", "d"]), 400, "does not fit"),
        (lambda i: i.pop("data"), 400, "no \"data\""),
    ],
)
def test_wrong_requests_are_explained(registry, change, status, words):
    sent = {"name": "X", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}
    change(sent)
    reply = requests.post(f"{registry.url}/v2/models/tree/infer", json={"inputs": [sent]}, timeout=30)
    assert reply.status_code == status
    assert words in reply.json()["error"]


def test_wrong_addresses_are_explained(registry, client):
    with pytest.raises(InferenceServerException, match="no endpoint"):
        client.infer("nobody", [tensor("X", registry.x[:1], "FP32")])
    with pytest.raises(InferenceServerException, match="serves version 1"):
        client.infer("tree", [tensor("X", registry.x[:1], "FP32")], model_version="9")
    assert requests.post(f"{registry.url}/v2/models/tree/infer", data="{", timeout=30).status_code == 400
    assert requests.get(f"{registry.url}/v2/nothing/here", timeout=30).json().keys() == {"error"}


def scoring_bodies(frame):
    return [
        ("application/json", {"dataframe_split": frame.to_dict(orient="split")}),
        ("application/json", {"dataframe_records": frame.to_dict(orient="records")}),
        ("application/json", {"inputs": frame.to_dict(orient="list")}),
        ("text/csv", frame.to_csv(index=False)),
    ]


@pytest.mark.parametrize("form", range(4), ids=["split", "records", "inputs", "csv"])
def test_invocations_of_a_pyfunc_model(registry, form):
    frame = registry.frame[::30]
    content_type, body = scoring_bodies(frame)[form]
    reply = requests.post(f"{registry.url}/endpoints/plain/invocations", headers={"Content-Type": content_type}, timeout=60,
                          data=body if isinstance(body, str) else pd.io.json.ujson_dumps(body))
    assert reply.status_code == 200, reply.text
    assert reply.json() == {"predictions": registry.plain.predict(frame).tolist()}


@pytest.mark.parametrize("form", range(4), ids=["split", "records", "inputs", "csv"])
def test_invocations_of_an_onnx_model(registry, form):
    frame = registry.frame[::30]
    content_type, body = scoring_bodies(frame)[form]
    reply = requests.post(f"{registry.url}/endpoints/tree/invocations", headers={"Content-Type": content_type}, timeout=60,
                          data=body if isinstance(body, str) else pd.io.json.ujson_dumps(body))
    assert reply.status_code == 200, reply.text
    assert [row["label"] for row in reply.json()["predictions"]] == registry.trees[0].predict(frame.to_numpy()).tolist()


def test_invocations_take_bare_tensors(registry):
    reply = requests.post(f"{registry.url}/invocations?endpoint=tree", json={"instances": registry.x[::30].tolist()}, timeout=60)
    assert reply.json()["predictions"]["label"] == registry.trees[0].predict(registry.x[::30]).tolist()
    assert requests.get(f"{registry.url}/ping", timeout=30).status_code == 200


def test_wrong_invocations_are_explained_in_mlflows_shape(registry):
    def ask(name, body, content_type="application/json"):
        return requests.post(f"{registry.url}/endpoints/{name}/invocations", data=body, headers={"Content-Type": content_type}, timeout=60)

    for name in ("plain", "tree"):
        reply = ask(name, '{"nothing": 1}')
        assert reply.status_code == 400 and "exactly one of the input fields" in reply.json()["message"], reply.text
        assert ask(name, "{").status_code == 400
        assert ask(name, "<xml/>", "text/xml").status_code == 415
    reply = ask("plain", '{"dataframe_records": [{"sepal_length": 1}]}')
    assert reply.status_code == 400 and "missing inputs" in reply.json()["message"], reply.text
    assert "Traceback" not in reply.text
    assert ask("nobody", '{"inputs": [1]}').json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert requests.post(f"{registry.url}/invocations", json={"inputs": [1]}, timeout=30).status_code == 400  # which one?


def test_moving_the_alias_under_load_loses_no_request(registry):
    body = {"inputs": [{"name": "X", "shape": list(registry.x.shape), "datatype": "FP32", "data": registry.x.reshape(-1).tolist()}]}
    right = {str(i + 1): tree.predict(registry.x).tolist() for i, tree in enumerate(registry.trees)}
    stop, seen, lock = threading.Event(), {"1": 0, "2": 0}, threading.Lock()

    def ask():
        with requests.Session() as session:
            while not stop.is_set():
                reply = session.post(f"{registry.url}/v2/models/tree/infer", json=body, timeout=30)
                assert reply.status_code == 200, reply.text
                answer = reply.json()
                assert answer["outputs"][0]["data"] == right[answer["model_version"]]
                with lock:
                    seen[answer["model_version"]] += 1

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        askers = [pool.submit(ask) for _ in range(16)]
        try:
            for version in (2, 1, 2, 1, 2, 1):
                registry.alias("tree", version)
                registry.until("tree", lambda e, v=str(version): e["model_version"] == v)
                time.sleep(0.2)
            end = time.monotonic() + 60
            while sum(seen.values()) < 2000 and time.monotonic() < end:
                time.sleep(0.1)
        finally:
            stop.set()
    for asker in askers:
        asker.result()
    assert min(seen.values()) > 0 and sum(seen.values()) >= 2000, seen


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_serving(registry, client):
    registry.alias("tree", 3)
    registry.until("tree", lambda e: e["status"] == "degraded")
    endpoint = registry.endpoint("tree")
    assert "version 3" in endpoint["problem"] and endpoint["revisions"][0]["state"] == "failed"
    assert client.infer("tree", [tensor("X", registry.x[:1], "FP32")]).get_response()["model_version"] == "1"
    registry.alias("tree", 1)
    registry.until("tree", lambda e: e["status"] == "ready" and e["problem"] == "")


def workers_of(server):
    """Numbers of the model worker processes of `server`."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
            command = path.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == server.process.pid and b"/cache/worker/" in command:
            found.append(int(path.parent.name))
    return found


def test_a_killed_worker_costs_a_restart_and_no_request(registry, client):
    (worker,) = workers_of(registry.server)
    os.kill(worker, signal.SIGKILL)
    inputs = [tensor(name, registry.frame[name].to_numpy()[:3], "FP64") for name in COLUMNS]
    answer = client.infer("plain", inputs)
    assert np.array_equal(answer.as_numpy("predictions"), registry.plain.predict(registry.frame[:3]))
    assert workers_of(registry.server) != [worker]


def test_endpoints_are_created_changed_and_deleted(registry):
    root = f"{registry.url}/api/maru/v1/endpoints"
    assert requests.post(root, json={"name": "tree", "model_uri": "models:/tree/1"}, timeout=30).status_code == 409
    assert requests.post(root, json={"name": "x/y", "model_uri": "models:/tree/1"}, timeout=30).status_code == 400
    assert requests.post(root, json={"name": "new", "model_uri": "models:/nothing/1"}, timeout=30).status_code == 404
    assert requests.post(root, json={"name": "new", "model_uri": "tree"}, timeout=30).status_code == 400
    registry.deploy("other", "models:/tree/1")
    assert requests.patch(f"{root}/other", json={"model_uri": "models:/tree/2"}, timeout=30).status_code == 200
    registry.until("other", lambda e: e["model_version"] == "2")
    assert [e["name"] for e in requests.get(root, timeout=30).json()["endpoints"]] == ["other", "plain", "tree", "zipmap"]
    assert requests.get(f"{root}/other/stats", timeout=30).json()["stats"]["requests"] == 0
    assert requests.delete(f"{root}/other", timeout=30).status_code == 200
    assert requests.get(f"{root}/other", timeout=30).status_code == 404
    assert requests.get(f"{registry.url}/v2/models/other/ready", timeout=30).status_code == 404


def test_a_killed_server_leaves_no_worker_and_serves_again(tmp_path, registry):
    import mlflow

    server = start_maru(tmp_path, "--python", sys.executable)
    try:
        client = mlflow.MlflowClient(server.url, server.url)
        folder = mlflow.artifacts.download_artifacts("models:/plain/1")
        mlflow.set_tracking_uri(server.url)
        mlflow.set_registry_uri(server.url)
        with mlflow.start_run() as run:
            mlflow.log_artifacts(folder, "model")
            client.create_registered_model("plain")
            client.create_model_version("plain", f"{run.info.artifact_uri}/model", run.info.run_id)
        requests.post(f"{server.url}/api/maru/v1/endpoints", json={"name": "p", "model_uri": "models:/plain/1"}, timeout=60).raise_for_status()
        wait_ready(server, "p")
        (worker,) = workers_of(server)
        server.kill()
        end = time.monotonic() + 10
        while pathlib.Path(f"/proc/{worker}").exists():
            assert time.monotonic() < end, "the worker outlived its server"
            time.sleep(0.02)
        server = start_maru(tmp_path, "--python", sys.executable)
        wait_ready(server, "p")
    finally:
        mlflow.set_tracking_uri(registry.url)
        mlflow.set_registry_uri(registry.url)
        server.stop(timeout=60)


def wait_ready(server, name, timeout=180):
    end = time.monotonic() + timeout
    while server.get(f"/v2/models/{name}/ready").status_code != 200:
        assert time.monotonic() < end, server.get(f"/api/maru/v1/endpoints/{name}").text
        time.sleep(0.05)
