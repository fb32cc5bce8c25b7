#include "maru/events/webhook_sender.h"

#include <curl/curl.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace maru::events {
namespace {

constexpr std::size_t kBodyMax = 64 * 1024;  // of an answer; the rest is not read

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t KeepBody(char* data, std::size_t, std::size_t size, void* kept) {
  auto& body = *static_cast<std::string*>(kept);
  if (body.size() + size > kBodyMax) {
    body.append(data, kBodyMax - body.size());
    return 0;  // ends the transfer
  }
  body.append(data, size);
  return size;
}

// Called with the address about to be connected to, after the name was resolved.
curl_socket_t OpenSocket(void* policy, curlsocktype, curl_sockaddr* address) {
  if (!static_cast<const NetworkPolicy*>(policy)->private_networks && !IsPublic(&address->addr)) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int BreakOff(void* stopped, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stopped)->load() ? 1 : 0;
}

}  // namespace

WebhookSender::WebhookSender(NetworkPolicy policy, std::chrono::milliseconds timeout)
    : policy_(std::move(policy)), timeout_(timeout) {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
}

DeliveryOutcome WebhookSender::Post(const std::string& url, const WebhookRequest& request) const {
  DeliveryOutcome outcome;
  if (const Status status = CheckUrl(policy_, url); !status.ok()) {
    outcome.error = std::string(status.message());
    return outcome;
  }
  const std::unique_ptr<CURL, CleanUp> handle(curl_easy_init());
  std::unique_ptr<curl_slist, CleanUp> headers;
  for (const auto& [name, value] : request.headers) {
    headers.reset(curl_slist_append(headers.release(), (name + ": " + value).c_str()));
  }
  headers.reset(curl_slist_append(headers.release(), "Expect:"));
  CURL* h = handle.get();
  char why[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(h, CURLOPT_URL, url.c_str());
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(h, CURLOPT_PROXY, "");
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  curl_easy_setopt(h, CURLOPT_USERAGENT, "maru");
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, KeepBody);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &outcome.body);
  curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, &policy_);
  curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, BreakOff);
  curl_easy_setopt(h, CURLOPT_XFERINFODATA, &stopped_);
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why);
  const CURLcode code = curl_easy_perform(h);
  long status = 0;
  curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
  // A body that is too long was broken off by us; its status counts.
  if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && status != 0)) {
    outcome.http_status = static_cast<int>(status);
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0) {
      outcome.retry_after_s = static_cast<int>(std::min<curl_off_t>(seconds, 3600));
    }
  } else {
    outcome.error = why[0] != '\0' ? why : curl_easy_strerror(code);
  }
  return outcome;
}

}  // namespace maru::events
