#include "maru/registry/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::registry {
namespace {

using testing::HasSubstr;

std::string Message(const Status& status) {
  return std::string(status.message());
}

TEST(NamesTest, AcceptsModelNames) {
  for (const char* name : {"churn", "a b", "a.b-c_d", "größe", "日本語", "a\"b"}) {
    EXPECT_EQ(CheckModelName(name), OkStatus()) << name;
  }
}

TEST(NamesTest, RefusesModelNames) {
  EXPECT_EQ(Message(CheckModelName("")), "Missing value for required parameter 'name'.");
  EXPECT_EQ(Message(CheckModelName("  ", "new_name")), "Missing value for required parameter 'new_name'.");
  for (const char* name : {"a/b", "a:b", "/"}) {
    EXPECT_THAT(Message(CheckModelName(name)), HasSubstr("Names cannot contain '/' or ':'.")) << name;
  }
  for (const char* name : {".", "..", "..x"}) {
    EXPECT_THAT(Message(CheckModelName(name)), HasSubstr("must not resolve to other names")) << name;
  }
}

TEST(NamesTest, ReadsVersions) {
  EXPECT_EQ(ParseVersion("12").value(), 12);
  EXPECT_EQ(Message(ParseVersion("abc").status()), "Parameter 'version' must be an integer, got 'abc'.");
  EXPECT_FALSE(ParseVersion("99999999999999999999").ok());
}

TEST(NamesTest, ChecksTags) {
  EXPECT_EQ(CheckTag("mlflow.a/b:c-d e_f", ""), OkStatus());
  EXPECT_EQ(CheckTag(std::string(250, 'k'), std::string(100'000, 'v')), OkStatus());
  EXPECT_EQ(CheckTag("k",
                     [] {
                       std::string text;
                       for (int i = 0; i < 100'000; ++i) text += "ä";  // two bytes, one character
                       return text;
                     }()),
            OkStatus());
  EXPECT_EQ(Message(CheckTag(std::string(251, 'k'), "")), "'key' exceeds the maximum length of 250 characters");
  EXPECT_EQ(Message(CheckTag("k", std::string(100'001, 'v'))),
            "'value' exceeds the maximum length of 100000 characters");
  EXPECT_EQ(Message(CheckTag(kPromptTextTag, std::string(100'001, 'v'))),
            "Prompt text exceeds max length of 100000 characters.");
  EXPECT_THAT(Message(CheckTag("a!b", "")),
              HasSubstr(R"(Invalid value "a!b" for parameter 'key' supplied: Names may)"));
  EXPECT_THAT(Message(CheckTag("a//b", "")), HasSubstr("This name would resolve to 'a/b'"));
  EXPECT_THAT(Message(CheckTag("../a", "")), HasSubstr("must not resolve"));
}

TEST(NamesTest, ChecksAliases) {
  for (const char* alias : {"champion", "v", "v1x", "1", "a-b_c", "versión"})
    EXPECT_EQ(CheckNewAlias(alias), OkStatus());
  EXPECT_EQ(Message(CheckNewAlias("")), "Registered model alias name cannot be empty.");
  EXPECT_THAT(Message(CheckNewAlias("a.b")), HasSubstr("Invalid alias name: 'a.b'."));
  EXPECT_THAT(Message(CheckNewAlias(std::string(256, 'a'))), HasSubstr("exceeds the maximum length of 255 characters"));
  EXPECT_EQ(Message(CheckNewAlias("Latest")), "'latest' alias name (case insensitive) is reserved.");
  EXPECT_EQ(Message(CheckNewAlias("V12")), "Version alias name 'V12' is reserved.");
  EXPECT_EQ(CheckAlias("latest"), OkStatus());
}

TEST(NamesTest, KnowsStagesInEverySpelling) {
  EXPECT_EQ(CanonicalStage("production").value(), "Production");
  EXPECT_EQ(CanonicalStage("NONE").value(), "None");
  EXPECT_EQ(Message(CanonicalStage("prod").status()),
            "Invalid Model Version stage: prod. Value must be one of None, Staging, Production, Archived.");
}

}  // namespace
}  // namespace maru::registry
