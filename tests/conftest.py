"""Starts the real binary for tests. Nothing here is mocked: one process per fixture, its own folder, a free port."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import pytest
import requests

for name, value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "ANONYMIZED_TELEMETRY": "False",
    "SCARF_ANALYTICS": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}.items():
    os.environ.setdefault(name, value)

REPO = pathlib.Path(__file__).resolve().parent.parent


def maru_binary() -> str:
    """Path of the program under test: $MARU_BINARY, else the newest build."""
    if path := os.environ.get("MARU_BINARY"):
        return path
    built = [p for p in (REPO / "build" / preset / "maru" for preset in ("release", "dev")) if p.exists()]
    if not built:
        raise RuntimeError("there is no maru to test; run ./x build")
    return str(max(built, key=lambda p: p.stat().st_mtime))


@dataclasses.dataclass
class MaruServer:
    """A running server. `url` is its HTTP address, `data` its data folder, `log` the file its output goes to."""

    url: str
    data: pathlib.Path
    log: pathlib.Path
    process: subprocess.Popen

    def get(self, path, **kwargs):
        return requests.get(self.url + path, timeout=30, **kwargs)

    def post(self, path, json=None, **kwargs):
        return requests.post(self.url + path, json=json, timeout=30, **kwargs)

    def stop(self, how=signal.SIGTERM, timeout=30) -> int:
        """Sends `how` and waits for the end; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout)

    def kill(self):
        self.stop(signal.SIGKILL)


def start_maru(data, *flags, env=None, timeout=20) -> MaruServer:
    """Starts `maru up` on `data` with a free port and returns once it says that it is ready."""
    data = pathlib.Path(data)
    log = pathlib.Path(tempfile.mkstemp(prefix="maru-test-", suffix=".log")[1])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [maru_binary(), "up", "--data", str(data), "--port", "0", "--grpc-port", "0", *flags],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        text = log.read_text(errors="replace")
        if match := re.search(r"maru is ready at (https?://\S+)", text):
            return MaruServer(match[1], data, log, process)
        if process.poll() is not None:
            raise RuntimeError(f"maru ended with status {process.returncode}:\n{text}")
        time.sleep(0.01)
    process.kill()
    raise RuntimeError(f"maru was not ready within {timeout} s:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="module", autouse=True)
def fresh_mlflow():
    """The client remembers its experiment and server for the whole process; each file of tests starts without them."""
    forget_mlflow()
    yield
    forget_mlflow()


def forget_mlflow():
    if "mlflow" in sys.modules:
        import mlflow

        mlflow.tracking.fluent._active_experiment_id = None
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    # The client leaves these behind for its child processes, and so for ours.
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        os.environ.pop(name, None)


@pytest.fixture
def maru_factory():
    """start(data, *flags) -> MaruServer; all of them are stopped at the end of the test."""
    servers = []

    def start(data, *flags, **kwargs):
        servers.append(start_maru(data, *flags, **kwargs))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def maru_server(tmp_path_factory):
    """One server with an empty data folder, shared by the tests of a file."""
    server = start_maru(tmp_path_factory.mktemp("maru"))
    yield server
    assert server.stop() == 0, server.log.read_text(errors="replace")


@pytest.fixture
def mlflow_client(maru_server, monkeypatch):
    """The real client, pointed at `maru_server` as users do it."""
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", maru_server.url)
    mlflow.set_tracking_uri(maru_server.url)
    mlflow.set_registry_uri(maru_server.url)
    yield mlflow.MlflowClient(maru_server.url, maru_server.url)
    while mlflow.active_run():
        mlflow.end_run()
