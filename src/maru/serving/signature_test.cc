#include "maru/serving/signature.h"

#include <gtest/gtest.h>

namespace maru::serving {
namespace {

TEST(SignatureTest, Columns) {
  const auto signature = ParseSignature(
      R"([{"type":"double","name":"age","required":true},{"type":"string","name":"carrier","required":false}])",
      R"([{"type":"tensor","tensor-spec":{"dtype":"int64","shape":[-1]}}])");
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_TRUE(signature->inputs.known);
  EXPECT_FALSE(signature->inputs.tensors);
  ASSERT_EQ(signature->inputs.fields.size(), 2u);
  EXPECT_EQ(signature->inputs.fields[0].type, DataType::kFp64);
  EXPECT_EQ(signature->inputs.fields[1].name, "carrier");
  EXPECT_FALSE(signature->inputs.fields[1].required);
  EXPECT_TRUE(signature->outputs.tensors);
  EXPECT_EQ(signature->outputs.fields[0].type, DataType::kInt64);
  EXPECT_EQ(ShapeText(signature->outputs.fields[0].shape), "[-1]");
}

TEST(SignatureTest, WhatTensorsCannotCarryIsUnknown) {
  EXPECT_FALSE(ParseSignature("", "")->inputs.known);
  EXPECT_FALSE(ParseSignature("null", "")->inputs.known);
  EXPECT_FALSE(ParseSignature(R"([{"type":"array","items":{"type":"double"},"name":"x"}])", "")->inputs.known);
  EXPECT_FALSE(ParseSignature("[{", "").ok());
}

}  // namespace
}  // namespace maru::serving
