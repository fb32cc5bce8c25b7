"""The main job, end to end, with the real clients: train, log, compare, register, deploy by alias, query, look.

    ./x demo                  leaves the page open until Ctrl-C
    ./x demo --exit           stops at the end (tests)

Everything goes over the wires that users already speak: mlflow for tracking and registry, tritonclient for predictions.
"""

import argparse
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import warnings

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
warnings.filterwarnings("ignore")

MODEL = "late-arrivals"
EXPERIMENT = "late arrivals"
TRAIN_MONTHS = range(1, 7)
VALIDATION_MONTHS = (7, 8)
HELD_OUT_MONTH = 9


class Steps:
    """Prints what is going on and how long it took."""

    def __init__(self):
        self.start = time.monotonic()

    @contextlib.contextmanager
    def step(self, title):
        print(f"  {title} …", end="", flush=True)
        begin = time.monotonic()
        notes = []
        yield notes.append
        note = f"  ({'; '.join(notes)})" if notes else ""
        print(f"\r✓ {title}{note}  {time.monotonic() - begin:.1f} s", flush=True)


def start_server(binary, data, port):
    """Starts `maru up` and returns the process and its address."""
    process = subprocess.Popen([binary, "up", "--data", str(data), "--port", str(port), "--grpc-port", "0"],
                               stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if match := re.search(r"ready at (\S+)", line):
            return process, match[1]
    raise SystemExit(f"demo: the server ended with status {process.wait()}; is port {port} taken? Try --port 0")


def candidates():
    """Name → an untrained classifier. Small on purpose: the demo ends within three minutes on two cores."""
    import lightgbm
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def trees(**settings):
        return lightgbm.LGBMClassifier(learning_rate=0.05, n_jobs=2, verbose=-1, random_state=7, **settings)

    return {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)),
        "lightgbm, small": trees(n_estimators=40, num_leaves=15),
        "lightgbm, medium": trees(n_estimators=80, num_leaves=31),
        "lightgbm, regularised": trees(n_estimators=120, num_leaves=31, min_child_samples=200, subsample=0.7,
                                       subsample_freq=1, colsample_bytree=0.7),
    }


def to_onnx(model, features):
    """The fitted classifier as ONNX: one FP32 input [n, features], outputs `label` [n] and `probabilities` [n, 2]."""
    import lightgbm
    import onnxmltools
    import skl2onnx
    from onnxmltools.convert.common.data_types import FloatTensorType

    shape = [("flights", FloatTensorType([None, features]))]
    if isinstance(model, lightgbm.LGBMClassifier):
        onnx_model = onnxmltools.convert_lightgbm(model, initial_types=shape, zipmap=False, target_opset=15)
        # The converter declares one label; there is one per flight.
        onnx_model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "n"
        return onnx_model
    return skl2onnx.convert_sklearn(model, initial_types=[("flights", skl2onnx.common.data_types.FloatTensorType([None, features]))],
                                    options={"zipmap": False}, target_opset=15)


def quality(probabilities, late):
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

    return {"auc": roc_auc_score(late, probabilities), "average_precision": average_precision_score(late, probabilities),
            "log_loss": log_loss(late, probabilities)}


def train(mlflow, name, model, data):
    """Trains one candidate in a run of its own and returns the run's id and its validation quality."""
    import lightgbm

    with mlflow.start_run(run_name=name) as run:
        mlflow.log_params({"candidate": name, "features": data["features"], "train_flights": len(data["train_y"])})
        if isinstance(model, lightgbm.LGBMClassifier):
            curve = {}
            mlflow.log_params({k: v for k, v in model.get_params().items() if v is not None})
            model.fit(data["train_x"], data["train_y"], eval_set=[(data["valid_x"], data["valid_y"])], eval_names=["validation"],
                      eval_metric=["auc", "binary_logloss"], callbacks=[lightgbm.record_evaluation(curve)])
            now = int(time.time() * 1000)
            points = [mlflow.entities.Metric(f"validation_{metric}_by_round", value, now, step)
                      for metric, values in curve["validation"].items() for step, value in enumerate(values)]
            mlflow.MlflowClient().log_batch(run.info.run_id, metrics=points)
        else:
            model.fit(data["train_x"], data["train_y"])
        measured = quality(model.predict_proba(data["valid_x"])[:, 1], data["valid_y"])
        mlflow.log_metrics({f"validation_{metric}": value for metric, value in measured.items()})
    return run.info.run_id, measured


def register(mlflow, run_id, model, data):
    """Exports the winner to ONNX, logs it in its run, registers it and moves the alias `champion` to it."""
    from mlflow.models import infer_signature

    with mlflow.start_run(run_id=run_id):
        sample = data["valid_x"][:5]
        signature = infer_signature(sample, model.predict_proba(sample).astype("float32"))
        onnx_model = to_onnx(model, data["features"])
        with contextlib.redirect_stdout(None):  # the client announces each version
            mlflow.onnx.log_model(onnx_model, name="model", signature=signature, registered_model_name=MODEL,
                                  pip_requirements=["onnxruntime"])
    client = mlflow.MlflowClient()
    version = max(client.search_model_versions(f"name = '{MODEL}'"), key=lambda v: int(v.version))
    client.set_registered_model_alias(MODEL, "champion", version.version)
    return version.version, onnx_model


