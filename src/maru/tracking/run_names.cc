#include "maru/tracking/run_names.h"

#include <fmt/format.h>

#include <iterator>
#include <random>

namespace maru::tracking {
namespace {

constexpr const char* kAdjectives[] = {
    "amber",  "ample",   "apt",      "azure",  "balmy",  "bold",   "brave",    "brisk",   "calm",   "candid", "cedar",
    "clear",  "clever",  "cobalt",   "copper", "coral",  "cosmic", "crisp",    "curious", "daring", "deft",   "dewy",
    "eager",  "earnest", "even",     "fair",   "fleet",  "fluent", "frank",    "fresh",   "gentle", "gilded", "glad",
    "golden", "hardy",   "hazel",    "honest", "humble", "ivory",  "jade",     "jolly",   "keen",   "kind",   "lively",
    "lucid",  "lunar",   "mellow",   "merry",  "mild",   "misty",  "neat",     "nimble",  "noble",  "opal",   "patient",
    "placid", "plucky",  "polished", "proud",  "quick",  "quiet",  "rapid",    "ready",   "rosy",   "round",  "rustic",
    "sage",   "serene",  "sharp",    "silver", "sleek",  "smooth", "snowy",    "solar",   "solid",  "spry",   "steady",
    "stout",  "subtle",  "sunny",    "swift",  "tawny",  "tidy",   "tranquil", "true",    "upbeat", "velvet", "vivid",
    "warm",   "wise",    "witty",    "zesty"};
constexpr const char* kNouns[] = {
    "acorn",  "alder",   "anchor", "anvil",   "arbor",   "aspen",  "atlas",   "badger",  "bamboo", "basin", "beacon",
    "birch",  "bison",   "brook",  "canyon",  "cedar",   "cliff",  "clover",  "comet",   "condor", "cove",  "crane",
    "creek",  "cypress", "delta",  "dune",    "eagle",   "ember",  "falcon",  "fern",    "finch",  "fjord", "forge",
    "fox",    "garnet",  "geyser", "glacier", "grove",   "gull",   "harbor",  "hawk",    "heron",  "hill",  "ibex",
    "iris",   "island",  "jasper", "juniper", "kestrel", "lagoon", "lantern", "lark",    "lichen", "lotus", "lynx",
    "maple",  "marsh",   "meadow", "mesa",    "moss",    "oak",    "oasis",   "orchid",  "osprey", "otter", "panda",
    "pebble", "pine",    "plover", "prairie", "quartz",  "raven",  "reef",    "ridge",   "river",  "robin", "sequoia",
    "shore",  "sparrow", "spruce", "stone",   "stork",   "summit", "swan",    "thicket", "tiger",  "trail", "tundra",
    "valley", "walnut",  "willow", "wren"};

}  // namespace

std::string NameOf(std::uint64_t random) {
  const auto draw = [&](std::uint64_t choices) {
    const std::uint64_t drawn = random % choices;
    random /= choices;
    return drawn;
  };
  const char* adjective = kAdjectives[draw(std::size(kAdjectives))];
  const char* noun = kNouns[draw(std::size(kNouns))];
  return fmt::format("{}-{}-{}", adjective, noun, draw(1000));
}

std::string RandomName() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return NameOf(random());
}

}  // namespace maru::tracking
