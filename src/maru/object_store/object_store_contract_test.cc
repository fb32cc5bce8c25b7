// What every object store must do, run against a folder and against a real S3 server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "maru/base/clock.h"
#include "maru/base/ids.h"
#include "maru/object_store/folder_store.h"
#include "maru/object_store/object_store.h"
#include "maru/object_store/s3_store.h"
#include "maru/object_store/versitygw.h"

namespace maru::object_store {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;

// A fresh store of either kind, and its remains taken away.
class ObjectStoreContract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string name = NewUuidHex();
    if (std::string_view(GetParam()) == "s3") {
      store_ = MakeS3Store(VersityGateway::Shared().Options("test/" + name));
    } else {
      folder_ = std::filesystem::temp_directory_path() / ("maru-store-" + name);
      auto opened = OpenFolderStore(folder_);
      ASSERT_TRUE(opened.ok()) << opened.status();
      store_ = *std::move(opened);
    }
  }
  void TearDown() override {
    EXPECT_TRUE(store_->DeleteTree("").ok());
    store_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  Status Put(std::string_view key, std::string_view text, bool if_absent = false) {
    MARU_ASSIGN_OR_RETURN(const auto writer, store_->Create(key, if_absent));
    MARU_RETURN_IF_ERROR(writer->Write(text));
    return writer->Commit();
  }

  Result<std::string> Get(std::string_view key, std::uint64_t offset = 0, std::optional<std::uint64_t> length = {}) {
    MARU_ASSIGN_OR_RETURN(const auto reader, store_->Open(key, offset, length));
    std::string text;
    char buffer[64 * 1024];
    while (true) {
      MARU_ASSIGN_OR_RETURN(const std::size_t count, reader->Read(buffer));
      if (count == 0) return text;
      text.append(buffer, count);
    }
  }

  std::vector<std::string> Keys(std::string_view prefix, bool delimited, std::string_view start_after = {},
                                std::size_t limit = 1000) {
    const auto list = store_->List(prefix, delimited, start_after, limit);
    if (!list.ok()) return {std::string(list.status().message())};
    std::vector<std::string> keys;
    for (const ObjectInfo& info : *list) {
      EXPECT_EQ(info.is_prefix, info.key.ends_with('/')) << info.key;
      keys.push_back(info.key);
    }
    return keys;
  }

  std::filesystem::path folder_;
  std::unique_ptr<ObjectStore> store_;
};

// `bytes` that differ everywhere, so that a piece in the wrong place is seen.
std::string Pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::uint64_t state = 88172645463325252;
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;  // xorshift64
    std::memcpy(text.data() + i, &state, 8);
  }
  return text;
}

