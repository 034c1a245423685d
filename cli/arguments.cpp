#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <functional>

namespace sluice::cli {

namespace {

constexpr int wrong_command = 2;

void add_input(CLI::App& command, InputOptions& input) {
  command.add_option("file", input.file, "a .deploy file or a saved plan; - is standard input")
      ->required()
      ->type_name("FILE");
  command.add_option("--set", input.set, "give a variable a value")->type_name("NAME=VALUE");
}

void add_format(CLI::App& command, Format& format) {
  const std::map<std::string, Format> names{{"text", Format::Text}, {"json", Format::Json}};
  command.add_option("--format", format, "text or json")
      ->transform(CLI::Transformer(names))
      ->type_name("FORMAT");
}

void add_state(CLI::App& command, std::string& state) {
  command.add_option("--state", state, "where runs are kept: .sluice beside the file by default")
      ->type_name("DIR");
}

}  // namespace

std::variant<Arguments, int> parse_arguments(int argc, const char* const* argv) {
  CLI::App app{"sluice: rolling deployments, predicted before they run", "sluice"};
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);

  CheckOptions check;
  CLI::App* check_command = app.add_subcommand("check", "compile a file and report every mistake");
  add_input(*check_command, check.input);
  add_format(*check_command, check.format);

  PlanOptions plan;
  CLI::App* plan_command =
      app.add_subcommand("plan", "show the order, each limit with its rule, and the worst case");
  add_input(*plan_command, plan.input);
  add_format(*plan_command, plan.format);
  plan_command->add_option("-o,--output", plan.output, "save the plan")->type_name("OUT");
  plan_command->add_flag("--expand", plan.expand, "lay it out action by action");

  GraphOptions graph;
  CLI::App* graph_command = app.add_subcommand("graph", "draw the plan");
  add_input(*graph_command, graph.input);
  graph_command->add_option("-o,--output", graph.output, "a .svg, .dot, .png or .pdf file")
      ->type_name("OUT");
  graph_command->add_flag("--expand", graph.expand, "lay it out target by target");

  SimulateOptions simulate;
  CLI::App* simulate_command =
      app.add_subcommand("simulate", "predict duration, order, capacity and downtime");
  add_input(*simulate_command, simulate.input);
  add_format(*simulate_command, simulate.format);
  simulate_command->add_option("-o,--output", simulate.output, "write to a file")
      ->type_name("OUT");
  simulate_command->add_option("--seed", simulate.seed, "of the random draws");
  simulate_command->add_option("--fail", simulate.fail, "make the first N attempts of an action fail")
      ->type_name("STEP[/CHILD]@TARGET[:N]");

  RunOptions run;
  CLI::App* run_command = app.add_subcommand("run", "carry the plan out");
  add_input(*run_command, run.input);
  add_format(*run_command, run.format);
  add_state(*run_command, run.state);
  run_command->add_flag("-y,--yes", run.yes, "do not ask before it starts");
  run_command->add_flag("--dry-run", run.dry_run, "say what would be done, and stop");
  run_command->add_option("--expect", run.expect, "refuse a plan with another digest")
      ->type_name("DIGEST");
  run_command->add_flag("-q,--quiet", run.quiet, "print failures and the end only");

  StatusOptions status;
  CLI::App* status_command = app.add_subcommand("status", "show how a run stands");
  status_command->add_option("run", status.run, "which; the last one by default")->type_name("RUN");
  add_state(*status_command, status.state);
  add_format(*status_command, status.format);

  HistoryOptions history;
  CLI::App* history_command = app.add_subcommand("history", "list the runs");
  add_state(*history_command, history.state);
  add_format(*history_command, history.format);

  LogsOptions logs;
  CLI::App* logs_command = app.add_subcommand("logs", "print what actions wrote");
  logs_command->add_option("run", logs.run, "which; the last one by default")->type_name("RUN");
  logs_command->add_option("target", logs.target, "of this target alone")->type_name("TARGET");
  add_state(*logs_command, logs.state);

  ExplainOptions explain;
  CLI::App* explain_command = app.add_subcommand("explain", "explain a diagnostic's code");
  explain_command->add_option("code", explain.code, "such as E0101; none lists them all")
      ->type_name("CODE");

  CLI::App* version_command = app.add_subcommand("version", "print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : wrong_command;
  }

  if (check_command->parsed()) return check;
  if (plan_command->parsed()) return plan;
  if (graph_command->parsed()) return graph;
  if (simulate_command->parsed()) return simulate;
  if (run_command->parsed()) return run;
  if (status_command->parsed()) return status;
  if (history_command->parsed()) return history;
  if (logs_command->parsed()) return logs;
  if (explain_command->parsed()) return explain;
  if (version_command->parsed()) return VersionOptions{};
  return wrong_command;
}

}  // namespace sluice::cli
