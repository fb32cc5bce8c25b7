#include "maru/auth/auth_gate.h"

#include <sodium.h>
#include <strings.h>

namespace maru::auth {
namespace {

constexpr std::string_view kCookie = "maru_session";
constexpr std::string_view kOwnHeader = "X-Maru-Request";
constexpr std::string_view kWorkspaceHeader = "X-MLFLOW-WORKSPACE";

bool StartsWithWord(std::string_view text, std::string_view word) {
  return text.size() > word.size() && strncasecmp(text.data(), word.data(), word.size()) == 0 &&
         text[word.size()] == ' ';
}

bool ChangesSomething(http::Verb verb) {
  return verb != http::Verb::kGet && verb != http::Verb::kHead && verb != http::Verb::kOptions;
}

// "example.org:80" → "example.org", "[::1]:80" → "[::1]".
std::string_view HostName(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool IsLocalName(std::string_view name) {
  if (name.starts_with('[')) return true;  // an address: nothing to rebind
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  return !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

Result<Identity> ByBasic(Accounts& accounts, std::string_view encoded, std::string_view peer) {
  std::string text(encoded.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(text.data()), text.size(), encoded.data(), encoded.size(),
                        nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0) {
    return Unauthenticated("the Authorization header is malformed");
  }
  text.resize(size);
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return Unauthenticated("the Authorization header is malformed");
  const std::string_view all = text;
  return accounts.ByPassword(all.substr(0, colon), all.substr(colon + 1), peer);
}

}  // namespace

std::string_view PeerAddress(const http::Request& request) {
  const std::string_view peer = request.peer;
  return peer.substr(0, peer.rfind(':'));
}

std::string_view SessionCookie(const http::Request& request) {
  std::string_view rest = request.headers.Get("Cookie");
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > kCookie.size() && pair.starts_with(kCookie) && pair[kCookie.size()] == '=') {
      return pair.substr(kCookie.size() + 1);
    }
  }
  return {};
}

std::string SetSessionCookie(std::string_view value, bool secure, std::int64_t seconds) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}", kCookie, value, seconds,
                     secure ? "; Secure" : "");
}

Status CheckSameOrigin(const http::Request& request) {
  const std::string_view site = request.headers.Get("Sec-Fetch-Site");
  if (site == "cross-site" || site == "same-site") {
    return PermissionDenied("a page of another site may not send this request");
  }
  const std::string_view origin = request.headers.Get("Origin");
  if (origin.empty()) return OkStatus();
  const std::size_t scheme = origin.find("://");
  // A proxy may end TLS before this server, so the scheme is not compared.
  if (scheme != std::string_view::npos && origin.substr(scheme + 3) == request.headers.Get("Host")) return OkStatus();
  return PermissionDenied("a page of another site may not send this request");
}

Result<Identity> AuthGate::Identify(const http::Request& request) {
  const std::string_view authorization = request.headers.Get("Authorization");
  if (StartsWithWord(authorization, "Bearer")) return accounts_.ByToken(authorization.substr(7));
  if (StartsWithWord(authorization, "Basic")) {
    return ByBasic(accounts_, authorization.substr(6), PeerAddress(request));
  }
  const std::string_view cookie = SessionCookie(request);
  MARU_ASSIGN_OR_RETURN(Identity identity, accounts_.ByCookie(cookie));
  if (ChangesSomething(request.verb)) {
    MARU_RETURN_IF_ERROR(CheckSameOrigin(request));
    if (!request.headers.Has(kOwnHeader)) {
      return PermissionDenied("changes that are proved by a cookie need the header {}", kOwnHeader);
    }
  }
  return identity;
}

Status AuthGate::Admit(http::Request& request, const http::Route& route) {
  request.caller.granted = Permission::kPublic;
  if (route.permission == Permission::kPublic) return OkStatus();
  Result<Identity> identity = Identify(request);
  if (!identity.ok()) return identity.status();
  const std::string_view wanted = request.headers.Get(kWorkspaceHeader);
  if (!wanted.empty()) request.caller.workspace = std::string(wanted);
  // "*" is where roles for all workspaces are kept; it is no workspace.
  if (request.caller.workspace == kEveryWorkspace) return NotFound("there is no workspace *");
  request.caller.principal = std::move(identity->user);
  request.caller.granted = identity->In(request.caller.workspace);
  if (request.caller.granted >= route.permission) return OkStatus();
  return PermissionDenied("{} needs the role {} in workspace {}, and has {}", request.caller.principal,
                          RoleName(route.permission), request.caller.workspace, RoleName(request.caller.granted));
}

void AuthGate::Challenge(const http::Request& request, const Status& refusal, http::Reply& reply) {
  if (absl::IsUnauthenticated(refusal)) {
    // A browser that is asked for basic credentials opens a dialog of its own over the page's log-in.
    const bool browser = request.headers.Has("Sec-Fetch-Mode") || request.headers.Has(kOwnHeader);
    reply.headers.Add("WWW-Authenticate",
                      browser ? "Bearer realm=\"maru\"" : "Basic realm=\"maru\", charset=\"UTF-8\"");
  } else if (absl::IsResourceExhausted(refusal)) {
    reply.headers.Add("Retry-After", "1");
  }
}

Status OpenGate::Admit(http::Request& request, const http::Route&) {
  if (ChangesSomething(request.verb)) MARU_RETURN_IF_ERROR(CheckSameOrigin(request));
  const std::string_view host = HostName(request.headers.Get("Host"));
  if (local_names_only_ && !host.empty() && !IsLocalName(host)) {
    return PermissionDenied(
        "this server answers to localhost and to addresses, not to {}; --auth or --insecure allow "
        "other names",
        host);
  }
  return OkStatus();
}

}  // namespace maru::auth
