#include "compiler/inventory_read.h"

#include <algorithm>

#include "compiler/inventory_hosts.h"
#include "compiler/text_check.h"

namespace sluice::compiler {

HostProblem host_name_problem(std::string_view name, const Inventory& inventory) {
  if (name.empty()) return {"E0502", "a host's name is empty"};
  if (name == "---") return {"E0502", "`---` begins a YAML file, and is no host"};
  if (name.size() > most_host_name_bytes) {
    return {"E0502", fmt::format("a host's name has at most {} bytes", most_host_name_bytes)};
  }
  if (inventory.host_count() >= most_hosts) {
    return {"E0508", "these are more hosts than 10,000,000"};
  }
  return {};
}

namespace {

std::string_view without_blank_start(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

// A first line that counts and ends in a colon opens a YAML map.
bool looks_like_yaml(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    return line == "---" || line.starts_with("--- ") || line.starts_with("%YAML") ||
           (line.back() == ':' && line[0] != '[');
  }
  return false;
}

}  // namespace

InventoryFormat inventory_format(std::string_view name, std::string_view text) {
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const std::size_t dot = name.rfind('.');
  const std::string_view ending = dot == std::string_view::npos ? "" : name.substr(dot);
  if (ending == ".yml" || ending == ".yaml") return InventoryFormat::Yaml;
  if (ending == ".json") return InventoryFormat::Json;
  if (ending == ".csv") return InventoryFormat::Csv;
  if (ending == ".ini" || ending == ".cfg") return InventoryFormat::Ini;
  if (without_blank_start(text).starts_with("{")) return InventoryFormat::Json;
  return looks_like_yaml(without_blank_start(text)) ? InventoryFormat::Yaml : InventoryFormat::Ini;
}

bool read_inventory(const base::SourceFile& source, base::FileId file, InventoryFormat format,
                    Inventory& inventory, base::Diagnostics& diagnostics) {
  if (!check_text(source, file, diagnostics, most_inventory_bytes)) return false;
  Report report(diagnostics);
  if (source.text().starts_with("$ANSIBLE_VAULT;")) {
    report.error("E0512", {file, 0, 14}, "this file is encrypted by ansible-vault",
                 {"hosts stand in a file of their own; secrets are read by `secret … from`"});
    return false;
  }
  switch (format) {
    case InventoryFormat::Ini:
      return read_ini(source, file, inventory, report);
    case InventoryFormat::Yaml:
      return read_yaml(source, file, inventory, report);
    case InventoryFormat::Json:
      return read_json(source, file, inventory, report);
    case InventoryFormat::Csv:
      return read_csv(source, file, inventory, report);
  }
  return false;
}

}  // namespace sluice::compiler
