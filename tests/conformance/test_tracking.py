"""The tracking part of MLflow's API, through the real client and raw REST."""

import math
import time

import mlflow
import pytest
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException


@pytest.fixture
def experiment(mlflow_client, request):
    """An experiment of the test's own."""
    return mlflow_client.create_experiment(f"{request.node.name}-{time.time_ns()}")


def error(response, code, status=400):
    assert response.status_code == status, response.text
    body = response.json()
    assert body["error_code"] == code
    return body["message"]


# Experiments


def test_default_experiment(mlflow_client):
    experiment = mlflow_client.get_experiment("0")
    assert experiment.name == "Default"
    assert experiment.artifact_location == "mlflow-artifacts:/0"
    assert experiment.lifecycle_stage == "active"


def test_experiment_life(mlflow_client):
    name = f"life-{time.time_ns()}"
    experiment_id = mlflow_client.create_experiment(name, tags={"team": "a"})
    experiment = mlflow_client.get_experiment_by_name(name)
    assert experiment.experiment_id == experiment_id
    assert experiment.tags == {"team": "a"}
    assert experiment.creation_time <= time.time() * 1000
    mlflow_client.set_experiment_tag(experiment_id, "team", "b")
    mlflow_client.set_experiment_tag(experiment_id, "more", "c")
    mlflow_client.delete_experiment_tag(experiment_id, "more")
    assert mlflow_client.get_experiment(experiment_id).tags == {"team": "b"}
    mlflow_client.rename_experiment(experiment_id, name + "-renamed")
    assert mlflow_client.get_experiment(experiment_id).name == name + "-renamed"
    run = mlflow_client.create_run(experiment_id)
    mlflow_client.delete_experiment(experiment_id)
    assert mlflow_client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    assert mlflow_client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        mlflow_client.create_run(experiment_id)
    mlflow_client.restore_experiment(experiment_id)
    assert mlflow_client.get_run(run.info.run_id).info.lifecycle_stage == "active"


def test_experiment_errors(maru_server, mlflow_client):
    with pytest.raises(MlflowException, match="already exists") as e:
        mlflow_client.create_experiment("Default")
    assert e.value.error_code == "RESOURCE_ALREADY_EXISTS"
    with pytest.raises(MlflowException, match="No Experiment with id=987654 exists") as e:
        mlflow_client.get_experiment("987654")
    assert e.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert mlflow_client.get_experiment_by_name("nobody made this") is None
    create = "/api/2.0/mlflow/experiments/create"
    assert error(maru_server.post(create, {}), "INVALID_PARAMETER_VALUE").startswith(
        "Missing value for required parameter 'name'."
    )
    assert error(maru_server.post(create, {"name": 123}), "INVALID_PARAMETER_VALUE") == (
        "Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'. "
        "See the API docs for more information about request parameters."
    )
    assert "exceeds the maximum length of 500" in error(
        maru_server.post(create, {"name": "a" * 501}), "INVALID_PARAMETER_VALUE"
    )


def test_search_experiments(mlflow_client):
    mark = f"{time.time_ns()}"
    ids = [mlflow_client.create_experiment(f"search-{mark}-{i}", tags={"mark": mark, "i": str(i)}) for i in range(5)]
    mlflow_client.delete_experiment(ids[4])

    def names(**kwargs):
        return [e.name.rsplit("-", 1)[1] for e in mlflow_client.search_experiments(**kwargs)]

    mine = f"tags.mark = '{mark}'"
    assert names(filter_string=mine, order_by=["name ASC"]) == ["0", "1", "2", "3"]
    assert names(filter_string=mine, view_type=ViewType.DELETED_ONLY) == ["4"]
    assert names(filter_string=mine, view_type=ViewType.ALL, order_by=["name DESC"]) == list("43210")
    assert names(filter_string=f"name LIKE 'search-{mark}%' AND tags.i != '2'", order_by=["name"]) == list("013")
    assert names(filter_string=f"name ILIKE 'SEARCH-{mark}%' AND tags.j IS NULL", order_by=["name"]) == list("0123")
    assert names(filter_string=f"name LIKE 'SEARCH-{mark}%'") == []
    assert names(filter_string=f"experiment_id IN ('{ids[1]}', '{ids[3]}')", order_by=["name"]) == list("13")
    page = mlflow_client.search_experiments(filter_string=mine, order_by=["name"], max_results=3)
    assert [e.name[-1] for e in page] == list("012") and page.token
    rest = mlflow_client.search_experiments(filter_string=mine, order_by=["name"], max_results=3, page_token=page.token)
    assert [e.name[-1] for e in rest] == ["3"] and not rest.token
    with pytest.raises(MlflowException, match="Invalid clause"):
        mlflow_client.search_experiments(filter_string="name = 'a' OR name = 'b'")


