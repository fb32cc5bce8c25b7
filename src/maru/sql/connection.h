// One session with a database engine: what group commit and the reader pool need of it, and nothing else.
//
// A connection is used by one thread at a time. Transactions do not nest; savepoints do not either.
#pragma once

#include <functional>
#include <memory>

#include "maru/sql/database.h"

namespace maru::sql {

class Connection : public Writer {
 public:
  // Starts a transaction: one that may write, or a snapshot to read from. Reading snapshots end with Rollback.
  virtual Status BeginWrite() = 0;
  virtual Status BeginRead() = 0;
  // After OK everything since BeginWrite is on disk. After an error nothing is; only a session that broke
  // between asking and hearing leaves it open, which its message says.
  virtual Status Commit() = 0;
  // Forgets the transaction. Never fails: a session that cannot roll back is broken.
  virtual void Rollback() = 0;

  virtual Status Savepoint() = 0;
  virtual Status ReleaseSavepoint() = 0;
  virtual Status RollbackToSavepoint() = 0;

  // Whether the transaction that began is still there: engines drop it by themselves after some errors (full disk).
  virtual bool InTransaction() const = 0;
  // Whether the session is lost and a new one is needed.
  virtual bool Broken() const = 0;

  // Whether no statement of this transaction has succeeded yet, so that nobody has seen anything of it.
  virtual bool Untouched() const { return false; }

  // Called by group commit in front of each transaction, for work that needs a moment without one.
  virtual void BetweenTransactions() {}
};

// Opens one more session. kUnavailable when the engine is away.
using Connector = std::function<Result<std::unique_ptr<Connection>>()>;

}  // namespace maru::sql
