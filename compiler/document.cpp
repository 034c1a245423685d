#include "compiler/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/check.h"
#include "base/utf8.h"
#include "compiler/exact_number.h"

namespace sluice::compiler {

namespace {

using ValueKind = InventoryValue::Kind;

constexpr int most_levels = 128;

}  // namespace

Document::Node Document::add(Kind kind, std::size_t at, std::string_view text) {
  Stored made;
  made.kind = kind;
  made.at = static_cast<std::uint32_t>(at);
  made.size = static_cast<std::uint32_t>(text.size());
  const bool inside = !text.empty() && text.data() >= text_.data() &&
                      text.data() + text.size() <= text_.data() + text_.size();
  if (inside) {
    made.begin = static_cast<std::uint32_t>(text.data() - text_.data());
  } else if (!text.empty()) {
    made.pooled = true;
    made.begin = static_cast<std::uint32_t>(pool_.size());
    pool_ += text;
  }
  const Node node = static_cast<Node>(nodes_.size());
  nodes_.push_back(made);
  if (open_.empty()) return node;
  Open& parent = open_.back();
  (parent.last == none ? nodes_[parent.node].begin : nodes_[parent.last].next) = node;
  parent.last = node;
  return node;
}

void Document::add_alias(Node target, std::size_t at) {
  const Node node = add(Kind::Alias, at);
  nodes_[node].begin = this->target(target);
}

Document::Node Document::open(Kind kind, std::size_t at) {
  const Node node = add(kind, at);
  open_.push_back({node});
  return node;
}

Document::Node Document::close() {
  SLUICE_CHECK(!open_.empty(), "a map or list is closed that was not opened");
  const Node node = open_.back().node;
  open_.pop_back();
  return node;
}

base::Span Document::span(Node node) const {
  const std::uint32_t begin = std::min(nodes_[node].at, static_cast<std::uint32_t>(text_.size()));
  const std::string_view rest = text_.substr(begin, 200);
  std::size_t size = 0;
  if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
    const std::size_t close = rest.find(rest[0], 1);
    size = close == std::string_view::npos ? 1 : close + 1;
  } else {
    size = std::min(rest.find_first_of(" \t\r\n,]}"), rest.size());
    while (size > 0 && rest[size - 1] == ':') --size;
  }
  return {file_, begin, begin + static_cast<std::uint32_t>(size)};
}

std::string_view Document::text(Node node) const {
  const Stored& stored = nodes_[target(node)];
  if (stored.size == 0) return {};
  return (stored.pooled ? std::string_view(pool_) : text_).substr(stored.begin, stored.size);
}

InventoryValue Document::value(Node node) {
  ++visits_;
  switch (kind(node)) {
    case Kind::String:
      return {ValueKind::Held, {std::string(text(node))}};
    case Kind::Plain:
      return read_yaml_scalar(text(node));
    case Kind::Number: {
      std::string_view digits = text(node);
      const bool negative = digits.starts_with("-");
      const auto number = exact_number(digits.substr(negative ? 1 : 0), negative);
      if (!number) return {ValueKind::Text, {std::string(digits)}};
      return {ValueKind::Held, {*number}};
    }
    case Kind::Boolean:
      return {ValueKind::Held, {text(node) == "true"}};
    case Kind::Encrypted:
      return {ValueKind::Encrypted, {}};
    case Kind::List: {
      plan::Value::List list;
      std::vector<Node> nodes;
      items(node, nodes);
      for (const Node item : nodes) {
        if (kind(item) == Kind::List || kind(item) == Kind::Map) return {ValueKind::Map, {}};
        InventoryValue made = value(item);
        const bool plain = made.kind == ValueKind::Held || made.kind == ValueKind::Text;
        if (!plain) return {ValueKind::Map, {}};
        list.push_back(std::move(made.value));
      }
      return {ValueKind::Held, {std::move(list)}};
    }
    case Kind::Map: {
      // So Ansible lists what was marked `!unsafe` or `!vault`.
      const Node unsafe = find(node, "__ansible_unsafe");
      if (unsafe != none && kind(unsafe) == Kind::String) {
        return {ValueKind::Held, {std::string(text(unsafe))}};
      }
      const bool encrypted = find(node, "__ansible_vault") != none;
      return {encrypted ? ValueKind::Encrypted : ValueKind::Map, {}};
    }
    case Kind::Null:
    case Kind::Alias:
      break;
  }
  return {ValueKind::Null, {}};
}

bool Document::is_null(Node node) const {
  if (kind(node) == Kind::Null) return true;
  return kind(node) == Kind::Plain && read_yaml_scalar(text(node)).kind == ValueKind::Null;
}

bool Document::is_string(Node node) const {
  if (kind(node) == Kind::String) return true;
  if (kind(node) != Kind::Plain) return false;
  const InventoryValue value = read_yaml_scalar(text(node));
  return value.kind == ValueKind::Held && value.value.type() == plan::Type::String;
}

void Document::items(Node list, std::vector<Node>& items) {
  items.clear();
  for (Node at = nodes_[target(list)].begin; at != none; at = nodes_[at].next) {
    items.push_back(at);
    if (++visits_, too_much()) return;
  }
}

std::size_t Document::count_entries(Node map) const {
  std::size_t nodes = 0;
  for (Node at = nodes_[target(map)].begin; at != none; at = nodes_[at].next) ++nodes;
  return nodes / 2;
}

Document::Node Document::find(Node map, std::string_view key) const {
  Node found = none;
  for (Node at = nodes_[target(map)].begin; at != none;) {
    const Node value = nodes_[at].next;
    if (text(at) == key) found = value;
    at = nodes_[value].next;
  }
  return found;
}

// How many of the entries are the map's own; they stand last.
std::size_t Document::merge_in(Node node, std::vector<Entry>& entries, int level) {
  if (level > most_levels || too_much()) return 0;
  if (kind(node) == Kind::List) {
    std::vector<Node> nodes;
    items(node, nodes);
    // The first is the strongest, so it comes last.
    for (std::size_t i = nodes.size(); i-- > 0;) merge_in(nodes[i], entries, level + 1);
    return 0;
  }
  if (kind(node) != Kind::Map) return 0;
  std::vector<Entry> own;
  for (Node at = nodes_[target(node)].begin; at != none;) {
    const Node value = nodes_[at].next;
    const bool merges = kind(at) == Kind::Plain && text(at) == "<<";
    if (merges) {
      merge_in(value, entries, level + 1);
    } else {
      own.push_back({at, value});
    }
    if (++visits_, too_much()) break;
    at = nodes_[value].next;
  }
  entries.insert(entries.end(), own.begin(), own.end());
  return own.size();
}

void Document::entries(Node map, std::vector<Entry>& entries, Report& report) {
  entries.clear();
  const std::size_t own = merge_in(map, entries, 0);
  if (entries.size() < 2) return;
  std::unordered_map<std::string_view, std::size_t> first;
  first.reserve(entries.size());
  const std::size_t merged = entries.size() - own;
  std::size_t kept = 0;
  std::size_t kept_merged = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry entry = entries[i];
    const auto [known, fresh] = first.emplace(text(entry.key), kept);
    if (fresh) {
      entries[kept++] = entry;
      if (i < merged) kept_merged = kept;
      continue;
    }
    // What is merged in is meant to be replaced.
    if (i >= merged && known->second >= kept_merged) {
      report.warning("W0505", span(entry.key),
                     fmt::format("the key `{}` stands here twice, and the last one counts",
                                 base::printable(text(entry.key))));
    }
    entries[known->second].value = entry.value;
  }
  entries.resize(kept);
}

}  // namespace sluice::compiler
