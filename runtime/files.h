// Files and directories of the runtime: private, whole or not at all, never through a link that
// somebody else made.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::runtime {

// With all directories above it; mode 0700. Fine where it is there and ours, and where a link of
// ours or of root leads to one that is.
base::Status make_private_directory(const std::string& path);
// A new file of mode 0600; one that is there already is replaced. Where it fails errno says why.
base::Status write_private(const std::string& path, std::string_view bytes);
// A file that must not be there yet, whole and on the disk when this returns; false where one is
// there already: of several that try, one makes it.
base::Result<bool> make_once(const std::string& path, std::string_view bytes);
// The file, moved to a path where none is, without a link: 0, or why not, as errno says it; of
// several that try, one puts it there. One that is killed in the middle leaves an empty one.
int put_where_none_is(const std::string& file, const std::string& path);
base::Result<std::string> read_whole(const std::string& path, std::size_t most_bytes);
// What a file holds, if it is there, is on the disk when this returns, whatever became of earlier
// syncs: after one that failed the system believes what it could not write to be there.
base::Status write_again(const std::string& path);
void remove_file(const std::string& path);
// Whether the disk of a file takes more than it holds. The file is of whole blocks; where little is
// left it is made longer for a moment. True where that cannot be told.
bool has_room(const std::string& path);
// A small file of mode 0600 that is written over in its place, again and again. Best effort: it is
// on the disk some time later, and where it cannot be written it is as it was.
class NoteFile {
 public:
  explicit NoteFile(const std::string& path);
  ~NoteFile();
  NoteFile(const NoteFile&) = delete;
  NoteFile& operator=(const NoteFile&) = delete;
  void write(std::string_view bytes);

 private:
  int file_;
};
// Whether this is what errno says where the disk, or what one user may have of it, is full.
bool says_full(int error);

}  // namespace sluice::runtime
