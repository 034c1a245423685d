// What ssh may be given: nothing that it could take for an option, and nothing that a shell would
// read otherwise. The compiler refuses the rest where it stands, the runtime before anything
// starts.
#pragma once

#include <string_view>

namespace sluice::plan {

// A host's name or address, without brackets.
bool is_host_text(std::string_view text);
// A user; `DOMAIN\user` and `user@domain` are some.
bool is_user_text(std::string_view text);
// [user@]host[:port], several apart by commas; an address of numbers and colons stands in brackets.
bool is_jump_text(std::string_view text);

// What connects: the setting `client`, and what it may be. OpenSSH's is the usual one.
inline constexpr std::string_view client_setting = "client";
inline constexpr std::string_view openssh_client = "openssh";
inline constexpr std::string_view libssh_client = "libssh";
// What keeps an action's files on its host: the setting `wrapper`, and what it may be. Without it,
// Perl where the host has it, else a shell.
inline constexpr std::string_view wrapper_setting = "wrapper";
inline constexpr std::string_view shell_wrapper = "sh";
inline constexpr std::string_view perl_wrapper = "perl";
// Why a setting cannot be given where libssh connects, or empty.
std::string_view problem_for_libssh(std::string_view setting);

}  // namespace sluice::plan
