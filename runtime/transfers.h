// Requests of HTTP and mails of SMTP, sent from here through libcurl: requests on the loop, mails
// beside it. libcurl is seen by transfers.cpp alone, and loaded when it is needed. It judges
// nothing: what an answer means is for who asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/loop.h"

namespace sluice::runtime {

struct Transfer {
  struct Http {
    std::string url;  // of http or https
    std::string method;
    std::optional<std::string> body;
    std::vector<std::string> headers;  // "Name: value", without line ends
  };
  struct Mail {
    std::string server;                   // HOST:PORT; on port 465 with TLS from the first byte
    std::string from;                     // a plain address
    std::vector<std::string> recipients;  // plain addresses
    std::vector<std::string> headers;     // "Name: value"; those of MIME are added
    std::string text;                     // UTF-8
    // With them the mail is sent only over TLS, to a server whose certificate holds. Without, TLS
    // is used where it is offered, as between mail servers.
    std::string user;
    std::string password;
  };
  std::variant<Http, Mail> content;
  std::string tunnel;  // a Unix socket that leads there; empty: over the network from here
};

struct TransferEnd {
  std::string problem;   // why it came to no answer, printable; empty: it was answered
  bool reached = false;  // the other side has said something
  bool sent = false;     // a request of HTTP was on its way
  long status = 0;       // the last that it said: of HTTP or SMTP
  std::string said;      // that of SMTP in the server's words, printable, where it refuses
  std::string said_of;   // the recipient that it refuses, printable
  std::string body;      // of an answer of HTTP, at most 1 MiB
  bool cut = false;      // there was more of it, which was not read
  std::string location;  // where an answer of HTTP sends who asked, absolute; empty: nowhere
  long retry_after = 0;  // seconds that an answer of HTTP asks to wait; 0: it asks for none
};

class Transfers {
 public:
  using Ticket = std::uint64_t;
  using Sink = std::function<void(TransferEnd)>;

  // Certificates are held against those of the system, or of this file where it is given.
  Transfers(Loop& loop, std::string certificates);
  ~Transfers();

  // Why this machine has no libcurl to send with; empty where it has. Asked before anything starts.
  std::string lack() const;
  // One connection each, no redirect followed, no proxy, no time limit but libcurl's own for
  // connecting. `done` is called once, from the loop, unless it is cancelled before.
  void start(Ticket ticket, const Transfer& transfer, Sink done);
  void cancel(Ticket ticket);

 private:
  struct Implementation;
  Loop& loop_;
  std::string certificates_;
  std::unique_ptr<Implementation> implementation_;  // once there was something to send
};

// Whether it may stand in a header. Checked when it is sent: the compiler knows neither a value
// that each target has of its own, nor a secret.
bool fits_a_line(std::string_view text);

// host:port of a URL that the compiler has let through.
std::string url_destination(const std::string& url);

}  // namespace sluice::runtime
