#include "maru/serving/model_uri.h"

#include <gtest/gtest.h>

namespace maru::serving {
namespace {

struct Case {
  const char* text;
  const char *name, *alias, *version;  // name null: refused
};

constexpr Case kCases[] = {
    {"models:/late@champion", "late", "champion", ""},
    {"models:/late/3", "late", "", "3"},
    {"models://late/3", "late", "", "3"},
    {"models:/team@eu@champion", "team@eu", "champion", ""},
    {"models:/late", nullptr, "", ""},
    {"models:/late/Production", nullptr, "", ""},
    {"models:/late@", nullptr, "", ""},
    {"models:/@champion", nullptr, "", ""},
    {"models://3", nullptr, "", ""},
    {"runs:/1/model", nullptr, "", ""},
    {"", nullptr, "", ""},
};

TEST(ModelUriTest, Parses) {
  for (const Case& c : kCases) {
    const auto uri = ParseModelUri(c.text);
    ASSERT_EQ(uri.ok(), c.name != nullptr) << c.text;
    if (!uri.ok()) continue;
    EXPECT_EQ(uri->name, c.name) << c.text;
    EXPECT_EQ(uri->alias, c.alias) << c.text;
    EXPECT_EQ(uri->version, c.version) << c.text;
  }
}

}  // namespace
}  // namespace maru::serving
