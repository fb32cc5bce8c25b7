#include "maru/object_store/s3_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace maru::object_store {
namespace {

using testing::ElementsAre;

std::vector<std::string> Read(std::string_view text) {
  std::vector<std::string> seen;
  const Status status = ReadXml(
      text, [&](std::string_view path, std::string value) { seen.push_back(std::string(path) + "=" + value); },
      [&](std::string_view path) { seen.push_back("end " + std::string(path)); });
  if (!status.ok()) return {"error"};
  return seen;
}

TEST(S3XmlTest, ReadsListing) {
  EXPECT_THAT(Read(R"(<?xml version="1.0" encoding="UTF-8"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
      <IsTruncated>false</IsTruncated><Prefix/>
      <Contents><Key>a &amp; b&#x41;&#228;</Key><Size>1</Size></Contents>
    </ListBucketResult>)"),
              ElementsAre("ListBucketResult/IsTruncated=false",
                          "ListBucketResult/Prefix=", "ListBucketResult/Contents/Key=a & bAä",
                          "ListBucketResult/Contents/Size=1", "end ListBucketResult/Contents", "end ListBucketResult"));
}

TEST(S3XmlTest, KeepsSpacesOfText) {
  EXPECT_THAT(Read("<A><K> x </K></A>"), ElementsAre("A/K= x ", "end A"));
}

TEST(S3XmlTest, RefusesWhatIsNotADocument) {
  for (const char* broken : {"", "hello", "<A>", "<A><B></A>", "<A></B>", "<A", "<A>&nope;</A>", "<A>&#0;</A>",
                             "<A/><B/>", "</A>", "<>x</>"}) {
    EXPECT_THAT(Read(broken), ElementsAre("error")) << broken;
  }
}

TEST(S3XmlTest, FindsOneText) {
  EXPECT_EQ(XmlText("<Error><Code>NoSuchKey</Code></Error>", "Error/Code"), "NoSuchKey");
  EXPECT_EQ(XmlText("<Error><Code>NoSuchKey</Code></Error>", "Error/Message"), "");
  EXPECT_EQ(XmlText("<html>", "Error/Code"), "");
}

TEST(S3XmlTest, EscapesWhatItReads) {
  const std::string text = "a<b>&\"'c";
  EXPECT_EQ(XmlText("<A>" + XmlEscape(text) + "</A>", "A"), text);
}

}  // namespace
}  // namespace maru::object_store
