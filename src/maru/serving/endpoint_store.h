// Endpoints and their revisions in the database. Functions of one transaction each; no state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maru/serving/endpoint.h"
#include "maru/sql/database.h"

namespace maru::serving::endpoint_store {

Status Migrate(sql::Database& database);

// kAlreadyExists when the workspace has an endpoint of that name.
Status Insert(sql::Writer& writer, const EndpointRow& row);
Result<std::optional<EndpointRow>> Find(sql::Reader& reader, std::string_view workspace, std::string_view name);
Result<std::vector<EndpointRow>> ListAll(sql::Reader& reader);
Result<std::vector<EndpointRow>> List(sql::Reader& reader, std::string_view workspace);
// Writes model_uri, settings, settings_generation and updated_ms. kNotFound when it is gone.
Status Update(sql::Writer& writer, const EndpointRow& row);
// With its revisions. kNotFound when it is gone.
Status Delete(sql::Writer& writer, std::string_view workspace, std::string_view name);

// Oldest first. `retired` says whether retired ones are wanted too.
Result<std::vector<RevisionRow>> Revisions(sql::Reader& reader, std::string_view workspace, std::string_view name,
                                           bool retired);
// Adds one in state loading under the next number, which it returns. kNotFound when the endpoint is gone.
Result<std::int64_t> AddRevision(sql::Writer& writer, std::string_view workspace, std::string_view name,
                                 const RevisionRow& row);
// It serves; every other ready one of the endpoint is retired, and so are older ones that were still loading or failed.
Status MarkReady(sql::Writer& writer, std::string_view workspace, std::string_view name, std::int64_t number,
                 std::int64_t now_ms);
Status MarkFailed(sql::Writer& writer, std::string_view workspace, std::string_view name, std::int64_t number,
                  std::string_view error, std::int64_t now_ms);
Status MarkRetired(sql::Writer& writer, std::string_view workspace, std::string_view name, std::int64_t number,
                   std::int64_t now_ms);

}  // namespace maru::serving::endpoint_store
