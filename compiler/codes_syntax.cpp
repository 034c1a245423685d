// E01xx: what is wrong with the text itself, before any name is looked up.
#include <array>

#include "compiler/codes.h"

namespace sluice::compiler {

namespace {

constexpr std::array table{
    Code{
        "E0101",
        "the file is too large",
        "A `.deploy` file may have 16 MiB and 100,000 declarations beside its steps, a list "
        "100,000 "
        "parts, a block 100,000 values and a step 1,000 phrases. Targets are written as ranges "
        "(`target \"web-[001..900]\"`), and what a script needs beside it is a file of its own.",
        "",
        "",
    },
    Code{
        "E0102",
        "the file is not UTF-8",
        "A `.deploy` file is UTF-8, with or without a byte-order mark. Save it again in that "
        "encoding; the place that is marked holds the first byte that does not fit.",
        "deployment \"Caf\xE9\"\n",
        R"deploy(deployment "Café"
step "Say it" { run "true" }
)deploy",
    },
    Code{
        "E0103",
        "a control character stands in the file",
        "A control character cannot be seen, so the file would do something else than what a "
        "reader reads. Tabs and line ends are fine. In a string it is written as an escape, "
        "`\\u{7}`.",
        "deployment \"Bell\x07\"\n",
        R"deploy(deployment "Bell\u{7}"
step "Say it" { run "true" }
)deploy",
    },
    Code{
        "E0104",
        "the direction of the text is turned and not turned back",
        "Bidirectional controls change the order in which characters are shown. One that is not "
        "paired on its line can make a file read as something else than it is (CVE-2021-42574).",
        "deployment \"Acme\u202E\"\n",
        R"deploy(deployment "Acme"
step "Say it" { run "true" }
)deploy",
    },
    Code{
        "E0105",
        "the file is nested too deeply",
        "Blocks, brackets, `${…}`, `if` and long chains of operators may lie at most 128 levels "
        "inside one another. Work a part out in a variable of its own.",
        "deployment \"Deep\"\n"
        "variable n = "
        "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
        "((((((((((((((((((((((((((((((((((((((((1"
        "))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))"
        ")))))))))))))))))))))))))))))))))))))))\n",
        R"deploy(deployment "Deep"
variable n = ((1))
step "Say it" on here window n { run "true" }
role here { target "localhost" }
)deploy",
    },
    Code{
        "E0106",
        "a string does not end on its line",
        "A string, and each `${…}` in it, ends on the line where it begins. A text over several "
        "lines stands in a text block, between `\"\"\"`.",
        R"deploy(deployment "Acme
step "Say it" { run "true" }
)deploy",
        R"deploy(deployment "Acme"
step "Say it" { run "true" }
)deploy",
    },
    Code{
        "E0107",
        "a text block is not opened or not closed",
        "A text block is opened by three or more quotes at the end of a line, and closed by as "
        "many. Nothing else stands on the opening line.",
        R"deploy(deployment "Acme"
step "Say it" {
  run """echo hello"""
}
)deploy",
        R"deploy(deployment "Acme"
step "Say it" {
  run """
    echo hello
  """
}
)deploy",
    },
    Code{
        "E0108",
        "a string has an escape that there is not",
        "A string knows `\\n`, `\\t`, `\\r`, `\\\"`, `\\\\`, `\\$` and `\\u{…}` with the number of "
        "a "
        "Unicode character in hexadecimal. A backslash itself is `\\\\`. A text block has no "
        "escapes: a script, or a path of Windows, reads better there.",
        R"deploy(deployment "C:\deploy"
step "Say it" { run "true" }
)deploy",
        R"deploy(deployment "C:\\deploy"
