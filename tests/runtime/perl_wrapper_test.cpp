// The text for hosts with Perl beside the one for shells: both answer and leave the same, whatever
// they find, and either goes on where the other was cut off.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>

#include "runtime/ssh_wrapper.h"
#include "support/golden.h"
#include "support/host_shell.h"

using namespace sluice;
using runtime::request_attach;
using runtime::request_cancel;
using runtime::request_forget;
using runtime::request_rest;
using runtime::request_start;
using runtime::ScriptPayload;
using test::HostShell;
using test::nonce;
using test::Session;
using Kind = runtime::WrapperAnswer::Kind;

namespace {

// What may be found of an action, and who asks for it how.
struct Found {
  std::map<std::string, std::string> files;  // in ~/.sluice, by their path
  std::string request;
  std::string told;
};

class RandomFound {
 public:
  explicit RandomFound(unsigned seed) : random_(seed) {}

  Found next() {
    Found found;
    if (one_of(8) > 0) add_files(found);
    const auto epoch = static_cast<std::uint32_t>(1 + one_of(3));
    const runtime::WrapperKey key{"run-1", "k", epoch};
    const bool more = one_of(2) > 0;
    switch (one_of(6)) {
      case 0:
        found.request = request_attach(nonce, key, more);
        break;
      case 1:
        found.request = request_cancel(nonce, key, base::Duration{100 * std::int64_t{one_of(2)}});
        break;
      case 2:
        found.request = request_rest(nonce, key, one_of(3), one_of(2) * 100'000);
        break;
      case 3:
        found.request = request_forget(nonce, "run-1", epoch);
        break;
      default: {
        ScriptPayload payload{one_of(8) > 0 ? "sh" : "nothing", "echo \"$v\"; exit 7", {}, {}, ""};
        payload.environment = {"v=1\n2"};
        if (one_of(8) == 0) payload.directory = one_of(2) > 0 ? "/usr/../usr/bin/" : "/nowhere";
        if (one_of(4) == 0) payload.body = "pwd; echo \"$PWD\"; echo b=2 > \"$SLUICE_OUTPUT\"";
        if (one_of(4) == 0) payload.body += "\n" + std::string(3000, '#');
        found.request = request_start(nonce, key, payload, more, one_of(2) > 0);
        if (one_of(8) == 0) found.request.pop_back();
      }
    }
    found.told = fmt::format("{:.70}\n", found.request);
    for (const auto& [name, text] : found.files) {
      found.told += fmt::format("{}: {} bytes, {:?}\n", name, text.size(), text.substr(0, 20));
    }
    return found;
  }

 private:
  unsigned one_of(unsigned number) { return static_cast<unsigned>(random_()) % number; }
  void add(Found& found, const std::string& name, const std::vector<std::string>& texts) {
    const unsigned which = one_of(static_cast<unsigned>(texts.size()) + 2);
    if (which < texts.size()) found.files["run-1/" + name] = texts[which];
  }
  void add_files(Found& found) {
    const std::string boot = test::read_text("/proc/sys/kernel/random/boot_id");
    const std::string room = "                \n";
    found.files["run-1/other.exit"] = "exit 0 .\n";
    add(found, "fence", {"", "1\n", "2\n", "3\n", "2"});
    add(found, "k.started", {"", boot, boot, "another-boot\n", boot.substr(0, boot.size() - 1)});
    add(found, "k.exit",
        {"", room, room, "exit 3 .\n        \n", "signal 9 .\n", "never 0 .\n", "exit 3",
         "exit 3 .", "exit 3 ..\n", "exit 3 . .\n"});
    // Of no process, and of one that is another by now.
    const std::string pid = fmt::format("{} 1", ::getpid());
    add(found, "k.pid", {"", "999999999 1 999999998\n", pid + "\n", "999999999"});
    add(found, "k.cancel", {"", "0\n", "5\n", "5"});
    add(found, "k.out",
        {"", "said\n", "no line end", std::string(65'536, 'x'), std::string(70'000, 'x')});
    add(found, "k.output", {"", "a=1\n", "no line end", std::string(70'000, 'x')});
    add(found, "k.lock", {""});
    add(found, "k.script.1", {"echo never\n"});
    add(found, "archive.tar.gz", {"sent"});
    if (one_of(4) == 0) found.files["20250101-000000-1/k.exit"] = "exit 0 .\n";
  }
  std::mt19937 random_;
};

// All that is there: kinds, rights, and what is in it; what names a process by its kind.
std::map<std::string, std::string> left_of(const std::string& home) {
  std::map<std::string, std::string> left;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(home)) {
    std::string name = entry.path().string().substr(home.size());
    // What the shell text alone knows of its host.
    if (name.find("/env-") != std::string::npos) continue;
    const std::size_t script = name.find(".script.");
    if (script != std::string::npos && !name.ends_with(".1")) name.erase(script + 7);
    const auto rights = static_cast<unsigned>(entry.status().permissions());
    std::string text = entry.is_directory() ? "a folder" : test::read_text(entry.path());
    if (name.ends_with(".pid") && text.find("99999999") == std::string::npos) {
      text = fmt::format("{} lines", std::count(text.begin(), text.end(), '\n'));
    }
    left[name] = fmt::format("{:o} {}", rights, text);
  }
  return left;
}

}  // namespace

TEST_CASE("both texts answer and leave the same, whatever they find", "[wrapper]") {
  const unsigned seed = GENERATE(1U, 2U);
  RandomFound random(seed);
  for (int round = 0; round < 40; ++round) {
    const Found found = random.next();
    INFO("seed " << seed << ", round " << round << ": " << found.told);
    HostShell shell("dash");
    HostShell perl("perl");
    for (const HostShell* host : {&shell, &perl}) {
      for (const auto& [name, text] : found.files) {
        const std::filesystem::path path = host->home() + "/.sluice/" + name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
      }
    }
    const auto by_shell = shell.start(found.request);
    const Session by_perl = perl.ask(found.request);
    shell.wait_for(by_shell);
    CHECK((by_perl.answers == by_shell->answers));
    CHECK(by_perl.verdict() == by_shell->verdict());
    CHECK(by_perl.value() == by_shell->value());
    CHECK((by_perl.output == by_shell->output));
    CHECK((by_perl.outputs == by_shell->outputs));
    CHECK((by_perl.end == by_shell->end));
    CHECK(by_perl.said.empty());
    CHECK(left_of(perl.home()) == left_of(shell.home()));
  }
}

namespace {

// A session under ptrace: it goes on from system call to system call, and can be killed at each.
class Traced {
 public:
  Traced(const HostShell& host, const std::string& request) {
    std::array<int, 2> input{};
    REQUIRE(::pipe(input.data()) == 0);
    // It holds that much.
    REQUIRE(::write(input[1], request.data(), request.size()) ==
            static_cast<ssize_t>(request.size()));
    const std::string home = "HOME=" + host.home();
    const std::string command = host.command();
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(input[0], 0);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      ::close(input[0]);
      ::close(input[1]);
      ::close(nowhere);
      const std::array<const char*, 4> words{"sh", "-c", command.c_str(), nullptr};
      const std::array<const char*, 3> environment{home.c_str(), "PATH=/usr/bin:/bin", nullptr};
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::execve("/bin/sh", const_cast<char**>(words.data()), const_cast<char**>(environment.data()));
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(input[1]);
    int status = 0;
    REQUIRE(::waitpid(process_, &status, 0) == process_);
    REQUIRE(WIFSTOPPED(status));
    REQUIRE(::ptrace(PTRACE_SETOPTIONS, process_, nullptr,
                     PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK) == 0);
  }
  ~Traced() { end(); }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

  // To its next system call; none when it has ended.
  std::optional<std::uint64_t> next_call() {
    while (process_ > 0) {
      if (!go_on()) break;
      if (WSTOPSIG(status_) != (SIGTRAP | 0x80)) continue;
      __ptrace_syscall_info info{};
      ::ptrace(PTRACE_GET_SYSCALL_INFO, process_, reinterpret_cast<void*>(sizeof info), &info);
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY) return info.entry.nr;
    }
    return std::nullopt;
  }
  void end() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      while (::waitpid(process_, &status_, 0) == process_ && WIFSTOPPED(status_)) {
      }
    }
    process_ = 0;
  }
  void let_go_of_begun() {
    if (begun_ > 0) ::ptrace(PTRACE_DETACH, begun_, nullptr, nullptr);
    begun_ = 0;
  }

