// Releases put in place: on this machine, and on a host behind a real sshd.
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/local.h"
#include "runtime/package.h"
#include "runtime/package_script.h"
#include "support/cut_proxy.h"
#include "support/paths.h"
#include "support/remote.h"
#include "support/tiny_plan.h"

using namespace sluice;
using scheduler::Outcome;
namespace fs = std::filesystem;

namespace {

// A folder of archives, a host beside this machine, and the folder that releases go to.
struct World {
  explicit World(test::SshServer::Options options = {},
                 runtime::SshUploads::Settings settings = {base::Duration{30'000},
                                                           base::Duration{5'000}})
      : remote(std::move(options)),
        scripts(remote.waiting.loop, place.path() + "/scripts"),
        uploads(remote.waiting.loop, remote.executor, settings),
        executor(remote.waiting.loop, {scripts, remote.executor}, uploads, test::program_path()) {}

  std::string to() const { return place.path() + "/" + folder; }
  std::string current() const { return to() + "/current"; }

  // An archive that holds `bin/version` with that text, and a link to it.
  std::string make(const std::string& name, const std::string& version) const {
    const std::string content = place.path() + "/make";
    fs::remove_all(content);
    fs::create_directories(content + "/bin");
    test::write_text(content + "/bin/version", version);
    test::write_text(content + "/größe und mehr", "x");
    const std::string path = place.path() + "/" + name;
    fs::remove(path);
    std::string command = "tar -cf - . | gzip -c > \"$1\"";
    if (name.ends_with(".tar.zst")) command = "tar -cf - . | zstd -qc > \"$1\"";
    if (name.ends_with("zip") || name.ends_with("nupkg")) {
      command = "zip -qr \"$1.zip\" . && mv \"$1.zip\" \"$1\"";
      if (name.ends_with("zip")) command = "zip -qr \"$1\" .";
    } else {
      fs::create_symlink("bin/version", content + "/version");
    }
    REQUIRE(test::run_quietly({"/bin/sh", "-c", "cd \"$0\" && " + command, content, path}) == 0);
    return name;
  }

  // The executor looks at it, as it does before a run.
  std::string look_at(const std::string& source, const std::string& sha256 = "") {
    plan::Plan plan = test::tiny_plan("Step on web1");
    plan::Action& action = plan.steps[plan::StepId{0}].tasks[0].action;
    action.kind = "package";
    const auto digest = runtime::digest_file(place.path() + "/" + source);
    const std::string known = sha256.empty() && digest ? digest.value().sha256 : sha256;
    action.attributes = {{"source", plan::constant({source})}, {"sha256", plan::constant({known})}};
    return executor.check(plan, place.path());
  }

  runtime::ActionRequest request(const std::string& source, const runtime::Place& where,
                                 int keep = 5) {
    runtime::ActionRequest made = remote.requests.action(
        "package", {test::text_attribute("source", source),
                    test::text_attribute("to", to()),
                    {"keep", plan::Value{plan::Number{std::int64_t{keep} * 1'000'000}}}});
    made.place = where;
    return made;
  }
  test::Answer run(const std::string& source, const runtime::Place& where, int keep = 5) {
    REQUIRE(look_at(source).empty());
    return remote.requests.run(executor, request(source, where, keep));
  }
  std::string name_of(const std::string& source) const {
    return runtime::release_name(source,
                                 runtime::digest_file(place.path() + "/" + source).value().sha256);
  }
  std::vector<std::string> releases() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(to())) {
      const std::string name = entry.path().filename().string();
      if (name != ".sluice" && name != "current") found.push_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  test::TemporaryDirectory place;
  test::Remote remote;
  runtime::LocalExecutor scripts;
  runtime::SshUploads uploads;
  runtime::PackageExecutor executor;
  std::string folder = "srv";
};

}  // namespace

TEST_CASE("each kind of archive is unpacked beside the releases, here and on a host",
          "[package][ssh]") {
  for (const bool here : {true, false}) {
    for (const std::string ending : {".tar.gz", ".tar.zst", ".zip", ".nupkg"}) {
      CAPTURE(here, ending);
      World world;
      const std::string source = world.make("acme 1.0" + ending, "one\n");
      const test::Answer answer =
          world.run(source, here ? test::local_place() : world.remote.server.where());
      INFO(answer.output << answer.completion->detail);
      REQUIRE(answer.completion->outcome == Outcome::Succeeded);
      CHECK(test::read_text(world.current() + "/bin/version") == "one\n");
      CHECK(test::read_text(world.current() + "/größe und mehr") == "x");
      CHECK(fs::read_symlink(world.current()) == world.name_of(source));
      CHECK(world.name_of(source).starts_with("acme_1.0-"));
      if (ending.starts_with(".tar")) {
        CHECK(fs::read_symlink(world.current() + "/version") == "bin/version");
      }
      CHECK((answer.output.find("sent ") == std::string::npos) == here);
      // What is in place and whole is left as it is.
      const test::Answer again =
          world.run(source, here ? test::local_place() : world.remote.server.where());
      CHECK(again.completion->outcome == Outcome::Succeeded);
      CHECK(again.output == fmt::format("{}/{} is in place already, and verified\n", world.to(),
                                        world.name_of(source)));
    }
  }
}

TEST_CASE("the folder of releases may have any name", "[package][ssh]") {
  for (const bool here : {true, false}) {
    for (const std::string ending : {".tar.gz", ".zip"}) {
      CAPTURE(here, ending);
      World world;
      world.folder = "-a\\b *[x]' \"$HOME\"";
      const test::Answer answer =
          world.run(world.make("acme" + ending, "one\n"),
                    here ? test::local_place() : world.remote.server.where());
      INFO(answer.output << answer.completion->detail);
      REQUIRE(answer.completion->outcome == Outcome::Succeeded);
      CHECK(test::read_text(world.current() + "/bin/version") == "one\n");
    }
  }
}

TEST_CASE("the next release takes over, and only as many stay as are kept", "[package][ssh]") {
  for (const bool here : {true, false}) {
    CAPTURE(here);
    World world;
    const runtime::Place where = here ? test::local_place() : world.remote.server.where();
    for (const std::string version : {"1", "2", "3"}) {
      const std::string source = world.make("acme-" + version + ".tar.gz", version);
      REQUIRE(world.run(source, where, 2).completion->outcome == Outcome::Succeeded);
      CHECK(test::read_text(world.current() + "/bin/version") == version);
    }
    CHECK(world.releases() ==
          std::vector<std::string>{world.name_of("acme-2.tar.gz"), world.name_of("acme-3.tar.gz")});
    // Back to the one before: it is there, and nothing is unpacked.
    const test::Answer back = world.run("acme-2.tar.gz", where, 1);
    CHECK(back.output.find("is there already, and verified") != std::string::npos);
    CHECK(back.output.find("unpacked") == std::string::npos);
    CHECK(world.releases() == std::vector<std::string>{world.name_of("acme-2.tar.gz")});
    CHECK(test::read_text(world.current() + "/bin/version") == "2");
  }
}

TEST_CASE("a release that failed does not push out the one that serves", "[package][ssh]") {
  for (const bool here : {true, false}) {
    CAPTURE(here);
    World world;
    const runtime::Place where = here ? test::local_place() : world.remote.server.where();
    const std::string good = world.make("good.tar.gz", "good");
    REQUIRE(world.run(good, where, 2).completion->outcome == Outcome::Succeeded);
    const std::string bad = world.make("bad.tar.gz", "bad");
    REQUIRE(world.look_at(bad).empty());
    runtime::ActionRequest request = world.request(bad, where, 2);
    request.attributes.push_back(test::text_attribute("after", "exit 1"));
    CHECK(world.remote.requests.run(world.executor, std::move(request)).completion->outcome ==
          Outcome::Failed);
    const std::string next = world.make("next.tar.gz", "next");
    REQUIRE(world.run(next, where, 2).completion->outcome == Outcome::Succeeded);
    CHECK(world.releases() == std::vector<std::string>{world.name_of(good), world.name_of(next)});
  }
}

TEST_CASE("what could not be unpacked to its end takes no room", "[package][ssh]") {
  World world;
  const std::string source = world.make("a.tar.gz", "one");
  REQUIRE(world.look_at(source).empty());
  const runtime::Place where = world.remote.server.where();
  // As where the disk is full: something of it is there, and no more comes.
  const std::string tar = world.remote.server.home() + "/../bin/tar";
  const auto tar_is = [&](const std::string& text) {
    test::write_text(tar, "#!/bin/sh\ncat > some\n" + text);
    fs::permissions(tar, fs::perms::owner_all);
  };
  const auto left = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(world.to() + "/.sluice")) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  };
  tar_is("exit 2\n");
  test::Answer answer = world.remote.requests.run(world.executor, world.request(source, where));
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.output.find("it could not be unpacked") != std::string::npos);
  CHECK(left() == std::vector<std::string>{"lock"});
  // GNU tar says only that it wrote less than it wanted to.
  const std::string df = world.remote.server.home() + "/../bin/df";
  test::write_text(df, "#!/bin/sh\necho Filesystem\necho disk 400 388 12 97% /srv\n");
  fs::permissions(df, fs::perms::owner_all);
  answer = world.remote.requests.run(world.executor, world.request(source, where));
  CHECK(answer.output.find("it could not be unpacked: the disk is full (12 KiB are free)") !=
        std::string::npos);
  // The same where it is ended in the middle.
  tar_is("echo $$ > \"$HOME/pid\"\nwhile :; do sleep 0.1; done\n");
  runtime::ActionRequest request = world.request(source, where);
  const auto ticket = request.ticket;
  const auto ended = world.remote.requests.start(world.executor, std::move(request));
  world.remote.process_in(world.remote.server.home() + "/pid");
  CHECK(left().size() > 1);
  world.executor.cancel(ticket);
  world.remote.wait_for(ended);
  CHECK(ended->completion->outcome == Outcome::Cancelled);
  CHECK(left() == std::vector<std::string>{"lock"});
}

TEST_CASE("read-only folders of an archive are put in place and removed like others", "[package]") {
  World world;
  const std::string folder = world.place.path();
  test::write_text(folder + "/script", std::string(runtime::package_script_text));
  fs::permissions(folder, fs::perms::all);  // for the user that we become: root is let through
  const auto as_user = [](std::vector<std::string> command) {
    const std::vector<std::string> become = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                                             "--clear-groups"};
    if (::geteuid() == 0) command.insert(command.begin(), become.begin(), become.end());
    return test::run_quietly(command);
  };
  for (const std::string source : {"one.tar.gz", "two.tar.gz"}) {
    REQUIRE(test::run_quietly({"/bin/sh", "-c",
                               "cd \"$0\" && mkdir -p tree/ro/in && echo $1 >tree/ro/in/f && "
                               "chmod 555 tree tree/ro tree/ro/in && tar -czf $1 -C tree . && "
                               "chmod -R u+w tree && rm -r tree",
                               folder, source}) == 0);
    const std::string path = folder + "/" + source;
    // An earlier one was killed in its middle.
    const std::string leftover = world.to() + "/.sluice/unpack.1";
    REQUIRE(as_user({"/bin/sh", "-c",
                     "mkdir -p \"$0/ro\" && touch \"$0/ro/f\" && chmod 555 \"$0/ro\"", leftover}) ==
            0);
    CHECK(as_user({"/usr/bin/env", "sluice_package_to=" + world.to(),
                   "sluice_package_name=" + world.name_of(source), "sluice_package_format=tar.gz",
                   "sluice_package_digest=" + runtime::digest_file(path).value().sha256,
                   "sluice_package_listing=" + runtime::check_archive(path).value().listing,
                   "sluice_package_keep=1", "sluice_package_archive=" + path,
                   "sluice_package_unpack=", "sluice_package_before=", "sluice_package_after=",
                   "/bin/sh", "-eu", folder + "/script"}) == 0);
    CHECK(!fs::exists(leftover));
    CHECK(world.releases() == std::vector{world.name_of(source)});
    CHECK(test::read_text(world.current() + "/ro/in/f") == source + "\n");
    CHECK((fs::status(world.current() + "/").permissions() & fs::perms::owner_all) ==
          (fs::perms::owner_read | fs::perms::owner_exec));
  }
}

