#include "maru/api/kserve/infer.h"

#include <charconv>
#include <mutex>

#include "maru/api/kserve/infer_reply.h"
#include "maru/api/kserve/infer_request.h"

namespace maru::api::kserve {
namespace {

constexpr std::string_view kJsonLengthHeader = "Inference-Header-Content-Length";

class HttpInferCall final : public serving::InferCall {
 public:
  // Calls are used again: their arenas and vectors have grown to what the traffic needs.
  static std::unique_ptr<HttpInferCall> Take() {
    const std::lock_guard lock(free_mutex_);
    if (free_.empty()) return std::make_unique<HttpInferCall>();
    auto call = std::move(free_.back());
    free_.pop_back();
    return call;
  }

  void Begin(serving::RevisionHandle revision, http::Request http, http::Responder respond) {
    revision_ = std::move(revision);
    http_ = std::move(http);
    respond_ = std::move(respond);
  }
  const http::Request& http() const { return http_; }

  std::size_t size_bytes() const override { return http_.body.size(); }

  Status Prepare(const serving::ModelMetadata& model) override {
    std::optional<std::size_t> json_bytes;
    if (const std::string_view text = http_.headers.Get(kJsonLengthHeader); !text.empty()) {
      std::size_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) {
        return InvalidArgument("{} is \"{}\"; expected a number of bytes", kJsonLengthHeader, text.substr(0, 60));
      }
      json_bytes = value;
    }
    return DecodeInfer(http_.body, json_bytes, model, arena, request, wishes_);
  }

  void Done() override {
    std::unique_ptr<HttpInferCall> self(this);
    http::Responder respond = std::move(respond_);
    Result<http::Reply> reply =
        status.ok() ? Result<http::Reply>(EncodeInfer(http_.Capture("name"), revision_->options().model_version,
                                                      wishes_, response.outputs))
                    : Result<http::Reply>(status);
    Clear();
    if (arena.small()) {
      const std::lock_guard lock(free_mutex_);
      if (free_.size() < kFreeMax) free_.push_back(std::move(self));
    }
    self.reset();
    respond(std::move(reply));
  }

 private:
  static constexpr std::size_t kFreeMax = 256;

  void Clear() {
    response.Clear();
    request.inputs.clear();
    request.outputs.clear();
    request.deadline_ns = 0;
    wishes_.Clear();
    arena.Reset();
    status = OkStatus();
    revision_.reset();
    http_ = {};
    respond_ = nullptr;
  }

  static std::mutex free_mutex_;
  static std::vector<std::unique_ptr<HttpInferCall>> free_;

  serving::RevisionHandle revision_;
  http::Request http_;
  http::Responder respond_;
  InferWishes wishes_;
};

std::mutex HttpInferCall::free_mutex_;
std::vector<std::unique_ptr<HttpInferCall>> HttpInferCall::free_;

}  // namespace

void Infer(serving::EndpointService& service, http::Request request, http::Responder respond) {
  const std::string_view name = request.Capture("name");
  Result<serving::RevisionHandle> revision = service.ReadyRevision(request.caller.workspace, name, /*for_a_call=*/true);
  if (!revision.ok()) return respond(revision.status());
  const std::string_view version = request.Capture("version");
  if (!version.empty() && version != (*revision)->options().model_version) {
    return respond(NotFound("endpoint \"{}\" serves version {} of its model, not {}", name,
                            (*revision)->options().model_version, version.substr(0, 60)));
  }
  auto call = HttpInferCall::Take();
  call->Begin(*revision, std::move(request), std::move(respond));
  serving::Revision::Start(*std::move(revision), std::move(call));
}

}  // namespace maru::api::kserve
