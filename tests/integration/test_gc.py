"""`maru gc`: what is deleted and not needed goes, artifacts included; what something still needs stays."""

import json
import subprocess

import pytest
import requests

from tests.conftest import maru_binary


def gc(data, *flags):
    out = subprocess.run([maru_binary(), "gc", "--data", str(data), "--json", *flags], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)


def files(data):
    return sorted(str(p.relative_to(data / "artifacts")) for p in (data / "artifacts").rglob("*")
                  if p.is_file() and ".maru-staging" not in p.parts)


def test_removes_what_nothing_needs_and_keeps_the_rest(tmp_path, maru_factory):
    import mlflow

    data = tmp_path / "maru"
    server = maru_factory(data)
    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    client = mlflow.MlflowClient()

    def new_run(experiment, text):
        run = client.create_run(experiment)
        client.log_metric(run.info.run_id, "loss", 1.0)
        client.log_param(run.info.run_id, "p", "v")
        client.log_text(run.info.run_id, text, "note.txt")
        return run.info.run_id

    lives, dies, registered = new_run("0", "stay"), new_run("0", "go"), new_run("0", "registered")
    old = client.create_experiment("old")
    in_old = new_run(old, "go too")
    held = client.create_experiment("held")
    in_held = new_run(held, "needed")
    for name, run_id in [("m", registered), ("n", in_held)]:
        client.create_registered_model(name)
        client.create_model_version(name, f"runs:/{run_id}/note.txt", run_id)
    for run_id in (dies, registered):
        client.delete_run(run_id)
    for experiment in (old, held):
        client.delete_experiment(experiment)
    assert server.stop() == 0

    before = files(data)
    seen = gc(data, "--dry-run")
    assert files(data) == before
    went = {(i["kind"], i["id"]) for i in seen["removed"]}
    assert went == {("run", dies), ("run", in_old), ("experiment", old)}
    assert {(i["kind"], i["id"]) for i in seen["kept"]} == {("run", registered), ("run", in_held), ("experiment", held)}
    assert seen["artifacts"] == 2
    assert gc(data, "--dry-run", "--older-than", "1")["removed"] == []

    done = gc(data)
    assert {**done, "dry_run": True} == seen
    assert len(files(data)) == len(before) - 2
    assert gc(data)["removed"] == []

    server = maru_factory(data)
    client = mlflow.MlflowClient(server.url, server.url)
    mlflow.set_tracking_uri(server.url)
    assert client.get_run(lives).data.metrics == {"loss": 1.0}
    assert client.get_run(registered).info.lifecycle_stage == "deleted"
    client.restore_run(registered)
    assert mlflow.artifacts.load_text(f"runs:/{registered}/note.txt") == "registered"
    for run_id in (dies, in_old):
        with pytest.raises(mlflow.MlflowException, match="not found"):
            client.get_run(run_id)
    assert client.get_experiment_by_name("old") is None
    assert client.get_experiment_by_name("held").lifecycle_stage == "deleted"


def test_a_running_server_is_not_worked_around(tmp_path, maru_factory):
    server = maru_factory(tmp_path / "maru")
    out = subprocess.run([maru_binary(), "gc", "--data", str(tmp_path / "maru")], capture_output=True, text=True)
    assert out.returncode == 1 and out.stderr
    assert requests.get(server.url + "/health", timeout=30).ok
