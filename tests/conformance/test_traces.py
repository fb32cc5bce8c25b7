"""Tracing with the real mlflow client and the real OpenTelemetry SDK against the real server."""

import gzip
import json
import time
import uuid

import mlflow
import pytest
import requests
from mlflow.entities import AssessmentError, AssessmentSource, Feedback, SpanType
from mlflow.exceptions import MlflowException
from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor


@pytest.fixture
def experiment(mlflow_client):
    """A new experiment, made the active one; its id."""
    return mlflow.set_experiment(f"traces-{uuid.uuid4().hex[:8]}").experiment_id


def flush():
    mlflow.flush_trace_async_logging()


def logged(function, *args, **kwargs):
    """Calls a traced function; returns the id of its trace, stored."""
    function(*args, **kwargs)
    flush()
    return mlflow.get_last_active_trace_id()


def ids(**kwargs):
    return [t.info.trace_id for t in mlflow.search_traces(return_type="list", **kwargs)]


@mlflow.trace(name="add", span_type=SpanType.CHAIN, attributes={"flavor": "plain"})
def add(x, y):
    with mlflow.start_span("inner", span_type=SpanType.TOOL) as span:
        span.set_inputs({"x": x, "y": y})
        span.add_event(mlflow.entities.SpanEvent("half", attributes={"n": 1}))
        span.set_outputs([x, y, None, 1.5, "마루"])
    return {"sum": x + y}


def test_nested_spans_come_back(experiment):
    trace = mlflow.get_trace(logged(add, 2, 3))
    assert trace.info.experiment_id == experiment
    assert trace.info.state == "OK"
    assert trace.info.tags["mlflow.traceName"] == "add"
    assert trace.info.tags["mlflow.trace.spansLocation"] == "TRACKING_STORE"
    assert json.loads(trace.info.request_preview) == {"x": 2, "y": 3}
    assert json.loads(trace.info.response_preview) == {"sum": 5}
    assert trace.info.execution_duration >= 0
    root, inner = trace.data.spans
    assert (root.name, root.parent_id, root.span_type) == ("add", None, "CHAIN")
    assert root.get_attribute("flavor") == "plain"
    assert (inner.name, inner.parent_id, inner.span_type) == ("inner", root.span_id, "TOOL")
    assert inner.outputs == [2, 3, None, 1.5, "마루"]
    assert inner.events[0].name == "half"
    assert inner.events[0].attributes == {"n": 1}
    assert root.start_time_ns <= inner.start_time_ns <= inner.end_time_ns <= root.end_time_ns
    assert trace.search_spans(span_type=SpanType.TOOL) == [inner] or len(trace.search_spans(name="inner")) == 1


def test_values_survive(experiment):
    values = {"nan": float("nan"), "inf": float("-inf"), "big": 2**53 + 1, "text": '"quoted"\n\\', "deep": [{"a": [[]]}], "no": {}}

    @mlflow.trace
    def echo(value):
        return value

    trace = mlflow.get_trace(logged(echo, values))
    back = trace.data.spans[0].outputs
    assert str(back.pop("nan")) == "nan"
    values = {k: v for k, v in values.items() if k != "nan"}
    assert back == values


def test_errors_are_recorded(experiment):
    @mlflow.trace
    def fail():
        raise ValueError("no such luck")

    with pytest.raises(ValueError, match="no such luck"):
        fail()
    flush()
    trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert trace.info.state == "ERROR"
    span = trace.data.spans[0]
    assert span.status.status_code == "ERROR"
    assert "no such luck" in span.status.description
    assert span.events[0].name == "exception"
    assert span.events[0].attributes["exception.type"] == "ValueError"
    assert ids(filter_string="trace.status = 'ERROR'") == [trace.info.trace_id]


def test_current_trace_is_updated(experiment):
    @mlflow.trace
    def work():
        mlflow.update_current_trace(
            tags={"fruit": "apple"},
            metadata={"mlflow.trace.session": "s-1", "mlflow.trace.user": "ada"},
            client_request_id="req-1",
            request_preview="short in",
            response_preview="short out",
        )

    trace_id = logged(work)
    info = mlflow.get_trace(trace_id).info
    assert info.tags["fruit"] == "apple"
    assert info.trace_metadata["mlflow.trace.session"] == "s-1"
    assert info.trace_metadata["mlflow.trace.user"] == "ada"
    assert info.client_request_id == "req-1"
    assert (info.request_preview, info.response_preview) == ("short in", "short out")
    assert ids(filter_string="metadata.`mlflow.trace.session` = 's-1'") == [trace_id]
    assert ids(filter_string="client_request_id = 'req-1'") == [trace_id]


