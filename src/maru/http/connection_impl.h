// One connection: requests in, handlers called, replies out, as one coroutine. Included by connection.cc only.
//
// g++ 12 lays out some frames wrongly (a hidden word before the resume pointer; a crash at the first resume) when an
// awaited call converts an argument in place, or takes a std::unique_ptr by value. Coroutines here name such arguments
// first and pass references, which live as long as the await.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "maru/base/ids.h"
#include "maru/http/connection.h"
#include "maru/http/exchange.h"
#include "maru/http/line.h"
#include "maru/http/reply_head.h"

namespace maru::http {

inline constexpr std::size_t kPieceBytes = 256 * 1024;       // of streamed bodies, in both directions
inline constexpr std::size_t kAdmitFirstBytes = 64 * 1024;   // larger bodies are read only from admitted callers
inline constexpr std::size_t kChunkHeadBytesMax = 8 * 1024;  // a chunk's size with its extensions, or the trailers
inline constexpr auto kLingerQuiet = std::chrono::seconds(2);
inline constexpr auto kLinger = std::chrono::seconds(30);

// An answer of an AsyncHandler, on its way from any thread to the connection.
struct LateAnswer {
  std::atomic<bool> given = false;
  Result<Reply> result = Internal("internal error");
};

template <typename Stream>
class ConnectionOf final : public Line<Stream> {
 public:
  using Line<Stream>::Line;

  static Task<void> Run(std::shared_ptr<ConnectionOf> self) {
    self->worker_->Add(self.get());
    try {
      co_await self->Serve();
    } catch (const std::exception&) {
      // Out of memory, at worst: this connection ends, the others go on.
    }
    error_code ignored;
    self->socket().close(ignored);
    self->worker_->Remove(self.get());
    self->core_.on_closed();
  }

 private:
  using Base = Line<Stream>;
  using Base::Advance, Base::Send, Base::KeepProbing;
  using Base::kPlain, Base::core_, Base::worker_, Base::stream_, Base::buffer_, Base::bytes_out_, Base::deadline_;
  using Base::socket, Base::Cancel, Base::Wait, Base::Wake, Base::StartOnPool, Base::AwaitPool, Base::OnPool;
  using Base::StartOnPoolPatiently, Base::ReadInBackground, Base::Read, Base::Fill, Base::BodyDeadline, Base::SendNow;
  using Base::timed_out_, Base::idle_, Base::aborted_, Base::background_read_, Base::client_gone_;

  std::weak_ptr<ConnectionOf> weak() { return std::static_pointer_cast<ConnectionOf>(this->shared_from_this()); }

  // --- The connection ---

  Task<void> Serve() {
    error_code error;
    socket().set_option(asio::ip::tcp::no_delay(true), error);
    const auto remote = socket().remote_endpoint(error);
    if (error) co_return;
    peer_ = remote.address().is_v6() ? fmt::format("[{}]:{}", remote.address().to_string(), remote.port())
                                     : fmt::format("{}:{}", remote.address().to_string(), remote.port());
    if constexpr (!kPlain) {
      deadline_ = SteadyClock::now() + core_.options.header_timeout;
      co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(kAwait, error));
      deadline_ = kNever;
      if (error) co_return;
    }
    bool go_on = true;
    while (go_on && !core_.stopping) go_on = co_await ServeOne();
    if (linger_) {
      co_await Linger();
    } else if constexpr (!kPlain) {
      if (aborted_) co_return;
      deadline_ = SteadyClock::now() + kLingerQuiet;
      co_await stream_.async_shutdown(asio::redirect_error(kAwait, error));
      deadline_ = kNever;
    }
  }

  // Closing with unread bytes would reset the connection and could destroy the reply on its way: let the client finish.
  Task<void> Linger() {
    error_code error;
    socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    const auto end = SteadyClock::now() + kLinger;
    const std::span<char> space = buffer_.Prepare(kBodyReadBytes);
    while (!error && !aborted_ && !core_.stopping) {
      const auto now = SteadyClock::now();
      if (now >= end) break;
      deadline_ = std::min(end, now + kLingerQuiet);
      co_await socket().async_read_some(asio::buffer(space.data(), space.size()), asio::redirect_error(kAwait, error));
      deadline_ = kNever;
    }
  }

  // Whether the connection stays open for another request.
  Task<bool> ServeOne() {
    Exchange x(core_.options.header_bytes_max);
    x.request.peer = peer_;
    x.request.secure = !kPlain;
    bytes_out_ = 0;
    if (!co_await ReadHead(x)) {
      if (!x.answered) co_return false;  // nobody is there
      co_await SendReply(x);
      Report(x);
      co_return false;
    }
    x.close = !x.parser.keep_alive();
    co_await CallRoute(x);
    Report(x);
    co_return x.answered && !x.close && !aborted_;
  }

