#include "maru/http/request_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maru::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RequestLogTest, CountsByRouteNotByPath) {
  metrics::Registry registry;
  RequestLog log(registry);
  const Route route{Verb::kGet, "/runs/{id}", Permission::kView, {}, nullptr};
  Request request;
  request.path = "/runs/77";
  for (int i = 0; i < 3; ++i) {
    log.Observe({.request = &request,
                 .route = &route,
                 .status = 200,
                 .bytes_in = 10,
                 .bytes_out = 100,
                 .duration_ns = 2'000'000});
  }
  log.Observe({.request = &request, .route = nullptr, .status = 404, .duration_ns = 1});
  const std::string text = registry.Render();
  EXPECT_THAT(text, HasSubstr(R"(maru_http_requests_total{method="GET",route="/runs/{id}",status="200"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(maru_http_requests_total{method="GET",route="unmatched",status="404"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(maru_http_request_duration_seconds_count{method="GET",route="/runs/{id}"} 3)"));
  EXPECT_THAT(text, HasSubstr("maru_http_response_bytes_total 300"));
  EXPECT_THAT(text, Not(HasSubstr("77")));
}

}  // namespace
}  // namespace maru::http
