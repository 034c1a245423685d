// Which keys of hosts count as known, by files as OpenSSH reads them.
#include "runtime/known_hosts.h"

#include <catch2/catch.hpp>

using namespace sluice;
using runtime::HostKey;
using runtime::KeyVerdict;

namespace {

KeyVerdict verdict(std::string_view text, std::uint32_t port = 22,
                   const std::string& host = "web-1") {
  return runtime::verdict_on_key(text, HostKey{host, port, "ssh-ed25519", "AAAAkey"},
                                 [](std::string_view hashed, const std::string& name) {
                                   return hashed == "|1|c2FsdA==|" + name;
                                 });
}

}  // namespace

TEST_CASE("a host's key is known by its name, its pattern or its hashed name", "[ssh]") {
  CHECK(verdict("web-1 ssh-ed25519 AAAAkey comment\n") == KeyVerdict::Known);
  CHECK(verdict("# web-1\n\n  db-1,WEB-1\tssh-ed25519\tAAAAkey\r\n") == KeyVerdict::Known);
  CHECK(verdict("web-? ssh-ed25519 AAAAkey") == KeyVerdict::Known);
  CHECK(verdict("*e*-* ssh-ed25519 AAAAkey") == KeyVerdict::Known);
  CHECK(verdict("|1|c2FsdA==|web-1 ssh-ed25519 AAAAkey") == KeyVerdict::Known);
  CHECK(verdict("web-1 ssh-ed25519 AAAAkey", 22, "Web-1") == KeyVerdict::Known);
}

TEST_CASE("what names no such host says nothing of it", "[ssh]") {
  CHECK(verdict("") == KeyVerdict::Unknown);
  CHECK(verdict("web-11 ssh-ed25519 AAAAkey\nweb ssh-ed25519 AAAAkey") == KeyVerdict::Unknown);
  CHECK(verdict("*,!web-1 ssh-ed25519 AAAAkey") == KeyVerdict::Unknown);
  CHECK(verdict("!web-1,* ssh-ed25519 AAAAkey") == KeyVerdict::Unknown);
  CHECK(verdict("|1|c2FsdA==|web-2 ssh-ed25519 AAAAkey") == KeyVerdict::Unknown);
  CHECK(verdict("web-1\nweb-1 ssh-ed25519\n") == KeyVerdict::Unknown);
  CHECK(verdict("web-1 2048 35 1234567") == KeyVerdict::OtherType);
}

TEST_CASE("another key is a changed one where it is of the same type", "[ssh]") {
  CHECK(verdict("web-1 ssh-ed25519 AAAAother") == KeyVerdict::Changed);
  CHECK(verdict("web-1 ssh-rsa AAAAother") == KeyVerdict::OtherType);
  CHECK(verdict("web-1 ssh-rsa AAAAkey") == KeyVerdict::OtherType);
  CHECK(verdict("web-1 ssh-ed25519 AAAAother\nweb-1 ssh-ed25519 AAAAkey") == KeyVerdict::Known);
}

TEST_CASE("a key that was revoked is not known, wherever that stands", "[ssh]") {
  CHECK(verdict("@revoked * ssh-ed25519 AAAAkey\nweb-1 ssh-ed25519 AAAAkey") ==
        KeyVerdict::Revoked);
  CHECK(verdict("web-1 ssh-ed25519 AAAAkey\n@revoked web-1 ssh-ed25519 AAAAkey") ==
        KeyVerdict::Revoked);
  CHECK(verdict("[web-1]:2222 ssh-ed25519 AAAAkey\n@revoked web-1 ssh-ed25519 AAAAkey", 2222) ==
        KeyVerdict::Revoked);
  CHECK(verdict("web-1 ssh-ed25519 AAAAkey\n@revoked web-1 ssh-ed25519 AAAAother") ==
        KeyVerdict::Known);
  CHECK(verdict("@revoked web-1 ssh-ed25519 AAAAother") == KeyVerdict::Unknown);
}

TEST_CASE("who certifies a host's key does not make it known", "[ssh]") {
  CHECK(verdict("@cert-authority * ssh-ed25519 AAAAkey") == KeyVerdict::Certified);
  CHECK(verdict("@cert-authority * ssh-ed25519 AAAAca\nweb-1 ssh-ed25519 AAAAkey") ==
        KeyVerdict::Known);
}

TEST_CASE("a key under a port counts there, and one under the host alone everywhere", "[ssh]") {
  CHECK(verdict("[web-1]:2222 ssh-ed25519 AAAAkey", 2222) == KeyVerdict::Known);
  CHECK(verdict("[web-1]:2222 ssh-ed25519 AAAAkey", 22) == KeyVerdict::Unknown);
  CHECK(verdict("web-1 ssh-ed25519 AAAAkey", 2222) == KeyVerdict::Known);
  CHECK(verdict("[web-1]:2222 ssh-ed25519 AAAAother\nweb-1 ssh-ed25519 AAAAkey", 2222) ==
        KeyVerdict::Changed);
  CHECK(verdict("[web-1]:2222 ssh-rsa AAAAother\nweb-1 ssh-ed25519 AAAAkey", 2222) ==
        KeyVerdict::Known);
}
