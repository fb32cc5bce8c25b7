// Comparisons of a column with a value, as SQL for both engines: constant text, bound values.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "maru/filter/filter.h"
#include "maru/sql/database.h"

namespace maru::tracking {

// A statement under construction. Owns the texts that its arguments view.
class SqlText {
 public:
  explicit SqlText(sql::Dialect dialect) : dialect_(dialect) {}
  SqlText(SqlText&&) = default;

  SqlText& operator<<(std::string_view text) {
    sql_ += text;
    return *this;
  }
  // `?` with its value.
  SqlText& Bind(sql::Args::Arg value) {
    sql_ += '?';
    args_.push_back(value);
    return *this;
  }
  SqlText& BindText(std::string text) {
    texts_.push_back(std::move(text));
    return Bind(std::string_view(texts_.back()));
  }
  // `(?, ?, …)`, padded as InList does.
  SqlText& BindList(std::span<const std::int64_t> numbers);

  // `column <comparator> value`. LIKE regards case, ILIKE does not; neither has an escape character, as in the peer.
  // Not for IS [NOT] NULL.
  SqlText& Compare(std::string_view column, const filter::Condition& condition);

  const std::string& sql() const { return sql_; }
  const std::vector<sql::Args::Arg>& args() const { return args_; }

 private:
  SqlText& Bound(std::string text);  // for a `?` that is written already

  sql::Dialect dialect_;
  std::string sql_;
  std::vector<sql::Args::Arg> args_;
  std::deque<std::string> texts_;  // a deque, so that views stay valid
};

}  // namespace maru::tracking
