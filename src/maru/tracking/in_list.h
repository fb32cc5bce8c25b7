// `IN (?, ?, …)` for a list of numbers, with few different SQL texts: the list is padded to a power of two with its
// last number, so that statements are prepared once per size and not once per length.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maru/sql/database.h"

namespace maru::tracking {

class InList {
 public:
  // An empty list matches nothing.
  explicit InList(std::span<const std::int64_t> numbers) {
    std::size_t size = 1;
    while (size < numbers.size()) size *= 2;
    args_.reserve(size);
    for (const std::int64_t n : numbers) args_.emplace_back(n);
    while (args_.size() < size) args_.push_back(args_.empty() ? sql::Args::Arg(nullptr) : args_.back());
  }

  // `text` with its first `$` replaced by the placeholders.
  std::string Sql(std::string_view text) const {
    const std::size_t at = text.find('$');
    std::string sql(text.substr(0, at));
    for (std::size_t i = 0; i < args_.size(); ++i) sql += i == 0 ? "?" : ",?";
    return sql.append(text.substr(at + 1));
  }

  const std::vector<sql::Args::Arg>& args() const { return args_; }

 private:
  std::vector<sql::Args::Arg> args_;
};

}  // namespace maru::tracking
