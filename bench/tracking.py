#!/usr/bin/env python3
"""Tracking: writes, searches, history, start and memory, beside the real mlflow server on SQLite."""

import json
import signal
import time

import requests

from _side_by_side import Report, folder, median_ms, resident_mb, start_maru, start_mlflow, wrk

API = "/api/2.0/mlflow"
HEAD = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'


def post(url, path, body):
    reply = requests.post(url + API + path, json=body, timeout=120)
    reply.raise_for_status()
    return reply.json()


def new_runs(url, experiment, count):
    return [post(url, "/runs/create", {"experiment_id": experiment, "run_name": f"r{i}"})["run"]["info"]["run_id"]
            for i in range(count)]


def create_run_script(experiment):
    body = json.dumps({"experiment_id": experiment, "run_name": "bench", "start_time": 1700000000000,
                       "tags": [{"key": "mlflow.user", "value": "bench"}]})
    return HEAD + f"wrk.path = '{API}/runs/create'\nwrk.body = {json.dumps(body)}\n"


def log_metric_script(runs):
    return HEAD + f"""
local runs = {{{",".join(repr(r) for r in runs)}}}
local n = 0
function request()
  n = n + 1
  local body = string.format('{{"run_id":"%s","key":"loss","value":%.6f,"timestamp":%d,"step":%d}}',
                             runs[n % #runs + 1], 1 / n, 1700000000000 + n, n)
  return wrk.format(nil, "{API}/runs/log-metric", nil, body)
end
"""


def log_batch_script(runs, metrics=100):
    return HEAD + f"""
local runs = {{{",".join(repr(r) for r in runs)}}}
local n = 0
function request()
  n = n + 1
  local points = {{}}
  for i = 1, {metrics} do
    points[i] = string.format('{{"key":"metric_%d","value":%.6f,"timestamp":%d,"step":%d}}', i, i / n, 1700000000000 + n, n)
  end
  return wrk.format(nil, "{API}/runs/log-batch", nil, '{{"run_id":"' .. runs[n % #runs + 1] .. '","metrics":[' .. table.concat(points, ",") .. ']}}')
end
"""


def writes(report, urls):
    seconds = 4 if report.quick else 8
    for connections in (1, 16):
        loads = {}
        for name, url in urls.items():
            experiment = post(url, "/experiments/create", {"name": f"writes-{connections}"})["experiment_id"]
            runs = new_runs(url, experiment, 16)
            loads[name] = {
                "create run": wrk(url, create_run_script(experiment), connections, seconds),
                "log-metric": wrk(url, log_metric_script(runs), connections, seconds),
                "log-batch of 100 metrics": wrk(url, log_batch_script(runs), connections, seconds),
            }
        for case in loads["maru"]:
            maru, peer = loads["maru"][case], loads["mlflow"][case]
            report.line(f"{case}, {connections} connections", maru.requests_per_s, peer.requests_per_s, "req/s", True)
            report.line(f"{case}, {connections} connections, p99", maru.p99_ms, peer.p99_ms, "ms", False)


def fill_runs(url, experiment, count):
    session = requests.Session()
    for i in range(count):
        run = session.post(url + API + "/runs/create", json={"experiment_id": experiment, "start_time": 1700000000000 + i}).json()
        session.post(url + API + "/runs/log-batch", json={
            "run_id": run["run"]["info"]["run_id"],
            "metrics": [{"key": f"m{k}", "value": (i * 7919 % 10007) / 10007 + k, "timestamp": 1700000000000, "step": 0} for k in range(5)],
            "params": [{"key": f"p{k}", "value": str(i % (k + 2))} for k in range(5)],
            "tags": [{"key": "group", "value": f"g{i % 100}"}],
        }).raise_for_status()


def searches(report, urls):
    count = 500 if report.quick else 10_000
    cases = {
        "by metric": {"filter": "metrics.m1 > 1.5", "order_by": ["metrics.m2 DESC"]},
        "by tag": {"filter": "tags.group = 'g7'"},
    }
    took = {}
    for name, url in urls.items():
        experiment = post(url, "/experiments/create", {"name": "searches"})["experiment_id"]
        fill_runs(url, experiment, count)
        for case, query in cases.items():
            body = {"experiment_ids": [experiment], "max_results": 100, **query}
            found = post(url, "/runs/search", body)["runs"]
            took.setdefault(case, {})[name] = median_ms(lambda: post(url, "/runs/search", body))
            took[case][name + " found"] = [r["info"]["start_time"] for r in found]
    for case, by in took.items():
        if by["maru found"] != by["mlflow found"]:
            raise RuntimeError(f"search {case}: maru and mlflow found different runs")
        report.line(f"search of {count} runs {case}, page of 100", by["maru"], by["mlflow"], "ms", False)


def history(report, urls):
    points = 5_000 if report.quick else 100_000
    took = {}
    for name, url in urls.items():
        experiment = post(url, "/experiments/create", {"name": "history"})["experiment_id"]
        run = new_runs(url, experiment, 1)[0]
        for start in range(0, points, 1000):
            post(url, "/runs/log-batch", {"run_id": run, "metrics": [
                {"key": "loss", "value": 1 / (i + 1), "timestamp": 1700000000000 + i, "step": i} for i in range(start, start + 1000)]})

        def read():
            got, token = 0, None
            while True:
                query = {"run_id": run, "metric_key": "loss", "max_results": 25_000, **({"page_token": token} if token else {})}
                page = requests.get(url + API + "/metrics/get-history", params=query, timeout=120).json()
                got += len(page["metrics"])
                if not (token := page.get("next_page_token")):
                    break
            assert got == points, (name, got)

        took[name] = median_ms(read, times=3, warmup=1)
    report.line(f"history of {points} points", took["maru"], took["mlflow"], "ms", False)


def main():
    report = Report("tracking, beside mlflow server on SQLite", "mlflow")
    with folder() as here:
        (here / "mlflow").mkdir()
        mlflow = start_mlflow(here / "mlflow")
        maru = start_maru(here / "maru")
        try:
            urls = {"maru": maru.url, "mlflow": mlflow.url}
            writes(report, urls)
            searches(report, urls)
            history(report, urls)
            maru_mb, _ = resident_mb(maru.process.pid)
            peer_mb, processes = resident_mb(mlflow.process.pid)
            report.line(f"resident memory after that ({processes} processes)", maru_mb, peer_mb, "MB", False)
        finally:
            maru.stop()
            mlflow.stop()
        # The same, started again on what they have written.
        begin = time.monotonic()
        maru = start_maru(here / "maru")
        maru_start = time.monotonic() - begin
        mlflow = start_mlflow(here / "mlflow")
        try:
            report.line("start on an existing database", maru_start * 1e3, mlflow.start_s * 1e3, "ms", False)
            maru_mb, _ = resident_mb(maru.process.pid)
            peer_mb, processes = resident_mb(mlflow.process.pid)
            report.line(f"resident memory when idle ({processes} processes)", maru_mb, peer_mb, "MB", False)
        finally:
            maru.stop(signal.SIGTERM)
            mlflow.stop()
    report.finish()


if __name__ == "__main__":
    main()
