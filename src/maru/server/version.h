// The version of this build, and the MLflow version whose wire it speaks.
#pragma once

namespace maru::server {

inline constexpr char kVersion[] = "0.1.0";
inline constexpr char kMlflowVersion[] = "3.17.2";

}  // namespace maru::server