TEST_CASE("what stands behind an archive does no harm", "[package][ssh]") {
  for (const bool here : {true, false}) {
    CAPTURE(here);
    World world;
    const std::string source = world.make("a.tar.gz", "one");
    const std::string path = world.place.path() + "/" + source;
    test::write_text(path, test::read_text(path) + "signed by nobody\n");
    const test::Answer answer =
        world.run(source, here ? test::local_place() : world.remote.server.where());
    INFO(answer.output << answer.completion->detail);
    CHECK(answer.completion->outcome == Outcome::Succeeded);
    CHECK(test::read_text(world.current() + "/bin/version") == "one");
  }
}

TEST_CASE("a release that was changed since is unpacked anew, beside it", "[package]") {
  World world;
  const std::string source = world.make("acme.tar.gz", "one");
  REQUIRE(world.run(source, test::local_place()).completion->outcome == Outcome::Succeeded);
  test::write_text(world.current() + "/bin/version", "meddled with");
  const test::Answer answer = world.run(source, test::local_place());
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(fs::read_symlink(world.current()) == world.name_of(source) + ".2");
  CHECK(test::read_text(world.current() + "/bin/version") == "one");
  // What a release writes beside its own files changes nothing.
  test::write_text(world.current() + "/log", "lines");
  CHECK(world.run(source, test::local_place()).output.find("in place already") !=
        std::string::npos);
}

