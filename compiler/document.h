// A document of maps, lists and plain values, as YAML and JSON write them, with the place of each:
// what inventories in those formats are read from. The text must outlive it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"
#include "compiler/inventory.h"
#include "compiler/report.h"

namespace sluice::compiler {

class Document {
 public:
  using Node = std::uint32_t;
  static constexpr Node none = 0xffff'ffff;

  enum class Kind : std::uint8_t {
    String,     // as it stands
    Plain,      // of YAML: a text without quotes, which may be a number, a truth, …
    Number,     // of JSON
    Boolean,    // of JSON
    Null,       // of JSON
    Encrypted,  // by ansible-vault
    Map,
    List,
    Alias,  // of YAML: the node that an anchor names
  };

  Document(std::string_view text, base::FileId file) : text_(text), file_(file) {
    nodes_.reserve(std::min(most_nodes, text.size() / 2 + 1));  // what is not used costs nothing
  }

  // ---- while it is read ----
  // A node of one, below the node that is open; none open: the root. `text` may lie in the source.
  Node add(Kind kind, std::size_t at, std::string_view text = {});
  void add_alias(Node target, std::size_t at);
  // A map or list: what is added next is in it, until it is closed.
  Node open(Kind kind, std::size_t at);
  Node close();
  std::size_t levels() const { return open_.size(); }
  bool is_full() const { return nodes_.size() >= most_nodes; }

  // ---- afterwards ----
  bool empty() const { return nodes_.empty(); }
  Node root() const { return 0; }
  // Through aliases.
  Kind kind(Node node) const { return nodes_[target(node)].kind; }
  InventoryPlace place(Node node) const { return {file_, nodes_[node].at}; }
  // The word there, for a message.
  base::Span span(Node node) const;
  base::Span start() const { return {file_, 0, 0}; }
  // Of what is not a map or a list.
  std::string_view text(Node node) const;
  // The value as an inventory holds it. Tells `too_much` where aliases multiply it past reason.
  InventoryValue value(Node node);
  bool is_null(Node node) const;
  // Whether a key or an item is a text, and nothing that YAML reads as a number or a truth.
  bool is_string(Node node) const;

  struct Entry {
    Node key;
    Node value;
  };
  // A map's entries in order, with those that `<<` merges in before them; of one key the last, at
  // the place of the first. Keys that are there twice are reported as warnings.
  void entries(Node map, std::vector<Entry>& entries, Report& report);
  // How many, without a look at them.
  std::size_t count_entries(Node map) const;
  Node find(Node map, std::string_view key) const;  // the last of that name; not merged ones
  void items(Node list, std::vector<Node>& items);

  // Aliases were followed so often that what they stand for is past reason.
  bool too_much() const { return visits_ > nodes_.size() + most_visits_by_alias; }

 private:
  static constexpr std::size_t most_nodes = 10'000'000;
  static constexpr std::size_t most_visits_by_alias = 1'000'000;

  struct Stored {
    Kind kind = Kind::Null;
    bool pooled = false;         // the text is in pool_, else in text_
    std::uint32_t at = 0;        // where it begins
    std::uint32_t begin = none;  // of its text; of a map or list its first node; an alias's target
    std::uint32_t size = 0;      // of its text
    std::uint32_t next = none;   // in the same map or list
  };
  struct Open {
    Node node;
    Node last = none;
  };

  Node target(Node node) const {
    return nodes_[node].kind == Kind::Alias ? nodes_[node].begin : node;
  }
  std::size_t merge_in(Node node, std::vector<Entry>& entries, int level);

  std::string_view text_;
  base::FileId file_;
  std::vector<Stored> nodes_;
  std::vector<Open> open_;
  std::string pool_;
  std::size_t visits_ = 0;
};

// False: a mistake has been reported. At most 128 levels.
bool parse_json(std::string_view text, base::FileId file, Document& document, Report& report);
bool parse_yaml(std::string_view text, base::FileId file, Document& document, Report& report);

// What YAML 1.1 makes of a text without quotes (yes, 0x1F, 1_000, 12:30, ~, …), as PyYAML has it.
InventoryValue read_yaml_scalar(std::string_view text);

}  // namespace sluice::compiler
