// The small XML documents of the S3 API, read as a flat sequence of elements. Not a general XML reader: no DTDs, no
// namespaces, no attributes; what S3 servers send has none that matter.
//
// Pure functions. Errors: kDataLoss for text that is not such a document.
#pragma once

#include <absl/functional/function_ref.h>

#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::object_store {

// Calls on_leaf for each element that holds text or nothing, in document order, with its path from the root:
// "ListBucketResult/Contents/Key"; and on_end (may be null) when an element with children closes.
Status ReadXml(std::string_view text, absl::FunctionRef<void(std::string_view path, std::string value)> on_leaf,
               absl::FunctionRef<void(std::string_view path)> on_end);

// The text of the first leaf at `path`; empty when there is none or the document is broken.
std::string XmlText(std::string_view text, std::string_view path);

std::string XmlEscape(std::string_view text);

}  // namespace maru::object_store
