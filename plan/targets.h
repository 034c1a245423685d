// The rows of all targets, held by column so that a million of them stay small: names in one pool,
// properties and connections shared by all targets that were declared together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "plan/expression.h"
#include "plan/value.h"

namespace sluice::plan {

using TargetId = base::Id<struct TargetTag>;
using PropertySetId = base::Id<struct PropertySetTag>;
using ConnectionId = base::Id<struct ConnectionTag>;
using TargetListId = base::Id<struct TargetListTag>;

struct Property {
  std::string name;
  Value value;
  bool operator==(const Property&) const = default;
};
using PropertySet = std::vector<Property>;  // sorted by name, names unique

// How long it takes to connect: a duration, for predictions alone.
inline constexpr std::string_view connect_time_setting = "connect_time";

// How a target is reached. An ssh setting that is not given is left to OpenSSH's configuration.
struct Connection {
  enum class Kind { Local, Ssh };
  struct Setting {
    // user, address, port, identity_file, known_hosts_file, config_file, jump, client, connect_time
    std::string name;
    Expression value;  // known, or over the target's properties
    bool operator==(const Setting&) const = default;
  };
  Kind kind = Kind::Ssh;
  std::vector<Setting> settings;  // sorted by name
  bool operator==(const Connection&) const = default;
};

// Shorter names first, those of one length by their bytes: the order in which a range counts. Names
// that ascend are unique, which spares an index of a million of them.
bool ascends(std::string_view before, std::string_view after);

class Targets {
 public:
  // Names are unique; that is the compiler's to check.
  TargetId add(std::string_view name, PropertySetId properties, ConnectionId connection);

  std::uint32_t size() const { return static_cast<std::uint32_t>(rows_.size()); }
  std::string_view name(TargetId target) const;
  PropertySetId properties(TargetId target) const;
  ConnectionId connection(TargetId target) const;
  bool names_are_unique() const;
  void set_properties(TargetId target, PropertySetId properties);
  void set_connection(TargetId target, ConnectionId connection);
  void reserve(std::size_t targets, std::size_t name_bytes);

  bool operator==(const Targets&) const = default;

 private:
  struct Row {
    std::uint64_t name_begin;
    PropertySetId properties;
    ConnectionId connection;
    bool operator==(const Row&) const = default;
  };
  std::string names_;
  std::vector<Row> rows_;
};

// Targets in an order, as runs of consecutive ids: `first`, `first + 1`, … So all of a role, or a
// step over a million targets, is one run; a list in reverse has runs of one.
class TargetList {
 public:
  void add(TargetId target) { add(target, 1); }
  void add(TargetId first, std::uint32_t count);  // `first` and those behind it, in O(1)
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  TargetId at(std::uint32_t index) const;  // O(log runs)
  struct Run {
    std::uint32_t first;     // the first target's id
    std::uint32_t count;     // how many ids, ascending
    std::uint32_t position;  // of the first in the list
    bool operator==(const Run&) const = default;
  };
  const std::vector<Run>& runs() const { return runs_; }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Run& run : runs_) {
      for (std::uint32_t i = 0; i < run.count; ++i) visit(TargetId{run.first + i});
    }
  }
  bool operator==(const TargetList&) const = default;

 private:
  std::vector<Run> runs_;
  std::uint32_t size_ = 0;
};

}  // namespace sluice::plan
