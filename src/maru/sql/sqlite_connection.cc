#include "maru/sql/sqlite_connection.h"

#include <sqlite3.h>

#include <cmath>
#include <utility>

#include "maru/sql/arguments.h"
#include "maru/sql/sqlite_checkpoint.h"
#include "maru/sql/sqlite_error.h"
#include "maru/sql/sqlite_regexp.h"
#include "maru/sql/statement_cache.h"

namespace maru::sql {
namespace {

constexpr std::size_t kStatementsMax = 400;
constexpr int kBusyTimeoutMs = 10'000;

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Db = std::unique_ptr<sqlite3, CloseDb>;

struct Statement {
  explicit Statement(sqlite3_stmt* s) : handle(s) {}
  ~Statement() { sqlite3_finalize(handle); }
  Statement(const Statement&) = delete;
  sqlite3_stmt* const handle;
  bool in_use = false;  // being stepped further up the stack
};

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* s) : s_(s) {}
  bool IsNull(int column) const override { return sqlite3_column_type(s_, column) == SQLITE_NULL; }
  std::int64_t Int(int column) const override { return sqlite3_column_int64(s_, column); }
  double Real(int column) const override { return sqlite3_column_double(s_, column); }
  std::string_view Text(int column) const override {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(s_, column));
    return data == nullptr ? std::string_view() : std::string_view(data, sqlite3_column_bytes(s_, column));
  }
  std::string_view Bytes(int column) const override {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(s_, column));
    return data == nullptr ? std::string_view() : std::string_view(data, sqlite3_column_bytes(s_, column));
  }

 private:
  sqlite3_stmt* const s_;
};

int BindOne(sqlite3_stmt* s, int index, const Value& value) {
  struct Visitor {
    sqlite3_stmt* s;
    int index;
    int operator()(std::nullptr_t) const { return sqlite3_bind_null(s, index); }
    int operator()(std::int64_t v) const { return sqlite3_bind_int64(s, index, v); }
    int operator()(double v) const { return sqlite3_bind_double(s, index, v); }
    int operator()(std::string_view v) const {
      // A null pointer would bind NULL, which an empty string is not.
      return sqlite3_bind_text64(s, index, v.data() == nullptr ? "" : v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(Blob v) const {
      if (v.bytes.empty()) return sqlite3_bind_zeroblob(s, index, 0);
      return sqlite3_bind_blob64(s, index, v.bytes.data(), v.bytes.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Visitor{s, index}, value);
}

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(Db db) : db_(std::move(db)), statements_(kStatementsMax) {}

  ~SqliteConnection() override { statements_.Clear(); }

  Status Query(std::string_view sql, const Args& args, absl::FunctionRef<Status(const Row&)> on_row) override {
    return Run(sql, args, &on_row);
  }

  Result<std::int64_t> Execute(std::string_view sql, const Args& args) override {
    const std::int64_t before = sqlite3_total_changes64(db_.get());
    MARU_RETURN_IF_ERROR(Run(sql, args, nullptr));
    // Not sqlite3_changes: it keeps an older statement's count when this one was no INSERT, UPDATE or DELETE.
    return sqlite3_total_changes64(db_.get()) == before ? 0 : sqlite3_changes64(db_.get());
  }

  Status BeginWrite() override { return Run("BEGIN IMMEDIATE", {}, nullptr); }
  Status BeginRead() override { return Run("BEGIN", {}, nullptr); }
  Status Commit() override { return Run("COMMIT", {}, nullptr); }
  void Rollback() override {
    if (InTransaction() && !Run("ROLLBACK", {}, nullptr).ok()) broken_ = true;
  }
  Status Savepoint() override { return Run("SAVEPOINT member", {}, nullptr); }
  Status ReleaseSavepoint() override { return Run("RELEASE member", {}, nullptr); }
  Status RollbackToSavepoint() override {
    MARU_RETURN_IF_ERROR(Run("ROLLBACK TO member", {}, nullptr));
    return ReleaseSavepoint();
  }
  bool InTransaction() const override { return sqlite3_get_autocommit(db_.get()) == 0; }
  bool Broken() const override { return broken_; }
  void BetweenTransactions() override {
    if (checkpoint_ != nullptr) checkpoint_->Finish();
  }

  Status CheckpointInBackground() {
    MARU_ASSIGN_OR_RETURN(checkpoint_, SqliteCheckpoint::Start(db_.get()));
    return OkStatus();
  }

 private:
  Result<std::shared_ptr<Statement>> Prepare(std::string_view sql) {
    std::shared_ptr<Statement> statement = statements_.Find(sql);
    if (statement != nullptr && !statement->in_use) return statement;
    sqlite3_stmt* handle = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &handle, &rest);
    if (code != SQLITE_OK) return SqliteError(db_.get(), code, sql);
    const bool cached = statement != nullptr;  // under this text, but busy further up
    statement = std::make_shared<Statement>(handle);
    if (handle == nullptr) return Internal("no statement in: {}", sql);
    const std::string_view more(rest, sql.data() + sql.size() - rest);
    if (more.find_first_not_of(" \n\t;") != std::string_view::npos)
      return Internal("more than one statement in: {}", sql);
    if (!cached) statements_.Add(sql, statement);
    return statement;
  }

  Status Run(std::string_view sql, const Args& args, absl::FunctionRef<Status(const Row&)>* on_row) {
    MARU_ASSIGN_OR_RETURN(const std::shared_ptr<Statement> statement, Prepare(sql));
    sqlite3_stmt* s = statement->handle;
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(s)) != args.get().size()) {
      return Internal("{} parameters for {} placeholders in: {}", args.get().size(), sqlite3_bind_parameter_count(s),
                      sql);
    }
    MARU_RETURN_IF_ERROR(CheckArgs(args));
    int index = 0;
    for (const Value& value : args.get()) {
      if (const int code = BindOne(s, ++index, value); code != SQLITE_OK) return SqliteError(db_.get(), code, sql);
    }
    statement->in_use = true;
    Status status;
    int code = SQLITE_OK;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
      if (on_row == nullptr) continue;
      status = (*on_row)(SqliteRow(s));
      if (!status.ok()) break;
    }
    if (status.ok() && code != SQLITE_DONE) status = SqliteError(db_.get(), code, sql);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);  // the views die with this call
    statement->in_use = false;
    return status;
  }

  Db db_;
  std::unique_ptr<SqliteCheckpoint> checkpoint_;  // of a writer
  StatementCache<Statement> statements_;
  bool broken_ = false;
};

