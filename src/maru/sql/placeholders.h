// Turns portable SQL into PostgreSQL's.
#pragma once

#include <string>
#include <string_view>

namespace maru::sql {

// `?` becomes $1, $2, … outside of quotes and comments. Sets `*count` to how many there were.
std::string NumberPlaceholders(std::string_view sql, int* count);

}  // namespace maru::sql
