// One relational database behind one interface: SQLite for a single machine, PostgreSQL for a team.
//
// Reads run on a pool of snapshot readers and never wait for writes. Writes from all threads join a group commit: the
// first thread that finds no commit under way leads, runs everybody's functions one after another in one transaction,
// commits it once (one fsync), and nobody's Write returns before that. A process owns its database alone (a lock sees
// to it), so writes are serial and event ids are in commit order on both engines.
//
// SQL text is portable between both engines: `?` placeholders, RETURNING, ON CONFLICT, and only the types that
// Migration documents. Bound parameters always; SQL text is never built from input.
//
// Threads: Database is thread-safe. Reader and Writer belong to the call that got them.
// Errors: kUnavailable when the engine cannot be reached or is full; kAlreadyExists for a violated unique constraint;
// kFailedPrecondition for a violated foreign key or check; kInternal for wrong SQL.
#pragma once

#include <absl/functional/function_ref.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "maru/base/status.h"

namespace maru::sql {

// Bytes that are not text. Views its owner's memory.
struct Blob {
  std::string_view bytes;
};

// One bound parameter. Text and blobs are views: they must live until the call returns.
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;

// The parameters of one statement, from a braced list or a vector.
// Integers of every width, bool (as 0 and 1), std::optional and strings convert.
class Args {
 public:
  struct Arg : Value {
    Arg(std::nullptr_t) : Value(nullptr) {}
    Arg(std::string_view v) : Value(v) {}
    Arg(Blob v) : Value(v) {}
    Arg(bool v) : Value(std::int64_t{v}) {}
    Arg(int v) : Value(std::int64_t{v}) {}
    Arg(unsigned v) : Value(std::int64_t{v}) {}
    Arg(long v) : Value(std::int64_t{v}) {}
    Arg(long long v) : Value(std::int64_t{v}) {}
    Arg(unsigned long v) : Value(static_cast<std::int64_t>(v)) {}
    Arg(double v) : Value(v) {}
    Arg(const char* v) : Value(std::string_view(v)) {}
    Arg(const std::string& v) : Value(std::string_view(v)) {}
    Arg(std::nullopt_t) : Value(nullptr) {}
    template <typename T>
    Arg(const std::optional<T>& v) : Arg(v ? Arg(*v) : Arg(nullptr)) {}
  };

  Args() = default;
  Args(std::initializer_list<Arg> list) : args_(list.begin(), list.size()) {}
  Args(const std::vector<Arg>& list) : args_(list) {}
  std::span<const Arg> get() const { return args_; }

 private:
  std::span<const Arg> args_;
};

// One result row. Views are valid only inside the callback that got it. Columns count from 0.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool IsNull(int column) const = 0;
  virtual std::int64_t Int(int column) const = 0;        // 0 when NULL
  virtual double Real(int column) const = 0;             // 0 when NULL
  virtual std::string_view Text(int column) const = 0;   // empty when NULL
  virtual std::string_view Bytes(int column) const = 0;  // of a blob; empty when NULL

  bool Bool(int column) const { return Int(column) != 0; }
  std::string String(int column) const { return std::string(Text(column)); }
  std::optional<std::string> OptionalString(int column) const {
    return IsNull(column) ? std::nullopt : std::optional(String(column));
  }
  std::optional<std::int64_t> OptionalInt(int column) const {
    return IsNull(column) ? std::nullopt : std::optional(Int(column));
  }
};

// Reads from one consistent snapshot.
class Reader {
 public:
  virtual ~Reader() = default;
  // Calls on_row for each row in order; the first error it returns stops the query and becomes the result.
  // Statements are prepared once per connection and SQL text, so SQL should be one of few constants.
  virtual Status Query(std::string_view sql, const Args& args, absl::FunctionRef<Status(const Row&)> on_row) = 0;

  // The first row turned into a value by `make`, or nothing when there is no row.
  template <typename Make>
  auto QueryOne(std::string_view sql, const Args& args, Make make)
      -> Result<std::optional<decltype(make(std::declval<const Row&>()))>> {
    std::optional<decltype(make(std::declval<const Row&>()))> found;
    MARU_RETURN_IF_ERROR(Query(sql, args, [&](const Row& row) {
      if (!found) found.emplace(make(row));
      return OkStatus();
    }));
    return found;
  }

  // Every row turned into a value by `make`.
  template <typename Make>
  auto QueryAll(std::string_view sql, const Args& args, Make make)
      -> Result<std::vector<decltype(make(std::declval<const Row&>()))>> {
    std::vector<decltype(make(std::declval<const Row&>()))> all;
    MARU_RETURN_IF_ERROR(Query(sql, args, [&](const Row& row) {
      all.push_back(make(row));
      return OkStatus();
    }));
    return all;
  }
};

// Reads and changes inside one write transaction.
class Writer : public Reader {
 public:
  // Runs a statement that returns no rows. Returns how many rows it changed.
  virtual Result<std::int64_t> Execute(std::string_view sql, const Args& args = {}) = 0;
};

enum class Dialect { kSqlite, kPostgres };

class Database {
 public:
  virtual ~Database() = default;

  // Runs `read` on one snapshot and returns what it returns. Blocks while every reader is taken.
  virtual Status Read(absl::FunctionRef<Status(Reader&)> read) = 0;

  // Runs `write` in the next group commit and returns after it is durable. When `write` returns an error, its own
  // changes are undone (a savepoint), the others' stay, and that error is returned.
  // `write` may run on another thread and more than once: it must change nothing but the database and its own locals,
  // and set those anew on each run. It must be short: everyone else waits.
  virtual Status Write(absl::FunctionRef<Status(Writer&)> write) = 0;

  virtual Dialect dialect() const = 0;
};

struct OpenOptions {
  int readers = 4;               // snapshot connections
  std::size_t queue_max = 4096;  // writers waiting at most; beyond it Write answers kResourceExhausted at once
};

// Opens `sqlite:PATH` or `postgresql://…` and takes the lock that keeps a second server off it (kFailedPrecondition
// when another process holds it). Creates an SQLite file that is not there.
Result<std::unique_ptr<Database>> Open(std::string_view url, const OpenOptions& options = {});

}  // namespace maru::sql
