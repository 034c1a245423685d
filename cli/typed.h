// Commands as they are shown to a person who is to type them, or to paste them: names and paths in
// them are quoted for a shell, so that nothing of a name becomes a command.
#pragma once

#include <string>

#include "plan/plan.h"

namespace sluice::cli {

// As it is where a shell takes it for one word, else in quotes; safe to print.
std::string typed_word(const std::string& word);
// The same, in quotes in any case.
std::string typed_name(const std::string& name);
// " --state DIR"; empty where none is given.
std::string typed_state(const std::string& state);

// How what is carried out is called: "`Acme` in `prod`"
std::string deployment_words(const plan::Plan& plan);

// "sluice VERB RUN --state DIR"
std::string typed_command(const std::string& verb, const std::string& run,
                          const std::string& state);
// "sluice logs RUN TARGET --state DIR"
std::string typed_logs(const std::string& run, const std::string& target, const std::string& state);

}  // namespace sluice::cli
