// One deployment of a template through the Resource Manager API, as a conversation: it is told what
// was answered and says what is to be sent next, or for how long to wait, or how it ended. Pure: no
// clock, no network. Source of the protocol: "Deployments - Create Or Update", api-version
// 2021-04-01, and the throttling rules of Azure Resource Manager (429 with Retry-After).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/executor.h"
#include "runtime/transfers.h"

namespace sluice::runtime {

struct TemplateDeploymentSettings {
  std::string name;  // the same for all programs that carry this attempt on
  std::string subscription;
  std::string resource_group;
  std::string content;                                          // the template: JSON
  std::vector<std::pair<std::string, std::string>> parameters;  // as text
  bool complete = false;  // what the template does not name is deleted
  // Who logs in: an application of a directory with its secret, or, where all three are empty, the
  // identity that this machine has (`client` alone: one of several).
  std::string tenant;
  std::string client;
  std::string client_secret;
  std::string endpoint;           // of the Resource Manager, without a slash at its end
  std::string login_endpoint;     // of the directory
  std::string identity_endpoint;  // of this machine's identity
  // It may have been begun by a program before this one: it is looked for before it is sent.
  bool maybe_begun = false;
  base::Duration pause{1000};  // before a request is repeated; doubled each time, up to a minute
  base::Duration poll{5000};   // between two looks, where the service names no time
};

// From a request; fails where something is not given or is not what it must be.
base::Result<TemplateDeploymentSettings> template_deployment_of(const ActionRequest& request);

class TemplateDeployment {
 public:
  explicit TemplateDeployment(TemplateDeploymentSettings settings);

  struct Move {
    std::optional<Transfer::Http> send;    // answer with answered()
    std::optional<base::Duration> wait;    // answer with waited()
    std::optional<Completion> completion;  // it has ended
    std::string said;                      // a line for the action's output, or empty
  };
  Move begin();
  Move answered(const TransferEnd& end);
  Move waited();
  // It is to end, whatever was asked last; what was sent or waited for is dropped.
  Move cancel();

 private:
  enum class Stage { Login, Look, Put, Poll, Cancel };

  Move send();
  Move token_answered(const TransferEnd& end);
  Move look_answered(const TransferEnd& end);
  Move put_answered(const TransferEnd& end);
  Move cancel_answered(const TransferEnd& end);
  Move judge(const std::string& body, long retry_after);
  Move again(const TransferEnd& end, const std::string& why);
  Move ended(scheduler::Outcome outcome, Completion::Ending ending, std::string detail) const;
  std::string answer_words(const TransferEnd& end) const;
  Move refused(const TransferEnd& end) const;
  Transfer::Http request_for_token() const;
  Transfer::Http request(const std::string& method, const std::string& tail) const;

  TemplateDeploymentSettings settings_;
  Stage stage_ = Stage::Login;
  Stage after_login_;
  std::string token_;
  std::string body_;         // of the PUT
  std::string last_state_;   // that was told
  bool sent_ = false;        // a PUT may have arrived
  bool cancelled_ = false;   // it is to end
  bool login_anew_ = false;  // the token was refused once
  int failures_ = 0;         // of requests, one behind the other
};

}  // namespace sluice::runtime
