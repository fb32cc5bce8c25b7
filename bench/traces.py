"""Traces: how many spans a second arrive over OTLP, and how long reading and searching them takes, beside mlflow server."""

import sys

import requests
from _side_by_side import Report, folder, median_ms, start_maru, start_mlflow, wrk
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SPANS = 5


def request_template(traces):
    """One export request whose trace ids are the marks `TRACEID0000000NN`, to be replaced by random bytes."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for t in range(traces):
        for n in range(SPANS):
            span = scope.spans.add()
            span.trace_id, span.span_id = f"TRACEID0{t:08d}".encode(), bytes([n + 1] * 8)
            if n:
                span.parent_span_id = bytes([1] * 8)
            span.name = f"step{n}"
            span.start_time_unix_nano, span.end_time_unix_nano = 10**18 + n, 10**18 + 10**8 + n
            for key, text in [("mlflow.spanType", "TOOL"), ("mlflow.spanInputs", '{"question": "%s"}' % ("why " * 20)),
                              ("mlflow.spanOutputs", "because " * 20)]:
                attribute = span.attributes.add()
                attribute.key, attribute.value.string_value = key, text
    return request.SerializeToString()


def script(body, experiment):
    quoted = "".join(f"\\{b:03d}" for b in body)
    return f"""
    local template = "{quoted}"
    local seed = os.time() + tonumber(tostring({{}}):sub(8), 16) % 1000000
    math.randomseed(seed)
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/x-protobuf"
    wrk.headers["x-mlflow-experiment-id"] = "{experiment}"
    request = function()
      local ids = {{}}
      local body = template:gsub("TRACEID0........", function(mark)
        if not ids[mark] then
          local bytes = {{}}
          for i = 1, 16 do bytes[i] = string.char(math.random(1, 255)) end
          ids[mark] = table.concat(bytes)
        end
        return ids[mark]
      end)
      return wrk.format(nil, "/v1/traces", nil, body)
    end
    """


def experiment_of(url):
    answer = requests.post(url + "/api/2.0/mlflow/experiments/create", json={"name": "bench"}, timeout=60)
    answer.raise_for_status()
    return answer.json()["experiment_id"]


def search(url, experiment, **body):
    answer = requests.post(url + "/api/3.0/mlflow/traces/search", timeout=120, json={
        "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}], "max_results": 100, **body})
    answer.raise_for_status()
    assert len(answer.json()["traces"]) == 100, answer.text[:300]
    return answer.json()["traces"]


def fill(url, experiment, traces):
    """The same number of traces on both sides, for searches."""
    import uuid

    for _ in range(traces // 50):
        body = request_template(50)
        for t in range(50):
            body = body.replace(f"TRACEID0{t:08d}".encode(), uuid.uuid4().bytes)
        requests.post(url + "/v1/traces", data=body, timeout=120, headers={
            "Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": experiment}).raise_for_status()


def main():
    report = Report("traces: OTLP in, searches out", peer="mlflow server")
    seconds = 2 if report.quick else 6
    with folder() as ours, folder() as theirs:
        peer = start_mlflow(theirs)
        maru = start_maru(ours)
        try:
            sides = [(server.url, experiment_of(server.url)) for server in (maru, peer)]
            for traces, connections in [(1, 1), (1, 16), (20, 8)]:
                text = request_template(traces)
                rates = [wrk(url, script(text, e), connections, seconds).requests_per_s * traces for url, e in sides]
                report.line(f"ingest, {traces} traces of {SPANS} spans a request, {connections} connections", *rates, "traces/s", True)
            stored = 500 if report.quick else 2000
            filled = []
            for url, _ in sides:
                answer = requests.post(url + "/api/2.0/mlflow/experiments/create", json={"name": "filled"}, timeout=60).json()["experiment_id"]
                fill(url, answer, stored)
                filled.append((url, answer))
            for case, body in [("newest 100", {}), ("by span type", {"filter": "span.type = 'TOOL'"}),
                               ("by state, slowest first", {"filter": "trace.status = 'OK'", "order_by": ["execution_time_ms DESC"]})]:
                times = [median_ms(lambda u=url, e=e: search(u, e, **body)) for url, e in filled]
                report.line(f"search {stored} traces: {case}", *times, "ms", False)
            picked = [(url, search(url, e)[0]["trace_id"]) for url, e in filled]
            times = [median_ms(lambda u=url, t=t: requests.get(u + "/api/3.0/mlflow/traces/get", params={"trace_id": t}, timeout=60).raise_for_status())
                     for url, t in picked]
            report.line(f"get one trace of {SPANS} spans", *times, "ms", False)
        finally:
            maru.stop()
            peer.stop()
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
