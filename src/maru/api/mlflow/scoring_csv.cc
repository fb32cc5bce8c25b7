// CSV in, JSON out, so that one reader knows both.
#include <charconv>
#include <cmath>
#include <vector>

#include "maru/api/mlflow/scoring_request.h"
#include "maru/json/json.h"

namespace maru::api::mlflow {
namespace {

struct Field {
  std::string text;
  bool quoted = false;
};

// The next record; leaves `csv` behind its line end.
Result<std::vector<Field>> ReadRecord(std::string_view& csv, std::size_t line) {
  std::vector<Field> fields(1);
  std::size_t at = 0;
  while (at < csv.size()) {
    const char c = csv[at];
    if (c == '"' && fields.back().text.empty() && !fields.back().quoted) {
      fields.back().quoted = true;
      for (++at;; ++at) {
        if (at >= csv.size()) return InvalidArgument("CSV line {}: a quote is not closed", line);
        if (csv[at] != '"') {
          fields.back().text += csv[at];
        } else if (at + 1 < csv.size() && csv[at + 1] == '"') {
          fields.back().text += csv[at++];
        } else {
          break;
        }
      }
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else if (c != '\r') {
      fields.back().text += c;
    }
    ++at;
  }
  csv.remove_prefix(at);
  return fields;
}

void AppendValue(std::string& out, const Field& field) {
  if (field.quoted) {
    json::encode::AppendQuoted(out, field.text);
    return;
  }
  if (field.text.empty() || field.text == "NaN" || field.text == "nan" || field.text == "NA") {
    out += "null";
  } else if (field.text == "True" || field.text == "true") {
    out += "true";
  } else if (field.text == "False" || field.text == "false") {
    out += "false";
  } else {
    std::int64_t whole = 0;
    double number = 0;
    const char *const begin = field.text.data(), *const end = begin + field.text.size();
    if (const auto r = std::from_chars(begin, end, whole); r.ec == std::errc() && r.ptr == end) {
      json::encode::Append(out, whole);
    } else if (const auto d = std::from_chars(begin, end, number);
               d.ec == std::errc() && d.ptr == end && std::isfinite(number)) {
      json::encode::Append(out, number);
    } else {
      json::encode::AppendQuoted(out, field.text);
    }
  }
}

}  // namespace

Result<std::string> CsvAsJson(std::string_view csv) {
  if (csv.starts_with("\xef\xbb\xbf")) csv.remove_prefix(3);  // the mark that spreadsheets put first
  if (csv.empty()) return InvalidArgument("the CSV has no header line");
  MARU_ASSIGN_OR_RETURN(const std::vector<Field> header, ReadRecord(csv, 1));
  std::string out = R"({"dataframe_split":{"columns":[)";
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (i > 0) out += ',';
    json::encode::AppendQuoted(out, header[i].text);
  }
  out += R"(],"data":[)";
  for (std::size_t line = 2; !csv.empty(); ++line) {
    MARU_ASSIGN_OR_RETURN(const std::vector<Field> record, ReadRecord(csv, line));
    if (record.size() == 1 && record[0].text.empty() && !record[0].quoted && header.size() > 1)
      continue;  // an empty line
    if (record.size() != header.size()) {
      return InvalidArgument("CSV line {} has {} fields, the header has {}", line, record.size(), header.size());
    }
    if (out.back() == ']') out += ',';
    for (std::size_t i = 0; i < record.size(); ++i) {
      out += i == 0 ? '[' : ',';
      AppendValue(out, record[i]);
    }
    out += ']';
  }
  return out + "]}}";
}

}  // namespace maru::api::mlflow
