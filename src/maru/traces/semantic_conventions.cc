#include "maru/traces/semantic_conventions.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "maru/json/json.h"
#include "maru/traces/json_text.h"
#include "maru/traces/keys.h"
#include "maru/traces/span_content.h"
#include "maru/traces/usage.h"

namespace maru::traces {
namespace {

using Names = std::vector<std::string_view>;

struct Convention {
  std::string_view kind_key;
  std::vector<std::pair<std::string_view, std::string_view>> kinds;  // its value → MLflow's span type
  std::array<std::string_view, 5> token_keys = {};                   // input, output, total, cache read, cache creation
  Names inputs, outputs;
  Names models;
  std::string_view provider;
  Names tools;
  Names detect;  // any of these makes `message_format` the span's
  std::string_view message_format;
};

// In the order in which they are asked; the first that knows wins.
const std::vector<Convention>& Conventions() {
  static const std::vector<Convention> conventions = {
      // OpenInference
      {.kind_key = "openinference.span.kind",
       .kinds = {{"TOOL", "TOOL"},
                 {"CHAIN", "CHAIN"},
                 {"LLM", "LLM"},
                 {"RETRIEVER", "RETRIEVER"},
                 {"EMBEDDING", "EMBEDDING"},
                 {"AGENT", "AGENT"},
                 {"RERANKER", "RERANKER"},
                 {"UNKNOWN", "UNKNOWN"},
                 {"GUARDRAIL", "GUARDRAIL"},
                 {"EVALUATOR", "EVALUATOR"}},
       .token_keys = {"llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.total",
                      "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_write"},
       .inputs = {"input.value"},
       .outputs = {"output.value"},
       .models = {"llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name"},
       .provider = "llm.provider"},
      // Claude Code
      {.kind_key = "span.type",
       .kinds = {{"claude_code.interaction", "AGENT"},
                 {"claude_code.llm_request", "LLM"},
                 {"claude_code.tool", "TOOL"}}},
      // OpenTelemetry GenAI, and Gemini CLI's operations
      {.kind_key = "gen_ai.operation.name",
       .kinds = {{"chat", "CHAT_MODEL"},
                 {"create_agent", "AGENT"},
                 {"embeddings", "EMBEDDING"},
                 {"execute_tool", "TOOL"},
                 {"generate_content", "LLM"},
                 {"invoke_agent", "AGENT"},
                 {"text_completion", "LLM"},
                 {"response", "LLM"},
                 {"llm_call", "LLM"},
                 {"tool_call", "TOOL"},
                 {"agent_call", "AGENT"}},
       .token_keys = {"gen_ai.usage.input_tokens",
                      "gen_ai.usage.output_tokens",
                      {},
                      "gen_ai.usage.cache_read.input_tokens",
                      "gen_ai.usage.cache_write.input_tokens"},
       .inputs = {"gen_ai.input.messages", "gen_ai.tool.call.arguments"},
       .outputs = {"gen_ai.output.messages", "gen_ai.tool.call.result"},
       .models = {"gen_ai.response.model", "gen_ai.request.model"},
       .provider = "gen_ai.provider.name",
       .tools = {"gen_ai.tool.definitions"}},
      // Traceloop
      {.kind_key = "traceloop.span.kind",
       .kinds =
           {{"workflow", "WORKFLOW"}, {"task", "TASK"}, {"agent", "AGENT"}, {"tool", "TOOL"}, {"unknown", "UNKNOWN"}},
       .token_keys = {"gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "llm.usage.total_tokens", {}, {}},
       .inputs = {"traceloop.entity.input", "gen_ai.prompt.0.content"},
       .outputs = {"traceloop.entity.output", "gen_ai.completion.0.content"},
       .provider = "gen_ai.system"},
      // Google ADK
      {.inputs = {"gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"},
       .outputs = {"gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"}},
      // Vercel AI SDK
      {.kind_key = "ai.operationId",
       .kinds = {{"ai.generateText", "LLM"},
                 {"ai.generateText.doGenerate", "LLM"},
                 {"ai.toolCall", "TOOL"},
                 {"ai.streamText", "LLM"},
                 {"ai.streamText.doStream", "LLM"},
                 {"ai.generateObject", "LLM"},
                 {"ai.generateObject.doGenerate", "LLM"},
                 {"ai.streamObject", "LLM"},
                 {"ai.streamObject.doStream", "LLM"},
                 {"ai.embed", "EMBEDDING"},
                 {"ai.embed.doEmbed", "EMBEDDING"},
                 {"ai.embedMany", "EMBEDDING"}},
       .inputs = {"ai.prompt", "ai.prompt.messages", "ai.toolCall.args", "ai.value", "ai.values"},
       .outputs = {"ai.response.text", "ai.toolCall.result", "ai.response.object", "ai.embedding", "ai.embeddings"}},
      // VoltAgent
      {.kind_key = "span.type",
       .kinds = {{"agent", "AGENT"}, {"llm", "LLM"}, {"tool", "TOOL"}, {"memory", "MEMORY"}},
       .token_keys = {"usage.prompt_tokens", "usage.completion_tokens", "usage.total_tokens", {}, {}},
       .inputs = {"agent.messages", "llm.messages", "input"},
       .outputs = {"output"},
       .detect = {"voltagent.operation_id", "voltagent.conversation_id"},
       .message_format = "voltagent"},
      // LiveKit
      {.inputs = {"lk.user_input", "lk.user_transcript", "lk.chat_ctx", "lk.input_text"},
       .outputs = {"lk.response.text", "lk.response.function_calls"},
       .detect = {"lk.agent_name", "lk.room_name", "lk.job_id", "lk.participant_identity"},
       .message_format = "livekit"},
      // Laminar
      {.kind_key = "lmnr.span.type",
       .kinds = {{"LLM", "LLM"},
                 {"TOOL", "TOOL"},
                 {"DEFAULT", "CHAIN"},
                 {"PIPELINE", "CHAIN"},
                 {"EXECUTOR", "AGENT"},
                 {"EVALUATOR", "EVALUATOR"},
                 {"HUMAN_EVALUATOR", "EVALUATOR"},
                 {"EVALUATION", "EVALUATOR"},
                 {"CACHED", "LLM"}},
       .inputs = {"lmnr.span.input"},
       .outputs = {"lmnr.span.output"},
       .detect = {"lmnr.span.type"},
       .message_format = "openai"},
      // Langfuse
      {.kind_key = "langfuse.observation.type",
       .kinds = {{"generation", "LLM"},
                 {"embedding", "EMBEDDING"},
                 {"tool", "TOOL"},
                 {"retriever", "RETRIEVER"},
                 {"agent", "AGENT"},
                 {"chain", "CHAIN"},
                 {"evaluator", "EVALUATOR"},
                 {"guardrail", "GUARDRAIL"},
                 {"span", "UNKNOWN"}},
       .inputs = {"langfuse.observation.input"},
       .outputs = {"langfuse.observation.output"}},
  };
  return conventions;
}

// The value of a JSON string, else the text itself.
std::string Decoded(std::string_view value) {
  std::string text;
  return DecodeJsonString(value, text) ? text : std::string(value);
}

// Empty strings, lists and objects, zero, null and false say nothing.
bool IsEmptyValue(std::string_view value) {
  return value.empty() || value == "\"\"" || value == "[]" || value == "{}" || value == "null" || value == "0" ||
         value == "0.0" || value == "false";
}

std::string_view First(const Attributes& attributes, const Names& names) {
  for (const std::string_view name : names) {
    const std::string_view value = FindAttribute(attributes, name);
    if (!IsEmptyValue(value)) return value;
  }
  return {};
}

std::optional<std::int64_t> WholeNumber(std::string_view value) {
  const std::string text = Decoded(value);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string Quoted(std::string_view text) {
  std::string out;
  AppendText(out, text);
  return out;
}

std::optional<std::string_view> SpanTypeFor(const Attributes& attributes) {
  for (const Convention& convention : Conventions()) {
    if (convention.kind_key.empty()) continue;
    const std::string_view value = FindAttribute(attributes, convention.kind_key);
    if (value.empty()) continue;
    const std::string kind = Decoded(value);
    for (const auto& [name, type] : convention.kinds) {
      if (name == kind) return type;
    }
  }
  return std::nullopt;
}

std::optional<TokenCounts> TokensFor(const Attributes& attributes) {
  for (const Convention& convention : Conventions()) {
    TokenCounts counts;
    for (std::size_t i = 0; i < convention.token_keys.size(); ++i) {
      if (!convention.token_keys[i].empty())
        counts[i] = WholeNumber(FindAttribute(attributes, convention.token_keys[i]));
    }
    if (!counts[2] && counts[0] && counts[1]) counts[2] = *counts[0] + *counts[1];
    if (!counts[0] && !counts[1] && !counts[2]) continue;
    if (!counts[4]) counts[4] = WholeNumber(FindAttribute(attributes, "gen_ai.usage.cache_creation.input_tokens"));
    return counts;
  }
  return std::nullopt;
}

// Prompts and completions that came as events: OpenTelemetry's message events, and Spring AI's.
std::string MessagesFrom(const std::vector<SpanEvent>& events, bool outputs) {
  std::string messages;
  for (const SpanEvent& event : events) {
    if (event.name == (outputs ? "gen_ai.content.completion" : "gen_ai.content.prompt")) {
      const std::string_view value = FindAttribute(event.attributes, outputs ? "gen_ai.completion" : "gen_ai.prompt");
      if (!IsEmptyValue(value)) return std::string(value);
    }
    std::string_view role;
    if (!outputs && event.name == "gen_ai.system.message") role = "\"system\"";
    if (!outputs && event.name == "gen_ai.user.message") role = "\"user\"";
    if (!outputs && event.name == "gen_ai.assistant.message") role = "\"assistant\"";
    if (outputs && event.name == "gen_ai.choice") {
      role = FindAttribute(event.attributes, "role");
      if (role.empty()) role = "\"assistant\"";
    }
    const std::string_view content = FindAttribute(event.attributes, "content");
    if (role.empty() || IsEmptyValue(content)) continue;
    messages += fmt::format("{}{{\"role\": {}, \"content\": {}}}", messages.empty() ? "[" : ", ", role, content);
  }
  return messages.empty() ? messages : messages + "]";
}

// An exporter that sends JSON in a string attribute has it quoted once more on the way; one layer comes off again,
// except around plain numbers and the like, where "1" must stay a string.
void Unwrap(Attributes& attributes) {
  for (auto& [key, value] : attributes) {
    if (value.size() < 4 || value.front() != '"') continue;
    const char inner = value[1];
    if (inner != '{' && inner != '[' && inner != '\\' && inner != ' ') continue;
    std::string text;
    if (!DecodeJsonString(value, text)) continue;
    const auto parsed = json::Parse(text);
    if (!parsed.ok()) continue;
    const json::Kind kind = parsed->kind();
    if (kind == json::Kind::kString || kind == json::Kind::kArray || kind == json::Kind::kObject)
      value = std::move(text);
  }
}

std::string ModelIn(std::string_view value) {
  std::string model;
  const auto parsed = json::Parse(value);
  if (!parsed.ok() || parsed->kind() != json::Kind::kObject) return model;
  parsed->ForEachField([&](std::string_view name, json::Element member) {
    if (name == "model" && member.kind() == json::Kind::kString) model = member.AsString();
    return true;
  });
  return model;
}

}  // namespace

void TranslateSpan(Span& span) {
  Attributes& attributes = span.attributes;
  Unwrap(attributes);
  bool foreign = !span.events.empty();
  for (const auto& [key, value] : attributes) foreign = foreign || !key.starts_with("mlflow.");

  const auto has = [&](std::string_view key) { return !FindAttribute(attributes, key).empty(); };
  if (foreign) {
    if (const auto type = SpanTypeFor(attributes)) {
      const std::string_view current = FindAttribute(attributes, kSpanType);
      if (current.empty() || current == "null" || current == "\"UNKNOWN\"")
        SetAttribute(attributes, kSpanType, Quoted(*type));
    }
    for (const bool outputs : {false, true}) {
      const std::string_view key = outputs ? kSpanOutputs : kSpanInputs;
      if (has(key)) continue;
      std::string value;
      for (const Convention& convention : Conventions()) {
        value = First(attributes, outputs ? convention.outputs : convention.inputs);
        if (!value.empty()) break;
      }
      if (value.empty()) value = MessagesFrom(span.events, outputs);
      if (!value.empty()) SetAttribute(attributes, key, std::move(value));
    }
    if (!has(kSpanUsage)) {
      if (const auto tokens = TokensFor(attributes)) SetAttribute(attributes, kSpanUsage, FormatTokens(*tokens));
    }
    for (const Convention& convention : Conventions()) {
      if (!convention.message_format.empty() && !has(kSpanMessageFormat) &&
          !First(attributes, convention.detect).empty()) {
        SetAttribute(attributes, kSpanMessageFormat, Quoted(convention.message_format));
      }
      if (const std::string tools(First(attributes, convention.tools)); !tools.empty() && !has(kSpanChatTools)) {
        SetAttribute(attributes, kSpanChatTools, tools);
      }
      if (const std::string model(First(attributes, convention.models)); !model.empty() && !has(kSpanModel)) {
        SetAttribute(attributes, kSpanModel, Quoted(Decoded(model)));
      }
      if (convention.provider.empty() || has(kSpanProvider)) continue;
      if (const std::string provider(FindAttribute(attributes, convention.provider)); !IsEmptyValue(provider)) {
        SetAttribute(attributes, kSpanProvider, Quoted(Decoded(provider)));
      }
    }
  }
  for (const std::string_view from : {kSpanInputs, kSpanOutputs}) {
    const std::string_view value = FindAttribute(attributes, from);
    if (has(kSpanModel) || value.find("\"model\"") == std::string_view::npos) continue;
    if (const std::string model = ModelIn(value); !model.empty()) SetAttribute(attributes, kSpanModel, Quoted(model));
  }
}

}  // namespace maru::traces