def test_tags(maru_server, experiment, mlflow_client):
    trace_id = logged(add, 1, 1)
    mlflow.set_trace_tag(trace_id, "color", "red")
    mlflow.set_trace_tag(trace_id, "color", "blue")
    assert mlflow.get_trace(trace_id).info.tags["color"] == "blue"
    mlflow.delete_trace_tag(trace_id, "color")
    assert "color" not in mlflow.get_trace(trace_id).info.tags
    with pytest.raises(MlflowException, match="No trace tag with key 'color'"):
        mlflow.delete_trace_tag(trace_id, "color")
    with pytest.raises(MlflowException, match="not found"):
        mlflow_client.set_trace_tag("tr-none", "a", "b")
    url = f"{maru_server.url}/api/3.0/mlflow/traces/{trace_id}/tags"
    refused = requests.patch(url, json={"key": "mlflow.trace.spansLocation", "value": "x"}, timeout=10)
    assert (refused.status_code, "immutable" in refused.json()["message"]) == (400, True)


def test_feedback_and_expectations(experiment):
    trace_id = logged(add, 1, 2)
    first = mlflow.log_feedback(trace_id=trace_id, name="correct", value=False, rationale="wrong",
                                source=AssessmentSource("HUMAN", "ada"), metadata={"k": "v"})
    assert first.assessment_id.startswith("a-")
    second = mlflow.override_feedback(trace_id=trace_id, assessment_id=first.assessment_id, value=True, rationale="right after all")
    assert mlflow.get_assessment(trace_id, first.assessment_id).valid is False
    expected = mlflow.log_expectation(trace_id=trace_id, name="answer", value={"sum": [3]})
    assert mlflow.get_assessment(trace_id, expected.assessment_id).value == {"sum": [3]}
    mlflow.log_feedback(trace_id=trace_id, name="judge", error=AssessmentError("TIMEOUT", "too slow"))

    found = {a.name: a for a in mlflow.get_trace(trace_id).info.assessments if a.valid is not False}
    assert found["correct"].value is True
    assert found["correct"].overrides == first.assessment_id
    assert found["judge"].error.error_code == "TIMEOUT"

    updated = mlflow.update_assessment(trace_id, second.assessment_id,
                                       Feedback(name="correct", value=0.75, rationale="mostly", metadata={"m": "n"}))
    assert (updated.value, updated.rationale, updated.metadata) == (0.75, "mostly", {"m": "n"})
    assert updated.last_update_time_ms >= updated.create_time_ms
    assert ids(filter_string="feedback.correct > 0.7") == [trace_id]
    assert ids(filter_string="feedback.correct > 0.8") == []

    mlflow.delete_assessment(trace_id, second.assessment_id)
    assert mlflow.get_assessment(trace_id, first.assessment_id).valid is True
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_assessment(trace_id, second.assessment_id)
    with pytest.raises(MlflowException, match="not found"):
        mlflow.log_feedback(trace_id="tr-none", name="x", value=1)


def test_search_pages_orders_and_filters(experiment, mlflow_client):
    made = [logged(add, n, n) for n in range(5)]
    page = mlflow_client.search_traces([experiment], max_results=2)
    seen = [t.info.trace_id for t in page]
    while page.token:
        page = mlflow_client.search_traces([experiment], max_results=2, page_token=page.token)
        seen += [t.info.trace_id for t in page]
    assert seen == made[::-1]
    assert ids(order_by=["timestamp_ms ASC"]) == made
    middle = mlflow.get_trace(made[2]).info.timestamp_ms
    assert ids(filter_string=f"trace.timestamp_ms > {middle}") == made[:2:-1]
    assert ids(filter_string="trace.name LIKE 'ad%'") == made[::-1]
    assert ids(filter_string="span.type = 'TOOL' AND span.name = 'inner'", max_results=1) == made[-1:]
    assert ids(filter_string="span.attributes.flavor = 'plain'") == made[::-1]
    assert ids(filter_string="trace.text LIKE '%마루%'") == made[::-1]
    assert len(mlflow.search_traces(filter_string="attributes.status = 'OK'")) == 5
    assert mlflow.search_traces(include_spans=False, return_type="list", max_results=1)[0].data.spans == []
    with pytest.raises(MlflowException, match="Invalid"):
        ids(filter_string="nothing.of.the.sort")


