// Bodies too large or too long-lived to hold in memory. The server pumps them between socket and storage in pieces of
// at most 256 KiB: it waits for the socket without holding a thread, and calls these on a pool thread.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "maru/base/status.h"

namespace maru::http {

struct Reply;

// Where a streamed reply comes from. Calls never overlap. Destroyed when the reply is sent or the client is gone.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Fills at most `out.size()` bytes and returns how many; 0 is the end. May block on storage. An error breaks the
  // connection, because the status line is already out.
  virtual Result<std::size_t> Read(std::span<char> out) = 0;
};

// Where an uploaded body goes. Calls never overlap. Destroyed without Finish when the upload is cut off or fails: then
// nothing of it may remain.
class UploadSink {
 public:
  virtual ~UploadSink() = default;
  virtual Status Write(std::string_view piece) = 0;  // may block on storage
  virtual Result<Reply> Finish() = 0;                // the whole body has arrived; makes it visible
};

// A reply that goes on as things happen (server-sent events, token streams). The server asks again after each wake.
class LiveSource {
 public:
  virtual ~LiveSource() = default;
  // What is ready now, possibly nothing. Never blocks. Sets `*end` when the stream is over.
  virtual Result<std::string> Take(bool* end) = 0;
  // Calls `wake` once, from any thread, when Take has more. Replaces an earlier one. May be called before this returns.
  virtual void WakeOnce(std::function<void()> wake) = 0;
};

}  // namespace maru::http
