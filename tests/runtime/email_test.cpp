// Mails to a real server of SMTP (aiosmtpd, on loopback), with and without TLS and a login.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/email.h"
#include "runtime/mail_message.h"
#include "support/executing.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using test::text_attribute;

namespace {

const std::string python = "/usr/bin/python3";

runtime::OpenTunnel no_tunnel() {
  return [](const runtime::Place&, const std::string&, const auto&) { FAIL("none is wanted"); };
}

class MailServer {
 public:
  MailServer(test::Waiting& waiting, bool secure) : waiting_(waiting), processes_(waiting.loop) {
    runtime::ProcessOptions options;
    options.arguments = {python, test::source_dir() + "/tests/runtime/mail_server.py", mails()};
    if (secure) {
      make_certificate();
      options.arguments.push_back(certificate());
      options.arguments.push_back(place_.path() + "/key.pem");
    }
    options.environment = runtime::inherited_environment();
    options.merge_errors = true;
    options.on_output = [this](runtime::Stream, std::string_view bytes) { said_ += bytes; };
    options.on_end = [this](const runtime::ProcessEnd&) { ended_ = true; };
    process_ = processes_.start(std::move(options));
    waiting.until([&] { return ended_ || said_.find('\n') != std::string::npos; });
    INFO(said_);
    REQUIRE_FALSE(ended_);
  }
  ~MailServer() {
    processes_.terminate(process_);
    waiting_.until([&] { return ended_; });
  }
  MailServer(const MailServer&) = delete;
  MailServer& operator=(const MailServer&) = delete;

  std::string address() const { return "localhost:" + said_.substr(0, said_.find('\n')); }
  std::string certificate() const { return place_.path() + "/certificate.pem"; }
  std::vector<nlohmann::json> taken() const {
    std::vector<nlohmann::json> made;
    std::string text = std::filesystem::exists(mails()) ? test::read_text(mails()) : "";
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      made.push_back(nlohmann::json::parse(text.substr(0, end)));
      text.erase(0, end + 1);
    }
    return made;
  }

 private:
  std::string mails() const { return place_.path() + "/mails"; }
  void make_certificate() {
    bool made = false;
    runtime::ProcessOptions options;
    options.arguments = {"openssl",
                         "req",
                         "-x509",
                         "-newkey",
                         "ec",
                         "-pkeyopt",
                         "ec_paramgen_curve:prime256v1",
                         "-nodes",
                         "-days",
                         "2",
                         "-subj",
                         "/CN=localhost",
                         "-addext",
                         "subjectAltName=DNS:localhost",
                         "-keyout",
                         place_.path() + "/key.pem",
                         "-out",
                         certificate()};
    options.environment = runtime::inherited_environment();
    options.on_end = [&](const runtime::ProcessEnd&) { made = true; };
    processes_.start(std::move(options));
    waiting_.until([&] { return made; });
    REQUIRE(std::filesystem::exists(certificate()));
  }

  test::Waiting& waiting_;
  test::TemporaryDirectory place_;
  runtime::Processes processes_;
  runtime::Processes::Handle process_ = 0;
  std::string said_;
  bool ended_ = false;
};

struct Mailing {
  explicit Mailing(bool secure, bool trusted = true)
      : server(waiting, secure),
        requests(waiting),
        transfers(waiting.loop, secure && trusted ? server.certificate() : ""),
        executor(waiting.loop, transfers, no_tunnel()) {}

  runtime::ActionRequest mail(std::vector<plan::Property> more = {}) {
    std::vector<plan::Property> attributes{
        text_attribute("to", "ops@acme.example, dev@acme.example"),
        text_attribute("subject", "Release 2.4.1"), text_attribute("body", "It is out.\n"),
        text_attribute("from", "deploy@acme.example"), text_attribute("server", server.address())};
    for (plan::Property& one : more) {
      std::erase_if(attributes, [&](const plan::Property& old) { return old.name == one.name; });
      attributes.push_back(std::move(one));
    }
    return requests.action("email", std::move(attributes));
  }
  Completion send(std::vector<plan::Property> more = {}) {
    return *requests.run(executor, mail(std::move(more))).completion;
  }
  Completion send_as(const std::string& user, const std::string& password) {
    const runtime::SecretText secret(password);
    runtime::ActionRequest request = mail({text_attribute("user", user)});
    request.secrets.push_back({"password", &secret});
    return *requests.run(executor, std::move(request)).completion;
  }

  test::Waiting waiting;
  MailServer server;
  test::Requests requests;
  runtime::Transfers transfers;
  runtime::EmailExecutor executor;
};

}  // namespace