TEST_CASE("the scripts run in the new release, and a failure leaves the old one", "[package]") {
  World world;
  const std::string one = world.make("one.tar.gz", "one");
  REQUIRE(world.run(one, test::local_place()).completion->outcome == Outcome::Succeeded);
  const std::string two = world.make("two.tar.gz", "two");
  REQUIRE(world.look_at(two).empty());
  const auto with = [&](const std::string& before, const std::string& after) {
    runtime::ActionRequest request = world.request(two, test::local_place());
    request.attributes.push_back(test::text_attribute("before", before));
    request.attributes.push_back(test::text_attribute("after", after));
    return world.remote.requests.run(world.executor, std::move(request));
  };
  test::Answer answer = with("echo 'before says'; exit 3", "");
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->exit_code == 3);
  CHECK(answer.output.find("before says\nthe script `before` failed with exit status 3: the link "
                           "is not switched") != std::string::npos);
  CHECK(test::read_text(world.current() + "/bin/version") == "one");
  answer = with("", "cat \"$package_previous/bin/version\" ../current/bin/version; exit 7");
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->exit_code == 7);
  INFO(answer.output);
  CHECK(answer.output.find("onetwo") != std::string::npos);
  CHECK(answer.output.find("the script `after` failed with exit status 7") != std::string::npos);
  CHECK(test::read_text(world.current() + "/bin/version") == "one");
  // Again: it is there, but was not put in place to the end.
  answer = with("test \"$PWD\" = \"$package_release\"; echo ready", "cat bin/version");
  INFO(answer.output);
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(answer.output.find("verified\nready\n") < answer.output.rfind("\ntwo"));
  CHECK(test::read_text(world.current() + "/bin/version") == "two");
}

