#include "maru/sql/postgres_error.h"

#include <string_view>

namespace maru::sql {
namespace {

std::string_view Field(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

bool EndsSession(const PGresult* result) {
  const std::string_view state = Field(result, PG_DIAG_SQLSTATE);
  return state.starts_with("57P") || state.starts_with("08") || state == "25P03";
}

// https://www.postgresql.org/docs/15/errcodes-appendix.html
Status PostgresError(const PGresult* result, std::string_view sql) {
  const std::string_view state = Field(result, PG_DIAG_SQLSTATE);
  const std::string_view message = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state.empty() || EndsSession(result)) {
    return Unavailable("the connection to PostgreSQL is lost: {}", message.empty() ? "no answer" : message);
  }
  if (state == "23505") return AlreadyExists("{}", message);
  if (state.starts_with("23")) return FailedPrecondition("{}", message);
  if (state == "22021" || state == "22P05" || state == "22003") return InvalidArgument("{}", message);
  if (state == "54000") return InvalidArgument("too large for the database: {}", message);
  if (state == "53100") return Unavailable("the disk that holds the database is full: {}", message);
  if (state.starts_with("53") || state.starts_with("58")) return Unavailable("PostgreSQL: {}", message);
  if (state == "25006") return Unavailable("PostgreSQL does not take writes here: {}", message);
  if (state.starts_with("40") || state.starts_with("55")) return Aborted("PostgreSQL: {}", message);
  if (state == "57014") return DeadlineExceeded("PostgreSQL: {}", message);
  if (state.starts_with("XX")) return DataLoss("PostgreSQL: {}", message);
  return Internal("{}: {} ({})", sql, message, state);
}

}  // namespace maru::sql
