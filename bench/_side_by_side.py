"""What every benchmark shares: start maru and a peer, put load on both in turn, print one line per case.

Load comes from wrk, a lean native client. Ratios are maru's advantage: 50 means that the peer needs 50 times as long, or
answers a fiftieth of the requests. On a noisy machine compare ratios, not times.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

REPO = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "tests"))
from conftest import start_maru  # noqa: E402  (the tests' own way to start the binary; also silences peers' telemetry)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_http(url, process, timeout=120):
    """Seconds until `url` answered 200."""
    import requests

    start = time.monotonic()
    while time.monotonic() - start < timeout:
        if process.poll() is not None:
            raise RuntimeError(f"the peer ended with status {process.returncode}")
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=2).status_code == 200:
                return time.monotonic() - start
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not answer within {timeout} s")


@dataclasses.dataclass
class Peer:
    url: str
    process: subprocess.Popen
    start_s: float

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_mlflow(folder, backend=None, workers=None) -> Peer:
    """The real `mlflow server`: its defaults, on an SQLite file in `folder` unless `backend` names another database."""
    port = free_port()
    folder = pathlib.Path(folder)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
               "--backend-store-uri", backend or f"sqlite:///{folder}/mlflow.db",
               "--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts"]
    if workers:
        command += ["--workers", str(workers)]
    process = subprocess.Popen(command, cwd=folder, stdout=open(folder / "mlflow.log", "wb"), stderr=subprocess.STDOUT)
    start_s = wait_http(f"http://127.0.0.1:{port}/health", process)
    return Peer(f"http://127.0.0.1:{port}", process, start_s)


def resident_mb(pid) -> tuple[float, int]:
    """Resident memory of a process and all its children, and how many processes that is."""
    pids, total = [pid], 0.0
    for p in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in pathlib.Path(f"/proc/{p}/task").iterdir():
                pids += [int(c) for c in (task / "children").read_text().split()]
            total += int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{p}/status").read_text())[1]) / 1024
    return total, len(pids)


@dataclasses.dataclass
class Load:
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    requests: int


_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def _ms(text):
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(value) * _UNITS[unit]


def wrk(url, script, connections, seconds=5) -> Load:
    """Runs wrk with a Lua script. Any answer but 2xx is a failed benchmark, not a fast one."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as lua:
        lua.write(script)
        lua.flush()
        out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s", lua.name, url],
                             capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", out):
        raise RuntimeError(f"{url}: {bad[0]}")
    if " 0 requests in" in out:
        raise RuntimeError(f"{url}: no request was answered within {seconds} s")
    return Load(float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), _ms(re.search(r"50%\s+(\S+)", out)[1]),
                _ms(re.search(r"99%\s+(\S+)", out)[1]), int(re.search(r"(\d+) requests in", out)[1]))


def median_ms(call, times=7, warmup=2) -> float:
    for _ in range(warmup):
        call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(taken)


class Report:
    """Collects `case | maru | peer | ratio` lines; prints each at once, and writes them as JSON at the end."""

    def __init__(self, title, peer="peer"):
        parser = argparse.ArgumentParser(description=title)
        parser.add_argument("--json", metavar="FILE", help="also write the lines to FILE")
        parser.add_argument("--quick", action="store_true", help="a fraction of the work, to see that it runs")
        self.arguments = parser.parse_args()
        self.quick = self.arguments.quick
        self.rows = []
        print(f"{title}\n{'case':<52} | {'maru':>16} | {peer:>16} | ratio", flush=True)

    def line(self, case, maru, peer, unit, higher_is_better):
        """`peer` may be None for what is only kept, not compared."""
        ratio = None
        if peer is not None and maru and peer:
            ratio = maru / peer if higher_is_better else peer / maru
        shown = [f"{maru:.4g} {unit}", "" if peer is None else f"{peer:.4g} {unit}", "" if ratio is None else f"{ratio:.1f}"]
        print(f"{case:<52} | {shown[0]:>16} | {shown[1]:>16} | {shown[2]}", flush=True)
        self.rows.append({"case": case, "maru": maru, "peer": peer, "unit": unit, "ratio": ratio})

    def finish(self):
        if self.arguments.json:
            pathlib.Path(self.arguments.json).write_text(json.dumps(self.rows, indent=1) + "\n")


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="maru-bench-", dir=os.environ.get("MARU_BENCH_DIR")))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
