#include "maru/object_store/key.h"

#include <gtest/gtest.h>

#include <string>

namespace maru::object_store {
namespace {

using std::string_literals::operator""s;

struct Case {
  const char* name;
  std::string key;
  bool valid;
};

const Case kCases[] = {
    {"one_segment", "model.onnx", true},
    {"nested", "1/0af3/artifacts/model/MLmodel", true},
    {"spaces_and_unicode", "plots/손실 곡선.png", true},
    {"dots_inside_names", "a..b/...c/d.", true},
    {"hidden_name", ".env/x", true},
    {"percent_is_a_plain_character", "%2e%2e/100%", true},
    {"colon_and_quotes", "a:b/\"c\"'d'", true},
    {"longest_segment", std::string(255, 'a'), true},
    {"staging_deeper_down", "a/.maru-staging", true},
    {"empty", "", false},
    {"root", "/", false},
    {"absolute", "/etc/passwd", false},
    {"parent", "..", false},
    {"parent_first", "../x", false},
    {"parent_in_the_middle", "a/../b", false},
    {"parent_last", "a/..", false},
    {"self", ".", false},
    {"self_in_the_middle", "a/./b", false},
    {"empty_segment", "a//b", false},
    {"ends_with_slash", "a/", false},
    {"backslash", "a\\b", false},
    {"windows_parent", "..\\..\\x", false},
    {"nul", "a\0b"s, false},
    {"newline", "a\nb", false},
    {"delete_character", "a\x7f", false},
    {"overlong_utf8_slash",
     "a\xC0\xAF"
     "b",
     false},
    {"overlong_utf8_dots", "\xC0\xAE\xC0\xAE/x", false},
    {"surrogate", "\xED\xA0\x80", false},
    {"cut_off_utf8", "a\xE2\x82", false},
    {"beyond_unicode", "\xF4\x90\x80\x80", false},
    {"segment_too_long", std::string(256, 'a'), false},
    {"key_too_long",
     std::string(200, 'a') + "/" + std::string(200, 'b') + "/" + std::string(200, 'c') + "/" + std::string(200, 'd') +
         "/" + std::string(221, 'e'),
     false},
    {"staging", ".maru-staging/x", false},
    {"staging_itself", ".maru-staging", false},
};

class KeyTest : public testing::TestWithParam<Case> {};

TEST_P(KeyTest, IsJudged) {
  const Status status = ValidateKey(GetParam().key);
  EXPECT_EQ(status.ok(), GetParam().valid) << status;
  if (!GetParam().valid) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    for (const char c : status.message()) EXPECT_GE(c, 0x20) << "message has raw bytes of the key";
  }
}

INSTANTIATE_TEST_SUITE_P(, KeyTest, testing::ValuesIn(kCases), [](const auto& i) { return i.param.name; });

TEST(PrefixTest, RootKeyAndTrailingSlash) {
  EXPECT_EQ(*NormalizePrefix(""), "");
  EXPECT_EQ(*NormalizePrefix("a/b"), "a/b");
  EXPECT_EQ(*NormalizePrefix("a/b/"), "a/b");
  EXPECT_FALSE(NormalizePrefix("/").ok());
  EXPECT_FALSE(NormalizePrefix("a//").ok());
  EXPECT_FALSE(NormalizePrefix("../a").ok());
}

}  // namespace
}  // namespace maru::object_store