TEST_CASE("ending it while `after` runs brings the old release back", "[package][ssh]") {
  const std::string deaf = GENERATE("", "trap '' TERM; ");
  World world;
  const runtime::Place where = world.remote.server.where();
  REQUIRE(world.run(world.make("one.tar.gz", "one"), where).completion->outcome ==
          Outcome::Succeeded);
  const std::string two = world.make("two.tar.gz", "two");
  REQUIRE(world.look_at(two).empty());
  runtime::ActionRequest request = world.request(two, where);
  const auto ticket = request.ticket;
  request.attributes.push_back(
      test::text_attribute("after", deaf + "echo $$ > \"$HOME/pid\"; while :; do sleep 0.1; done"));
  const auto answer = world.remote.requests.start(world.executor, std::move(request));
  world.remote.process_in(world.remote.server.home() + "/pid");
  CHECK(test::read_text(world.current() + "/bin/version") == "two");
  world.executor.cancel(ticket);
  world.remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(test::read_text(world.current() + "/bin/version") == "one");
}

TEST_CASE("a `current` that is no link is left alone", "[package]") {
  World world;
  fs::create_directories(world.current());
  const test::Answer answer = world.run(world.make("a.tar.gz", "one"), test::local_place());
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.output ==
        fmt::format("{} is there and is no link: it is left alone\n", world.current()));
}

