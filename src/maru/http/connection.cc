#include "maru/http/connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "maru/http/connection_impl.h"

namespace maru::http {

void Serve(Socket socket, ServerCore& core, std::shared_ptr<Worker> worker) {
  asio::io_context& context = worker->context();
  if (core.tls != nullptr) {
    using Tls = asio::ssl::stream<Socket>;
    auto connection = std::make_shared<ConnectionOf<Tls>>(Tls(std::move(socket), *core.tls), core, std::move(worker));
    asio::co_spawn(context, ConnectionOf<Tls>::Run(std::move(connection)), asio::detached);
  } else {
    auto connection = std::make_shared<ConnectionOf<Socket>>(std::move(socket), core, std::move(worker));
    asio::co_spawn(context, ConnectionOf<Socket>::Run(std::move(connection)), asio::detached);
  }
}

}  // namespace maru::http