 private:
  bool go_on() {
    const bool stopped_by_signal = WIFSTOPPED(status_) && (status_ >> 16) == 0 &&
                                   WSTOPSIG(status_) != SIGTRAP &&
                                   WSTOPSIG(status_) != (SIGTRAP | 0x80);
    const auto passed_on = static_cast<std::uintptr_t>(stopped_by_signal ? WSTOPSIG(status_) : 0);
    ::ptrace(PTRACE_SYSCALL, process_, nullptr, reinterpret_cast<void*>(passed_on));
    if (::waitpid(process_, &status_, 0) != process_ || !WIFSTOPPED(status_)) {
      process_ = 0;
      return false;
    }
    if (status_ >> 8 == (SIGTRAP | (PTRACE_EVENT_FORK << 8))) {
      unsigned long number = 0;
      ::ptrace(PTRACE_GETEVENTMSG, process_, nullptr, &number);
      begun_ = static_cast<pid_t>(number);
      int status = 0;
      REQUIRE(::waitpid(begun_, &status, 0) == begun_);
    }
    return true;
  }
  pid_t process_ = 0;
  pid_t begun_ = 0;
  int status_ = 0;
};

bool changes_something(std::uint64_t call) {
  constexpr std::array<std::uint64_t, 5> looks{SYS_ioctl, SYS_lseek, SYS_newfstatat, SYS_getpid,
                                               SYS_geteuid};
  return std::find(looks.begin(), looks.end(), call) == looks.end();
}

std::size_t times_run(const HostShell& host, const std::string& action) {
  return std::filesystem::exists(host.home() + "/ran-" + action)
             ? test::read_text(host.home() + "/ran-" + action).size()
             : 0;
}

std::string request_of(const std::string& action) {
  return request_start(nonce, {"run-1", action},
                       {"sh", "sleep 0.01; printf x >> \"$HOME/ran-$1\"; exit 7", {action}, {}, ""},
                       true);
}

}  // namespace

