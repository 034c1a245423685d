// One connection to an ssh host, made and held by libssh, which this alone sees, and loads when it
// is first asked for. It blocks while it connects, and never afterwards. It knows nothing of what
// goes through it. Why, and why in a process of its own: docs/decisions/libssh-client.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/libssh_host.h"

namespace sluice::runtime {

// What a channel leads to: a command, or else a port, or (port 0) a socket, as the host sees it.
struct LibsshGoal {
  std::string command;
  std::string host;
  std::uint32_t port = 0;
};

class LibsshConnection;

class LibsshChannel {
 public:
  enum class State : std::uint8_t {
    Opening,
    Refused,  // by the host
    Open,
    Closed,  // by the host; what is held can still be taken
  };
  struct Listener {
    // What came and was not taken yet, from its beginning: takes of it what there is room for, and
    // says how many bytes. From inside of process() and advance().
    std::function<std::size_t(bool errors, std::string_view bytes)> data;
    std::function<void(std::uint32_t exit_value)> exited;
  };

  // The connection outlives it.
  LibsshChannel(LibsshConnection& connection, LibsshGoal goal, Listener listener);
  // Closes it.
  ~LibsshChannel();
  LibsshChannel(const LibsshChannel&) = delete;
  LibsshChannel& operator=(const LibsshChannel&) = delete;

  // Goes on with what is Opening: to be called whenever something has come.
  State advance();
  State state() const;
  const std::string& why() const;  // it was refused

  // What came and was not taken: how much of it, and all of it. Whoever asks again before that is
  // written lets the host send a window more, for libssh grants that with each reading.
  std::size_t held(bool errors) const;
  std::string take(bool errors);
  // Nothing comes any more but what is held.
  bool at_end() const;
  // How much may be sent now, and how much of it was.
  std::size_t room() const;
  std::size_t send(std::string_view bytes);
  void send_end();

 private:
  friend class LibsshConnection;
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

class LibsshConnection {
 public:
  // Loads the library, so that whoever forks from here on has it. Why it cannot be had; or empty.
  static std::string load();
  // Connects, holds the host's key against those that are known, logs in by a key; asks nobody.
  static base::Result<std::unique_ptr<LibsshConnection>> open(const LibsshHost& host);

  ~LibsshConnection();
  LibsshConnection(const LibsshConnection&) = delete;
  LibsshConnection& operator=(const LibsshConnection&) = delete;

  int descriptor() const;
  // Reads and writes what can be; false once the connection is lost.
  bool process();
  bool lost() const;
  // Something waits to be sent until the socket takes it.
  bool is_full() const;
  // How much has come: bytes, and packets.
  std::uint64_t bytes_read() const;
  std::uint64_t packets_read() const;
  // Something that the host has to answer.
  void send_sign_of_life();

 private:
  friend class LibsshChannel;
  struct Implementation;
  explicit LibsshConnection(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sluice::runtime
