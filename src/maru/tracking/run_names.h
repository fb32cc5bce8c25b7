// Names for runs and models that nobody named: "calm-harbor-317".
#pragma once

#include <cstdint>
#include <string>

namespace maru::tracking {

// The same number gives the same name, so tests can ask for one.
std::string NameOf(std::uint64_t random);

// A name from the machine's randomness.
std::string RandomName();

}  // namespace maru::tracking
