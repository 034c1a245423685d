// Where secrets are read, and that they cannot be printed.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <sstream>
#include <type_traits>

#include "runtime/secrets.h"
#include "support/golden.h"

using namespace sluice;
using runtime::SecretText;

namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

plan::Plan with(plan::Secret::Source source, const std::string& from) {
  plan::Plan plan;
  plan.secrets.push_back({"token", source, from, {}});
  return plan;
}

std::string read(const plan::Plan& plan, const std::string& directory) {
  const auto secrets = runtime::read_secrets(plan, directory);
  if (!secrets) return "error: " + secrets.error().message;
  return std::string(secrets.value().find("token")->reveal());
}

}  // namespace

TEST_CASE("a secret has no way to be printed, copied or converted", "[secrets]") {
  STATIC_REQUIRE(!fmt::is_formattable<SecretText>::value);
  STATIC_REQUIRE(!Streamable<SecretText>);
  STATIC_REQUIRE(!std::is_convertible_v<SecretText, std::string>);
  STATIC_REQUIRE(!std::is_convertible_v<SecretText, std::string_view>);
  STATIC_REQUIRE(!std::is_copy_constructible_v<SecretText>);
  STATIC_REQUIRE(Streamable<std::string>);  // the question itself tells them apart
}

TEST_CASE("a secret of the environment is taken out of it", "[secrets]") {
  ::setenv("SLUICE_TEST_TOKEN", "canary-of-env", 1);
  const char* where = std::getenv("SLUICE_TEST_TOKEN");
  const plan::Plan plan = with(plan::Secret::Source::Environment, "SLUICE_TEST_TOKEN");
  CHECK(read(plan, ".") == "canary-of-env");
  CHECK(std::getenv("SLUICE_TEST_TOKEN") == nullptr);
  CHECK(std::string(where) == "*************");
  CHECK(read(plan, ".") ==
        "error: the secret `token` cannot be read: the environment has no `SLUICE_TEST_TOKEN`");
}

TEST_CASE("a secret is read from a file and from what a command prints", "[secrets]") {
  using Source = plan::Secret::Source;
  const test::TemporaryDirectory folder;
  test::write_text(folder.path() + "/token", "canary of a file\n");
  CHECK(read(with(Source::File, "token"), folder.path()) == "canary of a file");
  CHECK(read(with(Source::File, folder.path() + "/token"), "/") == "canary of a file");
  CHECK(read(with(Source::File, "none"), folder.path()) ==
        "error: the secret `token` cannot be read: cannot read " + folder.path() +
            "/none: No such file or directory");
  CHECK(read(with(Source::Command, "cat token; echo"), folder.path()) == "canary of a file\n");
  CHECK(read(with(Source::Command, "echo seen; echo 'no key' >&2; exit 3"), folder.path()) ==
        "error: the secret `token` cannot be read: its command: exit status 3: no key");
}

TEST_CASE("what cannot be handed on or kept out of sight is refused", "[secrets]") {
  const test::TemporaryDirectory folder;
  const auto refused = [&](const std::string& value) {
    test::write_text(folder.path() + "/token", value);
    return read(with(plan::Secret::Source::File, "token"), folder.path());
  };
  CHECK(refused("seven77") ==
        "error: the secret `token` cannot be read: it has 7 bytes, and a secret has at least 8: a "
        "shorter one cannot be told from other text in what is written");
  CHECK(refused("").find("it has 0 bytes") != std::string::npos);
  CHECK(refused(std::string("a\0bcdefgh", 9)).find("a zero byte") != std::string::npos);
  CHECK(refused(std::string(70'000, 'x')).find("error: ") == 0);
  CHECK(refused("eight888\r\n") == "eight888");
}
