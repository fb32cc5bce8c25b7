// Expected failures are values: Status and Result<T>, with the constructors and early-return macros used everywhere.
//
// The code says who must act and how: kInvalidArgument and kNotFound are the caller's, kUnavailable asks to try again,
// kInternal is our own mistake. Each wire maps codes to its own error shape in one table. Messages tell the reader what
// to do next and never hold secrets.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <utility>

namespace maru {

using Status = absl::Status;
template <typename T>
using Result = absl::StatusOr<T>;

inline Status OkStatus() {
  return absl::OkStatus();
}

#define MARU_STATUS_CONSTRUCTOR(Name, code)                               \
  template <typename... Args>                                             \
  [[nodiscard]] Status Name(fmt::format_string<Args...> f, Args&&... a) { \
    return Status(code, fmt::format(f, std::forward<Args>(a)...));        \
  }
MARU_STATUS_CONSTRUCTOR(InvalidArgument, absl::StatusCode::kInvalidArgument)
MARU_STATUS_CONSTRUCTOR(NotFound, absl::StatusCode::kNotFound)
MARU_STATUS_CONSTRUCTOR(AlreadyExists, absl::StatusCode::kAlreadyExists)
MARU_STATUS_CONSTRUCTOR(FailedPrecondition, absl::StatusCode::kFailedPrecondition)  // right request, wrong state
MARU_STATUS_CONSTRUCTOR(Aborted, absl::StatusCode::kAborted)                        // the state moved underneath
MARU_STATUS_CONSTRUCTOR(Unauthenticated, absl::StatusCode::kUnauthenticated)
MARU_STATUS_CONSTRUCTOR(PermissionDenied, absl::StatusCode::kPermissionDenied)
MARU_STATUS_CONSTRUCTOR(ResourceExhausted, absl::StatusCode::kResourceExhausted)  // a limit of ours; try later
MARU_STATUS_CONSTRUCTOR(Unavailable, absl::StatusCode::kUnavailable)              // something we need is away
MARU_STATUS_CONSTRUCTOR(DeadlineExceeded, absl::StatusCode::kDeadlineExceeded)
MARU_STATUS_CONSTRUCTOR(Unimplemented, absl::StatusCode::kUnimplemented)
MARU_STATUS_CONSTRUCTOR(OutOfRange, absl::StatusCode::kOutOfRange)
MARU_STATUS_CONSTRUCTOR(DataLoss, absl::StatusCode::kDataLoss)
MARU_STATUS_CONSTRUCTOR(Cancelled, absl::StatusCode::kCancelled)
MARU_STATUS_CONSTRUCTOR(Internal, absl::StatusCode::kInternal)
#undef MARU_STATUS_CONSTRUCTOR

}  // namespace maru

#define MARU_CONCAT_INNER(a, b) a##b
#define MARU_CONCAT(a, b) MARU_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expression` is not OK.
#define MARU_RETURN_IF_ERROR(expression) \
  if (::maru::Status maru_status = (expression); !maru_status.ok()) return maru_status

// MARU_ASSIGN_OR_RETURN(const auto run, GetRun(id)): binds the value, or returns the error.
#define MARU_ASSIGN_OR_RETURN(declaration, expression) \
  MARU_ASSIGN_OR_RETURN_INNER(MARU_CONCAT(maru_result_, __LINE__), declaration, expression)
#define MARU_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                        \
  if (!result.ok()) return std::move(result).status();               \
  declaration = *std::move(result)
