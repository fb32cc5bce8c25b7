#include "maru/http/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace maru::http {
namespace {

std::string Compress(std::string_view text, int window) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = out.size();
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(GzipTest, ReadsWhatOthersWrite) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  EXPECT_EQ(*Decompress(Gzip(text), ContentCoding::kGzip, text.size()), text);
  EXPECT_EQ(*Decompress(Compress(text, 31), ContentCoding::kGzip, text.size()), text);
  EXPECT_EQ(*Decompress(Compress(text, 15), ContentCoding::kDeflate, text.size()), text);
  EXPECT_EQ(*Decompress(Compress(text, -15), ContentCoding::kDeflate, text.size()), text);
  EXPECT_EQ(*Decompress(Gzip("one ") + Gzip("two"), ContentCoding::kGzip, 100), "one two");
}

TEST(GzipTest, StopsAtTheLimit) {
  const std::string bomb = Gzip(std::string(64 << 20, 'x'));
  EXPECT_LT(bomb.size(), 400'000u);
  EXPECT_TRUE(absl::IsResourceExhausted(Decompress(bomb, ContentCoding::kGzip, 1 << 20).status()));
  EXPECT_TRUE(Decompress(Gzip("1234"), ContentCoding::kGzip, 4).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Decompress(Gzip("12345"), ContentCoding::kGzip, 4).status()));
}

TEST(GzipTest, RefusesWhatIsBroken) {
  const std::string good = Gzip(std::string(10'000, 'x') + "y");
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(Decompress(good.substr(0, cut), ContentCoding::kGzip, 1 << 20).ok()) << cut;
  }
  EXPECT_FALSE(Decompress(good + "tail", ContentCoding::kGzip, 1 << 20).ok());
  EXPECT_FALSE(Decompress("plain text", ContentCoding::kGzip, 1 << 20).ok());
  EXPECT_FALSE(Decompress("plain text", ContentCoding::kDeflate, 1 << 20).ok());
}

TEST(GzipTest, ReadsAcceptEncoding) {
  EXPECT_TRUE(AcceptsGzip("gzip, deflate, br"));
  EXPECT_TRUE(AcceptsGzip("br;q=1.0, GZIP;q=0.5"));
  EXPECT_TRUE(AcceptsGzip("*"));
  EXPECT_FALSE(AcceptsGzip(""));
  EXPECT_FALSE(AcceptsGzip("br, deflate"));
  EXPECT_FALSE(AcceptsGzip("gzip;q=0, *"));
  EXPECT_FALSE(AcceptsGzip("gzip; q=0.000"));
  EXPECT_FALSE(AcceptsGzip("*;q=0"));
}

}  // namespace
}  // namespace maru::http