  Task<void> CallRoute(Exchange& x) {
    if (!Dispatch(core_, x)) return SendReply(x);
    if (const auto* handler = std::get_if<Handler>(&x.route->handler)) return Call(x, *handler);
    if (const auto* handler = std::get_if<AsyncHandler>(&x.route->handler)) return Call(x, *handler);
    return Call(x, std::get<UploadHandler>(x.route->handler));
  }

  void Report(const Exchange& x) {
    if (!core_.observer) return;
    const auto duration = SteadyClock::now() - x.started;
    core_.observer({.request = &x.request,
                    .route = x.route,
                    .status = x.answered ? x.reply.status : 499,  // nginx's number for "the client went away"
                    .bytes_in = x.bytes_in,
                    .bytes_out = bytes_out_,
                    .duration_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count()});
  }

  void RefuseAndClose(Exchange& x, int http_status, const Status& status) {
    if (x.request.request_id.empty()) x.request.request_id = NewUuidHex();
    if (x.format_error == nullptr) x.format_error = core_.router.Fallback(x.parser.raw_path());
    Refuse(x, http_status, status);
    x.close = true;
  }

  Task<bool> ReadHead(Exchange& x) {
    auto deadline = SteadyClock::time_point{};
    while (true) {
      // RFC 9112 section 2.2: an empty line before a request is ignored.
      while (deadline == SteadyClock::time_point{} && buffer_.view().starts_with("\r\n")) buffer_.Consume(2);
      if (!buffer_.empty() && buffer_.view() != "\r") {
        if (deadline == SteadyClock::time_point{}) {
          x.started = SteadyClock::now();
          deadline = x.started + core_.options.header_timeout;
        }
        RequestParser::Step step = x.parser.ParseHead(buffer_.view(), x.request);
        buffer_.Consume(step.used);
        x.bytes_in += step.used;
        if (step.refusal) {
          RefuseAndClose(x, step.refusal->http_status, step.refusal->status);
          linger_ = true;
          co_return false;
        }
        if (step.done) co_return true;
      }
      const bool started = deadline != SteadyClock::time_point{};
      if (!started) {
        if (core_.draining) co_return false;
        idle_ = true;
        if (!background_read_) buffer_.ShrinkTo(kHeadReadBytes);
      }
      const bool more =
          co_await Fill(kHeadReadBytes, started ? deadline : SteadyClock::now() + core_.options.idle_timeout);
      idle_ = false;
      if (more) continue;
      if (started && timed_out_) {
        RefuseAndClose(x, 408, DeadlineExceeded("the request's head did not arrive in time"));
      }
      co_return false;
    }
  }

  // Reads the next at most `bytes_max` bytes of the body (kChunkHeadBytesMax at least, in chunks) and appends them to
  // `body`. On false the reply is ready, or the client is gone.
  Task<bool> ReadSomeBody(Exchange& x, std::size_t bytes_max, std::optional<std::uint64_t> limit, std::string& body) {
    if (x.parser.chunked()) {
      if (!buffer_.empty()) {
        const std::size_t before = body.size();
        RequestParser::Step step = x.parser.ParseChunks(buffer_.view().substr(0, bytes_max), limit, body);
        const bool starved = step.used == 0 && buffer_.size() >= kChunkHeadBytesMax;
        buffer_.Consume(step.used);
        x.bytes_in += step.used;
        if (!step.refusal && !step.done && starved) {
          step.refusal = Refusal{400, InvalidArgument("malformed chunked body: a chunk's head is too long")};
        }
        if (step.refusal) {
          RefuseAndClose(x, step.refusal->http_status, step.refusal->status);
          co_return false;
        }
        x.body_done = step.done;
        if (step.done || body.size() > before) co_return true;
      }
      if (co_await Fill(kBodyReadBytes, BodyDeadline())) co_return true;
    } else {
      bytes_max = std::min<std::uint64_t>(bytes_max, x.body_left);
      std::size_t got = std::min(bytes_max, buffer_.size());
      if (got > 0) {
        body.append(buffer_.view().substr(0, got));
        buffer_.Consume(got);
      } else if (background_read_) {
        if (co_await Fill(kHeadReadBytes, BodyDeadline())) co_return true;
      } else {
        const std::size_t before = body.size();
        body.resize(before + bytes_max);  // straight from the socket into its place
        got = co_await Read({body.data() + before, bytes_max}, BodyDeadline());
        body.resize(before + got);
      }
      x.body_left -= got;
      x.bytes_in += got;
      x.body_done = x.body_left == 0;
      if (got > 0) co_return true;
    }
    if (timed_out_) RefuseAndClose(x, 408, DeadlineExceeded("the request's body stopped arriving"));
    co_return false;
  }

