// Which release each target serves, and when that changed: read from a timeline, for what-ifs. The
// language has no word for a release, so a rule decides which tasks bring it (is_release_task).
#pragma once

#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::scheduler {

// A task that puts something in place on its target: a script, package, service or the like that
// neither drains nor restores. Where any step takes targets out of service, only the tasks of such
// steps: what else runs there prepares or looks. What reads, waits, asks or tells (http, wait,
// manual, email) brings nothing, nor does haproxy.
bool is_release_task(const plan::Plan& plan, plan::StepId step, std::uint32_t task);

enum class Release : std::uint8_t {
  Old,      // nothing was begun, or all of it was taken back
  Between,  // begun and not ended well: nobody knows without looking
  New,      // all that brings it ended well, or was there already
};

struct Releases {
  struct Switch {
    plan::TargetId target;
    base::Instant at;
    bool to_new = true;
    bool operator==(const Switch&) const = default;
  };
  std::vector<bool> concerned;   // by TargetId: some release task works on it
  std::vector<Release> at_end;   // by TargetId
  std::vector<Switch> switches;  // by target, then time
  std::uint32_t count(Release release) const;
};

// Needs the lanes of the timeline.
Releases releases_of(const plan::Plan& plan, const Timeline& timeline);

// How long a target of one role served the old release while one of the other served the new.
struct SideBySide {
  plan::RoleId old_role;
  plan::RoleId new_role;
  base::Duration time;
  Interval span;  // from the first such instant to the last
  bool operator==(const SideBySide&) const = default;
};
// By old role, then new role; only where there is such a time. A target serves the old release
// until all that brings the new one has ended well, and nothing while it is out of service.
std::vector<SideBySide> side_by_side(const plan::Plan& plan, const Timeline& timeline,
                                     const Releases& releases);

// The first task that failed for good, on whichever lane; nothing where none did.
struct FirstFailure {
  plan::StepId step;
  std::uint32_t lane = 0;
  std::uint32_t task = 0;
  Part part = Part::Run;
  base::Instant at = base::Instant::never();
};
FirstFailure first_failure(const plan::Plan& plan, const Timeline& timeline);

// What was taken back, and how long that took from the first failure on.
struct TakenBack {
  std::uint32_t lanes = 0;  // of which something was undone
  base::Duration time;      // from the first failure to the end of the last undo
  bool operator==(const TakenBack&) const = default;
};
TakenBack taken_back(const plan::Plan& plan, const Timeline& timeline);

}  // namespace sluice::scheduler
