#include "maru/registry/references.h"

namespace maru::registry {

Result<std::vector<std::string>> References(sql::Database& database) {
  std::vector<std::string> references;
  MARU_RETURN_IF_ERROR(database.Read([&](sql::Reader& reader) {
    return reader.Query("SELECT run_id, logged_model_id, source, storage_location FROM model_versions", {},
                        [&](const sql::Row& row) {
                          for (int column = 0; column < 4; ++column) {
                            if (!row.Text(column).empty()) references.push_back(row.String(column));
                          }
                          return OkStatus();
                        });
  }));
  return references;
}

}  // namespace maru::registry