  // The whole body into memory.
  Task<bool> ReadBody(Exchange& x) {
    if (!co_await SendContinue(x)) co_return false;
    while (!x.body_done) {
      // Memory grows with what has arrived, not with what was announced.
      const std::size_t step = std::max(x.request.body.size(), kBodyReadBytes);
      if (!co_await ReadSomeBody(x, step, core_.options.body_bytes_max, x.request.body)) co_return false;
    }
    co_return true;
  }

  Task<bool> SendContinue(Exchange& x) {
    if (x.body_done || !x.parser.expect_continue() || x.parser.is_http_1_0() || !buffer_.empty()) co_return true;
    x.continue_sent = true;
    co_return co_await Send("HTTP/1.1 100 Continue\r\n\r\n");
  }

  // Serialises and sends the reply, whatever kind it is.
  Task<void> SendReply(Exchange& x) {
    if (!x.body_done) {
      if (!x.parser.chunked() && x.body_left <= buffer_.size()) {
        buffer_.Consume(x.body_left);
        x.body_done = true;
      } else {
        x.close = true;
        linger_ = true;
      }
    }
    Serialize(core_, x);
    const std::string_view head = x.head;
    const bool sent = co_await Send(head, x.rest);
    if (!sent) x.close = true;
    const bool body_follows = sent && x.request.verb != Verb::kHead && StatusHasBody(x.reply.status);
    if (body_follows && x.reply.stream != nullptr) co_await SendStream(x);
    if (body_follows && x.reply.live != nullptr) co_await SendLive(x);
    if (x.reply.stream != nullptr) co_await DestroyOnPool(x.reply.stream);
  }

  // Closing files or half-done uploads can block.
  template <typename T>
  Task<void> DestroyOnPool(std::unique_ptr<T>& thing) {
    auto destroy = [&thing] {
      try {
        thing.reset();
      } catch (const std::exception&) {
      }
    };
    const bool started = co_await StartOnPoolPatiently(destroy);
    if (started) co_await AwaitPool();
    thing.reset();
  }

  // The body did not arrive, or not in a way that can be read.
  Task<void> CutOff(Exchange& x) {
    if (!x.answered) co_return;
    linger_ = true;
    co_await SendReply(x);
  }

  // --- Plain handlers ---

  Task<void> Call(Exchange& x, const Handler& handler) {
    Status admitted;
    bool asked = false;
    if (!x.body_done && core_.gatekeeper != nullptr && (x.parser.chunked() || x.body_left > kAdmitFirstBytes)) {
      asked = true;
      auto admit = [&] { admitted = Admit(core_, x); };
      if (!co_await OnPool(admit)) co_return co_await Overloaded(x);
      if (!admitted.ok()) co_return co_await Reject(x, admitted);
    }
    if (!co_await ReadBody(x)) {
      co_return co_await CutOff(x);
    }
    std::size_t sent = 0;
    auto work = [&] {
      if (core_.stopping) {
        Refuse(x, 503, Unavailable("the server is stopping"));
      } else if (Status status = asked ? OkStatus() : Admit(core_, x); !status.ok()) {
        RefuseUnadmitted(x, status);
      } else if (int http_status; !(status = DecompressBody(core_, x, &http_status)).ok()) {
        Refuse(x, http_status, status);
      } else {
        Answer(x, [&] { return handler(x.request); });
      }
      if (x.reply.stream != nullptr || x.reply.live != nullptr) return;
      Serialize(core_, x);
      sent = SendNow(x.head, x.rest);
    };
    if (!co_await OnPool(work)) co_return co_await Overloaded(x);
    if (x.reply.stream != nullptr || x.reply.live != nullptr) co_return co_await SendReply(x);
    std::string_view first = x.head;
    std::string_view second = x.rest;
    Advance(first, second, sent);
    bytes_out_ += sent;
    if (!first.empty() || !second.empty()) {
      if (!co_await Send(first, second)) x.close = true;
    }
  }

  void RefuseUnadmitted(Exchange& x, const Status& status) {
    Refuse(x, 0, status);
    if (core_.gatekeeper != nullptr) core_.gatekeeper->Challenge(x.request, status, x.reply);
  }
  Task<void> Reject(Exchange& x, const Status& status) {
    RefuseUnadmitted(x, status);
    co_await SendReply(x);
  }
  Task<void> Overloaded(Exchange& x) {
    Refuse(x, 503, Unavailable("the server is busy; try again in a moment"));
    co_await SendReply(x);
  }