def deploy(url):
    import requests

    endpoint = {"name": MODEL, "model_uri": f"models:/{MODEL}@champion"}
    reply = requests.post(f"{url}/api/maru/v1/endpoints", json=endpoint, timeout=120)
    if reply.status_code not in (200, 201, 409) and "exist" not in reply.text:
        raise SystemExit(f"demo: deploying failed: {reply.text}")
    end = time.monotonic() + 60
    while requests.get(f"{url}/v2/models/{MODEL}/ready", timeout=10).status_code != 200:
        if time.monotonic() > end:
            raise SystemExit(f"demo: the endpoint is not ready: {requests.get(f'{url}/api/maru/v1/endpoints/{MODEL}').text}")
        time.sleep(0.05)


def ask(url, flights, batch=1):
    """Sends `flights` to the endpoint, `batch` at a time. Returns the probabilities of being late, and each request's ms."""
    import numpy as np
    import tritonclient.http as triton

    client = triton.InferenceServerClient(url.removeprefix("http://"))
    probabilities, taken = [], []
    for start in range(0, len(flights), batch):
        rows = np.ascontiguousarray(flights[start:start + batch])
        tensor = triton.InferInput("flights", rows.shape, "FP32")
        tensor.set_data_from_numpy(rows)
        begin = time.perf_counter()
        answer = client.infer(MODEL, [tensor], outputs=[triton.InferRequestedOutput("probabilities")])
        taken.append((time.perf_counter() - begin) * 1e3)
        probabilities.append(answer.as_numpy("probabilities")[:, 1])
    client.close()
    return np.concatenate(probabilities), np.array(taken)


def run_here(onnx_model, flights):
    """What the same model says in this process."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["probabilities"], {"flights": flights})[0][:, 1]


def main():
    parser = argparse.ArgumentParser(description="Train, track, register, deploy and query a model on maru.")
    parser.add_argument("--maru", default="build/release/maru", help="the program")
    parser.add_argument("--data", default="demo-data", help="the server's data folder")
    parser.add_argument("--port", type=int, default=5000, help="0 picks a free one")
    parser.add_argument("--exit", action="store_true", help="stop at the end instead of leaving the page open")
    options = parser.parse_args()

    steps = Steps()
    with steps.step("start the server") as note:
        server, url = start_server(options.maru, pathlib.Path(options.data), options.port)
        note(url)
    try:
        run_demo(steps, url)
        if not options.exit:
            print(f"\nThe page is open at {url} — Ctrl-C stops the server.", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        status = server.wait(60)
    return status


def run_demo(steps, url):
    os.environ["MLFLOW_TRACKING_URI"] = url
    with steps.step("load the flights of 2013 and their weather") as note:
        import flights as flights_of_2013

        frame = flights_of_2013.load()
        train_frame = frame[frame["month"].isin(TRAIN_MONTHS)]
        valid_frame = frame[frame["month"].isin(VALIDATION_MONTHS)]
        held_out = frame[frame["month"] == HELD_OUT_MONTH]
        encoder = flights_of_2013.Encoder.fit(train_frame)
        data = {"features": len(encoder.names), "train_x": encoder.transform(train_frame), "train_y": train_frame["late"].to_numpy(),
                "valid_x": encoder.transform(valid_frame), "valid_y": valid_frame["late"].to_numpy()}
        note(f"{len(frame):,} flights, {frame['late'].mean():.0%} late")
    with steps.step("load the mlflow client"):
        import logging

        import mlflow
        import mlflow.onnx

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        mlflow.set_tracking_uri(url)
        mlflow.set_experiment(EXPERIMENT)

    results = {}
    for name, model in candidates().items():
        with steps.step(f"train {name}") as note:
            run_id, measured = train(mlflow, name, model, data)
            results[name] = (measured["auc"], run_id, model)
            note(f"validation AUC {measured['auc']:.4f}")
    with steps.step("compare") as note:
        best = mlflow.search_runs(experiment_names=[EXPERIMENT], order_by=["metrics.validation_auc DESC"], max_results=1)
        name, (_, run_id, model) = max(results.items(), key=lambda item: item[1][0])
        note(f"best: {name}; best so far in the experiment {best['metrics.validation_auc'][0]:.4f}")
    with steps.step("export to ONNX, register, set the alias") as note:
        version, onnx_model = register(mlflow, run_id, model, data)
        note(f"models:/{MODEL}@champion is version {version}")
    with steps.step("deploy") as note:
        deploy(url)
        note(f"endpoint {MODEL}")

    month = encoder.transform(held_out)
    with steps.step("ask for single flights") as note:
        _, taken = ask(url, month[:2000], batch=1)
        import numpy as np

        note(f"2,000 requests, p50 {np.percentile(taken, 50):.2f} ms, p99 {np.percentile(taken, 99):.2f} ms, client included")
    with steps.step(f"ask for month {HELD_OUT_MONTH}, which nobody has seen") as note:
        probabilities, taken = ask(url, month, batch=256)
        measured = quality(probabilities, held_out["late"].to_numpy())
        note(f"{len(month):,} flights in {len(taken)} requests, AUC {measured['auc']:.4f}, "
             f"average precision {measured['average_precision']:.4f}")
    worst = float(abs(probabilities - run_here(onnx_model, month)).max())
    if worst > 1e-5:
        raise SystemExit(f"demo: the endpoint's answers differ from the model's by up to {worst:.2g}")
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metrics({f"held_out_{metric}": value for metric, value in measured.items()})
    print(f"\nThe endpoint answers what the model answers (largest difference {worst:.1g}).")
    print(f"All of it took {time.monotonic() - steps.start:.0f} s.")


if __name__ == "__main__":
    sys.exit(main())
