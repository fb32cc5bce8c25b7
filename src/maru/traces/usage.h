// Token counts and costs of spans, and their sum over a trace.
//
// Some libraries write on a parent what its children used in total; so a span below one that has numbers of its own is
// not counted again.
//
// Threads: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maru::traces {

using TokenCounts = std::array<std::optional<std::int64_t>, 6>;  // in the order of kTokenKeys
using Costs = std::array<std::optional<double>, 3>;              // US dollars, in the order of kCostKeys

// From a JSON object; nothing when `text` is none. Members that are no whole or no finite numbers stay empty.
std::optional<TokenCounts> ParseTokens(std::string_view text);
std::optional<Costs> ParseCosts(std::string_view text);

// As JSON; empty when there is nothing in it.
std::string FormatTokens(const TokenCounts& tokens);
std::string FormatCosts(const Costs& costs);

template <typename Values>
struct UsageNode {
  std::string span_id;
  std::string parent_span_id;    // empty for a root
  std::optional<Values> values;  // empty: the span says nothing
};

std::optional<TokenCounts> SumTokens(const std::vector<UsageNode<TokenCounts>>& nodes);
std::optional<Costs> SumCosts(const std::vector<UsageNode<Costs>>& nodes);

}  // namespace maru::traces
