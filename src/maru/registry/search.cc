#include <absl/strings/match.h>
#include <absl/strings/str_join.h>

#include <deque>
#include <set>

#include "maru/filter/filter.h"
#include "maru/filter/page_token.h"
#include "maru/registry/model_rows.h"
#include "maru/registry/model_service.h"
#include "maru/sql/text_match.h"

namespace maru::registry {
namespace {

using filter::Comparator;
using filter::Condition;
using filter::Entity;

// What differs between the two searches.
struct Searched {
  const filter::Schema& schema;
  std::string_view select;      // up to and including "WHERE m.workspace = ?"
  std::string_view tag_exists;  // "EXISTS (SELECT … t …", to be closed
  std::string_view not_a_prompt;
  std::string_view tie_break;  // follows what order_by asked for
  std::int64_t per_page_max;
};

constexpr char kSelectModels[] = "SELECT " MARU_MODEL_COLUMNS " FROM registered_models m WHERE m.workspace = ?";
constexpr char kSelectVersions[] = "SELECT " MARU_VERSION_COLUMNS
                                   " FROM model_versions v JOIN registered_models m ON m.id = v.model_id "
                                   "WHERE m.workspace = ?";
constexpr char kModelTagExists[] =
    "EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.model_id = m.id AND t.key = ?";
constexpr char kVersionTagExists[] =
    "EXISTS (SELECT 1 FROM model_version_tags t WHERE t.version_id = v.id AND t.key = ?";
constexpr char kModelIsNoPrompt[] =
    "NOT EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.model_id = m.id "
    "AND t.key = 'mlflow.prompt.is_prompt' AND t.value = 'true')";
// One version that is a prompt's makes all versions of that name a prompt's.
constexpr char kVersionIsNoPrompt[] =
    "NOT EXISTS (SELECT 1 FROM model_version_tags t JOIN model_versions other ON other.id = t.version_id "
    "WHERE other.model_id = v.model_id AND t.key = 'mlflow.prompt.is_prompt' AND t.value = 'true')";

Searched Models() {
  return {filter::RegisteredModelSearch(), kSelectModels, kModelTagExists, kModelIsNoPrompt, "m.name",
          ModelService::kModelsPerPageMax};
}
Searched Versions() {
  return {filter::ModelVersionSearch(), kSelectVersions,          kVersionTagExists,
          kVersionIsNoPrompt,           "m.name, v.version DESC", ModelService::kVersionsPerPageMax};
}

std::string_view Column(std::string_view key, bool of_versions) {
  if (key == "name") return "m.name";
  if (key == "run_id") return "v.run_id";
  if (key == "source_path") return "v.source";
  if (key == "version_number") return "v.version";
  if (key == "creation_timestamp") return of_versions ? "v.created_ms" : "m.created_ms";
  return of_versions ? "v.updated_ms" : "m.updated_ms";
}

// The parts of a statement, and its parameters with the texts that they view.
struct Statement {
  sql::Dialect dialect;
  std::string sql;
  std::vector<sql::Args::Arg> args;
  std::deque<std::string> texts;  // stable addresses

  void Bind(std::string text) { args.emplace_back(texts.emplace_back(std::move(text))); }

