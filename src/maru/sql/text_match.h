// Conditions on text that engines spell differently: one SQL fragment each, with one `?` for the pattern.
//
//   sql += " AND " + sql::Like(database.dialect(), "t.value");   // bind the pattern
//
// LIKE knows % and _ and no escape character; it tells upper from lower case on every engine. ILIKE does not, for
// ASCII letters at least. A regular expression matches anywhere in the text unless it is anchored.
#pragma once

#include <string>
#include <string_view>

#include "maru/sql/database.h"

namespace maru::sql {

std::string Like(Dialect dialect, std::string_view expression);
std::string ILike(Dialect dialect, std::string_view expression);
std::string MatchesRegex(Dialect dialect, std::string_view expression);

// kInvalidArgument when `pattern` is no regular expression (RE2 syntax), before it is given to MatchesRegex.
Status CheckRegex(std::string_view pattern);

}  // namespace maru::sql
