#include "maru/sql/migration.h"

#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace maru::sql {
namespace {

constexpr std::string_view kCreateTable =
    "CREATE TABLE IF NOT EXISTS schema_versions (module TEXT PRIMARY KEY, version BIGINT NOT NULL)";
constexpr std::string_view kGetVersion = "SELECT version FROM schema_versions WHERE module = ?";
constexpr std::string_view kSetVersion =
    "INSERT INTO schema_versions (module, version) VALUES (?, ?) "
    "ON CONFLICT (module) DO UPDATE SET version = excluded.version";

std::vector<std::string> SplitStatements(std::string_view text) {
  std::vector<std::string> statements;
  std::string current;
  const auto finish = [&] {
    if (current.find_first_not_of(" \t\n;") != std::string::npos) statements.push_back(current);
    current.clear();
  };
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t first = line.find_first_not_of(" \t");
    const std::size_t last = line.find_last_not_of(" \t");
    if (first == std::string_view::npos || line.substr(first).starts_with("--")) continue;
    const bool ends_statement = line[last] == ';';
    current.append(line.substr(0, ends_statement ? last : last + 1)).append("\n");
    if (ends_statement) finish();
  }
  finish();
  return statements;
}

// Replaces `from` where it stands as a word of its own.
std::string ReplaceWord(std::string text, std::string_view from, std::string_view to) {
  const auto in_word = [&](std::size_t at) { return at < text.size() && (std::isalnum(text[at]) || text[at] == '_'); };
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
    if ((at > 0 && in_word(at - 1)) || in_word(at + from.size())) {
      at += from.size();
      continue;
    }
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

std::string InDialect(std::string text, Dialect dialect) {
  text = ReplaceWord(std::move(text), "$CLUSTERED", dialect == Dialect::kSqlite ? "WITHOUT ROWID" : "");
  if (dialect == Dialect::kSqlite) return ReplaceWord(std::move(text), "$SERIAL", "INTEGER PRIMARY KEY AUTOINCREMENT");
  text = ReplaceWord(std::move(text), "$SERIAL", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
  text = ReplaceWord(std::move(text), "BLOB", "BYTEA");
  const std::size_t first = text.find_first_not_of(" \t\n");
  const std::string_view start = std::string_view(text).substr(first == std::string::npos ? text.size() : first);
  if (start.starts_with("CREATE TABLE") || start.starts_with("ALTER TABLE")) {
    // Text sorts and compares by its bytes on both engines, whatever the database's locale is.
    text = ReplaceWord(std::move(text), "TEXT", "TEXT COLLATE \"C\"");
  }
  return text;
}

Result<std::int64_t> VersionOf(Reader& reader, std::string_view module) {
  MARU_ASSIGN_OR_RETURN(const auto version,
                        reader.QueryOne(kGetVersion, {module}, [](const Row& row) { return row.Int(0); }));
  return version.value_or(0);
}

}  // namespace

Status Migrate(Database& database, std::string_view module, std::span<const Migration> migrations) {
  const std::string create_table = InDialect(std::string(kCreateTable), database.dialect());
  MARU_RETURN_IF_ERROR(database.Write([&](Writer& writer) { return writer.Execute(create_table).status(); }));
  std::int64_t current = 0;
  MARU_RETURN_IF_ERROR(database.Read([&](Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(current, VersionOf(reader, module));
    return OkStatus();
  }));
  const int newest = migrations.empty() ? 0 : migrations.back().version;
  if (current > newest) {
    return FailedPrecondition(
        "the database's \"{}\" tables are at version {}, and this maru knows {} at most: use the newer maru that "
        "wrote them, or restore the backup made before the upgrade",
        module, current, newest);
  }
  for (const Migration& migration : migrations) {
    if (migration.version <= current) continue;
    if (migration.version != current + 1) return Internal("{}: no migration {}", module, current + 1);
    std::vector<std::string> statements = SplitStatements(migration.sql);
    for (std::string& statement : statements) statement = InDialect(std::move(statement), database.dialect());
    const Status status = database.Write([&](Writer& writer) -> Status {
      for (const std::string& statement : statements) MARU_RETURN_IF_ERROR(writer.Execute(statement).status());
      return writer.Execute(kSetVersion, {module, migration.version}).status();
    });
    if (!status.ok()) {
      return Status(status.code(),
                    fmt::format("migration {} of {}: {}", migration.version, module, std::string(status.message())));
    }
    current = migration.version;
  }
  return OkStatus();
}

}  // namespace maru::sql