  // --- Handlers that answer later ---

  // Answers when the handler's last copy of the responder dies without having been called.
  struct Giver {
    Giver(std::shared_ptr<LateAnswer> answer, std::weak_ptr<ConnectionOf> connection)
        : answer_(std::move(answer)), connection_(std::move(connection)) {}
    ~Giver() { Give(Internal("internal error")); }
    void Give(Result<Reply> result) {
      if (taken_.exchange(true)) return;
      answer_->result = std::move(result);
      answer_->given.store(true, std::memory_order_release);
      // Within the handler's own call nobody waits yet.
      if (const auto connection = connection_.lock(); connection && calling_ != connection.get()) {
        connection->WakeFromAnywhere();
      }
    }

   private:
    std::atomic<bool> taken_ = false;
    const std::shared_ptr<LateAnswer> answer_;
    const std::weak_ptr<ConnectionOf> connection_;
  };

  Task<void> Call(Exchange& x, const AsyncHandler& handler) {
    const Status admitted = Admit(core_, x);
    if (!admitted.ok()) co_return co_await Reject(x, admitted);
    if (!co_await ReadBody(x)) {
      co_return co_await CutOff(x);
    }
    if (x.coding != ContentCoding::kIdentity) {
      Status status;
      int http_status = 0;
      auto decompress = [&] { status = DecompressBody(core_, x, &http_status); };
      if (!co_await OnPool(decompress)) co_return co_await Overloaded(x);
      if (!status.ok()) {
        Refuse(x, http_status, status);
        co_return co_await SendReply(x);
      }
    }
    const auto answer = std::make_shared<LateAnswer>();
    Request passed = std::move(x.request);
    x.request = Summary(passed);
    Start(handler, std::move(passed), answer);
    while (!answer->given.load(std::memory_order_acquire) && !aborted_) co_await Wait();
    if (!answer->given.load(std::memory_order_acquire)) co_return;
    Answer(x, [&] { return std::move(answer->result); });
    co_await SendReply(x);
  }

  void Start(const AsyncHandler& handler, Request request, const std::shared_ptr<LateAnswer>& answer) {
    calling_ = this;
    try {
      auto giver = std::make_shared<Giver>(answer, weak());
      handler(std::move(request), [giver = std::move(giver)](Result<Reply> result) { giver->Give(std::move(result)); });
    } catch (const std::exception&) {
      // The responder died with the exception, and answered.
    }
    calling_ = nullptr;
  }

  // What errors, logs and metrics need of a request whose rest now belongs to its handler.
  static Request Summary(const Request& request) {
    Request summary;
    summary.verb = request.verb;
    summary.path = request.path;
    summary.raw_query = request.raw_query;
    summary.content_length = request.content_length;
    summary.request_id = request.request_id;
    summary.peer = request.peer;
    summary.secure = request.secure;
    summary.caller = request.caller;
    return summary;
  }

  // --- Streams ---

  // Fills `piece` as far as the body goes; in chunks nearly, so that there is always room to parse the next one's head.
  Task<bool> ReadPiece(Exchange& x, std::string& piece) {
    piece.clear();
    const std::optional<std::uint64_t> no_limit;
    const std::size_t enough = x.parser.chunked() ? kPieceBytes - kChunkHeadBytesMax : kPieceBytes;
    while (!x.body_done && piece.size() < enough) {
      const bool more = co_await ReadSomeBody(x, kPieceBytes - piece.size(), no_limit, piece);
      if (!more) co_return false;
    }
    co_return true;
  }

