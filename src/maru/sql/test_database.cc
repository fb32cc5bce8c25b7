#include "maru/sql/test_database.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace maru::sql {
namespace {

// What the command wrote; throws when it failed, which fails the test that asked.
std::string Shell(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen: " + command);
  std::string out;
  std::array<char, 512> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
  if (pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return out;
}

std::string Script(const std::string& arguments) {
  // These servers are killed, but their machine is not; leaving out fsync makes databases quick to create.
  return Shell("MARU_POSTGRES_OPTIONS='-c fsync=off' " + std::string(MARU_SOURCE_FOLDER) +
               "/tests/servers/postgres.sh " + arguments);
}

}  // namespace

PostgresServer::PostgresServer() {
  std::istringstream lines(Script("start " + std::to_string(getpid())));
  std::getline(lines, folder_);
  std::getline(lines, url_);
}

PostgresServer::~PostgresServer() {
  if (folder_.empty()) return;
  try {
    Script("remove " + folder_);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
  }
}

PostgresServer& PostgresServer::Shared() {
  static const std::unique_ptr<PostgresServer> server([] {
    const char* url = std::getenv("MARU_TEST_POSTGRES_URL");
    return url != nullptr ? new PostgresServer(url) : new PostgresServer();
  }());
  return *server;
}

std::string PostgresServer::NewDatabase() {
  const std::string name = "test_" + std::to_string(getpid()) + "_" + std::to_string(++databases_);
  PGconn* connection = PQconnectdb(url_.c_str());
  PGresult* result = PQexec(connection, ("CREATE DATABASE " + name).c_str());
  const bool made = PQresultStatus(result) == PGRES_COMMAND_OK;
  const std::string why = PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
  if (!made) throw std::runtime_error(why);
  return url_.substr(0, url_.rfind('/') + 1) + name;
}

void PostgresServer::Kill() {
  Script("kill " + folder_);
}
void PostgresServer::Stop() {
  Script("stop " + folder_);
}
void PostgresServer::Restart() {
  Script("restart " + folder_);
}

TestDatabase::TestDatabase(Dialect dialect)
    : url_(dialect == Dialect::kSqlite ? "sqlite:" + folder_ / "db" : PostgresServer::Shared().NewDatabase()) {}

}  // namespace maru::sql
