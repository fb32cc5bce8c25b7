#include "maru/sql/database.h"

#include <utility>

#include "maru/sql/file_lock.h"
#include "maru/sql/group_commit.h"
#include "maru/sql/postgres_connection.h"
#include "maru/sql/reader_pool.h"
#include "maru/sql/sqlite_connection.h"

namespace maru::sql {
namespace {

class PooledDatabase final : public Database {
 public:
  PooledDatabase(Dialect dialect, std::unique_ptr<FileLock> lock, std::unique_ptr<Connection> writer,
                 Connector connect_writer, Connector connect_reader, const OpenOptions& options)
      : dialect_(dialect),
        lock_(std::move(lock)),
        group_commit_(std::move(writer), std::move(connect_writer), options.queue_max),
        readers_(std::move(connect_reader), options.readers) {}

  Status Read(absl::FunctionRef<Status(Reader&)> read) override { return readers_.Read(read); }
  Status Write(absl::FunctionRef<Status(Writer&)> write) override { return group_commit_.Write(write); }
  Dialect dialect() const override { return dialect_; }

 private:
  const Dialect dialect_;
  const std::unique_ptr<FileLock> lock_;  // freed last
  GroupCommit group_commit_;
  ReaderPool readers_;
};

constexpr std::string_view kSqlite = "sqlite:";

Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path, const OpenOptions& options) {
  if (path.empty()) return InvalidArgument("sqlite: needs the path of a file after it");
  MARU_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, FileLock::Take(path + ".lock"));
  const Connector connect_writer = [path] { return ConnectSqliteWriter(path); };
  const Connector connect_reader = [path] { return ConnectSqliteReader(path); };
  MARU_ASSIGN_OR_RETURN(std::unique_ptr<Connection> writer, connect_writer());
  return std::make_unique<PooledDatabase>(Dialect::kSqlite, std::move(lock), std::move(writer), connect_writer,
                                          connect_reader, options);
}

Result<std::unique_ptr<Database>> OpenPostgres(const std::string& url, const OpenOptions& options) {
  const Connector connect_writer = [url] { return ConnectPostgresWriter(url); };
  const Connector connect_reader = [url] { return ConnectPostgresReader(url); };
  MARU_ASSIGN_OR_RETURN(std::unique_ptr<Connection> writer, connect_writer());
  return std::make_unique<PooledDatabase>(Dialect::kPostgres, nullptr, std::move(writer), connect_writer,
                                          connect_reader, options);
}

}  // namespace

Result<std::unique_ptr<Database>> Open(std::string_view url, const OpenOptions& options) {
  if (url.starts_with(kSqlite)) return OpenSqlite(std::string(url.substr(kSqlite.size())), options);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    return OpenPostgres(std::string(url), options);
  return InvalidArgument("unknown kind of database; use sqlite:PATH or postgresql://USER@HOST/NAME");
}

}  // namespace maru::sql
