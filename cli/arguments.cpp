#include "cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/utf8.h"
#include "cli/tell.h"
#include "cli/version.h"
#include "compiler/suggest.h"

namespace sluice::cli {

namespace {

constexpr int wrong_command = 2;

// What a shell made of a variable without a value. Taken for what is not said it would be the last
// run, the file's own environment, any plan.
CLI::Validator not_empty() {
  return {[](std::string& word) { return std::string(word.empty() ? "nothing stands there" : ""); },
          ""};
}

void add_input(CLI::App& command, InputOptions& input,
               const char* programs = "start inventories that are programs") {
  command.add_option("file", input.file, "a .deploy file or a saved plan; - is standard input")
      ->required()
      ->type_name("FILE");
  command.add_option("--set", input.set, "give a variable a value")->type_name("NAME=VALUE");
  command.add_option("--environment", input.environment, "take what this environment declares")
      ->type_name("NAME")
      ->check(not_empty());
  command.add_option("--only", input.only, "plan these steps alone: names, patterns, tags")
      ->type_name("STEPS");
  command.add_option("--skip", input.skip, "leave these steps out")->type_name("STEPS");
  command
      .add_option("--limit", input.limit, "plan for these targets alone: names, patterns, roles")
      ->type_name("TARGETS");
  command.add_option("--exclude", input.exclude, "leave these targets out")->type_name("TARGETS");
  command.add_option("--root", input.root, "the folder that all files named lie beneath")
      ->type_name("DIR")
      ->check(not_empty());
  command.add_flag("--programs", input.programs, programs);
}

constexpr const char* started_anyway =
    "nothing more: here inventories are started that are programs";

struct FormatName {
  std::string_view name;
  Format format;
};
constexpr FormatName text_formats[] = {{"text", Format::Text}, {"json", Format::Json}};
constexpr FormatName simulate_formats[] = {{"text", Format::Text},
                                           {"json", Format::Json},
                                           {"html", Format::Html},
                                           {"trace", Format::Trace},
                                           {"csv", Format::Csv}};
constexpr FormatName report_formats[] = {{"html", Format::Html},
                                         {"json", Format::Json},
                                         {"trace", Format::Trace},
                                         {"csv", Format::Csv},
                                         {"junit", Format::Junit}};

void add_format(CLI::App& command, Format& format,
                std::span<const FormatName> formats = text_formats) {
  std::string names;
  for (const FormatName& known : formats) {
    names += (names.empty() ? "" : "|") + std::string(known.name);
  }
  const auto read = [&format, formats, names](const std::string& word) {
    for (const FormatName& known : formats) {
      if (known.name != word) continue;
      format = known.format;
      return;
    }
    throw CLI::ValidationError(
        "--format", fmt::format("write one of {}, not {}", names, base::printable(word)));
  };
  command.add_option_function<std::string>("--format", read, "how it is written")->type_name(names);
}

struct Ending {
  std::string_view ending;
  Format format;
};
// The longer ones first.
constexpr Ending endings[] = {{".trace.json", Format::Trace},
                              {".json", Format::Json},
                              {".html", Format::Html},
                              {".csv", Format::Csv},
                              {".xml", Format::Junit}};

// Where no --format is given the file's name tells, among the formats that the command has.
void add_output(CLI::App& command, Format& format, std::string& output,
                std::span<const FormatName> formats) {
  command.add_option("-o,--output", output, "write to a file; its ending tells the format")
      ->type_name("OUT");
  command.callback([&command, &format, &output, formats] {
    if (command.count("--format") > 0) return;
    for (const std::string_view picture : {".svg", ".png", ".pdf", ".dot"}) {
      if (!output.ends_with(picture)) continue;
      throw CLI::ValidationError(
          "--output", fmt::format("{}: `{}` writes no picture; `sluice graph -o {}` does", output,
                                  command.get_name(), output));
    }
    for (const Ending& known : endings) {
      if (!output.ends_with(known.ending)) continue;
      const bool has = std::any_of(formats.begin(), formats.end(), [&](const FormatName& name) {
        return name.format == known.format;
      });
      if (has) format = known.format;
      return;
    }
  });
}

void add_state(CLI::App& command, std::string& state) {
  const bool has_file = command.get_option_no_throw("file") != nullptr;
  command
      .add_option("--state", state,
                  has_file ? "where runs are kept: .sluice beside the file by default"
                           : "where runs are kept: .sluice in this folder by default")
      ->type_name("DIR")
      ->check(not_empty());
}

// A whole number as it stands: a sign or too many digits would be read as another one.
CLI::Validator whole_number() {
  const auto wrong = [](std::string& word) -> std::string {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = error == std::errc{} && end == word.data() + word.size();
    return whole ? "" : word + " is no whole number from 0 to 18446744073709551615";
  };
  return {wrong, ""};
}

template <class Number>
void bounded(CLI::Option* option, Number least, Number most, const char* type = "N") {
  option->type_name(type)->check(CLI::Range(least, most).description(""));
}

void add_seed(CLI::App& command, std::uint64_t& seed, const char* text) {
  command.add_option("--seed", seed, text)->type_name("N")->check(whole_number());
}

CLI::Option* add_named_run(CLI::App& command, std::string& run, const char* text) {
  return command.add_option("run", run, text)->type_name("RUN")->check(not_empty());
}

void add_wait(CLI::App& command, bool& wait) {
  command.add_flag("--wait", wait, "wait for answers from elsewhere where nobody is at a terminal");
}

void add_notify(CLI::App& command, NotifyOptions& notify) {
  command
      .add_option("--notify", notify.to,
                  "tell a web server (by POST) or a program (on its standard input) what happens, "
                  "as JSON; env:NAME is a variable that holds a URL; may be given several times")
      ->type_name("URL|env:NAME|PROGRAM")
      ->allow_extra_args(false);
  command
      .add_option("--notify-on", notify.on,
                  "of these events alone, apart by commas: run_started, run_resumed, step_ended, "
                  "target_failed, operator_needed, left_prediction, run_paused, run_continued, "
                  "run_stopped, run_ended")
      ->type_name("EVENTS")
      ->allow_extra_args(false);
}

CLI::App* add_init(CLI::App& app, InitOptions& options) {
  CLI::App* command = app.add_subcommand("init", "write a first .deploy file, to be filled in");
  command->add_option("file", options.file, "a new file, site.deploy by default; - prints it")
      ->type_name("FILE");
  command->add_option("--inventory", options.inventory, "hosts that you have: one that fits them")
      ->type_name("FILE");
  command->add_flag("--programs", options.programs, "start the inventory where it is a program");
  return command;
}

CLI::App* add_completion(CLI::App& app, CompletionOptions& options) {
  CLI::App* command =
      app.add_subcommand("completion", "print what makes a shell complete sluice's words");
  command->add_option("shell", options.shell, "which")
      ->required()
      ->type_name("bash|zsh|fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  return command;
}

CLI::App* add_check(CLI::App& app, CheckOptions& options) {
  CLI::App* command = app.add_subcommand("check", "compile a file and report every mistake");
  add_input(*command, options.input);
  add_format(*command, options.format);
  return command;
}

CLI::App* add_fmt(CLI::App& app, FmtOptions& options) {
  CLI::App* command = app.add_subcommand("fmt", "write files in the one layout");
  command->add_option("files", options.files, ".deploy files; - is standard input")
      ->required()
      ->type_name("FILE");
  command->add_flag("--check", options.check, "name the files it would change, and change none");
  return command;
}

CLI::App* add_plan(CLI::App& app, PlanOptions& options) {
  CLI::App* command =
      app.add_subcommand("plan", "show the order, each limit with its rule, and the worst case");
  add_input(*command, options.input);
  add_format(*command, options.format);
  command->add_option("-o,--output", options.output, "save the plan")->type_name("OUT");
  command->add_flag("--expand", options.expand, "lay it out action by action");
  return command;
}

CLI::App* add_diff(CLI::App& app, DiffOptions& options) {
  CLI::App* command = app.add_subcommand("diff", "tell what differs between two plans");
  add_input(*command, options.input);
  command->add_option("new", options.other, "the new one; the first is the old one")
      ->required()
      ->type_name("NEW");
  add_format(*command, options.format);
  return command;
}

CLI::App* add_graph(CLI::App& app, GraphOptions& options) {
  CLI::App* command = app.add_subcommand("graph", "draw the plan");
  add_input(*command, options.input);
  command->add_option("-o,--output", options.output, "a .svg, .dot, .png or .pdf file")
      ->type_name("OUT");
  command->add_flag("--expand", options.expand, "lay it out target by target");
  command->add_option("--timeline", options.timeline, "colour it with what happened in this run")
      ->type_name("RUN");
  add_state(*command, options.state);
  return command;
}

CLI::App* add_simulate(CLI::App& app, SimulateOptions& options) {
  CLI::App* command =
      app.add_subcommand("simulate", "predict duration, order, capacity and downtime");
  add_input(*command, options.input);
  add_format(*command, options.format, simulate_formats);
  add_output(*command, options.format, options.output, simulate_formats);
  add_seed(*command, options.seed, "of the random draws");
  add_state(*command, options.state);
  command->add_option("--fail", options.fail, "make the first N attempts of an action fail")
      ->type_name("STEP[/CHILD]@TARGET[:N]");
  command->add_option("--slow", options.slow, "make an action, or all of a step, slower")
      ->type_name("STEP[/CHILD]@TARGET=3x");
  command->add_option("--unreachable", options.unreachable, "a target that is never to be reached")
      ->type_name("TARGET");
  command->add_flag("--explain", options.explain,
                    "tell slack, how busy the slots were, what one more would save, what makes it "
                    "uncertain");
  bounded(command->add_option("--runs", options.runs, "so many runs, and what they have in common"),
          1U, 10'000'000U);
  bounded(command->add_option("--threads", options.threads,
                              "at once, for --runs: all cores by default"),
          1U, 1'024U);
  return command;
}

CLI::App* add_advise(CLI::App& app, AdviseOptions& options) {
  CLI::App* command =
      app.add_subcommand("advise", "compare windows, batches and orders of a step, by simulation");
  add_input(*command, options.input);
  add_format(*command, options.format);
  command->add_option("--step", options.step, "which; by default the one with the most work")
      ->type_name("STEP");
  add_seed(*command, options.seed, "of the random draws");
  bounded(command->add_option("--runs", options.runs, "for each setting; 200 by default"), 1U,
          1'000'000U);
  bounded(command->add_option("--threads", options.threads, "at once: all cores by default"), 1U,
          1'024U);
  add_state(*command, options.state);
  command->add_option("--end", options.end, "when it is to have ended: tell the latest safe start")
      ->type_name("HH:MM");
  bounded(
      command->add_option("--confidence", options.confidence, "of that, in percent; 95 by default"),
      1.0, 99.9, "PERCENT");
  return command;
}

CLI::App* add_run(CLI::App& app, RunOptions& options) {
  CLI::App* command = app.add_subcommand("run", "carry the plan out");
  add_input(*command, options.input, started_anyway);
  add_format(*command, options.format);
  add_state(*command, options.state);
  command->add_flag("-y,--yes", options.yes, "do not ask before it starts");
  command->add_flag("--dry-run", options.dry_run, "say what would be done, and stop");
  command->add_option("--expect", options.expect, "refuse a plan with another digest")
      ->type_name("DIGEST")
      ->check(not_empty());
  command->add_flag("-q,--quiet", options.quiet, "print failures and the end only");
  add_wait(*command, options.wait);
  add_notify(*command, options.notify);
  return command;
}

CLI::App* add_census(CLI::App& app, CensusOptions& options) {
  CLI::App* command = app.add_subcommand(
      "census", "ask every target whether each step's work is in place; changes nothing");
  add_input(*command, options.input, started_anyway);
  add_format(*command, options.format);
  add_state(*command, options.state);
  return command;
}

CLI::App* add_resume(CLI::App& app, ResumeOptions& options) {
  CLI::App* command = app.add_subcommand("resume", "go on with a run that a program has left");
  add_named_run(*command, options.run, "which; the last one by default");
  add_state(*command, options.state);
  add_format(*command, options.format);
  command->add_flag("-q,--quiet", options.quiet, "print failures and the end only");
  add_wait(*command, options.wait);
  add_notify(*command, options.notify);
  return command;
}

// An operator's word; `words`: how its question and answer are called in the help, or null.
CLI::App* add_operate(CLI::App& app, OperateOptions& options, const char* word, const char* text,
                      const char* words) {
  CLI::App* command = app.add_subcommand(word, text);
  options.word = word;
  add_named_run(*command, options.run, "which")->required();
  if (words != nullptr) {
    command->add_option("question", options.words, "which, where several are open")
        ->type_name(words);
  }
  add_state(*command, options.state);
  return command;
}

CLI::App* add_pause(CLI::App& app, PauseOptions& options) {
  return add_operate(app, options, "pause", "let nothing more begin; what has begun goes on",
                     nullptr);
}

CLI::App* add_continue(CLI::App& app, ContinueOptions& options) {
  return add_operate(app, options, "continue", "take a pause back", nullptr);
}

CLI::App* add_abort(CLI::App& app, AbortOptions& options) {
  return add_operate(app, options, "abort",
                     "end what runs, then carry out only what is `when always`", nullptr);
}

CLI::App* add_approve(CLI::App& app, ApproveOptions& options) {
  return add_operate(app, options, "approve", "say that what is `manual` is done and well",
                     "[STEP/CHILD@TARGET]");
}

CLI::App* add_reject(CLI::App& app, RejectOptions& options) {
  return add_operate(app, options, "reject", "say that what is `manual` has failed",
                     "[STEP/CHILD@TARGET]");
}

CLI::App* add_answer(CLI::App& app, AnswerOptions& options) {
  return add_operate(app, options, "answer",
                     "say what is to come of a failure, or what came of what is not known",
                     "[STEP/CHILD@TARGET] retry|ignore|exclude|abort|succeeded|failed");
}

CLI::App* add_status(CLI::App& app, StatusOptions& options) {
  CLI::App* command = app.add_subcommand("status", "show how a run stands");
  add_named_run(*command, options.run, "which; the last one by default");
  add_state(*command, options.state);
  add_format(*command, options.format);
  return command;
}

CLI::App* add_report(CLI::App& app, ReportOptions& options) {
  CLI::App* command =
      app.add_subcommand("report", "write a run as a page, a table, a trace or test results");
  add_named_run(*command, options.run, "which; the last one by default");
  add_state(*command, options.state);
  add_format(*command, options.format, report_formats);
  add_output(*command, options.format, options.output, report_formats);
  command->add_flag("--predicted", options.predicted,
                    "on the page, beside what is predicted for its plan");
  add_seed(*command, options.seed, "of the prediction's random draws");
  bounded(
      command->add_option("--runs", options.runs, "so many predicted runs, and how long they take"),
      1U, 10'000'000U);
  return command;
}

CLI::App* add_compare(CLI::App& app, CompareOptions& options) {
  CLI::App* command =
      app.add_subcommand("compare", "what a run took, beside what was to be expected of it");
  add_named_run(*command, options.run, "which; the last one by default");
  add_state(*command, options.state);
  add_format(*command, options.format);
  add_seed(*command, options.seed, "of the random draws");
  bounded(command->add_option("--runs", options.runs, "of the prediction; 1000 by default"), 20U,
          1'000'000U);
  return command;
}

CLI::App* add_calibrate(CLI::App& app, CalibrateOptions& options) {
  CLI::App* command = app.add_subcommand(
      "calibrate", "say what earlier runs took, as `takes` phrases for the file");
  add_input(*command, options.input);
  add_state(*command, options.state);
  add_format(*command, options.format);
  return command;
}

CLI::App* add_history(CLI::App& app, HistoryOptions& options) {
  CLI::App* command = app.add_subcommand("history", "list the runs");
  add_state(*command, options.state);
  add_format(*command, options.format);
  return command;
}

CLI::App* add_logs(CLI::App& app, LogsOptions& options) {
  CLI::App* command = app.add_subcommand("logs", "print what actions wrote");
  add_named_run(*command, options.run,
                "which; the last one by default, of which this may be a target");
  command->add_option("target", options.target, "of this target alone")->type_name("TARGET");
  command->add_option("--step", options.step, "of this step or child step alone")
      ->type_name("STEP[/CHILD]");
  bounded(
      command->add_option("--attempt", options.attempt, "of these attempts alone: 1 is the first"),
      1U, 4'294'967'295U);
  add_state(*command, options.state);
  return command;
}

CLI::App* add_explain(CLI::App& app, ExplainOptions& options) {
  CLI::App* command = app.add_subcommand("explain", "explain a diagnostic's code");
  command->add_option("code", options.code, "such as E0101; none lists them all")
      ->type_name("CODE");
  return command;
}

CLI::App* add_version(CLI::App& app, VersionOptions&) {
  return app.add_subcommand("version", "print the version");
}

// What `package` calls on this machine; for nobody to type.
CLI::App* add_unpack(CLI::App& app, UnpackOptions& options) {
  CLI::App* command = app.add_subcommand("unpack-archive", "unpack into the working directory");
  command->add_option("archive", options.archive, "which")->required();
  return command->group("");
}

// What a run starts where hosts are reached over libssh; for nobody to type.
CLI::App* add_ssh_connections(CLI::App& app, SshConnectionsOptions&) {
  return app.add_subcommand("ssh-connections", "hold connections over libssh")->group("");
}

// A subcommand and the options that its parsing fills.
class Subcommands {
 public:
  // Describing all of them takes longer than checking a small file: only the one of that name, and
  // where it is empty, all.
  explicit Subcommands(std::string_view wanted) : wanted_(wanted) {}

  template <class Options>
  void add(CLI::App& app, std::string_view name, CLI::App* (*add_command)(CLI::App&, Options&)) {
    if (!wanted_.empty() && wanted_ != name) return;
    auto options = std::make_shared<Options>();
    CLI::App* command = add_command(app, *options);
    entries_.push_back({command, [options] { return Arguments(*options); }});
  }
  bool empty() const { return entries_.empty(); }
  std::optional<Arguments> parsed() const {
    for (const Entry& entry : entries_) {
      if (entry.command->parsed()) return entry.arguments();
    }
    return std::nullopt;
  }

 private:
  struct Entry {
    CLI::App* command;
    std::function<Arguments()> arguments;
  };
  std::string_view wanted_;
  std::vector<Entry> entries_;
};

// The first word where it is no command, said with the one that was probably meant.
std::string unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return "";
  std::vector<std::string> hints = compiler::did_you_mean(argv[1], names);
  hints.emplace_back("`sluice --help` lists them all");
  return fmt::format("there is no command `{}`\n  {}", base::printable(argv[1]), hints[0]);
}

constexpr const char* what_it_is = "sluice: rolling deployments, predicted before they run";

void set_up(CLI::App& app) {
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  app.set_version_flag("--version", fmt::format("sluice {}", program_version));
}

void add_commands(CLI::App& app, Subcommands& commands) {
  commands.add(app, "init", add_init);
  commands.add(app, "check", add_check);
  commands.add(app, "fmt", add_fmt);
  commands.add(app, "plan", add_plan);
  commands.add(app, "diff", add_diff);
  commands.add(app, "graph", add_graph);
  commands.add(app, "simulate", add_simulate);
  commands.add(app, "advise", add_advise);
  commands.add(app, "run", add_run);
  commands.add(app, "census", add_census);
  commands.add(app, "resume", add_resume);
  commands.add(app, "pause", add_pause);
  commands.add(app, "continue", add_continue);
  commands.add(app, "abort", add_abort);
  commands.add(app, "approve", add_approve);
  commands.add(app, "reject", add_reject);
  commands.add(app, "answer", add_answer);
  commands.add(app, "status", add_status);
  commands.add(app, "report", add_report);
  commands.add(app, "compare", add_compare);
  commands.add(app, "calibrate", add_calibrate);
  commands.add(app, "history", add_history);
  commands.add(app, "logs", add_logs);
  commands.add(app, "explain", add_explain);
  commands.add(app, "completion", add_completion);
  commands.add(app, "version", add_version);
  commands.add(app, "unpack-archive", add_unpack);
  commands.add(app, "ssh-connections", add_ssh_connections);
}

}  // namespace

std::vector<DescribedCommand> describe_commands() {
  CLI::App app{what_it_is, "sluice"};
  Subcommands commands("");
  set_up(app);
  add_commands(app, commands);
  std::vector<DescribedCommand> described;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_group().empty()) continue;
    DescribedCommand row{command->get_name(), command->get_description(), {}, {}};
    for (const CLI::Option* option : command->get_options()) {
      if (option->nonpositional()) {
        const bool flag = option->get_items_expected_max() == 0;
        DescribedOption known{{}, flag ? "" : option->get_type_name(), option->get_description()};
        for (const std::string& name : option->get_snames()) known.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) known.names.push_back("--" + name);
        row.options.push_back(std::move(known));
      } else {
        row.arguments.push_back(option->get_type_name());
      }
    }
    described.push_back(std::move(row));
  }
  return described;
}

std::variant<Arguments, int> parse_arguments(int argc, const char* const* argv) {
  CLI::App app{what_it_is, "sluice"};
  set_up(app);
  Subcommands commands(argc < 2 ? "" : argv[1]);
  add_commands(app, commands);
  if (commands.empty()) {  // no command
    commands = Subcommands("");
    add_commands(app, commands);
  }
  if (argc < 2) {
    tell("{}", app.help());
    return wrong_command;
  }
  if (const std::string unknown = unknown_command(app, argc, argv); !unknown.empty()) {
    tell("sluice: {}\n", unknown);
    return wrong_command;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const std::string command = argv[1][0] == '-' ? "" : fmt::format(" {}", argv[1]);
    tell("sluice: {}\n  `sluice{} --help` shows how\n", base::printable(error.what()), command);
    return wrong_command;
  }
  if (auto arguments = commands.parsed()) return *std::move(arguments);
  return wrong_command;
}

}  // namespace sluice::cli
