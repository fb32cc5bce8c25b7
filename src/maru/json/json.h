// Wire shapes declared once: a struct described with BOOST_DESCRIBE_STRUCT is read from and written to JSON by its
// members' names. No handler picks a document apart key by key.
//
//   struct CreateRun { std::string experiment_id; std::optional<std::int64_t> start_time; std::vector<RunTag> tags; };
//   BOOST_DESCRIBE_STRUCT(CreateRun, (), (experiment_id, start_time, tags))
//
//   Result<CreateRun> request = json::Decode<CreateRun>(body);
//   std::string text = json::Encode(*request);
//
// Members: bool, integers, double, std::string, std::optional, std::vector, std::map<std::string, T>, described enums
// (by name), described structs, and Raw (any JSON, kept as text). A member not sent keeps its default; null counts as
// not sent; unknown members are ignored. Integers are also read from strings and from doubles without a fraction, and
// doubles from "NaN", "Infinity" and "-Infinity", as protobuf's JSON mapping has it
// (https://protobuf.dev/programming-guides/json/). lowerCamelCase spellings of snake_case members are accepted too.
// Encode leaves out empty optionals and writes NaN and infinities as those strings.
//
// Errors of Decode: kInvalidArgument, with the path of the offending member: `metrics[3].value: expected a number,
// got "abc"`. Threads: pure functions with thread-local parsers.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <string>
#include <string_view>

#include "maru/base/status.h"
#include "maru/json/shape.h"

namespace maru::json {

template <typename T>
Result<T> Decode(std::string_view text);

template <typename T>
std::string Encode(const T& value);

// `text` as a JSON string, quotes included.
std::string Quote(std::string_view text);

}  // namespace maru::json

#include "maru/json/decode.h"  // IWYU pragma: export
#include "maru/json/encode.h"  // IWYU pragma: export
