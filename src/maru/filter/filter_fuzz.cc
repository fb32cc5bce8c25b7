// Feeds arbitrary text to every search's filter and order_by parser: they may refuse it, never crash or read astray.
#include <cstddef>
#include <cstdint>

#include "maru/filter/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace maru::filter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Schema& (*schema)() : {RunSearch, ExperimentSearch, LoggedModelSearch, RegisteredModelSearch,
                                    ModelVersionSearch, TraceSearch, EvaluationDatasetSearch}) {
    (void)ParseFilter(text, schema());
    (void)ParseOrderBy(text, schema());
  }
  return 0;
}