TEST_CASE("an archive that is not the plan's, or would do harm, is refused beforehand",
          "[package]") {
  World world;
  const std::string source = world.make("a.tar.gz", "one");
  const std::string digest = runtime::digest_file(world.place.path() + "/a.tar.gz").value().sha256;
  CHECK(world.look_at(source, std::string(64, '0')) ==
        fmt::format("a.tar.gz is not the archive that the plan was made for: its SHA-256 is {}, "
                    "and not {}",
                    digest, std::string(64, '0')));
  CHECK(world.look_at("missing.zip").find("missing.zip: No such file or directory") !=
        std::string::npos);
  REQUIRE(test::run_quietly({"/bin/sh", "-c",
                             "cd \"$0\" && tar -czPf b.tar.gz --transform 's,^,../,' a.tar.gz",
                             world.place.path()}) == 0);
  CHECK(world.look_at("b.tar.gz") ==
        "b.tar.gz is refused: `../a.tar.gz`: its path leads out of the archive");
}

TEST_CASE("one that was swapped after the look at it is not unpacked", "[package][ssh]") {
  const std::string alike = "its SHA-256 is";
  for (const bool here : {true, false}) {
    for (const char* how : {"alike", "longer", "shorter"}) {
      CAPTURE(here, how);
      World world;
      const std::string source = world.make("a.tar.gz", "one");
      REQUIRE(world.look_at(source).empty());
      const std::string path = world.place.path() + "/a.tar.gz";
      std::string bytes = test::read_text(path);
      const std::size_t before = bytes.size();
      if (how == std::string("alike")) bytes[before / 2] ^= 1;
      if (how == std::string("longer")) bytes += "more";
      if (how == std::string("shorter")) bytes.resize(before / 2);
      test::write_text(path, bytes);
      const test::Answer answer = world.remote.requests.run(
          world.executor,
          world.request(source, here ? test::local_place() : world.remote.server.where()));
      CHECK(answer.completion->outcome == Outcome::Failed);
      CHECK(!fs::exists(world.current()));
      const std::string said = answer.output + answer.completion->detail;
      INFO(said);
      const bool by_size = !here && bytes.size() != before;
      const std::string size =
          fmt::format("a.tar.gz was changed since the run began: it has {} bytes, and not {}",
                      bytes.size(), before);
      CHECK(said.find(by_size ? size : alike) != std::string::npos);
      const bool again = answer.output.find("a.tar.gz: it is sent again\n") != std::string::npos;
      CHECK(again == (!here && !by_size));
    }
  }
}

TEST_CASE("a transfer that is cut goes on from where it was cut", "[package][ssh]") {
  World world;
  const std::string folder = world.place.path();
  REQUIRE(test::run_quietly({"/bin/sh", "-c",
                             "cd \"$0\" && head -c 6000000 /dev/urandom > big && "
                             "tar -czf big.tar.gz big && rm big",
                             folder}) == 0);
  const std::uint64_t size = fs::file_size(folder + "/big.tar.gz");
  test::CutProxy proxy(world.remote.waiting.loop, world.remote.server.port());
  proxy.cut_next(test::CutProxy::Way::ToServer, 4'000'000);
  runtime::Place where = world.remote.server.where();
  where.settings = {{"identity_file", world.remote.server.identity()},
                    {"known_hosts_file", folder + "/known"},
                    {"port", fmt::format("{}", proxy.port())}};
  std::string known = test::read_text(world.remote.server.known_hosts());
  known.replace(0, known.find(' '), fmt::format("[127.0.0.1]:{}", proxy.port()));
  test::write_text(folder + "/known", known);
  const test::Answer answer = world.run("big.tar.gz", where);
  INFO(answer.output << answer.completion->detail);
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(proxy.cuts() == 1);
  CHECK(answer.output.find(" are there already\n") != std::string::npos);
  CHECK(fs::file_size(world.current() + "/big") == 6'000'000);
  // Not all over again: what was cut off counts as sent, and little more than the rest was.
  CHECK(proxy.passed(test::CutProxy::Way::ToServer) < size + 3'000'000);
}

TEST_CASE("several targets that are one host are sent the archive one after the other",
          "[package][ssh]") {
  World world;
  REQUIRE(test::run_quietly({"/bin/sh", "-c",
                             "cd \"$0\" && head -c 6000000 /dev/urandom > big && "
                             "tar -czf big.tar.gz big && rm big",
                             world.place.path()}) == 0);
  REQUIRE(world.look_at("big.tar.gz").empty());
  std::vector<std::shared_ptr<test::Answer>> answers;
  for (std::uint32_t i = 0; i < 3; ++i) {
    runtime::Place where = world.remote.server.where(fmt::format("web{}", i + 1));
    where.host = plan::TargetId{i};
    world.folder = fmt::format("srv{}", i);
    answers.push_back(
        world.remote.requests.start(world.executor, world.request("big.tar.gz", where)));
  }
  for (const auto& answer : answers) {
    world.remote.wait_for(answer);
    INFO(answer->output << answer->completion->detail);
    CHECK(answer->completion->outcome == Outcome::Succeeded);
    CHECK(answer->output.find("are there already") == std::string::npos);
  }
}

