#include "maru/filter/page_token.h"

#include <gtest/gtest.h>

namespace maru::filter {
namespace {

TEST(PageTokenTest, ReadsBackWhatItWrote) {
  for (const std::int64_t offset : {1, 20, 1'000'000'000})
    EXPECT_EQ(ParseOffsetToken(OffsetToken(offset)).value(), offset);
  EXPECT_EQ(ParseOffsetToken("").value(), 0);
  EXPECT_EQ(ParseOffsetToken("eyJvZmZzZXQiOiAyfQ==").value(), 2);  // {"offset": 2}, as the peer writes it
}

TEST(PageTokenTest, RefusesEverythingElse) {
  for (const char* token : {"%%%", "e30=", "eyJvZmZzZXQiOiAiYSJ9", "eyJvZmZzZXQiOiAtMX0=", "bm9uc2Vuc2U="}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseOffsetToken(token).status())) << token;
  }
}

}  // namespace
}  // namespace maru::filter
