"""The whole server, killed, starved of disk, and with its database taken away, while real requests come in.

The rule is the same everywhere: what was answered is there afterwards, nothing is there by half, and who is refused is
told so in the wire's own shape.
"""

import contextlib
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import time

import pytest
import requests

REPO = pathlib.Path(__file__).resolve().parents[2]
API = "/api/2.0/mlflow"
WRITERS = 6


class Load:
    """Writers that create runs and log to them over MLflow's REST API, and remember what they were answered."""

    def __init__(self, url, experiment_id, seed):
        self.url, self.experiment_id, self.seed = url, experiment_id, seed
        self.created, self.logged, self.refused, self.wrong = set(), set(), [], []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(n,), daemon=True) for n in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _post(self, session, path, body):
        try:
            reply = session.post(self.url + API + path, json=body, timeout=30)
        except requests.RequestException:
            return None  # the server is gone: nothing was answered
        if reply.status_code == 200:
            return reply.json()
        with self.lock:
            (self.refused if reply.status_code in (429, 503) else self.wrong).append((reply.status_code, reply.text))
        time.sleep(0.01)
        return None

    def _write(self, number):
        session = requests.Session()
        count = 0
        while not self.stopping.is_set():
            count += 1
            name = f"{self.seed}-{number}-{count}"
            body = {"experiment_id": self.experiment_id, "run_name": name, "start_time": 1, "tags": [{"key": "a", "value": name}]}
            made = self._post(session, "/runs/create", body)
            if made is None:
                continue
            run_id = made["run"]["info"]["run_id"]
            with self.lock:
                self.created.add(run_id)
            batch = {
                "run_id": run_id,
                "params": [{"key": f"p{i}", "value": name} for i in range(3)],
                "metrics": [{"key": f"m{i}", "value": count, "timestamp": 1, "step": 0} for i in range(3)],
                "tags": [{"key": "done", "value": "yes"}],
            }
            if self._post(session, "/runs/log-batch", batch) is not None:
                with self.lock:
                    self.logged.add(run_id)

    def wait_for_more(self, count=20, timeout=30):
        start, end = len(self.logged), time.monotonic() + timeout
        while len(self.logged) < start + count:
            assert time.monotonic() < end, f"writes do not go on: {self.refused[-1:]} {self.wrong[-1:]}"
            time.sleep(0.005)

    def wait_for_refusal(self, timeout=30):
        start, end = len(self.refused), time.monotonic() + timeout
        while len(self.refused) < start + 5:
            assert time.monotonic() < end, "nobody was refused"
            time.sleep(0.005)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def new_experiment(server):
    reply = server.post(f"{API}/experiments/create", {"name": f"faults-{random.random()}"})
    assert reply.status_code == 200, reply.text
    return reply.json()["experiment_id"]


def all_runs(server, experiment_id):
    runs, token = {}, None
    while True:
        body = {"experiment_ids": [experiment_id], "max_results": 1000, **({"page_token": token} if token else {})}
        page = server.post(f"{API}/runs/search", body).json()
        runs |= {run["info"]["run_id"]: run for run in page.get("runs", [])}
        token = page.get("next_page_token")
        if not token:
            return runs


def check(server, experiment_id, created, logged):
    runs = all_runs(server, experiment_id)
    assert not created - runs.keys(), "answered runs are lost"
    for run_id, run in runs.items():
        tags = {t["key"] for t in run["data"].get("tags", [])}
        params, metrics = run["data"].get("params", []), run["data"].get("metrics", [])
        assert "a" in tags, f"run {run_id} is there by half"
        assert (len(params), len(metrics), "done" in tags) in ((3, 3, True), (0, 0, False)), f"half a batch: {run}"
        if run_id in logged:
            assert params, f"the answered batch of {run_id} is lost"
    return len(runs)


def kill_twenty_times(maru_factory, data, flags):
    server = maru_factory(data, *flags)
    experiment_id = new_experiment(server)
    created, logged, slowest = set(), set(), 0.0
    for round_ in range(20):
        load = Load(server.url, experiment_id, f"k{round_}")
        load.wait_for_more(10)
        time.sleep(random.uniform(0, 0.1))
        server.kill()
        load.stop()
        assert not load.wrong, load.wrong[:3]
        created |= load.created
        logged |= load.logged
        start = time.monotonic()
        server = maru_factory(data, *flags)
        slowest = max(slowest, time.monotonic() - start)
        check(server, experiment_id, created, logged)
    print(f"{len(created)} runs, {len(logged)} batches, slowest restart {slowest * 1000:.0f} ms")
    return slowest


def test_killed_twenty_times_on_sqlite(maru_factory, tmp_path):
    assert kill_twenty_times(maru_factory, tmp_path, []) < 5, "a restart replays a log of a few megabytes"


@pytest.fixture
def postgres():
    script = REPO / "tests/servers/postgres.sh"
    folder, url = subprocess.check_output([script, "start", str(os.getpid())], text=True).split()

    def control(command):
        subprocess.run([script, command, folder], check=True)

    yield url, control
    control("remove")


def test_killed_twenty_times_on_postgres(maru_factory, tmp_path, postgres):
    url, _ = postgres
    kill_twenty_times(maru_factory, tmp_path, ["--database", url])


def test_postgres_goes_away_and_comes_back(maru_factory, tmp_path, postgres):
    url, control = postgres
    server = maru_factory(tmp_path, "--database", url)
    experiment_id = new_experiment(server)
    load = Load(server.url, experiment_id, "pg")
    load.wait_for_more()
    for how in ("kill", "stop"):
        control(how)
        load.wait_for_refusal()
        control("restart")
        load.wait_for_more()
    load.stop()
    assert not load.wrong, load.wrong[:3]
    assert all(status == 503 and '"TEMPORARILY_UNAVAILABLE"' in text for status, text in load.refused), load.refused[:3]
    assert check(server, experiment_id, load.created, load.logged) >= 60


@contextlib.contextmanager
def small_disk(megabytes):
    """A file system of its own. Mounting needs root; without it the test fails rather than passing unseen."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="maru-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def test_full_disk(maru_factory):
    with small_disk(12) as disk:
        (disk / "ballast").write_bytes(b"x" * 4_000_000)
        server = maru_factory(disk / "data")
        experiment_id = new_experiment(server)
        load = Load(server.url, experiment_id, "disk")
        load.wait_for_refusal(timeout=120)
        assert all(status == 503 and '"TEMPORARILY_UNAVAILABLE"' in text for status, text in load.refused), load.refused[:3]
        assert server.get("/health").status_code == 200
        check(server, experiment_id, set(load.created), set(load.logged))  # reads go on

        big = requests.put(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/x/big.bin", data=b"x" * 8_000_000, timeout=60)
        assert big.status_code >= 400
        assert requests.get(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/x/big.bin", timeout=60).status_code == 404

        (disk / "ballast").unlink()
        load.wait_for_more()
        load.stop()
        assert not load.wrong, load.wrong[:3]
        check(server, experiment_id, load.created, load.logged)
        server.kill()
        server = maru_factory(disk / "data")
        check(server, experiment_id, load.created, load.logged)
        server.kill()


def test_read_only_data_folder(maru_factory):
    with small_disk(64) as disk:
        assert maru_factory(disk / "data").stop() == 0
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(RuntimeError, match="(?i)read-only") as refused:
            maru_factory(disk / "data")
        assert "terminate called" not in str(refused.value)
