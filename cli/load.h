// From the FILE of a command line to a plan: a `.deploy` file is compiled, a saved plan is read.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"
#include "plan/plan.h"

namespace sluice::cli {

// At most 16 MiB of a `.deploy` file; a saved plan may be larger. `-` is standard input.
base::Result<std::string> read_file(const std::string& path, std::size_t most_bytes);
// Whole or not at all: written beside, synced, renamed. `-` is standard output.
base::Status write_file(const std::string& path, std::string_view text);

// What becomes of the diagnostics: errors are always printed; warnings only by who asks for them.
enum class Warnings { Ignore, Print, Json };

// Prints what is wrong (to standard error) and gives the exit status, or the plan. As JSON nothing
// is printed. `document` gets the diagnostics of a `.deploy` file as JSON, and stays empty where a
// saved plan was read.
std::variant<plan::Plan, int> load_plan(const InputOptions& input,
                                        Warnings warnings = Warnings::Ignore,
                                        std::string* document = nullptr);

// The same of a text that stands for `input.file`.
std::variant<plan::Plan, int> compile_text(const InputOptions& input, std::string text,
                                           Warnings warnings = Warnings::Ignore,
                                           std::string* document = nullptr);

// NAME, VALUE of each SLUICE_VAR_NAME.
std::vector<std::pair<std::string, std::string>> variables_of_environment();

// Where the file lies: what it names is beneath.
std::string folder_of(const InputOptions& input);
// Where runs of a file are kept: as it was said, else .sluice beside the file.
std::string state_beside(const InputOptions& input, const std::string& said);

// Whether standard error (or output) is a terminal that wants colour: NO_COLOR, CLICOLOR_FORCE and
// TERM=dumb are respected.
bool colour_wanted(int file_descriptor);
// Whether standard error is a terminal on which a line may be written over.
bool live_lines_wanted();
bool is_terminal(int file_descriptor);
// What was typed on the terminal and not read yet: it answers no question that comes only now.
void forget_typed(int terminal);
// Columns of the terminal on the descriptor, or 80.
int terminal_width(int file_descriptor);
// And its lines, or 24.
int terminal_height(int file_descriptor);

}  // namespace sluice::cli
