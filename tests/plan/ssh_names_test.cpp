// What ssh may be given, and what it could take for something else.
#include <catch2/catch.hpp>
#include <string>

#include "plan/ssh_names.h"

using namespace sluice;

TEST_CASE("hosts, users and jumps that ssh takes are taken") {
  for (const char* host : {"web-1.acme.example", "10.0.0.5", "::1", "fe80::1%eth0", "a_b"}) {
    INFO(host);
    CHECK(plan::is_host_text(host));
  }
  for (const char* user : {"ada", "ACME\\deploy", "ada@corp", "deploy+ci", "host$"}) {
    INFO(user);
    CHECK(plan::is_user_text(user));
    CHECK(plan::is_jump_text(std::string(user) + "@bastion:2222"));
  }
  CHECK(plan::is_jump_text("bastion"));
  CHECK(plan::is_jump_text("ada@one,two:22,[::1]:22"));
}

TEST_CASE("what ssh or a shell could read otherwise is not") {
  for (const char* text : {"", "-oProxyCommand=id", "a b", "a;b", "$(id)", "`id`", "a\nb", "a'b",
                           "a\"b", "a|b", "a&b", "a/b", "[::1] "}) {
    INFO(text);
    CHECK_FALSE(plan::is_host_text(text));
    CHECK_FALSE(plan::is_user_text(text));
    CHECK_FALSE(plan::is_jump_text(text));
    CHECK_FALSE(plan::is_jump_text("ok," + std::string(text)));
    CHECK_FALSE(plan::is_jump_text(std::string(text) + "@host"));
  }
  CHECK_FALSE(plan::is_host_text("user@host"));
  CHECK_FALSE(plan::is_host_text("[::1]"));
}