Result<Db> OpenDb(const std::string& path, int flags, std::initializer_list<const char*> pragmas) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Db db(raw);
  if (code != SQLITE_OK) {
    const Status status = SqliteError(db.get(), code, "open");
    return Status(status.code(), fmt::format("{}: {}", path, std::string(status.message())));
  }
  sqlite3_busy_timeout(db.get(), kBusyTimeoutMs);
  if (const int added = AddRegexp(db.get()); added != SQLITE_OK) return SqliteError(db.get(), added, "regexp");
  for (const char* pragma : pragmas) {
    const int result = sqlite3_exec(db.get(), pragma, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) {
      const Status status = SqliteError(db.get(), result, pragma);
      return Status(status.code(), fmt::format("{}: {}", path, std::string(status.message())));
    }
  }
  return db;
}

}  // namespace

Result<std::unique_ptr<Connection>> ConnectSqliteWriter(const std::string& path) {
  MARU_ASSIGN_OR_RETURN(
      Db db, OpenDb(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                    {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON",
                     "PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-65536", "PRAGMA case_sensitive_like=ON"}));
  auto connection = std::make_unique<SqliteConnection>(std::move(db));
  // The log file is there after the first commit only.
  MARU_RETURN_IF_ERROR(connection->BeginWrite());
  MARU_RETURN_IF_ERROR(connection->Execute("PRAGMA user_version = 1", {}).status());
  MARU_RETURN_IF_ERROR(connection->Commit());
  MARU_RETURN_IF_ERROR(connection->CheckpointInBackground());
  return connection;
}

Result<std::unique_ptr<Connection>> ConnectSqliteReader(const std::string& path) {
  MARU_ASSIGN_OR_RETURN(Db db, OpenDb(path, SQLITE_OPEN_READONLY,
                                      {"PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-16384",
                                       "PRAGMA mmap_size=268435456", "PRAGMA case_sensitive_like=ON"}));
  return std::make_unique<SqliteConnection>(std::move(db));
}

}  // namespace maru::sql
