#include "cli/given.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/sha256.h"
#include "base/utf8.h"
#include "cli/load.h"
#include "cli/tell.h"
#include "render/plan_diff.h"

namespace sluice::cli {

namespace {

namespace fs = std::filesystem;

// That an inventory which is a program may take when a run is resumed: nobody waits for it then.
constexpr std::uint32_t program_seconds = 10;
constexpr std::string_view program_ending = " --list";

std::string absolute(const std::string& path) {
  std::error_code unknown;
  return fs::absolute(path, unknown).lexically_normal().string();
}

bool is_there(const std::string& path) {
  std::error_code unknown;
  return fs::exists(path, unknown);
}

// A pipe has been read to its end, and a terminal may never have one: who reads it again waits.
bool can_be_read_again(const std::string& path) {
  std::error_code unknown;
  return !fs::is_other(path, unknown);
}

std::optional<std::string> find(const Given& given, std::string_view word) {
  for (const auto& [name, value] : given) {
    if (name == word) return value;
  }
  return std::nullopt;
}

std::optional<InputOptions> input_of(const Given& given) {
  const std::optional<std::string> file = find(given, "file");
  if (!file || *file == "-") return std::nullopt;
  InputOptions input;
  input.file = *file;
  input.environment = find(given, "environment").value_or("");
  input.root = find(given, "root").value_or("");
  input.programs = true;
  input.program_seconds = program_seconds;
  input.variables.emplace();
  for (const auto& [word, value] : given) {
    if (word == "set") input.set.push_back(value);
    if (word == "only") input.only.push_back(value);
    if (word == "skip") input.skip.push_back(value);
    if (word == "limit") input.limit.push_back(value);
    if (word == "exclude") input.exclude.push_back(value);
    if (word != "variable") continue;
    const std::size_t equals = std::min(value.find('='), value.size());
    input.variables->emplace_back(value.substr(0, equals),
                                  value.substr(std::min(equals + 1, value.size())));
  }
  return input;
}

class Files {
 public:
  Files(const plan::Plan& plan, const runtime::RunRecord& record) : plan_(plan), record_(record) {}

  // Tells of those that have changed or gone; whether any has.
  bool tell() const {
    bool changed = false;
    for (const plan::SourceNote& source : plan_.sources) {
      if (source.name == "standard input" && find(record_.given, "file") == "-") continue;
      changed = tell(source) || changed;
    }
    return changed;
  }

  bool can_be_compiled() const {
    return std::all_of(plan_.sources.begin(), plan_.sources.end(),
                       [&](const auto& source) { return can_be_read_again(path_of(source.name)); });
  }

  // What a program prints can be another thing each time.
  bool has_program() const {
    return std::any_of(plan_.sources.begin(), plan_.sources.end(), [&](const auto& source) {
      return !program_of(source).empty() && is_there(program_of(source));
    });
  }

 private:
  bool tell(const plan::SourceNote& source) const {
    constexpr std::size_t most_bytes = std::size_t{64} << 20;
    constexpr std::string_view goes_on = "the plan that the run began with goes on";
    const std::string program = program_of(source);
    if (!program.empty() && is_there(program)) return false;
    const std::string name = base::printable(source.name);
    const std::string path = program.empty() ? path_of(source.name) : program;
    if (!can_be_read_again(path)) {
      cli::tell("{} is no file, and is not read again: {}\n", name, goes_on);
      return true;
    }
    const auto text = read_file(path, most_bytes);
    if (!text) {
      cli::tell("{} is not there any more: {}\n", name, goes_on);
      return true;
    }
    if (base::sha256_hex(text.value()) == source.sha256) return false;
    cli::tell("{} has changed since: {}\n", name, goes_on);
    return true;
  }

  // Where the program lies whose output this is; empty: it is a file.
  std::string program_of(const plan::SourceNote& source) const {
    const std::string& name = source.name;
    if (!name.ends_with(program_ending) || is_there(path_of(name))) return "";
    return path_of(name.substr(0, name.size() - program_ending.size()));
  }

  // Names are as they were typed, from where the run was begun; the main file's folder is known.
  std::string path_of(const std::string& name) const {
    const fs::path folder = record_.folder;
    if (find(record_.given, "file")) {
      const std::string main = fs::path(plan_.sources.begin()->name).parent_path().string();
      const bool beneath = main.empty() || name.starts_with(main + "/");
      const std::string rest = main.empty() || !beneath ? name : name.substr(main.size() + 1);
      return (folder / rest).string();
    }
    // Of a saved plan nobody knows from where: here, beside it, or by its bare name.
    if (is_there(name)) return name;
    if (is_there((folder / name).string())) return (folder / name).string();
    return (folder / fs::path(name).filename()).string();
  }

  const plan::Plan& plan_;
  const runtime::RunRecord& record_;
};

}  // namespace

std::string begun_in(const Given& given) {
  const std::string directory = find(given, "directory").value_or("");
  std::error_code unknown;
  return fs::is_directory(directory, unknown) ? directory : "";
}

Given given_of(const InputOptions& input, const plan::Plan& plan) {
  const bool from_input = input.file == "-";
  const std::string name = from_input ? "standard input" : input.file;
  const std::string file = from_input ? "-" : absolute(input.file);
  const bool is_saved = plan.sources.size() == 0 || plan.sources.begin()->name != name;
  std::error_code unknown;
  Given given{{is_saved ? "plan" : "file", file},
              {"directory", fs::current_path(unknown).string()}};
  if (is_saved) return given;
  if (!input.environment.empty()) given.emplace_back("environment", input.environment);
  if (!input.root.empty()) given.emplace_back("root", absolute(input.root));
  const auto all = [&](const std::string& word, const std::vector<std::string>& values) {
    for (const std::string& value : values) given.emplace_back(word, value);
  };
  all("set", input.set);
  all("only", input.only);
  all("skip", input.skip);
  all("limit", input.limit);
  all("exclude", input.exclude);
  // Of the environment only what the file asks for.
  for (const auto& [variable, value] : variables_of_environment()) {
    const bool asked = std::any_of(plan.variables.begin(), plan.variables.end(),
                                   [&](const auto& known) { return known.name == variable; });
    if (asked) given.emplace_back("variable", fmt::format("{}={}", variable, value));
  }
  return given;
}

void tell_of_changes(const plan::Plan& plan, const runtime::RunRecord& record) {
  const Files files(plan, record);
  const bool changed = files.tell();
  if (const auto saved = find(record.given, "plan"); changed && saved && is_there(*saved)) {
    cli::tell("the run carries out a saved plan: `sluice diff {} FILE` tells how they differ\n",
              base::printable(*saved));
  }
  const std::optional<InputOptions> input = input_of(record.given);
  if (!input || !is_there(input->file) || (!changed && !files.has_program())) return;
  if (!files.can_be_compiled()) return;
  const auto loaded = load_plan(*input);
  const std::string name = base::printable(plan.sources.begin()->name);
  if (std::get_if<int>(&loaded) != nullptr) {
    cli::tell("{} does not compile as it is now, so what differs cannot be told\n", name);
    return;
  }
  const plan::Plan& now = std::get<plan::Plan>(loaded);
  if (now.digest == plan.digest) {
    if (changed) cli::tell("compiled again it makes the same plan: nothing differs\n");
    return;
  }
  render::TextStyle style;
  style.width = terminal_width(2);
  style.colour = colour_wanted(2);
  cli::tell("what it makes now differs, and is no part of this run:\n{}",
            render::changes_text(render::diff_plans(plan, now), style));
}

}  // namespace sluice::cli
