#include "maru/api/mlflow/artifact_reply.h"

#include <gtest/gtest.h>

namespace maru::api::mlflow {
namespace {

TEST(RangeTest, ReadsOneRangeAndIgnoresTheRest) {
  EXPECT_EQ(ParseRange("bytes=0-9"), (ByteRange{0, 9}));
  EXPECT_EQ(ParseRange("bytes=5-"), (ByteRange{5, {}}));
  EXPECT_EQ(ParseRange("bytes=-3"), (ByteRange{{}, 3}));
  for (const char* ignored : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-0", "bytes=0-1,3-4", "lines=0-1",
                              "bytes=0-99999999999999999999999"}) {
    EXPECT_EQ(ParseRange(ignored), std::nullopt) << ignored;
  }
}

TEST(ContentTypeTest, TellsTextFromBytes) {
  EXPECT_EQ(ContentTypeOf("MLmodel"), "text/plain");
  EXPECT_EQ(ContentTypeOf("conda.yaml"), "text/plain");
  EXPECT_EQ(ContentTypeOf("table.json"), "text/plain");
  EXPECT_EQ(ContentTypeOf("page.html"), "text/html");
  EXPECT_EQ(ContentTypeOf("PLOT.PNG"), "image/png");
  EXPECT_EQ(ContentTypeOf("model.pkl"), "application/octet-stream");
  EXPECT_EQ(ContentTypeOf("no-ending"), "application/octet-stream");
}

TEST(AttachmentTest, NamesSurviveTheHeader) {
  EXPECT_EQ(AttachmentHeader("a b.txt"), "attachment; filename=\"a b.txt\"");
  EXPECT_EQ(AttachmentHeader("a\"b\\c"), "attachment; filename=\"a\\\"b\\\\c\"");
  EXPECT_EQ(AttachmentHeader("é.png"), "attachment; filename=\".png\"; filename*=UTF-8''%C3%A9.png");
  EXPECT_EQ(AttachmentHeader("손"), "attachment; filename=\"download\"; filename*=UTF-8''%EC%86%90");
  EXPECT_EQ(AttachmentHeader("a\r\nSet-Cookie: x").find('\n'), std::string::npos);
}

}  // namespace
}  // namespace maru::api::mlflow