  Task<void> Call(Exchange& x, const UploadHandler& handler) {
    std::unique_ptr<UploadSink> sink;
    Status status;
    bool admitted = false;
    auto open = [&] {
      status = Admit(core_, x);
      admitted = status.ok();
      if (!admitted) return;
      status = Guarded([&]() -> Status {
        MARU_ASSIGN_OR_RETURN(sink, handler(x.request));
        return sink == nullptr ? Internal("internal error") : OkStatus();
      });
    };
    if (!co_await OnPool(open)) co_return co_await Overloaded(x);
    if (!status.ok()) {
      if (!admitted) co_return co_await Reject(x, status);
      Refuse(x, 0, status);
      co_return co_await SendReply(x);
    }
    // While the pool stores one piece, the next one arrives.
    std::string arriving;
    std::string storing;
    arriving.reserve(kPieceBytes);
    storing.reserve(kPieceBytes);
    bool arrived = co_await SendContinue(x);
    if (arrived) arrived = co_await ReadPiece(x, arriving);
    while (arrived && status.ok()) {
      std::swap(arriving, storing);
      const bool last = x.body_done;
      auto store = [&] {
        if (core_.stopping) {
          status = Unavailable("the server is stopping");
          return;
        }
        status = Guarded([&] { return storing.empty() ? OkStatus() : sink->Write(storing); });
        if (!status.ok() || !last) return;
        Answer(x, [&] { return sink->Finish(); });
        Guarded([&] { return sink.reset(), OkStatus(); }).IgnoreError();
      };
      if (!co_await StartOnPoolPatiently(store)) {
        status = Unavailable("the server is busy; try again in a moment");
        break;
      }
      if (!last) arrived = co_await ReadPiece(x, arriving);
      co_await AwaitPool();
      if (last) break;
    }
    if (sink != nullptr) co_await DestroyOnPool(sink);
    if (!arrived) {
      co_return co_await CutOff(x);
    }
    if (!status.ok()) Refuse(x, 0, status);
    co_await SendReply(x);
  }

  template <typename F>
  static Status Guarded(F call) {
    try {
      return call();
    } catch (const std::exception&) {
      return Internal("internal error");
    }
  }

  static std::string ChunkHead(std::size_t bytes) { return fmt::format("{:x}\r\n", bytes); }

  // While one piece goes out, the pool reads the next.
  Task<void> SendStream(Exchange& x) {
    std::string pieces[2];
    Result<std::size_t> got = 0;
    int reading = 0;
    auto read = [&] {
      std::string& piece = pieces[reading];
      piece.resize(kPieceBytes);
      try {
        got = x.reply.stream->Read(piece);
      } catch (const std::exception&) {
        got = Internal("internal error");
      }
      piece.resize(got.ok() ? std::min(*got, kPieceBytes) : 0);
    };
    std::uint64_t left = x.reply.stream_length.value_or(std::numeric_limits<std::uint64_t>::max());
    bool alive = co_await StartOnPoolPatiently(read);
    while (alive) {
      co_await AwaitPool();
      std::string& piece = pieces[reading];
      if (!got.ok() || piece.size() > left) {
        alive = false;  // the status line is out: a broken connection is the only way to say that this went wrong
        break;
      }
      left -= piece.size();
      if (piece.empty()) break;
      reading ^= 1;
      alive = co_await StartOnPoolPatiently(read);
      if (!alive) break;
      if (x.reply_chunked) {
        alive = co_await Send(ChunkHead(piece.size()), piece);
        if (alive) alive = co_await Send("\r\n");
      } else {
        alive = co_await Send(piece);
      }
      if (!alive) co_await AwaitPool();
    }
    if (alive && x.reply_chunked) alive = co_await Send("0\r\n\r\n");
    if (x.reply.stream_length && left > 0) alive = false;
    if (!alive) x.close = true;
  }

  Task<void> SendLive(Exchange& x) {
    KeepProbing();
    LiveSource& live = *x.reply.live;
    client_gone_ = false;
    bool end = false;
    while (!end) {
      if (!background_read_ && !client_gone_ && buffer_.size() < kBodyReadBytes) ReadInBackground();
      Result<std::string> piece = Internal("internal error");
      try {
        piece = live.Take(&end);
      } catch (const std::exception&) {
      }
      bool alive = piece.ok() && !client_gone_ && !aborted_;
      if (alive && !piece->empty()) {
        if (x.reply_chunked) {
          *piece += "\r\n";
          alive = co_await Send(ChunkHead(piece->size() - 2), *piece);
        } else {
          alive = co_await Send(*piece);
        }
      } else if (alive && !end) {
        woken_ = false;
        live.WakeOnce([weak = weak()] {
          const auto self = weak.lock();
          if (self == nullptr) return;
          asio::post(self->worker_->context(), [weak] {
            if (const auto self = weak.lock()) {
              self->woken_ = true;
              self->Wake();
            }
          });
        });
        while (!woken_ && !client_gone_ && !aborted_) co_await Wait();
      }
      if (!alive) {
        x.close = true;
        break;
      }
    }
    if (end && !x.close && x.reply_chunked) x.close = !co_await Send("0\r\n\r\n");
    x.reply.live.reset();
    if (x.close && background_read_) {
      Cancel();
      while (background_read_) co_await Wait();
    }
  }

  std::string peer_;
  bool linger_ = false;  // the client may still be sending when the connection closes
  bool woken_ = false;   // by a live source
  static inline thread_local const ConnectionOf* calling_ = nullptr;
};

}  // namespace maru::http
