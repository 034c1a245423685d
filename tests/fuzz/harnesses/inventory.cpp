// Inventories of every format, from a text to each host's variables and to the targets of a plan.
#include <string>

#include "base/check.h"
#include "compiler/compile.h"
#include "compiler/file_reader.h"
#include "compiler/inventory.h"
#include "compiler/inventory_read.h"
#include "fuzz/harness.h"
#include "fuzz/harnesses/said.h"
#include "plan/json.h"

namespace sluice::fuzz {

namespace {

constexpr std::size_t most_bytes = 64 * 1024;

// A range of millions is right, and slow; what it costs is tested elsewhere.
bool is_large(std::string_view text) {
  std::size_t digits = 0;
  std::size_t ranges = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    ranges += c == '[' ? 1U : 0U;
    if (digits > 4 && ranges > 0) return true;
    if (c == '\n') ranges = 0;
    if (ranges > 1) return true;
  }
  return text.size() > most_bytes;
}

// The one file that there is.
class OneFile final : public compiler::FileReader {
 public:
  OneFile(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}

  std::string main_path() const override { return "fuzz.deploy"; }
  base::Result<File> read(const std::string& /*from*/, const std::string& path,
                          std::size_t /*most_bytes*/) override {
    if (path != name_) return base::Error{"there is no such file"};
    return File{name_, name_, text_, false};
  }
  std::vector<std::string> list(const std::string& /*from*/, const std::string& /*path*/) override {
    return {};
  }
  base::Result<std::string> run(const std::string& /*path*/) override {
    return base::Error{"no program is started here"};
  }
  bool may_run() const override { return false; }

 private:
  std::string name_;
  std::string text_;
};

// Every host has its groups' variables, each once and in order.
void check_hosts(const compiler::Inventory& inventory) {
  std::vector<compiler::Assigned> variables;
  for (std::uint32_t i = 0; i < inventory.host_count(); ++i) {
    const compiler::HostId host{i};
    SLUICE_CHECK(inventory.find_host(inventory.host_name(host)) == host, "a host has two names");
    inventory.merged(inventory.host_variables(host), variables);
    for (std::size_t at = 1; at < variables.size(); ++at) {
      SLUICE_CHECK(inventory.before(variables[at - 1].variable, variables[at].variable),
                   "a variable stands twice, or out of order");
    }
  }
}

void compile_with(const std::string& name, std::string_view text) {
  OneFile reader(name, std::string(text));
  base::Sources sources;
  base::Diagnostics diagnostics;
  const base::FileId main = sources.add(
      base::SourceFile("fuzz.deploy", "deployment \"x\"\ninventory \"" + name +
                                          "\"\nstep \"s\" on all optional { run \"true\" }\n"));
  compiler::Options options;
  options.reader = &reader;
  const auto plan = compiler::compile(sources, main, options, diagnostics);
  SLUICE_CHECK(plan.has_value() != diagnostics.has_errors(), "neither a plan nor an error");
  check_said(diagnostics, sources);
  if (!plan) return;
  const auto again = plan::from_json(plan::to_json(*plan));
  SLUICE_CHECK(again.ok() && again.value() == *plan, "a plan is not what was saved of it");
}

}  // namespace

// The first line is the file's name: its ending says the format.
void inventories(std::string_view bytes) {
  if (is_large(bytes)) return;
  const std::size_t line = bytes.find('\n');
  if (line == std::string_view::npos || line > 16) return;
  const std::string_view first = bytes.substr(0, line);
  const std::string_view text = bytes.substr(line + 1);
  std::string name = "hosts";
  for (const std::string_view ending : {"ini", "yml", "json", "csv"}) {
    if (first == ending) name += "." + std::string(ending);
  }
  base::Sources sources;
  const base::FileId file = sources.add(base::SourceFile(name, std::string(text)));
  base::Diagnostics diagnostics;
  compiler::Inventory inventory;
  bool good = compiler::read_inventory(sources[file], file, compiler::inventory_format(name, text),
                                       inventory, diagnostics);
  if (good) {
    compiler::Report report(diagnostics);
    good = inventory.finish(report);
  }
  SLUICE_CHECK(good || diagnostics.has_errors(), "an inventory is refused without a word");
  check_said(diagnostics, sources);
  if (good) check_hosts(inventory);
  compile_with(name, text);
}

}  // namespace sluice::fuzz