  // `column` compared as the condition says.
  void Compare(std::string_view column, const Condition& c) {
    switch (c.comparator) {
      case Comparator::kLike:
        sql += sql::Like(dialect, column);
        return Bind(c.Text());
      case Comparator::kILike:
        sql += sql::ILike(dialect, column);
        return Bind(c.Text());
      case Comparator::kIn:
      case Comparator::kNotIn:
        fmt::format_to(std::back_inserter(sql), "{} {} (", column, filter::ComparatorName(c.comparator));
        for (std::size_t i = 0; i < c.List().size(); ++i) {
          sql += i == 0 ? "?" : ",?";
          Bind(c.List()[i]);
        }
        sql += ')';
        return;
      default:
        fmt::format_to(std::back_inserter(sql), "{} {} ?", column, filter::ComparatorName(c.comparator));
        if (const auto* number = std::get_if<std::int64_t>(&c.value)) {
          args.emplace_back(*number);
        } else if (const auto* real = std::get_if<double>(&c.value)) {
          args.emplace_back(*real);
        } else {
          Bind(c.Text());
        }
    }
  }
};

bool IsAboutPrompts(const Condition& c) {
  return c.entity == Entity::kTag && c.key == kIsPromptTag;
}

// The first condition on the prompt tag decides; without one, prompts stay hidden.
bool AsksForPrompts(const std::vector<Condition>& conditions) {
  for (const Condition& c : conditions) {
    if (!IsAboutPrompts(c) || !std::holds_alternative<std::string>(c.value)) continue;
    return (c.comparator == Comparator::kEqual && absl::EqualsIgnoreCase(c.Text(), "true")) ||
           (c.comparator == Comparator::kNotEqual && absl::EqualsIgnoreCase(c.Text(), "false"));
  }
  return false;
}

Result<Statement> Compose(sql::Dialect dialect, const Searched& searched, std::string_view workspace,
                          const Search& search, const std::vector<std::string>& order_by, std::int64_t offset) {
  const bool of_versions = searched.select == kSelectVersions;
  MARU_ASSIGN_OR_RETURN(const auto conditions, filter::ParseFilter(search.filter, searched.schema));
  Statement statement{dialect, std::string(searched.select)};
  statement.Bind(std::string(workspace));

  const bool prompts = AsksForPrompts(conditions);
  for (const Condition& c : conditions) {
    if (!prompts && IsAboutPrompts(c)) continue;
    statement.sql += " AND ";
    if (c.entity == Entity::kTag) {
      statement.sql += searched.tag_exists;
      statement.Bind(c.key);
      statement.sql += " AND ";
      statement.Compare("t.value", c);
      statement.sql += ')';
    } else {
      statement.Compare(Column(c.key, of_versions), c);
    }
  }
  if (!prompts) fmt::format_to(std::back_inserter(statement.sql), " AND {}", searched.not_a_prompt);

  statement.sql += " ORDER BY ";
  std::set<std::string_view> seen;
  MARU_ASSIGN_OR_RETURN(const auto clauses, filter::ParseOrderBy(order_by, searched.schema));
  for (const filter::OrderBy& clause : clauses) {
    const std::string_view column = Column(clause.key, of_versions);
    if (!seen.insert(column).second) {
      return InvalidArgument("`order_by` contains duplicate fields: ['{}']", absl::StrJoin(order_by, "', '"));
    }
    fmt::format_to(std::back_inserter(statement.sql), "{}{}, ", column, clause.ascending ? "" : " DESC");
  }
  fmt::format_to(std::back_inserter(statement.sql), "{} LIMIT ? OFFSET ?", searched.tie_break);
  statement.args.emplace_back(search.max_results + 1);  // one more tells whether there is a next page
  statement.args.emplace_back(offset);
  return statement;
}

Status CheckPageSize(std::int64_t max_results, std::int64_t limit) {
  if (max_results < 1) {
    return InvalidArgument("Invalid value for max_results. It must be a positive integer, but got {}", max_results);
  }
  if (max_results <= limit) return OkStatus();
  return InvalidArgument("Invalid value for request parameter max_results. It must be at most {}, but got value {}",
                         limit, max_results);
}

// Cuts the row that is one too many, and says where the next page starts.
template <typename Row>
std::string NextPage(std::vector<Row>& rows, std::int64_t offset, std::int64_t max_results) {
  if (static_cast<std::int64_t>(rows.size()) <= max_results) return "";
  rows.resize(max_results);
  return filter::OffsetToken(offset + max_results);
}

}  // namespace

Result<Page<RegisteredModel>> ModelService::SearchModels(const Caller& caller, const Search& search) {
  MARU_RETURN_IF_ERROR(CheckPageSize(search.max_results, kModelsPerPageMax));
  MARU_ASSIGN_OR_RETURN(const std::int64_t offset, filter::ParseOffsetToken(search.page_token));
  MARU_ASSIGN_OR_RETURN(const Statement statement,
                        Compose(database_.dialect(), Models(), caller.workspace, search, search.order_by, offset));
  Page<RegisteredModel> page;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(auto rows, reader.QueryAll(statement.sql, statement.args, ModelFromRow));
    page.next_page_token = NextPage(rows, offset, search.max_results);
    MARU_RETURN_IF_ERROR(AddTagsAliasesAndLatest(reader, rows));
    for (ModelRow& row : rows) page.items.push_back(std::move(row.model));
    return OkStatus();
  }));
  return page;
}

Result<Page<ModelVersion>> ModelService::SearchVersions(const Caller& caller, const Search& search) {
  MARU_RETURN_IF_ERROR(CheckPageSize(search.max_results, kVersionsPerPageMax));
  MARU_ASSIGN_OR_RETURN(const std::int64_t offset, filter::ParseOffsetToken(search.page_token));
  const std::vector<std::string> newest_first = {"last_updated_timestamp DESC"};
  MARU_ASSIGN_OR_RETURN(const Statement statement,
                        Compose(database_.dialect(), Versions(), caller.workspace, search,
                                search.order_by.empty() ? newest_first : search.order_by, offset));
  Page<ModelVersion> page;
  MARU_RETURN_IF_ERROR(database_.Read([&](sql::Reader& reader) -> Status {
    MARU_ASSIGN_OR_RETURN(auto rows, reader.QueryAll(statement.sql, statement.args, VersionFromRow));
    page.next_page_token = NextPage(rows, offset, search.max_results);
    MARU_RETURN_IF_ERROR(AddTagsAndAliases(reader, rows));
    page.items = VersionsOf(std::move(rows));
    return OkStatus();
  }));
  return page;
}

}  // namespace maru::registry