TEST_CASE("a mail arrives at every address, as it was written", "[email]") {
  Mailing mailing(false);
  const Completion completion = mailing.send(
      {text_attribute("body", ".\n..two\nGrüße aus Köln = 50 %\nFrom me\n"),
       text_attribute("subject", "Grüße: release 2.4.1 is out on every one of our servers")});
  CHECK(completion.detail.empty());
  CHECK(completion.outcome == Outcome::Succeeded);
  REQUIRE(mailing.server.taken().size() == 1);
  const nlohmann::json taken = mailing.server.taken()[0];
  CHECK(taken["from"] == "deploy@acme.example");
  CHECK(taken["to"] == nlohmann::json({"ops@acme.example", "dev@acme.example"}));
  const std::string data = taken["data"];
  CHECK(data.find("From: deploy@acme.example\r\n") != std::string::npos);
  CHECK(data.find("To: ops@acme.example,\r\n dev@acme.example\r\n") != std::string::npos);
  CHECK(data.find("Subject: =?UTF-8?B?R3LDvMOfZTog") != std::string::npos);
  CHECK(data.find("\r\nMessage-ID: <20260102-030405-5f3a.") != std::string::npos);
  CHECK(data.find("charset=utf-8") != std::string::npos);
  CAPTURE(data);
  CHECK(data.find("\r\n\r\n.\r\n..two\r\nGr=C3=BC=C3=9Fe aus K=C3=B6ln =3D 50 %\r\nFrom me") !=
        std::string::npos);
}

TEST_CASE("with a password a mail goes over TLS, and only to a server that can be trusted",
          "[email]") {
  {
    Mailing mailing(true);
    CHECK(mailing.send_as("deployer", "canary-81c2").outcome == Outcome::Succeeded);
    REQUIRE(mailing.server.taken().size() == 1);
    CHECK(mailing.server.taken()[0]["tls"] == true);
    CHECK(mailing.server.taken()[0]["login"] == true);
    CHECK(mailing.server.taken()[0].dump().find("canary") == std::string::npos);
    const Completion wrong = mailing.send_as("deployer", "another-81c2");
    CHECK(wrong.outcome == Outcome::Failed);
    CHECK(wrong.detail.find("another") == std::string::npos);
    CHECK(wrong.detail.find("535") != std::string::npos);
    CHECK(wrong.ending == Completion::Ending::Answered);
    CHECK(mailing.server.taken().size() == 1);
  }
  Mailing stranger(true, false);
  const Completion refused = stranger.send_as("deployer", "canary-81c2");
  CHECK(refused.outcome == Outcome::Failed);
  CHECK(refused.detail.find("certificate") != std::string::npos);
  CHECK(stranger.server.taken().empty());
}

TEST_CASE("a password is not sent to a server without TLS", "[email]") {
  Mailing mailing(false);
  const Completion refused = mailing.send_as("deployer", "canary-81c2");
  CHECK(refused.outcome == Outcome::Failed);
  CHECK(refused.detail.find("STARTTLS") != std::string::npos);
  CHECK(mailing.server.taken().empty());
}

TEST_CASE("an address that the server refuses fails the mail, in the server's words", "[email]") {
  Mailing mailing(false);
  const Completion refused = mailing.send({text_attribute("to", "nobody@acme.example")});
  CHECK(refused.outcome == Outcome::Failed);
  CHECK(refused.ending == Completion::Ending::Answered);
  CHECK(refused.detail ==
        "the mail server says of `nobody@acme.example`: 550 there is nobody here of that name");
  CHECK(mailing.server.taken().empty());
}

TEST_CASE("of several recipients the one is named that the server refuses", "[email]") {
  Mailing mailing(false);
  const Completion refused = mailing.send(
      {text_attribute("to", "ada@acme.example, nobody@second.example, bob@acme.example")});
  CHECK(refused.detail ==
        "the mail server says of `nobody@second.example`: 550 there is nobody here of that name");
  CHECK(mailing.server.taken().empty());
}

TEST_CASE("a mail server that keeps silent holds nothing up, and a cancelled mail ends at once",
          "[email]") {
  Mailing mailing(false);
  // It has the text, and does not say so: libcurl waits for its word inside of a call.
  runtime::ActionRequest request = mailing.mail({text_attribute("to", "silent@acme.example")});
  const auto silent = mailing.requests.start(mailing.executor, std::move(request));
  const auto ticket = mailing.requests.last();
  mailing.waiting.until_seen([&] { return mailing.server.taken().size() == 1; });
  CHECK(mailing.send().outcome == Outcome::Succeeded);
  CHECK(!silent->completion);
  mailing.executor.cancel(ticket);
  mailing.waiting.until([&] { return silent->completion.has_value(); });
  CHECK(silent->completion->outcome == Outcome::Cancelled);
}