def test_runs_and_prompts_are_linked(experiment, mlflow_client):
    with mlflow.start_run() as run:
        inside = logged(add, 1, 1)
    outside = logged(add, 2, 2)
    assert ids(filter_string=f"run_id = '{run.info.run_id}'") == [inside]
    mlflow_client.link_traces_to_run([outside], run.info.run_id)
    mlflow_client.link_traces_to_run([outside], run.info.run_id)
    assert sorted(ids(filter_string=f"run_id = '{run.info.run_id}'")) == sorted([inside, outside])
    assert sorted(ids(run_id=run.info.run_id)) == sorted([inside, outside])
    with pytest.raises(MlflowException, match="not found"):
        mlflow_client.link_traces_to_run([outside], "0" * 32)
    with pytest.raises(MlflowException, match="100"):
        mlflow_client.link_traces_to_run([f"tr-{n}" for n in range(101)], run.info.run_id)

    prompt = mlflow.genai.register_prompt(f"greet-{uuid.uuid4().hex[:6]}", "hello {{name}}")
    mlflow_client.link_prompt_versions_to_trace([prompt], outside)
    assert ids(filter_string=f"prompt = '{prompt.name}/{prompt.version}'") == [outside]


def test_deletion(experiment, mlflow_client):
    made = [logged(add, n, n) for n in range(4)]
    assert mlflow_client.delete_traces(experiment, trace_ids=[made[3]]) == 1
    with pytest.raises(MlflowException, match="not found"):
        mlflow_client.get_trace(made[3])
    assert mlflow_client.delete_traces(experiment, max_timestamp_millis=int(time.time() * 1000) + 1, max_traces=1) == 1
    assert ids() == [made[2], made[1]]
    assert mlflow_client.delete_traces(experiment, max_timestamp_millis=int(time.time() * 1000) + 1) == 2
    assert ids() == []


def test_tokens_are_summed(experiment):
    @mlflow.trace
    def ask():
        for n in (1, 2):
            with mlflow.start_span(f"llm{n}", span_type=SpanType.CHAT_MODEL) as span:
                span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10 * n, "output_tokens": n, "total_tokens": 11 * n})

    info = mlflow.get_trace(logged(ask)).info
    assert info.token_usage == {"input_tokens": 30, "output_tokens": 3, "total_tokens": 33}


