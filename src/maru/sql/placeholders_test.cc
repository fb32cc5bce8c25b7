#include "maru/sql/placeholders.h"

#include <gtest/gtest.h>

namespace maru::sql {
namespace {

struct Case {
  const char* in;
  const char* out;
  int count;
};

TEST(PlaceholdersTest, NumbersThem) {
  const Case cases[] = {
      {"", "", 0},
      {"SELECT ?, ? + 1", "SELECT $1, $2 + 1", 2},
      {"SELECT '?', ?", "SELECT '?', $1", 1},
      {"SELECT 'it''s ?', ?", "SELECT 'it''s ?', $1", 1},
      {"SELECT \"a?b\" FROM t -- why?\n WHERE a = ?", "SELECT \"a?b\" FROM t -- why?\n WHERE a = $1", 1},
      {"SELECT a - ? - ?", "SELECT a - $1 - $2", 2},
      {"SELECT 'unclosed ?", "SELECT 'unclosed ?", 0},
      {"SELECT 1 -- end?", "SELECT 1 -- end?", 0},
  };
  for (const Case& c : cases) {
    int count = -1;
    EXPECT_EQ(NumberPlaceholders(c.in, &count), c.out);
    EXPECT_EQ(count, c.count) << c.in;
  }
}

}  // namespace
}  // namespace maru::sql
