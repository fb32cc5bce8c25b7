// JSON as Python's json.dumps(ensure_ascii=False) writes it: ", " and ": " between things, floats as repr() has them.
// Stored span content keeps this form, because filters match its text and MLflow's own content looks like this.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "maru/json/element.h"

namespace maru::traces {

void AppendDouble(std::string& out, double value);  // NaN, Infinity and -Infinity bare, as Python has them
void AppendText(std::string& out, std::string_view text);
void AppendElement(std::string& out, const json::Element& element);

// The first `characters` characters of UTF-8 text; the bytes of one character stay together.
std::string_view FirstCharacters(std::string_view text, std::size_t characters);
std::size_t CountCharacters(std::string_view text);

// The text of a JSON string, or nothing when `value` is not one. Parses: elements of this thread become invalid.
bool DecodeJsonString(std::string_view value, std::string& out);

}  // namespace maru::traces
