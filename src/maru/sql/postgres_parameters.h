// Bound values in the shape libpq wants them: arrays of pointers, lengths and formats.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <vector>

#include "maru/sql/database.h"

namespace maru::sql {

// How the first binding of a statement may declare its parameters' types to the server. Portable SQL has no casts, and
// SQLite has no declared types at all, so each is tried in turn until the server can make sense of the statement.
enum class Declare {
  kNumbers,  // integers as BIGINT and doubles as DOUBLE PRECISION; text by its context: right nearly always
  kAll,      // text and NULL as TEXT too: `? IS NULL` has no context
  kNothing,  // all by context: functions like substr want a smaller integer
};

std::vector<Oid> DeclaredTypes(const Args& args, Declare how);

// Declares in `types` the numbers that `args` has where earlier bindings had NULL, or a narrower number. False when
// there was nothing to declare.
bool Widen(const Args& args, std::vector<Oid>& types);

// The views in `args` must outlive this.
class PostgresParameters {
 public:
  // `types` are what the statement was prepared with.
  PostgresParameters(const Args& args, const std::vector<Oid>& types);

  int size() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  std::vector<std::string> owned_;  // reserved at once, so that pointers into it stay
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

}  // namespace maru::sql
