// What a plan declares beside its steps: secrets, resources, contracts, the limits of the whole.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "plan/verify.h"
#include "plan/verify_parts.h"

namespace sluice::plan {

namespace {

class DeclarationsVerifier {
 public:
  DeclarationsVerifier(const Plan& plan, Fault& fault) : plan_(plan), fault_(fault) {}

  void verify() {
    fault_.need(!plan_.at_most || plan_.at_most->value >= 1, "the limit of the whole deployment");
    fault_.need(!plan_.deadline || plan_.deadline->ms > 0, "the deadline");
    verify_secrets();
    std::set<std::string_view> names;
    for (const Resource& resource : plan_.resources) {
      const bool rate = resource.kind == Resource::Kind::Rate;
      fault_.need(!resource.name.empty() && names.insert(resource.name).second,
                  "the names of the resources");
      fault_.need(rate ? resource.rate.bits_per_second > 0 && resource.pieces == 0
                       : resource.pieces >= 1 && resource.rate == Rate{},
                  "a resource");
    }
    for (const Contract& contract : plan_.contracts) verify_contract(contract);
  }

 private:
  void verify_secrets() {
    const std::vector<std::string_view> used = secrets_used(plan_);
    const bool same =
        std::equal(used.begin(), used.end(), plan_.secrets.begin(), plan_.secrets.end(),
                   [](std::string_view name, const Secret& secret) { return name == secret.name; });
    fault_.need(same, "the secrets are not those that are used");
    for (const Secret& secret : plan_.secrets) {
      fault_.need(!secret.name.empty() && !secret.from.empty(), "a secret");
    }
  }

  void verify_contract(const Contract& contract) {
    using Kind = Contract::Kind;
    const bool counts = contract.kind == Kind::Available || contract.kind == Kind::Unavailable;
    fault_.need(!contract.text.empty(), "the text of a contract");
    fault_.need(contract.kind == Kind::Duration ? !contract.role.valid()
                                                : plan_.roles.contains(contract.role),
                "the role of a contract");
    fault_.need(counts || (contract.per.empty() && contract.bounds.empty()),
                "the bounds of a contract");
    fault_.need(contract.duration.ms >= 0 && (!counts || contract.duration.ms == 0),
                "the duration of a contract");
    const auto share = contract.share.value_or(Percentage{1}).micros;
    fault_.need(share > 0 && share <= 100'000'000, "the share of the runs of a contract");
    if (counts && !fault_.found()) verify_bounds(contract);
  }

  // Each value once; the targets that have it are counted right.
  void verify_bounds(const Contract& contract) {
    const TargetList& targets = plan_.target_lists[plan_.roles[contract.role].targets];
    if (contract.per.empty()) {
      fault_.need(contract.bounds.size() == 1 && contract.bounds[0].value == Value{} &&
                      contract.bounds[0].targets == targets.size(),
                  "the bound of a contract");
      return;
    }
    std::unordered_map<std::string, std::uint32_t> counted;
    bool all = true;
    targets.for_each([&](TargetId target) {
      const std::optional<Value> value = target_property(plan_, target, contract.per);
      all = all && value.has_value();
      if (all) ++counted[value_key(*value)];
    });
    for (const Contract::Bound& bound : contract.bounds) {
      const auto at = counted.find(value_key(bound.value));
      all = all && at != counted.end() && at->second == bound.targets;
      if (all) counted.erase(at);
    }
    fault_.need(all && counted.empty(), "the bounds of a contract");
  }

  const Plan& plan_;
  Fault& fault_;
};

}  // namespace

void verify_declarations(const Plan& plan, Fault& fault) {
  DeclarationsVerifier(plan, fault).verify();
}

}  // namespace sluice::plan