# Runs


def test_run_life(mlflow_client, experiment):
    run = mlflow_client.create_run(experiment, start_time=123, tags={"a": "b"}, run_name="first")
    run_id = run.info.run_id
    assert len(run_id) == 32
    got = mlflow_client.get_run(run_id)
    assert got.info.start_time == 123
    assert got.info.run_name == "first"
    assert got.info.status == "RUNNING"
    assert got.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{run_id}/artifacts"
    assert got.data.tags == {"a": "b", "mlflow.runName": "first"}
    mlflow_client.update_run(run_id, status="FINISHED", name="second")
    mlflow_client.set_terminated(run_id, "FAILED", end_time=456)
    got = mlflow_client.get_run(run_id)
    assert (got.info.status, got.info.end_time, got.info.run_name) == ("FAILED", 456, "second")
    assert got.data.tags["mlflow.runName"] == "second"
    mlflow_client.set_tag(run_id, "mlflow.runName", "third")
    assert mlflow_client.get_run(run_id).info.run_name == "third"
    mlflow_client.delete_run(run_id)
    assert mlflow_client.get_run(run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="must be in the 'active' state. Current state is deleted"):
        mlflow_client.log_metric(run_id, "m", 1)
    mlflow_client.restore_run(run_id)
    mlflow_client.log_metric(run_id, "m", 1)
    assert mlflow_client.get_run(run_id).data.metrics == {"m": 1}


def test_generated_run_names(mlflow_client, experiment):
    names = {mlflow_client.create_run(experiment).info.run_name for _ in range(5)}
    assert len(names) == 5
    assert all(name.count("-") == 2 and name.rsplit("-", 1)[1].isdigit() for name in names)


