// Where this server may be sent by somebody who only names a URL (server-side request forgery).
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "maru/base/status.h"

namespace maru::events {

struct NetworkPolicy {
  std::vector<std::string> schemes = {"https"};  // "http" too where receivers are trusted machines nearby
  bool private_networks = false;  // loopback, private, link-local and other addresses not on the internet
};

// Whether `address` is one on the public internet (IANA's special-purpose address registries, RFC 6890). IPv4 inside
// IPv6 (mapped, 6to4, NAT64) counts as what it wraps.
bool IsPublic(const sockaddr* address);

// kInvalidArgument when the policy forbids `url`; names are resolved and every address must do.
Status CheckUrl(const NetworkPolicy& policy, const std::string& url);

}  // namespace maru::events
