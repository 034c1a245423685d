#include "runtime/service.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::runtime {

namespace {

// systemctl itself waits for the job that it began; what is asked afterwards is whether the unit
// stayed. A unit that ended badly while it was stopped has stopped all the same, and one of a type
// that does its work and ends is done when systemctl says so.
constexpr std::string_view script = R"sh(
unit=$sluice_service_name
state=$sluice_service_state
if ! command -v systemctl >/dev/null 2>&1; then
  echo "this host has no systemctl" >&2
  exit 127
fi
tell() {
  systemctl status --no-pager --full --lines=20 -- "$unit" >&2 || :
}
# What it was in when its time ran out.
trap 'trap "" TERM; echo "$unit has not got there yet" >&2; tell; exit 143' TERM
if ! systemctl --no-ask-password "$state" -- "$unit"; then
  tell
  exit 1
fi
while :; do
  now=$(systemctl is-active -- "$unit") || :
  case $state:$now in
    stop:inactive | stop:failed) break ;;
    stop:active | *:activating | *:deactivating | *:reloading | *:refreshing) ;;
    *:active) break ;;
    *:inactive)
      if [ "$(systemctl show --property=Type -- "$unit")" = Type=oneshot ]; then break; fi
      echo "$unit is inactive" >&2
      tell
      exit 1
      ;;
    *)
      echo "$unit is ${now:-unknown to systemctl}" >&2
      tell
      exit 1
      ;;
  esac
  sleep 0.2 2>/dev/null || sleep 1
done
echo "$unit is $now"
)sh";

}  // namespace

std::string_view service_script() {
  return script.substr(1);
}

void ServiceExecutor::start(ActionRequest request, Sink done) {
  request.environment.push_back(fmt::format("sluice_service_name={}", request.text("name")));
  request.environment.push_back(fmt::format("sluice_service_state={}", request.text("state")));
  request.becomes_script(service_script());
  hand_over(std::move(request), std::move(done));
}

}  // namespace sluice::runtime