TEST_CASE("a mail that was taken, or refused, is so, whatever the server says to a goodbye",
          "[email]") {
  Mailing mailing(false);
  const Completion taken = mailing.send({text_attribute("to", "deaf@acme.example")});
  CHECK(taken.outcome == Outcome::Succeeded);
  CHECK(mailing.server.taken().size() == 1);
  const Completion refused = mailing.send({text_attribute("to", "deaf-nobody@acme.example")});
  CHECK(refused.outcome == Outcome::Failed);
  CHECK(refused.detail.find("there is nobody here of that name") != std::string::npos);
}

TEST_CASE("more mails at once than go at once all arrive", "[email]") {
  Mailing mailing(false);
  std::vector<std::shared_ptr<test::Answer>> answers;
  for (int i = 0; i < 40; ++i) {
    answers.push_back(mailing.requests.start(mailing.executor, mailing.mail()));
  }
  for (const auto& answer : answers) {
    mailing.waiting.until([&] { return answer->completion.has_value(); });
    CHECK(answer->completion->outcome == Outcome::Succeeded);
  }
  CHECK(mailing.server.taken().size() == 40);
}

TEST_CASE("a mail whose server dies behind its text has failed, and comes again as the same mail",
          "[email]") {
  Mailing mailing(false);
  const Completion lost = mailing.send({text_attribute("to", "crash@acme.example")});
  CHECK(lost.outcome == Outcome::Failed);
  CHECK(lost.detail == "the server hung up");
  CHECK(mailing.server.taken().size() == 1);
  const Completion again = mailing.send({text_attribute("to", "crash@acme.example")});
  CHECK(again.outcome == Outcome::Succeeded);
  const auto taken = mailing.server.taken();
  REQUIRE(taken.size() == 2);
  const auto id = [](const nlohmann::json& mail) {
    const std::string data = mail["data"];
    const std::size_t at = data.find("\r\nMessage-ID: ");
    REQUIRE(at != std::string::npos);
    return data.substr(at + 2, data.find("\r\n", at + 2) - at - 2);
  };
  CHECK(id(taken[0]) == id(taken[1]));
}

TEST_CASE("nothing in a mail's attributes can become another header or command", "[email]") {
  Mailing mailing(false);
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"subject", "a\r\nBcc: all@acme.example"},
           {"subject", "a\nBcc: all@acme.example"},
           {"to", "ops@acme.example>\r\nRCPT TO:<all@acme.example"},
           {"to", "ops@acme.example\nBcc: all@acme.example"},
           {"to", ""},
           {"to", "ops@acme.example,"},
           {"to", "ops"},
           {"from", "a@b\r\nBcc: all@acme.example"},
           {"user", "a\r\nb"},
           {"server", "localhost:25/x"}}) {
    CAPTURE(name, value);
    const Completion refused = mailing.send({text_attribute(name, value)});
    CHECK(refused.outcome == Outcome::Failed);
    CHECK(refused.ending == Completion::Ending::NotStarted);
  }
  CHECK(mailing.server.taken().empty());
}

TEST_CASE("a mail server that nobody runs is out of reach", "[email]") {
  Mailing mailing(false);
  const Completion nobody =
      mailing.send({text_attribute("server", fmt::format("127.0.0.1:{}", test::free_port()))});
  CHECK(nobody.outcome == Outcome::Failed);
  CHECK(nobody.ending == Completion::Ending::Unreachable);
}

TEST_CASE("through an ssh host a mail is sent from there", "[email][ssh]") {
  Mailing mailing(false);
  test::Remote remote;
  runtime::Transfers transfers(remote.waiting.loop, "");
  runtime::EmailExecutor executor(remote.waiting.loop, transfers, remote.executor.tunnels());
  runtime::ActionRequest request = mailing.mail();
  request.via = plan::Via::Kind::First;
  request.place = remote.server.where();
  CHECK(remote.requests.run(executor, std::move(request)).completion->outcome ==
        Outcome::Succeeded);
  CHECK(mailing.server.taken().size() == 1);
}

TEST_CASE("a header's text is told in encoded words where ASCII is not enough", "[email]") {
  CHECK(runtime::header_text("Release 2.4.1 is out") == "Release 2.4.1 is out");
  CHECK(runtime::header_text("a\r\nb") == "a  b");
  CHECK(runtime::header_text(" at both ends ") == "=?UTF-8?B?IGF0IGJvdGggZW5kcyA=?=");
  CHECK(runtime::header_text("é") == "=?UTF-8?B?w6k=?=");
  CHECK(runtime::header_text("=?x") == "=?UTF-8?B?PT94?=");
  // 46 bytes: the last character would be cut in two.
  CHECK(runtime::header_text(std::string(44, 'a') + "é") ==
        "=?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n"
        " =?UTF-8?B?w6k=?=");
  CHECK(runtime::mail_date(1'764'110'010) == "Tue, 25 Nov 2025 22:33:30 +0000");
}
