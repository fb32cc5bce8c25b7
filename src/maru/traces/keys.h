// Names that MLflow's clients and page agree on for tags, metadata and span attributes
// (mlflow/tracing/constant.py, mlflow/utils/mlflow_tags.py).
#pragma once

#include <array>
#include <string_view>

namespace maru::traces {

// Tags.
inline constexpr std::string_view kTraceName = "mlflow.traceName";
inline constexpr std::string_view kSpansLocation = "mlflow.trace.spansLocation";
inline constexpr std::string_view kArtifactLocation = "mlflow.artifactLocation";
inline constexpr std::string_view kArchiveLocation = "mlflow.trace.archiveLocation";
inline constexpr std::string_view kArchivalFailure = "mlflow.trace.archivalFailure";
inline constexpr std::string_view kLinkedPrompts = "mlflow.linkedPrompts";

// Values of kSpansLocation.
inline constexpr std::string_view kTrackingStore = "TRACKING_STORE";

// Metadata.
inline constexpr std::string_view kSourceRun = "mlflow.sourceRun";
inline constexpr std::string_view kSizeStats = "mlflow.trace.sizeStats";
inline constexpr std::string_view kTokenUsage = "mlflow.trace.tokenUsage";
inline constexpr std::string_view kCost = "mlflow.trace.cost";
inline constexpr std::string_view kTraceUser = "mlflow.trace.user";
inline constexpr std::string_view kTraceSession = "mlflow.trace.session";
inline constexpr std::string_view kInfoFinalized = "mlflow.trace.infoFinalized";

// Span attributes.
inline constexpr std::string_view kSpanRequestId = "mlflow.traceRequestId";
inline constexpr std::string_view kSpanInputs = "mlflow.spanInputs";
inline constexpr std::string_view kSpanOutputs = "mlflow.spanOutputs";
inline constexpr std::string_view kSpanType = "mlflow.spanType";
inline constexpr std::string_view kSpanUsage = "mlflow.chat.tokenUsage";
inline constexpr std::string_view kSpanCost = "mlflow.llm.cost";
inline constexpr std::string_view kSpanModel = "mlflow.llm.model";
inline constexpr std::string_view kSpanProvider = "mlflow.llm.provider";
inline constexpr std::string_view kSpanMessageFormat = "mlflow.message.format";
inline constexpr std::string_view kSpanChatTools = "mlflow.chat.tools";
inline constexpr std::string_view kSpanSession = "session.id";
inline constexpr std::string_view kSpanConversation = "gen_ai.conversation.id";
inline constexpr std::string_view kSpanUser = "user.id";
inline constexpr std::string_view kTraceTagPrefix = "mlflow.traceTag.";

// Token usage and cost: the members of their JSON objects, which are also the names of our columns.
inline constexpr std::array<std::string_view, 6> kTokenKeys = {"input_tokens",
                                                               "output_tokens",
                                                               "total_tokens",
                                                               "cache_read_input_tokens",
                                                               "cache_creation_input_tokens",
                                                               "cache_creation_input_tokens_above_1hr"};
inline constexpr std::array<std::string_view, 3> kCostKeys = {"input_cost", "output_cost", "total_cost"};

// States.
inline constexpr std::string_view kInProgress = "IN_PROGRESS";
inline constexpr std::string_view kUnspecified = "STATE_UNSPECIFIED";

}  // namespace maru::traces
