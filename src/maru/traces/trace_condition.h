// Filters and orders of traces as SQL over `traces t`. Internal to traces/.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "maru/filter/filter.h"
#include "maru/sql/database.h"

namespace maru::traces {

// SQL text and its parameters, growing together. Owns the texts that the parameters view.
class SqlText {
 public:
  SqlText& operator<<(std::string_view sql) {
    text_ += sql;
    return *this;
  }
  void Bind(std::string value) { args_.emplace_back(owned_.emplace_back(std::move(value))); }
  void Bind(std::int64_t value) { args_.emplace_back(value); }
  void Bind(double value) { args_.emplace_back(value); }
  void Append(const SqlText& other);  // copies

  const std::string& text() const { return text_; }
  const std::vector<sql::Args::Arg>& args() const { return args_; }

 private:
  std::string text_;
  std::vector<sql::Args::Arg> args_;
  std::deque<std::string> owned_;
};

// "t.workspace = ? AND t.experiment_id IN (…) AND <conditions>": the traces of these experiments that the conditions
// hold for. kInvalidArgument for what the filter's grammar lets through but traces cannot answer.
Status AppendWhere(SqlText& sql, sql::Dialect dialect, std::string_view workspace,
                   const std::vector<std::string>& experiment_ids, const std::vector<filter::Condition>& conditions);

// " ORDER BY …", ending with the newest first and the id. `default_order` tells whether it is just that.
Status AppendOrder(SqlText& sql, const std::vector<filter::OrderBy>& order_by, bool* default_order);

}  // namespace maru::traces
