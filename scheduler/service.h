// Which targets are in service, and what that means for their roles: availability, downtime, time
// out of service. It is told of effects as they happen and knows no scheduler.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::scheduler {

// A target is out while it is drained or something that interrupts it runs (docs/LANGUAGE.md). All
// that happens at one instant counts together: only its outcome is seen.
class ServiceTracker {
 public:
  // `keep_rows`: the intervals of every target and every change of availability, not only the sums.
  ServiceTracker(const plan::Plan& plan, bool keep_rows);

  // Time goes on to `now`; never back.
  void advance(base::Instant now);
  void drain(plan::TargetId target);
  void restore(plan::TargetId target);
  void begin_interruption(plan::TargetId target);
  // `well`: it succeeded; else the target stays out until something restores it.
  void end_interruption(plan::TargetId target, bool well);
  // Both at one instant: restores the one and drains the other.
  void hand_over(plan::TargetId restored, plan::TargetId drained);

  // So many are in service now; of a contract, of those that its bound is about.
  std::uint32_t in_service(plan::RoleId role) const { return roles_[role.value].in_service; }
  std::uint32_t in_service(std::size_t contract, std::size_t bound) const;

  std::uint32_t targets_out() const { return targets_out_; }
  // All of them stand in the same roles.
  bool alike(const plan::TargetList& targets);

  // As it stands at `end`, where what is still out is counted up to then.
  void fill(base::Instant end, Timeline& timeline) const;

 private:
  // A role, or the targets of a role that one bound of a contract is about.
  struct RoleRow {
    std::uint32_t in_service = 0;  // now
    RoleTimes times;               // up to the last change that was settled
    std::uint32_t settled = 0;     // in service since …
    base::Instant settled_at;
    base::Instant first_down = base::Instant::never();
    std::uint32_t minimum = 1;
    bool touched = false;
  };
  // Why a target is out, if it is: whether it is drained, and how often it is interrupted.
  struct TargetRow {
    std::uint16_t drained : 1 = 0;
    std::uint16_t interruptions : 15 = 0;
    bool out() const { return drained != 0 || interruptions > 0; }
  };
  // With `keep_rows` only.
  struct OutTimes {
    base::Instant since = base::Instant::never();
    base::Instant last_start;  // of the interval before, and where it ended
    base::Instant last_end = base::Instant::never();
  };
  // Targets side by side that stand in the same rows: up to the next of them.
  struct Span {
    std::uint32_t first = 0;
    std::uint32_t first_member = 0;
  };

  void update(plan::TargetId target, bool was_out);
  void keep_times(plan::TargetId target, bool out);
  std::uint32_t span_of(plan::TargetId target);
  void settle_roles();
  static void settle(RoleRow& row, base::Instant at, bool keep_rows);
  RoleRow closed(const RoleRow& row, base::Instant end) const;
  void add_groups();
  void find_spans();
  template <class Visit>
  void for_each_run(Visit visit) const;
  ContractTimes contract_times(const plan::Contract& contract, std::uint32_t first_row,
                               base::Instant end) const;

  const plan::Plan& plan_;
  bool keep_rows_;
  base::Instant now_;
  std::vector<TargetRow> targets_;
  std::vector<RoleRow> roles_;              // by RoleId; behind them those of contracts' bounds
  std::vector<std::uint32_t> first_bound_;  // by contract: its first row in roles_
  std::vector<plan::RoleId> touched_;
  std::vector<OutTimes> times_;  // as targets_
  // Rows of a target: from the first_member of its span up to that of the next; the last span is
  // none.
  std::vector<Span> spans_;
  std::vector<plan::RoleId> members_;
  std::uint32_t last_span_ = 0;  // that was asked for
  std::uint32_t targets_out_ = 0;
  std::vector<Timeline::OutRow> out_rows_;
};

}  // namespace sluice::scheduler
