// Other libraries' span attributes in MLflow's words: what kind of span, its inputs and outputs, tokens, model.
//
// Spans come from OpenInference, OpenTelemetry's GenAI conventions, Traceloop, the Vercel AI SDK and others, each with
// its own names (mlflow/tracing/otel/translation). The translated attributes are added beside the original ones, so
// that searches, charts and previews see one vocabulary.
//
// Threads: pure functions.
#pragma once

#include "maru/traces/span.h"

namespace maru::traces {

// Unwraps values that were encoded twice and adds the mlflow.* attributes that can be derived.
void TranslateSpan(Span& span);

}  // namespace maru::traces
