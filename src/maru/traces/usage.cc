#include "maru/traces/usage.h"

#include <absl/container/flat_hash_map.h>

#include <cmath>

#include "maru/json/json.h"
#include "maru/traces/json_text.h"
#include "maru/traces/keys.h"

namespace maru::traces {
namespace {

std::optional<double> NumberOf(const json::Element& element) {
  switch (element.kind()) {
    case json::Kind::kInt:
    case json::Kind::kUint:
    case json::Kind::kDouble:
      return element.AsDouble();
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> WholeNumberOf(const json::Element& element) {
  if (element.kind() == json::Kind::kInt) return element.AsInt();
  const std::optional<double> number = NumberOf(element);
  if (!number || *number != std::floor(*number) || std::fabs(*number) >= 0x1p63) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

template <typename Values, typename Keys, typename Read>
std::optional<Values> Parse(std::string_view text, const Keys& keys, Read read) {
  if (text.empty()) return std::nullopt;
  const auto parsed = json::Parse(text);
  if (!parsed.ok() || parsed->kind() != json::Kind::kObject) return std::nullopt;
  Values values;
  parsed->ForEachField([&](std::string_view name, json::Element value) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (name == keys[i]) values[i] = read(value);
    }
    return true;
  });
  return values;
}

template <typename Values, typename Keys, typename Append>
std::string Format(const Values& values, const Keys& keys, Append append) {
  std::string out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!values[i]) continue;
    out += out.empty() ? "{" : ", ";
    AppendText(out, keys[i]);
    out += ": ";
    append(out, *values[i]);
  }
  if (!out.empty()) out += '}';
  return out;
}

// The first `always` members of the sum are there even when no span has them.
template <typename Values>
std::optional<Values> Sum(const std::vector<UsageNode<Values>>& nodes, std::size_t always) {
  absl::flat_hash_map<std::string_view, const UsageNode<Values>*> by_id;
  for (const auto& node : nodes) by_id.emplace(node.span_id, &node);
  // Whether a span or one above it has numbers; remembered, so that deep trees cost one step a span.
  absl::flat_hash_map<std::string_view, bool> covered;
  const auto is_covered = [&](const UsageNode<Values>& start) {
    std::vector<std::string_view> path;
    bool answer = false;
    for (const auto* at = &start;;) {
      if (const auto known = covered.find(at->span_id); known != covered.end()) {
        answer = known->second;
        break;
      }
      path.push_back(at->span_id);
      covered.emplace(at->span_id, false);  // a loop of parents ends here
      if (at->values) {
        answer = true;
        break;
      }
      const auto parent = by_id.find(at->parent_span_id);
      if (at->parent_span_id.empty() || parent == by_id.end()) break;
      at = parent->second;
    }
    for (const std::string_view id : path) covered[id] = answer;
    return answer;
  };
  std::optional<Values> sum;
  for (const auto& node : nodes) {
    if (!node.values) continue;
    const auto parent = by_id.find(node.parent_span_id);
    if (!node.parent_span_id.empty() && parent != by_id.end() && parent->second != &node &&
        is_covered(*parent->second)) {
      continue;
    }
    if (!sum) {
      sum.emplace();
      for (std::size_t i = 0; i < always; ++i) (*sum)[i] = 0;
    }
    for (std::size_t i = 0; i < sum->size(); ++i) {
      if ((*node.values)[i]) (*sum)[i] = (*sum)[i].value_or(0) + *(*node.values)[i];
    }
  }
  return sum;
}

}  // namespace

std::optional<TokenCounts> ParseTokens(std::string_view text) {
  return Parse<TokenCounts>(text, kTokenKeys, WholeNumberOf);
}
std::optional<Costs> ParseCosts(std::string_view text) {
  return Parse<Costs>(text, kCostKeys, NumberOf);
}

std::string FormatTokens(const TokenCounts& tokens) {
  return Format(tokens, kTokenKeys, [](std::string& out, std::int64_t n) { json::encode::Append(out, n); });
}
std::string FormatCosts(const Costs& costs) {
  return Format(costs, kCostKeys, AppendDouble);
}

std::optional<TokenCounts> SumTokens(const std::vector<UsageNode<TokenCounts>>& nodes) {
  return Sum(nodes, 3);
}
std::optional<Costs> SumCosts(const std::vector<UsageNode<Costs>>& nodes) {
  return Sum(nodes, 3);
}

}  // namespace maru::traces
