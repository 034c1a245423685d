// The words of the command line as plain values. CLI11 is seen by arguments.cpp alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::cli {

enum class Format { Text, Json, Html, Trace, Csv, Junit };

// What every command that reads a `.deploy` file or a saved plan takes.
struct InputOptions {
  std::string file;              // `-` is standard input
  std::vector<std::string> set;  // NAME=VALUE
  std::string environment;       // its name; empty: none
  std::vector<std::string> only;
  std::vector<std::string> skip;
  std::vector<std::string> limit;
  std::vector<std::string> exclude;
  std::string root;       // folder of all files that the file names; empty: that of the file
  bool programs = false;  // start those that it names
  std::uint32_t program_seconds = 60;  // that each of them has
  // NAME, VALUE: what stands for the SLUICE_VAR_NAME of the environment. Else the environment's.
  std::optional<std::vector<std::pair<std::string, std::string>>> variables;
};

struct CheckOptions {
  InputOptions input;
  Format format = Format::Text;
};
struct FmtOptions {
  std::vector<std::string> files;  // `-` is standard input, written to standard output
  bool check = false;              // name those that are laid out otherwise, and change nothing
};
struct PlanOptions {
  InputOptions input;
  Format format = Format::Text;
  std::string output;  // empty: words on standard output; else the saved plan
  bool expand = false;
};
struct DiffOptions {
  InputOptions input;  // of the old one; what shapes it shapes both
  std::string other;   // the new one
  Format format = Format::Text;
};
struct GraphOptions {
  InputOptions input;
  std::string output;  // its ending decides: .dot, .svg, .png, .pdf; empty or `-`: DOT
  bool expand = false;
  std::string timeline;  // a run, with whose course it is coloured; empty: none
  std::string state;
};
struct SimulateOptions {
  InputOptions input;
  Format format = Format::Text;
  std::string output;
  std::uint64_t seed = 1;
  std::uint32_t runs = 1;     // more than one: a distribution
  std::uint32_t threads = 0;  // 0: as many as the machine has cores
  std::string state;          // whose runs `takes history` reads; empty: .sluice beside the file
  std::vector<std::string> fail;
  std::vector<std::string> slow;
  std::vector<std::string> unreachable;
  bool explain = false;  // slack, how busy the slots were, what one more would save
};
struct AdviseOptions {
  InputOptions input;
  Format format = Format::Text;
  std::string step;  // empty: the one with the most work
  std::uint64_t seed = 1;
  std::uint32_t runs = 200;   // for each setting
  std::uint32_t threads = 0;  // 0: as many as the machine has cores
  std::string state;          // whose runs `takes history` reads
  std::string end;            // HH:MM[:SS], by which the rollout is to have ended; empty: not asked
  double confidence = 95;     // percent
};
// Who else is told of a run.
struct NotifyOptions {
  std::vector<std::string> to;  // URLs, env:NAME, programs
  std::vector<std::string> on;  // events; empty: all
};
struct RunOptions {
  InputOptions input;
  Format format = Format::Text;
  bool yes = false;
  bool dry_run = false;
  std::string expect;  // a digest that the plan must have
  std::string state;   // directory; empty: .sluice beside the file
  bool quiet = false;
  bool wait = false;
  NotifyOptions notify;
};
struct InitOptions {
  std::string file = "site.deploy";  // `-` is standard output
  std::string inventory;             // empty: none
  bool programs = false;
};
struct CompletionOptions {
  std::string shell;
};
struct CensusOptions {
  InputOptions input;
  Format format = Format::Text;
  std::string state;  // as of RunOptions
};
struct ResumeOptions {
  std::string run;  // empty: the last one
  std::string state = ".sluice";
  Format format = Format::Text;
  bool quiet = false;
  bool wait = false;
  NotifyOptions notify;
};
// Which command it was: pause, continue, abort, approve, reject, answer.
struct OperateOptions {
  std::string word;
  std::string run;
  std::vector<std::string> words;  // the question, where it is named, and the answer
  std::string state = ".sluice";
};
struct PauseOptions : OperateOptions {};
struct ContinueOptions : OperateOptions {};
struct AbortOptions : OperateOptions {};
struct ApproveOptions : OperateOptions {};
struct RejectOptions : OperateOptions {};
struct AnswerOptions : OperateOptions {};
struct StatusOptions {
  std::string run;  // empty: the last one
  std::string state = ".sluice";
  Format format = Format::Text;
};
struct ReportOptions {
  std::string run;  // empty: the last one
  std::string state = ".sluice";
  Format format = Format::Html;
  std::string output;      // empty: standard output
  bool predicted = false;  // with what was predicted for it beside it
  std::uint64_t seed = 1;  // of the prediction
  std::uint32_t runs = 1;  // of the prediction: more than one: its distribution too
};
struct CompareOptions {
  std::string run;  // empty: the last one
  std::string state = ".sluice";
  Format format = Format::Text;
  std::uint64_t seed = 1;
  std::uint32_t runs = 1000;
};
struct CalibrateOptions {
  InputOptions input;
  Format format = Format::Text;
  std::string state;  // empty: .sluice beside the file
};
struct HistoryOptions {
  std::string state = ".sluice";
  Format format = Format::Text;
};
struct LogsOptions {
  std::string run;
  std::string target;         // empty: all
  std::string step;           // empty: all; a step's or a child step's name
  std::uint32_t attempt = 0;  // 0: all
  std::string state = ".sluice";
};
struct ExplainOptions {
  std::string code;  // empty: a list of all
};
struct VersionOptions {};
struct UnpackOptions {
  std::string archive;
};
struct SshConnectionsOptions {};

using Arguments =
    std::variant<InitOptions, CompletionOptions, CheckOptions, FmtOptions, PlanOptions, DiffOptions,
                 GraphOptions, SimulateOptions, AdviseOptions, RunOptions, CensusOptions,
                 ResumeOptions, PauseOptions, ContinueOptions, AbortOptions, ApproveOptions,
                 RejectOptions, AnswerOptions, StatusOptions, ReportOptions, CompareOptions,
                 CalibrateOptions, HistoryOptions, LogsOptions, ExplainOptions, VersionOptions,
                 UnpackOptions, SshConnectionsOptions>;

// What a command takes, for the shells' completion. Values are told by the names that they have in
// the help: FILE, DIR, RUN, or `text|json` where there are few.
struct DescribedOption {
  std::vector<std::string> names;  // with their dashes
  std::string value;               // empty: it takes none
  std::string help;
};
struct DescribedCommand {
  std::string name;
  std::string help;
  std::vector<std::string> arguments;
  std::vector<DescribedOption> options;
};
std::vector<DescribedCommand> describe_commands();

// Parsed arguments, or the exit status after help or an error was printed.
std::variant<Arguments, int> parse_arguments(int argc, const char* const* argv);

}  // namespace sluice::cli
