// Journals up to format 4, in which each event, result, order and program was a row of its own.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/database.h"
#include "runtime/journal.h"

namespace sluice::runtime {

// The instants of such a journal, behind its record, which `journal` has already. `last` is the
// digest of what was read last: of the record, and then of the last row.
base::Status read_older(Database& database, ReadJournal& journal, std::string& last);

// What is said of one that is not as it was written.
base::Error damaged(const Database& database, std::string_view how);
base::Error breaks_chain(const Database& database, std::size_t record);

}  // namespace sluice::runtime
