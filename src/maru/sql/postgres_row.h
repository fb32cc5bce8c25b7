// A row of a PostgreSQL result in binary format.
#pragma once

#include <libpq-fe.h>

#include "maru/sql/database.h"

namespace maru::sql {

// PostgreSQL's fixed type numbers (catalog/pg_type.dat).
enum PostgresType : Oid {
  kPgBool = 16,
  kPgBytea = 17,
  kPgInt8 = 20,
  kPgInt2 = 21,
  kPgInt4 = 23,
  kPgText = 25,
  kPgOid = 26,
  kPgFloat4 = 700,
  kPgFloat8 = 701,
  kPgNumeric = 1700,
};

class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}
  bool IsNull(int column) const override;
  std::int64_t Int(int column) const override;
  double Real(int column) const override;
  std::string_view Text(int column) const override;  // of a number: its digits
  std::string_view Bytes(int column) const override;

 private:
  std::string_view Raw(int column) const;
  const PGresult* const result_;
  const int row_;
  mutable std::vector<std::unique_ptr<std::string>> made_;  // texts made from numbers
};

}  // namespace maru::sql