TEST_CASE("killed at any of its calls, it has begun once at most, and no end is made up",
          "[wrapper]") {
  HostShell host("perl");
  HostShell shell("dash");
  shell.live_with(host);
  struct Told {
    std::size_t count = 0;
    Kind kind = Kind::None;
  };
  std::vector<Told> told;
  for (bool ended = false; !ended;) {
    const std::string action = fmt::format("k{}", told.size());
    Traced traced(host, request_of(action));
    // It writes nothing before it has looked for its place.
    std::optional<std::uint64_t> call = traced.next_call();
    while (call && *call != SYS_getdents64) call = traced.next_call();
    for (std::size_t step = 0; call && step <= told.size();) {
      call = traced.next_call();
      traced.let_go_of_begun();
      if (call && changes_something(*call)) ++step;
    }
    ended = !call;
    traced.end();
    HostShell& asked = told.size() % 2 == 0 ? host : shell;
    const Session later = asked.ask(
        told.size() % 3 == 0 ? request_of(action) : request_attach(nonce, {"run-1", action}, true));
    told.push_back({times_run(host, action), later.verdict()});
    INFO("at call " << told.size() << " of those behind the first look at a folder");
    CHECK(told.back().count <= 1);
    if (later.verdict() == Kind::Exited) {
      CHECK(later.value() == 7);
      CHECK(told.back().count == 1);
    } else if (later.verdict() == Kind::None) {
      CHECK(told.back().count == 0);
    } else {
      CHECK((later.verdict() == Kind::LostKilled || later.verdict() == Kind::LostReboot));
    }
  }
  CHECK(told.size() > 50);
  // Nor does anything begin behind what was told.
  std::string requests;
  for (std::size_t i = 0; i < told.size(); ++i) requests += request_of(fmt::format("k{}", i));
  Session again = (told.size() % 2 == 0 ? host : shell).ask(requests);
  std::erase_if(again.answers, [](const auto& answer) { return answer.kind == Kind::Running; });
  REQUIRE(again.answers.size() == told.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    INFO(i);
    CHECK(again.answers[i].kind == (told[i].kind == Kind::None ? Kind::Never : told[i].kind));
    CHECK(times_run(host, fmt::format("k{}", i)) == told[i].count);
  }
}

