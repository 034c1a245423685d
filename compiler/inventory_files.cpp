#include "compiler/inventory_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "compiler/inventory_read.h"
#include "compiler/resolver.h"
#include "compiler/text_check.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t most_files = 10'000;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

// The name that the variables of a group or host stand under: without the ending that says the
// format.
std::string_view without_ending(std::string_view name) {
  for (const std::string_view ending : {".yml", ".yaml", ".json"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

}  // namespace

bool InventoryFiles::read(const InventoryNode& node, Inventory& inventory) {
  Report& report = resolver_.report;
  FileReader* reader = resolver_.options.reader;
  const auto fail = [&](std::string code, std::string message, std::vector<std::string> hints) {
    report.error(std::move(code), node.path.span, std::move(message), std::move(hints));
    return false;
  };
  if (node.path.broken) return false;
  if (reader == nullptr) return fail("E0501", "no other file can be read here", {});
  if (node.path.text.ends_with(".deploy")) {
    return fail("E0501", fmt::format("{} is no inventory", base::printable(node.path.text)),
                {fmt::format("a file of procedures, variables and roles is brought in with "
                             "`import \"{}\"`",
                             base::printable(node.path.text))});
  }
  const std::string& from = resolver_.path_of(node.span.file);
  auto read = reader->read(from, node.path.text, most_inventory_bytes + 1);
  if (!read) return fail("E0501", read.error().message, {});
  FileReader::File file = std::move(read).value();
  if (!read_.insert(file.path).second) {
    return fail("E0202", fmt::format("the inventory {} is read twice", base::printable(file.name)),
                {});
  }
  InventoryFormat format = InventoryFormat::Json;
  if (file.program) {
    if (!reader->may_run()) {
      return fail("E0509", fmt::format("{} is a program", base::printable(file.name)),
                  {"`run` and `census` start it, and any other command does with `--programs`"});
    }
    auto printed = reader->run(file.path);
    if (!printed) return fail("E0509", printed.error().message, {});
    file.text = std::move(printed).value();
    file.name += " --list";
  }
  const base::FileId id = resolver_.sources.add(base::SourceFile(file.name, std::move(file.text)));
  const base::SourceFile& source = resolver_.sources[id];
  if (!file.program) format = inventory_format(file.name, source.text());
  if (!read_inventory(source, id, format, inventory, resolver_.diagnostics)) return false;
  return read_beside(file.path, node, inventory);
}

bool InventoryFiles::read_beside(const std::string& path, const InventoryNode& node,
                                 Inventory& inventory) {
  if (!folders_.insert(folder_of(path)).second) return true;
  const bool groups = read_folder(path, "group_vars", true, node, inventory);
  return read_folder(path, "host_vars", false, node, inventory) && groups;
}

bool InventoryFiles::read_folder(const std::string& path, const std::string& folder, bool groups,
                                 const InventoryNode& node, Inventory& inventory) {
  bool good = true;
  std::set<std::string, std::less<>> seen;
  for (const std::string& name : resolver_.options.reader->list(path, folder)) {
    const std::string_view bare = without_ending(name);
    const GroupId group = groups ? inventory.find_group(bare) : GroupId{};
    const HostId host = groups ? HostId{} : inventory.find_host(bare);
    // Of several endings the first counts, as with Ansible.
    if ((!group.valid() && !host.valid()) || !seen.insert(std::string(bare)).second) continue;
    const std::string inside = folder + "/" + name;
    const std::vector<std::string> below = resolver_.options.reader->list(path, inside);
    if (below.empty()) {
      good = read_variable_file(path, inside, group, host, node, inventory) && good;
    }
    for (const std::string& file : below) {
      const bool hidden = file.starts_with(".") || file.ends_with("~");
      if (hidden || without_ending(file) == file) continue;
      good = read_variable_file(path, inside + "/" + file, group, host, node, inventory) && good;
    }
  }
  return good;
}

bool InventoryFiles::read_variable_file(const std::string& path, const std::string& name,
                                        GroupId group, HostId host, const InventoryNode& node,
                                        Inventory& inventory) {
  auto read = resolver_.options.reader->read(path, name, most_source_bytes + 1);
  if (!read) {
    resolver_.report.error("E0501", node.path.span, read.error().message);
    return false;
  }
  FileReader::File file = std::move(read).value();
  bytes_ += file.text.size();
  if (++files_ > most_files || bytes_ > most_inventory_bytes) {
    if (files_ <= most_files + 1) {
      resolver_.report.error("E0508", node.path.span,
                             fmt::format("beside the inventory stand more than {} files of "
                                         "variables, or more than 64 MiB of them",
                                         most_files));
      files_ = most_files + 1;
    }
    return false;
  }
  const base::FileId id = resolver_.sources.add(base::SourceFile(file.name, std::move(file.text)));
  return read_variables(resolver_.sources[id], id, group, host, inventory, resolver_.diagnostics);
}

}  // namespace sluice::compiler