def exporter(server, experiment, **headers):
    provider = TracerProvider(resource=Resource.create({"service.name": "shop", "mlflow.evil": "x"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(
        f"{server.url}/v1/traces", headers={"x-mlflow-experiment-id": experiment, **headers})))
    return provider.get_tracer("tests")


def test_opentelemetry_sdk(maru_server, experiment):
    tracer = exporter(maru_server, experiment)
    with tracer.start_as_current_span("checkout", attributes={"gen_ai.operation.name": "invoke_agent", "session.id": "s-9"}) as root:
        with tracer.start_as_current_span("llm", attributes={
                "gen_ai.operation.name": "chat", "gen_ai.request.model": "small", "gen_ai.provider.name": "acme",
                "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 5,
                "gen_ai.input.messages": '[{"role": "user", "content": "hi"}]', "ratios": [0.5, 1.0]}) as span:
            span.add_event("note", {"n": 2})
            span.set_status(otel.Status(otel.StatusCode.ERROR, "bad"))
        root.add_link(span.get_span_context())
    trace_id = f"tr-{root.get_span_context().trace_id:032x}"
    trace = mlflow.get_trace(trace_id)
    assert trace.info.state == "OK"
    assert trace.info.tags["service.name"] == "shop"
    assert "mlflow.evil" not in trace.info.tags
    assert trace.info.trace_metadata["mlflow.trace.session"] == "s-9"
    assert trace.info.token_usage == {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}
    agent, llm = trace.data.spans
    assert (agent.name, agent.span_type) == ("checkout", "AGENT")
    assert (llm.span_type, llm.model_name) == ("CHAT_MODEL", "small")
    assert llm.inputs == [{"role": "user", "content": "hi"}]
    assert llm.get_attribute("ratios") == [0.5, 1.0]
    assert llm.status.description == "bad"
    assert llm.events[0].attributes == {"n": 2}
    assert agent.links[0].span_id == llm.span_id
    assert ids(filter_string="span.type = 'CHAT_MODEL'", locations=[experiment]) == [trace_id]


def test_otlp_links_a_run(maru_server, experiment):
    with mlflow.start_run() as run:
        pass
    with exporter(maru_server, experiment, **{"x-mlflow-run-id": run.info.run_id}).start_as_current_span("r") as span:
        pass
    assert ids(run_id=run.info.run_id) == [f"tr-{span.get_span_context().trace_id:032x}"]


def otlp_request(spans=1):
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for n in range(spans):
        span = scope.spans.add()
        span.trace_id, span.span_id, span.name = uuid.uuid4().bytes, bytes([1] * 8), f"s{n}"
        span.start_time_unix_nano, span.end_time_unix_nano = 10**18, 10**18 + 10**9
    return request


def test_otlp_encodings_and_refusals(maru_server, experiment):
    url, good = f"{maru_server.url}/v1/traces", {"x-mlflow-experiment-id": experiment, "Content-Type": "application/x-protobuf"}
    body = otlp_request(3).SerializeToString()

    def post(data, **changes):
        headers = {k: v for k, v in {**good, **changes}.items() if v is not None}
        return requests.post(url, data=data, headers=headers, timeout=10)

    answer = post(body)
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "application/x-protobuf", b"")
    assert post(gzip.compress(body), **{"Content-Encoding": "gzip"}).status_code == 200
    as_json = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": uuid.uuid4().hex, "spanId": "01" * 8, "name": "j", "startTimeUnixNano": "1", "endTimeUnixNano": 2}]}]}]})
    answer = post(as_json, **{"Content-Type": "application/json; charset=utf-8"})
    assert (answer.status_code, answer.json()) == (200, {})

    assert post(body, **{"x-mlflow-experiment-id": None}).status_code == 422
    assert post(body, **{"Content-Type": "text/plain"}).status_code == 400
    assert "Expected: application/x-protobuf" in post(body, **{"Content-Type": "text/plain"}).json()["detail"]
    assert post(b"certainly not protobuf").status_code == 400
    assert post(b"").json()["detail"] == "Invalid OpenTelemetry format - no spans found"
    assert post("{", **{"Content-Type": "application/json"}).status_code == 400
    assert post(b"not gzip", **{"Content-Encoding": "gzip"}).status_code == 400
    nameless = otlp_request()
    nameless.resource_spans[0].scope_spans[0].spans[0].trace_id = b""
    assert post(nameless.SerializeToString()).status_code == 422
    missing = post(body, **{"x-mlflow-experiment-id": "987654321"})
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_version_two_calls(maru_server, experiment):
    started = maru_server.post("/api/2.0/mlflow/traces", {
        "experiment_id": experiment, "timestamp_ms": 1000, "request_metadata": [{"key": "a", "value": "b"}], "tags": []})
    trace_id = started.json()["trace_info"]["request_id"]
    assert started.json()["trace_info"]["status"] == "IN_PROGRESS"
    ended = requests.patch(f"{maru_server.url}/api/2.0/mlflow/traces/{trace_id}", timeout=10, json={
        "timestamp_ms": 1500, "status": "OK", "request_metadata": [], "tags": [{"key": "mlflow.traceName", "value": "old"}]})
    assert ended.json()["trace_info"]["execution_time_ms"] == 500
    info = maru_server.get(f"/api/2.0/mlflow/traces/{trace_id}/info").json()["trace_info"]
    assert info["status"] == "OK"
    assert {"key": "a", "value": "b"} in info["request_metadata"]
    found = maru_server.get("/api/2.0/mlflow/traces", params={"experiment_ids": experiment, "filter": "name = 'old'"}).json()
    assert [t["request_id"] for t in found["traces"]] == [trace_id]