TEST_CASE("what an environment says to Perl changes nothing of what comes and goes", "[wrapper]") {
  HostShell host("perl");
  // Of another Perl than this one.
  const std::string library = host.home() + "/lib";
  std::filesystem::create_directories(library + "/auto/POSIX");
  test::write_text(library + "/XSLoader.pm", "die");
  test::write_text(library + "/auto/POSIX/POSIX.so", "something else");
  const std::string bytes = "\xc3\xa9\xff";
  for (const std::string& variable :
       {std::string("PERL_UNICODE=SDA"), std::string("PERL5OPT=-CSDA"), std::string("PERL5OPT=-w"),
        std::string("PERL5OPT=-Mstrict"), "PERL5LIB=" + library, std::string("PERLIO=:utf8"),
        std::string("LC_ALL=xx_XX.UTF-8")}) {
    INFO(variable);
    host.with(variable);
    for (const bool long_one : {false, true}) {
      const std::string action = fmt::format("{}{}", variable.substr(0, 8), variable.size());
      ScriptPayload payload{"sh", "printf %s \"$v\" '" + bytes + "'", {}, {"v=" + bytes}, ""};
      payload.body += "; printf %s \"$v\" > \"$SLUICE_OUTPUT\"";
      if (long_one) payload.body += "\n# " + std::string(3000, '\xff');
      const runtime::WrapperKey key{"run-1", action + (long_one ? "long" : "short")};
      const Session session = host.ask(request_start(nonce, key, payload));
      INFO(session.said);
      CHECK(session.verdict() == Kind::Exited);
      CHECK(session.value() == 0);
      CHECK(session.output == bytes + bytes);
      CHECK(session.outputs == bytes);
      const bool told = variable.starts_with("LC_ALL");
      CHECK((told || session.said.empty()));
    }
  }
}