TEST_CASE("a host that cannot unpack it says so before anything is sent", "[package][ssh]") {
  World world({.missing = {"zstd"}});
  const test::Answer answer =
      world.run(world.make("a.tar.zst", "one"), world.remote.server.where());
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->ending == runtime::Completion::Ending::NotStarted);
  CHECK(answer.completion->detail == "the host has no zstd");
  CHECK(!fs::exists(world.to()));
}

TEST_CASE("a release is put in place with every shell, and behind a noisy login",
          "[package][ssh]") {
  for (const std::string shell : {"dash", "bash", "busybox"}) {
    CAPTURE(shell);
    test::SshServer::Options options;
    options.sh = shell;
    options.login =
        shell == "bash" ? std::vector<std::string>{"tcsh"} : std::vector<std::string>{"dash"};
    options.greeting = "welcome\nto the host\n";
    if (shell == "dash") options.greeting += std::string(100'000, 'x') + '\n';
    World world(std::move(options));
    const test::Answer answer =
        world.run(world.make("a.tar.gz", "one"), world.remote.server.where());
    INFO(answer.output << answer.completion->detail);
    CHECK(answer.completion->outcome == Outcome::Succeeded);
    CHECK(test::read_text(world.current() + "/bin/version") == "one");
  }
}

TEST_CASE("a login that hangs before it takes an archive, or each time, is given up",
          "[package][ssh]") {
  const std::string hangs = GENERATE("exec sleep 4\n",
                                     "case $2 in *\"exec cat >>\"*) exec sleep 4;; esac\n"
                                     "exec dash \"$@\"\n");
  const test::TemporaryDirectory place;
  const std::string login = place.path() + "/login";
  test::write_text(login, "#!/bin/sh\necho >> " + place.path() + "/count\n" + hangs);
  fs::permissions(login, fs::perms::owner_all);
  test::SshServer::Options options;
  options.login = {login};
  World world(std::move(options),
              {base::Duration{600}, base::Duration{5'000}, base::Duration{200}});
  const test::Answer answer = world.run(world.make("a.tar.gz", "one"), world.remote.server.where());
  CHECK(answer.completion->ending == runtime::Completion::Ending::Unreachable);
  CHECK(answer.completion->detail.find("its login did not come as far as the script") !=
        std::string::npos);
  CHECK(test::read_text(place.path() + "/count").size() > 1);
}

TEST_CASE("an archive larger than what a login may write is refused with the system's reason",
          "[package][ssh]") {
  const test::TemporaryDirectory place;
  const std::string login = place.path() + "/login";
  test::write_text(login, "#!/bin/sh\nulimit -f 64\nexec dash \"$@\"\n");
  fs::permissions(login, fs::perms::owner_all);
  test::SshServer::Options options;
  options.login = {login};
  World world(std::move(options));
  const std::string make =
      "cd \"$0\" && head -c 200000 /dev/urandom > big && tar -czf big.tar.gz big";
  REQUIRE(test::run_quietly({"/bin/sh", "-c", make, world.place.path()}) == 0);
  const test::Answer answer = world.run("big.tar.gz", world.remote.server.where());
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->detail.find("File too large") != std::string::npos);
}

TEST_CASE("why an archive cannot be written on a host is told", "[package][ssh]") {
  World world;
  const std::string source = world.make("a.tar.gz", "one");
  const std::string run = world.request(source, world.remote.server.where()).run;
  const std::string files = world.remote.server.home() + "/.sluice/" + run;
  fs::create_directories(files);
  const auto digest = runtime::digest_file(world.place.path() + "/" + source);
  fs::create_symlink("nowhere/at/all", files + "/" + digest.value().sha256 + ".part");
  const test::Answer answer = world.run(source, world.remote.server.where());
  CHECK(answer.completion->detail.find("its files cannot be written on the host (sluice: 1: ") ==
        0);
}
