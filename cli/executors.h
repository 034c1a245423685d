// The executors of one run, made and wired: what carries out each kind of action, here and there.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "base/result.h"
#include "cli/socket_directory.h"
#include "plan/plan.h"
#include "runtime/actions.h"
#include "runtime/azure.h"
#include "runtime/email.h"
#include "runtime/haproxy.h"
#include "runtime/http.h"
#include "runtime/local.h"
#include "runtime/loop.h"
#include "runtime/package.h"
#include "runtime/powershell_actions.h"
#include "runtime/process.h"
#include "runtime/service.h"
#include "runtime/ssh.h"
#include "runtime/ssh_upload.h"
#include "runtime/transfers.h"

namespace sluice::cli {

// As OpenSSL's own programs are told of other authorities than the system's; empty: the system's.
std::string certificates();

class Executors {
 public:
  // Scripts of the controller are written below `scripts`, and begin in `begin_in` (empty: in our
  // own directory); `person` carries out what is manual.
  Executors(runtime::Loop& loop, const std::string& scripts, runtime::Executor& person,
            const std::string& begin_in);

  runtime::Executor& all() { return actions_; }
  // Why this plan cannot be carried out with them; empty where it can. What it names lies beneath
  // `folder`.
  std::string missing(const plan::Plan& plan, const std::string& folder);
  // What could not begin, for the disk of this machine is full.
  std::set<scheduler::Action> held_back() const { return local_.held_back(); }
  // Hosts with files of the run whose connection was given back.
  std::size_t given_back() const;
  // Tidies up on the hosts, on those as well where it `comes_back`, and then tells. After the last
  // action was answered.
  void finish(std::function<void()> finished, bool comes_back);

 private:
  SocketDirectory sockets_;
  runtime::Processes processes_;
  runtime::ActionExecutor actions_;
  runtime::LocalExecutor local_;
  runtime::SshExecutor ssh_;
  runtime::Transfers transfers_;
  runtime::HttpExecutor http_;
  runtime::EmailExecutor email_;
  runtime::AzureResourceGroupExecutor azure_resource_group_;
  runtime::HaproxyExecutor haproxy_;
  runtime::ServiceExecutor service_;
  runtime::PowershellExecutor powershell_;
  runtime::SshUploads uploads_;
  runtime::PackageExecutor package_;
};

}  // namespace sluice::cli
