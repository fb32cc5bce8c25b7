#include "maru/sql/sqlite_regexp.h"

#include <re2/re2.h>
#include <sqlite3.h>

#include <memory>

namespace maru::sql {
namespace {

re2::StringPiece TextOf(sqlite3_value* value) {
  const auto* data = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return data == nullptr ? re2::StringPiece() : re2::StringPiece(data, sqlite3_value_bytes(value));
}

// `text REGEXP pattern` calls regexp(pattern, text). The compiled pattern stays with the statement while it runs.
void Regexp(sqlite3_context* context, int, sqlite3_value** arguments) {
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL || sqlite3_value_type(arguments[1]) == SQLITE_NULL) {
    sqlite3_result_null(context);
    return;
  }
  auto* regex = static_cast<RE2*>(sqlite3_get_auxdata(context, 0));
  std::unique_ptr<RE2> compiled;
  if (regex == nullptr) {
    RE2::Options options;
    options.set_log_errors(false);
    compiled = std::make_unique<RE2>(TextOf(arguments[0]), options);
    regex = compiled.get();
  }
  if (!regex->ok()) {
    sqlite3_result_error(context, "invalid regular expression", -1);
    return;
  }
  sqlite3_result_int(context, RE2::PartialMatch(TextOf(arguments[1]), *regex) ? 1 : 0);
  if (compiled != nullptr) {
    sqlite3_set_auxdata(context, 0, compiled.release(), [](void* p) { delete static_cast<RE2*>(p); });
  }
}

}  // namespace

int AddRegexp(sqlite3* db) {
  return sqlite3_create_function_v2(db, "regexp", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, Regexp, nullptr,
                                    nullptr, nullptr);
}

}  // namespace maru::sql
