#include "maru/sql/text_match.h"

#include <re2/re2.h>

namespace maru::sql {

std::string Like(Dialect dialect, std::string_view expression) {
  if (dialect == Dialect::kPostgres) return fmt::format("{} LIKE ? ESCAPE ''", expression);
  return fmt::format("{} LIKE ?", expression);  // with PRAGMA case_sensitive_like
}

std::string ILike(Dialect dialect, std::string_view expression) {
  if (dialect == Dialect::kPostgres) return fmt::format("{} ILIKE ? ESCAPE ''", expression);
  return fmt::format("lower({}) LIKE lower(?)", expression);
}

std::string MatchesRegex(Dialect dialect, std::string_view expression) {
  return fmt::format("{} {} ?", expression, dialect == Dialect::kPostgres ? "~" : "REGEXP");
}

Status CheckRegex(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 regex(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!regex.ok()) return InvalidArgument("'{}' is not a regular expression: {}", pattern, regex.error());
  return OkStatus();
}

}  // namespace maru::sql