TEST_CASE("where Perl has no SHA-256 the program for it reckons, and few modules do", "[wrapper]") {
  HostShell host("perl");
  host.live_in("back\\slash");
  const std::string library = host.home() + "/lib";
  std::filesystem::create_directories(library + "/auto");
  // A Perl that has these modules alone.
  test::write_text(
      library + "/Bare.pm",
      "package Bare; my $own = $ENV{PERL5LIB}; $^O = $ENV{SYSTEM};\n"
      "for my $name (split / /, $ENV{BARE}) {\n"
      "  my $file = \"auto/$name/$name.so\"; my ($at) = grep { -e \"$_/$file\" } @INC;\n"
      "  mkdir \"$own/auto/$name\"; symlink \"$at/$file\", \"$own/$file\"; }\n"
      "@INC = ($own); 1\n");
  std::vector<std::string> environment{"PERL5LIB=" + library, "PERL5OPT=-MBare",
                                       "HOME=" + host.home(), "PATH=/usr/bin:/bin",
                                       "BARE=POSIX",          "SYSTEM=another"};
  const auto request = [](const std::string& action, const std::string& behind) {
    return request_start(nonce, {"run-1", action}, {"sh", "exit 7\n" + behind, {}, {"v=1\n2"}, ""},
                         true);
  };
  // Whose system calls are not known.
  host.with_only(environment);
  CHECK(host.ask(request("k1", "")).answers.back().text ==
        "the host has Perl, but not its modules IO and POSIX");
  const auto check_runs = [&](const std::string& action) {
    host.with_only(environment);
    const Session session = host.ask(request(action + "1", "") + request(action + "2", "") +
                                     request(action + "3", std::string(300'000, '#')));
    CHECK(session.said.empty());
    CHECK(std::count(session.answers.begin(), session.answers.end(),
                     runtime::WrapperAnswer{Kind::Exited, 7, ""}) == 3);
  };
  environment[4] = "BARE=POSIX IO";
  check_runs("another");
  environment[5] = "SYSTEM=linux";
  check_runs("with-modules");
#if defined(__x86_64__) || defined(__aarch64__)
  std::filesystem::remove_all(library + "/auto");
  std::filesystem::create_directories(library + "/auto");
  environment[4] = "BARE=";
  check_runs("without");
#endif
  std::string changed = request("k4", "#");
  changed[changed.rfind('#')] = '!';
  CHECK(host.ask(changed).verdict() == Kind::Refused);
  std::filesystem::create_symlink("/usr/bin/perl", host.bin() + "/perl");
  environment[3] = "PATH=" + host.bin();
  host.with_only(environment);
  const Session neither = host.ask(request("k5", ""));
  REQUIRE(neither.verdict() == Kind::Refused);
  CHECK(neither.answers.back().text ==
        "the host has neither sha256sum nor the module Digest::SHA of Perl");
}

TEST_CASE("a script sees the same name of where it is, whoever brought it there", "[wrapper]") {
  HostShell shell("dash");
  HostShell perl("perl");
  perl.live_with(shell);
  std::filesystem::create_directories(shell.home() + "/real/app");
  std::filesystem::create_directory(shell.home() + "/-");
  std::filesystem::create_directory_symlink("real", shell.home() + "/link");
  std::filesystem::create_directory_symlink("/usr/bin", shell.home() + "/away");
  int count = 0;
  for (const std::string& directory :
       {shell.home() + "/link/app", shell.home() + "//link/./app/", std::string("link/app"),
        std::string("./link/"), std::string("real/app/../app"), std::string("/"),
        std::string("link/../real"), shell.home() + "/real/app/..", std::string("away/.."),
        shell.home() + "/away/../lib", std::string("-")}) {
    INFO(directory);
    const auto seen = [&](HostShell& host) {
      host.at_home_with("PWD=" + host.home());
      return host
          .ask(request_start(nonce, {"run-1", fmt::format("k{}", ++count)},
                             {"sh", "echo \"$PWD\"; /bin/pwd", {}, {}, directory}))
          .output;
    };
    const std::string by_perl = seen(perl);
    CHECK(by_perl == seen(shell));
  }
}

TEST_CASE("why a script could not be started stands in its output", "[wrapper]") {
  HostShell host("perl");
  const Session session = host.ask(request_start(
      nonce, {"run-1", "k"}, {"sh", "exit 0", {}, {"v=" + std::string(200'000, 'x')}, ""}));
  CHECK(session.verdict() == Kind::Exited);
  CHECK(session.value() == 126);
  CHECK(session.output.find("sluice: cannot start ") == 0);
  CHECK(session.output.find("/sh: Argument list too long\n") != std::string::npos);
}

TEST_CASE("who watches over a huge script keeps nothing of it", "[wrapper]") {
  HostShell host("perl");
  ScriptPayload payload{"sh", "grep VmRSS \"/proc/$PPID/status\"; exit 0\n", {}, {}, ""};
  for (int line = 0; line < 400'000; ++line) payload.body += std::string(49, '#') + '\n';
  const Session session = host.ask(request_start(nonce, {"run-1", "k"}, payload));
  REQUIRE(session.output.starts_with("VmRSS:"));
  CHECK(std::atoi(session.output.c_str() + 6) < 16'000);
}

TEST_CASE("what cannot be read or written down on a host is said, and not tried forever",
          "[wrapper]") {
  HostShell host("perl");
  host.script("exit 0", "other");
  // Where it would stand that it never begins, nothing can be made.
  std::filesystem::create_symlink("nowhere/at/all", host.files("k.exit"));
  const Session never = host.ask(request_attach(nonce, {"run-1", "k"}));
  REQUIRE(never.verdict() == Kind::Refused);
  CHECK(never.answers.back().text == "it cannot be written down that it never begins");
  std::filesystem::remove(host.files("fence"));
  std::filesystem::create_directory(host.files("fence"));
  const Session begun = host.script("echo ran >> \"$HOME/effects\"", "k2");
  REQUIRE(begun.verdict() == Kind::Refused);
  CHECK(begun.answers.back().text == "it cannot be read who asked before");
  CHECK_FALSE(std::filesystem::exists(host.home() + "/effects"));
}

TEST_CASE("who asked before may be written down just as it is read", "[wrapper]") {
  HostShell host("perl");
  host.script("exit 0", "other");
  const std::string library = host.home() + "/lib";
  std::filesystem::create_directories(library);
  // Another has made the file, and writes into it behind the first look.
  test::write_text(host.files("fence"), "");
  test::write_text(library + "/Late.pm",
                   "package Late; my $at = $ENV{FENCE}; BEGIN { *CORE::GLOBAL::readline = sub {\n"
                   "  my $from = shift; return CORE::readline($from) if wantarray;\n"
                   "  my $l = CORE::readline($from);\n"
                   "  if (not defined $l and -e $at and (stat $from)[1] == (stat $at)[1]) {\n"
                   "    open my $to, '>', $at; print $to \"1\\n\"; close $to; }\n"
                   "  $l }; } 1\n");
  host.with_only({"PERL5LIB=" + library, "PERL5OPT=-MLate", "HOME=" + host.home(),
                  "PATH=/usr/bin:/bin", "FENCE=" + host.files("fence")});
  const Session session = host.script("exit 7", "k");
  CHECK(session.verdict() == Kind::Exited);
  CHECK(session.value() == 7);
}

TEST_CASE("a script too large for what its login may write is refused, and a small one told",
          "[wrapper]") {
  HostShell host("perl");
  rlimit usual{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &usual) == 0);
  rlimit little = usual;
  little.rlim_cur = 4'096;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &little) == 0);
  const Session large = host.script("exit 0\n#" + std::string(10'000, '-'), "k1");
  const Session small = host.script("while :; do echo 0123456789; done", "k2");
  REQUIRE(setrlimit(RLIMIT_FSIZE, &usual) == 0);
  REQUIRE(large.verdict() == Kind::Refused);
  CHECK(large.answers.back().text == "it cannot be written there");
  CHECK(small.verdict() == Kind::Signalled);
  CHECK(small.value() == SIGXFSZ);
}

TEST_CASE("signals that a login keeps back or ignores come to a script in Perl's care",
          "[wrapper]") {
  if (std::system("env --block-signal=TERM true 2>/dev/null") != 0) {
    WARN("no signals can be kept back by env here");
    return;
  }
  HostShell host("perl");
  host.by(
      "exec env --block-signal=TERM --block-signal=CHLD --ignore-signal=INT "
      "--ignore-signal=CHLD bash -c \"$3\"");
  const Session session =
      host.script("grep -E \"SigBlk|SigIgn\" /proc/self/status | cut -f2 | tr \"\\n\" \" \"");
  CHECK(session.verdict() == Kind::Exited);
  CHECK(session.output == "0000000000000000 0000000000000000 ");
}
