#include "support/inventory_text.h"

#include <nlohmann/json.hpp>

#include "compiler/inventory.h"
#include "compiler/inventory_read.h"

namespace sluice::test {

namespace {

using compiler::GroupId;
using compiler::HostId;
using compiler::Inventory;
using compiler::InventoryValue;
using nlohmann::json;

json value_json(const plan::Value& value) {
  if (const auto* number = std::get_if<plan::Number>(&value.content)) {
    if (number->micros % 1'000'000 == 0) return number->micros / 1'000'000;
    return static_cast<double>(number->micros) / 1e6;
  }
  if (const auto* truth = std::get_if<bool>(&value.content)) return *truth;
  if (const auto* text = std::get_if<std::string>(&value.content)) return *text;
  if (const auto* list = std::get_if<plan::Value::List>(&value.content)) {
    json items = json::array();
    for (const plan::Value& item : *list) items.push_back(value_json(item));
    return items;
  }
  return plan::to_text(value);
}

void list_group(const Inventory& inventory, GroupId group, std::vector<bool>& seen, json& listing) {
  json made = json::object();
  if (group != Inventory::all) {
    for (const HostId host : inventory.own_hosts(group)) {
      made["hosts"].push_back(inventory.host_name(host));
    }
  }
  for (const GroupId child : inventory.children(group)) {
    made["children"].push_back(inventory.group_name(child));
    if (seen[child.value]) continue;
    seen[child.value] = true;
    list_group(inventory, child, seen, listing);
  }
  if (!made.empty()) listing[std::string(inventory.group_name(group))] = made;
}

json list(const Inventory& inventory) {
  json listing;
  std::vector<bool> seen(inventory.group_count());
  list_group(inventory, Inventory::all, seen, listing);
  json hosts = json::object();
  std::vector<compiler::Assigned> variables;
  for (std::uint32_t i = 0; i < inventory.host_count(); ++i) {
    const HostId host{i};
    inventory.merged(inventory.host_variables(host), variables);
    for (const compiler::Assigned& one : variables) {
      const InventoryValue& value = inventory.value(one.value);
      const bool held =
          value.kind == InventoryValue::Kind::Held || value.kind == InventoryValue::Kind::Text;
      if (!held) continue;
      hosts[std::string(inventory.host_name(host))]
           [std::string(inventory.variable_name(one.variable))] = value_json(value.value);
    }
  }
  listing["_meta"]["hostvars"] = hosts;
  return listing;
}

}  // namespace

InventoryText read_inventory_text(std::string_view name, std::string_view text) {
  base::Sources sources;
  const base::FileId file = sources.add(base::SourceFile(std::string(name), std::string(text)));
  base::Diagnostics diagnostics;
  Inventory inventory;
  InventoryText made;
  made.good = compiler::read_inventory(sources[file], file,
                                       compiler::inventory_format(name, sources[file].text()),
                                       inventory, diagnostics);
  if (made.good) {
    compiler::Report report(diagnostics);
    made.good = inventory.finish(report);
  }
  if (made.good) made.listing = list(inventory).dump();
  made.said = base::print_diagnostics(diagnostics, sources, false);
  return made;
}

}  // namespace sluice::test
