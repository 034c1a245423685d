// What a person is told of a login on an ssh host that does not come as far as our command: what it
// said, and what there is to look at. It knows no connections.
#pragma once

#include <string>
#include <string_view>

namespace sluice::runtime {

// `output`, `errors`: what came on its two streams. A shell like nologin says on the first one why
// it takes nobody.
std::string login_problem(int exit_status, std::string_view output, std::string_view errors);

}  // namespace sluice::runtime
