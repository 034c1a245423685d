#include "plan/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "base/utf8.h"
#include "base/words.h"
#include "plan/contracts.h"
#include "plan/longest.h"
#include "plan/worst_case.h"

namespace sluice::plan {

namespace {

using Answer = Proof::Answer;
using base::counted;
using base::quoted;

// Above so many values of `per` each is not looked at alone.
constexpr std::size_t most_bounds = 64;

class Prover {
 public:
  explicit Prover(const Plan& plan) : plan_(plan) {}

  Proof prove(const Contract& contract) const {
    if (contract.kind == Contract::Kind::Duration) return of_duration(contract);
    if (contract.kind == Contract::Kind::Downtime) return of_downtime(contract);
    return of_counts(contract);
  }

 private:
  Proof of_duration(const Contract& contract) const {
    const std::optional<base::Duration> longest = longest_duration(plan_);
    const bool at_most = contract.comparison == Contract::Comparison::Less ||
                         contract.comparison == Contract::Comparison::LessOrEqual;
    if (!longest || !at_most || !holds(contract.comparison, longest->ms, contract.duration.ms)) {
      return {};
    }
    return {Answer::Proved,
            fmt::format("its timeouts and limits let it take {} at most, unless a person pauses it "
                        "or what is ended at its timeout takes its time to end",
                        to_text(Value{*longest}))};
  }

  std::string role(const Contract& contract) const {
    return quoted(plan_.roles[contract.role].name);
  }

  // Where it asks for downtime, it never holds by what can be proved here: only that there is none.
  Proof of_downtime(const Contract& contract) const {
    const TargetList& targets = plan_.target_lists[plan_.roles[contract.role].targets];
    const std::uint32_t minimum = plan_.roles[contract.role].minimum;
    if (!holds(contract.comparison, 0, contract.duration.ms) || targets.size() < minimum) return {};
    return enough(contract, {{{}, targets.size(), 0}}, {targets.size() - minimum},
                  fmt::format(", and {} is its minimum", minimum));
  }

  Proof of_counts(const Contract& contract) const {
    const bool available = contract.kind == Contract::Kind::Available;
    std::vector<std::uint32_t> allowed;
    for (const Contract::Bound& bound : contract.bounds) {
      const auto value = [&](std::uint32_t out) {
        return std::int64_t{available ? bound.targets - out : out};
      };
      // None can be above what there is, whatever happens.
      if (asks_for_more(contract, bound)) return too_few(contract, bound);
      if (always(contract, bound)) {
        allowed.push_back(bound.targets);
        continue;
      }
      const auto most = most_out(plan_, contract, bound);
      // Every number of targets out, up to the most, must do; with `==` only none at all does.
      if (!most || !holds(contract.comparison, value(0), bound.count) ||
          !holds(contract.comparison, value(*most), bound.count)) {
        return {};
      }
      allowed.push_back(*most);
    }
    return enough(contract, contract.bounds, allowed, "");
  }

  // Holds for any number of targets out.
  static bool always(const Contract& contract, const Contract::Bound& bound) {
    const std::int64_t targets = bound.targets;
    return holds(contract.comparison, 0, bound.count) &&
           holds(contract.comparison, targets, bound.count) &&
           contract.comparison != Contract::Comparison::Equal;
  }

  static bool asks_for_more(const Contract& contract, const Contract::Bound& bound) {
    using enum Contract::Comparison;
    const bool least = contract.comparison == Greater || contract.comparison == GreaterOrEqual ||
                       contract.comparison == Equal;
    return least && bound.count > bound.targets -
                                      (contract.comparison == Greater && bound.targets > 0 ? 1 : 0);
  }

  Proof too_few(const Contract& contract, const Contract::Bound& bound) const {
    std::string with;
    if (!contract.per.empty()) {
      with = fmt::format(" with {} {}", contract.per, base::printable(to_text(bound.value)));
    }
    return {Answer::Refuted, fmt::format("{}{} has {} in all", role(contract), with,
                                         counted(bound.targets, "target"))};
  }

  // `allowed` of each bound may be out. By the limits alone where they will do, else by admission.
  Proof enough(const Contract& contract, const std::vector<Contract::Bound>& bounds,
               const std::vector<std::uint32_t>& allowed, const std::string& because) const {
    const TargetList& targets = plan_.target_lists[plan_.roles[contract.role].targets];
    const std::uint32_t least =
        allowed.empty() ? 0 : *std::min_element(allowed.begin(), allowed.end());
    const WorstBound whole = worst_out_of(plan_, std::vector<OutOf>{{targets, "", {}}}).front();
    if (whole.by_limits == 0) {
      return {Answer::Proved,
              fmt::format("nothing takes a target of {} out of service", role(contract))};
    }
    if (whole.by_limits <= least) {
      return {Answer::Proved, out_at_once(contract, whole.by_limits, targets.size()) + because};
    }
    std::uint32_t most = whole.by_limits;
    if (!contract.per.empty() && !bounds.empty() && bounds.size() <= most_bounds) {
      const std::vector<std::uint32_t> each = most_of_each(contract, bounds);
      most = *std::max_element(each.begin(), each.end());
      if (std::equal(each.begin(), each.end(), allowed.begin(), std::less_equal<>())) {
        return {Answer::Proved, fmt::format("at most {} of {} can be out of service at once in any "
                                            "{}",
                                            counted(most, "target"), role(contract), contract.per)};
      }
    }
    if (contract.share || !kept_by_admission(plan_, contract) || !admission_is_kept(plan_)) {
      return {};
    }
    return {Answer::Proved,
            fmt::format("a target of {} is held back rather than let more than {} be out{}; the "
                        "limits alone keep it to {}",
                        role(contract), may_be_out(contract, bounds, allowed), because, most)};
  }

  // "2 of 10", "1 of one zone".
  std::string may_be_out(const Contract& contract, const std::vector<Contract::Bound>& bounds,
                         const std::vector<std::uint32_t>& allowed) const {
    if (allowed.empty()) return "none";
    const auto [least, most] = std::minmax_element(allowed.begin(), allowed.end());
    if (contract.per.empty()) return fmt::format("{} of {}", *least, bounds.front().targets);
    return *least == *most ? fmt::format("{} of one {}", *least, contract.per)
                           : fmt::format("that of one {}", contract.per);
  }

  std::string out_at_once(const Contract& contract, std::uint32_t most, std::uint32_t of) const {
    return fmt::format("at most {} of {} targets of {} can be out of service at once", most, of,
                       role(contract));
  }

  // The most that can be out of each bound, by the limits alone.
  std::vector<std::uint32_t> most_of_each(const Contract& contract,
                                          const std::vector<Contract::Bound>& bounds) const {
    std::vector<OutOf> sets;
    for (const Contract::Bound& bound : bounds) {
      sets.push_back({targets_of(plan_, contract, bound), contract.per, bound.value});
    }
    std::vector<std::uint32_t> most;
    for (const WorstBound& worst : worst_out_of(plan_, sets)) most.push_back(worst.by_limits);
    return most;
  }

  const Plan& plan_;
};

}  // namespace

std::vector<Proof> prove(const Plan& plan) {
  const Prover prover(plan);
  std::vector<Proof> proofs;
  for (const Contract& contract : plan.contracts) proofs.push_back(prover.prove(contract));
  return proofs;
}

}  // namespace sluice::plan