def test_bad_requests(maru_server, experiment):
    for body, words in [({}, "trace"), ({"trace": {"trace_info": {"trace_id": "x"}}}, "location"),
                        ({"trace": {"trace_info": {"trace_id": "x", "request_time": "now", "trace_location": {
                            "mlflow_experiment": {"experiment_id": experiment}}}}}, "time"),
                        ({"trace": {"trace_info": {"trace_id": "x", "state": "HAPPY", "trace_location": {
                            "mlflow_experiment": {"experiment_id": experiment}}}}}, "state")]:
        answer = maru_server.post("/api/3.0/mlflow/traces", body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer.text
        assert words in answer.json()["message"]
    answer = maru_server.post("/api/3.0/mlflow/traces/search", {"locations": [], "max_results": 5})
    assert answer.status_code == 400
    answer = maru_server.post("/api/3.0/mlflow/traces/search", {
        "locations": [{"mlflow_experiment": {"experiment_id": experiment}}], "max_results": 501})
    assert answer.status_code == 400


def test_filters_correlate(experiment, mlflow_client):
    for n in range(4):
        trace_id = logged(add, n, n)
        mlflow.set_trace_tag(trace_id, "half", str(n // 2))
        mlflow.set_trace_tag(trace_id, "twin", str(n // 2))
    result = mlflow_client._tracing_client.calculate_trace_filter_correlation(
        [experiment], "tags.half = '0'", "tags.twin = '0'")
    assert (result.filter1_count, result.filter2_count, result.joint_count, result.total_count) == (2, 2, 2, 4)
    assert result.npmi == pytest.approx(1.0)


def test_metrics_of_traces(experiment, mlflow_client):
    from mlflow.entities.trace_metrics import AggregationType, MetricAggregation, MetricViewType

    made = [logged(add, n, n) for n in range(3)]
    mlflow.log_feedback(trace_id=made[0], name="score", value=0.5)
    store = mlflow_client._tracing_client.store

    def query(view, metric, *aggregations, **kwargs):
        return store.query_trace_metrics([experiment], view, metric, list(aggregations), **kwargs)

    count = MetricAggregation(AggregationType.COUNT)
    points = query(MetricViewType.TRACES, "trace_count", count, dimensions=["trace_status"])
    assert [(p.dimensions, p.values) for p in points] == [({"trace_status": "OK"}, {"COUNT": 3.0})]
    points = query(MetricViewType.SPANS, "span_count", count, dimensions=["span_type"], filters=["span.name = 'inner'"])
    assert [(p.dimensions, p.values) for p in points] == [({"span_type": "TOOL"}, {"COUNT": 3.0})]
    points = query(MetricViewType.TRACES, "latency", MetricAggregation(AggregationType.PERCENTILE, 50.0),
                   MetricAggregation(AggregationType.AVG))
    assert set(points[0].values) == {"P50.0", "AVG"}
    points = query(MetricViewType.ASSESSMENTS, "assessment_value", MetricAggregation(AggregationType.AVG), dimensions=["assessment_name"])
    assert points[0].values == {"AVG": 0.5}
    now = int(time.time() * 1000)
    points = query(MetricViewType.TRACES, "trace_count", count, time_interval_seconds=3600, start_time_ms=now - 3_600_000, end_time_ms=now)
    assert sum(p.values["COUNT"] for p in points) == 3
    assert points[0].dimensions["time_bucket"].endswith("+00:00")
    with pytest.raises(MlflowException, match="metric_name must be one of"):
        query(MetricViewType.TRACES, "joy", count)


def test_the_page_reads_trace_artifacts(maru_server, experiment):
    trace_id = logged(add, 1, 2)
    answer = maru_server.get("/ajax-api/3.0/mlflow/get-trace-artifact", params={"request_id": trace_id})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    data = mlflow.entities.TraceData.from_dict(answer.json())
    assert [s.name for s in data.spans] == ["add", "inner"]
    assert maru_server.get("/ajax-api/2.0/mlflow/get-trace-artifact").status_code == 400
    assert maru_server.get("/ajax-api/2.0/mlflow/get-trace-artifact", params={"request_id": "no"}).status_code == 404
    for path in ("../../x", "x"):
        assert maru_server.get("/ajax-api/3.0/mlflow/get-trace-artifact",
                               params={"request_id": trace_id, "path": path}).status_code in (400, 404)


def test_spans_in_the_artifacts(maru_server, experiment, mlflow_client):
    """What a client does that cannot send spans over OTLP: the record first, then traces.json through the proxy."""
    trace_id = f"tr-{uuid.uuid4().hex}"
    source = mlflow.get_trace(logged(add, 5, 6))
    info = source.info
    info.trace_id = trace_id
    info.trace_metadata = {}
    info.tags = {"mlflow.traceName": "uploaded"}
    stored = mlflow_client._tracing_client.start_trace(info)
    assert "mlflow.trace.spansLocation" not in stored.tags
    mlflow_client._tracing_client._upload_trace_data(stored, source.data)
    back = mlflow.get_trace(trace_id)
    assert [s.name for s in back.data.spans] == ["add", "inner"]
    assert len(maru_server.get("/ajax-api/3.0/mlflow/get-trace-artifact", params={"request_id": trace_id}).json()["spans"]) == 2
