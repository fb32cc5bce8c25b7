#include "maru/sql/postgres_connection.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <chrono>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "maru/sql/arguments.h"
#include "maru/sql/placeholders.h"
#include "maru/sql/postgres_error.h"
#include "maru/sql/postgres_parameters.h"
#include "maru/sql/postgres_row.h"
#include "maru/sql/statement_cache.h"

namespace maru::sql {
namespace {

constexpr std::size_t kStatementsMax = 400;
constexpr int kBinaryResults = 1;

struct FinishConnection {
  void operator()(PGconn* c) const { PQfinish(c); }
};
struct ClearResult {
  void operator()(PGresult* r) const { PQclear(r); }
};
using Handle = std::unique_ptr<PGconn, FinishConnection>;
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

struct Statement {
  std::string name;
  std::string sql;  // with $1, $2 …
  std::vector<Oid> types;
  Declare declared;
};

bool Succeeded(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

class PostgresConnection final : public Connection {
 public:
  explicit PostgresConnection(Handle handle) : handle_(std::move(handle)), statements_(kStatementsMax) {}

  Status Query(std::string_view sql, const Args& args, absl::FunctionRef<Status(const Row&)> on_row) override {
    MARU_ASSIGN_OR_RETURN(const ResultHandle result, Run(sql, args));
    const int rows = PQntuples(result.get());
    for (int row = 0; row < rows; ++row) MARU_RETURN_IF_ERROR(on_row(PostgresRow(result.get(), row)));
    return OkStatus();
  }

  Result<std::int64_t> Execute(std::string_view sql, const Args& args) override {
    MARU_ASSIGN_OR_RETURN(const ResultHandle result, Run(sql, args));
    // "INSERT 0 5", "UPDATE 5"; empty for what changes no rows, and a SELECT's rows are no changes.
    const std::string_view tag = PQcmdStatus(result.get());
    return tag.starts_with("SELECT") ? 0 : std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
  }

  Status BeginWrite() override { return Begin("BEGIN"); }
  Status BeginRead() override { return Begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }

  Status Commit() override {
    if (NothingSent()) {
      controls_.clear();
      return OkStatus();
    }
    controls_.push_back("COMMIT");
    MARU_ASSIGN_OR_RETURN(const ResultHandle result, Flush("COMMIT"));
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT")
      return Aborted("PostgreSQL rolled the transaction back");
    return OkStatus();
  }

  void Rollback() override {
    if (NothingSent()) {
      controls_.clear();
      return;
    }
    controls_ = {"ROLLBACK"};  // what is unsent would be undone by it
    SendControls();
    if (PQpipelineSync(handle_.get()) != 1) broken_ = true;
    ++unread_syncs_;  // the answer is read before the next statement, and nobody waits for it now
  }

  Status Savepoint() override {
    controls_.push_back("SAVEPOINT member");
    return OkStatus();
  }
  Status ReleaseSavepoint() override {
    if (Unsent("SAVEPOINT member")) {
      controls_.pop_back();
    } else {
      controls_.push_back("RELEASE member");
    }
    return OkStatus();
  }
  Status RollbackToSavepoint() override {
    if (!Unsent("SAVEPOINT member")) controls_.push_back("ROLLBACK TO member");
    return ReleaseSavepoint();
  }

  bool InTransaction() const override { return !broken_; }
  bool Broken() const override { return broken_; }
  bool Untouched() const override { return untouched_; }

 private:
  Status Begin(const char* how) {
    untouched_ = true;
    controls_ = {how};
    return OkStatus();
  }

  bool NothingSent() const { return !controls_.empty() && std::string_view(controls_.front()).starts_with("BEGIN"); }

  // Whether `control` is the last that was asked for, and has not gone out.
  bool Unsent(std::string_view control) const { return !controls_.empty() && controls_.back() == control; }

  void Send(const char* sql) {
    if (PQsendQueryParams(handle_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, kBinaryResults) != 1) {
      broken_ = true;
    }
  }

  void SendControls() {
    for (const char* control : controls_) Send(control);
    controls_.clear();
    // After BEGIN, which has to be the first of its transaction. That a rollback does not undo it is just right.
    for (const std::string& name : retired_) Send(("DEALLOCATE " + name).c_str());
    retired_.clear();
  }

  // Sends what is queued, ends the batch, and reads every answer. Returns the last one, or the first error.
  Result<ResultHandle> Flush(std::string_view sql) {
    SendControls();
    if (broken_ || PQpipelineSync(handle_.get()) != 1) return Lost();
    ++unread_syncs_;
    ResultHandle last;
    Status failure;
    int nulls = 0;
    while (unread_syncs_ > 0) {
      ResultHandle result(PQgetResult(handle_.get()));
      if (result == nullptr) {
        // One null ends each statement's answers; two in a row mean that nothing more will come.
        if (PQstatus(handle_.get()) == CONNECTION_BAD || ++nulls > 1) return Lost();
        continue;
      }
      nulls = 0;
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_PIPELINE_SYNC) {
        if (--unread_syncs_ > 0) failure = OkStatus();  // an earlier batch's errors were its own
        continue;
      }
      if (status == PGRES_PIPELINE_ABORTED) continue;
      if (!Succeeded(result.get())) {
        if (EndsSession(result.get())) broken_ = true;
        if (failure.ok()) failure = PostgresError(result.get(), sql);
      }
      last = std::move(result);
    }
    if (PQstatus(handle_.get()) == CONNECTION_BAD) broken_ = true;
    if (!failure.ok()) return failure;
    if (last == nullptr) return Lost();
    return last;
  }

  Status Lost() {
    broken_ = true;
    std::string why = PQerrorMessage(handle_.get());
    while (!why.empty() && why.back() == '\n') why.pop_back();
    return Unavailable("the connection to PostgreSQL is lost: {}", why);
  }

  Result<ResultHandle> Run(std::string_view sql, const Args& args) {
    if (broken_) return Lost();
    MARU_RETURN_IF_ERROR(CheckArgs(args));
    std::shared_ptr<Statement> statement = statements_.Find(sql);
    if (statement == nullptr) {
      MARU_ASSIGN_OR_RETURN(statement, Prepare(sql, args));
    } else if (statement->declared != Declare::kNothing && statement->types.size() == args.get().size() &&
               Widen(args, statement->types)) {
      MARU_RETURN_IF_ERROR(PrepareAs(*statement, sql));
    }
    if (statement->types.size() != args.get().size()) {
      return Internal("{} parameters for {} placeholders in: {}", args.get().size(), statement->types.size(), sql);
    }
    const PostgresParameters parameters(args, statement->types);
    SendControls();
    if (PQsendQueryPrepared(handle_.get(), statement->name.c_str(), parameters.size(), parameters.values(),
                            parameters.lengths(), parameters.formats(), kBinaryResults) != 1) {
      return Lost();
    }
    Result<ResultHandle> result = Flush(sql);
    if (result.ok()) untouched_ = false;
    return result;
  }

  Result<std::shared_ptr<Statement>> Prepare(std::string_view sql, const Args& args) {
    int count = 0;
    std::string numbered = NumberPlaceholders(sql, &count);
    if (static_cast<std::size_t>(count) != args.get().size()) {
      return Internal("{} parameters for {} placeholders in: {}", args.get().size(), count, sql);
    }
    Status failure;
    for (const Declare how : {Declare::kNumbers, Declare::kAll, Declare::kNothing}) {
      auto statement = std::make_shared<Statement>(
          Statement{.sql = std::move(numbered), .types = DeclaredTypes(args, how), .declared = how});
      const Status prepared = PrepareAs(*statement, sql);
      if (prepared.ok()) {
        statements_.Add(sql, statement, [&](const Statement& evicted) { retired_.push_back(evicted.name); });
        return statement;
      }
      if (broken_) return prepared;
      if (failure.ok()) failure = prepared;
      if (failure.code() != absl::StatusCode::kInternal || count == 0) break;  // other types would change nothing
      numbered = std::move(statement->sql);
    }
    return failure;
  }

  // Prepares the statement, anew when it has been before, with the types that it has now.
  Status PrepareAs(Statement& statement, std::string_view sql) {
    if (!statement.name.empty()) retired_.push_back(statement.name);
    statement.name = "s" + std::to_string(++last_name_);
    // A statement that cannot be prepared would spoil the transaction, so a savepoint stands in front of it.
    controls_.push_back("SAVEPOINT preparing");
    SendControls();
    if (PQsendPrepare(handle_.get(), statement.name.c_str(), statement.sql.c_str(),
                      static_cast<int>(statement.types.size()), statement.types.data()) != 1) {
      return Lost();
    }
    const Status status = Flush(sql).status();
    if (!status.ok() && !broken_) controls_.push_back("ROLLBACK TO preparing");
    controls_.push_back("RELEASE preparing");
    return status;
  }

  const Handle handle_;
  StatementCache<Statement> statements_;
  std::vector<const char*> controls_;  // to go out in front of the next statement
  std::vector<std::string> retired_;   // names of prepared statements that are not needed any more
  int unread_syncs_ = 0;
  std::int64_t last_name_ = 0;
  bool untouched_ = true;
  bool broken_ = false;
};

// Any 64-bit number that other programs are unlikely to lock: "maru" and "lock" in ASCII.
constexpr std::chrono::milliseconds kLockWait(2000);
constexpr char kTakeLock[] = "SELECT pg_try_advisory_lock(7881706671531058027)";
constexpr char kWhoHoldsIt[] =
    "SELECT COALESCE(a.application_name, '?') || ' from ' || COALESCE(host(a.client_addr), 'this machine') "
    "FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1835102837 AND l.objid = 1819239275";

// Outside the pipeline, when a session is set up. `*value` is the first column of the first row.
Status Simple(PGconn* connection, const char* sql, std::string* value = nullptr) {
  const ResultHandle result(PQexec(connection, sql));
  if (!Succeeded(result.get())) return PostgresError(result.get(), sql);
  if (value != nullptr) *value = PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  return OkStatus();
}

Result<Handle> Connect(const std::string& url) {
  const std::string application = fmt::format("maru process {}", getpid());
  // Later keywords win over earlier ones, so what the URL says overrides these defaults.
  const char* keywords[] = {"fallback_application_name",
                            "connect_timeout",
                            "keepalives_idle",
                            "tcp_user_timeout",
                            "dbname",
                            "client_encoding",
                            nullptr};
  const char* values[] = {application.c_str(), "5", "10", "15000", url.c_str(), "UTF8", nullptr};
  Handle handle(PQconnectdbParams(keywords, values, 1));
  if (PQstatus(handle.get()) != CONNECTION_OK) {
    std::string why = PQerrorMessage(handle.get());
    while (!why.empty() && why.back() == '\n') why.pop_back();
    return Unavailable("cannot connect to PostgreSQL: {}", why);
  }
  PQsetNoticeProcessor(handle.get(), [](void*, const char*) {}, nullptr);
  if (PQserverVersion(handle.get()) < 150000) {
    return FailedPrecondition("PostgreSQL {} is too old: use 15 or newer", PQserverVersion(handle.get()) / 10000);
  }
  // Compiling to machine code takes longer than our short statements run.
  MARU_RETURN_IF_ERROR(Simple(handle.get(), "SET jit = off"));
  return handle;
}

Result<std::unique_ptr<Connection>> InPipelineMode(Handle handle) {
  if (PQenterPipelineMode(handle.get()) != 1) return Unavailable("cannot enter PostgreSQL's pipeline mode");
  return std::make_unique<PostgresConnection>(std::move(handle));
}

}  // namespace

Result<std::unique_ptr<Connection>> ConnectPostgresWriter(const std::string& url) {
  MARU_ASSIGN_OR_RETURN(Handle handle, Connect(url));
  std::string taken;
  // A server that was just stopped, or killed, may have a session that PostgreSQL has not yet seen end.
  const auto give_up = std::chrono::steady_clock::now() + kLockWait;
  while (true) {
    MARU_RETURN_IF_ERROR(Simple(handle.get(), kTakeLock, &taken));
    if (taken == "t" || std::chrono::steady_clock::now() >= give_up) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (taken != "t") {
    std::string holder;
    MARU_RETURN_IF_ERROR(Simple(handle.get(), kWhoHoldsIt, &holder));
    return FailedPrecondition(
        "the PostgreSQL database is held by {}: one server at a time may use a database; stop that one first",
        holder.empty() ? "another session" : holder);
  }
  // An answered write is on disk, whatever the server's default says.
  MARU_RETURN_IF_ERROR(Simple(handle.get(),
                              "SELECT set_config('synchronous_commit', 'on', false) "
                              "WHERE current_setting('synchronous_commit') = 'off'"));
  return InPipelineMode(std::move(handle));
}

Result<std::unique_ptr<Connection>> ConnectPostgresReader(const std::string& url) {
  MARU_ASSIGN_OR_RETURN(Handle handle, Connect(url));
  return InPipelineMode(std::move(handle));
}

}  // namespace maru::sql
