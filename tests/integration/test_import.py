"""`maru import mlflow` of a real MLflow: its SQLite file, its PostgreSQL database, and its running server."""

import contextlib
import json
import math
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest
import requests

from tests.conftest import maru_binary

# Run by another process, so that the client's own state does not leak into the tests.
FILL = r"""
import sys, mlflow, numpy as np
from sklearn.linear_model import LogisticRegression
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_registry_uri(sys.argv[1])
client = mlflow.MlflowClient()
experiment = client.create_experiment("flights", artifact_location=sys.argv[2] or None, tags={"team": "ops"})
with mlflow.start_run(experiment_id=experiment, run_name="first") as run:
    mlflow.log_params({"rate": "0.1", "deep": "a" * 5000})
    for step in range(300):
        mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=1_700_000_000_000 + step)
    mlflow.log_metric("odd", float("nan"), step=7)
    mlflow.set_tag("stage", "übung")
    mlflow.log_text("hello", "notes/a b.txt")
    mlflow.log_input(mlflow.data.from_numpy(np.zeros((3, 2)), name="zeros"), context="train")
    model = mlflow.sklearn.log_model(LogisticRegression().fit([[0], [1]], [0, 1]), name="clf", registered_model_name="churn")
client.set_registered_model_alias("churn", "champion", 1)
client.set_model_version_tag("churn", "1", "checked", "yes")
client.update_registered_model("churn", "who leaves")
gone = client.create_run(experiment)
client.delete_run(gone.info.run_id)
print("RUN", run.info.run_id, gone.info.run_id, experiment, model.model_id)
"""


def fill(tracking_uri, artifact_location=""):
    out = subprocess.run([sys.executable, "-c", FILL, tracking_uri, str(artifact_location)], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    return next(line for line in out.stdout.splitlines() if line.startswith("RUN")).split()[1:]


def run_import(data, *arguments):
    out = subprocess.run([maru_binary(), "import", "mlflow", *map(str, arguments), "--data", str(data), "--json"],
                         capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


@contextlib.contextmanager
def mlflow_server(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")],
        cwd=folder, stdout=open(folder / "log", "wb"), stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(url + "/health", timeout=2).ok:
                    break
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def check_imported(server, run_id, gone_id, experiment_id, model_id):
    """What the import brought, as the real client sees it."""
    import mlflow

    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("flights")
    assert experiment.experiment_id == experiment_id and experiment.tags["team"] == "ops"
    run = client.get_run(run_id)
    assert run.info.run_name == "first" and run.info.status == "FINISHED" and run.info.end_time
    assert run.data.params == {"rate": "0.1", "deep": "a" * 5000}
    assert run.data.tags["stage"] == "übung"
    assert run.data.metrics["loss"] == 1 / 300 and math.isnan(run.data.metrics["odd"])
    history = client.get_metric_history(run_id, "loss")
    assert [(m.step, m.value, m.timestamp) for m in history] == [
        (s, 1 / (s + 1), 1_700_000_000_000 + s) for s in range(300)]
    assert [d.dataset.name for d in run.inputs.dataset_inputs] == ["zeros"]
    assert client.get_run(gone_id).info.lifecycle_stage == "deleted"
    assert client.get_logged_model(model_id).name == "clf"
    assert client.get_registered_model("churn").description == "who leaves"
    version = client.get_model_version_by_alias("churn", "champion")
    assert version.version in ("1", 1) and version.run_id == run_id and version.tags == {"checked": "yes"}
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/a b.txt") == "hello"
    assert mlflow.pyfunc.load_model("models:/churn@champion").predict([[1]]) == [1]
    fresh = client.create_experiment("after the import")
    assert fresh not in ("0", experiment_id)


def twice(data, *arguments):
    first = run_import(data, *arguments)
    second = run_import(data, *arguments)
    assert first["runs"] == {"added": 2, "already_there": 0}
    assert first["metric_points"] == 301
    assert first["model_versions"]["added"] == 1 and first["logged_models"]["added"] == 1
    assert first["artifacts"]["added"] > 3 and first["unreachable_roots"] == 0
    assert second["runs"] == {"added": 0, "already_there": 2}
    for noun in ("experiments", "logged_models", "registered_models", "model_versions", "artifacts"):
        assert second[noun]["added"] == 0, (noun, second)
    assert second["metric_points"] == 0


def test_sqlite_file_with_local_artifacts(tmp_path, maru_factory):
    database = tmp_path / "mlflow.db"
    ids = fill(f"sqlite:///{database}", f"file://{tmp_path}/old")
    before = database.read_bytes()
    twice(tmp_path / "maru", f"sqlite:///{database}")
    assert database.read_bytes() == before, "the source was written to"
    check_imported(maru_factory(tmp_path / "maru"), *ids)


def test_running_server_and_its_database_from_outside(tmp_path, maru_factory):
    (tmp_path / "old").mkdir()
    with mlflow_server(tmp_path / "old") as url:
        ids = fill(url)
        twice(tmp_path / "over-http", url)
        twice(tmp_path / "from-file", tmp_path / "old/mlflow.db", "--artifacts", tmp_path / "old/artifacts")
    check_imported(maru_factory(tmp_path / "over-http"), *ids)
    check_imported(maru_factory(tmp_path / "from-file"), *ids)


def test_what_cannot_be_imported_is_told(tmp_path):
    (tmp_path / "other.db").write_bytes(b"")
    for source, words in [
        (tmp_path / "nothing.db", "there is no database file"),
        (tmp_path / "other.db", "no MLflow tables"),
        ("http://127.0.0.1:9", "127.0.0.1"),
    ]:
        out = subprocess.run([maru_binary(), "import", "mlflow", str(source), "--data", str(tmp_path / "maru")],
                             capture_output=True, text=True)
        assert out.returncode == 1 and words in out.stderr, (source, out)


def test_running_maru_is_noticed(tmp_path, maru_factory):
    maru_factory(tmp_path / "maru")
    database = tmp_path / "mlflow.db"
    subprocess.run([sys.executable, "-c", f"import mlflow; mlflow.set_tracking_uri('sqlite:///{database}'); "
                    "mlflow.create_experiment('x')"], check=True, capture_output=True)
    out = subprocess.run([maru_binary(), "import", "mlflow", str(database), "--data", str(tmp_path / "maru")],
                         capture_output=True, text=True)
    assert out.returncode == 1 and "maru" in out.stderr
