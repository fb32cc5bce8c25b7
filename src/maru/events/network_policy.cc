#include "maru/events/network_policy.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <numeric>

namespace maru::events {
namespace {

struct Block4 {
  std::uint32_t network;
  int bits;
};
constexpr std::uint32_t Ip(int a, int b, int c, int d) {
  return static_cast<std::uint32_t>(a) << 24 | b << 16 | c << 8 | d;
}
constexpr Block4 kSpecial4[] = {
    {Ip(0, 0, 0, 0), 8},      {Ip(10, 0, 0, 0), 8},     {Ip(100, 64, 0, 0), 10}, {Ip(127, 0, 0, 0), 8},
    {Ip(169, 254, 0, 0), 16}, {Ip(172, 16, 0, 0), 12},  {Ip(192, 0, 0, 0), 24},  {Ip(192, 0, 2, 0), 24},
    {Ip(192, 88, 99, 0), 24}, {Ip(192, 168, 0, 0), 16}, {Ip(198, 18, 0, 0), 15}, {Ip(198, 51, 100, 0), 24},
    {Ip(203, 0, 113, 0), 24}, {Ip(224, 0, 0, 0), 4},    {Ip(240, 0, 0, 0), 4},
};

bool IsPublic4(std::uint32_t address) {
  return std::none_of(std::begin(kSpecial4), std::end(kSpecial4),
                      [&](const Block4& block) { return (address ^ block.network) >> (32 - block.bits) == 0; });
}

bool HasPrefix(const unsigned char* bytes, std::initializer_list<int> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes);
}

std::uint32_t Embedded(const unsigned char* bytes) {
  return Ip(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool IsPublic6(const unsigned char* b) {
  if (HasPrefix(b, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return IsPublic4(Embedded(b + 12));
  if (HasPrefix(b, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return IsPublic4(Embedded(b + 12));
  if (HasPrefix(b, {0x20, 0x02})) return IsPublic4(Embedded(b + 2));
  // Global unicast is 2000::/3; inside it protocol assignments (2001::/23) and documentation are not for the internet.
  if ((b[0] & 0xe0) != 0x20) return false;
  if (b[0] == 0x20 && b[1] == 0x01 && (b[2] & 0xfe) == 0) return false;
  if (HasPrefix(b, {0x20, 0x01, 0x0d, 0xb8})) return false;
  return !(b[0] == 0x3f && b[1] == 0xff && (b[2] & 0xf0) == 0);
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

bool IsPublic(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    return IsPublic4(ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    return IsPublic6(reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr.s6_addr);
  }
  return false;
}

Status CheckUrl(const NetworkPolicy& policy, const std::string& url) {
  if (url.find_first_not_of(" \t\r\n") == std::string::npos) {
    return InvalidArgument("Webhook URL cannot be empty or just whitespace: '{}'", url);
  }
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  const CURLUcode code = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME);
  const std::string scheme = code == CURLUE_OK ? Part(parsed.get(), CURLUPART_SCHEME) : "";
  if (std::find(policy.schemes.begin(), policy.schemes.end(), scheme) == policy.schemes.end()) {
    const std::string allowed =
        std::accumulate(policy.schemes.begin(), policy.schemes.end(), std::string(),
                        [](const std::string& a, const std::string& b) { return a.empty() ? b : a + ", " + b; });
    return InvalidArgument("Invalid webhook URL scheme: '{}'. Allowed schemes are: {}.", scheme, allowed);
  }
  std::string host = Part(parsed.get(), CURLUPART_HOST);
  if (host.empty()) return InvalidArgument("Webhook URL must include a hostname: '{}'", url);
  if (policy.private_networks) return OkStatus();
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return InvalidArgument("Cannot resolve Webhook URL hostname '{}': {}", host, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    if (IsPublic(a->ai_addr)) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    return InvalidArgument(
        "Webhook URL must not resolve to a non-public IP address. '{}' resolves to {}. An administrator can allow it "
        "with --webhook-private-networks.",
        host, text.data());
  }
  return OkStatus();
}

}  // namespace maru::events