step "Say it" { run "true" }
)deploy",
    },
    Code{
        "E0109",
        "a number or its unit is not written as the language has it",
        "Numbers are `3` and `2.5`; percentages `25%`; durations `250ms`, `30s`, `5m`, `2h`, `1d` "
        "and sums such as `1h30m`, each unit once and the largest first; sizes `500kB`, `20MB`, "
        "`1GiB`; rates `1Gbps`. No letter touches a number otherwise. A version is a string.",
        R"deploy(deployment "Acme"
step "Pause" { run wait 30sec }
)deploy",
        R"deploy(deployment "Acme"
step "Pause" { run wait 30s }
)deploy",
    },
    Code{
        "E0110",
        "a number is out of range",
        "Numbers are 64-bit decimals with six places: up to 9,223,372,036,854. Durations end at "
        "a hundred years, sizes at 8 EiB.",
        R"deploy(deployment "Acme"
step "Pause" { run wait 99999d }
)deploy",
        R"deploy(deployment "Acme"
step "Pause" { run wait 99d }
)deploy",
    },
    Code{
        "E0111",
        "a word or sign does not belong where it stands",
        "The message says what was seen and what may stand there. A statement begins with a "
        "keyword or is `name = expression`; strings stand between `\"`, blocks between `{` and "
        "`}`, and a comment begins with `#`.",
        R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "Update" on web windw 3 { run "true" }
)deploy",
        R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "Update" on web window 3 { run "true" }
)deploy",
    },
    Code{
        "E0112",
        "a `}` is missing",
        "A block that was opened with `{` is never closed. The place is worked out from the "
        "layout: where a line is no further in than the line that opened the block, the block "
        "should have ended before it.",
        R"deploy(deployment "Acme"
step "One" {
  run "true"
step "Two" {
  run "true"
}
)deploy",
        R"deploy(deployment "Acme"
step "One" {
  run "true"
}
step "Two" {
  run "true"
}
)deploy",
    },
    Code{
        "E0113",
        "a `}` closes nothing",
        "There is one `}` more than there are blocks. Take it out, or open the block that it was "
        "meant to close.",
        R"deploy(deployment "Acme"
step "One" {
  run "true"
}
}
)deploy",
        R"deploy(deployment "Acme"
step "One" {
  run "true"
}
)deploy",
    },
    Code{
        "E0115",
        "a name does not stand in quotes",
        "The names of the deployment, of steps and of targets are strings: `step \"Deploy\"`. "
        "Names of roles, variables and attributes are words.",
        R"deploy(deployment "Acme"
step Deploy { run "true" }
)deploy",
        R"deploy(deployment "Acme"
step "Deploy" { run "true" }
)deploy",
    },
    Code{
        "E0116",
        "a name is worked out",
        "The names of the deployment, of steps, roles, targets and attributes are written out, so "
        "that a plan, a log and a `--fail` speak of the same thing. `\\${` is the text `${`.",
        R"deploy(deployment "Acme ${release}"
variable release = "2.4.1"
step "Say it" { run "echo \"$release\"" }
)deploy",
        R"deploy(deployment "Acme"
variable release = "2.4.1"
step "Say it" { run "echo \"$release\"" }
)deploy",
    },
    Code{
        "E0117",
        "comparisons do not chain",
        "`a < b < c` would compare a truth with a number. Join two comparisons with `and`.",
        R"deploy(deployment "Acme"
variable lanes = 3
variable few = 1 < lanes < 9
step "Say it" { run "echo \"$few\"" }
)deploy",
        R"deploy(deployment "Acme"
variable lanes = 3
variable few = 1 < lanes and lanes < 9
step "Say it" { run "echo \"$few\"" }
)deploy",
    },
    Code{
        "E0118",
        "a `{` is missing",
        "A step's body stands between `{` and `}`. A `}` that closes nothing showed that a `{` was "
        "forgotten; the place is where the step's body seems to begin.",
        R"deploy(deployment "Acme"
step "One"
  run "true"
}
)deploy",
        R"deploy(deployment "Acme"
step "One" {
  run "true"
}
)deploy",
    },
};

}  // namespace

std::span<const Code> syntax_codes() {
  return table;
}

}  // namespace sluice::compiler
