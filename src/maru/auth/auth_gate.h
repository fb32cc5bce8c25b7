// Lets requests in: who sends it, in which workspace, and whether their role there is enough for the route.
//
// Proofs, in this order: `Authorization: Bearer TOKEN`, `Authorization: Basic USER:PASSWORD`, the page's cookie. A
// request that changes something and is proved by the cookie alone must carry the header X-Maru-Request, which no page
// of another site can set, and no Origin but this server's.
#pragma once

#include <string>
#include <string_view>

#include "maru/auth/accounts.h"
#include "maru/http/server.h"

namespace maru::auth {

class AuthGate final : public http::Gatekeeper {
 public:
  explicit AuthGate(Accounts& accounts) : accounts_(accounts) {}  // must outlive the gate

  Status Admit(http::Request& request, const http::Route& route) override;
  void Challenge(const http::Request& request, const Status& refusal, http::Reply& reply) override;

  // Who sends the request, whatever it asks for.
  Result<Identity> Identify(const http::Request& request);

 private:
  Accounts& accounts_;
};

// Without --auth, everybody who reaches the loopback port may do everything; a web page that somebody happens to have
// open on this machine must not be among them. Refuses requests of other sites, and, when `local_names_only`, those
// addressed to a name that is not this machine's (DNS rebinding).
class OpenGate final : public http::Gatekeeper {
 public:
  explicit OpenGate(bool local_names_only) : local_names_only_(local_names_only) {}
  Status Admit(http::Request& request, const http::Route& route) override;

 private:
  const bool local_names_only_;
};

// The page's cookie in a request; empty when there is none.
std::string_view SessionCookie(const http::Request& request);
// For Set-Cookie. An empty `value` removes it.
std::string SetSessionCookie(std::string_view value, bool secure, std::int64_t seconds);

// kPermissionDenied when a browser says that the request comes from another site's page.
Status CheckSameOrigin(const http::Request& request);
// The address of the peer without its port.
std::string_view PeerAddress(const http::Request& request);

}  // namespace maru::auth
