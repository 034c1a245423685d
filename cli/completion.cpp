// `sluice completion`: a script for bash, zsh or fish, made of what the commands say they take.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"

namespace sluice::cli {

namespace {

// What may stand for a value.
enum class Kind { Nothing, Words, File, Folder, Run };

Kind kind_of(const std::string& value) {
  if (value == "FILE" || value == "OUT" || value == "NEW") return Kind::File;
  if (value == "DIR") return Kind::Folder;
  if (value == "RUN") return Kind::Run;
  const bool words = value.find('|') != std::string::npos &&
                     value.find_first_not_of("abcdefghijklmnopqrstuvwxyz|_") == std::string::npos;
  return words ? Kind::Words : Kind::Nothing;
}

std::string words_of(std::string value) {
  for (char& c : value) {
    if (c == '|') c = ' ';
  }
  return value;
}

std::string all_names(const DescribedCommand& command) {
  std::string names;
  for (const DescribedOption& option : command.options) {
    for (const std::string& name : option.names) names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

// Between single quotes of any of these shells; help holds neither quotes nor backslashes of its
// own that would be more than text.
std::string escaped(std::string_view text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

// How bash fills COMPREPLY in, in one command.
std::string bash_reply(const std::string& value) {
  switch (kind_of(value)) {
    case Kind::Words:
      return fmt::format(R"(COMPREPLY=($(compgen -W "{}" -- "$word")))", words_of(value));
    case Kind::File:
      return "compopt -o default";
    case Kind::Folder:
      return "compopt -o dirnames";
    case Kind::Run:
      return R"~(COMPREPLY=($(compgen -W "$(_sluice_runs)" -- "$word")))~";
    case Kind::Nothing:
      break;
  }
  return ":";
}

// The runs of --state, or of .sluice here.
constexpr std::string_view bash_head =
    R"(# What bash completes of sluice: source <(sluice completion bash)
_sluice_runs() {
  local state=.sluice i
  for ((i = 1; i + 1 < ${#COMP_WORDS[@]}; ++i)); do
    [[ ${COMP_WORDS[i]} == --state ]] && state=${COMP_WORDS[i + 1]}
  done
  command ls -- "$state/runs" 2> /dev/null
}
_sluice() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
  COMPREPLY=()
)";

std::string bash_script(const std::vector<DescribedCommand>& commands) {
  std::string names;
  for (const DescribedCommand& command : commands) names += " " + command.name;
  std::string text(bash_head);
  text += fmt::format(
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W \"--help --version{}\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"$command $before\" in\n",
      names);
  for (const DescribedCommand& command : commands) {
    for (const DescribedOption& option : command.options) {
      if (option.value.empty()) continue;
      for (const std::string& name : option.names) {
        text += fmt::format("    \"{} {}\") {}; return ;;\n", command.name, name,
                            bash_reply(option.value));
      }
    }
  }
  text += "  esac\n  case $command in\n";
  for (const DescribedCommand& command : commands) {
    const std::string argument = command.arguments.empty() ? "" : command.arguments.front();
    text += fmt::format(
        "    {}) if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"{}\" -- \"$word\")); else "
        "{}; "
        "fi ;;\n",
        command.name, all_names(command), bash_reply(argument));
  }
  return text + "  esac\n}\ncomplete -F _sluice sluice\n";
}

std::string zsh_values(const std::string& value) {
  switch (kind_of(value)) {
    case Kind::Words:
      return fmt::format("({})", words_of(value));
    case Kind::File:
      return "_files";
    case Kind::Folder:
      return "_files -/";
    case Kind::Run:
      return "_sluice_runs";
    case Kind::Nothing:
      break;
  }
  return " ";
}

constexpr std::string_view zsh_head = R"~(#compdef sluice
# What zsh completes of sluice, as _sluice in a folder of $fpath, or by
#   source <(sluice completion zsh)
_sluice_runs() {
  local -a runs
  runs=(${(f)"$(command ls -- "${opt_args[--state]:-.sluice}/runs" 2> /dev/null)"})
  compadd -a runs
}
_sluice() {
  local -a commands
  commands=(
)~";

std::string zsh_script(const std::vector<DescribedCommand>& commands) {
  std::string text(zsh_head);
  for (const DescribedCommand& command : commands) {
    text += fmt::format("    '{}:{}'\n", command.name, escaped(command.help, ":"));
  }
  text +=
      "  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=${words[2]}\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n";
  for (const DescribedCommand& command : commands) {
    text += fmt::format("    {}) _arguments", command.name);
    for (const DescribedOption& option : command.options) {
      for (const std::string& name : option.names) {
        text += fmt::format(" \\\n      '*{}[{}]{}'", name, escaped(option.help, "[]:\\"),
                            option.value.empty() ? ""
                                                 : fmt::format(":{}:{}", escaped(option.value, ":"),
                                                               zsh_values(option.value)));
      }
    }
    for (const std::string& argument : command.arguments) {
      text += fmt::format(" \\\n      '*:{}:{}'", escaped(argument, ":"), zsh_values(argument));
      break;  // what stands behind the first is completed as it is
    }
    text += " ;;\n";
  }
  return text +
         "  esac\n}\n"
         "if [[ ${funcstack[1]} == _sluice ]]; then _sluice \"$@\"; else compdef _sluice sluice; "
         "fi\n";
}

std::string fish_values(const std::string& value) {
  switch (kind_of(value)) {
    case Kind::Words:
      return fmt::format(" -x -a '{}'", words_of(value));
    case Kind::File:
      return " -r -F";
    case Kind::Folder:
      return " -x -a '(__fish_complete_directories)'";
    case Kind::Run:
      return " -x -a '(__sluice_runs)'";
    case Kind::Nothing:
      break;
  }
  return value.empty() ? "" : " -x";
}

constexpr std::string_view fish_head =
    R"(# What fish completes of sluice: sluice completion fish | source
function __sluice_runs
  set -l state .sluice
  set -l words (commandline -opc)
  if set -l at (contains -i -- --state $words)
    set state $words[(math $at + 1)]
  end
  command ls -- $state/runs 2> /dev/null
end
complete -c sluice -f
complete -c sluice -n __fish_use_subcommand -l help -d 'Print this help message and exit'
complete -c sluice -n __fish_use_subcommand -l version -d 'print the version'
)";

std::string fish_script(const std::vector<DescribedCommand>& commands) {
  std::string text(fish_head);
  for (const DescribedCommand& command : commands) {
    text += fmt::format("complete -c sluice -n __fish_use_subcommand -a {} -d '{}'\n", command.name,
                        escaped(command.help, ""));
    const std::string within =
        fmt::format("complete -c sluice -n '__fish_seen_subcommand_from {}'", command.name);
    if (!command.arguments.empty()) {
      const std::string values = fish_values(command.arguments.front());
      if (values == " -r -F") text += within + " -F\n";
      if (values.starts_with(" -x -a")) text += within + values.substr(3) + "\n";
    }
    for (const DescribedOption& option : command.options) {
      text += within;
      for (const std::string& name : option.names) {
        const bool long_name = name.starts_with("--");
        text += fmt::format(" -{} {}", long_name ? "l" : "s", name.substr(long_name ? 2 : 1));
      }
      text += fmt::format("{} -d '{}'\n", fish_values(option.value), escaped(option.help, ""));
    }
  }
  return text;
}

}  // namespace

int completion_command(const CompletionOptions& options) {
  const std::vector<DescribedCommand> commands = describe_commands();
  const std::string text = options.shell == "bash"  ? bash_script(commands)
                           : options.shell == "zsh" ? zsh_script(commands)
                                                    : fish_script(commands);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_done;
}

}  // namespace sluice::cli
