#include "runtime/ssh_login.h"

#include <fmt/format.h>

#include <tuple>

#include "runtime/ssh_options.h"

namespace sluice::runtime {

namespace {

bool says_nothing(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// dash keeps what it puts aside above the tenth descriptor, and says so where there is none.
bool lacks_descriptors(std::string_view errors) {
  return errors.find("Too many open files") != std::string_view::npos ||
         (errors.find(": 1: ") != std::string_view::npos &&
          errors.find(": Invalid argument") != std::string_view::npos);
}

bool lacks_processes(std::string_view errors) {
  return errors.find("annot fork") != std::string_view::npos ||
         errors.find("an't fork") != std::string_view::npos ||
         errors.find("fork: ") != std::string_view::npos;
}

std::string_view what_to_look_at(int exit_status, std::string_view errors) {
  constexpr int cannot_run = 126;
  constexpr int not_found = 127;
  if (exit_status == cannot_run || exit_status == not_found) return "";  // its words say it
  if (lacks_descriptors(errors)) return "; see how many files it may open there (`ulimit -n`)";
  if (lacks_processes(errors)) return "; see how many processes it may have there (`ulimit -u`)";
  return "; see the user's shell there (/etc/passwd), and ForceCommand in its sshd_config";
}

}  // namespace

std::string login_problem(int exit_status, std::string_view output, std::string_view errors) {
  // As both texts of the wrapper say it.
  for (const auto& [name, number, other] :
       {std::tuple{"error", 2, output}, {"output", 1, errors}}) {
    const std::string closed = fmt::format("sluice: standard {} is closed", name);
    if (other.find(closed) == std::string_view::npos) continue;
    return fmt::format(
        "its login closes standard {}, on which the host would answer (`exec {}>&-`, perhaps, in a "
        "file that its shell reads)",
        name, number);
  }
  std::string said;
  for (const std::string_view stream : {output, errors}) {
    if (says_nothing(stream)) continue;
    const std::string words = ssh_reason(stream);
    if (words != said) said += (said.empty() ? "" : "; ") + words;
  }
  return fmt::format("its login shell does not do as it is told (exit status {}){}{}", exit_status,
                     said.empty() ? ", and says nothing" : ": `" + said + "`",
                     what_to_look_at(exit_status, errors));
}

}  // namespace sluice::runtime
