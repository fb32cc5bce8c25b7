#include "maru/serving/python_environment.h"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <mutex>
#include <sstream>
#include <vector>

#include "maru/runtime/child_process.h"
#include "maru/serving/digest.h"

namespace maru::serving {
namespace fs = std::filesystem;
namespace {

using runtime::ChildProcess;

struct Ran {
  int status = 0;
  std::string output;  // the last lines
};

Result<Ran> RunProgram(std::vector<std::string> argv, const std::atomic<bool>& cancelled) {
  constexpr std::size_t kLines = 40;
  std::mutex mutex;
  std::deque<std::string> lines;
  Ran ran;
  {
    MARU_ASSIGN_OR_RETURN(const auto child,
                          ChildProcess::Start({.argv = std::move(argv), .on_line = [&](std::string_view line) {
                                                 const std::lock_guard lock(mutex);
                                                 lines.emplace_back(line);
                                                 if (lines.size() > kLines) lines.pop_front();
                                               }}));
    while (!child->WaitFor(std::chrono::milliseconds(100))) {
      if (cancelled) return Cancelled("the server is stopping");
    }
    ran.status = child->ExitStatus().value_or(1);
  }  // its reader has ended: all lines are there
  for (const std::string& line : lines) ran.output += line + '\n';
  return ran;
}

std::string BaseInterpreter(const PythonOptions& options) {
  if (!options.interpreter.empty()) return options.interpreter;
  if (const char* active = std::getenv("VIRTUAL_ENV"); active != nullptr && *active) {
    return (fs::path(active) / "bin" / "python").string();
  }
  return "python3";
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// "3.11.2"
Result<std::string> VersionOf(const std::string& interpreter, const std::atomic<bool>& cancelled) {
  MARU_ASSIGN_OR_RETURN(
      const Ran ran, RunProgram({interpreter, "-c", "import platform; print(platform.python_version())"}, cancelled));
  if (ran.status != 0) return FailedPrecondition("{} does not run: {}", interpreter, ran.output);
  return FirstLine(ran.output);
}

// Pickled functions only load on the minor version that wrote them.
bool SameMinor(std::string_view a, std::string_view b) {
  const auto minor = [](std::string_view v) { return v.substr(0, v.find('.', v.find('.') + 1)); };
  return minor(a) == minor(b);
}

class Maker {
 public:
  Maker(const ModelPackage& package, const PythonOptions& options, const std::atomic<bool>& cancelled)
      : package_(package), options_(options), cancelled_(cancelled), base_(BaseInterpreter(options)) {}

  Result<std::string> Find(const std::string& mode) {
    if (mode == "current") {
      MARU_RETURN_IF_ERROR(VersionOf(base_, cancelled_).status());
      return base_;
    }
    const Result<std::string> base_version = VersionOf(base_, cancelled_);
    std::string lacks;
    if (mode == "auto" || package_.requirements.empty()) {
      MARU_ASSIGN_OR_RETURN(lacks, WhatBaseLacks(base_version));
      if (lacks.empty()) return base_;
    }
    if (package_.requirements.empty()) {
      return FailedPrecondition("the model names no requirements, and {}; set environment: current to use it anyway",
                                lacks);
    }
    Result<std::string> isolated = Isolated(base_version);
    if (isolated.ok() || absl::IsCancelled(isolated.status()) || mode == "auto") return isolated;
    // Without a network there is no new environment, but the configured one may do.
    MARU_ASSIGN_OR_RETURN(lacks, WhatBaseLacks(base_version));
    if (!lacks.empty()) return isolated;
    spdlog::warn("no isolated environment can be made; {} has all that the model asks for and is used instead", base_);
    return base_;
  }

 private:
  // Why the configured interpreter cannot run the model; empty when it can.
  Result<std::string> WhatBaseLacks(const Result<std::string>& base_version) {
    if (!base_version.ok()) return std::string(base_version.status().message());
    if (!package_.python_version.empty() && !SameMinor(*base_version, package_.python_version)) {
      return fmt::format("{} is Python {}, the model was made with {}", base_, *base_version, package_.python_version);
    }
    if (package_.requirements.empty()) return std::string();
    MARU_ASSIGN_OR_RETURN(const Ran ran, RunProgram({base_, (options_.scripts / "requirements_check.py").string(),
                                                     package_.requirements.string()},
                                                    cancelled_));
    return ran.status == 0 ? std::string() : fmt::format("{} lacks {}", base_, ran.output);
  }

  Result<std::string> Isolated(const Result<std::string>& base_version) {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    std::ifstream file(package_.requirements);
    std::stringstream requirements;
    requirements << file.rdbuf();
    const std::string version = !package_.python_version.empty() ? package_.python_version
                                : base_version.ok()              ? *base_version
                                                                 : "3";
    const fs::path target = options_.folder / Sha256Hex(version + '\n' + requirements.str()).substr(0, 40);
    const std::string interpreter = (target / "bin" / "python").string();
    std::error_code error;
    if (fs::exists(target / "complete", error)) return interpreter;
    fs::remove_all(target, error);  // what an interrupted attempt left
    fs::create_directories(options_.folder, error);
    const Status made = Make(target, interpreter, version, base_version);
    if (!made.ok()) {
      fs::remove_all(target, error);
      return made;
    }
    std::ofstream(target / "complete") << version << '\n';
    return interpreter;
  }

  Status Make(const fs::path& target, const std::string& interpreter, const std::string& version,
              const Result<std::string>& base_version) {
    spdlog::info("making a Python environment for {}", package_.folder.string());
    const bool base_fits = base_version.ok() && SameMinor(*base_version, version);
    const std::string python = base_fits ? base_ : version.substr(0, version.find('.', version.find('.') + 1));
    if (const auto uv = FindUv()) {
      MARU_RETURN_IF_ERROR(Step({*uv, "venv", "--quiet", "--python", python, target.string()}));
      return Step({*uv, "pip", "install", "--quiet", "--python", interpreter, "-r", package_.requirements.string()});
    }
    if (!base_fits) return FailedPrecondition("the model needs Python {}, and there is no uv to fetch it", version);
    MARU_RETURN_IF_ERROR(Step({base_, "-m", "venv", target.string()}));
    return Step({interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
                 package_.requirements.string()});
  }

  Status Step(std::vector<std::string> argv) {
    const std::string program = argv[0] + ' ' + argv[1];
    MARU_ASSIGN_OR_RETURN(const Ran ran, RunProgram(std::move(argv), cancelled_));
    if (ran.status == 0) return OkStatus();
    return FailedPrecondition("the model's Python environment cannot be made ({} ended with {}):\n{}", program,
                              ran.status, ran.output);
  }

  std::optional<std::string> FindUv() const {
    const fs::path beside = fs::path(base_).parent_path() / "uv";
    if (base_.find('/') != std::string::npos && runtime::FindProgram(beside.string())) return beside.string();
    return runtime::FindProgram("uv");
  }

  const ModelPackage& package_;
  const PythonOptions& options_;
  const std::atomic<bool>& cancelled_;
  const std::string base_;
};

}  // namespace

Result<std::string> FindPython(const ModelPackage& package, const std::string& mode, const PythonOptions& options,
                               const std::atomic<bool>& cancelled) {
  return Maker(package, options, cancelled).Find(mode);
}

}  // namespace maru::serving