TEST_P(ObjectStoreContract, WritesReadsAndTellsAboutAnObject) {
  const std::int64_t before_ms = Clock::System()->NowMs();
  ASSERT_TRUE(Put("1/model/MLmodel", "flavors: {}").ok());
  EXPECT_EQ(*Get("1/model/MLmodel"), "flavors: {}");
  const auto info = store_->Stat("1/model/MLmodel");
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->key, "1/model/MLmodel");
  EXPECT_EQ(info->size_bytes, 11u);
  EXPECT_FALSE(info->is_prefix);
  EXPECT_GE(info->modified_ms, before_ms - 2'000);  // S3's times are in seconds
  EXPECT_LE(info->modified_ms, Clock::System()->NowMs() + 2'000);
}

TEST_P(ObjectStoreContract, KeepsOddNamesAndBytes) {
  const std::string bytes("\0\xff\r\n<&>", 7);
  for (const char* key :
       {"a b/c+d/e%2Fg", "plots/손실 곡선.png", "x/\"quoted\" & <tagged>'s", "~a/..b/c:=@!$*(),;?#[]"}) {
    ASSERT_TRUE(Put(key, bytes).ok()) << key;
    EXPECT_EQ(*Get(key), bytes) << key;
  }
  EXPECT_THAT(Keys("", false), ElementsAre("a b/c+d/e%2Fg", "plots/손실 곡선.png", "x/\"quoted\" & <tagged>'s",
                                           "~a/..b/c:=@!$*(),;?#[]"));
}

TEST_P(ObjectStoreContract, KeepsAnEmptyObject) {
  ASSERT_TRUE(Put("empty", "").ok());
  EXPECT_EQ(*Get("empty"), "");
  EXPECT_EQ(store_->Stat("empty")->size_bytes, 0u);
  EXPECT_EQ((*store_->Open("empty"))->size_bytes(), 0u);
}

TEST_P(ObjectStoreContract, KeepsAnObjectOfManyPieces) {
  const std::string text = Pattern(21 * 1024 * 1024 + 13);
  const auto writer = store_->Create("large");
  ASSERT_TRUE(writer.ok());
  for (std::size_t at = 0; at < text.size(); at += 300'001) {
    ASSERT_TRUE((*writer)->Write(std::string_view(text).substr(at, 300'001)).ok());
  }
  EXPECT_EQ(store_->Stat("large").status().code(), StatusCode::kNotFound) << "visible before Commit";
  ASSERT_TRUE((*writer)->Commit().ok());
  EXPECT_TRUE(*Get("large") == text);
  EXPECT_TRUE(*Get("large", 8 * 1024 * 1024 - 5, 10) == text.substr(8 * 1024 * 1024 - 5, 10));
  EXPECT_TRUE(*Get("large", 3, 9 * 1024 * 1024) == text.substr(3, 9 * 1024 * 1024));
}

TEST_P(ObjectStoreContract, ReadsRanges) {
  ASSERT_TRUE(Put("digits", "0123456789").ok());
  EXPECT_EQ(*Get("digits", 3), "3456789");
  EXPECT_EQ(*Get("digits", 3, 4), "3456");
  EXPECT_EQ(*Get("digits", 8, 100), "89");
  EXPECT_EQ(*Get("digits", 5, 0), "");
  EXPECT_EQ(*Get("digits", 10), "");
  EXPECT_EQ((*store_->Open("digits", 3, 4))->size_bytes(), 10u);
  EXPECT_EQ(store_->Open("digits", 11).status().code(), StatusCode::kOutOfRange);
}

TEST_P(ObjectStoreContract, ReplacesWhole) {
  ASSERT_TRUE(Put("k", "a much longer first text").ok());
  ASSERT_TRUE(Put("k", "second").ok());
  EXPECT_EQ(*Get("k"), "second");
}

TEST_P(ObjectStoreContract, WritesOnlyIfAbsent) {
  ASSERT_TRUE(Put("k", "first", true).ok());
  EXPECT_EQ(Put("k", "second", true).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(*Get("k"), "first");
  ASSERT_TRUE(store_->Delete("k").ok());
  EXPECT_TRUE(Put("k", "third", true).ok());
}

TEST_P(ObjectStoreContract, LargeWritesOnlyIfAbsent) {
  const std::string text = Pattern(9 * 1024 * 1024);
  ASSERT_TRUE(Put("k", "first").ok());
  EXPECT_EQ(Put("k", text, true).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(*Get("k"), "first");
  EXPECT_TRUE(Put("other", text, true).ok());
}

TEST_P(ObjectStoreContract, OneOfManyIfAbsentWritersWins) {
  std::atomic<int> won = 0, lost = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const Status status = Put("lock", std::to_string(i), true);
      if (status.ok()) ++won;
      if (status.code() == StatusCode::kAlreadyExists) ++lost;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
}

TEST_P(ObjectStoreContract, AbandonedWriteLeavesNothing) {
  {
    const auto small = store_->Create("a/small");
    ASSERT_TRUE(small.ok());
    ASSERT_TRUE((*small)->Write("half of it").ok());
    const auto large = store_->Create("a/large");
    ASSERT_TRUE(large.ok());
    ASSERT_TRUE((*large)->Write(Pattern(9 * 1024 * 1024)).ok());
  }
  EXPECT_THAT(Keys("", false), IsEmpty());
  EXPECT_THAT(Keys("", true), IsEmpty());
}

TEST_P(ObjectStoreContract, AbandonedWriteKeepsTheOldObject) {
  ASSERT_TRUE(Put("k", "old").ok());
  ASSERT_TRUE((*store_->Create("k"))->Write("new").ok());
  EXPECT_EQ(*Get("k"), "old");
}

TEST_P(ObjectStoreContract, MissingObjectsAreNotFound) {
  ASSERT_TRUE(Put("a/b/c", "x").ok());
  for (const char* key : {"nope", "a", "a/b", "a/b/c/d", "a/x/y"}) {
    EXPECT_EQ(store_->Open(key).status().code(), StatusCode::kNotFound) << key;
    EXPECT_EQ(store_->Stat(key).status().code(), StatusCode::kNotFound) << key;
    EXPECT_TRUE(store_->Delete(key).ok()) << key;
  }
  EXPECT_EQ(*Get("a/b/c"), "x");
}

TEST_P(ObjectStoreContract, ListsInKeyOrder) {
  // '-' and '.' sort before '/', '0' after it: a walk by file names would get these wrong.
  for (const char* key : {"a/z", "a-b", "a.txt", "a0", "a/b/c", "b/1", "B"}) ASSERT_TRUE(Put(key, key).ok()) << key;
  EXPECT_THAT(Keys("", false), ElementsAre("B", "a-b", "a.txt", "a/b/c", "a/z", "a0", "b/1"));
  EXPECT_THAT(Keys("", true), ElementsAre("B", "a-b", "a.txt", "a/", "a0", "b/"));
  EXPECT_THAT(Keys("a", false), ElementsAre("a/b/c", "a/z"));
  EXPECT_THAT(Keys("a/", true), ElementsAre("a/b/", "a/z"));
  EXPECT_THAT(Keys("nope", true), IsEmpty());
  EXPECT_THAT(Keys("B", false), IsEmpty()) << "an object is not below itself";
  EXPECT_EQ((*store_->List("a", false))[1].size_bytes, 3u);
}

TEST_P(ObjectStoreContract, PagesThroughAListing) {
  std::vector<std::string> written;
  for (int i = 0; i < 25; ++i) {
    written.push_back(fmt::format("{}/{:02}", i % 2 == 0 ? "even" : "odd", i));
    ASSERT_TRUE(Put(written.back(), "x").ok());
  }
  std::sort(written.begin(), written.end());
  std::vector<std::string> paged;
  while (true) {
    const auto page = Keys("", false, paged.empty() ? "" : paged.back(), 7);
    if (page.empty()) break;
    ASSERT_LE(page.size(), 7u);
    paged.insert(paged.end(), page.begin(), page.end());
    ASSERT_LE(paged.size(), 25u);
  }
  EXPECT_EQ(paged, written);
  EXPECT_THAT(Keys("", true, "", 1), ElementsAre("even/"));
  EXPECT_THAT(Keys("", true, "even/", 1), ElementsAre("odd/"));
  EXPECT_THAT(Keys("", true, "odd/", 1), IsEmpty());
  EXPECT_THAT(Keys("even", false, "even/20"), ElementsAre("even/22", "even/24"));
}

TEST_P(ObjectStoreContract, DeletesOneAndTheFolderItLeavesEmpty) {
  ASSERT_TRUE(Put("a/b/c", "x").ok());
  ASSERT_TRUE(store_->Delete("a/b/c").ok());
  EXPECT_THAT(Keys("", true), IsEmpty());
  EXPECT_TRUE(store_->Delete("a/b/c").ok()) << "deleting again is fine";
}

TEST_P(ObjectStoreContract, DeletesATree) {
  for (const char* key : {"run/1/a", "run/1/b/c", "run/10/a", "run/1.txt"}) ASSERT_TRUE(Put(key, "x").ok());
  ASSERT_TRUE(store_->DeleteTree("run/1").ok());
  EXPECT_THAT(Keys("", false), ElementsAre("run/1.txt", "run/10/a"));
  ASSERT_TRUE(store_->DeleteTree("run/1.txt").ok());
  EXPECT_THAT(Keys("", false), ElementsAre("run/1.txt", "run/10/a")) << "an object is not below itself";
  EXPECT_TRUE(store_->DeleteTree("nope").ok());
  ASSERT_TRUE(store_->DeleteTree("").ok());
  EXPECT_THAT(Keys("", false), IsEmpty());
}

TEST_P(ObjectStoreContract, RefusesKeysThatLeaveIt) {
  for (const std::string& key : {std::string("../x"), std::string("/etc/passwd"), std::string("a/../../x"),
                                 std::string("a//b"), std::string("a\\..\\b"), std::string("a\0b", 3), std::string()}) {
    EXPECT_EQ(store_->Open(key).status().code(), StatusCode::kInvalidArgument) << key;
    EXPECT_EQ(store_->Create(key).status().code(), StatusCode::kInvalidArgument) << key;
    EXPECT_EQ(store_->Stat(key).status().code(), StatusCode::kInvalidArgument) << key;
    EXPECT_EQ(store_->Delete(key).code(), StatusCode::kInvalidArgument) << key;
    if (!key.empty()) {
      EXPECT_EQ(store_->List(key, true).status().code(), StatusCode::kInvalidArgument) << key;
      EXPECT_EQ(store_->DeleteTree(key).code(), StatusCode::kInvalidArgument) << key;
    }
  }
}

TEST_P(ObjectStoreContract, AnObjectIsNoFolder) {
  ASSERT_TRUE(Put("a", "x").ok());
  EXPECT_EQ(Put("a/b", "y").code(), StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Put("c/d", "x").ok());
  EXPECT_EQ(Put("c", "y").code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Keys("", false), ElementsAre("a", "c/d"));
}

INSTANTIATE_TEST_SUITE_P(, ObjectStoreContract, testing::Values("folder", "s3"),
                         [](const auto& i) { return std::string(i.param); });

}  // namespace
}  // namespace maru::object_store
