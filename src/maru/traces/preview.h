// The short text of a request or a response that lists of traces show.
#pragma once

#include <string>
#include <string_view>

namespace maru::traces {

// At most 1,000 characters of `value` (JSON). Where it is a chat, the text of the last message of `role` ("user",
// "assistant") instead: OpenAI's chat completions and responses, as requests or as answers, are recognised.
std::string MakePreview(std::string_view value, std::string_view role);

}  // namespace maru::traces
