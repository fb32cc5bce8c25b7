#include "maru/events/webhook_request.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>

#include "maru/json/json.h"

namespace maru::events {
namespace {

struct Envelope {
  std::string entity, action, timestamp;
  json::Raw data;
  std::optional<std::string> workspace;
};
BOOST_DESCRIBE_STRUCT(Envelope, (), (entity, action, timestamp, data, workspace))

// As Python's isoformat writes it: 2026-01-31T09:05:00.123000+00:00.
std::string IsoTime(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, ms % 1000 * 1000);
}

std::string Signature(std::string_view secret, std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(), &size);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64;
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "v1," + std::string(reinterpret_cast<const char*>(base64.data()), length);
}

}  // namespace

WebhookRequest MakeWebhookRequest(const Event& event, std::string_view delivery_id, std::string_view secret,
                                  std::int64_t now_ms) {
  const std::size_t dot = event.type.find('.');
  Envelope envelope{.entity = event.type.substr(0, dot),
                    .action = dot == std::string::npos ? "" : event.type.substr(dot + 1),
                    .timestamp = IsoTime(event.time_ms),
                    .data = {event.payload}};
  if (event.workspace != "default") envelope.workspace = event.workspace;
  WebhookRequest request{.body = json::Encode(envelope)};
  const std::string timestamp = std::to_string(now_ms / 1000);
  request.headers = {{"Content-Type", "application/json"},
                     {"X-MLflow-Delivery-Id", std::string(delivery_id)},
                     {"X-MLflow-Timestamp", timestamp}};
  if (!secret.empty()) {
    request.headers.emplace_back("X-MLflow-Signature",
                                 Signature(secret, fmt::format("{}.{}.{}", delivery_id, timestamp, request.body)));
  }
  return request;
}

}  // namespace maru::events
