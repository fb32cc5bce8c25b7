"""A small ONNX model over JSON: maru's KServe wire beside FastAPI with onnxruntime on one worker, as people write it."""

import os
import subprocess
import sys
import time

from _side_by_side import Peer, Report, folder, free_port, start_maru, wait_http, wrk

FEATURES = 4

PEER = '''
import os
import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel

options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], options)
app = FastAPI()

class Request(BaseModel):
    instances: list[list[float]]

@app.get("/health")
def health():
    return {}

@app.post("/predict")
async def predict(request: Request):
    label, probabilities = session.run(None, {"X": np.asarray(request.instances, dtype=np.float32)})
    return {"label": label.tolist(), "probabilities": probabilities.tolist()}
'''


def make_model():
    """A logistic regression on the irises, its training data, and what it says about them."""
    import numpy as np
    from skl2onnx import to_onnx
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    x, y = load_iris(return_X_y=True)
    x = x.astype(np.float32)
    model = LogisticRegression(max_iter=500).fit(x, y)
    return to_onnx(model, x[:1], options={"zipmap": False}), x, model.predict_proba(x)


def deploy(url, onnx_model):
    import mlflow
    import requests

    mlflow.set_tracking_uri(url)
    with mlflow.start_run():
        mlflow.onnx.log_model(onnx_model, name="model", registered_model_name="iris")
    mlflow.MlflowClient().set_registered_model_alias("iris", "champion", 1)
    requests.post(f"{url}/api/maru/v1/endpoints", json={"name": "iris", "model_uri": "models:/iris@champion"}).raise_for_status()
    end = time.monotonic() + 60
    while requests.get(f"{url}/v2/models/iris/ready").status_code != 200:
        assert time.monotonic() < end, requests.get(f"{url}/api/maru/v1/endpoints/iris").text
        time.sleep(0.05)


def start_peer(here, model_file) -> Peer:
    port = free_port()
    (here / "peer.py").write_text(PEER)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(here)], check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "peer:app", "--port", str(port), "--workers", "1", "--log-level", "warning", "--no-access-log"],
        cwd=here, env={**os.environ, "MODEL": str(model_file)})
    return Peer(f"http://127.0.0.1:{port}", process, wait_http(f"http://127.0.0.1:{port}/health", process))


def bodies(rows):
    """The same rows as each server's request."""
    values = ",".join(",".join(f"{v:g}" for v in row) for row in rows)
    nested = ",".join("[" + ",".join(f"{v:g}" for v in row) + "]" for row in rows)
    return (f'{{"inputs":[{{"name":"X","shape":[{len(rows)},{FEATURES}],"datatype":"FP32","data":[{values}]}}]}}',
            f'{{"instances":[{nested}]}}')


def lua(body):
    return f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[{body}]==]
"""


def check(maru_url, peer_url, x, expected):
    """Both give what the trained model gave, before anything is measured."""
    import numpy as np
    import requests

    to_maru, to_peer = bodies(x[::30])
    ours = requests.post(maru_url, data=to_maru).json()["outputs"][1]["data"]
    theirs = requests.post(peer_url, data=to_peer, headers={"Content-Type": "application/json"}).json()["probabilities"]
    assert np.allclose(np.reshape(ours, (-1, 3)), expected[::30], atol=1e-5)
    assert np.allclose(theirs, expected[::30], atol=1e-5)


def main():
    report = Report("serving a small ONNX model over JSON", peer="FastAPI")
    seconds = 1 if report.quick else 5
    with folder() as here:
        onnx_model, x, expected = make_model()
        model_file = here / "model.onnx"
        model_file.write_bytes(onnx_model.SerializeToString())
        maru = start_maru(here / "maru")
        peer = start_peer(here, model_file)
        try:
            deploy(maru.url, onnx_model)
            maru_url, peer_url = f"{maru.url}/v2/models/iris/infer", f"{peer.url}/predict"
            check(maru_url, peer_url, x, expected)
            for rows in (1, 32):
                to_maru, to_peer = bodies(x[:rows])
                for connections in (1, 16, 64):
                    wrk(maru_url, lua(to_maru), connections, 1)
                    wrk(peer_url, lua(to_peer), connections, 1)
                    ours = wrk(maru_url, lua(to_maru), connections, seconds)
                    theirs = wrk(peer_url, lua(to_peer), connections, seconds)
                    case = f"{rows} row{'s' if rows > 1 else ''}, {connections} connection{'s' if connections > 1 else ''}"
                    report.line(case, ours.requests_per_s, theirs.requests_per_s, "req/s", higher_is_better=True)
                    report.line(f"{case}: p99", ours.p99_ms, theirs.p99_ms, "ms", higher_is_better=False)
        finally:
            peer.stop()
            maru.stop()
    report.finish()


if __name__ == "__main__":
    main()
