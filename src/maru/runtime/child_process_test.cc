#include "maru/runtime/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

namespace maru::runtime {
namespace {

using namespace std::chrono_literals;

bool Alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string id, name, state;
  return static_cast<bool>(stat >> id >> name >> state) && state != "Z";
}

bool Eventually(auto&& condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(ChildProcessTest, OutputComesInLinesAndTheStatusAfter) {
  std::mutex mutex;
  std::vector<std::string> lines;
  std::atomic<bool> ended{false};
  auto child = ChildProcess::Start({.argv = {"sh", "-c", "echo one; echo two >&2; pwd; printf $WORD; exit 7"},
                                    .environment = {{"WORD", "three"}},
                                    .folder = "/usr",
                                    .on_line =
                                        [&](std::string_view line) {
                                          const std::lock_guard lock(mutex);
                                          lines.emplace_back(line);
                                        },
                                    .on_exit = [&] { ended = true; }});
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_TRUE((*child)->WaitFor(5s));
  EXPECT_EQ((*child)->ExitStatus(), 7);
  EXPECT_TRUE(Eventually([&] { return ended.load(); }));
  const std::lock_guard lock(mutex);
  EXPECT_THAT(lines, testing::ElementsAre("one", "two", "/usr", "three"));
}

TEST(ChildProcessTest, TalksOverThePassedDescriptor) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  auto child = ChildProcess::Start({.argv = {"sh", "-c", "read word <&3; echo \"<$word>\" >&3"}, .passed_fd = ends[1]});
  ASSERT_TRUE(child.ok()) << child.status();
  close(ends[1]);
  ASSERT_EQ(write(ends[0], "hello\n", 6), 6);
  char answer[16] = {};
  EXPECT_EQ(read(ends[0], answer, sizeof(answer)), 8);
  EXPECT_STREQ(answer, "<hello>\n");
  close(ends[0]);
}

TEST(ChildProcessTest, NothingElseIsInherited) {
  std::mutex mutex;
  std::string open;
  auto child =
      ChildProcess::Start({.argv = {"sh", "-c", "ls /proc/self/fd | wc -l"}, .on_line = [&](std::string_view line) {
                             const std::lock_guard lock(mutex);
                             open = line;
                           }});
  ASSERT_TRUE(child.ok());
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return open == "4";  // 0, 1, 2 and the folder that ls reads
  })) << open;
}

TEST(ChildProcessTest, MissingProgramsAreErrors) {
  EXPECT_EQ(ChildProcess::Start({.argv = {"no-such-program-here"}}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ChildProcess::Start({.argv = {"/etc/passwd"}}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ChildProcess::Start({.argv = {"true"}, .folder = "/no/such/folder"}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(ChildProcessTest, DestructionKillsTheWholeGroup) {
  std::atomic<int> grandchild{0};
  {
    auto child =
        ChildProcess::Start({.argv = {"sh", "-c", "sleep 300 & echo $!; wait"},
                             .on_line = [&](std::string_view line) { grandchild = std::stoi(std::string(line)); }});
    ASSERT_TRUE(child.ok());
    ASSERT_TRUE(Eventually([&] { return grandchild != 0; }));
    EXPECT_FALSE((*child)->ExitStatus().has_value());
  }
  EXPECT_TRUE(Eventually([&] { return !Alive(grandchild); }));
}

// Not a test: the process in between, which the next one starts and kills.
TEST(ChildProcessTest, DISABLED_Parent) {
  auto child = ChildProcess::Start({.argv = {"sleep", "300"}});
  ASSERT_TRUE(child.ok());
  printf("grandchild %d\n", (*child)->pid());
  fflush(stdout);
  pause();
}

TEST(ChildProcessTest, DiesWithAParentThatWasKilled) {
  std::atomic<int> grandchild{0};
  auto parent = ChildProcess::Start(
      {.argv = {"/proc/self/exe", "--gtest_also_run_disabled_tests", "--gtest_filter=*DISABLED_Parent"},
       .on_line = [&](std::string_view line) {
         constexpr std::string_view kWord = "grandchild ";
         if (line.starts_with(kWord)) grandchild = std::stoi(std::string(line.substr(kWord.size())));
       }});
  ASSERT_TRUE(parent.ok()) << parent.status();
  ASSERT_TRUE(Eventually([&] { return grandchild != 0; }));
  EXPECT_TRUE(Alive(grandchild));
  EXPECT_NE(getpgid(grandchild), getpgid((*parent)->pid()));
  kill((*parent)->pid(), SIGKILL);  // that process alone, without any chance to clean up
  EXPECT_TRUE(Eventually([&] { return !Alive(grandchild); }));
}

}  // namespace
}  // namespace maru::runtime
