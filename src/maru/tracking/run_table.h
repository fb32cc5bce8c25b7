// Runs as a table: a page of them, and of what they have logged only the columns that someone looks at.
//
// A table of 100,000 runs with 12,000 metrics is read a screen at a time: the cost is that of the rows and columns of
// the page, and of counting the matches.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "maru/sql/database.h"
#include "maru/tracking/entities.h"
#include "maru/tracking/name_table.h"

namespace maru::tracking {

struct TableQuery {
  std::vector<std::int64_t> experiment_ids;  // none: every active experiment of the workspace
  std::string filter;
  ViewType view = ViewType::kActiveOnly;
  std::vector<std::string> order_by;
  std::vector<std::string> columns;  // "metrics.KEY", "params.KEY", "tags.KEY"
  std::int64_t offset = 0;
  std::int64_t limit = 100;
};

struct TableColumn {
  std::string name;                               // as asked for
  bool numeric = false;                           // metrics
  std::vector<std::optional<double>> numbers;     // one per run when numeric
  std::vector<std::optional<std::string>> texts;  // else; long ones are cut to kTableTextMax characters
};

inline constexpr int kTableTextMax = 500;

struct RunTable {
  std::vector<RunInfo> runs;
  std::vector<TableColumn> columns;
  std::int64_t total = 0;  // runs that match, on all pages
};

// What the runs of an experiment have logged, by name, in the order in which the names were first seen.
struct KeyNames {
  std::vector<std::string> params;
  std::vector<std::string> metrics;
  std::vector<std::string> tags;
  bool more = false;  // a kind has more than was asked for
};

// kInvalidArgument for a column that is none of the three kinds.
Status CheckColumns(const std::vector<std::string>& columns);

// Reads these runs, in this order, and their columns. Metrics must have been folded (metric_store.h).
Status ReadTable(sql::Reader& reader, const NameTable& names, std::span<const std::int64_t> ids,
                 const std::vector<std::string>& columns, RunTable& out);

// At most `limit` names of each kind.
Result<KeyNames> ReadKeyNames(sql::Reader& reader, const NameTable& names, std::int64_t experiment, std::int64_t limit);

}  // namespace maru::tracking
