#include "maru/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string_view>

namespace maru::config {
namespace {

using testing::HasSubstr;

const char* NoEnvironment(const char*) {
  return nullptr;
}
const char* PortInEnvironment(const char* name) {
  return std::string_view(name) == "MARU_PORT" ? "7002" : nullptr;
}

class ConfigTest : public testing::Test {
 protected:
  std::string Yaml(const std::string& text) {
    const std::string file = testing::TempDir() + "/maru-config-test.yaml";
    std::ofstream(file) << text;
    return file;
  }
};

TEST_F(ConfigTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const std::string file = Yaml("port: 7001\nlog_format: json\nauth: true\n");
  EXPECT_EQ(Load({}, NoEnvironment, "")->port, 5000);
  EXPECT_EQ(Load({}, NoEnvironment, file)->port, 7001);
  EXPECT_EQ(Load({}, PortInEnvironment, file)->port, 7002);
  EXPECT_EQ(Load({{"port", "7003"}}, PortInEnvironment, file)->port, 7003);
  EXPECT_EQ(Load({}, NoEnvironment, file)->log_format, "json");
  EXPECT_TRUE(Load({}, NoEnvironment, file)->auth);
}

TEST_F(ConfigTest, PlacesFollowTheDataFolder) {
  const auto config = Load({{"data", "/d"}}, NoEnvironment, "");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->database, "sqlite:/d/maru.db");
  EXPECT_EQ(config->artifact_root, "/d/artifacts");
}

TEST_F(ConfigTest, ErrorsNameTheSettingAndItsSource) {
  const auto message = [](const auto& config) { return std::string(config.status().message()); };
  EXPECT_EQ(message(Load({{"port", "80x"}}, NoEnvironment, "")), "port (--port): expected a whole number, got \"80x\"");
  EXPECT_THAT(message(Load({{"port", "70000"}}, NoEnvironment, "")), HasSubstr("at most 65535"));
  EXPECT_THAT(message(Load({}, NoEnvironment, Yaml("prot: 1\n"))), HasSubstr("no setting \"prot\""));
  EXPECT_THAT(message(Load({}, NoEnvironment, Yaml(": : :"))), HasSubstr("maru-config-test.yaml"));
  EXPECT_THAT(message(Load({{"tls-key", "k"}}, NoEnvironment, "")), HasSubstr("go together"));
}

TEST_F(ConfigTest, OtherAddressesNeedAuthOrAnExplicitWord) {
  EXPECT_FALSE(Load({{"address", "0.0.0.0"}}, NoEnvironment, "").ok());
  EXPECT_TRUE(Load({{"address", "0.0.0.0"}, {"auth", "true"}}, NoEnvironment, "").ok());
  EXPECT_TRUE(Load({{"address", "0.0.0.0"}, {"insecure", "true"}}, NoEnvironment, "").ok());
  EXPECT_TRUE(Load({{"address", "::1"}}, NoEnvironment, "").ok());
}

TEST_F(ConfigTest, ReferenceNamesEveryOption) {
  for (const Option& option : Options()) EXPECT_THAT(Reference(), HasSubstr(std::string("`--") + option.flag));
}

}  // namespace
}  // namespace maru::config
