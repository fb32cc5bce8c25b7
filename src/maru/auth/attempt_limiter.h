// Slows down guessing: after a few failures each further one doubles a pause, in which even the right password is not
// looked at.
//
// Failures count per user and peer together (a stranger cannot lock somebody out from elsewhere), per peer (one
// machine trying many users), and, with far more patience, per user (many machines trying one). Memory is bounded.
// Thread-safe; time is given, so tests need none.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace maru::auth {

class AttemptLimiter {
 public:
  // Milliseconds until the next attempt is looked at; 0 when it may be now.
  std::int64_t PauseMs(std::string_view user, std::string_view peer, std::int64_t now_ms);
  void Failed(std::string_view user, std::string_view peer, std::int64_t now_ms);
  void Succeeded(std::string_view user, std::string_view peer);

  std::size_t size();

 private:
  struct Record {
    int failures = 0;
    std::int64_t last_ms = 0;
    std::int64_t until_ms = 0;
  };
  void Count(std::string key, int free_failures, std::int64_t pause_max_ms, std::int64_t now_ms);
  void MakeRoom(std::int64_t now_ms);

  std::mutex mutex_;
  std::unordered_map<std::string, Record> records_;
};

}  // namespace maru::auth