def test_params_never_change(mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    mlflow_client.log_param(run_id, "depth", 3)
    mlflow_client.log_param(run_id, "depth", 3)
    with pytest.raises(MlflowException, match="Changing param values is not allowed. Param with key='depth'"):
        mlflow_client.log_param(run_id, "depth", 4)
    with pytest.raises(MlflowException, match=r"Params were already logged='\[{'key': 'depth', 'old_value': '3'"):
        mlflow_client.log_batch(run_id, params=[Param("depth", "5"), Param("other", "1")])
    assert mlflow_client.get_run(run_id).data.params == {"depth": "3"}
    mlflow_client.log_param(run_id, "long", "x" * 7000)
    assert mlflow_client.get_run(run_id).data.params["long"] == "x" * 6000


def test_latest_metric_is_by_step_then_time_then_value(mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    for value, timestamp, step in [(1, 10, 5), (2, 11, 5), (3, 99, 4), (1.5, 11, 5)]:
        mlflow_client.log_metric(run_id, "m", value, timestamp, step)
    assert mlflow_client.get_run(run_id).data.metrics["m"] == 2
    time.sleep(1.5)  # by now the points have been folded into a chunk
    assert mlflow_client.get_run(run_id).data.metrics["m"] == 2
    history = [(m.value, m.timestamp, m.step) for m in mlflow_client.get_metric_history(run_id, "m")]
    assert history == [(1, 10, 5), (1.5, 11, 5), (2, 11, 5), (3, 99, 4)]


def test_metric_values_that_are_no_numbers(mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    mlflow_client.log_metric(run_id, "nan", float("nan"))
    mlflow_client.log_metric(run_id, "inf", float("inf"))
    mlflow_client.log_metric(run_id, "-inf", float("-inf"))
    metrics = mlflow_client.get_run(run_id).data.metrics
    assert math.isnan(metrics["nan"])
    assert metrics["inf"] == 1.7976931348623157e308
    assert metrics["-inf"] == -1.7976931348623157e308


def test_the_same_point_twice_is_one_point(mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    for _ in range(2):
        mlflow_client.log_metric(run_id, "m", 1, 5, 6)
        mlflow_client.log_metric(run_id, "m", float("nan"), 5, 6)
    assert len(mlflow_client.get_metric_history(run_id, "m")) == 2


def test_log_batch(mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    metrics = [Metric(f"m{i % 10}", i / 3, 1000 + i, i) for i in range(800)]
    params = [Param(f"p{i}", str(i)) for i in range(100)]
    tags = [RunTag(f"t{i}", str(i)) for i in range(100)]
    mlflow_client.log_batch(run_id, metrics, params, tags)
    data = mlflow_client.get_run(run_id).data
    assert data.metrics == {f"m{i}": (790 + i) / 3 for i in range(10)}
    assert data.params == {p.key: p.value for p in params}
    assert {t.key: t.value for t in tags}.items() <= data.tags.items()
    history = mlflow_client.get_metric_history(run_id, "m3")
    assert [(m.value, m.timestamp, m.step) for m in history] == [(i / 3, 1000 + i, i) for i in range(3, 800, 10)]


def test_log_batch_limits(maru_server, mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id

    def message(**batch):
        response = maru_server.post("/api/2.0/mlflow/runs/log-batch", {"run_id": run_id, **batch})
        return error(response, "INVALID_PARAMETER_VALUE")

    metric = {"key": "m", "value": 1, "timestamp": 1, "step": 1}
    assert "at most 1000 metrics. Got 1001 metrics" in message(metrics=[metric] * 1001)
    pair = {"key": "k", "value": "v"}
    assert "at most 100 params. Got 101 params" in message(params=[pair] * 101)
    assert "at most 100 tags. Got 101 tags" in message(tags=[pair] * 101)
    assert "at most 1000 metrics, params, and tags. Got 1001" in message(metrics=[metric] * 999, tags=[pair] * 2)
    assert "Duplicate parameter keys have been submitted: ['k']" in message(params=[pair, pair])
    assert "Missing value for required parameter 'metrics[1].value'" in message(
        metrics=[metric, {"key": "m", "timestamp": 1}]
    )
    assert "Missing value for required parameter 'tags[0].key'" in message(tags=[{"value": "v"}])
    assert 'Invalid value "../a" for parameter \'params[0].key\' supplied: Names may be treated as files' in message(
        params=[{"key": "../a", "value": "v"}]
    )
    assert "Names may only contain alphanumerics" in message(metrics=[{**metric, "key": "a&b"}])
    assert "'Metric name' exceeds the maximum length of 250 characters" in message(metrics=[{**metric, "key": "a" * 251}])
    assert "Invalid value -1 for parameter 'metrics[0].timestamp'" in message(metrics=[{**metric, "timestamp": -1}])
    assert mlflow_client.get_run(run_id).data.metrics == {}


def test_tags(mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    mlflow_client.set_tag(run_id, "a", "1")
    mlflow_client.set_tag(run_id, "a", "2")
    assert mlflow_client.get_run(run_id).data.tags["a"] == "2"
    mlflow_client.delete_tag(run_id, "a")
    assert "a" not in mlflow_client.get_run(run_id).data.tags
    with pytest.raises(MlflowException, match=f"No tag with name: a in run with id {run_id}") as e:
        mlflow_client.delete_tag(run_id, "a")
    assert e.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_unknown_run(mlflow_client):
    for call in (
        lambda: mlflow_client.get_run("0" * 32),
        lambda: mlflow_client.log_metric("0" * 32, "m", 1),
        lambda: mlflow_client.get_metric_history("0" * 32, "m"),
        lambda: mlflow_client.delete_run("0" * 32),
    ):
        with pytest.raises(MlflowException, match=f"Run with id={'0' * 32} not found") as e:
            call()
        assert e.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("folded", [False, True])
def test_search_runs(mlflow_client, experiment, folded):
    for i in range(6):
        run = mlflow_client.create_run(experiment, start_time=1000 + i, tags={"i": str(i), "even": str(i % 2 == 0)})
        run_id = run.info.run_id
        if i != 4:
            mlflow_client.log_metric(run_id, "loss", float("nan") if i == 3 else 1 / (i + 1), step=1)
        mlflow_client.log_param(run_id, "p", "abc"[i % 3])
        mlflow_client.set_terminated(run_id, "FINISHED" if i < 3 else "FAILED", end_time=5000 - i)
    if folded:
        time.sleep(1)

    def found(filter_string="", order_by=(), **kwargs):
        runs = mlflow_client.search_runs([experiment], filter_string, order_by=list(order_by), **kwargs)
        return "".join(r.data.tags["i"] for r in runs)

    assert found() == "543210"
    assert found("metrics.loss < 0.4") == "52"
    assert found("metrics.loss != 1") == "5321"
    assert found("metrics.loss >= 0.5 AND params.p = 'b'") == "1"
    assert found("params.p != 'a'") == "5421"
    assert found("params.p LIKE '%B%'") == "" and found("params.p ILIKE '%B%'") == "41"
    assert found("tags.even = 'True'") == "420"
    assert found("tags.`even` = 'True' and attributes.status = 'FAILED'") == "4"
    assert found("attributes.start_time > 1002 AND end_time >= 4996") == "43"
    assert found("tags.none IS NULL AND params.p IS NOT NULL") == "543210"
    assert found("tags.nothing = 'x'") == ""
    assert found(order_by=["metrics.loss"]) == "521034"
    assert found(order_by=["metrics.loss DESC"]) == "012534"
    assert found("tags.even = 'True'", order_by=["metrics.loss DESC"]) == "024"
    assert found(order_by=["params.p DESC", "metrics.loss ASC"]) == "521403"
    assert found(order_by=["tags.i"]) == "012345"
    assert found(order_by=["attributes.end_time"]) == "543210"
    assert found(order_by=["start_time ASC"]) == "012345"
    tokens = ""
    page = mlflow_client.search_runs([experiment], order_by=["metrics.loss"], max_results=2)
    while True:
        tokens += "".join(r.data.tags["i"] for r in page) + "|"
        if not page.token:
            break
        page = mlflow_client.search_runs([experiment], order_by=["metrics.loss"], max_results=2, page_token=page.token)
    assert tokens == "52|10|34|"
    run_ids = [r.info.run_id for r in mlflow_client.search_runs([experiment], max_results=2)]
    assert found(f"run_id IN ('{run_ids[0]}', '{run_ids[1]}')") == "54"
    mlflow_client.delete_run(run_ids[0])
    assert found() == "43210"
    assert found(run_view_type=ViewType.DELETED_ONLY) == "5"
    assert found(run_view_type=ViewType.ALL) == "543210"
    for bad in ("params.p = 1", "metrics.loss = 'x'", "foo.bar = 'x'", "params.p > 'a'", "name = 'x'"):
        with pytest.raises(MlflowException) as e:
            found(bad)
        assert e.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException, match="50000"):
        mlflow_client._tracking_client.store.search_runs([experiment], "", ViewType.ALL, 50001, [], None)


def test_search_many_experiments(mlflow_client):
    ids = [mlflow_client.create_experiment(f"many-{time.time_ns()}-{i}") for i in range(3)]
    for i, experiment_id in enumerate(ids):
        run = mlflow_client.create_run(experiment_id, start_time=100 - i)
        mlflow_client.log_metric(run.info.run_id, "m", i)
    runs = mlflow_client.search_runs(ids, order_by=["metrics.m DESC"])
    assert [r.info.experiment_id for r in runs] == ids[::-1]
    assert [r.info.experiment_id for r in mlflow_client.search_runs(ids)] == ids


# Histories


def test_history_pages_and_samples(maru_server, mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    for start in range(0, 10_000, 1000):
        mlflow_client.log_batch(run_id, [Metric("m", i * 0.5, 1_000_000 + i, i) for i in range(start, start + 1000)])
    base = maru_server.url + "/ajax-api/2.0/mlflow/metrics/"
    page = maru_server.get(
        "/api/2.0/mlflow/metrics/get-history", params={"run_id": run_id, "metric_key": "m", "max_results": 4000}
    ).json()
    assert [m["step"] for m in page["metrics"]] == list(range(4000)) and page["next_page_token"]
    assert len(mlflow_client.get_metric_history(run_id, "m")) == 10_000
    assert base
    bulk = maru_server.get(
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
        params={"run_id": run_id, "metric_key": "m", "max_results": 10},
    ).json()
    assert [m["step"] for m in bulk["metrics"]] == list(range(10))
    assert bulk["metrics"][3] == {"key": "m", "value": 1.5, "timestamp": 1_000_003, "step": 3, "run_id": run_id}

    def sample(**params):
        query = {"run_ids": [run_id], "metric_key": "m", **params}
        return maru_server.get("/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", params=query)

    steps = [m["step"] for m in sample(max_results=100).json()["metrics"]]
    assert len(steps) == 100 and steps[0] == 0 and steps[-1] == 9999 and steps == sorted(steps)
    steps = [m["step"] for m in sample(max_results=5, start_step=100, end_step=104).json()["metrics"]]
    assert steps == [100, 101, 102, 103, 104]
    assert "must be between 1 and 2500" in error(sample(max_results=0), "INVALID_PARAMETER_VALUE")
    assert "both must be specified" in error(sample(start_step=1), "INVALID_PARAMETER_VALUE")


# Datasets and models


def test_inputs(maru_server, mlflow_client, experiment):
    import pandas as pd

    mlflow.set_experiment(experiment_id=experiment)
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2], "y": [0, 1]}), name="points", targets="y")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training", tags={"part": "1"})
        mlflow.log_input(data, context="training")
    inputs = mlflow_client.get_run(run.info.run_id).inputs.dataset_inputs
    assert len(inputs) == 1
    assert inputs[0].dataset.name == "points"
    assert inputs[0].dataset.digest == data.digest
    assert {t.key: t.value for t in inputs[0].tags} == {"mlflow.data.context": "training", "part": "1"}
    for filter_string in ("dataset.name = 'points'", "datasets.context IN ('training')", f"dataset.digest = '{data.digest}'"):
        assert [r.info.run_id for r in mlflow_client.search_runs([experiment], filter_string)] == [run.info.run_id]
    assert not mlflow_client.search_runs([experiment], "dataset.name = 'other'")
    summaries = maru_server.post(
        "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [experiment]}
    ).json()["dataset_summaries"]
    assert summaries == [
        {"experiment_id": experiment, "name": "points", "digest": data.digest, "context": "training"}
    ]


def test_logged_models(mlflow_client, experiment):
    run_id = mlflow_client.create_run(experiment).info.run_id
    models = [
        mlflow_client.create_logged_model(experiment, f"model-{i}", run_id, {"team": "a"}, {"depth": str(i)}, "tree")
        for i in range(3)
    ]
    model = mlflow_client.get_logged_model(models[0].model_id)
    assert model.name == "model-0" and model.model_type == "tree" and model.source_run_id == run_id
    assert model.status == "PENDING" and model.params == {"depth": "0"} and model.tags == {"team": "a"}
    assert model.artifact_location == f"mlflow-artifacts:/{experiment}/models/{model.model_id}/artifacts"
    mlflow_client.finalize_logged_model(model.model_id, "READY")
    mlflow_client.set_logged_model_tags(model.model_id, {"team": "b", "x": "y"})
    mlflow_client.delete_logged_model_tag(model.model_id, "x")
    mlflow_client.log_model_params(model.model_id, {"more": "1"})
    model = mlflow_client.get_logged_model(model.model_id)
    assert model.status == "READY" and model.tags == {"team": "b"} and model.params == {"depth": "0", "more": "1"}
    for i, m in enumerate(models):
        mlflow_client.log_metric(run_id, "auc", 0.5 + i / 10, step=1, model_id=m.model_id, dataset_name="d", dataset_digest="1")

    def found(filter_string=None, **kwargs):
        return [m.name for m in mlflow_client.search_logged_models([experiment], filter_string, **kwargs)]

    assert found() == ["model-2", "model-1", "model-0"]
    assert found("name IN ('model-0', 'model-2') AND status = 'PENDING'") == ["model-2"]
    assert found("metrics.auc >= 0.6 AND params.depth = '1'") == ["model-1"]
    assert found("tags.team = 'b'") == ["model-0"]
    assert found("metrics.auc > 0.1", datasets=[{"dataset_name": "other"}]) == []
    assert found(order_by=[{"field_name": "metrics.auc", "ascending": True}]) == ["model-0", "model-1", "model-2"]
    assert found(order_by=[{"field_name": "name", "ascending": False}]) == ["model-2", "model-1", "model-0"]
    page = mlflow_client.search_logged_models([experiment], max_results=2)
    assert len(page) == 2 and page.token
    assert [m.name for m in mlflow_client.search_logged_models([experiment], max_results=2, page_token=page.token)] == ["model-0"]
    mlflow_client.delete_logged_model(models[1].model_id)
    assert found() == ["model-2", "model-0"]
    with pytest.raises(MlflowException, match="not found"):
        mlflow_client.get_logged_model(models[1].model_id)
    assert mlflow_client.get_logged_model(models[2].model_id).metrics[0].value == pytest.approx(0.7)


# The fluent API


def test_fluent(mlflow_client):
    mlflow.set_experiment(f"fluent-{time.time_ns()}")
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_params({"a": 1, "b": "x"})
        mlflow.log_metrics({"loss": 0.5, "acc": 0.25}, step=3)
        mlflow.set_tags({"k": "v"})
        with mlflow.start_run(nested=True) as child:
            for step in range(10):
                mlflow.log_metric("m", step * step, step=step)
    got = mlflow.get_run(parent.info.run_id)
    assert got.data.params == {"a": "1", "b": "x"}
    assert got.data.metrics == {"loss": 0.5, "acc": 0.25}
    assert got.data.tags["k"] == "v" and got.info.status == "FINISHED"
    assert mlflow.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    frame = mlflow.search_runs(filter_string="metrics.acc = 0.25")
    assert list(frame["run_id"]) == [parent.info.run_id]


def test_bad_requests(maru_server):
    path = "/api/2.0/mlflow/runs/create"
    for body in (b"{", b"[]", b'{"experiment_id": [1]}', b'{"start_time": "abc"}', b'{"tags": {"a": "b"}}'):
        response = maru_server.post(path, data=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 400, (body, response.text)
        assert response.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    message = error(maru_server.post("/api/2.0/mlflow/runs/log-metric", {"run_id": "x", "key": "m", "value": "abc", "timestamp": 1}),
                    "INVALID_PARAMETER_VALUE")
    assert message.startswith("Invalid value \"abc\" for parameter 'value' supplied:  Hint: Value was of type 'str'.")


# Autologging


@pytest.fixture
def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


def test_autolog_sklearn(mlflow_client, experiment, iris):
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment(experiment_id=experiment)
    mlflow.sklearn.autolog(log_input_examples=True)
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=300).fit(*iris)
    finally:
        mlflow.sklearn.autolog(disable=True)
    got = mlflow_client.get_run(run.info.run_id)
    assert got.data.params["max_iter"] == "300"
    assert got.data.metrics["training_accuracy_score"] > 0.9
    assert got.data.tags["estimator_name"] == "LogisticRegression"
    assert got.inputs.dataset_inputs[0].dataset.name == "dataset"
    (model,) = mlflow_client.search_logged_models([experiment])
    assert got.outputs.model_outputs[0].model_id == model.model_id
    assert model.status == "READY" and model.params["max_iter"] == "300"
    predictions = mlflow.sklearn.load_model(f"models:/{model.model_id}").predict(iris[0])
    assert (predictions == iris[1]).mean() > 0.9


def test_autolog_lightgbm(mlflow_client, experiment, iris):
    import lightgbm

    mlflow.set_experiment(experiment_id=experiment)
    mlflow.lightgbm.autolog()
    try:
        with mlflow.start_run() as run:
            data = lightgbm.Dataset(*iris)
            lightgbm.train(
                {"objective": "multiclass", "num_class": 3, "verbosity": -1},
                data,
                num_boost_round=7,
                valid_sets=[data],
                valid_names=["train"],
            )
    finally:
        mlflow.lightgbm.autolog(disable=True)
    got = mlflow_client.get_run(run.info.run_id)
    assert got.data.params["num_boost_round"] == "7"
    history = mlflow_client.get_metric_history(run.info.run_id, "train-multi_logloss")
    assert [m.step for m in history] == list(range(7))
    assert history[0].value > history[-1].value
    assert {f.path for f in mlflow_client.list_artifacts(run.info.run_id)} >= {"feature_importance_gain.png"}
    loaded = mlflow.lightgbm.load_model(f"runs:/{run.info.run_id}/model")
    assert (loaded.predict(iris[0]).argmax(1) == iris[1]).mean() > 0.9
