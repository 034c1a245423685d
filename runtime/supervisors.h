// The supervisors of one who starts scripts: more than one, for each stands still from where it
// forks until its script's program has begun, and a kernel that lets it go on only behind that
// program, on the same core, would leave the other cores idle meanwhile. Begun as they are needed.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "runtime/loop.h"
#include "runtime/supervisor.h"

namespace sluice::runtime {

class Supervisors {
 public:
  // One has died, and what it was told of that has not ended, as far as is known, may run on or may
  // never have begun.
  using Gone = std::function<void(const std::set<std::string>& names)>;

  Supervisors(Loop& loop, std::string directory, Supervisor::Ended ended, Gone gone);

  // The one with the fewest scripts; another is begun where each has some.
  base::Result<Supervisor*> least_busy();
  // Nothing where none of them was told of it.
  void cancel(const std::string& name);
  std::set<std::string> names() const;
  void wake();

 private:
  base::Status begin(std::size_t place);
  void gone(std::size_t place);

  Loop& loop_;
  const std::string directory_;
  const Supervisor::Ended ended_;
  const Gone gone_;
  std::array<std::unique_ptr<Supervisor>, 2> all_;
};

}  // namespace sluice::runtime
