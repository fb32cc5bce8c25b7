// What only a folder can get wrong: links that lead out of it, full and read-only disks, and what a crash leaves.
#include "maru/object_store/folder_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "maru/base/ids.h"

namespace maru::object_store {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;

class FolderStoreTest : public testing::Test {
 protected:
  FolderStoreTest() : base_(fs::temp_directory_path() / ("maru-folder-" + NewUuidHex())), root_(base_ / "root") {
    fs::create_directories(base_);
    Reopen();
  }
  ~FolderStoreTest() override {
    store_.reset();
    fs::remove_all(base_);
  }
  void Reopen() {
    store_.reset();
    auto opened = OpenFolderStore(root_);
    if (!opened.ok()) throw std::runtime_error(std::string(opened.status().message()));
    store_ = *std::move(opened);
  }
  static void WriteFile(const fs::path& path, std::string_view text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::size_t FilesIn(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  const fs::path base_, root_;
  std::unique_ptr<ObjectStore> store_;
};

Status Put(ObjectStore& store, std::string_view key, std::string_view text) {
  MARU_ASSIGN_OR_RETURN(const auto writer, store.Create(key));
  MARU_RETURN_IF_ERROR(writer->Write(text));
  return writer->Commit();
}

TEST_F(FolderStoreTest, ObjectsArePlainFiles) {
  ASSERT_TRUE(Put(*store_, "1/run/model.bin", "weights").ok());
  std::string text;
  std::getline(std::ifstream(root_ / "1/run/model.bin"), text);
  EXPECT_EQ(text, "weights");
  EXPECT_EQ(store_->uri(), "file://" + root_.string());
}

TEST_F(FolderStoreTest, LinksDoNotLeadOut) {
  WriteFile(base_ / "outside/secret", "secret");
  fs::create_symlink(base_ / "outside/secret", root_ / "file_link");
  fs::create_directory_symlink(base_ / "outside", root_ / "folder_link");
  EXPECT_EQ(store_->Open("file_link").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->Stat("file_link").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->Open("folder_link/secret").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->Stat("folder_link/secret").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Put(*store_, "folder_link/new", "x").code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(store_->List("", false)->empty());
  EXPECT_TRUE(store_->List("folder_link", false)->empty());
  EXPECT_TRUE(store_->Delete("folder_link/secret").ok());
  EXPECT_TRUE(store_->DeleteTree("folder_link").ok());
  ASSERT_TRUE(Put(*store_, "file_link", "mine").ok()) << "writing replaces the link, not what it points to";
  std::string text;
  std::getline(std::ifstream(base_ / "outside/secret"), text);
  EXPECT_EQ(text, "secret");
  EXPECT_EQ(FilesIn(base_ / "outside"), 1u);
}

TEST_F(FolderStoreTest, LinksInsideADeletedTreeAreRemovedNotFollowed) {
  WriteFile(base_ / "outside/secret", "secret");
  ASSERT_TRUE(Put(*store_, "run/a", "x").ok());
  fs::create_directory_symlink(base_ / "outside", root_ / "run/link");
  ASSERT_TRUE(store_->DeleteTree("run").ok());
  EXPECT_FALSE(fs::exists(root_ / "run"));
  EXPECT_TRUE(fs::exists(base_ / "outside/secret"));
}

TEST_F(FolderStoreTest, FifosAreNotObjects) {
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0666), 0);
  EXPECT_EQ(store_->Open("fifo").status().code(), StatusCode::kNotFound);
  EXPECT_TRUE(store_->List("", true)->empty());
}

TEST_F(FolderStoreTest, OpenRemovesWhatAKilledProcessLeft) {
  store_.reset();
  WriteFile(root_ / ".maru-staging/half", "half");
  WriteFile(root_ / ".maru-staging/aside/1/a", "half deleted");
  Reopen();
  EXPECT_EQ(FilesIn(root_ / ".maru-staging"), 0u);
}

TEST_F(FolderStoreTest, OpenLeavesTheWritesOfOthersAlone) {
  const auto writer = store_->Create("k");
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Write("mine").ok());
  ASSERT_TRUE(OpenFolderStore(root_).ok());
  EXPECT_TRUE((*writer)->Commit().ok());
  EXPECT_TRUE(store_->Stat("k").ok());
}

TEST_F(FolderStoreTest, AFileThatWasCutIsDataLoss) {
  ASSERT_TRUE(Put(*store_, "k", "0123456789").ok());
  const auto reader = store_->Open("k");
  ASSERT_TRUE(reader.ok());
  fs::resize_file(root_ / "k", 0);
  char buffer[16];
  EXPECT_EQ((*reader)->Read(buffer).status().code(), StatusCode::kDataLoss);
}

TEST_F(FolderStoreTest, FoldersThatComeAndGoDoNotTripWriters) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string key = fmt::format("shared/deep/{}", t);
        for (const Status& status : {Put(*store_, key, "x"), store_->Stat(key).status(), store_->Delete(key)}) {
          EXPECT_TRUE(status.ok()) << status;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(fs::exists(root_ / "shared"));
}

TEST_F(FolderStoreTest, HasNoUrls) {
  EXPECT_EQ(store_->PresignGet("k", 60).status().code(), StatusCode::kUnimplemented);
  EXPECT_EQ(store_->StartMultipart("k", 2).status().code(), StatusCode::kUnimplemented);
}

TEST_F(FolderStoreTest, OpensPathsAndFileUris) {
  EXPECT_TRUE(object_store::Open((base_ / "by-path").string()).ok());
  EXPECT_TRUE(object_store::Open("file://" + (base_ / "by uri").string()).ok());
  EXPECT_TRUE(fs::is_directory(base_ / "by uri"));
  for (const char* bad : {"", "file://relative", "gs://bucket/x", "http://host/x", "s3://"}) {
    EXPECT_EQ(object_store::Open(bad).status().code(), StatusCode::kInvalidArgument) << bad;
  }
}

// Gives the process a mount namespace of its own with a tmpfs of 4 MiB at `path`.
void MountSmallDisk(const fs::path& path) {
  fs::create_directories(path);
  const bool mounted = ::unshare(CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) == 0 &&
                       ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=4m") == 0;
  if (!mounted) {
    std::perror("mount a small tmpfs (needs root or user namespaces)");
    std::exit(2);
  }
}

// Exits with the number of the expectation that failed, or 0.
[[noreturn]] void FillDisk(const fs::path& path) {
  MountSmallDisk(path);
  auto store = OpenFolderStore(path);
  if (!store.ok()) std::exit(3);
  if (!Put(**store, "small", "fits").ok()) std::exit(4);
  {
    auto writer = (*store)->Create("1/run/large");
    if (!writer.ok()) std::exit(5);
    const std::string piece(256 * 1024, 'x');
    Status status;
    for (int i = 0; i < 64 && status.ok(); ++i) status = (*writer)->Write(piece);
    if (status.code() != StatusCode::kResourceExhausted) std::exit(6);
    if ((*writer)->Commit().ok()) std::exit(7);
  }
  if (!fs::is_empty(path / ".maru-staging")) std::exit(8);
  if (fs::exists(path / "1")) std::exit(9);
  if (!Put(**store, "small", "still fits").ok()) std::exit(10);
  std::exit(0);
}

TEST_F(FolderStoreTest, FullDiskLeavesNothingHalfWritten) {
  EXPECT_EXIT(FillDisk(base_ / "disk"), testing::ExitedWithCode(0), "");
}

[[noreturn]] void UseReadOnlyDisk(const fs::path& path) {
  MountSmallDisk(path);
  auto store = OpenFolderStore(path);
  if (!store.ok() || !Put(**store, "k", "x").ok()) std::exit(3);
  store->reset();
  if (::mount("none", path.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) std::exit(2);
  store = OpenFolderStore(path);
  if (!store.ok()) std::exit(4);  // what is there can still be read
  if (!(*store)->Open("k").ok()) std::exit(5);
  if (Put(**store, "k", "y").code() != StatusCode::kPermissionDenied) std::exit(6);
  if ((*store)->Delete("k").code() != StatusCode::kPermissionDenied) std::exit(7);
  if ((*store)->DeleteTree("").code() != StatusCode::kPermissionDenied) std::exit(8);
  std::exit(0);
}

TEST_F(FolderStoreTest, ReadOnlyDiskIsReadableAndSaysWhatIsWrong) {
  EXPECT_EXIT(UseReadOnlyDisk(base_ / "disk"), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace maru::object_store
